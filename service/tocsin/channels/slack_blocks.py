"""A notice in Slack's blocks and its mrkdwn, within Slack's limits, with nothing alive in it but the articles' links.

Slack knows three characters to escape (& < >); mentions, channels and links are all made with `<`. Its signs for bold,
italic, struck and code have no escape, so in untrusted text they give way to letters that look alike. Pure.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Final, TypeAlias

from tocsin.channels.wording import one_line, runs, source_line, telling_excerpt, web_link
from tocsin.model import Excerpt, MessageKind, Notice, Severity

MOST_BLOCKS: Final = 50
SECTION_LIMIT: Final = 3000
HEADER_LIMIT: Final = 150
#: For all blocks as JSON. Slack does not say how it counts; it takes no more than some 13,000, and has refused less.
BLOCKS_LIMIT: Final = 12_000

_TITLE_LIMIT: Final = 600
_LINE_LIMIT: Final = 300
_LINK_LIMIT: Final = 1000
_FACTS_LIMIT: Final = 1000
_PROSE_LIMIT: Final = 400  # of a fact that is words, not something to be copied
_LISTED_LIMIT: Final = 250  # of a title in a list
_SENTENCE_LIMIT: Final = 450
_RULE_LIMIT: Final = 80  # of a rule's name over its alerts
_PLACE_LIMIT: Final = 60
_MOST_CHAPTERS: Final = 20
_BOLD: Final = "\u200b*{}*\u200b"  # Slack makes bold only at a word's edge, and sees one in a space without width

_CODE: Final[Mapping[str, str]] = MappingProxyType({"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "ˋ"})
_TEXT: Final[Mapping[str, str]] = MappingProxyType({**_CODE, "*": "∗", "_": "ˍ", "~": "∼"})
_LABEL: Final[Mapping[str, str]] = MappingProxyType({**_TEXT, "|": "¦"})
_HEADER: Final[Mapping[str, str]] = MappingProxyType({"<": "‹", ">": "›"})  # no mrkdwn there, and no escapes
_TARGET: Final[Mapping[str, str]] = MappingProxyType(
    {"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C", "*": "%2A", "`": "%60"}
)
_DOTS: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.CRITICAL: "🔴", Severity.HIGH: "🟠", Severity.NORMAL: "🔵", Severity.INFO: "⚪"}
)
_PROSE: Final = ("Also in", "Follows", "It was")
_COPIED: Final = frozenset({"Rule at", "Alert", "List", "Slots"})

Block: TypeAlias = Mapping[str, object]


def blocks(notice: Notice) -> Sequence[Block]:
    """Return what Slack shows of a notice: at most 50 blocks of 12,000 code points as JSON."""
    return _together(notice) if notice.kind in {MessageKind.GROUP, MessageKind.DIGEST} else _alone(notice)


def fallback(notice: Notice) -> str:
    """Return the line that stands where blocks are not shown: in notifications, for one."""
    rule = f" {notice.rule}" if notice.rule and not notice.items else ""
    return escaped(f"{notice.severity.value.upper()}{rule}: {notice.headline}", _LINE_LIMIT)


# ---------------------------------------------------------------------------------------------------------------
# One alert


def _alone(notice: Notice) -> Sequence[Block]:
    """Return an alert, an update or a report: what rang, what is told, and why."""
    why = _facts((label, value) for label, value in notice.facts if label not in _PROSE)
    return (_small(_about(notice)), _section(section(notice)), *([_small(why)] if why else []))


def section(notice: Notice) -> str:
    """Return title, source, excerpts and where else it is, in at most 3000 code points.

    What gives way is the end of the excerpts.
    """
    head = _lines(_title(notice, _TITLE_LIMIT), escaped(source_line(notice), _LINE_LIMIT))
    tail = "\n".join(_prose(notice, _PROSE_LIMIT))
    room = SECTION_LIMIT - len(head) - len(tail) - 1
    lines = [head]
    for excerpt in notice.excerpts:
        line = _quoted(excerpt, room - 1)
        if not line:
            break
        lines.append(line)
        room -= len(line) + 1
    return _lines(*lines, tail)


def _about(notice: Notice) -> str:
    """Return the severity, in colour, and the rule."""
    rule = escaped(notice.rule, _LINE_LIMIT).strip()
    return " · ".join(filter(None, (f"{_DOTS[notice.severity]} *{notice.severity.value.upper()}*", rule)))


def _prose(notice: Notice, limit: int) -> Iterator[str]:
    facts = dict(notice.facts)
    return (f"{label}: {escaped(facts[label], limit)}" for label in _PROSE if facts.get(label))


# ---------------------------------------------------------------------------------------------------------------
# Several alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chapter:
    """Alerts that stand together under a heading, empty in a group; `count` are all, of which `items` are known."""

    heading: str
    items: Sequence[Notice]
    count: int


def _together(notice: Notice) -> Sequence[Block]:
    """Return a group or a digest with as many alerts as fit, each whole; what is left out is counted.

    Sentences give way before alerts do, and each rule has its first alert before another has its second.
    """
    found: Sequence[Block] = ()
    for found in _ways(notice):
        if _fits(found):
            break
    return found


def _ways(notice: Notice) -> Iterator[Sequence[Block]]:
    """Yield ways to tell of several alerts, each shorter than the one before; the last always fits."""
    chapters = tuple(_chapters(notice))[:_MOST_CHAPTERS]
    mixed = notice.kind is MessageKind.GROUP and len({item.rule for item in notice.items}) > 1
    order = [number for _, number in sorted(_places(chapters))]
    for detailed, mosts in ((True, (len(order),)), (False, range(len(order), -1, -1))):
        texts = [[_item(item, detailed=detailed, mixed=mixed) for item in chapter.items] for chapter in chapters]
        for most in mosts:
            shown = Counter(order[:most])
            yield _listed(notice, chapters, [known[: shown[number]] for number, known in enumerate(texts)])


def _chapters(notice: Notice) -> Iterator[_Chapter]:
    """Yield the alerts of a digest by their rules, also rules that none is known of; those of a group as one."""
    if notice.kind is MessageKind.GROUP:
        yield _Chapter(heading="", items=notice.items, count=len(notice.items) + notice.more)
        return
    by_rule: dict[str, list[Notice]] = {}
    for item in notice.items:
        by_rule.setdefault(item.rule, []).append(item)
    counts = dict(notice.counts)
    for rule in dict.fromkeys((*counts, *by_rule)):
        items = by_rule.get(rule, [])
        count = max(counts.get(rule, 0), len(items))
        yield _Chapter(heading=_heading(rule, items, count), items=items, count=count)


def _heading(rule: str, items: Sequence[Notice], count: int) -> str:
    name = f"*{escaped(rule, _RULE_LIMIT).strip() or '?'}*"
    alerts = "1 alert" if count == 1 else f"{count} alerts"
    severity = items[0].severity.value if items else ""
    place = _code(dict(items[0].facts).get("Rule at", ""), _PLACE_LIMIT) if items else ""
    return " · ".join(filter(None, (name, alerts, severity, place)))


def _places(chapters: Sequence[_Chapter]) -> Iterator[tuple[int, int]]:
    """Yield for each alert which of its chapter it is, and which chapter that is."""
    return ((place, number) for number, chapter in enumerate(chapters) for place in range(len(chapter.items)))


def _item(notice: Notice, *, detailed: bool, mixed: bool) -> str:
    """Return an alert of a list; `mixed`: its rule stands nowhere around it. With details there is a sentence too."""
    rule = (escaped(notice.rule, _RULE_LIMIT),) if mixed else ()
    about = (*rule, escaped(source_line(notice), _LINE_LIMIT), _code(notice.alert_id, _RULE_LIMIT))
    lines = [f"{_DOTS[notice.severity]} {_title(notice, _LISTED_LIMIT)}", " · ".join(filter(None, about))]
    if detailed:
        excerpt = telling_excerpt(notice)
        lines.append(_quoted(excerpt, _SENTENCE_LIMIT) if excerpt else "")
        lines += _prose(notice, _LISTED_LIMIT)
    return _lines(*lines)


def _listed(notice: Notice, chapters: Sequence[_Chapter], shown: Sequence[Sequence[str]]) -> Sequence[Block]:
    """Return the blocks of a list with those alerts `shown`, by chapter."""
    title = escaped(notice.headline, HEADER_LIMIT, _HEADER).strip() or "Tocsin"
    header = {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    when = escaped(notice.published, _LINE_LIMIT)
    about = (_about(notice), when) if notice.items else (when,)
    rest = len(notice.items) + notice.more - sum(chapter.count for chapter in chapters)
    facts = _facts((*notice.facts, *_common_place(notice)))
    return (
        header,
        *_small_if(" · ".join(filter(None, about))),
        *(block for chapter, texts in zip(chapters, shown, strict=True) for block in _chapter(chapter, texts)),
        *_small_if(f"and {rest} more" if rest > 0 else ""),
        *_small_if(facts),
    )


def _common_place(notice: Notice) -> Iterator[tuple[str, str]]:
    """Yield where the one rule of a group stands; in a digest its headings say so."""
    places = {dict(item.facts).get("Rule at", "") for item in notice.items}
    if notice.kind is MessageKind.GROUP and len(places) == 1 and (place := places.pop()):
        yield "Rule at", place


def _chapter(chapter: _Chapter, shown: Sequence[str]) -> Iterator[Block]:
    """Yield heading, alerts, and how many there are more, in as few sections as hold them."""
    left = chapter.count - len(shown)
    more = (f"and {left} more" if shown else "not listed here") if left else ""
    text = ""
    for piece in filter(None, (chapter.heading, *shown, more)):
        joined = _lines(text, piece)
        if len(joined) > SECTION_LIMIT:
            yield _section(text)
            joined = piece
        text = joined
    if text:
        yield _section(text)


def _fits(found: Sequence[Block]) -> bool:
    return len(found) <= MOST_BLOCKS and len(json.dumps(found, ensure_ascii=False)) <= BLOCKS_LIMIT


# ---------------------------------------------------------------------------------------------------------------
# Blocks and mrkdwn


def _section(text: str) -> Block:
    return {"type": "section", "expand": True, "text": _mrkdwn(text)}


def _small(text: str) -> Block:
    """Return a line in small grey letters."""
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _small_if(text: str) -> Iterator[Block]:
    if text:
        yield _small(text)


def _mrkdwn(text: str) -> Block:
    """Return a text in which Slack makes no links, mentions or channels of its own."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _title(notice: Notice, limit: int) -> str:
    """Return the headline in bold, as a link where there is one to link to."""
    link = web_link(notice.url)
    label = escaped(notice.headline, limit, _LABEL).strip() or escaped(link or "(no title)", limit, _LABEL)
    target = "".join(_TARGET.get(letter, letter) for letter in link or "")
    return f"*<{target}|{label}>*" if 0 < len(target) <= _LINK_LIMIT else f"*{label}*"


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    """Return labels and values on one line, as many as fit; what is there to be copied is code."""
    line = ""
    for label, value in facts:
        told = _code(value, _LINE_LIMIT) if label in _COPIED else escaped(value, _LINE_LIMIT)
        fact = f"{escaped(label, 40)}: {told}"
        joined = f"{line} · {fact}" if line else fact
        if len(joined) > _FACTS_LIMIT:
            break
        line = joined
    return line


def _code(text: str, limit: int) -> str:
    return f"`{escaped(text, limit, _CODE)}`" if text else ""


def _quoted(excerpt: Excerpt, room: int) -> str:
    """Return an excerpt as a quote with its marks in bold, in at most `room` code points; empty where none fits."""
    line = "> "
    for text, marked in runs(excerpt):
        signs = _BOLD if marked and text.strip() else "{}"
        left = room - len(line) - len(signs.format(""))
        if left < 1:
            break
        line += signs.format(escaped(text, left))
        if _escaped_length(text) > left:
            break
    return line if line.strip() != ">" else ""


def _escaped_length(text: str) -> int:
    return sum(len(_TEXT.get(letter, letter)) for letter in one_line(text))


def escaped(text: str, limit: int, escapes: Mapping[str, str] = _TEXT) -> str:
    """Return `text` on one line with nothing alive in it, in at most `limit` code points, no escape cut in two."""
    pieces = [escapes.get(letter, letter) for letter in one_line(text)]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    ends = accumulate(map(len, pieces), initial=1)  # 1: the ellipsis
    fitting = sum(end <= limit for end in ends) - 1
    return "".join(pieces[: max(fitting, 0)]) + "…"
