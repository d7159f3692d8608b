"""Telegram, by a bot that writes to one chat, changes what it wrote and answers it.

A message has at most 4096 UTF-16 code units after its markup is read, of which no more than 100 runs can be links, bold
and so on; what is read is cut off at 35,000 bytes (https://core.telegram.org/bots/api#sendmessage). Telegram makes
links of words that look like one, mentions of @names and so on, whatever the markup says: see `chat.inert`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from itertools import takewhile
from typing import Final
from urllib.parse import quote

import httpx

from tocsin.channels import http
from tocsin.channels.answers import fields_in, said, wait_of
from tocsin.channels.chat import (
    COPIED,
    DOTS,
    NOTHING,
    Part,
    fitted,
    fitted_runs,
    inert,
    is_list,
    is_mixed,
    more_line,
    other_facts,
    prose_facts,
    sane_link,
    units,
    ways,
)
from tocsin.channels.wording import as_json, one_line, source_line, telling_excerpt
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Excerpt, JsonObject, Message, Notice

TEXT_LIMIT: Final = 4096
MARKUP_LIMIT: Final = 24_000  # bytes; Telegram repeats it in its answer, of which no more than 64 kB are read
MOST_RUNS: Final = 100
_TITLE_LIMIT: Final = 400
_LINE_LIMIT: Final = 300
_ABOUT_LIMIT: Final = 150
_FACTS_LIMIT: Final = 500
_MOST_EXCERPTS: Final = 10
_LISTED_LIMIT: Final = 200
_SENTENCE_LIMIT: Final = 300
_RULE_LIMIT: Final = 60
_PLACE_LIMIT: Final = 40

_TAG: Final = re.compile("<[^>]*>")
_NUMBER: Final = re.compile(r"-?\d{1,20}")
_GONE: Final = ("chat not found", "group chat was upgraded")
_UNCHANGEABLE: Final = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
    "chat not found",  # where the first message was; the bot's chat may be another by now
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _First:
    """Where the first message about an alert stands."""

    chat: str
    number: int


class TelegramChannel:
    """Writes to a chat as a bot, whose token is in the path of each request."""

    def __init__(self, spec: ChannelSpec, transport: httpx.AsyncBaseTransport) -> None:
        self._spec = spec
        self._transport = transport

    async def send(self, message: Message) -> Attempt:
        """Try once to write `message`, or to change or answer the first one about its alert."""
        first, update = _first(message.earlier, self._spec.target), message.notice.update
        if update == "sources":
            if not first:
                return NOTHING
            changed = {"chat_id": first.chat, "message_id": first.number, **payload(message)}
            return await self._call("editMessageText", changed, _judge_change)
        body = {"chat_id": self._spec.target, **payload(message)}
        if update and first:
            body["reply_parameters"] = {"message_id": first.number, "allow_sending_without_reply": True}
        return await self._call("sendMessage", body, judge)

    async def _call(self, method: str, body: JsonObject, judge: http.Judge) -> Attempt:
        bot = quote(self._spec.token, safe=":")
        spec = replace(self._spec, url=f"{self._spec.url.rstrip('/')}/bot{bot}/{method}")
        return await http.post(spec, self._transport, as_json(body), {}, judge)


def payload(message: Message) -> dict[str, object]:
    """Return what a message says, in HTML of at most 4096 code units that are shown."""
    notice = message.notice
    return {
        "text": _together(notice) if is_list(notice) else _alone(notice),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


def shown_length(markup: str) -> int:
    """Return how many code units of `markup` are shown."""
    return units(unescape(_TAG.sub("", markup)))


# ---------------------------------------------------------------------------------------------------------------
# Text


def _alone(notice: Notice) -> str:
    """Return an alert, an update or a report. What gives way is the end of the excerpts."""
    head = _lines(_about(notice), _title(notice, _TITLE_LIMIT), _words(source_line(notice), _LINE_LIMIT))
    tail = _lines(*_prose(notice, _LINE_LIMIT), _facts(other_facts(notice)))
    room = TEXT_LIMIT - shown_length(head) - shown_length(tail) - 1
    quotes = []
    for excerpt in notice.excerpts[:_MOST_EXCERPTS]:
        if room < 3:  # a line's end, a letter and an ellipsis
            break
        quotes.append(_quoted(excerpt, room - 1))
        room -= shown_length(quotes[-1]) + 1
    return _lines(head, *quotes, tail)


def _together(notice: Notice) -> str:
    """Return a group or a digest with as many alerts as fit, each whole; what is left out is counted."""
    mixed, text = is_mixed(notice), ""
    for parts in ways(notice, lambda item, detailed: _item(item, detailed=detailed, mixed=mixed)):
        text = _listed(notice, parts)
        if _fits(text):
            break
    return text


def _fits(text: str) -> bool:
    runs = text.count("</")
    return shown_length(text) <= TEXT_LIMIT and runs <= MOST_RUNS and len(text.encode()) <= MARKUP_LIMIT


def _listed(notice: Notice, parts: Sequence[Part[str]]) -> str:
    title = _words(notice.headline, _LISTED_LIMIT).strip() or "Tocsin"
    when = _words(notice.published, _RULE_LIMIT)
    about = " · ".join(filter(None, (_about(notice), when))) if notice.items else when
    chapters = (_lines(_heading(part), *part.shown, part.more) for part in parts)
    facts = _facts(other_facts(notice))
    return "\n\n".join(filter(None, (_lines(f"<b>{title}</b>", about), *chapters, _lines(more_line(notice), facts))))


def _heading(part: Part[str]) -> str:
    chapter = part.chapter
    if not chapter.rule:
        return ""
    name = f"<b>{_words(chapter.rule, _RULE_LIMIT).strip() or '?'}</b>"
    return " · ".join(filter(None, (name, chapter.alerts, _code(chapter.place, _PLACE_LIMIT))))


def _item(notice: Notice, *, detailed: bool, mixed: bool) -> str:
    """Return an alert of a list; `mixed`: its rule stands nowhere around it. With details there is a sentence too."""
    rule = (_words(notice.rule, _RULE_LIMIT),) if mixed else ()
    about = (*rule, _words(source_line(notice), _LISTED_LIMIT), _code(notice.alert_id, _RULE_LIMIT))
    lines = [f"{DOTS[notice.severity]} {_title(notice, _LISTED_LIMIT)}", " · ".join(filter(None, about))]
    if detailed:
        excerpt = telling_excerpt(notice)
        lines += [_quoted(excerpt, _SENTENCE_LIMIT) if excerpt else "", *_prose(notice, _LISTED_LIMIT)]
    return _lines(*lines)


def _about(notice: Notice) -> str:
    """Return the severity, in colour, and the rule."""
    rule = _words(notice.rule, _ABOUT_LIMIT).strip()
    return " · ".join(filter(None, (f"{DOTS[notice.severity]} <b>{notice.severity.value.upper()}</b>", rule)))


def _title(notice: Notice, limit: int) -> str:
    """Return the headline in bold, as a link where there is one to link to."""
    link = sane_link(notice.url)
    label = _words(notice.headline, limit).strip() or _words(link or "(no title)", limit)
    return f'<a href="{escape(link)}"><b>{label}</b></a>' if link else f"<b>{label}</b>"


def _prose(notice: Notice, limit: int) -> Iterable[str]:
    return (f"{label}: {_words(value, limit)}" for label, value in prose_facts(notice))


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    """Return labels and values on one line, as many as fit; what is there to be copied is code."""
    told = [
        f"{_words(label, 40)}: {_code(value, 200) if label in COPIED else _words(value, 200)}" for label, value in facts
    ]
    lines = (" · ".join(told[: number + 1]) for number in range(len(told)))
    return next(reversed(list(takewhile(lambda line: shown_length(line) <= _FACTS_LIMIT, lines))), "")


def _quoted(excerpt: Excerpt, limit: int) -> str:
    """Return an excerpt as a quote with its marks in bold, of which at most `limit` code units are shown."""
    pieces = (
        f"<b>{escape(text, quote=False)}</b>" if marked and text.strip() else escape(text, quote=False)
        for text, marked in fitted_runs(excerpt, limit)
    )
    quote = "".join(pieces)
    return f"<blockquote>{quote}</blockquote>" if quote.strip() else ""


def _words(text: str, limit: int) -> str:
    """Return `text` with nothing alive in it, of which at most `limit` code units are shown."""
    return escape(fitted(inert(text, limit), limit), quote=False)


def _code(text: str, limit: int) -> str:
    """Return what is there to be copied; in code nothing comes alive."""
    return f"<code>{escape(fitted(one_line(text), limit), quote=False)}</code>" if text.strip() else ""


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


# ---------------------------------------------------------------------------------------------------------------
# Answers


def judge(answer: http.Answer) -> Attempt:
    """Decide by status and JSON: a bot that was shut out, or a chat that is not there, will never get it."""
    attempt, fields = http.judge(answer), fields_in(answer.body)
    if attempt.result is AttemptResult.SENT:
        return _sent(answer, attempt, fields)
    reason = said(answer.body, "description")
    told = replace(attempt, detail=f"{attempt.detail}: {reason}") if reason else attempt
    parameters = fields.get("parameters")
    match answer.status, parameters if isinstance(parameters, dict) else {}:
        case _, {"migrate_to_chat_id": int(chat)}:
            return replace(told, result=AttemptResult.GONE, detail=f"the group is the chat {chat} by now")
        case 429, more:
            return replace(told, retry_after=wait_of(answer, more.get("retry_after")))
        case ((401 | 403), _) if fields.get("ok") is False:
            return replace(told, result=AttemptResult.GONE)
        case 400, _ if any(words in reason.casefold() for words in _GONE):
            return replace(told, result=AttemptResult.GONE)
        case _:
            return told


def _sent(answer: http.Answer, attempt: Attempt, fields: JsonObject) -> Attempt:
    match fields:
        case {"ok": True, "result": {"message_id": int(number), "chat": {"id": int(chat)}}}:
            return replace(attempt, remote_id=f"{chat}:{number}")
        case {"ok": True}:
            return attempt
    if answer.body is None:
        return replace(attempt, result=AttemptResult.UNSURE, detail="Telegram's answer broke off")
    return replace(attempt, result=AttemptResult.REFUSED, detail="what answered is no Bot API")


def _judge_change(answer: http.Answer) -> Attempt:
    """Decide what came of changing a message: one that can be changed no more is left as it is."""
    reason = said(answer.body, "description").casefold()
    if answer.status == 400 and "message is not modified" in reason:
        return replace(NOTHING, status=answer.status)
    if answer.status == 400 and any(words in reason for words in _UNCHANGEABLE):
        return replace(NOTHING, detail="nothing to change: the message is gone", status=answer.status)
    return judge(answer)


def _first(earlier: str | None, target: str) -> _First | None:
    """Read what we remember a message by; None where it is nothing of the bot's, or in a chat that we left."""
    chat, _, number = (earlier or "").rpartition(":")
    if not (_NUMBER.fullmatch(chat) and _NUMBER.fullmatch(number)):
        return None
    moved = _NUMBER.fullmatch(target) and target != chat
    return None if moved else _First(chat=chat, number=int(number))
