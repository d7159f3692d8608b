"""Discord, by a webhook that can change what it posted.

Limits: an embed's text 4096 characters, title and author 256, a field 1024, ten embeds, 6000 characters in all of them
(https://discord.com/developers/docs/resources/message#embed-object-embed-limits). They are held in UTF-16 code units.
Every sign of Discord's markdown has an escape, but brackets in the label of a link, which give way to others. Author
and footer are plain text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from tocsin.channels import http
from tocsin.channels.answers import fields_in, said, text_in, wait_of
from tocsin.channels.chat import (
    DOTS,
    JOINER,
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
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Excerpt, Message, Notice, Severity

TEXT_LIMIT: Final = 4096
TITLE_LIMIT: Final = 256
FIELD_LIMIT: Final = 1024
FOOTER_LIMIT: Final = 800  # of 2048
ALL_LIMIT: Final = 6000
MOST_EMBEDS: Final = 10
_LINE_LIMIT: Final = 300
_LISTED_LIMIT: Final = 200
_SENTENCE_LIMIT: Final = 350
_RULE_LIMIT: Final = 80
_PLACE_LIMIT: Final = 60

_UNCHANGEABLE: Final = frozenset({10008, 50005})  # unknown message, that of another author
_GONE: Final = frozenset({10015, 50027})  # unknown webhook, wrong token of it
_NUMBER: Final = re.compile(r"\d{1,20}")
_STARTS: Final = re.compile(
    r"[\s\ufeff]*(?:[-+#>*]|\d+[.)])"
)  # what is a heading, a list or a quote at the start of a line

_TEXT: Final[Mapping[str, str]] = MappingProxyType({sign: f"\\{sign}" for sign in "\\*_~`|<>[]()"})
_LABEL: Final[Mapping[str, str]] = MappingProxyType({**_TEXT, "[": "［", "]": "］", "(": "(", ")": ")"})
_COLOURS: Final[Mapping[Severity, int]] = MappingProxyType(
    {Severity.CRITICAL: 0xD92D20, Severity.HIGH: 0xF79009, Severity.NORMAL: 0x2E90FA, Severity.INFO: 0x98A2B3}
)


class DiscordChannel:
    """Posts to a webhook, whose URL may name a thread."""

    def __init__(self, spec: ChannelSpec, transport: httpx.AsyncBaseTransport) -> None:
        self._spec = spec
        self._transport = transport

    async def send(self, message: Message) -> Attempt:
        """Try once to post `message`, or to change the first one about its alert."""
        body = as_json(payload(message))
        if message.notice.update != "sources":
            return await http.post(_at(self._spec, wait="true"), self._transport, body, {}, judge)
        if not (message.earlier and _NUMBER.fullmatch(message.earlier)):
            return NOTHING
        first = _at(self._spec, f"/messages/{message.earlier}")
        return await http.post(first, self._transport, body, {}, _judge_change, method="PATCH")


def payload(message: Message) -> dict[str, object]:
    """Return what Discord is posted: embeds of at most 6000 code units, in which nobody is mentioned."""
    notice = message.notice
    embeds = _together(notice) if is_list(notice) else [_alone(notice)]
    return {"embeds": embeds, "allowed_mentions": {"parse": []}}


def embeds_length(embeds: Iterable[Mapping[str, object]]) -> int:
    """Return how many code units embeds have of what Discord counts."""
    return sum(units(text) for embed in embeds for text in _counted(embed))


def _counted(value: object, name: str = "") -> Iterator[str]:
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _counted(inner, key)
        case list() | tuple():
            for inner in value:
                yield from _counted(inner)
        case str() if name != "url":
            yield value


def _at(spec: ChannelSpec, path: str = "", **query: str) -> ChannelSpec:
    """Return the channel with its URL led on; one that is none stays as it is, for `http.post` to judge."""
    try:
        parts = urlsplit(spec.url)
        fields = dict(parse_qsl(parts.query, keep_blank_values=True)) | query
    except ValueError:
        return spec
    url = parts._replace(path=parts.path.rstrip("/") + path, query=urlencode(fields)).geturl()
    return replace(spec, url=url)


# ---------------------------------------------------------------------------------------------------------------
# Embeds


def _alone(notice: Notice) -> dict[str, object]:
    """Return an alert, an update or a report. What gives way is the end of the excerpts."""
    embed = _framed(notice, _about(notice), notice.headline, _footer(notice))
    if link := sane_link(notice.url):
        embed["url"] = link
    if fields := [{"name": label, "value": _words(value, FIELD_LIMIT)} for label, value in prose_facts(notice)]:
        embed["fields"] = fields
    room = min(TEXT_LIMIT, ALL_LIMIT - embeds_length([embed]))
    if text := _text(notice, room):
        embed["description"] = text
    return embed


def _text(notice: Notice, room: int) -> str:
    """Return source and excerpts in at most `room` code units."""
    lines = [_words(source_line(notice), _LINE_LIMIT)]
    room -= units(lines[0])
    for excerpt in notice.excerpts:
        quote = _quoted(excerpt, room - 1)
        if not quote:
            break
        lines.append(quote)
        room -= units(quote) + 1
    return _lines(*lines)


def _framed(notice: Notice, about: str, title: str, footer: str) -> dict[str, object]:
    """Return an embed but for its text: a line over the title, the title, and small letters under it all."""
    return {
        "author": {"name": about},
        "title": _words(title, TITLE_LIMIT).strip() or "(no title)",
        "color": _COLOURS[notice.severity],
        **({"footer": {"text": footer}} if footer else {}),
    }


def _about(notice: Notice, *more: str) -> str:
    about = (f"{DOTS[notice.severity]} {notice.severity.value.upper()}", notice.rule, *more)
    return fitted(" · ".join(filter(None, (one_line(part).strip() for part in about))), TITLE_LIMIT)


def _footer(notice: Notice) -> str:
    """Return labels and values on one line of plain text, as many as fit."""
    told = [f"{fitted(one_line(label), 40)}: {fitted(one_line(value), 300)}" for label, value in other_facts(notice)]
    lines = (" · ".join(told[: number + 1]) for number in range(len(told)))
    return next(reversed(list(takewhile(lambda line: units(line) <= FOOTER_LIMIT, lines))), "")


# ---------------------------------------------------------------------------------------------------------------
# Several alerts


def _together(notice: Notice) -> Sequence[dict[str, object]]:
    """Return a group or a digest with as many alerts as fit, each whole; what is left out is counted."""
    mixed = is_mixed(notice)
    embeds: Sequence[dict[str, object]] = ()
    for parts in ways(notice, lambda item, detailed: _item(item, detailed=detailed, mixed=mixed)):
        embeds = _listed(notice, parts)
        if len(embeds) <= MOST_EMBEDS and embeds_length(embeds) <= ALL_LIMIT:
            break
    return embeds


def _listed(notice: Notice, parts: Sequence[Part[str]]) -> Sequence[dict[str, object]]:
    """Return a list in as few embeds as hold it; the first has the headline."""
    about = _about(notice, notice.published) if notice.items else fitted(one_line(notice.published), TITLE_LIMIT)
    first = _framed(notice, about or "Tocsin", notice.headline or "Tocsin", "")
    texts = list(_packed([*_pieces(parts), *(f"\n\n{line}" for line in filter(None, [more_line(notice)]))]))
    colour = {"color": first["color"]}
    embeds = [{**(colour if number else first), "description": text} for number, text in enumerate(texts)] or [first]
    if footer := _footer(notice):
        embeds[-1]["footer"] = {"text": footer}
    return embeds


def _pieces(parts: Sequence[Part[str]]) -> Iterator[str]:
    """Yield headings, alerts and how many there are more, each with the ends of lines before it."""
    for part in parts:
        ends = "\n\n"
        for piece in filter(None, (_heading(part), *part.shown, part.more)):
            yield ends + piece
            ends = "\n"


def _packed(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the pieces joined to texts that an embed holds."""
    text = ""
    for piece in pieces:
        if text and units(text + piece) > TEXT_LIMIT:
            yield text
            text = ""
        text += piece if text else piece.lstrip("\n")
    if text:
        yield text


def _heading(part: Part[str]) -> str:
    chapter = part.chapter
    if not chapter.rule:
        return ""
    name = f"**{_words(chapter.rule, _RULE_LIMIT).strip() or '?'}**"
    return " · ".join(filter(None, (name, chapter.alerts, _code(chapter.place, _PLACE_LIMIT))))


def _item(notice: Notice, *, detailed: bool, mixed: bool) -> str:
    """Return an alert of a list; `mixed`: its rule stands nowhere around it. With details there is a sentence too."""
    rule = (_words(notice.rule, _RULE_LIMIT),) if mixed else ()
    about = (*rule, _words(source_line(notice), _LISTED_LIMIT), _code(notice.alert_id, _RULE_LIMIT))
    lines = [f"{DOTS[notice.severity]} {_title(notice)}", " · ".join(filter(None, about))]
    if detailed:
        excerpt = telling_excerpt(notice)
        lines.append(_quoted(excerpt, _SENTENCE_LIMIT) if excerpt else "")
        lines += (f"{label}: {_words(value, _LISTED_LIMIT)}" for label, value in prose_facts(notice))
    return _lines(*lines)


def _title(notice: Notice) -> str:
    """Return the headline in bold, as a link where there is one to link to."""
    link = sane_link(notice.url)
    label = _words(notice.headline, _LISTED_LIMIT, _LABEL).strip() or _words(
        link or "(no title)", _LISTED_LIMIT, _LABEL
    )
    return f"**[{label}](<{link}>)**" if link else f"**{label}**"


# ---------------------------------------------------------------------------------------------------------------
# Markdown


def _quoted(excerpt: Excerpt, limit: int) -> str:
    """Return an excerpt as a quote with its marks in bold, in at most `limit` code units; empty where none fits."""
    start = JOINER if _STARTS.match(one_line(excerpt.text)) else ""
    room = limit - units(f"> {start}")
    if room < 2:  # a letter and an ellipsis
        return ""
    pieces = (
        f"**{_escaped(text)}**" if marked and text.strip() else _escaped(text)
        for text, marked in fitted_runs(excerpt, room, lambda letter: units(_escaped(letter)), sign=4)
    )
    quote = "".join(pieces)
    return f"> {start}{quote}" if quote.strip() else ""


def _words(text: str, limit: int, escapes: Mapping[str, str] = _TEXT) -> str:
    """Return `text` with nothing alive in it, also at the start of a line, in at most `limit` code units."""
    words = inert(text, limit)
    start = [JOINER] if _STARTS.match(words) else []
    return fitted([*start, *(escapes.get(letter, letter) for letter in words)], limit)


def _escaped(text: str) -> str:
    return "".join(_TEXT.get(letter, letter) for letter in text)


def _code(text: str, limit: int) -> str:
    """Return what is there to be copied; in code nothing comes alive."""
    return f"`{fitted(one_line(text).replace('`', 'ˋ'), limit)}`" if text.strip() else ""


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


# ---------------------------------------------------------------------------------------------------------------
# Answers


def judge(answer: http.Answer) -> Attempt:
    """Decide by status and JSON: the message itself is sent, and a webhook that was deleted will never be there."""
    attempt = http.judge(answer)
    if attempt.result is AttemptResult.SENT:
        return _sent(answer, attempt)
    reason = said(answer.body, "message")
    told = replace(attempt, detail=f"{attempt.detail}: {reason}") if reason else attempt
    if attempt.result is AttemptResult.WAIT:
        return replace(told, retry_after=wait_of(answer, fields_in(answer.body).get("retry_after")))
    return replace(told, result=AttemptResult.GONE) if _error(answer) in _GONE else told


def _sent(answer: http.Answer, attempt: Attempt) -> Attempt:
    if message_id := text_in(answer.body, "id"):
        return replace(attempt, remote_id=message_id)
    if answer.status == 204:  # it was not asked to wait: something in between leaves queries out
        return attempt
    if answer.body is None:
        return replace(attempt, result=AttemptResult.UNSURE, detail="Discord's answer broke off")
    return replace(attempt, result=AttemptResult.REFUSED, detail="what answered is not Discord")


def _judge_change(answer: http.Answer) -> Attempt:
    """Decide what came of changing a message: one that can be changed no more is left as it is."""
    if _error(answer) in _UNCHANGEABLE:
        return replace(NOTHING, detail="nothing to change: the message is gone", status=answer.status)
    return judge(answer)


def _error(answer: http.Answer) -> int:
    """Return Discord's number of an error; 0 where there is none."""
    code = fields_in(answer.body).get("code")
    return code if isinstance(code, int) else 0
