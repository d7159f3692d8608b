"""Words made alike: what is one word to a comparison, and what a number and a name is."""

import pytest

from tocsin.text.alike import alike_words


def keys(text):
    """Return the words of a text as they are compared."""
    return [word.key for word in alike_words(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("colour centre analysed programmes", "color center analyzed programs"),
        ("travelled, cancelled; fulfil", "TRAVELED CANCELED fulfill"),
        ("a licence to practise defence", "a license to practice defense"),
        ("grey tyres and paediatric catalogues", "gray tires and pediatric catalogs"),
        ("5 per cent of 1,200", "5% of 1 200"),
        ("2,5 bn for five crews", "2.5 billion for 5 crews"),
        ("the minister’s café", "the minister's cafe"),
        ("a build-up", "a build up"),
        ("Ａｍｂｅｒ", "amber"),
    ],
)
def test_spellings_are_evened(one, other):
    """British and American spelling, case, accents, quotes, hyphens, widths and ways to write numbers make one word."""
    assert keys(one) == keys(other)


def test_scripts_without_spaces_give_characters():
    """Each character of such a script is a word."""
    assert keys("琥珀 island") == ["琥", "珀", "island"]


def test_numbers_and_names_are_told():
    """Digits and words for them are numbers; a capital within a sentence is a name, one that begins it is none."""
    words = list(alike_words("The ferry took five people and 1,200.5 tonnes. Then Ada Marsh left for Amber."))
    assert [word.key for word in words if word.is_number] == ["5", "1200.5"]
    assert [word.key for word in words if word.is_name] == ["ada", "marsh", "amber"]
    assert [word.key for word in words if word.is_capital] == ["the", "then", "ada", "marsh", "amber"]
