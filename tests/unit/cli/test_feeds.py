"""What `tocsin feeds` and its subcommands print."""

import json
import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from support.commands import Command, objects
from support.receiver import Reply
from support.session import Session
from support.site import Item, Site, atom, rss
from tocsin.cli import feeds as table
from tocsin.config.build import load_plan
from tocsin.fetch.hosts import Politeness
from tocsin.model import FeedReport, FeedState

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
OURS = "defaults: {allow_private: [127.0.0.0/8]}\n"


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands in a working directory with a configuration that lets them reach the test's own servers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Politeness.__init__.__kwdefaults__, "gap", 0.0)  # how long to wait is tried elsewhere
    session = Session(tmp_path)
    session.write("config/tocsin.yaml", OURS)
    return session


@pytest.fixture
def site():
    """Serve pages; what is not there is a 404."""
    with ExitStack() as stack:
        yield stack.enter_context(Site().in_thread())


def html(body):
    return Reply(headers={"content-type": "text/html"}, body=f"<!doctype html><html>{body}</html>".encode())


def items(number=3, **said):
    return [
        Item(id=str(hour), title=f"Ferry {hour} stays in port", published=NOW - timedelta(hours=6 * hour), **said)
        for hour in range(number)
    ]


def asked(site):
    return [request.target for request in site.requests]


def pasted(tocsin, printed):
    """Return the feeds of a configuration with what was printed below `feeds:`."""
    directory = tocsin.directory / "pasted"
    directory.mkdir(exist_ok=True)
    (directory / "feeds.yaml").write_text(f"feeds:\n{printed}", encoding="utf-8")
    return load_plan(directory, {}).feeds


# ---------------------------------------------------------------------------------------------------------------
# The table


def report(name, state=FeedState.OK, **said):
    plain = {
        "location": "https://herald.example/rss",
        "reason": None,
        "detail": None,
        "last_success": NOW - timedelta(minutes=2),
        "next_poll": NOW + timedelta(minutes=28, seconds=5),
        "entries_a_day": 4.25,
        "not_modified_share": 0.931,
        "received": 1_234_567,
        "failures": 0,
    }
    return FeedReport(name=name, state=state, **{**plain, **said})


@pytest.fixture
def printed(tocsin, monkeypatch):
    """Print reports on a terminal of 100 columns, or as JSON."""

    def printed(*reports, options=()):
        class Records:
            async def __aenter__(self):
                return self

            async def __aexit__(self, *_):
                return None

            async def feed_reports(self, now):
                assert now == NOW
                return reports

        monkeypatch.setattr(table, "open_records", lambda _: Records())
        monkeypatch.setattr(table, "utc_now", lambda: NOW)
        terminal = {"FORCE_COLOR": "1", "COLUMNS": "100", "TERM": "xterm"}
        return re.sub(r"\x1b\[[0-9;]*m", "", tocsin("feeds", *options, **terminal).stdout)

    return printed


def test_the_table_is_readable_at_a_hundred_columns(printed):
    """State, since when, last success, next poll, entries a day, share of 304 and bytes are a line; words follow."""
    out = printed(
        report("Example Herald"),
        report(
            "A Gazette of the Coasts and Islands, with the Longest Name that Anybody Ever Gave to a Newspaper",
            FeedState.ALL_IDS_CHANGED,
            since=NOW - timedelta(days=3, hours=5),
            detail="its entries came under new ids",
        ),
    )
    lines = out.splitlines()
    assert max(len(line.rstrip()) for line in lines[: lines.index("")]) <= 100
    assert lines[0].split() == "feed state since last success next poll a day 304 bytes".split()
    assert lines[1].split() == "Example Herald ok 2m ago in 28m 4.2 93% 1.2 MB".split()
    assert re.search(r" all ids changed  3d ", out)
    words = "all ids changed since 02 Mar 07:00 UTC: its entries came under new ids"
    assert lines[-1].endswith(f"Newspaper: {words}")


def test_a_feed_that_was_never_polled_is_said_to_be_so(printed):
    """What is not known is left out; a feed that is not polled any more has no next poll."""
    out = printed(
        report("New", FeedState.NEW, last_success=None, next_poll=NOW, entries_a_day=None, not_modified_share=None),
        report("Gone", FeedState.GONE, next_poll=None, received=0),
    )
    _, new, gone, *_ = out.splitlines()
    assert new.split() == "New new never now 1.2 MB".split()
    assert gone.split() == "Gone gone 2m ago never 4.2 93% 0 B".split()


def test_what_is_odd_is_said_in_words(printed):
    """Below the table stand the feeds with a condition: what, since when, the other conditions, the new address."""
    out = printed(
        report("Fine"),
        report(
            "Old",
            FeedState.SILENT,
            since=NOW - timedelta(days=2),
            detail="nothing new for 2 days",
            conditions=(FeedState.CLOCK_ODD, FeedState.SILENT, FeedState.MOVED),
            moved_to="https://new.example/rss",
        ),
    )
    assert out.splitlines()[-1] == (
        "Old: silent since 03 Mar 12:00 UTC: nothing new for 2 days; also clock odd, moved; "
        "it is at https://new.example/rss by now"
    )
    assert "Fine:" not in out


def test_json_has_all_of_it(printed):
    """`--json` has a key for each fact, null where it is not known, times in RFC 3339."""
    said = {"since": NOW, "detail": "gone (410)", "conditions": (FeedState.GONE,), "moved_to": "https://n.example/"}
    [feed] = objects(printed(report("Old", FeedState.GONE, next_poll=None, **said), options=["--json"]))
    assert feed == {
        "name": "Old",
        "url": "https://herald.example/rss",
        "state": "gone",
        "reason": None,
        "detail": "gone (410)",
        "since": "2026-03-05T12:00:00Z",
        "conditions": ["gone"],
        "moved_to": "https://n.example/",
        "last_success": "2026-03-05T11:58:00Z",
        "next_poll": None,
        "entries_a_day": 4.25,
        "not_modified_share": 0.931,
        "bytes": 1_234_567,
        "failures": 0,
    }


def test_no_secret_is_shown(printed, tocsin):
    """What came from the environment is struck out of addresses and details."""
    tocsin.write("config/feeds.yaml", "feeds: [{name: a, url: 'https://a.example/?k=${FEED_KEY}'}]")
    found = report("a", FeedState.FAILING, location="https://a.example/?k=canary", detail="canary", moved_to="canary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEED_KEY", "canary")
        assert "canary" not in printed(found)
        assert "canary" not in printed(found, options=["--json"])


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (timedelta(days=3, hours=23), "3d"),
        (timedelta(hours=14, minutes=59), "14h"),
        (timedelta(minutes=1), "1m"),
        (timedelta(seconds=59.9), "59s"),
        (timedelta(seconds=-5), "0s"),
    ],
)
def test_a_duration_is_shown_in_its_largest_unit(duration, shown):
    """Whole units, rounded down, never negative."""
    assert table.short_duration(duration) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_960, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (5_000_000_000_000, "5000 GB"),
    ],
)
def test_a_size_is_shown_in_few_digits(size, shown):
    """The unit is the largest in which there is at least one."""
    assert table.short_size(size) == shown


# ---------------------------------------------------------------------------------------------------------------
# add


def test_a_feed_that_a_page_names_is_found(tocsin, site):
    """The page's feeds are read, the likeliest first; what is printed can be pasted and is then that feed."""
    site.pages["/"] = html(
        "<link rel=alternate type=application/rss+xml title='Comments' href=/comments>"
        "<link rel=alternate type=application/rss+xml href=/rss>"
        "<link rel=alternate type=application/atom+xml href=/atom>"
    )
    site.pages |= {"/rss": rss(*items()), "/atom": atom(*items()), "/comments": rss(*items(1))}
    ended = tocsin("feeds", "add", f"{site.url}/")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(asked(site)) == ["/", "/atom", "/comments", "/rss"]
    [feed] = pasted(tocsin, ended.stdout)
    assert (feed.name, feed.location, feed.language, feed.tags) == ("Example Herald", f"{site.url}/rss", "en", ())
    assert "  # named by the page: 3 entries, about 4.0 a day, en\n" in ended.stdout
    assert "  #   05 Mar 2026 12:00  Ferry 0 stays in port\n" in ended.stdout
    others = re.findall(r"^  # - name: (.*)$", ended.stdout, re.MULTILINE)
    assert others == ["Example Tribune", "Example Herald 2"]
    assert ended.stdout.count("05 Mar 2026 12:00  Ferry 0 stays in port\n") == 3  # Atom says only when it changed


def test_every_feed_found_is_a_line_of_json(tocsin, site):
    """`--json` tells of each feed with its last entries, newest first, and whether it is configured."""
    site.pages["/"] = html("<link rel=alternate type=application/rss+xml href=/rss>")
    site.pages["/rss"] = rss(*reversed(items(7, url="https://herald.example/1")), Item(id="x", title="No date"))
    tocsin.write("config/feeds.yaml", f"feeds: [{{name: Ours, url: '{site.url}/rss#x'}}]")
    [feed] = objects(tocsin("feeds", "add", f"{site.url}/", "--json").stdout)
    last = feed.pop("last_entries")
    assert feed == {
        "name": "Example Herald",
        "url": f"{site.url}/rss",
        "language": "en",
        "tags": [],
        "hint": "named",
        "configured": "Ours",
        "entries": 8,
        "entries_a_day": pytest.approx(4.0),
    }
    assert [entry["published"] for entry in last] == [
        (NOW - timedelta(hours=6 * number)).isoformat().replace("+00:00", "Z") for number in range(5)
    ]
    assert last[0] == {
        "published": "2026-03-05T12:00:00Z",
        "title": "Ferry 0 stays in port",
        "url": "https://herald.example/1",
    }


def test_the_address_of_a_feed_is_taken_as_it_is(tocsin, site):
    """Where the URL is a feed, one request is made and nothing is searched; a feed that moved has its new address."""
    site.pages |= {"/rss": rss(*items()), "/old": Reply(status=301, headers={"location": "/rss"})}
    site.pages["/shifting"] = Reply(status=302, headers={"location": "/rss"})
    for path, printed_as in (("rss", "rss"), ("old", "rss"), ("shifting", "shifting")):
        [feed] = pasted(tocsin, tocsin("feeds", "add", f"{site.url}/{path}").stdout)
        assert feed.location == f"{site.url}/{printed_as}"
    assert asked(site) == ["/rss", "/old", "/rss", "/shifting", "/rss"]


def test_what_the_page_links_to_is_asked_before_common_places(tocsin, site):
    """Named addresses that hold no feed are told; then links, then the first common place that has one, and no more."""
    site.pages["/"] = html("<link rel=alternate type=application/rss+xml href=/gone><a href=/about/rss>RSS</a>")
    site.pages |= {"/about/rss": html("What RSS is"), "/rss.xml": rss(*items()), "/atom.xml": atom(*items())}
    ended = tocsin("feeds", "add", f"{site.url}/")
    assert "gone: 127.0.0.1 answered 404 Not Found" in ended.stderr
    assert "a common place" in ended.stdout
    assert asked(site) == ["/", "/gone", "/about/rss", "/feed", "/rss", "/rss.xml"]


def test_a_server_that_asks_for_patience_is_left_alone(tocsin, site):
    """A 429 with Retry-After ends the search: no other address is asked."""
    site.pages["/"] = html("<link rel=alternate type=application/rss+xml href=/rss><a href=/atom>Feed</a>")
    site.pages["/rss"] = Reply(status=429, headers={"retry-after": "60"})
    ended = tocsin("feeds", "add", f"{site.url}/")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "answered 429 Too Many Requests" in ended.stderr
    assert asked(site) == ["/", "/rss"]


def test_a_name_that_is_taken_gets_a_number(tocsin, site):
    """What is pasted into the configuration that is there makes no mistake in it."""
    tocsin.write("config/feeds.yaml", "feeds: [{name: Example Herald, path: .}]")
    site.pages["/rss"] = rss(*items())
    [feed] = pasted(tocsin, tocsin("feeds", "add", f"{site.url}/rss").stdout)
    assert feed.name == "Example Herald 2"


def test_a_title_made_to_mislead_is_one_line_of_text(tocsin, site):
    """Whatever a feed says of itself, the printed YAML holds one feed with this address and no control character."""
    title = "x\n  - name: y\r\x1b[2J ${HOME} # '\" : \u202e" + "z" * 300
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": title, "language": "xx\n- y", "items": [
        {"id": "1", "title": title, "url": "https://herald.example/1"}
    ]}  # fmt: skip
    site.pages["/feed.json"] = Reply(body=json.dumps(feed).encode())
    ended = tocsin("feeds", "add", f"{site.url}/feed.json")
    [spec] = pasted(tocsin, ended.stdout)
    assert spec.location == f"{site.url}/feed.json"
    assert "${HOME}" in spec.name
    assert not {"\x1b", "\r", "\u202e"} & set(ended.stdout)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (html("<p>Nothing here</p>"), "no feed was found on its site"),
        (Reply(status=503), "127.0.0.1 answered 503 Service Unavailable"),
        (Reply(status=302, headers={"location": "http://10.0.0.1/rss"}), "10.0.0.1"),
    ],
)
def test_nothing_found_is_told(tocsin, site, page, said):
    """A site without a feed and one that cannot be reached end with 1 and words, and print nothing."""
    site.pages["/"] = page
    ended = tocsin("feeds", "add", f"{site.url}/")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert said in ended.stderr


@pytest.mark.parametrize("url", ["ftp://herald.example/", "https://desk:canary@herald.example/", "https://", "a b\nc"])
def test_what_is_no_url_is_wrong_use(tocsin, url):
    """Only http and https are asked, and never with credentials in the URL."""
    assert tocsin("feeds", "add", url).returncode == 2


def test_a_search_writes_no_file(tocsin, site):
    """`feeds add` only prints: the working directory is as it was."""
    site.pages["/rss"] = rss(*items())
    before = sorted(tocsin.directory.rglob("*"))
    assert tocsin("feeds", "add", f"{site.url}/rss").returncode == 0
    assert sorted(tocsin.directory.rglob("*")) == before


# ---------------------------------------------------------------------------------------------------------------
# retry


def test_a_feed_that_is_gone_is_polled_again(tocsin, site):
    """Without a daemon the feed is due again, and the next run asks it; it says so."""
    site.pages["/rss"] = Reply(status=410)
    tocsin.write("config/feeds.yaml", f"feeds: [{{name: Herald, url: '{site.url}/rss'}}]")
    assert tocsin("run", "--once").returncode == 0
    [gone] = objects(tocsin("feeds", "--json").stdout)
    assert (gone["state"], gone["next_poll"]) == ("gone", None)
    tocsin("run", "--once")
    assert asked(site) == ["/rss"]
    ended = tocsin("feeds", "retry", "Herald")
    assert (ended.returncode, ended.stdout) == (0, "Herald: polled when Tocsin runs next\n")
    tocsin("run", "--once")
    assert asked(site) == ["/rss"] * 2


def test_the_daemon_polls_a_feed_at_once(tmp_path):
    """Where a daemon runs it is asked, and polls the feed long before its time."""
    with Site({"/rss": rss(*items())}).in_thread() as site:
        tocsin = Command(tmp_path)
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "tocsin.yaml").write_text(
            f"{OURS}feeds: [{{name: Herald, url: '{site.url}/rss', every: 1d}}]", encoding="utf-8"
        )
        with tocsin.started("run") as daemon:
            daemon.ready()
            daemon.until(lambda: '"next_poll": "' in tocsin("feeds", "--json").stdout)
            daemon.until(lambda: len(site.requests) == 1)
            ended = tocsin("feeds", "retry", "Herald", "--json")
            assert objects(ended.stdout) == [{"name": "Herald", "daemon": True}]
            daemon.until(lambda: len(site.requests) == 2)
            unknown = tocsin("feeds", "retry", "Heralt")
            assert (unknown.returncode, "Heralt" in unknown.stderr) == (2, True)


def test_a_feed_that_is_not_there_is_wrong_use(tocsin):
    """A name that is not configured ends with 2 and the nearest one that is."""
    tocsin.write("config/feeds.yaml", "feeds: [{name: Herald, path: .}]")
    ended = tocsin("feeds", "retry", "Heralt")
    assert (ended.returncode, 'did you mean "Herald"?' in ended.stderr) == (2, True)
