"""Pages behind entries: what robots.txt lets us read, politely and within bounds, against real servers on loopback."""

import asyncio
import gzip
from collections import Counter

import pytest

from support.receiver import Receiver, Reply
from support.rough import serving
from tocsin.fetch import robots
from tocsin.fetch.robots import _parsed
from tocsin.model import PageFailed, PageFetched, PageOutcome

HTML = {"content-type": "text/html; charset=utf-8"}
PAGE = Reply(headers=HTML, body=b"<p>The ferry sails.</p>")


class Paper(Receiver):
    """A site with a robots.txt; all the rest is `page`."""

    def __init__(self, robots, page=PAGE, **paths):
        self.robots = Reply(body=robots.encode()) if isinstance(robots, str) else robots
        self.page = page
        self.paths = paths
        super().__init__(self._answer)

    def _answer(self, request):
        if request.target == "/robots.txt":
            return self.robots
        return self.paths.get(request.target.strip("/"), self.page)

    @property
    def targets(self):
        return [request.target for request in self.requests]


@pytest.fixture
def read(fetcher, feed_at):
    """Fetch a page of a paper."""

    async def fetch(paper, path="/a", **feed):
        return await fetcher.fetch_page(feed_at(f"{paper.url}/feed", **feed), f"{paper.url}{path}")

    return fetch


async def test_a_page_is_fetched_once_robots_lets_us(read):
    """robots.txt is asked first and kept; page and robots.txt are asked for by the same name, and without more."""
    async with Paper("User-agent: *\nDisallow: /private\n") as paper:
        first, second = await read(paper), await read(paper, "/b?x=1")
    assert isinstance(first, PageFetched)
    assert (first.document.name, first.document.body) == (f"{paper.url}/a", PAGE.body)
    assert first.document.content_type == HTML["content-type"]
    assert isinstance(second, PageFetched)
    assert paper.targets == ["/robots.txt", "/a", "/b?x=1"]
    for request in paper.requests:
        assert request.headers["user-agent"] == "Tocsin/test"
        assert {"cookie", "referer", "a-im", "if-none-match"}.isdisjoint(request.headers)
        assert request.method == "GET"


@pytest.mark.parametrize(
    ("robots", "kept_out"),
    [
        ("User-agent: *\nDisallow: /", True),
        ("User-agent: tocsin\nDisallow: /\n\nUser-agent: *\nAllow: /", True),
        ("User-Agent: TOCSIN/2.0\nDisallow: /a", True),
        ("useragent tocsin\nDisallow: /a", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Tocsin\nAllow: /", False),
        ("User-agent: otherbot\nDisallow: /", False),
        ("User-agent: tocsinette\nDisallow: /", False),
        ("User-agent: *\nDisallow: /\nAllow: /a$", False),
        ("User-agent: *\nDisallow: /*a", True),
        ("User-agent: a\nUser-agent: *\nDisallow: /a", True),
        ("\ufeffUser-agent: *\nDisallow: /a # not for programs", True),
        ("", False),
        ("<html>Not found</html>", False),
        ("\x00\xff junk", False),
    ],
)
async def test_a_sites_rules_are_kept(read, robots, kept_out):
    """The most specific group for us, and in it the longest rule, says whether a page is read (RFC 9309)."""
    async with Paper(robots) as paper:
        outcome = await read(paper)
    if kept_out:
        assert isinstance(outcome, PageFailed)
        assert outcome.outcome is PageOutcome.ROBOTS
        assert outcome.detail == "the robots.txt of 127.0.0.1 does not let us read this page"
    assert paper.targets == (["/robots.txt"] if kept_out else ["/robots.txt", "/a"])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
async def test_no_robots_txt_allows_everything(read, status):
    """4xx means that there are no rules."""
    async with Paper(Reply(status=status)) as paper:
        assert isinstance(await read(paper), PageFetched)


@pytest.mark.parametrize("robots", [Reply(status=500), Reply(status=503), Reply(headers={"content-encoding": "br"})])
async def test_a_robots_txt_that_cannot_be_had_allows_nothing(read, robots):
    """5xx and what cannot be read mean that nothing may be read, and are not asked for again at once."""
    async with Paper(robots) as paper:
        first, second = await read(paper), await read(paper, "/b")
    assert first.outcome is second.outcome is PageOutcome.FAILED
    assert first.detail.startswith("the robots.txt of 127.0.0.1 could not be had, which lets us read nothing: ")
    assert paper.targets == ["/robots.txt"]


async def test_rules_are_kept_for_a_day_and_failures_for_an_hour(read, monkeypatch):
    """After a day rules are asked for anew, after an hour a site that could not be asked."""
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, 0.0
    monkeypatch.setattr(loop, "time", lambda: real() + ahead)
    async with Paper("") as paper, Paper(Reply(status=500)) as failing:
        for hours, asked, asked_failing in ((0, 1, 1), (0.9, 1, 1), (1.1, 1, 2), (23.5, 1, 3), (24.5, 2, 4)):
            ahead = hours * 3600
            await read(paper)
            await read(failing)
            assert paper.targets.count("/robots.txt") == asked
            assert failing.targets.count("/robots.txt") == asked_failing


async def test_a_site_that_wants_to_be_left_alone_is(read):
    """A 429 for robots.txt reads nothing, is not kept, and names the host."""
    async with Paper(Reply(status=429, headers={"Retry-After": "60"})) as paper:
        outcome = await read(paper)
        paper.robots = Reply(body=b"")
        assert isinstance(await read(paper), PageFetched)
    assert (outcome.outcome, outcome.busy_host) == (PageOutcome.FAILED, "127.0.0.1")
    assert outcome.retry_after.total_seconds() == 60


async def test_redirects_of_robots_txt_are_followed_five_times(read):
    """Rules may be elsewhere; after five redirects there are none (RFC 9309 section 2.3.1.2)."""
    rules = Reply(body=b"User-agent: *\nDisallow: /a")
    hop = lambda to: Reply(status=302, headers={"Location": to})  # noqa: E731
    async with Paper(hop("/r0"), r0=hop("/r1"), r1=hop("/r2"), r2=hop("/r3"), r3=hop("/r4"), r4=rules) as paper:
        assert (await read(paper)).outcome is PageOutcome.ROBOTS
    async with Paper(hop("/r0"), r0=hop("/r1"), r1=hop("/r2"), r2=hop("/r3"), r3=hop("/r4"), r4=hop("/r5")) as paper:
        assert isinstance(await read(paper), PageFetched)


async def test_where_a_page_redirects_the_rules_are_asked_again(read):
    """A redirect does not lead around the rules of where it leads, on the same site or another."""
    async with Paper("User-agent: *\nDisallow: /a") as other:
        elsewhere = Reply(status=302, headers={"Location": f"http://localhost:{other.port}/a"})
        inside = Reply(status=302, headers={"Location": "/private"})
        async with Paper("User-agent: *\nDisallow: /private", out=elsewhere, hop=inside) as paper:
            assert (await read(paper, "/out")).outcome is PageOutcome.ROBOTS
            assert (await read(paper, "/hop")).outcome is PageOutcome.ROBOTS
    assert other.targets == ["/robots.txt"]
    assert paper.targets == ["/robots.txt", "/out", "/hop"]


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "application/rss+xml", "text/plain"])
async def test_what_is_no_page_is_not_read(read, kind):
    """Only HTML is read; the bytes of anything else are not."""
    async with Paper("", Reply(headers={"content-type": kind}, body=bytes(3_000_000))) as paper:
        outcome = await read(paper)
    assert (outcome.outcome, outcome.detail) == (PageOutcome.NOT_A_PAGE, f"127.0.0.1 has no page there, but {kind}")


async def test_a_page_without_a_type_is_taken_for_one(read):
    """A server that does not say what it sends is not held to it."""
    async with Paper("", Reply(body=b"<p>Hello</p>")) as paper:
        assert isinstance(await read(paper), PageFetched)


@pytest.mark.parametrize("packed", [False, True])
async def test_a_large_page_is_not_read(read, packed):
    """More than 2 MB, on the wire or unpacked, is too much for a page."""
    body = bytes(2_000_001)
    headers = {**HTML, **({"content-encoding": "gzip"} if packed else {})}
    async with Paper("", Reply(headers=headers, body=gzip.compress(body) if packed else body)) as paper:
        outcome = await read(paper)
    assert outcome.outcome is PageOutcome.FAILED
    assert "1.91 MiB" in outcome.detail


@pytest.mark.parametrize(
    ("page", "busy"), [(Reply(status=404), None), (Reply(status=429, headers={"Retry-After": "9"}), "127.0.0.1")]
)
async def test_a_page_that_is_not_there_is_told(read, page, busy):
    """A status other than success fails the page, for 429 with the host that wants to be left alone."""
    async with Paper("", page) as paper:
        outcome = await read(paper)
    assert (outcome.outcome, outcome.busy_host) == (PageOutcome.FAILED, busy)
    assert str(page.status) in outcome.detail


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "http://u:canary@example.org/", "nonsense", "http://inner.example.org/"]
)
async def test_a_page_that_we_do_not_go_to_is_told(fetcher, feed_at, url):
    """A link to another scheme, with a password, or to an inner address fails the page and nothing is sent."""
    outcome = await fetcher.fetch_page(feed_at("http://127.0.0.1/feed"), url)
    assert outcome.outcome is PageOutcome.FAILED
    assert "canary" not in outcome.detail


async def test_a_sites_delay_is_kept_between_its_pages(fetcher_with, feed_at, monkeypatch):
    """Crawl-delay lengthens the gap between requests for pages, half a minute at most."""
    gaps = []
    fetcher = fetcher_with()
    turn = fetcher._exchange._hosts.turn

    def noting(host, address, *, gap):
        gaps.append(gap)
        return turn(host, address)

    monkeypatch.setattr(fetcher._exchange._hosts, "turn", noting)
    for delay in ("7", "900", "x", "-1"):
        async with Paper(f"User-agent: *\nCrawl-delay: {delay}") as paper:
            assert isinstance(await fetcher.fetch_page(feed_at(paper.url), f"{paper.url}/a"), PageFetched)
    assert gaps == [0.0, 7.0, 0.0, 30.0, 0.0, 0.0, 0.0, 0.0]


async def test_pages_share_their_hosts_turns_with_feeds(fetcher, feed_at):
    """A page, its robots.txt and a feed of one host are never asked for at the same time."""
    at_work = Counter()

    async def answer(_, writer):
        at_work["now"] += 1
        at_work["most"] = max(at_work["most"], at_work["now"])
        at_work["all"] += 1
        await asyncio.sleep(0.01)
        at_work["now"] -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with serving(answer) as port:
        feed = feed_at(f"http://127.0.0.1:{port}/feed")
        pages = [fetcher.fetch_page(feed, f"http://127.0.0.1:{port}/{n}") for n in range(3)]
        feeds = [fetcher.get(f"http://127.0.0.1:{port}/feed{n}", feed.allow_private) for n in range(3)]
        await asyncio.gather(*pages, *feeds)
    assert (at_work["all"], at_work["most"]) == (7, 1)


async def test_a_feeds_headers_are_for_pages_of_its_own_origin(read, fetcher, feed_at):
    """A page behind the same login is read with it; one elsewhere sees nothing of it."""
    secret = (("Authorization", "Bearer canary"),)
    async with Paper("") as paper, Paper("") as other:
        await read(paper, headers=secret)
        await fetcher.fetch_page(feed_at(f"{paper.url}/feed", headers=secret), f"{other.url}/a")
    assert paper.requests[-1].headers["authorization"] == "Bearer canary"
    assert all("authorization" not in request.headers for request in other.requests)


async def test_a_long_robots_txt_is_read_to_its_limit(read):
    """500 KiB of rules count, a line that the limit cuts does not (RFC 9309 section 2.5)."""
    head, last = "User-agent: *\nDisallow: /private\n", "\nDisallow: /"
    filler = "#" * (500 * 1024 - len(head) - len(last))
    async with Paper(f"{head}{filler}{last}public\nDisallow: /b") as paper:
        assert isinstance(await read(paper, "/a"), PageFetched)
        assert isinstance(await read(paper, "/b"), PageFetched)
        assert (await read(paper, "/private")).outcome is PageOutcome.ROBOTS


def test_names_without_end_share_no_rules():
    """A group for thousands of names with thousands of rules costs no more than its lines."""
    names = "".join(
        f"{field} n{number}\n" for number in range(3_000) for field in ("User-agent:", "useragent", "USER  agent")
    )
    assert len(_parsed((names + "allow: /\n" * 20_000).encode())._user_agents) == 1


async def test_rules_are_asked_for_once_by_many(fetcher, feed_at):
    """Pages that are wanted at the same time ask for their site's rules once."""
    async with Paper("") as paper:
        await asyncio.gather(*(fetcher.fetch_page(feed_at(paper.url), f"{paper.url}/{n}") for n in range(5)))
    assert paper.targets.count("/robots.txt") == 1


async def test_sites_without_end_do_not_fill_the_memory(fetcher, feed_at, monkeypatch):
    """Only so many sites' rules are kept, those that were asked for last."""
    monkeypatch.setattr(robots, "_MOST_KEPT", 3)
    async with Paper("") as paper:
        for number in (1, 2, 3, 1, 4, 1):
            await fetcher.fetch_page(feed_at(paper.url), f"http://h{number}.example.org:{paper.port}/a")
        assert paper.targets.count("/robots.txt") == 4
        await fetcher.fetch_page(feed_at(paper.url), f"http://h2.example.org:{paper.port}/a")
    assert paper.targets.count("/robots.txt") == 5
