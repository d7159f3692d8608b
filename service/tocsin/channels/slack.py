"""Slack, by an incoming webhook, or by a bot that answers in threads and changes what it sent where it stands.

What an update does with a bot: more outlets change the first message (`chat.update`); a follow-up answers it, in its
thread, as it is the same news grown. An article that changed is an answer too, shown in the channel as well: whoever
read the first message acted on what the article says no more. A webhook can do neither, and posts anew.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import httpx

from tocsin.channels import http
from tocsin.channels.slack_blocks import blocks, fallback
from tocsin.channels.wording import as_json
from tocsin.model import Attempt, AttemptResult, ChannelSpec, JsonObject, Message

_ERROR_NAME: Final = re.compile("[a-z_]{2,60}")
_CHANNEL: Final = re.compile("[A-Z][A-Z0-9]{1,39}")
_TIME: Final = re.compile(r"\d{1,20}\.\d{1,20}")
_SCALAR: Final = re.compile(r'\s*[{,]\s*"(\w{1,40})"\s*:\s*("[^"\\]*"|true|false)')
_UNANSWERED: Final = Attempt(result=AttemptResult.REFUSED, detail="the first message cannot be answered")
_NOTHING: Final = Attempt(result=AttemptResult.SENT, detail="nothing to change")

_GONE: Final = frozenset(
    {
        "access_denied",
        "account_inactive",
        "channel_is_archived",
        "channel_not_found",
        "invalid_auth",
        "invalid_token",
        "is_archived",
        "missing_scope",
        "no_permission",
        "no_service",
        "no_service_id",
        "no_team",
        "not_allowed_token_type",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "team_disabled",
        "token_expired",
        "token_revoked",
        "user_not_found",
    }
)
_PATIENCE: Final = frozenset({"ratelimited", "rate_limited"})
_PASSING: Final = frozenset({"message_limit_exceeded", "request_timeout", "service_unavailable", "team_added_to_org"})
_UNSURE: Final = frozenset({"fatal_error", "internal_error"})  # Slack: a part may have been done
_UNCHANGEABLE: Final = frozenset({"cant_update_message", "edit_window_closed", "is_inactive", "message_not_found"})
_UNANSWERABLE: Final = frozenset(
    {
        "cannot_reply_to_message",
        "invalid_thread_ts",
        "message_not_found",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)
_ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "channel_not_found": "a private channel takes the bot's invitation",
        "missing_scope": "the bot needs the scope chat:write",
        "not_in_channel": "invite the bot to the channel",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _First:
    """Where the first message about an alert stands: Slack's ids of its channel and of itself."""

    channel: str
    ts: str


class SlackChannel:
    """Posts to an incoming webhook or, where there is a token, to a channel as a bot."""

    def __init__(self, spec: ChannelSpec, transport: httpx.AsyncBaseTransport) -> None:
        self._spec = spec
        self._transport = transport

    async def send(self, message: Message) -> Attempt:
        """Try once to post `message`, or to change or answer the first one about its alert."""
        first = _first(message.earlier, self._spec.target) if self._spec.token else None
        if message.notice.update == "sources":
            return await self._change(message, first) if first else _NOTHING
        if not self._spec.token:
            return await http.post(self._spec, self._transport, as_json(payload(message)), {}, judge)
        if message.notice.update and first:
            attempt = await self._call("chat.postMessage", reply(message, first.channel, first.ts), _judge_reply)
            if attempt != _UNANSWERED:
                return attempt
        return await self._call("chat.postMessage", {"channel": self._spec.target, **payload(message)}, judge)

    async def _change(self, message: Message, first: _First) -> Attempt:
        changed = {"channel": first.channel, "ts": first.ts, **_words(message)}
        return await self._call("chat.update", changed, _judge_change)

    async def _call(self, method: str, body: JsonObject, judge: http.Judge) -> Attempt:
        """Call a method of Slack's API, which warns of JSON that does not name its encoding."""
        spec = replace(self._spec, url=f"{self._spec.url.rstrip('/')}/{method}")
        headers = {
            "Authorization": f"Bearer {self._spec.token}",
            "Content-Type": "application/json; charset=utf-8",
        }
        return await http.post(spec, self._transport, as_json(body), headers, judge)


def payload(message: Message) -> dict[str, object]:
    """Return what Slack is posted: a line for notifications and blocks, with nothing alive in either."""
    return {**_words(message), "unfurl_links": False, "unfurl_media": False}


def reply(message: Message, channel: str, ts: str) -> dict[str, object]:
    """Return what a bot posts into the thread of the message `ts` of a channel."""
    broadcast = {"reply_broadcast": True} if message.notice.update == "changed" else {}
    return {"channel": channel, "thread_ts": ts, **broadcast, **payload(message)}


def _words(message: Message) -> dict[str, object]:
    """Return text and blocks. `parse` has another default where messages are changed: it makes names mentions."""
    return {
        "text": fallback(message.notice),
        "blocks": blocks(message.notice),
        "parse": "none",
        "link_names": False,
    }


def _first(earlier: str | None, target: str) -> _First | None:
    """Read what we remember a message by; None where it is nothing of the bot's, or in a channel we left."""
    channel, _, ts = (earlier or "").partition(":")
    if not (_CHANNEL.fullmatch(channel) and _TIME.fullmatch(ts)):
        return None
    moved = _CHANNEL.fullmatch(target) and target.startswith("C") and channel.startswith("C") and channel != target
    return None if moved else _First(channel=channel, ts=ts)


# ---------------------------------------------------------------------------------------------------------------
# Answers


def judge(answer: http.Answer) -> Attempt:
    """Decide by status and body: Slack's `ok` is sent, the names of some errors say that it will never be."""
    attempt = http.judge(answer)
    fields = _fields(answer.body or b"")
    if error := _error_name(answer.body or b"", fields):
        return _refused(error, answer, attempt)
    if attempt.result is not AttemptResult.SENT:
        return attempt
    if fields.get("ok") is True or (answer.body or b"").strip() == b"ok":
        return replace(attempt, remote_id=_remote_id(fields))
    if answer.body is None:
        return replace(attempt, result=AttemptResult.UNSURE, detail="Slack's answer broke off")
    return replace(attempt, result=AttemptResult.REFUSED, detail="Slack answered something else than ok")


def _judge_change(answer: http.Answer) -> Attempt:
    """Decide what came of changing a message: one that can be changed no more is left as it is."""
    error = _error_name(answer.body or b"", _fields(answer.body or b""))
    if error in _UNCHANGEABLE:
        return Attempt(result=AttemptResult.SENT, detail=f"nothing to change: {error}", status=answer.status)
    return judge(answer)


def _judge_reply(answer: http.Answer) -> Attempt:
    error = _error_name(answer.body or b"", _fields(answer.body or b""))
    return _UNANSWERED if error in _UNANSWERABLE else judge(answer)


def _refused(error: str, answer: http.Answer, attempt: Attempt) -> Attempt:
    """Say what an error means that has a name; one that is not known means what its status does."""
    advice = f" ({_ADVICE[error]})" if error in _ADVICE else ""
    named = replace(attempt, detail=f"Slack answered {error}{advice}", retry_after=None)
    if error in _GONE:
        return replace(named, result=AttemptResult.GONE)
    if attempt.result is not AttemptResult.SENT:
        return replace(attempt, detail=f"{attempt.detail}: {error}")
    if error in _PATIENCE:
        return replace(named, result=AttemptResult.WAIT, retry_after=answer.retry_after)
    if error in _PASSING:
        return replace(named, result=AttemptResult.RETRY)
    return replace(named, result=AttemptResult.UNSURE if error in _UNSURE else AttemptResult.REFUSED)


def _error_name(body: bytes, fields: JsonObject) -> str:
    """Return the name of an error that Slack answered with, empty where there is none that looks like one."""
    if fields.get("ok") is True or body.strip() == b"ok":
        return ""
    name = str(fields.get("error", "")) or body[:100].decode(errors="replace").strip()
    return name if _ERROR_NAME.fullmatch(name) else ""


def _remote_id(fields: JsonObject) -> str | None:
    match fields:
        case {"channel": str(channel), "ts": str(ts)} if _CHANNEL.fullmatch(channel) and _TIME.fullmatch(ts):
            return f"{channel}:{ts}"
        case _:
            return None


def _fields(body: bytes) -> JsonObject:
    """Return what an answer says; of one too long to be read to its end, the plain fields that it begins with.

    Slack repeats the message behind these, each letter that is not Latin in six.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # the latter for what is nested without end
        return dict(_beginning(body.decode(errors="replace")))
    return value if isinstance(value, dict) else {}


def _beginning(text: str) -> Mapping[str, object]:
    fields: dict[str, object] = {}
    place = 0
    while found := _SCALAR.match(text, place):
        fields[found[1]] = json.loads(found[2], strict=False)
        place = found.end()
    return fields
