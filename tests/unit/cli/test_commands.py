"""What each command prints and how it ends."""

import json
from contextlib import ExitStack
from pathlib import Path
from shutil import copy

import pytest

from support.commands import archived, objects
from support.receiver import Receiver, Reply
from support.session import Session
from support.site import Item, Site, rss

ROOT = Path(__file__).parents[3]
HEADLINE = "Moscow and Kyiv Call for Talks Amid Intense Shellfire"
FERRY = "Ferries stay in port\n\nA gale keeps every ferry in the harbour."
SMALL = """
feeds: [{name: incoming, path: incoming}]
rules:
  - name: Ferries
    keywords: [ferry]
    tests: [{rings: "The ferries sail."}]
channels:
  - {name: archive, type: file, path: alerts.jsonl}
"""


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """Return the commands in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return Session(tmp_path)


@pytest.fixture
def tocsin(bare):
    """Return the commands where there are one watched directory, one rule and one channel."""
    bare.write("config/tocsin.yaml", SMALL)
    (bare.directory / "incoming").mkdir()
    return bare


def configure(tocsin, text):
    tocsin.write("config/tocsin.yaml", text)


# ---------------------------------------------------------------------------------------------------------------
# run --once


def test_once_rings_once(tocsin):
    """`run --once` polls, delivers and ends with 0; a second time nothing rings again."""
    tocsin.write("incoming/ferry.txt", FERRY)
    for _ in range(2):
        ended = tocsin("run", "--once")
        assert (ended.returncode, ended.stdout) == (0, "")
    (payload,) = archived(tocsin)
    assert payload["data"]["article"]["title"] == "Ferries stay in port"
    (alert,) = objects(tocsin("alerts", "--json").stdout)
    assert alert["alert_id"] == payload["data"]["alert_id"]
    assert [(way["channel"], way["state"], way["reason"]) for way in alert["dispatches"]] == [("archive", "sent", None)]
    assert alert["created"].endswith("Z")
    assert tocsin("alerts", "--rule", "Another", "--json").stdout == ""
    assert len(tocsin("alerts", "--since", "7d").stdout.splitlines()) == 2


def test_once_waits_for_a_file_that_is_being_written(tocsin):
    """A file that was written this very second is read all the same before `run --once` ends."""
    tocsin.write("incoming/ferry.txt", FERRY)
    assert tocsin("run", "--once").returncode == 0
    assert len(archived(tocsin)) == 1


def test_once_says_that_a_delivery_was_not_accepted(tocsin):
    """A due delivery that fails is exit status 1; the next `run --once` tries it again; a failing feed is none."""
    tocsin.write("incoming/ferry.txt", FERRY)
    replies = [Reply(status=500), Reply(status=404)]
    with Receiver(lambda _: replies.pop(0) if replies else Reply()).in_thread() as receiver, ExitStack() as stack:
        site = stack.enter_context(Site({"/html": b"<html><p>A ferry</p></html>"}).in_thread())
        hook = f"""
  - {{name: hook, type: webhook, url: '{receiver.url}/', allow_private: [127.0.0.1]}}
defaults: {{allow_private: [127.0.0.1]}}
"""
        feed = f"feeds: [{{name: incoming, path: incoming}}, {{name: Bad, url: '{site.url}/html'}}]"
        configure(tocsin, SMALL.replace("feeds: [{name: incoming, path: incoming}]", feed) + hook)
        codes = [tocsin("run", "--once") for _ in range(3)]
        assert [ended.returncode for ended in codes] == [1, 1, 0]
        assert sum(event["event"] == "feed.failed" for event in objects(codes[0].stderr)) == 1
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len(archived(tocsin)) == 1
    feeds = {feed["name"]: feed for feed in objects(tocsin("feeds", "--json").stdout)}
    assert set(feeds["Bad"]) == {
        *("name", "url", "state", "reason", "last_success", "next_poll", "entries_a_day"),
        *("not_modified_share", "bytes", "failures", "detail", "since", "conditions", "moved_to"),
    }
    assert (feeds["Bad"]["state"], feeds["Bad"]["reason"], feeds["Bad"]["failures"]) == ("not-a-feed", "not_a_feed", 3)
    assert feeds["Bad"]["last_success"] is None
    assert feeds["incoming"]["state"] == "ok"


def test_what_waits_and_what_dies_is_said(tocsin):
    """What failed for now waits for its retry, which no test hastens; when its channel goes, it is said to be dead."""
    tocsin.write("incoming/ferry.txt", FERRY)
    with Receiver(Reply(status=429)).in_thread() as receiver:
        hook = f"  - {{name: hook, type: webhook, url: '{receiver.url}/', allow_private: [127.0.0.1]}}\n"
        configure(tocsin, SMALL + hook)
        assert tocsin("run", "--once").returncode == 1
        assert tocsin("send-test", "hook").returncode == 1
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == len(receiver.requests) == 2
    (alert,) = objects(tocsin("alerts", "--json").stdout)
    states = {way["channel"]: (way["state"], way["reason"]) for way in alert["dispatches"]}
    assert states == {"archive": ("sent", None), "hook": ("waiting", "retry")}

    configure(tocsin, SMALL)
    ended = tocsin("run", "--once")
    died = [event for event in objects(ended.stderr) if event["event"] == "delivery.died"]
    assert [(event["channel"], event["reason"]) for event in died] == [("hook", "channel_removed")] * 2
    (alert,) = objects(tocsin("alerts", "--json").stdout)
    assert ("dead", "channel_removed") in [(way["state"], way["reason"]) for way in alert["dispatches"]]


# ---------------------------------------------------------------------------------------------------------------
# What cannot be


@pytest.mark.parametrize("command", [["run", "--once"], ["send-test", "archive"], ["feeds"], ["db", "upgrade"]])
def test_a_database_that_cannot_be_made_is_told(tocsin, command):
    """Where the directory of the database cannot be, every command ends with 4 and says so in words."""
    tocsin.write("notes.txt", "not a directory")
    ended = tocsin(*command, TOCSIN_DATABASE_URL="sqlite:///notes.txt/below/tocsin.db")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "notes.txt" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command", [["run"], ["run", "--once"], ["feeds"], ["alerts"], ["healthcheck"], ["db", "upgrade"]]
)
def test_a_foreign_file_is_left_alone(tocsin, command):
    """A file that is no database of Tocsin's is refused with 4, in words, and stays as it was, byte for byte."""
    file = tocsin.write("notes.db", "These are my notes, not a database.\n" * 100)
    before = file.read_bytes()
    ended = tocsin(*command, TOCSIN_DATABASE_URL="sqlite:///notes.db")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "notes.db" in ended.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ["bogus"],
        ["run", "--bogus"],
        ["match"],
        ["match", "ferry AND", "incoming"],
        ["match", "--keywords", ""],
        ["match", "--keywords", "a*b", "incoming"],
        ["match", "--keywords", "ferry", "nowhere.txt"],
        ["parse", "nowhere.txt"],
        ["alerts", "--since", "soon"],
        ["schema", "other"],
        ["run", "--once", "--config", "nowhere"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_on_standard_error(tocsin, words):
    """Wrong use ends with 2, says why on standard error, and prints nothing else."""
    ended = tocsin(*words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.strip()


def test_mistakes_are_all_told_with_their_places(tocsin):
    """A configuration with mistakes is refused with 2 by what needs it: all of them, with file, line and column."""
    configure(tocsin, SMALL.replace("keywords", "keyword") + "routes: [{channels: [archiv]}]\n")
    expected = [
        'tocsin.yaml:5:5: rules.0.keyword: unknown key (did you mean "keywords"?)',
        'there is no channel "archiv" (did you mean "archive"?)',
    ]
    for command in (["check"], ["run"], ["run", "--once"], ["feeds"], ["send-test", "archive"]):
        ended = tocsin(*command)
        assert ended.returncode == 2, command
        assert all(message in ended.stdout + ended.stderr for message in expected), command
    problems = objects(tocsin("check", "--json").stdout)
    assert {problem["level"] for problem in problems} == {"error"}
    assert (problems[0]["file"], problems[0]["line"], problems[0]["column"]) == ("tocsin.yaml", 5, 5)


def test_check_runs_the_tests_of_the_rules(tocsin):
    """`check` ends with 0 where the tests of the rules hold, and with 1 naming those that do not."""
    fine = tocsin("check")
    assert (fine.returncode, "1 of 1 rule test passed" in fine.stdout) == (0, True)
    configure(tocsin, SMALL.replace("The ferries sail.", "The trains leave."))
    failed = tocsin("check")
    assert failed.returncode == 1
    assert "tocsin.yaml:4: rule 'Ferries' stays silent on: The trains leave." in failed.stdout
    told = objects(tocsin("check", "--json").stdout)
    assert [(each["level"], each.get("rule"), each.get("rings")) for each in told] == [
        ("hint", None, None),
        ("failed test", "Ferries", True),
    ]


def test_without_a_configuration_only_what_looks_works(bare):
    """`match`, `parse` and `schema` need no configuration; what runs or checks says with 2 that there is none."""
    bare.write("one.txt", FERRY)
    assert bare("match", "--keywords", "ferries", "one.txt").returncode == 0
    assert bare("parse", "one.txt").returncode == 0
    assert bare("schema", "config").returncode == 0
    for command in (["check"], ["run", "--once"]):
        ended = bare(*command)
        assert ended.returncode == 2
        assert "config: there is no such directory" in ended.stdout + ended.stderr
    assert not (bare.directory / "data").exists()


def test_a_broken_configuration_is_left_aside_by_what_only_looks(tocsin):
    """`match` and `parse` name it on standard error and go on, unless `--config` asked for it: then 2."""
    configure(tocsin, "rulez: []\n")
    tocsin.write("one.txt", FERRY)
    for command in (["match", "--keywords", "ferry", "one.txt"], ["parse", "one.txt"]):
        ended = tocsin(*command, "--json")
        assert ended.returncode == 0
        assert len(objects(ended.stdout)) == 1
        assert "rulez: unknown key" in ended.stderr
        asked = tocsin(*command, "--json", "--config", "config")
        assert (asked.returncode, asked.stdout) == (2, "")
        assert "rulez: unknown key" in asked.stderr


# ---------------------------------------------------------------------------------------------------------------
# Looking


def test_match_prints_every_article_as_json(tocsin):
    """`match --json` has a line per article, matched or not, with offsets of the input as it stands."""
    text = "  Two  blanks.\n\nThe ferry\u00a0sails; e\u0301 👍 ferries.\r\n"
    lines = [
        {"id": "a", "title": "No boats", "text": text, "url": "https://herald.example.org/a", "language": "en"},
        {"id": "b", "title": "The ferry", "text": ""},
        {"title": "Nothing"},
        {"id": "empty", "title": "", "text": ""},
    ]
    given = "".join(json.dumps(line) + "\n" for line in lines)
    for source in ([], ["-"]):
        ended = tocsin("match", "--keywords", "ferry", *source, "--json", given=given)
        assert ended.returncode == 0
        first, second, third, empty = objects(ended.stdout)
        assert list(first) == ["source", "id", "title", "matched", "evidence"]
        assert (first["source"], first["id"], first["title"], first["matched"]) == ("-", "a", "No boats", True)
        assert [text[item["start"] : item["end"]] for item in first["evidence"]] == ["ferry", "ferries"]
        assert [item["text"] for item in first["evidence"]] == ["ferry", "ferries"]
        assert second["evidence"] == [{"field": "title", "start": 4, "end": 9, "text": "ferry", "term": "ferry"}]
        assert (third["title"], third["matched"], third["evidence"]) == ("Nothing", False, [])
        assert empty == {"source": "-", "id": "empty", "title": "", "matched": False, "evidence": []}


def test_match_knows_a_document_from_lines_on_standard_input(tocsin):
    """JSON that fills many lines is one document; a feed on one line is a feed."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "F",
        "items": [{"id": "1", "content_text": "ferry"}],
    }
    for given in (json.dumps(feed), json.dumps(feed, indent=2), json.dumps({"id": "1", "text": "ferry"}, indent=1)):
        (found,) = objects(tocsin("match", "--keywords", "ferry", "--json", given=given).stdout)
        assert (found["id"], found["matched"]) == ("1", True)


def test_match_goes_on_behind_a_file_that_cannot_be_read(tocsin):
    """As with grep: the others are read, what is missing is said, and the status is 2."""
    tocsin.write("incoming/one.txt", FERRY)
    ended = tocsin("match", "--keywords", "ferries", "nowhere.txt", "incoming/one.txt")
    assert ended.returncode == 2
    assert "incoming/one.txt: Ferries stay in port" in ended.stdout
    assert "nowhere.txt: No such file" in ended.stderr


def test_match_ends_as_grep_does(tocsin):
    """0 where something matches, 1 where nothing does; for people only what matches is shown."""
    tocsin.write("incoming/one.txt", FERRY)
    tocsin.write("incoming/two.txt", "A quiet day\n\nNothing happened.")
    found = tocsin("match", "--keywords", "ferries", "incoming")
    assert found.returncode == 0
    assert "incoming/one.txt: Ferries stay in port" in found.stdout
    assert "two.txt" not in found.stdout
    nothing = tocsin("match", "--keywords", "trains", "incoming")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (1, "", "")
    assert [
        one["matched"] for one in objects(tocsin("match", "--keywords", "trains", "incoming", "--json").stdout)
    ] == [
        False,
        False,
    ]


def test_match_reads_a_file_as_its_feed_does(bare):
    """In a configured directory the feed's furniture is masked, and keywords stand for the configured entities."""
    copy(ROOT / "seeds" / "000_df2839bee4d5d229.txt", bare.write("seeds/x", "").parent)
    seed = "seeds/000_df2839bee4d5d229.txt"
    config = ["--config", str(ROOT / "config")]
    assert bare("match", "--keywords", "foreign agent", seed, *config).returncode == 1
    (troops,) = objects(bare("match", "--keywords", "troops remain in Belarus", seed, *config, "--json").stdout)
    assert (troops["matched"], troops["title"], troops["source"]) == (True, HEADLINE, seed)
    assert "forces" in {item["text"] for item in troops["evidence"]}
    assert bare("match", "--keywords", "foreign agent", seed).returncode == 0


def test_parse_prints_every_entry_as_json(tocsin):
    """`parse --json` has a line per entry in the feed's order; what the feed does not give is null."""
    items = [
        Item(id="a", title="First", text="<p>One.</p><p>Two.</p>", url="https://herald.example.org/a"),
        Item(id="b", title="Second"),
    ]
    tocsin.write("feed.xml", rss(*items).decode())
    ended = tocsin("parse", "feed.xml", "--json")
    assert ended.returncode == 0
    first, second = objects(ended.stdout)
    assert list(first) == [
        *("id", "url", "title", "published", "updated", "authors", "summary", "text", "text_kind", "language"),
        *("tags", "feed"),
    ]
    assert (first["id"], first["url"], first["title"]) == ("a", "https://herald.example.org/a", "First")
    assert (first["text"], first["language"]) == ("One.\n\nTwo.", "en")
    assert first["feed"] == {"title": "Example Herald", "url": "https://herald.example.org/"}
    assert (second["url"], second["published"], second["text"], second["text_kind"]) == (None, None, None, "title")
    with Site({"/rss": rss(*items)}).in_thread() as site:
        refused = tocsin("parse", f"{site.url}/rss")
        assert refused.returncode == 1
        assert "loopback" in refused.stderr
    tocsin.write("noise.xml", "no feed at all")
    noise = tocsin("parse", "noise.xml", "--json")
    assert (noise.returncode, noise.stdout) == (1, "")
    assert "noise.xml: " in noise.stderr


def test_a_feed_without_entries_is_fine(tocsin):
    """A feed that was read and holds nothing ends with 0 and says so on standard error."""
    tocsin.write("empty.xml", rss().decode())
    ended = tocsin("parse", "empty.xml")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "empty.xml: the feed has no entries" in ended.stderr


def test_a_file_of_which_nothing_could_be_read_is_not(tocsin):
    """Where every article is passed over, the problems are named and it ends with 1."""
    tocsin.write("bad.jsonl", "no json\n")
    ended = tocsin("parse", "bad.jsonl")
    assert ended.returncode == 1
    assert "line 1: not valid JSON" in ended.stderr
    assert "no entries" not in ended.stderr


@pytest.mark.parametrize("of", ["config", "alert"])
def test_schemas_are_json(tocsin, of):
    """`schema` prints a JSON Schema and nothing else."""
    ended = tocsin("schema", of)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_commands_say_what_they_are(bare):
    """`--version` and every `--help` end with 0 and say something; `healthcheck` without a daemon says that."""
    assert bare("--version").stdout.startswith("tocsin 0.")
    help_text = bare("--help").stdout
    commands = ("run", "check", "match", "parse", "feeds", "alerts", "send-test", "healthcheck", "schema", "db")
    for command in commands:
        assert f"  {command} " in help_text
        assert "Usage: tocsin " in bare(command, "--help").stdout
    assert bare("db", "upgrade").returncode == 0
    health = bare("healthcheck")
    assert (health.returncode, health.stderr) == (1, "tocsin: no daemon has run on this database\n")
