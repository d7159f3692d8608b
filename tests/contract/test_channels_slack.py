"""What a Slack bot posts, answers and changes, and what it makes of Slack's answers, against a real server."""

import ipaddress
import json
import ssl
from datetime import timedelta

import pytest

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message, notice
from support.push_messages import SAMPLES
from support.receiver import Cut, Receiver, Reply, in_turn
from tocsin.channels.slack import SlackChannel, payload
from tocsin.model import AttemptResult, ChannelKind, MessageKind
from tocsin.net.transport import CheckedTransport

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
TOKEN = "xoxb-0-canary"
FIRST = "C0DESK:1503435956.000247"


@pytest.fixture
async def transport():
    async with CheckedTransport(tls=ssl.create_default_context()) as transport:
        yield transport


@pytest.fixture
def bot(transport):
    """Make a bot of a server's."""

    def make(server, **changes):
        plain = {"url": f"{server.url}/api", "token": TOKEN, "target": "C0DESK", "timeout": timedelta(seconds=2)}
        return SlackChannel(channel(ChannelKind.SLACK, allow_private=LOOPBACK, **plain | changes), transport)

    return make


def says(*, status=200, headers=(), **fields):
    """Answer as Slack's API does."""
    answer = {"ok": True, "channel": "C0DESK", "ts": "1503435990.000100", **fields}
    return Reply(status=status, headers=dict(headers), body=json.dumps(answer).encode())


def refuses(error, **changes):
    """Answer as Slack's API does when it will not."""
    return says(ok=False, error=error, channel=None, ts=None, **changes)


def update(reason, earlier=FIRST):
    """Make an update of an alert."""
    return message(notice(kind=MessageKind.UPDATED, update=reason), earlier=earlier)


def told(server):
    """Return method and body of each request, all of which have the token and JSON that names its encoding."""
    for request in server.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["content-type"] == "application/json; charset=utf-8"
    return [(request.target, json.loads(request.body)) for request in server.requests]


async def test_a_bot_posts_to_its_channel(bot):
    """A bot posts what a webhook would be sent to its channel, and remembers where that went."""
    async with Receiver(says()) as server:
        attempt = await bot(server, target="#desk").send(message())
    assert (attempt.result, attempt.remote_id) == (AttemptResult.SENT, "C0DESK:1503435990.000100")
    expected = json.loads(json.dumps({"channel": "#desk", **payload(message())}))
    assert told(server) == [("/api/chat.postMessage", expected)]


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_bot_tells_all_there_is_to_tell(bot, name):
    """Groups, digests, reports and tests are posted like alerts; what was sent earlier does not matter to them."""
    async with Receiver(says()) as server:
        assert (await bot(server).send(SAMPLES[name])).result is AttemptResult.SENT
    [(target, body)] = told(server)
    assert target == "/api/chat.postMessage"
    assert "thread_ts" not in body
    assert body["blocks"] == json.loads(json.dumps(payload(SAMPLES[name])["blocks"]))


async def test_more_outlets_change_the_first_message(bot):
    """The first message is changed where it stands: all that it says by now, and no names are made mentions."""
    async with Receiver(says()) as server:
        assert (await bot(server).send(update("sources"))).result is AttemptResult.SENT
    [(target, body)] = told(server)
    assert target == "/api/chat.update"
    assert (body["channel"], body["ts"]) == ("C0DESK", "1503435956.000247")
    assert body["blocks"] == json.loads(json.dumps(payload(message())["blocks"]))
    assert (body["parse"], body["link_names"]) == ("none", False)


@pytest.mark.parametrize(("reason", "shown"), [("follow_up", None), ("changed", True)])
async def test_other_updates_answer_the_first_message(bot, reason, shown):
    """A follow-up is told in the thread of the first message, a changed article in the channel as well."""
    async with Receiver(says()) as server:
        attempt = await bot(server).send(update(reason))
    assert attempt.result is AttemptResult.SENT
    [(target, body)] = told(server)
    assert target == "/api/chat.postMessage"
    assert (body["channel"], body["thread_ts"]) == ("C0DESK", "1503435956.000247")
    assert body.get("reply_broadcast") is shown


@pytest.mark.parametrize("earlier", [None, "", "hwQ2YpKdmg", "C0DESK:", "C0DESK:soon", "C0OTHER:1503435956.000247"])
async def test_without_a_first_message_updates_stand_alone(bot, earlier):
    """Where nothing of the bot's is in its channel there is nothing to change, and what is to be told is posted."""
    async with Receiver(says()) as server:
        nothing = await bot(server).send(update("sources", earlier))
        assert (nothing.result, nothing.detail) == (AttemptResult.SENT, "nothing to change")
        assert server.requests == []
        for reason in ("follow_up", "changed"):
            assert (await bot(server).send(update(reason, earlier))).result is AttemptResult.SENT
    for target, body in told(server):
        assert (target, body["channel"]) == ("/api/chat.postMessage", "C0DESK")
        assert "thread_ts" not in body


async def test_a_channel_named_is_answered_by_its_id(bot):
    """Where the configuration has a name, the thread is found by the id that Slack gave."""
    async with Receiver(says()) as server:
        await bot(server, target="#desk").send(update("follow_up"))
    assert told(server)[0][1]["channel"] == "C0DESK"


async def test_a_webhook_posts_updates_anew(bot):
    """A webhook can neither answer nor change: what is to be told is a message, and more outlets are none."""
    async with Receiver() as server:
        hook = bot(server, url=f"{server.url}/services/T0/B0/x", token="", target="")
        for reason in ("sources", "follow_up", "changed"):
            assert (await hook.send(update(reason))).result is AttemptResult.SENT
    assert [request.target for request in server.requests] == ["/services/T0/B0/x"] * 2
    assert all("thread_ts" not in json.loads(request.body) for request in server.requests)


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"])
async def test_what_cannot_be_changed_any_more_is_left(bot, error):
    """A first message that is gone or too old is no failure: nobody is told less."""
    async with Receiver(refuses(error)) as server:
        attempt = await bot(server).send(update("sources"))
    assert (attempt.result, attempt.detail) == (AttemptResult.SENT, f"nothing to change: {error}")


@pytest.mark.parametrize("error", ["thread_not_found", "message_not_found", "cannot_reply_to_message"])
async def test_what_cannot_be_answered_any_more_is_told_by_itself(bot, error):
    """Where the first message is gone, what is to be told is posted without it."""
    async with Receiver(in_turn(refuses(error), says())) as server:
        attempt = await bot(server).send(update("changed"))
    assert (attempt.result, attempt.remote_id) == (AttemptResult.SENT, "C0DESK:1503435990.000100")
    (_, first), (_, second) = told(server)
    assert first["thread_ts"]
    assert second == json.loads(json.dumps({"channel": "C0DESK", **payload(update("changed"))}))


@pytest.mark.parametrize("reason", [None, "sources", "follow_up"])
@pytest.mark.parametrize(
    ("reply", "result", "seconds"),
    [
        (refuses("ratelimited", headers={"Retry-After": "30"}), AttemptResult.WAIT, 30),
        (refuses("ratelimited", status=429, headers={"Retry-After": "7"}), AttemptResult.WAIT, 7),
        (refuses("ratelimited"), AttemptResult.WAIT, None),
        (refuses("invalid_auth"), AttemptResult.GONE, None),
        (refuses("account_inactive"), AttemptResult.GONE, None),
        (refuses("token_revoked"), AttemptResult.GONE, None),
        (refuses("channel_not_found"), AttemptResult.GONE, None),
        (refuses("not_in_channel"), AttemptResult.GONE, None),
        (refuses("is_archived"), AttemptResult.GONE, None),
        (refuses("msg_blocks_too_long"), AttemptResult.REFUSED, None),
        (refuses("internal_error", status=500), AttemptResult.RETRY, None),
        (refuses("internal_error"), AttemptResult.UNSURE, None),
        (Reply(status=302, headers={"Location": "/elsewhere"}), AttemptResult.REFUSED, None),
        (Reply(status=503, headers={"Retry-After": "9"}), AttemptResult.WAIT, 9),
        (Reply(body=b"<html>a hotel's login page"), AttemptResult.REFUSED, None),
        (Reply(cut=Cut.UNANSWERED), AttemptResult.UNSURE, None),
        (Reply(body=b"x" * 500, cut=Cut.HALFWAY), AttemptResult.UNSURE, None),
        (Reply(delay=5), AttemptResult.UNSURE, None),
    ],
)
async def test_every_answer_is_judged(bot, reply, result, seconds, reason):
    """Whatever it was asked for, Slack's answer has its result, once; the line for people holds no token."""
    async with Receiver(reply) as server:
        sending = bot(server, timeout=timedelta(seconds=0.3) if reply.delay else timedelta(seconds=5))
        attempt = await sending.send(update(reason) if reason else message())
    assert attempt.result is result
    assert attempt.retry_after == (seconds and timedelta(seconds=seconds))
    assert attempt.remote_id is None
    assert len(server.requests) == 1
    assert "canary" not in repr(attempt)


@pytest.mark.parametrize("title", TITLES)
async def test_hostile_titles_are_delivered(bot, title):
    """Any title arrives as valid JSON with the headers that we meant."""
    async with Receiver(says()) as server:
        assert (await bot(server).send(hostile(title))).result is AttemptResult.SENT
    [(target, _)] = told(server)
    assert target == "/api/chat.postMessage"
    assert server.requests[0].headers.keys() == {
        "host",
        "user-agent",
        "content-type",
        "content-length",
        "authorization",
    }
