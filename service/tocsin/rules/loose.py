"""Loose phrases: which mentions of several operands stand near enough to each other.

The operands' mentions must not share words, must stand in one paragraph, and only so many words (`slack`) besides
theirs may stand between the first and the last. Every mention that takes part in such a choice is evidence.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, takewhile
from operator import mul

from tocsin.rules.reading import Mention, share_words

#: Other words that may stand between the first and the last word of a keyword.
SLACK = 10

#: A loose phrase of more words than this is refused in the configuration.
MOST_OPERANDS = 25

#: Choices followed at a time where kinds of operands compete for the same words: bounds the time that a text made of
#: nothing but such words can take. There, evidence names enough mentions, not all.
MOST_CHOICES = 300

_DIGIT = 16  # bits, of a count of operands


@dataclass(frozen=True, slots=True, order=True)
class _Placed:
    """A mention and the number of the kind of operand that it answers."""

    start: int
    end: int
    kind: int


def taking_part(
    mentions: Sequence[Sequence[Mention]], paragraph_of: Callable[[int], int], slack: int = SLACK
) -> Sequence[Sequence[Mention]]:
    """Return of each operand the mentions that take part in the loose phrase; all empty where it does not stand.

    `mentions` are each operand's in order, not overlapping. Operands with the same mentions (`war after war`, two
    words for one entity) are of one kind: as many of its mentions are needed. Takes time linear in their number.
    """
    if len(mentions) == 1:
        return mentions
    needed = Counter(map(tuple, mentions))
    placed = sorted(
        _Placed(mention.start, mention.end, kind) for kind, of_kind in enumerate(needed) for mention in of_kind
    )
    part: set[_Placed] = set()
    for _, group in groupby(placed, key=lambda item: paragraph_of(item.start)):
        part.update(_in_paragraph(list(group), list(needed.values()), slack))
    taken = {
        of_kind: [item for item in of_kind if _Placed(item.start, item.end, kind) in part]
        for kind, of_kind in enumerate(needed)
    }
    return [taken[tuple(of_operand)] for of_operand in mentions]


def earliest_choices(
    mentions: Sequence[Sequence[Mention]], paragraph_of: Callable[[int], int], slack: int = SLACK
) -> Iterator[Sequence[Mention]]:
    """Yield for each word that choices begin with the one that ends first; of several, that of the first mentions.

    `mentions` are each operand's that take part, in order. Where operands compete for the same words, `MOST_CHOICES`
    steps are gone to find it.
    """
    reach = sum(max((mention.end - mention.start for mention in part), default=0) for part in mentions) + slack
    for start in sorted({mention.start for part in mentions for mention in part}):
        near = [_between(part, start, start + reach) for part in mentions]
        least = max((part[count - 1].end for part, count in Counter(near).items() if len(part) >= count), default=0)
        best: Sequence[Mention] | None = None
        for choice in _choices(near):
            if (best is None or _end(choice) < _end(best)) and _is_choice(choice, start, paragraph_of, slack):
                best = choice
            if best and _end(best) == least:
                break
        if best is not None:
            yield best


def _between(part: Sequence[Mention], start: int, end: int) -> tuple[Mention, ...]:
    at = bisect_left(part, start, key=lambda mention: mention.start)
    behind = (part[number] for number in range(at, len(part)))
    return tuple(takewhile(lambda mention: mention.end <= end, behind))


def _choices(near: Sequence[Sequence[Mention]]) -> Iterator[tuple[Mention, ...]]:
    """Yield the choices that share no words, those of the first mentions first; not more than a bounded number."""
    waiting: list[tuple[Mention, ...]] = []
    if all(len(part) >= count for part, count in Counter(near).items()):
        waiting.append(())
    steps = 0
    while waiting and steps < MOST_CHOICES:
        chosen, steps = waiting.pop(), steps + 1
        if len(chosen) == len(near):
            yield chosen
            continue
        free = [mention for mention in near[len(chosen)] if not any(share_words(mention, other) for other in chosen)]
        waiting += [(*chosen, mention) for mention in reversed(free)]


def _end(choice: Iterable[Mention]) -> int:
    return max(mention.end for mention in choice)


def _is_choice(choice: Sequence[Mention], start: int, paragraph_of: Callable[[int], int], slack: int) -> bool:
    begin, end = min(mention.start for mention in choice), _end(choice)
    others = end - begin - sum(mention.end - mention.start for mention in choice)
    return begin == start and others <= slack and paragraph_of(begin) == paragraph_of(end - 1)


def _in_paragraph(placed: Sequence[_Placed], needed: Sequence[int], slack: int) -> Iterator[_Placed]:
    """Yield the mentions of one paragraph that take part, some of them more than once."""
    if not _has_all(placed, needed):
        return
    longest = [0] * len(needed)
    for item in placed:
        longest[item.kind] = max(longest[item.kind], item.end - item.start)
    reach = sum(map(mul, longest, needed)) + slack
    for first, opening in enumerate(placed):
        window = []
        for item in placed[first : first + reach * len(needed)]:
            if item.start >= opening.start + reach:
                break
            if item.end <= opening.start + reach:
                window.append(item)
        if _has_all(window, needed):
            yield from _in_window(opening, window, needed, slack)


def _has_all(placed: Iterable[_Placed], needed: Sequence[int]) -> bool:
    return len({item.kind for item in placed}) == len(needed)


def _in_window(opening: _Placed, window: Sequence[_Placed], needed: Sequence[int], slack: int) -> Iterator[_Placed]:
    """Yield the mentions that take part in a choice that begins with `opening`, which is the first of the window."""
    if max(needed) > 1 or any(later.start < earlier.end for earlier, later in pairwise(window)):
        yield from _chosen(opening, window, needed, slack)
    else:
        yield from _independent(opening, window, len(needed), slack)


def _independent(opening: _Placed, window: Sequence[_Placed], kinds: int, slack: int) -> Iterator[_Placed]:
    """As `_in_window`, where no words are shared: each operand can be chosen without regard to the others."""
    longest = [0] * kinds
    for last, closing in enumerate(window):
        longest[closing.kind] = max(longest[closing.kind], closing.end - closing.start)
        longest[opening.kind] = opening.end - opening.start
        others = closing.end - opening.start - sum(longest)
        if not all(longest) or others > slack:
            continue
        yield opening
        for item in window[: last + 1]:
            fits = others + longest[item.kind] - (item.end - item.start) <= slack
            if fits and item.kind != opening.kind:
                yield item


def _chosen(opening: _Placed, window: Sequence[_Placed], needed: Sequence[int], slack: int) -> Iterator[_Placed]:
    """As `_in_window`, where operands compete for the same words.

    Walks through the words. A state is how many operands of each kind are answered, a digit a kind, and how many other
    words were passed; of each, all mentions by which it can be reached are kept, a bit each.
    """
    whole = sum(count << _DIGIT * kind for kind, count in enumerate(needed))
    starting: dict[int, list[tuple[int, _Placed]]] = {}
    for number, item in enumerate(window):
        starting.setdefault(item.start, []).append((1 << number, item))
    reached: dict[int, dict[tuple[int, int], int]] = {opening.end: {(1 << _DIGIT * opening.kind, 0): 1}}
    taken = 0
    for position in range(opening.end, window[-1].start + 1):
        states = _fewest_others(reached.pop(position, {}))
        for bit, item in starting.get(position, ()):
            digit = _DIGIT * item.kind
            after = reached.setdefault(item.end, {})
            for (answered, others), chosen in states.items():
                if (answered >> digit) & ((1 << _DIGIT) - 1) == needed[item.kind]:
                    continue
                state = answered + (1 << digit), others
                after[state] = after.get(state, 0) | chosen | bit
                if state[0] == whole:
                    taken |= chosen | bit
        passed = reached.setdefault(position + 1, {})
        for (answered, others), chosen in states.items():
            if others < slack:
                state = answered, others + 1
                passed[state] = passed.get(state, 0) | chosen
    yield from (item for number, item in enumerate(window) if taken >> number & 1)


def _fewest_others(states: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    if len(states) <= MOST_CHOICES:
        return states
    return dict(sorted(states.items(), key=lambda state: state[0][1])[:MOST_CHOICES])
