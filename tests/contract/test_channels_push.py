"""What ntfy, PagerDuty and Apprise's channels make of their receivers, against real servers."""

import asyncio
import ipaddress
import json
import logging
import ssl
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message, notice
from support.pages import ROOT
from support.receiver import Cut, Receiver, Reply
from tocsin.app import open_channel
from tocsin.channels.apprise import AT_ONCE, AppriseChannel
from tocsin.channels.ntfy import NtfyChannel
from tocsin.channels.pagerduty import PagerDutyChannel
from tocsin.model import AttemptResult, ChannelKind
from tocsin.net.transport import CheckedTransport

# Apprise imports what Python 3.13 has no more, where it still is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
TOKEN = "tk_canarycanarycanarycanarycanary"
HANGING = Reply(delay=3600)


async def to_loopback(host, port):
    """Resolve as a test's network does."""
    return ["127.0.0.1"]


@pytest.fixture
async def transport():
    async with CheckedTransport(tls=ssl.create_default_context(), resolve=to_loopback) as transport:
        yield transport


@pytest.fixture(params=[ChannelKind.NTFY, ChannelKind.PAGERDUTY])
def push(request, transport):
    """Make a channel of either kind; `push.sent` is what its receiver answers where all is well."""

    def make(url, *, timeout=2.0, token=TOKEN):
        patience = timedelta(seconds=timeout)
        spec = channel(request.param, url=url, token=token, target="alerts", allow_private=LOOPBACK, timeout=patience)
        return open_channel(spec, transport, ssl.create_default_context(), sys.stdout)

    is_ntfy = request.param is ChannelKind.NTFY
    make.sent = Reply(body=b'{"id": "m1"}') if is_ntfy else Reply(status=202, body=b'{"dedup_key": "m1"}')
    return make


def apprise_to(server, *, timeout=5.0, query=""):
    """Make a channel that Apprise serves with its `json://`."""
    url = f"json://user:canary@127.0.0.1:{server.port}/canary{query}"
    return AppriseChannel(channel(ChannelKind.APPRISE, url=url, timeout=timedelta(seconds=timeout)))


# ---------------------------------------------------------------------------------------------------------------
# ntfy and PagerDuty


async def test_a_message_arrives(push):
    """What was accepted is sent, with the receiver's own id for it."""
    async with Receiver(push.sent) as server:
        attempt = await push(f"{server.url}/in").send(message())
    assert (attempt.result, attempt.remote_id) == (AttemptResult.SENT, "m1")
    [request] = server.requests
    assert (request.method, request.target) == ("POST", "/in")
    assert json.loads(request.body)


def expected(status):
    """Table 1.2 of the delivery rules; a 2xx without what the receiver says of what it took is somebody else's."""
    if status == 410:
        return AttemptResult.GONE
    if status == 429:
        return AttemptResult.WAIT
    return AttemptResult.RETRY if status in {408, 425} or status >= 500 else AttemptResult.REFUSED


async def test_every_status_is_judged(push):
    """Each status from 200 to 599 has its result; a redirect is a refusal and is not followed."""
    statuses = iter(range(200, 600))
    reply = lambda _: Reply(status=next(statuses), headers={"Location": "/elsewhere"})  # noqa: E731
    async with Receiver(reply) as server:
        tried = push(f"{server.url}/in")
        for status in range(200, 600):
            attempt = await tried.send(message())
            accepted = status == 202 and isinstance(tried, PagerDutyChannel)
            result = AttemptResult.SENT if accepted else expected(status)
            assert (attempt.status, attempt.result) == (status, result)
    assert {request.target for request in server.requests} == {"/in"}
    assert len(server.requests) == 400


async def test_a_receiver_that_asks_for_patience_gets_it(push):
    """Retry-After says when to come again."""
    async with Receiver(Reply(status=429, headers={"Retry-After": "30"})) as server:
        attempt = await push(server.url).send(message())
    assert (attempt.result, attempt.retry_after) == (AttemptResult.WAIT, timedelta(seconds=30))


@pytest.mark.parametrize("reply", [Reply(cut=Cut.UNREAD), Reply(cut=Cut.UNANSWERED), HANGING])
async def test_a_request_without_answer_is_unsure(push, reply):
    """Once the request went out, no answer does not mean not received."""
    async with Receiver(reply) as server:
        attempt = await push(server.url, timeout=0.3).send(message())
    assert attempt.result is AttemptResult.UNSURE


async def test_a_receiver_that_is_not_there_is_tried_again(push):
    """What never went out is tried again, and nothing secret is told."""
    async with Receiver() as server:
        pass
    attempt = await push(server.url).send(message())
    assert attempt.result is AttemptResult.RETRY
    assert TOKEN not in attempt.detail


@pytest.mark.parametrize("title", TITLES)
async def test_hostile_titles_are_delivered(push, title):
    """Any title arrives as valid JSON with the headers that we meant."""
    async with Receiver(push.sent) as server:
        assert (await push(server.url).send(hostile(title))).result is AttemptResult.SENT
    [request] = server.requests
    assert json.loads(request.body)
    ours = {"host", "user-agent", "content-type", "content-length"}
    assert request.headers.keys() in (ours, ours | {"authorization"})


@pytest.mark.parametrize(("token", "header"), [(TOKEN, f"Bearer {TOKEN}"), ("", None)])
async def test_ntfys_token_is_a_header(transport, token, header):
    """An access token goes into a header, and nowhere where there is none; the topic is in the JSON."""
    async with Receiver(Reply(body=b'{"id": "m1"}')) as server:
        spec = channel(ChannelKind.NTFY, url=server.url, token=token, target="alerts", allow_private=LOOPBACK)
        await NtfyChannel(spec, transport).send(message())
    [request] = server.requests
    assert request.headers.get("authorization") == header
    assert json.loads(request.body)["topic"] == "alerts"
    assert b"canary" not in request.body


async def test_pagerdutys_key_is_in_the_event(transport):
    """The routing key goes into the event, where PagerDuty looks for it."""
    async with Receiver(Reply(status=202)) as server:
        spec = channel(ChannelKind.PAGERDUTY, url=server.url, token=TOKEN, allow_private=LOOPBACK)
        await PagerDutyChannel(spec, transport).send(message())
    event = json.loads(server.requests[0].body)
    assert (event["routing_key"], event["event_action"]) == (TOKEN, "trigger")


# ---------------------------------------------------------------------------------------------------------------
# Apprise


async def test_apprise_delivers(transport):
    """What Apprise's service took is sent, as title and text."""
    async with Receiver() as server:
        spec = channel(ChannelKind.APPRISE, url=f"json://127.0.0.1:{server.port}/in")
        attempt = await open_channel(spec, transport, ssl.create_default_context(), sys.stdout).send(message())
    assert (attempt.result, attempt.detail) == (AttemptResult.SENT, "JSON took it")
    [request] = server.requests
    told = json.loads(request.body)
    assert request.target == "/in"
    assert told["title"] == "CRITICAL Invasion: Talks fail, invasion begins"
    assert "https://herald.example.org/a?id=1&lang=en" in told["message"]
    assert told["type"] == "failure"


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503])
async def test_what_apprise_could_not_deliver_is_tried_again(status):
    """A failure is tried again, whichever it was; its status is told, and nothing secret."""
    async with Receiver(Reply(status=status)) as server:
        attempt = await apprise_to(server).send(message())
    assert (attempt.result, attempt.status) == (AttemptResult.RETRY, status)
    assert attempt.detail.startswith(f"JSON answered {status} ")
    assert "canary" not in attempt.detail


@pytest.mark.parametrize("cut", [Cut.UNREAD, Cut.UNANSWERED])
async def test_a_cut_is_a_failure_for_apprise(cut):
    """Apprise does not tell a cut from another failure: it is tried again."""
    async with Receiver(Reply(cut=cut)) as server:
        attempt = await apprise_to(server).send(message())
    assert (attempt.result, attempt.detail) == (AttemptResult.RETRY, "JSON did not take it")


@pytest.mark.parametrize("query", ["", "?redirect=yes", "?retry=3&wait=0.1", "?optional=yes", "?cto=60&rto=60"])
async def test_the_url_cannot_undo_what_we_promise(query):
    """Whatever the URL asks for, no redirect is followed, nothing is tried twice, and a failure is no success."""
    async with Receiver(Reply(status=307, headers={"Location": "/elsewhere"})) as server:
        attempt = await apprise_to(server, query=query).send(message())
    assert (attempt.result, attempt.status) == (AttemptResult.RETRY, 307)
    assert [request.target.partition("?")[0] for request in server.requests] == ["/canary"]


@pytest.mark.parametrize("title", TITLES)
async def test_hostile_titles_are_delivered_by_apprise(title):
    """Any title arrives."""
    async with Receiver() as server:
        assert (await apprise_to(server).send(hostile(title))).result is AttemptResult.SENT
    assert json.loads(server.requests[0].body)["message"]


@pytest.mark.parametrize("query", ["", "?overflow=upstream", "?overflow=truncate"])
async def test_what_is_too_long_for_a_service_is_cut(query):
    """A service is sent no more than it takes (of a title, `json://` takes 250 characters)."""
    async with Receiver() as server:
        attempt = await apprise_to(server, query=query).send(message(notice(headline="x" * 300)))
    assert attempt.result is AttemptResult.SENT
    assert len(json.loads(server.requests[0].body)["title"]) == 250


async def test_apprise_tells_the_log_nothing():
    """What Apprise would say, perhaps with secrets, goes into no log."""
    lines = []
    listener = logging.Handler()
    listener.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(listener)
    try:
        async with Receiver(Reply(status=500)) as server:
            await apprise_to(server).send(message())
    finally:
        logging.getLogger().removeHandler(listener)
    assert lines == []


async def test_twenty_hanging_targets_do_not_block_the_loop():
    """While twenty targets hang, the loop goes on and another channel delivers (D-18)."""
    loop, lags = asyncio.get_running_loop(), []
    async with AsyncExitStack() as stack:
        server, other = await stack.enter_async_context(Receiver(HANGING)), await stack.enter_async_context(Receiver())
        hanging = [asyncio.create_task(apprise_to(server, timeout=60).send(message())) for _ in range(20)]
        await server.wait_for(20, timeout=60)
        assert (await apprise_to(other, timeout=60).send(message())).result is AttemptResult.SENT
        for _ in range(100):
            due = loop.time() + 0.005
            await asyncio.sleep(0.005)
            lags.append(loop.time() - due)
        assert not any(task.done() for task in hanging)
    results = await asyncio.gather(*hanging)  # the server is gone, and so is what they waited for
    assert {attempt.result for attempt in results} == {AttemptResult.RETRY}
    assert sorted(lags)[50] < 0.1


async def test_few_threads_hang_at_a_time():
    """A target that hangs keeps four messages at most; the others never go out, and later ones do."""
    async with Receiver() as server:
        await apprise_to(server, timeout=60).send(
            message()
        )  # loads Apprise, which may take longer than the others have
    replies = iter([HANGING] * AT_ONCE)
    async with Receiver(lambda _: next(replies, Reply())) as server:
        sending = apprise_to(server, timeout=2)
        results = await asyncio.gather(*(sending.send(message()) for _ in range(20)))
        assert Counter(attempt.result for attempt in results) == {AttemptResult.UNSURE: 4, AttemptResult.RETRY: 16}
        assert len(server.requests) == AT_ONCE
        async with asyncio.timeout(60):
            while (await sending.send(message())).result is AttemptResult.RETRY:
                pass  # until the threads have given up
        assert len(server.requests) == AT_ONCE + 1


PROCESS = """
import asyncio, sys
from datetime import timedelta

from apprise import Apprise

from support.messages import channel, message
from tocsin.channels import apprise
from tocsin.model import ChannelKind

assert Apprise.instantiate(sys.argv[1])  # loads all of it, which may take longer than a message has
apprise._LATER = 3600.0
spec = channel(ChannelKind.APPRISE, url=sys.argv[1], timeout=timedelta(seconds=2))
print(asyncio.run(apprise.AppriseChannel(spec).send(message())).result.value)
"""


def test_a_hanging_target_does_not_keep_the_process():
    """A process ends although a thread of it still waits for a target."""
    with Receiver(HANGING).in_thread() as server:
        done = subprocess.run(
            [sys.executable, "-c", PROCESS, f"json://127.0.0.1:{server.port}/"],
            env={"PYTHONPATH": str(ROOT / "tests")}, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert len(server.requests) == 1
    assert (done.returncode, done.stdout, done.stderr) == (0, "unsure\n", "")
