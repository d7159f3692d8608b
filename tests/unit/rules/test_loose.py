"""Loose phrases: which mentions take part, also where operands compete for words."""

from collections.abc import Iterator, Sequence
from itertools import chain, product

from hypothesis import given, settings
from hypothesis import strategies as st

from support.matching import article, entity, evidence, found, rule
from tocsin.model import EntityType
from tocsin.rules.loose import MOST_OPERANDS, SLACK, earliest_choices, taking_part
from tocsin.rules.reading import Mention

SIZE = 18
TROOPS = entity("troops", "troops", ["soldiers", "military personnel"], kind=EntityType.CONCEPT)


def _mentions(at: Sequence[int]) -> list[Mention]:
    """Lay mentions out from pairs of gap and length: in order, not overlapping."""
    placed, end = [], 0
    for gap, length in zip(at[::2], at[1::2], strict=False):
        if end + gap + length > SIZE:
            break
        placed.append(Mention(end + gap, end + gap + length))
        end += gap + length
    return placed


MENTIONS = st.lists(st.sampled_from([0, 0, 1, 1, 1, 2, 2, 3, 6]), min_size=2, max_size=8).map(
    lambda numbers: _mentions([max(number, place % 2) for place, number in enumerate(numbers)])
)
OPERANDS = st.lists(MENTIONS, min_size=2, max_size=4).flatmap(
    lambda several: st.sampled_from([several, [several[0], *several[:3]]])  # operands that ask for the same as well
)


def _choices(mentions: Sequence[Sequence[Mention]], paragraph_of: Sequence[int]) -> Iterator[tuple[Mention, ...]]:
    for choice in product(*mentions):
        own = list(chain.from_iterable(range(mention.start, mention.end) for mention in choice))
        apart = len(own) == len(set(own)) and len({paragraph_of[place] for place in own}) == 1
        if apart and max(own) + 1 - min(own) - len(own) <= SLACK:
            yield choice


def _naively(mentions: Sequence[Sequence[Mention]], paragraph_of: Sequence[int]) -> list[list[Mention]]:
    part: list[set[Mention]] = [set() for _ in mentions]
    for choice in _choices(mentions, paragraph_of):
        for operand, mention in enumerate(choice):
            part[operand].add(mention)
    return list(map(sorted, part))


@settings(max_examples=400)
@given(OPERANDS, st.integers(0, SIZE))
def test_taking_part_is_every_choice(mentions: list[list[Mention]], cut: int) -> None:
    """Of each operand, the mentions that stand in some choice of one each: near, apart, in one paragraph."""
    whole = [[mention for mention in of_operand if not mention.start < cut < mention.end] for of_operand in mentions]
    paragraph_of = [place >= cut for place in range(SIZE)]
    assert list(map(list, taking_part(whole, paragraph_of.__getitem__))) == _naively(whole, paragraph_of)


@settings(max_examples=400)
@given(OPERANDS, st.integers(0, SIZE))
def test_earliest_choices_end_first(mentions: list[list[Mention]], cut: int) -> None:
    """Of the choices that begin at a word the one that ends first is taken, of several that of the first mentions."""
    whole = [[mention for mention in of_operand if not mention.start < cut < mention.end] for of_operand in mentions]
    paragraph_of = [place >= cut for place in range(SIZE)]
    expected: dict[int, tuple[Mention, ...]] = {}
    for choice in _choices(whole, paragraph_of):
        start, end = min(choice).start, max(mention.end for mention in choice)
        if start not in expected or end < max(mention.end for mention in expected[start]):
            expected[start] = choice
    part = taking_part(whole, paragraph_of.__getitem__)
    assert {min(choice).start: choice for choice in earliest_choices(part, paragraph_of.__getitem__)} == expected


def test_earliest_choices_of_operands_that_compete() -> None:
    """A loose phrase beside NEAR stands also where its first operand must leave its first mention to another."""
    asked = rule(query='"personnel troops"~5 NEAR/3 gamma')
    assert found(asked, article("military personnel, personnel gamma"), [TROOPS]) == [
        "military personnel",
        "personnel",
        "gamma",
    ]


def test_loose_phrase_of_most_words() -> None:
    """A loose phrase of the most words that are allowed is found whole, in any order."""
    asked = [f"word{number}" for number in range(MOST_OPERANDS)]
    text = " ".join(reversed(asked))
    assert sorted(found(rule(" ".join(asked)), article(text))) == sorted(asked)
    assert found(rule(" ".join(asked)), article(text.replace("word3 ", ""))) == []


def test_loose_phrase_of_one_word_often() -> None:
    """A loose phrase of many words for one thing needs as many mentions, and is not slow where there are thousands."""
    asked = rule("troops soldiers " * 5)
    assert found(asked, article("troops " * 9), [TROOPS]) == []
    assert set(found(asked, article("troops soldiers military personnel " * 4), [TROOPS])) == {
        "troops",
        "soldiers",
        "military personnel",
    }
    assert len({item.start for item in evidence(asked, article("soldiers " * 4000), [TROOPS])}) == 4000
