"""Which mentions stand near which: two operands at a time, by words in between, by sentence or by paragraph."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, islice

from tocsin.model.query import Unit
from tocsin.rules.reading import Mention, Row, share_words

#: Partners of one mention, behind it and before it each, that are followed where the pairs are an operand again; fewer
#: of each where there are many mentions. Bounds the work on a text made of nothing but the words of a chain: there,
#: the nearest pairs stand for all.
MOST_PARTNERS = 16
FEWEST_PARTNERS = 2
FOLLOWED = 500


@dataclass(frozen=True)
class Ranked:
    """Mentions in order of their beginning, ready to be searched."""

    all: Sequence[Mention]

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where they begin."""
        return [mention.start for mention in self.all]

    @cached_property
    def ends(self) -> Sequence[int]:
        """Where the last of those up to each one ends."""
        return list(accumulate((mention.end for mention in self.all), max))


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near two mentions must be: at most so many words in between, or in one sentence or paragraph.

    `ordered`: the first must end before the second begins. Words that both have keep them from being two.
    """

    within: int | Unit
    ordered: bool = False

    def has_second(self, first: Mention, others: Ranked, row: Row) -> bool:
        """Tell whether any of the others stands near a mention."""
        return next(chain.from_iterable(self._sides(first, others, row)), None) is not None

    def pairs(self, firsts: Ranked, seconds: Ranked, row: Row) -> Iterator[tuple[Mention, Mention]]:
        """Yield pairs that stand near each other: of each mention the nearest partners."""
        most = partners(firsts)
        for first in firsts.all:
            for side in self._sides(first, seconds, row):
                for second in islice(side, most):
                    yield first, second

    def mirrored(self) -> "Nearness":
        """Return how near the first must be to the second."""
        return _Mirrored(self.within, ordered=True) if self.ordered else self

    def _sides(self, first: Mention, others: Ranked, row: Row) -> Iterable[Iterator[Mention]]:
        """Return the mentions near one on each side where any may stand, the nearest of a side first."""
        if self.ordered:
            return (self._behind(first, others, bisect_left(others.starts, first.end), row),)
        at = bisect_left(others.starts, first.start)
        return self._behind(first, others, at, row), self._before(first, others, at, row)

    def _behind(self, first: Mention, others: Ranked, at: int, row: Row) -> Iterator[Mention]:
        """Yield the mentions near one among those from number `at` on."""
        low, high = self._reach(first, row)
        for number in range(at, len(others.all)):
            other = others.all[number]
            if other.start > high:
                return
            if self._fits(first, other, low, high):
                yield other

    def _before(self, first: Mention, others: Ranked, at: int, row: Row) -> Iterator[Mention]:
        """Yield the mentions near one among those before number `at`, the last first."""
        low, high = self._reach(first, row)
        for number in range(at - 1, -1, -1):
            other = others.all[number]
            if others.ends[number] < low or (other.start < low and isinstance(self.within, Unit)):
                return
            if self._fits(first, other, low, high):
                yield other

    def _fits(self, first: Mention, second: Mention, low: int, high: int) -> bool:
        if isinstance(self.within, Unit):
            inside = low <= second.start and second.end <= high
        else:
            inside = low <= second.end and second.start <= high
        return inside and self._are_two(first, second)

    def _are_two(self, first: Mention, second: Mention) -> bool:
        """Tell whether each mention has words of its own."""
        return not share_words(first, second)

    def _reach(self, mention: Mention, row: Row) -> tuple[int, int]:
        """Return the unit that a mention lies in (an empty one if in several), or the words that it reaches."""
        if not isinstance(self.within, Unit):
            return mention.start - self.within, mention.end + self.within
        starts = row.breaks if self.within is Unit.PARAGRAPH else row.sentence_starts
        number = bisect_right(starts, mention.start)
        low = starts[number - 1] if number else 0
        high = starts[number] if number < len(starts) else len(row.classes)
        return (low, high) if mention.end <= high else (high, low)


class Presence(Nearness):
    """How near a mention must be to be in the way of another: it may share words with it, but must have more."""

    __slots__ = ()

    def _are_two(self, first: Mention, second: Mention) -> bool:
        return not _own_words(second) <= _own_words(first)


class _Mirrored(Nearness):
    """The mirror of an ordered nearness."""

    __slots__ = ()

    def _sides(self, first: Mention, others: Ranked, row: Row) -> Iterable[Iterator[Mention]]:
        return (self._before(first, others, bisect_right(others.starts, first.start), row),)

    def _fits(self, first: Mention, second: Mention, low: int, high: int) -> bool:
        return second.end <= first.start and super()._fits(first, second, low, high)


def _own_words(mention: Mention) -> set[int]:
    return {at for part in mention.parts for at in range(part.start, part.end)}


def partners(mentions: Ranked) -> int:
    """Return how many partners of each are followed."""
    return min(MOST_PARTNERS, max(FEWEST_PARTNERS, FOLLOWED // max(len(mentions.all), 1)))


def hulls(pairs: Iterable[tuple[Mention, Mention]], most: int) -> Sequence[Mention]:
    """Return what reaches over each pair, in order; twice as many as `most` that begin at one word."""
    found: dict[int, set[Mention]] = {}
    for first, second in pairs:
        reaching = hull(first, second)
        beginning = found.setdefault(reaching.start, set())
        if len(beginning) < 2 * most:
            beginning.add(reaching)
    return sorted(chain.from_iterable(found.values()))


def hull(one: Mention, other: Mention) -> Mention:
    """Return what reaches over both, its own words being theirs."""
    return Mention(min(one.start, other.start), max(one.end, other.end), tuple(sorted((*one.parts, *other.parts))))
