"""What Teams, Discord and Telegram are sent, and what is made of their answers, against a real server."""

import asyncio
import ipaddress
import json
import logging
import ssl
import sys
from datetime import timedelta

import pytest

from corpus.hostile_titles import TITLES
from support.chats import LIVELY
from support.messages import channel, hostile, message, notice
from support.push_messages import SAMPLES
from support.receiver import Cut, Receiver, Reply, in_turn
from tocsin.app import open_channel
from tocsin.channels import discord, teams, telegram
from tocsin.model import AttemptResult, ChannelKind, MessageKind
from tocsin.net.transport import CheckedTransport

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
TOKEN = "123456:canary-canary_canary"
HOOK = "/hooks/1/canary"
SENT = {
    ChannelKind.TEAMS: Reply(status=202, body=b""),
    ChannelKind.DISCORD: Reply(body=b'{"id": "1234567890", "channel_id": "5"}'),
    ChannelKind.TELEGRAM: Reply(body=b'{"ok": true, "result": {"message_id": 42, "chat": {"id": -1001}}}'),
}
TARGETS = {
    ChannelKind.TEAMS: HOOK,
    ChannelKind.DISCORD: f"{HOOK}?wait=true",
    ChannelKind.TELEGRAM: f"/bot{TOKEN}/sendMessage",
}
MADE = {ChannelKind.TEAMS: teams, ChannelKind.DISCORD: discord, ChannelKind.TELEGRAM: telegram}
EDITING = [ChannelKind.DISCORD, ChannelKind.TELEGRAM]
FIRST = {ChannelKind.DISCORD: "1234567890", ChannelKind.TELEGRAM: "-1001:42"}


@pytest.fixture
async def transport():
    async with CheckedTransport(tls=ssl.create_default_context()) as transport:
        yield transport


@pytest.fixture
def opened(transport):
    """Open a channel of a kind to a server."""

    def make(kind, server, *, timeout=5.0, query="", target="-1001", path=HOOK):
        where = {"url": server.url, "token": TOKEN, "target": target}
        if kind is not ChannelKind.TELEGRAM:
            where = {"url": f"{server.url}{path}{query}"}
        spec = channel(kind, allow_private=LOOPBACK, timeout=timedelta(seconds=timeout), **where)
        return open_channel(spec, transport, ssl.create_default_context(), sys.stdout)

    return make


@pytest.fixture(params=SENT)
def kind(request):
    return request.param


@pytest.fixture(params=EDITING)
def editing(request):
    return request.param


def update(reason, earlier=None):
    """Make an update of an alert."""
    return message(notice(kind=MessageKind.UPDATED, update=reason), earlier=earlier)


def body_of(request):
    return json.loads(request.body)


def as_sent(kind, told):
    """Return the payload of a message as it arrives."""
    return json.loads(json.dumps(MADE[kind].payload(told)))


# ---------------------------------------------------------------------------------------------------------------
# What is sent


@pytest.mark.parametrize("name", SAMPLES)
async def test_each_kind_of_message_arrives(kind, opened, name):
    """Alerts, updates, groups, digests, reports and tests are posted where they are to go, and are sent."""
    async with Receiver(SENT[kind]) as server:
        attempt = await opened(kind, server).send(SAMPLES[name])
    assert (attempt.result, attempt.remote_id) == (AttemptResult.SENT, FIRST.get(kind))
    [request] = server.requests
    assert (request.method, request.target) == ("POST", TARGETS[kind])
    assert request.headers.keys() == {"host", "user-agent", "content-type", "content-length"}
    chat = {"chat_id": "-1001"} if kind is ChannelKind.TELEGRAM else {}
    assert body_of(request) == {**chat, **as_sent(kind, SAMPLES[name])}


@pytest.mark.parametrize("title", [*TITLES, *LIVELY])
async def test_hostile_titles_are_delivered(kind, opened, title):
    """Any title arrives as valid JSON, where it is to go."""
    async with Receiver(SENT[kind]) as server:
        assert (await opened(kind, server).send(hostile(title))).result is AttemptResult.SENT
    [request] = server.requests
    assert body_of(request)
    assert request.target == TARGETS[kind]


async def test_a_discord_webhook_may_name_a_thread(opened):
    """What the webhook's URL asks for goes along, with posts and with changes."""
    kind = ChannelKind.DISCORD
    async with Receiver(SENT[kind]) as server:
        threaded = opened(kind, server, query="?thread_id=77&wait=false")
        await threaded.send(message())
        await opened(kind, server, path=f"{HOOK}/", query="?thread_id=77").send(update("sources", FIRST[kind]))
    assert [request.target for request in server.requests] == [
        f"{HOOK}?thread_id=77&wait=true",
        f"{HOOK}/messages/1234567890?thread_id=77",
    ]


# ---------------------------------------------------------------------------------------------------------------
# Updates


async def test_more_outlets_change_the_first_message(editing, opened):
    """The first message is changed where it stands, to all that it says by now."""
    async with Receiver(SENT[editing]) as server:
        attempt = await opened(editing, server).send(update("sources", FIRST[editing]))
    assert attempt.result is AttemptResult.SENT
    [request] = server.requests
    if editing is ChannelKind.DISCORD:
        assert (request.method, request.target) == ("PATCH", f"{HOOK}/messages/1234567890")
        assert body_of(request) == as_sent(editing, update("sources"))
    else:
        assert (request.method, request.target) == ("POST", f"/bot{TOKEN}/editMessageText")
        where = {"chat_id": "-1001", "message_id": 42}
        assert body_of(request) == {**where, **as_sent(editing, update("sources"))}


@pytest.mark.parametrize("earlier", [None, "", "canary", "C0DESK:1503435956.000247", "../../x", "-1001:"])
async def test_without_a_first_message_nothing_is_changed(kind, opened, earlier):
    """Where nothing of ours is to be changed, nothing is sent."""
    async with Receiver(SENT[kind]) as server:
        attempt = await opened(kind, server).send(update("sources", earlier))
    assert (attempt.result, attempt.detail) == (AttemptResult.SENT, "nothing to change")
    assert server.requests == []


async def test_teams_changes_nothing(opened):
    """A workflow cannot change a message: more outlets are not told."""
    async with Receiver() as server:
        attempt = await opened(ChannelKind.TEAMS, server).send(update("sources", "1234567890"))
    assert (attempt.result, attempt.detail) == (AttemptResult.SENT, "nothing to change")
    assert server.requests == []


@pytest.mark.parametrize("reason", ["follow_up", "changed"])
@pytest.mark.parametrize("earlier", [None, "known"])
async def test_other_updates_are_messages(kind, opened, reason, earlier):
    """What people are to be told is posted anew; in Telegram as an answer to the first message, if that is there."""
    told = update(reason, FIRST.get(kind) if earlier else None)
    async with Receiver(SENT[kind]) as server:
        assert (await opened(kind, server).send(told)).result is AttemptResult.SENT
    [request] = server.requests
    assert (request.method, request.target) == ("POST", TARGETS[kind])
    answered = kind is ChannelKind.TELEGRAM and earlier
    expected = {"message_id": 42, "allow_sending_without_reply": True} if answered else None
    assert body_of(request).get("reply_parameters") == expected


async def test_a_chat_that_was_left_is_left_alone(opened):
    """Ids of messages hold within a chat: with another chat configured, nothing is changed or answered."""
    async with Receiver(SENT[ChannelKind.TELEGRAM]) as server:
        moved = opened(ChannelKind.TELEGRAM, server, target="-2002")
        assert (await moved.send(update("sources", "-1001:42"))).detail == "nothing to change"
        assert (await moved.send(update("changed", "-1001:42"))).result is AttemptResult.SENT
        named = opened(ChannelKind.TELEGRAM, server, target="@desk")
        await named.send(update("sources", "-1001:42"))
    posted, changed = map(body_of, server.requests)
    assert posted["chat_id"] == "-2002"
    assert "reply_parameters" not in posted
    assert (changed["chat_id"], changed["message_id"]) == ("-1001", 42)


GONE = {
    ChannelKind.DISCORD: [Reply(status=404, body=b'{"code": 10008}'), Reply(status=403, body=b'{"code": 50005}')],
    ChannelKind.TELEGRAM: [
        Reply(status=400, body=b'{"ok": false, "description": "Bad Request: message to edit not found"}'),
        Reply(status=400, body=b'{"ok": false, "description": "Bad Request: message can\'t be edited"}'),
        Reply(status=400, body=b'{"ok": false, "description": "Bad Request: MESSAGE_ID_INVALID"}'),
    ],
}


@pytest.mark.parametrize(("of", "reply"), [(of, reply) for of, replies in GONE.items() for reply in replies])
async def test_what_is_gone_is_not_posted_anew(opened, of, reply):
    """A first message that cannot be changed any more is no failure: nothing else is sent, and the detail says so."""
    async with Receiver(reply) as server:
        attempt = await opened(of, server).send(update("sources", FIRST[of]))
    assert (attempt.result, attempt.status) == (AttemptResult.SENT, reply.status)
    assert attempt.detail == "nothing to change: the message is gone"
    assert len(server.requests) == 1


async def test_what_says_it_already_stays(opened):
    """Telegram refuses a change that changes nothing: it is done."""
    words = "Bad Request: message is not modified: specified new message content and reply markup are the same"
    reply = Reply(status=400, body=json.dumps({"ok": False, "description": words}).encode())
    async with Receiver(reply) as server:
        attempt = await opened(ChannelKind.TELEGRAM, server).send(update("sources", "-1001:42"))
    assert (attempt.result, attempt.detail) == (AttemptResult.SENT, "nothing to change")


# ---------------------------------------------------------------------------------------------------------------
# Answers


def told_to_send(reason, of):
    return update(reason, FIRST.get(of)) if reason else message()


def expected(of, status):
    """Table 1.2 of the delivery rules; where a receiver says what it took, another 2xx is somebody else's."""
    if status == 410 or (of is ChannelKind.TEAMS and status == 404):
        return AttemptResult.GONE
    if status == 429:
        return AttemptResult.WAIT
    if status < 300:
        taken = of is ChannelKind.TEAMS or (of is ChannelKind.DISCORD and status == 204)
        return AttemptResult.SENT if taken else AttemptResult.REFUSED
    return AttemptResult.RETRY if status in {408, 425} or status >= 500 else AttemptResult.REFUSED


async def test_every_status_is_judged(kind, opened):
    """Each status from 200 to 599 has its result; a redirect is a refusal and is not followed."""
    statuses = iter(range(200, 600))
    reply = lambda _: Reply(status=next(statuses), headers={"Location": "/elsewhere"})  # noqa: E731
    async with Receiver(reply) as server:
        tried = opened(kind, server)
        for status in range(200, 600):
            attempt = await tried.send(message())
            assert (attempt.status, attempt.result) == (status, expected(kind, status))
            assert "canary" not in repr(attempt)
    assert {request.target for request in server.requests} == {TARGETS[kind]}
    assert len(server.requests) == 400


PATIENCE = {
    ChannelKind.TEAMS: b"",
    ChannelKind.DISCORD: b'{"message": "You are being rate limited.", "retry_after": 1.337, "global": false}',
    ChannelKind.TELEGRAM: b'{"ok": false, "description": "Too Many Requests", "parameters": {"retry_after": 35}}',
}
SECONDS = {ChannelKind.TEAMS: None, ChannelKind.DISCORD: 1.337, ChannelKind.TELEGRAM: 35}


@pytest.mark.parametrize("reason", [None, "sources", "changed"])
async def test_a_receiver_that_asks_for_patience_gets_it(editing, opened, reason):
    """How long to wait is in the header or else in the body, whatever was asked for."""
    replies = (Reply(status=429, headers=headers, body=PATIENCE[editing]) for headers in ({}, {"Retry-After": "7"}))
    async with Receiver(in_turn(*replies)) as server:
        tried = opened(editing, server)
        attempts = [await tried.send(told_to_send(reason, editing)) for _ in range(2)]
    assert {attempt.result for attempt in attempts} == {AttemptResult.WAIT}
    waits = [timedelta(seconds=seconds) for seconds in (SECONDS[editing], 7)]
    assert [attempt.retry_after for attempt in attempts] == waits


async def test_teams_says_in_the_header_how_long_to_wait(opened):
    """A workflow that is asked too often says when to come again."""
    async with Receiver(Reply(status=429, headers={"Retry-After": "12"}, body=b"{}")) as server:
        attempt = await opened(ChannelKind.TEAMS, server).send(message())
    assert (attempt.result, attempt.retry_after) == (AttemptResult.WAIT, timedelta(seconds=12))


@pytest.mark.parametrize("reason", [None, "sources"])
@pytest.mark.parametrize(
    ("of", "reply"),
    [
        (ChannelKind.TELEGRAM, Reply(status=403, body=b'{"ok": false, "description": "Forbidden: bot was kicked"}')),
        (ChannelKind.TELEGRAM, Reply(status=401, body=b'{"ok": false, "description": "Unauthorized"}')),
        (ChannelKind.DISCORD, Reply(status=404, body=b'{"message": "Unknown Webhook", "code": 10015}')),
        (ChannelKind.DISCORD, Reply(status=401, body=b'{"message": "Invalid Webhook Token", "code": 50027}')),
    ],
)
async def test_who_is_shut_out_is_told_so(opened, of, reply, reason):
    """A bot that was thrown out, and a webhook that was deleted, can never work."""
    async with Receiver(reply) as server:
        attempt = await opened(of, server).send(told_to_send(reason, of))
    assert (attempt.result, attempt.status) == (AttemptResult.GONE, reply.status)


@pytest.mark.parametrize("reason", [None, "sources"])
@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Reply(cut=Cut.UNREAD), AttemptResult.UNSURE),
        (Reply(cut=Cut.UNANSWERED), AttemptResult.UNSURE),
        (Reply(body=b"x" * 500, cut=Cut.HALFWAY), AttemptResult.UNSURE),
        (Reply(delay=3600), AttemptResult.UNSURE),
        (Reply(status=500, body=b"x" * 500, cut=Cut.HALFWAY), AttemptResult.RETRY),
    ],
)
async def test_what_breaks_off_is_not_lost(editing, opened, reply, result, reason):
    """Once the request went out, no answer does not mean not received; half an answer is judged by its status."""
    async with Receiver(reply) as server:
        attempt = await opened(editing, server, timeout=0.3 if reply.delay else 5).send(told_to_send(reason, editing))
    assert (attempt.result, attempt.remote_id) == (result, None)
    assert "canary" not in repr(attempt)


@pytest.mark.parametrize("reply", [Reply(cut=Cut.UNANSWERED), Reply(delay=3600)])
async def test_a_workflow_that_does_not_answer_is_unsure(opened, reply):
    """Nobody knows whether a workflow that did not answer has run."""
    async with Receiver(reply) as server:
        attempt = await opened(ChannelKind.TEAMS, server, timeout=0.3 if reply.delay else 5).send(message())
    assert attempt.result is AttemptResult.UNSURE


async def test_a_receiver_that_is_not_there_is_tried_again(kind, opened):
    """What never went out is tried again, and nothing secret is told."""
    async with Receiver() as server:
        pass
    attempt = await opened(kind, server).send(message())
    assert attempt.result is AttemptResult.RETRY
    assert "canary" not in repr(attempt)


@pytest.mark.parametrize(
    "url", ["ftp://hooks.example.org/canary", "https://u:canary@hooks.example.org/", "http://[::1"]
)
@pytest.mark.parametrize("reason", [None, "sources"])
async def test_a_url_that_is_none_is_told_plainly(editing, transport, url, reason):
    """A URL that cannot be asked is gone, and is not repeated."""
    spec = channel(editing, url=url, token=TOKEN, target="-1001", allow_private=LOOPBACK)
    sending = open_channel(spec, transport, ssl.create_default_context(), sys.stdout)
    attempt = await sending.send(told_to_send(reason, editing))
    assert attempt.result is AttemptResult.GONE
    assert "canary" not in repr(attempt)


async def test_a_token_stays_in_its_place(transport):
    """A token that has signs of a path in it does not lead elsewhere."""
    async with Receiver(SENT[ChannelKind.TELEGRAM]) as server:
        where = {"url": f"{server.url}/", "token": "1:canary/../x?y#z", "target": "7"}
        spec = channel(ChannelKind.TELEGRAM, allow_private=LOOPBACK, **where)
        sending = open_channel(spec, transport, ssl.create_default_context(), sys.stdout)
        assert (await sending.send(message())).result is AttemptResult.SENT
    assert [request.target for request in server.requests] == ["/bot1:canary%2F..%2Fx%3Fy%23z/sendMessage"]


async def test_no_secret_is_logged(kind, opened):
    """What libraries say of a request that fails holds no URL."""
    lines = []
    listener = logging.Handler()
    listener.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(listener)
    try:
        async with Receiver(Reply(status=500)) as server:
            await opened(kind, server).send(message())
    finally:
        logging.getLogger().removeHandler(listener)
    assert lines == []


async def test_the_longest_answer_is_read_to_its_end(opened):
    """Telegram repeats the message, each letter that is not Latin in six: its id is found all the same."""
    told = message(notice(headline="ф" * 300, outlet="ф" * 300, excerpts=()))
    text = telegram.payload(told)["text"]
    repeated = {"message_id": 42, "chat": {"id": -1001, "title": "ф" * 128}, "text": "ф" * 4096, "words": text}
    reply = Reply(body=json.dumps({"ok": True, "result": repeated}).encode())
    async with Receiver(reply) as server:
        attempt = await opened(ChannelKind.TELEGRAM, server).send(told)
    assert (attempt.result, attempt.remote_id) == (AttemptResult.SENT, "-1001:42")


async def test_channels_send_side_by_side(kind, opened):
    """One channel sends several messages at a time, each on its own."""
    async with Receiver(SENT[kind]) as server:
        sending = opened(kind, server)
        attempts = await asyncio.gather(*(sending.send(message()) for _ in range(10)))
    assert {attempt.result for attempt in attempts} == {AttemptResult.SENT}
    assert len(server.requests) == 10
