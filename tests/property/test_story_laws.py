"""Laws of comparing and grouping that hold for all texts."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import permutations
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.likenesses import DEDUP, HOUR, alike, sentences
from support.nouns import NOON
from tocsin.model import Likeness, Span
from tocsin.stories.cluster import Kind, compare, place
from tocsin.stories.fingerprint import containment, fingerprint
from tocsin.stories.shelf import Shelf

WORD = st.sampled_from(
    "the a of to in on Amber Isle Ada Marsh Port ferry harbour storm said sails 12 1,200 3.5 per cent Monday island "
    "people tonnes defence closed open sea wind grey north south fish boats crew law vote price".split()
)
SENTENCE = st.lists(WORD, min_size=3, max_size=14).map(lambda words: " ".join(words) + ".")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=4).map(" ".join)
TEXT = st.lists(PARAGRAPH, min_size=1, max_size=8).map("\n\n".join)
FURNITURE = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=60), max_size=3
)
GAP = st.integers(0, 120).map(lambda hours: hours * HOUR)


@given(TEXT, st.sampled_from(["Herald", "Courier"]))
def test_a_text_compared_with_itself_joins(text: str, outlet: str) -> None:
    """Whatever a text of twelve runs of five words says, it is a copy of itself."""
    first, second = alike(text), alike(text, "b", outlet=outlet)
    assume(first.fingerprint.size >= 12)
    found = compare(first, second, DEDUP)
    assert (found.kind, found.score) == (Kind.SAME, 1.0)


@given(TEXT, TEXT, GAP, st.sampled_from(["", "Morning briefing"]), st.sampled_from(["Herald", "Courier"]))
def test_comparing_is_symmetric(one: str, other: str, gap: timedelta, title: str, outlet: str) -> None:
    """Which of two articles comes first makes no difference to what they are to each other, nor to the score."""
    first, second = alike(one), alike(other, "b", at=NOON + gap, title=title, outlet=outlet)
    there, back = compare(first, second, DEDUP), compare(second, first, DEDUP)
    assert there == back


@given(TEXT, TEXT, FURNITURE, FURNITURE)
def test_masked_furniture_changes_nothing(one: str, other: str, above: list[str], below: list[str]) -> None:
    """Paragraphs that are masked, put around either text, leave the comparison as it is."""
    wrapped, masked = _wrapped(one, above, below)
    plain = compare(alike(one), alike(other, "b"), DEDUP)
    assert compare(alike(wrapped, masked=masked), alike(other, "b"), DEDUP) == plain
    assert compare(alike(other, "b"), alike(wrapped, masked=masked), DEDUP) == plain


def _wrapped(text: str, above: Sequence[str], below: Sequence[str]) -> tuple[str, tuple[Span, ...]]:
    parts = [*above, text, *below]
    starts = [sum(len(part) + 2 for part in parts[:at]) for at in range(len(parts))]
    spans = [Span(start, start + len(part)) for start, part in zip(starts, parts, strict=True)]
    return "\n\n".join(parts), tuple(span for at, span in enumerate(spans) if at != len(above))


@given(TEXT)
def test_keys_are_hashes_of_the_text(text: str) -> None:
    """An index finds a text by hashes of its own shingles only, and the sketch is their lowest part."""
    found = fingerprint(text, ())
    assert found.keys <= found.sketch | found.lead
    assert len(found.sketch) == min(found.size, 400)
    assert all(value <= found.bound for value in found.sketch)


@settings(max_examples=40)
@given(st.integers(0, 160), st.integers(80, 240))
def test_sketches_estimate_containment(shared: int, length: int) -> None:
    """For texts of up to 2,000 words the share that sketches tell is within 0.12 of the one that all shingles tell."""
    first = sentences(length)
    second = sentences(min(shared, length)) + "\n\n" + sentences(length - min(shared, length), word="v")
    a, b = fingerprint(first, ()), fingerprint(second, ())
    exact = max(min(shared, length) * 8 - 4, 0) / (length * 8 - 4)
    assert abs(containment(a, b) - exact) <= 0.12


@st.composite
def families(draw: st.DrawFn) -> list[list[Likeness]]:
    """Make reports that share no run of words, each with copies that are whole; all lie within the window."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        text = sentences(draw(st.integers(12, 40)), word="vwxq"[number])
        count = draw(st.integers(1, 4))
        hours = draw(st.lists(st.integers(0, 90), min_size=count, max_size=count))
        found.append(
            [
                alike(text, f"{number}-{copy}", outlet=f"outlet {copy}", at=NOON + hour * HOUR)
                for copy, hour in enumerate(hours)
            ]
        )
    return found


@settings(max_examples=60)
@given(families(), st.randoms(use_true_random=False))
def test_grouping_does_not_depend_on_the_order_of_polls(reports: list[list[Likeness]], random: Random) -> None:
    """Where any two articles are either copies or share nothing, every order of polls gives the same groups."""
    asked = [likeness for copies in reports for likeness in copies]
    expected = {frozenset(likeness.article_id for likeness in copies) for copies in reports}
    for _ in range(3):
        random.shuffle(asked)
        assert _groups(asked) == expected


def _groups(asked: Iterable[Likeness]) -> set[frozenset[str]]:
    """Place articles one poll each, and return which came together."""
    shelf, groups = Shelf(), dict[str, set[str]]()
    for likeness in asked:
        [placement] = place([likeness], shelf.neighbours([likeness], DEDUP.window), DEDUP, NOON)
        shelf.add([placement])
        groups.setdefault(placement.story.id, set()).add(likeness.article_id)
    return set(map(frozenset, groups.values()))


@settings(max_examples=40)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=5, unique=True))
def test_placing_never_merges_two_stories(starts: list[int]) -> None:
    """Whatever comes, articles that are in two stories stay in two: each keeps the story of its first placement."""
    text = sentences(60).replace("\n\n", " ").split(". ")
    asked = [alike(". ".join(text[start : start + 30]), f"a{start}", outlet=f"o{start}") for start in starts]
    for order in list(permutations(asked))[:6]:
        shelf, stories = Shelf(), dict[str, str]()
        for likeness in [*order, *order]:
            [placement] = place([likeness], shelf.neighbours([likeness], DEDUP.window), DEDUP, NOON)
            shelf.add([placement])
            assert stories.setdefault(likeness.article_id, placement.story.id) == placement.story.id
