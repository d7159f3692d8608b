"""Servers that attack whoever asks them: every attack ends within its bound, and the next feed is read.

The attacks are those of the table for HTTP in the study of feeds (S1 to S4, S10). Bounds are scaled down: what is tried
is that something ends, and how it is told, not how long it takes.
"""

import asyncio
import gzip
import ssl
import tracemalloc
import zlib
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
import trustme

from support.receiver import Receiver, Reply
from support.rough import saying, serving
from support.site import Item, Site, rss
from tocsin.fetch.client import HttpFetcher
from tocsin.fetch.exchange import Exchange, FetchLimits
from tocsin.fetch.hosts import Politeness
from tocsin.model import FeedKind, FeedSpec, FeedState, Fetched, FetchFailed, FetchReason, PageOutcome, Validators
from tocsin.net.transport import CheckedTransport

LOOPBACK = (ip_network("127.0.0.0/8"),)
NOTHING = Validators()
GOOD = rss(Item(id="ferry", title="Ferries stay in port", text="A gale keeps every boat in the harbour."))
OK = b"HTTP/1.1 200 OK\r\n"
MEBIBYTE = 2**20


def bomb(mebibytes, times=1):
    """Return zeros, packed, and packed again."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(mebibytes)) + packer.flush()
    for _ in range(times - 1):
        packed = gzip.compress(packed)
    return packed


def body(content, *headers, length=None):
    """Return an answer as it is on the wire."""
    lines = [*headers, b"Content-Length: %d" % (len(content) if length is None else length)]
    return OK + b"\r\n".join(lines) + b"\r\n\r\n" + content


@pytest.fixture
async def fetcher_that():
    """Make fetchers with a resolver and limits of the test's choice."""
    async with AsyncExitStack() as made:

        def make(resolve=None, tls=None, **limits):
            transport = CheckedTransport(tls=tls or ssl.create_default_context(), resolve=resolve)
            made.push_async_callback(transport.aclose)
            exchange = Exchange(transport=transport, user_agent="Tocsin/test", politeness=Politeness(gap=0))
            return HttpFetcher(exchange, limits=FetchLimits(**{"total": 0.5, "connect": 0.4, "read": 0.3, **limits}))

        yield make


def feed(url, allow=LOOPBACK, **more):
    return FeedSpec(name="feed", kind=FeedKind.HTTP, location=url, allow_private=allow, **more)


async def reads(fetcher, host="127.0.0.1"):
    """Tell whether a feed of the same host can be read."""
    async with Receiver(Reply(body=GOOD)) as good:
        return isinstance(await fetcher.fetch(feed(f"http://{host}:{good.port}/"), NOTHING, None), Fetched)


ATTACKS = {
    "says nothing": (saying(b"", pause=60), FetchReason.TIMEOUT),
    "stops in its headers": (saying(OK, pause=60), FetchReason.TIMEOUT),
    "stops in its body": (saying(body(b"x", length=9), pause=60), FetchReason.TIMEOUT),
    "trickles its body": (saying(body(b"x", length=10**6), b"x", pause=0.02, again=True), FetchReason.TIMEOUT),
    "trickles its headers": (saying(OK, b"X: 1\r\n", pause=0.02, again=True), FetchReason.TIMEOUT),
    "trickles one header": (saying(OK + b"X: ", b"x", pause=0.02, again=True), FetchReason.TIMEOUT),
    "trickles chunks": (
        saying(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", pause=0.02, again=True),
        FetchReason.TIMEOUT,
    ),
    "hints for ever": (saying(b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.01, again=True), FetchReason.TIMEOUT),
    "hints without pause": (saying(b"HTTP/1.1 103 Early Hints\r\n\r\n", again=True), FetchReason.TIMEOUT),
    "has headers without end": (saying(OK, b"X-More: 1\r\n" * 1000, again=True), FetchReason.CONNECT),
    "has a header without end": (saying(OK + b"X: ", b"x" * 10_000, again=True), FetchReason.CONNECT),
    "has a body without end": (saying(OK + b"\r\n", bytes(MEBIBYTE), again=True), FetchReason.TOO_LARGE),
    "has chunks without end": (
        saying(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + bytes(65536) + b"\r\n", again=True),
        FetchReason.TOO_LARGE,
    ),
    "announces too much": (saying(body(b"", length=10**12), pause=60), FetchReason.TOO_LARGE),
    "announces more than it sends": (saying(body(b"short", length=1000)), FetchReason.CONNECT),
    "announces two lengths": (saying(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), FetchReason.CONNECT),
    "announces a length that is none": (saying(OK + b"Content-Length: many\r\n\r\nx"), FetchReason.CONNECT),
    "sends a chunk that is none": (
        saying(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        FetchReason.CONNECT,
    ),
    "is no HTTP": (saying(b"220 mail.example.org ESMTP\r\n"), FetchReason.CONNECT),
    "packs in another way": (saying(body(b"x", b"Content-Encoding: br")), FetchReason.ENCODING),
    "packs twice and says so": (
        saying(body(gzip.compress(gzip.compress(GOOD)), b"Content-Encoding: gzip, gzip")),
        FetchReason.ENCODING,
    ),
    "packs a hundred times and says so": (
        saying(body(b"x", b"Content-Encoding: " + b"gzip, " * 100)),
        FetchReason.ENCODING,
    ),
    "says that it packs and does not": (saying(body(GOOD, b"Content-Encoding: gzip")), FetchReason.ENCODING),
    "packs half": (saying(body(gzip.compress(GOOD)[:-9], b"Content-Encoding: gzip")), FetchReason.ENCODING),
    "redirects to itself": (saying(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), FetchReason.REDIRECTS),
    "redirects far away": (
        saying(b"HTTP/1.1 302 Found\r\nLocation: /" + b"x" * 9000 + b"\r\n\r\n"),
        FetchReason.REDIRECTS,
    ),
    "redirects to a file": (
        saying(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"),
        FetchReason.REDIRECTS,
    ),
    "redirects to metadata": (
        saying(b"HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/latest/meta-data\r\n\r\n"),
        FetchReason.REFUSED_ADDRESS,
    ),
    "redirects to a mail server": (
        saying(b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:25/\r\n\r\n"),
        FetchReason.REFUSED_ADDRESS,
    ),
    "says that nothing changed": (saying(b"HTTP/1.1 304 Not Modified\r\n\r\n"), FetchReason.HTTP_STATUS),
}


@pytest.mark.parametrize(("talk", "reason"), ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_ends_and_the_next_feed_is_read(fetcher_that, talk, reason):
    """Whatever a server does, the fetch ends for a reason of its own, and its host's place is free again."""
    fetcher = fetcher_that()
    async with serving(talk) as port:
        outcome = await fetcher.fetch(feed(f"http://127.0.0.1:{port}/"), NOTHING, None)
    assert outcome.reason is reason
    assert outcome.detail.isprintable()
    assert await reads(fetcher)


@pytest.mark.parametrize(("talk", "reason"), ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_on_who_reads_pages_ends_as_well(fetcher_that, talk, reason):
    """A site that attacks when it is asked for its robots.txt, or for a page, is not read, and that is all."""
    fetcher = fetcher_that()

    async def after_robots(reader, writer):
        if b"robots.txt" in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        else:
            await talk(reader, writer)

    for attack, waits in ((talk, True), (after_robots, False)):
        async with serving(attack, waits=waits) as port:
            outcome = await fetcher.fetch_page(feed("http://127.0.0.1/"), f"http://127.0.0.1:{port}/a")
        assert outcome.outcome in {PageOutcome.FAILED, PageOutcome.ROBOTS, PageOutcome.NOT_A_PAGE}
    assert await reads(fetcher)


@pytest.mark.parametrize(
    ("times", "encoding"), [(1, b"gzip"), (2, b"gzip"), (2, b"gzip, gzip"), (1, b"br"), (1, b"zstd"), (1, b"deflate")]
)
async def test_a_bomb_takes_no_more_memory_than_a_feed_may(fetcher_that, times, encoding):
    """However little unpacks to however much, no more is unpacked than a feed may hold."""
    fetcher, packed = fetcher_that(total=30.0, read=10.0), bomb(128, times)
    async with serving(saying(body(packed, b"Content-Encoding: " + encoding))) as port:
        tracemalloc.start()
        outcome = await fetcher.fetch(feed(f"http://127.0.0.1:{port}/"), NOTHING, None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 30 * MEBIBYTE
    if (times, encoding) == (2, b"gzip"):  # unpacked once, as it says: what is inside is nobody's to unpack
        assert isinstance(outcome, Fetched)
        assert len(outcome.documents[0].body) < MEBIBYTE
    else:
        assert outcome.reason is (FetchReason.TOO_LARGE if encoding == b"gzip" else FetchReason.ENCODING)
    assert await reads(fetcher)


SPELLINGS = """
127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 0 0.0.0.0 localhost LOCALHOST. [::1]
[::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] 127.0.0.1. 127。0。0。1
"""


@pytest.mark.parametrize("spelling", SPELLINGS.split())
@pytest.mark.parametrize("way", ["feed", "page", "redirect"])
async def test_no_spelling_of_this_machine_leads_to_it(fetcher_that, spelling, way):
    """However loopback is spelt, in a feed's URL, a link or a redirect, nothing connects to it."""
    fetcher = fetcher_that()  # what the system makes of a spelling is its own: an address, none, or none in time
    async with Receiver(Reply(body=GOOD)) as inner:
        target = f"http://{spelling}:{inner.port}/"
        if way == "feed":
            outcome = await fetcher.fetch(feed(target, allow=()), NOTHING, None)
            assert isinstance(outcome, FetchFailed)
        elif way == "page":
            outcome = await fetcher.fetch_page(feed("http://a.example.org", allow=()), target)
            assert outcome.outcome in {PageOutcome.FAILED, PageOutcome.ROBOTS}  # not a name, so no robots.txt
        else:
            allow = (ip_network("127.0.0.2/32"),)
            server = await asyncio.start_server(redirecting(target), "127.0.0.2", 0)
            async with server:
                url = f"http://127.0.0.2:{server.sockets[0].getsockname()[1]}/"
                outcome = await fetcher.fetch(feed(url, allow=allow), NOTHING, None)
            await asyncio.sleep(0)
            assert isinstance(outcome, FetchFailed)
    assert inner.connections == 0


def redirecting(target):
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: " + target.encode() + b"\r\n\r\n")
        await writer.drain()
        writer.transport.abort()

    return talk


async def test_a_name_that_changes_its_address_leads_nowhere(fetcher_that, monkeypatch):
    """A name that is one address when it is looked at and another when it is used gains nothing (DNS rebinding)."""
    asked = []

    async def rebinding(host, port):
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    fetcher, allow = fetcher_that(rebinding), (ip_network("127.0.0.2/32"),)
    async with Receiver(Reply(body=GOOD)) as inner:
        first = await fetcher.fetch(feed(f"http://a.example.org:{inner.port}/", allow), NOTHING, None)
        assert (first.reason, len(asked)) == (FetchReason.CONNECT, 1)
        later = asyncio.get_running_loop().time() + 61
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: later)
        second = await fetcher.fetch(feed(f"http://a.example.org:{inner.port}/", allow), NOTHING, None)
        monkeypatch.undo()
    assert (second.reason, len(asked)) == (FetchReason.REFUSED_ADDRESS, 2)
    assert inner.connections == 0


async def test_names_that_are_never_found_hold_up_nobody(fetcher_that):
    """While name servers are silent on as many names as there are places, other feeds are read."""

    async def silent(host, port):
        if host.startswith("silent"):
            await asyncio.Event().wait()
        return ["127.0.0.1"]

    fetcher = fetcher_that(silent, connect=60.0, total=60.0)
    waiting = [asyncio.ensure_future(fetcher.get(f"http://silent{n}.example.org/")) for n in range(100)]
    await asyncio.sleep(0)
    assert await reads(fetcher, "good.example.org")
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


class SelfSigned:
    """A certificate that vouches for itself."""

    def configure_cert(self, context):
        itself = trustme.CA()
        with itself.private_key_pem.tempfile() as key, itself.cert_pem.tempfile() as certificate:
            context.load_cert_chain(certificate, key)


async def test_certificates_that_are_none_are_told_apart(fetcher_that):
    """Expired, for another host, of a stranger, self-signed: each is refused in its own words, before any request."""
    authority, stranger = trustme.CA(), trustme.CA()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    certificates = {
        "the certificate has expired": authority.issue_cert("a.example.org", not_after=yesterday),
        "the certificate is for another host": authority.issue_cert("b.example.org"),
        "the certificate is of an authority that is not trusted here": stranger.issue_cert("a.example.org"),
        "the certificate is self-signed": SelfSigned(),
    }

    async def to_loopback(host, port):
        return ["127.0.0.1"]

    fetcher = fetcher_that(to_loopback, trusted, total=5.0, read=5.0)
    for words, certificate in certificates.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        async with Receiver(Reply(body=GOOD), tls=context) as server:
            url = f"https://a.example.org:{server.port}/"
            outcome = await fetcher.fetch(feed(url), NOTHING, None)
            assert (outcome.reason, outcome.detail) == (FetchReason.TLS, f"a.example.org: {words}")
            assert server.requests == []
            assert isinstance(await fetcher.fetch(feed(url, insecure_tls=True), NOTHING, None), Fetched)
            assert len(server.requests) == 1
            async with Receiver(Reply(status=302, headers={"Location": url})) as elsewhere:
                hop = f"http://elsewhere.example.org:{elsewhere.port}/"
                led = await fetcher.fetch(feed(hop, insecure_tls=True), NOTHING, None)
            assert led.reason is FetchReason.TLS, "what a feed leaves unchecked is its own host alone"


async def test_a_whole_service_reads_on_beside_hostile_servers(service):
    """Each hostile feed fails by itself and says why; the feed after them is read and rings."""
    quick = {name: attack for name, attack in ATTACKS.items() if attack[1] is not FetchReason.TIMEOUT}
    async with AsyncExitStack() as servers:
        feeds = []
        for name, (talk, _) in quick.items():
            port = await servers.enter_async_context(serving(talk))
            feeds.append(f"{{name: {name}, url: 'http://127.0.0.1:{port}/feed'}}")
        site = await servers.enter_async_context(Site({"/rss": GOOD}))
        await service.configure(
            f"""
            defaults: {{allow_private: [127.0.0.0/8], first_poll: all}}
            feeds: [{", ".join(feeds)}, {{name: zzz good, url: "{site.url}/rss"}}]
            rules: [{{name: Ferries, keywords: [ferry]}}]
            channels: [{{name: console, type: console}}]
            """
        )
        for _ in range(3):
            await service.live()
            service.clock.turn(minutes=10)
    reports = await service.feeds()
    assert {name: FetchReason(reports[name].reason) for name in quick} == {name: quick[name][1] for name in quick}
    assert reports["zzz good"].state is FeedState.OK
    assert [alert.data["rule"]["name"] for alert in await service.alerts()] == ["Ferries"]
