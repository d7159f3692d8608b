"""Microsoft Teams, by a workflow that posts the Adaptive Card that its webhook gets.

A card has at most 28 kB (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/
add-incoming-webhook); where what lies between counts otherwise, some of 21 kB were refused. All text is in runs of
rich text, in which there is no Markdown, no HTML and no mention (https://adaptivecards.io/explorer/TextRun.html). A
workflow can change nothing that it posted.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from types import MappingProxyType
from typing import Final, TypeAlias

import httpx

from tocsin.channels import http
from tocsin.channels.answers import fields_in
from tocsin.channels.chat import (
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
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Message, Notice, Severity

BODY_LIMIT: Final = 21_000  # bytes
_MOST_EXCERPTS: Final = 10
_TITLE_LIMIT: Final = 400
_LINE_LIMIT: Final = 300
_FACTS_LIMIT: Final = 800
_LISTED_LIMIT: Final = 200
_SENTENCE_LIMIT: Final = 300
_RULE_LIMIT: Final = 60
_PLACE_LIMIT: Final = 40

_ERROR_NAME: Final = re.compile("[A-Za-z]{2,60}")
_NEVER: Final = frozenset({404, 410})
_COLOURS: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.CRITICAL: "Attention", Severity.HIGH: "Warning", Severity.NORMAL: "Accent", Severity.INFO: "Default"}
)

Element: TypeAlias = Mapping[str, object]


class TeamsChannel:
    """Posts cards to the webhook of a workflow."""

    def __init__(self, spec: ChannelSpec, transport: httpx.AsyncBaseTransport) -> None:
        self._spec = spec
        self._transport = transport

    async def send(self, message: Message) -> Attempt:
        """Try once to post `message`."""
        if message.notice.update == "sources":
            return NOTHING
        return await http.post(self._spec, self._transport, as_json(payload(message)), {}, judge)


def payload(message: Message) -> dict[str, object]:
    """Return what Teams is posted: one card, of at most 21,000 bytes with all that is around it."""
    notice = message.notice
    return _together(notice) if is_list(notice) else _alone(notice)


def judge(answer: http.Answer) -> Attempt:
    """Decide by the status: a workflow that is not there will never be. A web page is somebody else's answer."""
    attempt = http.judge(answer)
    if attempt.result is AttemptResult.SENT and (answer.body or b"").lstrip().startswith(b"<"):
        return replace(attempt, result=AttemptResult.REFUSED, detail="what answered is no workflow")
    match fields_in(answer.body).get("error"):
        case {"code": str(name)} if attempt.result is not AttemptResult.SENT and _ERROR_NAME.fullmatch(name):
            attempt = replace(attempt, detail=f"{attempt.detail}: {name}")
    return replace(attempt, result=AttemptResult.GONE) if answer.status in _NEVER else attempt


# ---------------------------------------------------------------------------------------------------------------
# Cards


def _alone(notice: Notice) -> dict[str, object]:
    """Return an alert, an update or a report. What gives way is the end of the excerpts."""
    whole = _told(notice, BODY_LIMIT)
    if _fits(whole):
        return whole
    rooms = range(1, BODY_LIMIT)  # a code unit takes a byte at least
    return _told(notice, bisect_right(rooms, BODY_LIMIT, key=lambda room: len(as_json(_told(notice, room)))))


def _told(notice: Notice, room: int) -> dict[str, object]:
    """Return an alert with at most `room` code units of its excerpts."""
    link = sane_link(notice.url)
    quotes = list(_quotes(notice, room))
    facts = _facts(notice)
    body: list[Element] = [
        _block(*_about(notice)),
        _block(_title(notice, _TITLE_LIMIT, size="Large"), spacing="Small"),
        _block(_small(_words(source_line(notice), _LINE_LIMIT)), spacing="None"),
        *([{"type": "Container", "style": "emphasis", "items": quotes}] if quotes else []),
        *(_block(_run(line)) for line in _prose(notice, _LINE_LIMIT)),
        *([_block(_small(facts), separator=True)] if facts else []),
    ]
    return _posted(body, [{"type": "Action.OpenUrl", "title": "Open the page", "url": link}] if link else [])


def _quotes(notice: Notice, room: int) -> Iterator[Element]:
    for excerpt in notice.excerpts[:_MOST_EXCERPTS]:
        if room < 2:  # a letter and an ellipsis
            return
        pieces = fitted_runs(excerpt, room)
        room -= sum(units(text) for text, _ in pieces)
        if quote := _quote(pieces):
            yield _block(*quote)


def _together(notice: Notice) -> dict[str, object]:
    """Return a group or a digest with as many alerts as fit, each whole; what is left out is counted."""
    mixed = is_mixed(notice)
    card: dict[str, object] = {}
    for parts in ways(notice, lambda item, detailed: list(_item(item, detailed=detailed, mixed=mixed))):
        card = _listed(notice, parts)
        if _fits(card):
            break
    return card


def _listed(notice: Notice, parts: Sequence[Part[Sequence[Element]]]) -> dict[str, object]:
    title = _words(notice.headline, _LISTED_LIMIT).strip() or "Tocsin"
    when = _words(notice.published, _RULE_LIMIT)
    about = (*_about(notice), _run(f" · {when}" if when else "")) if notice.items else (_run(when),)
    facts, rest = _facts(notice), more_line(notice)
    body: list[Element] = [
        _block(_run(title, size="Large", weight="Bolder")),
        _block(*about, spacing="Small"),
        *(element for part in parts for element in _chapter(part)),
        *([_block(_small(rest))] if rest else []),
        *([_block(_small(facts), separator=True)] if facts else []),
    ]
    return _posted(body, [])


def _chapter(part: Part[Sequence[Element]]) -> Iterator[Element]:
    chapter = part.chapter
    if chapter.rule:
        place = fitted(one_line(chapter.place), _PLACE_LIMIT)
        about = "".join(f" · {words}" for words in (chapter.alerts, place) if words)
        name = _words(chapter.rule, _RULE_LIMIT).strip() or "?"
        yield _block(_run(name, weight="Bolder", size="Medium"), _small(about), separator=True, spacing="Medium")
    for elements in part.shown:
        yield from elements
    if part.more:
        yield _block(_small(part.more))


def _item(notice: Notice, *, detailed: bool, mixed: bool) -> Iterator[Element]:
    """Yield an alert of a list; `mixed`: its rule stands nowhere around it. With details there is a sentence too."""
    rule = (_words(notice.rule, _RULE_LIMIT),) if mixed else ()
    about = (*rule, _words(source_line(notice), _LISTED_LIMIT), fitted(one_line(notice.alert_id), _RULE_LIMIT))
    yield _block(_run(f"{DOTS[notice.severity]} "), _title(notice, _LISTED_LIMIT))
    yield _block(_small(" · ".join(filter(None, about))), spacing="None")
    if detailed:
        excerpt = telling_excerpt(notice)
        if excerpt and (quote := _quote(fitted_runs(excerpt, _SENTENCE_LIMIT))):
            yield _block(*quote, spacing="None")
        for line in _prose(notice, _LISTED_LIMIT):
            yield _block(_run(line), spacing="None")


def _posted(body: Sequence[Element], actions: Sequence[Element]) -> dict[str, object]:
    """Return a card as what a workflow takes: a message with the card attached."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [element for element in body if element.get("inlines") != []],
        **({"actions": list(actions)} if actions else {}),
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _fits(posted: dict[str, object]) -> bool:
    return len(as_json(posted)) <= BODY_LIMIT


# ---------------------------------------------------------------------------------------------------------------
# Rich text


def _block(*runs: Element, **style: object) -> Element:
    return {"type": "RichTextBlock", "inlines": [run for run in runs if run["text"]], **style}


def _run(text: str, **style: object) -> Element:
    return {"type": "TextRun", "text": text, **style}


def _small(text: str) -> Element:
    """Return a run in small grey letters."""
    return _run(text, size="Small", isSubtle=True)


def _about(notice: Notice) -> tuple[Element, Element]:
    """Return the severity, in colour, and the rule."""
    severity = f"{DOTS[notice.severity]} {notice.severity.value.upper()}"
    rule = _words(notice.rule, _LISTED_LIMIT).strip()
    return _run(severity, weight="Bolder", color=_COLOURS[notice.severity]), _run(f" · {rule}" if rule else "")


def _title(notice: Notice, limit: int, **style: str) -> Element:
    """Return the headline in bold, as a link where there is one to link to."""
    link = sane_link(notice.url)
    label = _words(notice.headline, limit).strip() or _words(link or "(no title)", limit)
    action = {"selectAction": {"type": "Action.OpenUrl", "url": link}} if link else {}
    return _run(label, weight="Bolder", **style, **action)


def _prose(notice: Notice, limit: int) -> Iterator[str]:
    return (f"{label}: {_words(value, limit)}" for label, value in prose_facts(notice))


def _facts(notice: Notice) -> str:
    """Return labels and values on one line, as many as fit; nothing is put into what is there to be copied."""
    told = [f"{fitted(one_line(label), 40)}: {fitted(one_line(value), 200)}" for label, value in other_facts(notice)]
    lines = (" · ".join(told[: number + 1]) for number in range(len(told)))
    return next(reversed(list(takewhile(lambda line: units(line) <= _FACTS_LIMIT, lines))), "")


def _quote(pieces: Sequence[tuple[str, bool]]) -> Sequence[Element]:
    """Return an excerpt as runs, its marks in bold; none where nothing is to be seen."""
    if not "".join(text for text, _ in pieces).strip():
        return ()
    return [_run(text, **({"weight": "Bolder"} if marked else {})) for text, marked in pieces]


def _words(text: str, limit: int) -> str:
    """Return `text` with nothing alive in it, in at most `limit` code units."""
    return fitted(inert(text, limit), limit)
