"""Laws of the families of English words."""

import pytest

from tocsin.rules.relatives import families, is_found_by, relatives_of, stems_of, wildcard_for
from tocsin.text.stems import stemmer


def test_each_stem_belongs_to_one_family_and_stands_once_in_it() -> None:
    """What the stemmer takes for one word is named once in all families, or a warning would be about nothing."""
    stems = [stemmer("en")(word) for family in families() for word in family]
    assert len(stems) == len(set(stems))
    assert len(families()) > 200
    assert all(len(family) > 1 for family in families())


@pytest.mark.parametrize("word", ["invasion", "invasions", "invading", "invade", "invaded"])
def test_a_family_is_known_by_any_inflection_of_its_words(word: str) -> None:
    """Whatever form of a word is written, its family is found."""
    assert relatives_of(word) == ("invade", "invasion")


def test_most_words_have_no_relatives() -> None:
    """A word that is in no family has none."""
    assert relatives_of("harbour") == ()


def test_a_relative_is_found_by_a_word_of_its_own_stem_only() -> None:
    """`invading` finds `invade`; `invasion` does not."""
    assert is_found_by("invade", stems_of(["fire", "invading"]))
    assert not is_found_by("invade", stems_of(["invasion"]))
    assert not is_found_by("invade", stems_of([]))


@pytest.mark.parametrize(
    ("family", "wildcard"),
    [(("invade", "invasion"), "inva*"), (("sell", "sold", "sale"), None), (("man", "men"), None)],
)
def test_a_wildcard_is_offered_where_it_is_long_enough(family: tuple[str, ...], wildcard: str | None) -> None:
    """What a family has in common at its beginning is offered from four letters on."""
    assert wildcard_for(family) == wildcard


@pytest.mark.parametrize("family", families(), ids=lambda family: family[0])
def test_an_offered_wildcard_finds_the_whole_family(family: list[str]) -> None:
    """Every word of a family begins with what is offered for it."""
    wildcard = wildcard_for(family)
    assert wildcard is None or all(word.startswith(wildcard[:-1]) for word in family)
