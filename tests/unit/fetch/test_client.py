"""Fetching over HTTP, against real servers on loopback."""

import asyncio
import gzip
import hashlib
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import httpx
import pytest
import trustme

from support.proxy import Proxy
from support.receiver import Cut, Receiver, Reply, in_turn
from support.rough import saying, serving
from tocsin.fetch.client import user_agent
from tocsin.fetch.fetcher import open_fetcher
from tocsin.fetch.hosts import Politeness
from tocsin.model import Answer, Fetched, FetchFailed, FetchReason, NotModified, PageFetched, Validators
from tocsin.net.transport import CheckedTransport
from tocsin.net.urls import digest_of

NONE = Validators()
RSS = b"<rss version='2.0'><channel><title>Example</title></channel></rss>"


async def to_loopback(host, port):
    return ["127.0.0.1"]


def given_by(url, **validators):
    """Return validators as a URL gave them."""
    return Validators(**validators, source=digest_of(httpx.URL(url)))


async def fetched_from(fetcher, feed_at, talk):
    async with serving(talk) as port:
        return await fetcher.fetch(feed_at(f"http://127.0.0.1:{port}/"), NONE, None)


async def test_a_feed_is_fetched_with_what_to_ask_next_time(fetcher, feed_at):
    """A first fetch asks unconditionally and returns document, validators, fingerprint and size."""
    headers = {"ETag": 'W/"a"', "Last-Modified": "Wed, 21 Oct 2026 07:28:00 GMT", "Content-Type": "application/rss+xml"}
    async with Receiver(Reply(headers=headers, body=RSS)) as server:
        outcome = await fetcher.fetch(feed_at(f"{server.url}/feed#part"), NONE, None)
    assert isinstance(outcome, Fetched)
    [document] = outcome.documents
    assert (document.name, document.body, document.content_type) == (f"{server.url}/feed", RSS, "application/rss+xml")
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    assert outcome.validators == Validators(etag='W/"a"', last_modified=date, source=digest_of(httpx.URL(outcome.url)))
    assert (outcome.fingerprint, outcome.received) == (hashlib.sha256(RSS).hexdigest(), len(RSS))
    sent = server.requests[0].headers
    assert (sent["user-agent"], sent["accept-encoding"]) == ("Tocsin/test", "gzip")
    assert sent["accept"].startswith("application/rss+xml")
    assert {"if-none-match", "if-modified-since", "a-im", "cookie", "referer", "authorization"}.isdisjoint(sent)


@pytest.mark.parametrize("etag", ['"plain"', 'W/"weak"', "no-quotes", '"caf\xe9 \xff\x80"', '"\ttab, comma; x"'])
async def test_validators_come_back_byte_for_byte(fetcher, feed_at, etag):
    """What a server gave to ask with goes back as it came, whatever bytes it is made of."""
    date = "wed, 21 oct 2026  07:28:00 gmt"
    async with Receiver(Reply(headers={"ETag": etag, "Last-Modified": date}, body=RSS)) as server:
        first = await fetcher.fetch(feed_at(server.url), NONE, None)
        await fetcher.fetch(feed_at(server.url), first.validators, None)
    sent = server.requests[1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == (etag, date)


async def test_not_modified_keeps_validators_and_takes_renewed_ones(fetcher, feed_at):
    """A 304 keeps what we ask with, but for what it sends anew."""
    script = in_turn(Reply(status=304, body=b""), Reply(status=304, headers={"ETag": '"b"'}, body=b""))
    async with Receiver(script) as at:
        known = given_by(at.url, etag='"a"', last_modified="yesterday")
        kept = await fetcher.fetch(feed_at(at.url), known, "f")
        renewed = await fetcher.fetch(feed_at(at.url), known, "f")
    assert kept == NotModified(validators=known)
    assert renewed == NotModified(validators=replace(known, etag='"b"'))


async def test_validators_go_to_the_url_that_gave_them_only(fetcher, feed_at):
    """Validators mean nothing to another URL: they are not sent to the one that redirects, nor to another document."""
    answers = {
        "/old": Reply(status=302, headers={"Location": "/new"}),
        "/new": Reply(headers={"ETag": '"n"'}, body=RSS),
        "/page2": Reply(body=RSS),
    }
    async with Receiver(lambda request: answers[request.target]) as server:
        feed = feed_at(f"{server.url}/old")
        first = await fetcher.fetch(feed, NONE, None)
        await fetcher.fetch(feed, first.validators, None)
        await fetcher.fetch(feed, first.validators, None, address=f"{server.url}/page2")
    sent = [(request.target, request.headers.get("if-none-match")) for request in server.requests]
    assert sent == [("/old", None), ("/new", None), ("/old", None), ("/new", '"n"'), ("/page2", None)]


async def test_what_is_new_alone_is_asked_for_with_validators_only(fetcher, feed_at):
    """A-IM goes with validators; a 226 then is a part, and one that nobody asked for is an error (RFC 3229)."""
    script = in_turn(
        Reply(headers={"ETag": '"1"'}, body=RSS), Reply(status=226, headers={"ETag": '"2"'}, body=RSS + b" ")
    )
    async with Receiver(script) as server:
        feed = feed_at(server.url)
        first = await fetcher.fetch(feed, NONE, None)
        second = await fetcher.fetch(feed, first.validators, first.fingerprint)
        unasked = await fetcher.fetch(feed, NONE, None)
    assert [request.headers.get("a-im") for request in server.requests] == [None, "feed", None]
    assert (first.partial, second.partial, second.validators.etag) == (False, True, '"2"')
    assert (unasked.reason, unasked.status) == (FetchReason.HTTP_STATUS, 226)


async def test_not_modified_that_nobody_asked_for_is_a_failure(fetcher, feed_at):
    """A 304 to an unconditional question tells nothing."""
    async with Receiver(Reply(status=304, body=b"")) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert isinstance(outcome, FetchFailed)
    assert outcome.status == 304


async def test_the_same_body_is_not_modified_with_the_new_validators(fetcher, feed_at):
    """A 200 with what we have replaces both validators, a missing one by none."""
    fingerprint = hashlib.sha256(RSS).hexdigest()
    async with Receiver(Reply(headers={"ETag": '"new"'}, body=RSS)) as server:
        known = given_by(server.url, etag='"old"', last_modified="old")
        outcome = await fetcher.fetch(feed_at(server.url), known, fingerprint)
        expected = given_by(server.url, etag='"new"')
    assert outcome == NotModified(validators=expected, received=len(RSS), same_body=True)


async def test_a_body_without_validators_clears_both(fetcher, feed_at):
    """A 200 that gives no validator leaves none: the next question is unconditional."""
    async with Receiver(Reply(body=RSS)) as server:
        known = given_by(server.url, etag='"old"', last_modified="old")
        assert (await fetcher.fetch(feed_at(server.url), known, None)).validators == NONE


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [
        ((301,), True),
        ((308,), True),
        ((301, 308, 301), True),
        ((302,), False),
        ((307,), False),
        ((301, 302), False),
        ((), False),
    ],
)
async def test_a_move_is_told_where_every_redirect_says_so(fetcher, feed_at, statuses, moved):
    """Only redirects that are permanent, all of them, say that a feed has moved."""
    hops = [Reply(status=status, headers={"Location": f"/{number}"}) for number, status in enumerate(statuses)]
    async with Receiver(in_turn(*hops, Reply(body=RSS))) as server:
        outcome = await fetcher.fetch(feed_at(f"{server.url}/feed"), NONE, None)
    assert outcome.answer.moved_to == (outcome.url if moved else None)


async def test_an_address_is_asked_in_place_of_the_feeds_own(fetcher, feed_at):
    """Where a feed has another address by now, its own is not asked."""
    async with Receiver(Reply(body=RSS)) as server:
        outcome = await fetcher.fetch(feed_at(f"{server.url}/a"), NONE, None, address=f"{server.url}/b")
    assert ([request.target for request in server.requests], outcome.answer.moved_to) == (["/b"], None)


async def test_an_answer_says_how_long_it_is_fresh_and_what_time_it_is(fetcher_with, feed_at):
    """Freshness and the server's clock are read from every answer, a 304 too."""
    headers = {"Cache-Control": "max-age=1800", "Date": "Wed, 21 Oct 2026 07:28:00 GMT", "ETag": '"a"'}
    now = datetime(2026, 10, 21, 7, 18, tzinfo=UTC).timestamp()
    async with Receiver(in_turn(Reply(headers=headers, body=RSS), Reply(status=304, headers=headers, body=b""))) as at:
        fetcher = fetcher_with(clock=lambda: now)
        first = await fetcher.fetch(feed_at(at.url), NONE, None)
        second = await fetcher.fetch(feed_at(at.url), first.validators, None)
    assert isinstance(second, NotModified)
    assert first.answer == second.answer == Answer(fresh_for=timedelta(minutes=30), clock_offset=timedelta(minutes=10))


async def test_a_host_that_is_asked_too_often_is_named(fetcher, feed_at):
    """429 with a time is for the whole host, by the name that the feed has for it; 503 is for the feed."""
    replies = [Reply(status=status, headers={"Retry-After": "60"}) for status in (429, 503)]
    async with Receiver(in_turn(*replies, Reply(status=429))) as server:
        feed = feed_at(server.url, host="the-host")
        busy, unavailable, mute = [await fetcher.fetch(feed, NONE, None) for _ in range(3)]
    assert (busy.busy_host, busy.retry_after) == ("the-host", timedelta(minutes=1))
    assert (unavailable.busy_host, unavailable.retry_after) == (None, timedelta(minutes=1))
    assert (mute.busy_host, mute.retry_after) == (None, None)


SECRET = (("Authorization", "Bearer canary"), ("X-Key", "canary"))


async def test_a_feeds_headers_go_to_its_own_origin_only(fetcher, feed_at):
    """Another port or host, that a redirect or an address leads to, sees nothing of a feed's headers."""
    async with Receiver(Reply(body=RSS)) as other:
        elsewhere = f"http://localhost:{other.port}/"
        answers = {"/in": Reply(body=RSS), "/hop": Reply(status=302, headers={"Location": elsewhere})}
        async with Receiver(lambda request: answers[request.target]) as server:
            for path in ("/in", "/hop"):
                feed = feed_at(f"{server.url}{path}", headers=SECRET)
                assert isinstance(await fetcher.fetch(feed, NONE, None), Fetched)
            await fetcher.fetch(feed, NONE, None, address=other.url)
    assert [request.headers.get("x-key") for request in server.requests] == ["canary", "canary"]
    assert [request.headers.get("authorization") for request in server.requests] == ["Bearer canary"] * 2
    assert len(other.requests) == 2
    assert not any("canary" in str(request) for request in other.requests)


async def test_a_feed_with_headers_never_goes_from_https_to_http(fetcher, feed_at, feed_authority):
    """A feed with credentials does not follow a redirect that gives up encryption; one without does."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    feed_authority.issue_cert("127.0.0.1").configure_cert(server_side)
    async with Receiver(Reply(body=RSS)) as plain:
        redirect = Reply(status=301, headers={"Location": f"{plain.url}/"})
        async with Receiver(redirect, tls=server_side) as server:
            refused = await fetcher.fetch(feed_at(server.url, headers=SECRET), NONE, None)
            assert plain.requests == []
            assert isinstance(await fetcher.fetch(feed_at(server.url), NONE, None), Fetched)
    assert refused.reason is FetchReason.REDIRECTS
    assert "https to http" in refused.detail


async def test_a_feeds_header_takes_the_place_of_ours(fetcher, feed_at):
    """A header that the user gives is sent once, as given."""
    async with Receiver(Reply(body=RSS)) as server:
        await fetcher.fetch(feed_at(server.url, headers=(("accept", "application/xml"),)), NONE, None)
    assert server.requests[0].headers["accept"] == "application/xml"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 502, 503, 599])
async def test_an_error_status_is_told_with_its_wait(fetcher, feed_at, status):
    """4xx and 5xx fail with their status and with the time that the server asks for."""
    async with Receiver(Reply(status=status, headers={"Retry-After": "120"})) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert isinstance(outcome, FetchFailed)
    assert (outcome.reason, outcome.status) == (FetchReason.HTTP_STATUS, status)
    assert outcome.retry_after == timedelta(seconds=120)
    assert f"answered {status}" in outcome.detail


async def test_gzip_is_unpacked(fetcher, feed_at):
    """A gzipped body is unpacked; its size on the wire is what is counted."""
    packed = gzip.compress(RSS)
    async with Receiver(Reply(headers={"Content-Encoding": "gzip"}, body=packed)) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert (outcome.documents[0].body, outcome.received) == (RSS, len(packed))


async def test_a_gzip_answer_may_be_of_several_streams(fetcher, feed_at):
    """Streams that follow each other are one body (RFC 1952, 2.2), a few of them."""
    half = len(RSS) // 2
    packed = gzip.compress(RSS[:half]) + gzip.compress(RSS[half:])
    async with Receiver(Reply(headers={"Content-Encoding": "gzip"}, body=packed)) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert outcome.documents[0].body == RSS
    async with Receiver(Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"x") * 10_000)) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert (outcome.reason, outcome.detail) == (FetchReason.ENCODING, "the answer is of too many gzip streams")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"x"),
        ("zstd", b"x"),
        ("deflate", b"x"),
        ("gzip, gzip", gzip.compress(gzip.compress(RSS, mtime=0), mtime=0)),
        ("gzip", RSS),
        ("gzip", gzip.compress(RSS, mtime=0)[:-9]),
    ],
)
async def test_other_stacked_and_broken_encodings_are_refused(fetcher, feed_at, encoding, body):
    """What was not asked for, or does not unpack, is told as such."""
    async with Receiver(Reply(headers={"Content-Encoding": encoding}, body=body)) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason is FetchReason.ENCODING


async def test_a_gzip_bomb_is_stopped(fetcher, feed_at):
    """A small body that unpacks to much more than it may is not unpacked further."""
    bomb = gzip.compress(bytes(64 * 2**20))
    async with Receiver(Reply(headers={"Content-Encoding": "gzip"}, body=bomb)) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert len(bomb) < 100_000
    assert (outcome.reason, outcome.detail) == (FetchReason.TOO_LARGE, "the answer unpacks to more than 10 MiB")


async def test_a_large_body_is_stopped_announced_or_not(fetcher, feed_at):
    """20 MB are not read: at once where the length is announced, after 5 MiB where not."""
    announced = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n", pause=0.2)
    endless = saying(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *[bytes(1_000_000)] * 20)
    for talk in (announced, endless):
        outcome = await fetched_from(fetcher, feed_at, talk)
        assert (outcome.reason, outcome.detail) == (FetchReason.TOO_LARGE, "the answer is larger than 5 MiB")


@pytest.mark.parametrize(
    "talk",
    [
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x", pause=0.05, again=True),
        saying(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n", pause=0.05, again=True),
        saying(b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.05, again=True),
    ],
    ids=["body", "headers", "early hints"],
)
async def test_trickling_ends_at_the_deadline(fetcher_with, feed_at, talk):
    """A server that sends a little now and then cannot hold us past the total time."""
    outcome = await fetched_from(fetcher_with(total=0.3), feed_at, talk)
    assert (outcome.reason, outcome.detail) == (FetchReason.TIMEOUT, "no complete answer within 0.3 s")


async def test_the_deadline_covers_all_redirects(fetcher_with, feed_at):
    """Each hop takes from the same time."""
    hops = iter(range(10))
    script = lambda _: Reply(status=302, headers={"Location": f"/{next(hops)}"}, delay=0.2)  # noqa: E731
    async with Receiver(script) as server:
        outcome = await fetcher_with(total=0.5).fetch(feed_at(server.url), NONE, None)
    assert outcome.reason is FetchReason.TIMEOUT
    assert len(server.requests) == 3


async def test_silence_ends_at_the_read_timeout(fetcher_with, feed_at):
    """A server that says nothing at all is given up before the total time."""
    outcome = await fetched_from(fetcher_with(read=0.2), feed_at, saying(b"", pause=2))
    assert (outcome.reason, outcome.detail) == (FetchReason.TIMEOUT, "127.0.0.1 took too long")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(fetcher, feed_at, status):
    """A redirect leads to the document, named by where it was found; relative ones too."""
    answers = {"/old": Reply(status=status, headers={"Location": "new?x=1#frag"}), "/new?x=1": Reply(body=RSS)}
    async with Receiver(lambda request: answers[request.target]) as server:
        outcome = await fetcher.fetch(feed_at(f"{server.url}/old"), NONE, None)
    assert (outcome.url, outcome.documents[0].body) == (f"{server.url}/new?x=1", RSS)


async def test_a_host_may_redirect_to_itself_and_to_others(fetcher, feed_at):
    """A hop gives its host's slot back, so that a redirect within a host does not wait for itself."""
    async with Receiver(in_turn(Reply(status=302, headers={"Location": "/b"}), Reply(body=RSS))) as server:
        async with asyncio.timeout(2):
            assert isinstance(await fetcher.fetch(feed_at(f"{server.url}/a"), NONE, None), Fetched)


async def test_cookies_never_come_back(fetcher, feed_at):
    """A cookie is forgotten, at the redirect that sets it as at the next fetch."""
    cookie = {"Set-Cookie": "id=1; Path=/"}
    script = in_turn(Reply(status=302, headers={**cookie, "Location": "/b"}), Reply(headers=cookie, body=RSS))
    async with Receiver(script) as server:
        await fetcher.fetch(feed_at(f"{server.url}/a"), NONE, None)
        await fetcher.fetch(feed_at(f"{server.url}/b"), NONE, None)
    assert len(server.requests) == 3
    assert all("cookie" not in request.headers for request in server.requests)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://inner.example.org/", FetchReason.REFUSED_ADDRESS),
        ("http://169.254.169.254/latest", FetchReason.REFUSED_ADDRESS),
        ("http://127.0.0.1:25/", FetchReason.REFUSED_ADDRESS),
        ("ftp://example.org/", FetchReason.REDIRECTS),
        ("file:///etc/passwd", FetchReason.REDIRECTS),
        ("http://user:secret@127.0.0.1/", FetchReason.REDIRECTS),
        ("http://[::1", FetchReason.REDIRECTS),
        ("/" + "x" * 8200, FetchReason.REDIRECTS),
        ("/a", FetchReason.REDIRECTS),  # a circle
    ],
)
async def test_each_hop_is_checked(fetcher, feed_at, location, reason):
    """A redirect to an inner address, another scheme, with a password, or in a circle ends the fetch."""
    async with Receiver(Reply(status=302, headers={"Location": location})) as server:
        outcome = await fetcher.fetch(feed_at(f"{server.url}/a"), NONE, None)
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason is reason
    assert "secret" not in outcome.detail


async def test_a_circle_ends_where_it_closes(fetcher, feed_at):
    """A URL is asked once: redirects that come back to it end the fetch there."""
    script = in_turn(Reply(status=302, headers={"Location": "/b"}), Reply(status=302, headers={"Location": "/a#x"}))
    async with Receiver(script) as server:
        outcome = await fetcher.fetch(feed_at(f"{server.url}/a"), NONE, None)
    assert (outcome.reason, outcome.detail) == (FetchReason.REDIRECTS, "127.0.0.1 redirects in a circle")
    assert len(server.requests) == 2


async def test_no_more_than_five_redirects(fetcher, feed_at):
    """The sixth redirect ends the fetch."""
    hops = iter(range(100))
    async with Receiver(lambda _: Reply(status=302, headers={"Location": f"/{next(hops)}"})) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert (outcome.reason, outcome.detail) == (FetchReason.REDIRECTS, "more than 5 redirects")
    assert len(server.requests) == 6


async def test_a_redirect_without_target_is_an_error_status(fetcher, feed_at):
    """A 3xx that leads nowhere is told by its status."""
    async with Receiver(Reply(status=302)) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert (outcome.reason, outcome.status) == (FetchReason.HTTP_STATUS, 302)


@pytest.mark.parametrize(
    ("url", "reason", "detail"),
    [
        ("http://feeds.invalid/", FetchReason.DNS, "could not find the host feeds.invalid"),
        ("http://feeds.example.org:1024/", FetchReason.CONNECT, "could not connect to feeds.example.org"),
        ("http://inner.example.org/", FetchReason.REFUSED_ADDRESS, "10.0.0.1 is a private address"),
        ("http://feeds.example.org:22/", FetchReason.REFUSED_ADDRESS, "port 22"),
        ("gopher://feeds.example.org/", FetchReason.REFUSED_ADDRESS, "not an http or https URL"),
        ("http://u:secret@feeds.example.org/", FetchReason.REFUSED_ADDRESS, "holds a user name or password"),
    ],
)
async def test_what_cannot_be_reached_is_told_plainly(fetcher, feed_at, url, reason, detail):
    """Each way not to get there has its reason and a line for people."""
    outcome = await fetcher.fetch(feed_at(url), NONE, None)
    assert outcome.reason is reason
    assert detail in outcome.detail
    assert "secret" not in outcome.detail


@pytest.mark.parametrize(
    ("certified", "detail"),
    [
        (("other.example.org", 2099), "the certificate is for another host"),
        (("feeds.example.org", 2021), "the certificate has expired"),
    ],
)
async def test_a_bad_certificate_is_told_plainly(fetcher, feed_at, feed_authority, certified, detail):
    """An expired certificate, or one for another host, fails the fetch, and each is told apart."""
    name, ends = certified
    valid = {"not_before": datetime(2020, 1, 1, tzinfo=UTC), "not_after": datetime(ends, 1, 1, tzinfo=UTC)}
    assert detail in await told_of_certificate(fetcher, feed_at, feed_authority.issue_cert(name, **valid))


async def test_an_unknown_authority_is_told_plainly(fetcher, feed_at):
    """A certificate that somebody else vouches for fails the fetch."""
    certificate = trustme.CA().issue_cert("feeds.example.org")
    assert "an authority that is not trusted here" in await told_of_certificate(fetcher, feed_at, certificate)


async def told_of_certificate(fetcher, feed_at, certificate):
    """Fetch from a server with that certificate; return what people are told."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(server_side)
    async with Receiver(tls=server_side) as server:
        outcome = await fetcher.fetch(feed_at(f"https://feeds.example.org:{server.port}/"), NONE, None)
    assert outcome.reason is FetchReason.TLS
    return outcome.detail


async def test_a_server_without_tls_is_told_plainly(fetcher, feed_at):
    """An https URL of a server that speaks plain HTTP says so."""
    async with serving(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), waits=False) as port:
        outcome = await fetcher.fetch(feed_at(f"https://127.0.0.1:{port}/"), NONE, None)
    assert outcome == FetchFailed(reason=FetchReason.TLS, detail="127.0.0.1: the server does not speak TLS there")


@pytest.mark.parametrize("cut", [Cut.UNREAD, Cut.UNANSWERED, Cut.HALFWAY])
async def test_a_cut_connection_is_told_plainly(fetcher, feed_at, cut):
    """A connection that ends too early fails the fetch; half a body is never taken for a whole one."""
    async with Receiver(Reply(body=RSS, cut=cut)) as server:
        outcome = await fetcher.fetch(feed_at(server.url), NONE, None)
    assert (outcome.reason, outcome.detail) == (FetchReason.CONNECT, "127.0.0.1 broke off the connection")


async def test_waiting_for_a_host_does_not_use_up_the_time(fetcher_with, feed_at):
    """Politeness is not counted against the deadline."""
    fetcher = fetcher_with(total=0.4)
    async with Receiver(Reply(body=RSS, delay=0.25)) as server:
        fetches = [fetcher.fetch(feed_at(f"{server.url}/{n}"), NONE, None) for n in range(3)]
        assert all(isinstance(outcome, Fetched) for outcome in await asyncio.gather(*fetches))


async def test_a_host_that_is_kept_busy_by_ourselves_is_given_up(fetcher_with, feed_at):
    """Whoever waits for a turn for too long gives up, and says so."""
    fetcher = fetcher_with(patience=0.05)
    async with Receiver(Reply(body=RSS, delay=0.3)) as server:
        first, second = await asyncio.gather(*(fetcher.fetch(feed_at(server.url), NONE, None) for _ in range(2)))
    assert isinstance(first, Fetched)
    assert (second.reason, second.detail) == (
        FetchReason.TIMEOUT,
        "127.0.0.1 had no turn among our own requests to it",
    )


async def test_this_machine_is_asked_as_gently_as_any(feed_at):
    """A second lies between two requests to an address, by any of its names and on any port, one's own network too."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    clock = lambda: 100.0 + sum(slept)  # noqa: E731
    fetcher = open_fetcher(
        CheckedTransport(tls=ssl.create_default_context(), resolve=to_loopback),
        None,
        Politeness(clock=clock, sleep=sleep),
    )
    async with Receiver(Reply(body=RSS)) as one, Receiver(Reply(body=RSS)) as other:
        for url in (one.url, f"{one.url}/b", other.url, f"http://a.example.org:{one.port}/"):
            assert isinstance(await fetcher.fetch(feed_at(url), NONE, None), Fetched)
    await fetcher.aclose()
    assert slept == [1.0, 1.0, 1.0]


async def test_a_feed_is_fetched_through_its_proxy(fetcher, feed_at):
    """With a proxy, feed, redirects, robots.txt and page go through it; no name is looked up here."""
    page = Reply(headers={"Content-Type": "text/html"}, body=b"<p>Hello</p>")
    answers = {"/feed": Reply(body=RSS), "/hop": Reply(status=301, headers={"Location": "/feed"}), "/page": page}
    async with Receiver(lambda request: answers.get(request.target, Reply(status=404))) as server, Proxy() as proxy:
        base = f"http://feeds.invalid:{server.port}"
        feed = feed_at(f"{base}/hop", allow=(), proxy=proxy.url)
        outcome = await fetcher.fetch(feed, NONE, None)
        assert isinstance(await fetcher.fetch_page(feed, f"{base}/page"), PageFetched)
    assert (outcome.url, outcome.answer.moved_to) == (f"{base}/feed", f"{base}/feed")
    assert proxy.lines == [f"GET {base}/{path} HTTP/1.1" for path in ("hop", "feed", "robots.txt", "page")]


async def test_a_proxy_that_does_not_work_is_told_as_such(fetcher, feed_at):
    """A feed behind a proxy that is not there, or that refuses, fails for that, without the proxy's login."""
    gone = await fetcher.fetch(feed_at("http://feeds.invalid/", proxy="http://u:canary@127.0.0.1:1"), NONE, None)
    assert (gone.reason, gone.detail) == (
        FetchReason.CONNECT,
        "could not connect to the proxy on the way to feeds.invalid",
    )
    async with Proxy(answer="403 No") as proxy:
        refused = await fetcher.fetch(feed_at("https://feeds.invalid/", proxy=proxy.url), NONE, None)
    assert refused.detail == "the proxy does not let us through to feeds.invalid: it answered 403"


async def test_get_fetches_without_a_feed(fetcher):
    """`get` asks at a URL, within the same bounds."""
    async with Receiver(Reply(body=RSS)) as server:
        assert isinstance(await fetcher.get(server.url, ()), FetchFailed)
        assert isinstance(await fetcher.get(server.url, [ip_network("127.0.0.0/8")]), Fetched)


def test_the_user_agent_says_who_we_are():
    """Name and version always; the contact where there is one, unable to break the header."""
    assert user_agent(None).startswith("Tocsin/")
    assert user_agent("desk@example.org").endswith(" (+desk@example.org)")
    assert user_agent("desk@example.org)\r\nCookie: é").endswith(" (+desk@example.orgCookie: )")
