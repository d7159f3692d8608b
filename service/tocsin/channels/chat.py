"""What chats have in common: words that come alive nowhere, and lists of alerts cut to what fits. Pure.

Many chats make links, mentions, tags and commands of plain words, escaped or not. A word joiner (U+2060), which nobody
sees, keeps such a word apart where the chat would look for it.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, islice
from operator import itemgetter
from types import MappingProxyType
from typing import Final, Generic, TypeVar

import httpx

from tocsin.channels.wording import one_line, runs, web_link
from tocsin.model import Attempt, AttemptResult, Excerpt, MessageKind, Notice, Severity

JOINER: Final = "\u2060"
LINK_LIMIT: Final = 1000
NOTHING: Final = Attempt(result=AttemptResult.SENT, detail="nothing to change")
DOTS: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.CRITICAL: "🔴", Severity.HIGH: "🟠", Severity.NORMAL: "🔵", Severity.INFO: "⚪"}
)

#: Facts that are there to be copied: no joiner may stand in them.
COPIED: Final = frozenset({"Rule at", "Alert", "List", "Slots"})
_PROSE: Final = ("Also in", "Follows", "It was")
_MOST_CHAPTERS: Final = 20
_AHEAD: Final = 9  # as far as it matters what follows what is shown
_ALIVE: Final = re.compile(r"[@#](?=\w)|(?<!\w)/(?=\w)|\$(?=\w*[A-Z])|:(?=/)|\.(?=[^\W\d]{2}|\d+\.\d+\.\d)")
_SIGNS: Final = str.maketrans(
    {
        "(": "%28",
        ")": "%29",
        "<": "%3C",
        ">": "%3E",
        "\\": "%5C",
        "`": "%60",
        "*": "%2A",
        "|": "%7C",
        "[": "%5B",
        "]": "%5D",
    }
)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# ---------------------------------------------------------------------------------------------------------------
# Words


def inert(text: str, most: int | None = None) -> str:
    """Return `text` on one line, in which no chat finds a link, a mention, a tag or a command.

    `most` is how many characters are looked at, of a text of which no more than that are to be shown.
    """
    line = one_line(text)
    return _ALIVE.sub(lambda found: found[0] + JOINER, line if most is None else line[: most + _AHEAD])


def units(text: str) -> int:
    """Return how many UTF-16 code units `text` takes: what some count, and no fewer than the others do."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def fitted(pieces: Sequence[str], limit: int) -> str:
    """Return the pieces joined, in at most `limit` code units; none is cut in two. What is cut ends in an ellipsis.

    No piece may be empty.
    """
    ends = list(accumulate(map(units, pieces[: limit + 1])))
    if not ends or ends[-1] <= limit:
        return "".join(pieces)
    return "".join(pieces[: bisect_right(ends, limit - 1)]).rstrip() + "…"


def fitted_runs(
    excerpt: Excerpt, limit: int, size: Callable[[str], int] = units, sign: int = 0
) -> Sequence[tuple[str, bool]]:
    """Return the inert text of an excerpt in pieces, each with whether it is marked, cut to what `limit` lets through.

    `size` says what a character takes, `sign` what it takes to mark a piece.
    """
    letters = _inert_letters(excerpt, limit)
    before = [False, *(marked for _, marked in letters)]
    ends = list(
        accumulate(
            size(letter) + sign * (marked and not was) for (letter, marked), was in zip(letters, before, strict=False)
        )
    )
    if ends and ends[-1] > limit:
        letters = [*letters[: bisect_right(ends, limit - 1)], ("…", False)]
    return [("".join(letter for letter, _ in piece), marked) for marked, piece in groupby(letters, itemgetter(1))]


def _inert_letters(excerpt: Excerpt, most: int) -> Sequence[tuple[str, bool]]:
    """Return the characters of an excerpt with their marks. A joiner may be due where a marked word begins or ends."""
    letters = list(islice(((letter, marked) for text, marked in runs(excerpt) for letter in text), most + _AHEAD))
    ends = {found.end() for found in _ALIVE.finditer("".join(letter for letter, _ in letters))}
    return [(letter + JOINER * (end in ends), marked) for end, (letter, marked) in enumerate(letters, 1)]


def sane_link(url: str | None) -> str:
    """Return `url` as ASCII without signs of markup if it may be a link of a sane length; empty where it may not.

    Some receivers refuse the whole message for a URL that is none.
    """
    try:
        parsed = httpx.URL(web_link(url) or "")
    except httpx.InvalidURL:
        return ""
    link = str(parsed).translate(_SIGNS)
    named = parsed.host and ":" not in parsed.host
    return link if named and len(link) <= LINK_LIMIT and link.isascii() else ""


# ---------------------------------------------------------------------------------------------------------------
# Facts


def prose_facts(notice: Notice) -> Iterator[tuple[str, str]]:
    """Yield the facts that are words to be read: where else it is, what it follows."""
    facts = dict(notice.facts)
    return ((label, facts[label]) for label in _PROSE if one_line(facts.get(label, "")).strip())


def other_facts(notice: Notice) -> Iterator[tuple[str, str]]:
    """Yield the other facts, for a group of one rule where that stands; in a digest the headings say so."""
    yield from ((label, value) for label, value in notice.facts if label not in _PROSE)
    places = {dict(item.facts).get("Rule at", "") for item in notice.items}
    if notice.kind is MessageKind.GROUP and len(places) == 1 and (place := places.pop()):
        yield "Rule at", place


# ---------------------------------------------------------------------------------------------------------------
# Lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """The alerts of one rule in a digest, or those of a group: its `rule` is empty. `count` are all, `items` known."""

    rule: str
    items: Sequence[Notice]
    count: int

    @property
    def alerts(self) -> str:
        """How many alerts there are, and how severe."""
        severity = f" · {self.items[0].severity.value}" if self.items else ""
        return ("1 alert" if self.count == 1 else f"{self.count} alerts") + severity

    @property
    def place(self) -> str:
        """Where the rule stands, empty where nobody knows."""
        return dict(self.items[0].facts).get("Rule at", "") if self.items else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T_co]):
    """A chapter with those of its alerts that are shown, in a chat's own form."""

    chapter: Chapter
    shown: Sequence[T_co]

    @property
    def more(self) -> str:
        """The line that says how many are not shown, empty where all are."""
        left = self.chapter.count - len(self.shown)
        return (f"and {left} more" if self.shown else "not listed here") if left else ""


def is_list(notice: Notice) -> bool:
    """Tell whether a notice is of several alerts; a digest may have none."""
    return notice.kind in {MessageKind.GROUP, MessageKind.DIGEST}


def is_mixed(notice: Notice) -> bool:
    """Tell whether each alert of a list has to say of which rule it is."""
    return notice.kind is MessageKind.GROUP and len({item.rule for item in notice.items}) > 1


def more_line(notice: Notice) -> str:
    """Return the line that says how many alerts there are of which no chapter tells, empty where there are none."""
    rest = len(notice.items) + notice.more - sum(chapter.count for chapter in _chapters(notice))
    return f"and {rest} more" if rest > 0 else ""


def ways(notice: Notice, draw: Callable[[Notice, bool], T]) -> Iterator[Sequence[Part[T]]]:
    """Yield ways to tell of several alerts, each shorter than the one before; the last shows none of them.

    `draw` makes a chat's form of one, with or without details. Details give way before alerts do, and each rule has
    its first alert before another has its second.
    """
    chapters = _chapters(notice)
    places = ((place, number) for number, chapter in enumerate(chapters) for place in range(len(chapter.items)))
    order = [number for _, number in sorted(places)]
    for detailed, mosts in ((True, (len(order),)), (False, range(len(order), -1, -1))):
        drawn = [[draw(item, detailed) for item in chapter.items] for chapter in chapters]
        for most in mosts:
            counts = Counter(order[:most])
            yield [
                Part(chapter=chapter, shown=items[: counts[number]])
                for number, (chapter, items) in enumerate(zip(chapters, drawn, strict=True))
            ]


def _chapters(notice: Notice) -> Sequence[Chapter]:
    """Return the alerts of a digest by their rules, also rules that none is known of; those of a group as one."""
    if notice.kind is MessageKind.GROUP:
        return (Chapter(rule="", items=notice.items, count=len(notice.items) + notice.more),)
    by_rule: dict[str, list[Notice]] = {}
    for item in notice.items:
        by_rule.setdefault(item.rule, []).append(item)
    counts, found = dict(notice.counts), []
    for rule in dict.fromkeys((*counts, *by_rule)):
        items = by_rule.get(rule, [])
        found.append(Chapter(rule=rule or "?", items=items, count=max(counts.get(rule, 0), len(items))))
    return found[:_MOST_CHAPTERS]
