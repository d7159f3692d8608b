"""Loose phrases: which mentions of several operands stand near enough to each other.

The operands' mentions must not share words, must stand in one paragraph, and at most `SLACK` words besides theirs may
stand between the first and the last. Every mention that takes part in such a choice is evidence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from tocsin.rules.mentions import Mention

#: Other words that may stand between the first and the last word of a loose phrase.
SLACK = 10

#: A loose phrase of more words than this is refused in the configuration.
MOST_OPERANDS = 10

#: Choices followed at a time where operands compete for the same words: bounds the time that a text made of nothing
#: but such words can take. There, evidence names enough mentions, not all.
MOST_CHOICES = 300


@dataclass(frozen=True, slots=True, order=True)
class _Placed:
    """A mention and the number of the operand that it answers."""

    start: int
    end: int
    operand: int


def taking_part(mentions: Sequence[Sequence[Mention]], paragraph_of: Sequence[int]) -> Sequence[Sequence[Mention]]:
    """Return of each operand the mentions that take part in the loose phrase; all empty where it does not stand.

    `mentions` are each operand's in order, not overlapping. Takes time linear in their number.
    """
    if len(mentions) == 1:
        return mentions
    placed = sorted(
        _Placed(mention.start, mention.end, operand)
        for operand, of_operand in enumerate(mentions)
        for mention in of_operand
    )
    part: set[_Placed] = set()
    for _, group in groupby(placed, key=lambda item: paragraph_of[item.start]):
        together = list(group)
        if len({item.operand for item in together}) == len(mentions):
            part.update(_in_paragraph(together, len(mentions)))
    return [
        [Mention(item.start, item.end) for item in sorted(part) if item.operand == operand]
        for operand in range(len(mentions))
    ]


def _in_paragraph(placed: Sequence[_Placed], operands: int) -> Iterator[_Placed]:
    """Yield the mentions of one paragraph that take part, some of them more than once."""
    longest = [0] * operands
    for item in placed:
        longest[item.operand] = max(longest[item.operand], item.end - item.start)
    reach = sum(longest) + SLACK
    for first, opening in enumerate(placed):
        window = []
        for item in placed[first : first + reach * operands]:
            if item.start >= opening.start + reach:
                break
            if item.end <= opening.start + reach:
                window.append(item)
        if len({item.operand for item in window}) == operands:
            yield from _in_window(opening, window, operands)


def _in_window(opening: _Placed, window: Sequence[_Placed], operands: int) -> Iterator[_Placed]:
    """Yield the mentions that take part in a choice that begins with `opening`."""
    if any(later.start < earlier.end for earlier, later in pairwise(window)):
        yield from _chosen(opening, window, operands)
    else:
        yield from _independent(opening, window, operands)


def _independent(opening: _Placed, window: Sequence[_Placed], operands: int) -> Iterator[_Placed]:
    """As `_in_window`, where no words are shared: each operand can be chosen without regard to the others."""
    longest = [0] * operands
    for last, closing in enumerate(window):
        longest[closing.operand] = max(longest[closing.operand], closing.end - closing.start)
        longest[opening.operand] = opening.end - opening.start
        others = closing.end - opening.start - sum(longest)
        if not all(longest) or others > SLACK:
            continue
        yield opening
        for item in window[: last + 1]:
            fits = others + longest[item.operand] - (item.end - item.start) <= SLACK
            if fits and item.operand != opening.operand:
                yield item


def _chosen(opening: _Placed, window: Sequence[_Placed], operands: int) -> Iterator[_Placed]:
    """As `_in_window`, where operands compete for the same words.

    Works through the mentions in order. A state is a set of operands that are answered, where the last chosen mention
    ends, and how many other words were passed; of each state, all mentions by which it can be reached are kept.
    """
    states: dict[tuple[int, int, int], set[_Placed]] = {(1 << opening.operand, opening.end, 0): {opening}}
    for item in window:
        bit = 1 << item.operand
        reached: dict[tuple[int, int, int], set[_Placed]] = {}
        for (answered, end, passed), chosen in states.items():
            others = passed + item.start - end
            if not answered & bit and item.start >= end and others <= SLACK:
                reached.setdefault((answered | bit, item.end, others), set()).update(chosen, [item])
        for state, chosen in reached.items():
            states.setdefault(state, set()).update(chosen)
        if len(states) > MOST_CHOICES:
            furthest = sorted(states, key=lambda state: -state[0].bit_count())[:MOST_CHOICES]
            states = {state: states[state] for state in furthest}
    for (answered, _, _), chosen in states.items():
        if answered.bit_count() == operands:
            yield from chosen
