"""PagerDuty, by its Events API v2: each alert triggers, and what is told of it later joins it.

A report of the service on itself triggers when a condition begins, and resolves that incident when it ends.

Limits and answers: https://developer.pagerduty.com/docs/events-api-v2/overview/ and .../trigger-events/.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType
from typing import Final

import httpx

from tocsin.channels import http
from tocsin.channels.answers import said, text_in
from tocsin.channels.plain import titled
from tocsin.channels.wording import as_json, cut, one_line, runs, web_link
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Excerpt, Message, MessageKind, Notice, Severity

BODY_LIMIT: Final = 512_000  # bytes
SUMMARY_LIMIT: Final = 1024
KEY_LIMIT: Final = 255
_FIELD_LIMIT: Final = 255
_TEXT_LIMIT: Final = 1000
_LINK_LIMIT: Final = 2000
_MOST_EXCERPTS: Final = 10
_MOST_FACTS: Final = 20
_MOST_COUNTS: Final = 100
_MOST_LINKS: Final = 10

_SEVERITIES: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.INFO: "info", Severity.NORMAL: "warning", Severity.HIGH: "error", Severity.CRITICAL: "critical"}
)


class PagerDutyChannel:
    """Sends events to an integration of a service, by its routing key."""

    def __init__(self, spec: ChannelSpec, transport: httpx.AsyncBaseTransport) -> None:
        self._spec = spec
        self._transport = transport

    async def send(self, message: Message) -> Attempt:
        """Try once to send `message`."""
        content = as_json(payload(message, self._spec.token))
        return await http.post(self._spec, self._transport, content, {}, judge)


def payload(message: Message, routing_key: str) -> dict[str, object]:
    """Return the event that PagerDuty is posted, in JSON of at most 512 kB: as many alerts of a list as fit.

    One that resolves has nothing but its key: PagerDuty shows what the incident said before.
    """
    if _has_ended(message):
        return {"routing_key": routing_key, "event_action": "resolve", "dedup_key": dedup_key(message)}
    items = len(message.notice.items)
    shown = bisect_right(
        range(1, items + 1), BODY_LIMIT, key=lambda count: len(as_json(_event(message, routing_key, count)))
    )
    return _event(message, routing_key, shown)


def dedup_key(message: Message) -> str:
    """Return what events about the same thing have in common, at most 255 code points.

    The id of an alert is made of its rule and its story, and updates have the same. A condition has one for its
    beginning and its end. All else is told once.
    """
    own = message.story_id if message.notice.kind is MessageKind.OPS else message.delivery_id
    key = one_line(message.notice.alert_id or own)
    return key if len(key) <= KEY_LIMIT else sha256(key.encode()).hexdigest()


def _has_ended(message: Message) -> bool:
    """Tell whether a message says that a condition is over."""
    match message.notice.kind, message.payload.get("data"):
        case MessageKind.OPS, {"change": "ended"}:
            return True
        case _:
            return False


def judge(answer: http.Answer) -> Attempt:
    """Decide by the status: 202 is sent, and another 2xx is somebody else's answer."""
    attempt = http.judge(answer)
    if answer.status == 202:
        return replace(attempt, remote_id=text_in(answer.body, "dedup_key") or None)
    if attempt.result is AttemptResult.SENT:
        return replace(attempt, result=AttemptResult.REFUSED, detail=f"{attempt.detail}, which PagerDuty does not")
    reason = said(answer.body, "errors") or said(answer.body, "message")
    return replace(attempt, detail=f"{attempt.detail}: {reason}") if reason else attempt


def _event(message: Message, routing_key: str, shown: int) -> dict[str, object]:
    notice = message.notice
    return {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": dedup_key(message),
        "client": "Tocsin",
        "payload": {
            "summary": _field(titled(notice), SUMMARY_LIMIT) or "Tocsin",
            "source": _field(notice.outlet) or "Tocsin",
            "severity": _SEVERITIES[notice.severity],
            "timestamp": message.created.isoformat(),
            "component": _field(dict(notice.facts).get("Feed", "")) or "Tocsin",
            "group": _field(notice.rule),
            "class": notice.kind.value,
            "custom_details": {**_details(notice), **_alerts(notice, shown)},
        },
        "links": list(_links((notice, *notice.items[:shown]))),
    }


def _details(notice: Notice) -> dict[str, object]:
    """Return what is known of an alert, without what does not apply."""
    details = {
        "headline": _field(notice.headline, _TEXT_LIMIT),
        "outlet": _field(notice.outlet),
        "published": _field(notice.published),
        "age": _field(notice.age),
        "url": _link(notice),
        "rule": _field(notice.rule),
        "severity": notice.severity.value,
        "update": _field(notice.update or ""),
        "evidence": [_evidence(excerpt) for excerpt in notice.excerpts[:_MOST_EXCERPTS]],
        "facts": {_field(label): _field(value, _TEXT_LIMIT) for label, value in notice.facts[:_MOST_FACTS]},
        "counts": {_field(rule): count for rule, count in notice.counts[:_MOST_COUNTS]},
    }
    return {name: value for name, value in details.items() if value}


def _alerts(notice: Notice, shown: int) -> dict[str, object]:
    """Return the first alerts of a group or a digest, and how many it has."""
    if not notice.items:
        return {}
    return {
        "alerts": [_details(item) for item in notice.items[:shown]],
        "alerts_total": len(notice.items) + notice.more,
    }


def _evidence(excerpt: Excerpt) -> dict[str, str]:
    """Return a sentence and the words in it that made the alert ring."""
    words = [text for text, marked in runs(excerpt) if marked and text.strip()]
    text = {"text": _field(excerpt.text, _TEXT_LIMIT)}
    return {**text, "words": cut(", ".join(words), _TEXT_LIMIT)} if words else text


def _links(notices: Iterable[Notice]) -> Iterator[dict[str, str]]:
    linked = [(notice, link) for notice in notices if (link := _link(notice))]
    for notice, link in linked[:_MOST_LINKS]:
        yield {"href": link, "text": _field(notice.headline) or link}


def _link(notice: Notice) -> str:
    link = web_link(notice.url) or ""
    return link if len(link) <= _LINK_LIMIT else ""


def _field(text: str, limit: int = _FIELD_LIMIT) -> str:
    return cut(one_line(text).strip(), limit)
