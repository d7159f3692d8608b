"""Slack, by an incoming webhook: one section of mrkdwn.

Slack knows three characters to escape (& < >); mentions, channels and links are all made with `<`. Its signs for bold,
italic, struck and code have no escape, so in untrusted text they give way to letters that look alike.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate
from types import MappingProxyType
from typing import Final

import httpx

from tocsin.channels import http
from tocsin.channels.wording import as_json, one_line, runs, web_link
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Excerpt, Message, MessageKind, Notice

SECTION_LIMIT: Final = 3000
_TITLE_LIMIT: Final = 600
_LINE_LIMIT: Final = 300
_LINK_LIMIT: Final = 1000
_FACTS_LIMIT: Final = 1000
_BOLD: Final = "\u200b*{}*\u200b"  # Slack makes bold only at a word's edge, and sees one in a space without width

_CODE: Final[Mapping[str, str]] = MappingProxyType({"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "ˋ"})
_TEXT: Final[Mapping[str, str]] = MappingProxyType({**_CODE, "*": "∗", "_": "ˍ", "~": "∼"})
_LABEL: Final[Mapping[str, str]] = MappingProxyType({**_TEXT, "|": "¦"})
_TARGET: Final[Mapping[str, str]] = MappingProxyType(
    {"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C", "*": "%2A", "`": "%60"}
)
_ERROR_NAME: Final = re.compile("[a-z_]{2,60}")
_GONE: Final = frozenset(
    {
        "channel_is_archived",
        "channel_not_found",
        "invalid_token",
        "no_service",
        "no_service_id",
        "no_team",
        "team_disabled",
        "user_not_found",
    }
)


class SlackChannel:
    """Posts to an incoming webhook."""

    def __init__(self, spec: ChannelSpec, transport: httpx.AsyncBaseTransport) -> None:
        self._spec = spec
        self._transport = transport

    async def send(self, message: Message) -> Attempt:
        """Try once to post `message`."""
        return await http.post(self._spec, self._transport, as_json(payload(message)), {}, judge)


def payload(message: Message) -> dict[str, object]:
    """Return what Slack is posted: a line for notifications and a section, with nothing alive in either."""
    notice = message.notice
    summary = f"{notice.severity.value.upper()} {notice.rule}: {notice.headline}"
    return {
        "text": _escaped(summary, _LINE_LIMIT),
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": section(notice), "verbatim": True}}],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def section(notice: Notice) -> str:
    """Return the message in mrkdwn, in at most 3000 code points; what gives way is the end of the excerpts."""
    head = f"{_title(notice)}\n{_escaped(f'{notice.outlet} · {notice.published}', _LINE_LIMIT)}"
    source = "Report" if notice.kind is MessageKind.OPS else "Rule"
    tail = _facts(((source, notice.rule), ("Severity", notice.severity.value), *notice.facts))
    room = SECTION_LIMIT - len(head) - len(tail) - 1
    lines = [head]
    for excerpt in notice.excerpts:
        line = _quoted(excerpt, room - 1)
        if not line:
            break
        lines.append(line)
        room -= len(line) + 1
    return "\n".join((*lines, tail))


def judge(answer: http.Answer) -> Attempt:
    """Decide by status and body: Slack's `ok` is sent, the names of some errors say that it will never be."""
    attempt = http.judge(answer)
    body = answer.body or b""
    error = _error_name(body)
    if error in _GONE:
        return replace(attempt, result=AttemptResult.GONE, detail=f"Slack answered {error}", retry_after=None)
    if attempt.result is not AttemptResult.SENT:
        return replace(attempt, detail=f"{attempt.detail}: {error}") if error else attempt
    if _is_ok(body):
        return attempt
    if answer.body is None:
        return replace(attempt, result=AttemptResult.UNSURE, detail="Slack's answer broke off")
    return replace(attempt, result=AttemptResult.REFUSED, detail=f"Slack answered {error or 'something else than ok'}")


def _is_ok(body: bytes) -> bool:
    return body.strip() == b"ok" or _parsed(body).get("ok") is True


def _error_name(body: bytes) -> str:
    """Return the name of an error that Slack answered with, empty where there is none that looks like one."""
    name = str(_parsed(body).get("error", "")) or body.decode(errors="replace").strip()
    return name if _ERROR_NAME.fullmatch(name) else ""


def _parsed(body: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # the latter for what is nested without end
        return {}
    return value if isinstance(value, dict) else {}


def _title(notice: Notice) -> str:
    """Return the headline in bold, as a link where there is one to link to."""
    label = _escaped(notice.headline, _TITLE_LIMIT, _LABEL).strip()
    link = web_link(notice.url)
    target = "".join(_TARGET.get(letter, letter) for letter in link or "")
    if not label:
        return target
    return f"*<{target}|{label}>*" if 0 < len(target) <= _LINK_LIMIT else f"*{label}*"


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    """Return labels and values on one line, as many as fit; a value is code, so that it can be copied as it is."""
    line = ""
    for label, value in facts:
        fact = f"{_escaped(label, 40)}: `{_escaped(value, _LINE_LIMIT, _CODE) or ' '}`"
        joined = f"{line} · {fact}" if line else fact
        if len(joined) > _FACTS_LIMIT:
            break
        line = joined
    return line


def _quoted(excerpt: Excerpt, room: int) -> str:
    """Return an excerpt as a quote with its marks in bold, in at most `room` code points; empty where none fits."""
    line = "> "
    for text, marked in runs(excerpt):
        signs = _BOLD if marked and text.strip() else "{}"
        left = room - len(line) - len(signs.format(""))
        if left < 1:
            break
        line += signs.format(_escaped(text, left))
        if _escaped_length(text) > left:
            break
    return line if line.strip() != ">" else ""


def _escaped_length(text: str) -> int:
    return sum(len(_TEXT.get(letter, letter)) for letter in one_line(text))


def _escaped(text: str, limit: int, escapes: Mapping[str, str] = _TEXT) -> str:
    """Return `text` on one line with nothing alive in it, in at most `limit` code points, no escape cut in two."""
    pieces = [escapes.get(letter, letter) for letter in one_line(text)]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    ends = accumulate(map(len, pieces), initial=1)  # 1: the ellipsis
    fitting = sum(end <= limit for end in ends) - 1
    return "".join(pieces[: max(fitting, 0)]) + "…"
