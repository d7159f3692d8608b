"""ntfy, published as JSON: plain text, a priority by severity, the article at a touch.

A message of more than 4096 bytes would become an attachment, and the JSON around it may take twice as much
(https://docs.ntfy.sh/publish/#publish-as-json).
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import httpx

from tocsin.channels import http
from tocsin.channels.answers import said, text_in
from tocsin.channels.plain import cut_bytes, plain_text
from tocsin.channels.wording import as_json, one_line, web_link
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Message, Notice, Severity

MESSAGE_LIMIT: Final = 4096
BODY_LIMIT: Final = 2 * MESSAGE_LIMIT
_TITLE_LIMIT: Final = 400
_LINK_LIMIT: Final = 1000
_TAG_LIMIT: Final = 40
_MOST_TAGS: Final = 8

_PRIORITIES: Final[Mapping[Severity, int]] = MappingProxyType(
    {Severity.INFO: 2, Severity.NORMAL: 3, Severity.HIGH: 4, Severity.CRITICAL: 5}
)


class NtfyChannel:
    """Publishes to a topic of a server."""

    def __init__(self, spec: ChannelSpec, transport: httpx.AsyncBaseTransport) -> None:
        self._spec = spec
        self._transport = transport

    async def send(self, message: Message) -> Attempt:
        """Try once to publish `message`."""
        headers = {"Authorization": f"Bearer {self._spec.token}"} if self._spec.token else {}
        content = as_json(payload(message, self._spec.target))
        return await http.post(self._spec, self._transport, content, headers, judge)


def payload(message: Message, topic: str) -> dict[str, object]:
    """Return what ntfy is posted: text of at most 4096 bytes, in JSON of at most 8192."""
    limit = bisect_right(
        range(1, MESSAGE_LIMIT + 1), BODY_LIMIT, key=lambda room: len(as_json(_payload(message, topic, room)))
    )
    return _payload(message, topic, limit)


def judge(answer: http.Answer) -> Attempt:
    """Decide by the status, and by the body of what looks sent: ntfy answers with the message's id."""
    attempt = http.judge(answer)
    if attempt.result is not AttemptResult.SENT:
        reason = said(answer.body, "error")
        return replace(attempt, detail=f"{attempt.detail}: {reason}") if reason else attempt
    if message_id := text_in(answer.body, "id"):
        return replace(attempt, remote_id=message_id)
    if answer.body is None:
        return replace(attempt, result=AttemptResult.UNSURE, detail="ntfy's answer broke off")
    return replace(attempt, result=AttemptResult.REFUSED, detail="what answered is no ntfy server")


def _payload(message: Message, topic: str, limit: int) -> dict[str, object]:
    notice = message.notice
    title = cut_bytes(one_line(notice.headline).strip(), _TITLE_LIMIT)
    body: dict[str, object] = {
        "topic": topic,
        "title": title or "Tocsin",
        "message": plain_text(notice, limit, own_link=False),
        "priority": _PRIORITIES[notice.severity],
        "tags": list(_tags(notice)),
        "markdown": False,
    }
    link = web_link(notice.url)
    return {**body, "click": link} if link and len(link.encode()) <= _LINK_LIMIT else body


def _tags(notice: Notice) -> Iterator[str]:
    """Yield the tags of the rule; ntfy parts them at commas."""
    tags = dict(notice.facts).get("Tags", "")
    found = (cut_bytes(one_line(tag).strip(), _TAG_LIMIT) for tag in tags.split(",")[:_MOST_TAGS])
    return filter(None, found)
