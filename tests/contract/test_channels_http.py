"""What all channels over HTTP make of their receivers, against a real server."""

import asyncio
import ipaddress
import json
import ssl
import time
from datetime import timedelta

import pytest
import trustme
from standardwebhooks import Webhook

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message
from support.proxy import Proxy
from support.receiver import Cut, Receiver, Reply
from tocsin.channels.slack import SlackChannel
from tocsin.channels.webhook import WebhookChannel
from tocsin.model import AttemptResult, ChannelKind
from tocsin.net.transport import CheckedTransport

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


async def to_loopback(host, port):
    """Resolve as a test's network does."""
    if host.endswith(".invalid"):
        raise OSError("no such host")
    return ["10.0.0.1"] if host.startswith("inner.") else ["127.0.0.1"]


@pytest.fixture
async def transport():
    async with CheckedTransport(tls=ssl.create_default_context(), resolve=to_loopback) as transport:
        yield transport


@pytest.fixture(params=[ChannelKind.SLACK, ChannelKind.WEBHOOK])
def http_channel(request, transport):
    """Make a channel of either kind."""

    def make(url, *, allow_private=LOOPBACK, timeout=2.0, proxy=""):
        patience = timedelta(seconds=timeout)
        spec = channel(
            request.param, url=url, secrets=(SECRET,), allow_private=allow_private, timeout=patience, proxy=proxy
        )
        if request.param is ChannelKind.SLACK:
            return SlackChannel(spec, transport)
        return WebhookChannel(spec, transport, clock=time.time)

    return make


def expected(status):
    """Table 1.2 of the delivery rules, spelt out."""
    if status == 410:
        return AttemptResult.GONE
    if status == 429:
        return AttemptResult.WAIT
    if status < 300:
        return AttemptResult.SENT
    return AttemptResult.RETRY if status in {408, 425} or status >= 500 else AttemptResult.REFUSED


async def test_every_status_is_judged(http_channel):
    """Each status from 200 to 599 has its result; a redirect is a refusal and is not followed."""
    statuses = iter(range(200, 600))
    reply = lambda _: Reply(status=next(statuses), headers={"Location": "/elsewhere"})  # noqa: E731
    async with Receiver(reply) as server:
        tried = http_channel(f"{server.url}/in")
        for status in range(200, 600):
            attempt = await tried.send(message())
            # what has no body by definition has no `ok` either
            result = AttemptResult.REFUSED if status == 204 and isinstance(tried, SlackChannel) else expected(status)
            assert (attempt.status, attempt.result) == (status, result)
            assert status < 300 or str(status) in attempt.detail
    assert {request.target for request in server.requests} == {"/in"}
    assert len(server.requests) == 400


@pytest.mark.parametrize("status", [429, 503])
async def test_a_receiver_that_asks_for_patience_gets_it(http_channel, status):
    """Retry-After is taken in seconds or as a date, an hour at most."""
    date = {"Date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    for value, seconds in (("30", 30), ("Wed, 21 Oct 2026 07:29:00 GMT", 60), ("86400", 3600)):
        async with Receiver(Reply(status=status, headers={**date, "Retry-After": value})) as server:
            attempt = await http_channel(server.url).send(message())
        assert (attempt.result, attempt.retry_after) == (AttemptResult.WAIT, timedelta(seconds=seconds))


async def test_without_a_time_only_429_asks_for_patience(http_channel):
    """429 is never final, 503 by itself is a failure for now."""
    for status, result in ((429, AttemptResult.WAIT), (503, AttemptResult.RETRY)):
        async with Receiver(Reply(status=status)) as server:
            attempt = await http_channel(server.url).send(message())
        assert (attempt.result, attempt.retry_after) == (result, None)


@pytest.mark.parametrize("cut", [Cut.UNREAD, Cut.UNANSWERED])
async def test_a_cut_after_the_request_is_unsure(http_channel, cut):
    """Once the request went out, no answer does not mean not received."""
    async with Receiver(Reply(cut=cut)) as server:
        attempt = await http_channel(server.url).send(message())
    assert attempt.result is AttemptResult.UNSURE


async def test_a_late_answer_is_unsure(http_channel):
    """An attempt ends at its timeout, and what was sent by then may have arrived."""
    async with Receiver(Reply(delay=5)) as server:
        started = asyncio.get_running_loop().time()
        attempt = await http_channel(server.url, timeout=0.2).send(message())
        assert asyncio.get_running_loop().time() - started < 1.0
    assert attempt.result is AttemptResult.UNSURE


async def test_a_receiver_that_does_not_shake_hands_is_tried_again(http_channel):
    """A timeout before anything of the request went out is a plain failure."""
    async with Receiver() as server:  # speaks no TLS, and waits for a request that never comes
        attempt = await http_channel(f"https://127.0.0.1:{server.port}/", timeout=0.2).send(message())
    assert attempt.result is AttemptResult.RETRY


@pytest.mark.parametrize(
    ("url", "result", "detail"),
    [
        ("http://127.0.0.1:1024/in", AttemptResult.RETRY, "could not connect to 127.0.0.1"),
        ("http://hooks.invalid/in", AttemptResult.RETRY, "could not find the host hooks.invalid"),
        ("http://inner.example.org/in", AttemptResult.REFUSED, "10.0.0.1 is a private address"),
        ("http://127.0.0.1:25/in", AttemptResult.REFUSED, "port 25"),
        ("ftp://hooks.example.org/canary", AttemptResult.GONE, "not an http or https URL"),
        ("https://u:canary@hooks.example.org/", AttemptResult.GONE, "holds a user name or password"),
        ("http://[::1", AttemptResult.GONE, "not a URL"),
        ("", AttemptResult.GONE, "not an http or https URL"),
    ],
)
async def test_what_never_went_out_is_told_plainly(http_channel, url, result, detail):
    """What may pass is tried again, what may not is not; the line for people holds no secret of the URL."""
    attempt = await http_channel(url).send(message())
    assert attempt.result is result
    assert detail in attempt.detail
    assert "canary" not in attempt.detail


async def test_an_inner_address_takes_permission(http_channel):
    """Without `allow_private` nothing is sent to an address inside."""
    async with Receiver() as server:
        attempt = await http_channel(server.url, allow_private=()).send(message())
        assert attempt.result is AttemptResult.REFUSED
    assert server.connections == 0


async def test_a_bad_certificate_is_tried_again(http_channel):
    """A certificate that is not trusted may be put right; nothing is sent until it is."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("hooks.example.org").configure_cert(server_side)
    async with Receiver(tls=server_side) as server:
        attempt = await http_channel(f"https://hooks.example.org:{server.port}/").send(message())
    assert attempt.result is AttemptResult.RETRY
    assert attempt.detail == "hooks.example.org: the certificate is of an authority that is not trusted here"
    assert server.requests == []


async def test_a_message_goes_through_the_channels_proxy(http_channel):
    """A channel with a proxy sends through it, to where the proxy finds the name, and not past it."""
    async with Receiver() as server, Proxy(login="user:canary") as proxy:
        way = proxy.url.replace("//", "//user:canary@")
        sending = http_channel(f"http://inner.example.org:{server.port}/in", allow_private=(), proxy=way)
        assert (await sending.send(message())).result is AttemptResult.SENT
    assert proxy.lines == [f"POST http://inner.example.org:{server.port}/in HTTP/1.1"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", ["407 Proxy Authentication Required", "502 Bad Gateway"])
async def test_a_proxy_that_opens_no_way_is_tried_again(http_channel, answer):
    """Asking a proxy for a way is not sending: where it gives none, nothing went out, and the login is not told."""
    async with Proxy(answer=answer) as proxy:
        way = proxy.url.replace("//", "//user:canary@")
        attempt = await http_channel("https://hooks.example.org/in", proxy=way).send(message())
    assert attempt.result is AttemptResult.RETRY
    assert attempt.detail.startswith("the proxy does not let us through to hooks.example.org")
    assert "canary" not in attempt.detail


@pytest.mark.parametrize(("body", "pause", "seconds"), [(bytes(65536), 0.0, 30.0), (b"x", 0.05, 0.3)])
async def test_no_more_of_an_answer_is_read_than_needed(http_channel, body, pause, seconds):
    """An answer without end is judged by its beginning: a fast one at once, a slow one at the timeout."""
    async with asyncio.timeout(5):
        attempt = await answered_for_ever(http_channel, body, pause, seconds)
    assert (attempt.status, attempt.result) == (500, AttemptResult.RETRY)


async def answered_for_ever(http_channel, body, pause, seconds):
    """Send to a receiver whose answer never ends."""
    talks = set()

    async def talk(reader, writer):
        talks.add(asyncio.current_task())
        try:
            writer.write(b"HTTP/1.1 500 Internal Server Error\r\n\r\n")
            while True:
                writer.write(body)
                await writer.drain()
                await asyncio.sleep(pause)
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    attempt = await http_channel(url, timeout=seconds).send(message())
    server.close()
    for one in talks:
        one.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
    await asyncio.sleep(0)
    return attempt


@pytest.mark.parametrize("title", TITLES)
async def test_hostile_titles_are_delivered(http_channel, title):
    """Any title arrives as valid JSON with the headers that we meant."""
    async with Receiver() as server:
        assert (await http_channel(server.url).send(hostile(title))).result is AttemptResult.SENT
    [request] = server.requests
    assert json.loads(request.body)
    assert request.headers["content-type"] == "application/json"
    ours = {"host", "user-agent", "content-type", "content-length"}
    signed = {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert request.headers.keys() in (ours, ours | signed)


async def test_webhooks_verify_on_arrival(transport):
    """What arrives verifies with the reference library, at each attempt with the same id and the attempt's time."""
    now = time.time()
    times = iter((now - 60, now))
    async with Receiver() as server:
        spec = channel(ChannelKind.WEBHOOK, url=server.url, secrets=(SECRET,), allow_private=LOOPBACK)
        sending = WebhookChannel(spec, transport, clock=lambda: next(times))
        for _ in range(2):
            await sending.send(message())
    first, second = server.requests
    for request in (first, second):
        assert Webhook(SECRET).verify(request.body, dict(request.headers))["data"]["alert_id"] == "al_1234"
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message().delivery_id
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60


async def test_webhooks_without_secret_are_not_signed(transport):
    """Without a secret there is no signature, but id and time there are."""
    async with Receiver() as server:
        spec = channel(ChannelKind.WEBHOOK, url=server.url, allow_private=LOOPBACK)
        await WebhookChannel(spec, transport, clock=time.time).send(message())
    assert "webhook-signature" not in server.requests[0].headers
    assert server.requests[0].headers["webhook-id"] == message().delivery_id
