"""What `tocsin import-opml` and `tocsin export-opml` print."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.commands import objects
from support.receiver import Reply
from support.session import Session
from support.site import Site
from tocsin.config.build import load_plan
from tocsin.config.yamlfile import write_yaml
from tocsin.feeds.opml import LARGEST

LIST = """<?xml version="1.0"?>
<opml version="2.0"><head><title>Mine</title></head><body>
  <outline text="Sea: coasts">
    <outline text="Gazette #1" xmlUrl="https://gazette.example/rss" category="ports,012"/>
    <outline text="Again" xmlUrl="https://gazette.example/rss#again"/>
  </outline>
  <outline text="no" xmlUrl="https://herald.example/rss?a=${b}&amp;c=d" language="uk"/>
</body></opml>
"""


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return Session(tmp_path)


def configured(directory, text):
    """Return the feeds of a configuration."""
    directory.mkdir(exist_ok=True)
    (directory / "feeds.yaml").write_text(text, encoding="utf-8")
    return load_plan(directory, {}).feeds


def test_a_list_becomes_a_configuration(tocsin):
    """The YAML printed is a configuration with the feeds of the list, their folders and categories as tags."""
    tocsin.write("mine.opml", LIST)
    ended = tocsin("import-opml", "mine.opml")
    assert ended.returncode == 0
    assert ended.stderr == 'tocsin: mine.opml: line 5: "Again" is the same as "Gazette #1"\n'
    found = configured(tocsin.directory / "config", ended.stdout)
    assert [(feed.name, feed.location, feed.tags, feed.language) for feed in found] == [
        ("Gazette #1", "https://gazette.example/rss", ("Sea: coasts", "ports", "012"), None),
        ("no", "https://herald.example/rss?a=${b}&c=d", (), "uk"),
    ]


def test_a_list_becomes_lines_of_json(tocsin):
    """`--json` tells of each feed, from standard input too."""
    assert objects(tocsin("import-opml", "-", "--json", given=LIST).stdout)[1] == {
        "name": "no",
        "url": "https://herald.example/rss?a=${b}&c=d",
        "language": "uk",
        "tags": [],
    }


def test_a_list_is_fetched_from_its_url(tocsin):
    """A URL is asked once, as a feed would be; one that fails is told with 1."""
    tocsin.write("config/tocsin.yaml", "defaults: {allow_private: [127.0.0.0/8]}")
    with Site({"/mine.opml": LIST.encode(), "/away": Reply(status=500)}).in_thread() as site:
        assert "name: 'Gazette #1" in tocsin("import-opml", f"{site.url}/mine.opml").stdout
        failed = tocsin("import-opml", f"{site.url}/away")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "127.0.0.1 answered 500 Internal Server Error" in failed.stderr


def test_what_is_configured_already_is_told(tocsin):
    """The list is printed whole, but an address or a name that the configuration has is named on standard error."""
    tocsin.write("config/tocsin.yaml", "feeds: [{name: G, url: 'https://GAZETTE.example/rss'}, {name: 'no', path: .}]")
    ended = tocsin("import-opml", "-", given=LIST)
    assert ended.stdout.count("- name:") == 2
    assert '"Gazette #1" is configured already, as "G"' in ended.stderr
    assert 'another feed of the name "no" is configured already' in ended.stderr


@pytest.mark.parametrize(
    ("given_list", "said"),
    [
        ("", "not well-formed"),
        ("<rss/>", "begins with <rss>"),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml><body/></opml>', "entities"),
        ("<opml>" + " " * LARGEST + "</opml>", "more than 5 MB"),
    ],
)
def test_what_is_no_list_is_told(tocsin, given_list, said):
    """What is not OPML, is too large or declares entities ends with 1 and prints nothing."""
    ended = tocsin("import-opml", "-", given=given_list)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert said in ended.stderr


def test_a_bad_address_is_told_and_the_rest_is_printed(tocsin):
    """A feed that cannot be taken over is told with its line, and the status is 1."""
    bad = LIST.replace("https://gazette.example/rss#again", "feed://gazette.example/rss")
    ended = tocsin("import-opml", "-", given=bad)
    assert (ended.returncode, ended.stdout.count("- name:")) == (1, 2)
    assert 'tocsin: -: line 5: "Again": expected a URL that begins with http://' in ended.stderr
    assert tocsin("import-opml", "-", given="<opml><body/></opml>").returncode == 1


def test_a_file_that_cannot_be_read_is_wrong_use(tocsin):
    """A missing file and a directory end with 2."""
    for name in ("gone.opml", "."):
        ended = tocsin("import-opml", name)
        assert (ended.returncode, ended.stdout) == (2, "")


def test_only_what_others_may_see_is_exported(tocsin):
    """Directories and what holds a secret are left out and named; headers and credentials stay behind."""
    text = """
        feeds:
          - {name: Plain, url: "https://plain.example/rss", tags: [sea]}
          - {name: Paid, url: "https://paid.example/rss?key=${FEED_KEY}"}
          - {name: Private, url: "https://private.example/rss", headers: {X-Key: canary-header}}
          - {name: Login, url: "https://login.example/rss", auth: {user: desk, password: canary-password}}
          - {name: incoming, path: .}
    """
    tocsin.write("config/tocsin.yaml", text)
    ended = tocsin("export-opml", FEED_KEY="canary-key")
    assert ended.returncode == 0
    assert "canary" not in ended.stdout + ended.stderr
    again = [feed["name"] for feed in objects(tocsin("import-opml", "-", "--json", given=ended.stdout).stdout)]
    assert again == ["Plain", "Private", "Login"]
    assert ended.stderr.splitlines() == [
        "tocsin: Paid: left out, for there is a secret in its URL, its name or its tags",
        "tocsin: Private: without its headers and credentials",
        "tocsin: Login: without its headers and credentials",
        "tocsin: incoming: a directory, left out",
    ]


def test_nothing_to_export_is_told(tocsin):
    """A configuration without feeds that have a URL ends with 1."""
    tocsin.write("config/tocsin.yaml", "feeds: [{name: incoming, path: .}]")
    ended = tocsin("export-opml")
    assert (ended.returncode, ended.stdout) == (1, "")


NAMES = st.text("ab &<>\"'#:-,/${}éЖ🗞", min_size=1, max_size=12).map(lambda text: " ".join(text.split())).filter(bool)
FEEDS = st.fixed_dictionaries(
    {
        "name": NAMES,
        "url": st.integers(0, 10**6).map(lambda number: f"https://herald.example/{number}?a='&b=\"<${{c}}"),
    },
    optional={"tags": st.lists(NAMES, min_size=1, max_size=3, unique=True), "language": st.sampled_from(["en", "uk"])},
)


@settings(max_examples=15, deadline=None)
@given(feeds=st.lists(FEEDS, min_size=1, max_size=5, unique_by=(lambda feed: feed["name"], lambda feed: feed["url"])))
def test_what_is_exported_is_imported_again(tmp_path_factory, feeds):
    """The list of a configuration becomes the same feeds again, whatever their names and addresses hold."""
    directory = tmp_path_factory.mktemp("round")
    before = configured(directory / "config", write_yaml({"feeds": feeds}))
    tocsin = Session(directory)
    exported = tocsin("export-opml", "--config", str(directory / "config"))
    assert exported.returncode == 0
    imported = tocsin("import-opml", "-", "--config", str(directory / "config"), given=exported.stdout)
    after = configured(directory / "again", imported.stdout)
    assert sorted(after, key=lambda feed: feed.name) == sorted(before, key=lambda feed: feed.name)
