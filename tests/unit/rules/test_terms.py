"""Reading single terms: what is known at sight, and numbers."""

import sys

import pytest

from tocsin.errors import QueryError
from tocsin.model.query import Wildcard, Word
from tocsin.rules.terms import read_number, read_word
from tocsin.text.tokens import APOSTROPHES, words


def test_every_letter_makes_a_word() -> None:
    """What is nothing but letters, apostrophes aside, is a word: it need not be parted into words to know that."""
    letters = [sign for sign in map(chr, range(sys.maxunicode + 1)) if sign.isalpha() and sign not in APOSTROPHES]
    assert len(letters) > 100_000
    assert all(words(letter, "en") for letter in letters)


def test_every_letter_and_digit_that_is_known_at_sight_makes_a_word() -> None:
    """Whatever else stands around a Latin or Russian letter or a digit, there is a word."""
    for sign in "azAZ09Ая":
        for around in ("", "-", "'", "’", ".", "\u00ad", "_", "\ud800", " ", "阿"):
            for text in (f"{around}{sign}", f"{sign}{around}", f"{around}{sign}{around}"):
                assert words(text, "en")


@pytest.mark.parametrize("text", ["abc*", "ßłé*", "Їёж*", "\u024f\u04ff\u00c0*"])
def test_three_letters_are_enough_for_a_wildcard_in_any_alphabet(text: str) -> None:
    """Three letters of a Latin or Cyrillic alphabet make one word, before which nothing is missing."""
    assert read_word(text, 0) == Wildcard(text)
    assert len(words(text.replace("*", "x"), "en")) == 1


@pytest.mark.parametrize("text", ["阿卡阿*", "lʼab*", "a×c*", "a-bc*", "ab٫*"])
def test_three_signs_that_are_no_word_are_not(text: str) -> None:
    """Three signs do not count where they are parted into shorter words, or are no letters."""
    with pytest.raises(QueryError):
        read_word(text, 0)


def test_a_word_keeps_its_place() -> None:
    """A term stands where it was found."""
    assert read_word("a", 7).at == read_word("b-c", 7).at == read_word("abc*", 7).at == read_word("abcde~1", 7).at == 7
    assert read_word("a", 7) == Word("a")


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        *(
            ("5", 5),
            ("0", 0),
            ("007", 7),
            ("10", 10),
            ("11", None),
            ("", None),
            ("-1", None),
            ("1.0", None),
            ("²", None),
        ),
        *(("٣", None), ("1 ", None), ("9" * 10_000, None), ("0" * 10_000, None)),
    ],
)
def test_a_number_is_read_in_its_range_only(digits: str, number: int | None) -> None:
    """A number is plain digits within its range; a text of any length is no reason to fail."""
    assert read_number(digits, 0, 10) == number
