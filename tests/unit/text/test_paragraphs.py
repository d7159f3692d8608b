"""Paragraphs and sentences as spans of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model import Span
from tocsin.text.paragraphs import paragraphs, sentence_at, sentences

TEXTS = st.lists(
    st.sampled_from(["A", "b.", "U.S.", "c!", "\n", " ", "\t", "\r\n", "\u00a0", "…", "”", "。"]), max_size=20
).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo\n\nthree", ["one\ntwo", "three"]),
        ("\n\n  one  \n \t \n two", ["one", "two"]),
        ("one\r\n\r\ntwo", ["one", "two"]),
        ("one\n\u00a0\ntwo", ["one", "two"]),
        ("one\n\n\n\ntwo\n\n", ["one", "two"]),
        ("one\n  two", ["one\n  two"]),
        ("", []),
        (" \n \n", []),
    ],
)
def test_paragraphs_are_parted_by_empty_lines(text: str, expected: list[str]) -> None:
    """An empty line, or one of blanks alone, parts paragraphs; a line end does not."""
    assert [text[span.start : span.end] for span in paragraphs(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. We wait! Do we? Yes… No.", ["It rains.", "We wait!", "Do we?", "Yes…", "No."]),
        ("The U.S. Army and Mr. Hollow met Gen. J. Reed.", ["The U.S. Army and Mr. Hollow met Gen. J. Reed."]),
        ("He said: “Go.” They went.", ["He said: “Go.”", "They went."]),
        ("It cost 3.5 million. 7 came.", ["It cost 3.5 million.", "7 came."]),
        ("one. two", ["one. two"]),
        ("Жил в г. Лесном. Уехал.", ["Жил в г. Лесном.", "Уехал."]),
        ("下雨了。我们等！「好。」走", ["下雨了。", "我们等！", "「好。」", "走"]),
        ("One\n\nTwo", ["One", "Two"]),
    ],
)
def test_sentences_of_a_text(text: str, expected: list[str]) -> None:
    """A sentence ends at its mark where a new one can begin, not behind initials and abbreviations."""
    assert [text[span.start : span.end] for span in sentences(text)] == expected


@pytest.mark.parametrize("stops", ["." * 300_000 + "\n", "?!" * 150_000, '."' * 150_000, "." + " " * 300_000])
def test_a_long_row_of_stops_is_looked_at_once(stops: str) -> None:
    """Full stops, quotes and blanks without end take time linear in their number: looked at from each, hours."""
    assert sentences(f"A storm{stops}came") == [Span(0, len(stops) + 11)]


@given(TEXTS)
def test_paragraphs_and_sentences_cover_the_text(text: str) -> None:
    """Paragraphs hold all but white space; sentences lie in them, in order, and hold the same."""
    for spans in (paragraphs(text), sentences(text)):
        end = 0
        for span in spans:
            assert end <= span.start < span.end
            assert not text[end : span.start].strip()
            assert text[span.start : span.end].strip() == text[span.start : span.end]
            end = span.end
        assert not text[end:].strip()
    assert all(
        any(whole.start <= span.start and span.end <= whole.end for whole in paragraphs(text))
        for span in sentences(text)
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 2, Span(0, 5)), (6, 8, Span(6, 11)), (4, 7, Span(0, 11)), (7, 9, Span(6, 11)), (5, 6, Span(0, 6))],
)
def test_sentence_at_a_place(start: int, end: int, expected: Span) -> None:
    """The sentence of a place is the one that holds it, or all that it touches."""
    assert sentence_at([Span(0, 5), Span(6, 11)], start, end) == expected


def test_sentence_at_a_place_without_sentences() -> None:
    """Where there is no sentence the place stands for itself."""
    assert sentence_at([], 3, 5) == Span(3, 5)
