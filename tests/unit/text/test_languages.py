"""Language codes, stems and stop words."""

import pytest

from tocsin.text.language import language_of, primary
from tocsin.text.stems import ALGORITHMS, stemmer
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import form_of

NEGATIONS = {
    "en": "no not never without nor",
    "ru": "не нет без никогда",
    "uk": "не ні без ніколи",
    "be": "не без",
    "pl": "nie bez nigdy",
    "de": "nicht kein keine ohne nie",
    "fr": "ne pas sans jamais ni",
    "es": "no sin nunca ni",
    "it": "non senza mai né",
    "pt": "não sem nunca nem",
    "nl": "niet geen zonder nooit",
    "tr": "değil yok",
    "ar": "لا لم لن ليس بدون",
    "cs": "ne bez nikdy",
    "ro": "nu fără",
    "sv": "inte utan ingen aldrig",
}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en-US", "en"),
        ("EN", "en"),
        (" pt_BR ", "pt"),
        ("zh-Hans-CN", "zh"),
        ("fil", "fil"),
        ("", None),
        (None, None),
        ("english", None),
        ("e", None),
        ("12", None),
    ],
)
def test_primary_subtag(code: str | None, expected: str | None) -> None:
    """A language is its primary subtag in small letters, whatever follows."""
    assert primary(code) == expected


def test_language_of_the_first_that_names_one() -> None:
    """The first code that names a language counts; without one it is English."""
    assert language_of(None, "", "uk-UA", "ru") == "uk"
    assert language_of(None, "?") == "en"


@pytest.mark.parametrize(("language", "words"), NEGATIONS.items())
def test_negations_are_no_stop_words(language: str, words: str) -> None:
    """No list of stop words has a negation, with or without its accents."""
    assert stop_words(language).isdisjoint(words.split())


@pytest.mark.parametrize("language", NEGATIONS)
def test_stop_words_are_compared_as_written_in_rules(language: str) -> None:
    """Each stop word is found by its form in its language; those with accents also without."""
    listed = stop_words(language)
    assert listed
    assert {form_of(word, language).asked for word in listed} <= listed
    assert {form_of(word, language).folded for word in listed} <= listed


def test_stop_words_gain_no_accents() -> None:
    """A word that differs from a stop word by an accent is none."""
    assert "sur" in stop_words("fr")
    assert "sûr" not in stop_words("fr")
    assert {"für", "fur"} <= stop_words("de")


def test_stop_words_of_a_language_without_a_list() -> None:
    """A language without a list has no stop words."""
    assert stop_words("xx") == frozenset()


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [("en", "invading", "invaded"), ("ru", "война", "войны"), ("de", "krieg", "krieges"), ("ar", "الحرب", "حرب")],
)
def test_stems_join_inflections(language: str, one: str, other: str) -> None:
    """Inflections of a word have one stem."""
    assert stemmer(language)(one) == stemmer(language)(other)


@pytest.mark.parametrize("language", sorted(ALGORITHMS))
def test_every_algorithm_is_there(language: str) -> None:
    """Every language that is named has its algorithm."""
    assert stemmer(language)("x" * 64)


def test_stem_without_an_algorithm() -> None:
    """In a language without an algorithm a word is its own stem."""
    assert stemmer("uk")("війни") == "війни"
