"""What can be known of a rule without any article. That it is so for every article is tested as a property."""

from dataclasses import replace

import pytest

from support.nouns import rule
from tocsin.model import Term
from tocsin.rules.logic import meaning_of, never_holds, query_of
from tocsin.rules.parser import parse_query

ENTITY_WORDS = frozenset({"atlantis"})


@pytest.mark.parametrize(
    "query",
    [
        "fire AND NOT fire",
        "fire AND (harbour AND NOT fire)",
        "title:fire AND NOT fire",
        "lead:fire AND NOT body:fire",
        "title:(fire AND NOT fire)",
        "title:fire AND NOT title:(harbour OR fire)",
        '"harbour fire" AND NOT fire',
        '"harbour fire"~10 AND NOT harbour',
        "(fire NEAR/3 smoke) AND NOT smoke",
        "(fire NEAR/3 smoke) AND NOT (fire NEAR/3 smoke)",
        "(fire NOT NEAR/3 smoke) AND NOT fire",
        "ATLEAST/3 fire AND NOT fire",
        "title:fire NEAR/3 body:smoke",
        "title:fire NEAR/3 lead:(smoke OR alarm)",
        "ATLEAST/2 (title:fire NEAR/3 body:smoke)",
        "(fire OR smoke) AND NOT fire AND NOT smoke",
        "fire AND ((harbour AND NOT fire) OR (smoke AND NOT fire))",
        "@atlantis AND NOT @atlantis",
        "/CVE-1/ AND NOT /CVE-1/",
        "fire AND lang:en AND lang:de",
        "fire AND lang:(en OR fr) AND lang:(de OR uk)",
        "fire AND lang:en AND NOT lang:EN",
        "fire AND country:de AND country:UA",
    ],
)
def test_a_contradiction_is_seen(query: str) -> None:
    """What is asked for and excluded, what no field can hold, two languages: none of these can ever be."""
    assert never_holds(parse_query(query), (), ENTITY_WORDS)


@pytest.mark.parametrize(
    "query",
    [
        "fire AND NOT title:fire",
        "title:fire AND NOT body:fire",
        "(fire NOT NEAR/3 smoke) AND NOT smoke",
        "body:fire AND NOT lead:fire",
        "fire AND NOT Fire",
        "(fire NOT NEAR/3 smoke) AND smoke",
        "fire AND NOT (fire NEAR/3 smoke)",
        "fire AND NOT ATLEAST/3 fire",
        "(title:fire OR fire) NEAR/3 body:smoke",
        "(fire OR smoke) AND NOT fire",
        '"the harbour"~10 AND NOT the',
        '"atlantis fire"~10 AND NOT atlantis',
        '"Harbour fire" AND NOT Harbour',
        "fire AND lang:(en OR fr) AND lang:(fr OR de)",
        "fire AND NOT lang:en",
        "author:fire AND NOT fire",
        "tag:fire AND NOT title:fire",
    ],
)
def test_what_can_be_is_never_called_a_contradiction(query: str) -> None:
    """Where some article might answer a query, nothing is said."""
    assert not never_holds(parse_query(query), (), ENTITY_WORDS)


def test_the_languages_of_a_rule_are_asked_too() -> None:
    """`lang:` contradicts the languages that a rule looks at; an article without a language may answer a NOT."""
    assert never_holds(parse_query("fire AND lang:en"), ("de", "uk"), ENTITY_WORDS)
    assert not never_holds(parse_query("fire AND lang:(en OR uk)"), ("de", "uk"), ENTITY_WORDS)
    assert not never_holds(parse_query("fire AND NOT lang:de"), ("de",), ENTITY_WORDS)


@pytest.mark.parametrize(
    ("keywords", "exclude", "never"),
    [
        (("fire",), ("fire",), True),
        (("fire", "smoke"), ("fire",), False),
        (("fire drill", "drill"), ("drill",), True),
        (('"fire drill"',), ("drill",), True),
        (("fire drill",), ('"drill"',), False),
        (("Atlantis fire",), ("Atlantis",), False),
        (("Atlantis",), ("Atlantis",), True),
        (("l'accord final",), ("accord",), True),
        (("l’accord final",), ('"l’accord"',), False),
    ],
)
def test_excluded_keywords_hide_what_cannot_do_without_them(
    keywords: tuple[str, ...], exclude: tuple[str, ...], never: bool
) -> None:
    """A rule each of whose keywords has a word that it excludes never rings; what stands for an entity is no word."""
    asked = rule(keywords=tuple(map(term, keywords)), exclude=tuple(map(term, exclude)))
    assert never_holds(query_of(asked, ENTITY_WORDS), (), ENTITY_WORDS) is never


def term(text: str) -> Term:
    return Term(text=text.strip('"'), exact=text.startswith('"'))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fire AND smoke", "smoke AND fire"),
        ("fire OR (smoke OR alarm)", "(alarm OR fire) OR smoke OR fire"),
        ("title:(fire OR smoke)", "title:smoke OR title:fire"),
        ("fire AND title:(smoke AND alarm)", "title:alarm AND fire AND title:smoke"),
        ("fire NEAR/3 smoke", "smoke NEAR/3 fire"),
        ("lang:EN AND fire", "fire AND lang:en"),
        ('"Harbour  fire"', '"harbour fire"'),
    ],
)
def test_what_asks_for_the_same_has_one_meaning(one: str, other: str) -> None:
    """Order, brackets, repetition and the place of a field are no difference."""
    assert meaning_of(parse_query(one)) == meaning_of(parse_query(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fire AND smoke", "fire OR smoke"),
        ("fire", "Fire"),
        ("fire", '"fire"'),
        ("{Fire}", "{fire}"),
        ("fire NEAR/3 smoke", "fire NEAR/4 smoke"),
        ("fire ONEAR/3 smoke", "smoke ONEAR/3 fire"),
        ("fire NOT NEAR/3 smoke", "smoke NOT NEAR/3 fire"),
        ("ATLEAST/2 fire", "ATLEAST/3 fire"),
        ("title:fire", "fire"),
        ("alarm~1", "alarm~2"),
        ("fire AND NOT (a1 AND b1)", "fire AND NOT a1 AND NOT b1"),
    ],
)
def test_what_asks_for_something_else_has_another(one: str, other: str) -> None:
    """Operators, case, quotes, distances, counts and fields are a difference."""
    assert meaning_of(parse_query(one)) != meaning_of(parse_query(other))


def test_keywords_mean_what_they_are_as_queries() -> None:
    """A word, an exact phrase and a loose phrase are the queries that ask for them; a name of an entity is none."""
    terms = tuple(map(term, ("fire", '"port ablaze"', "harbour fire", "Atlantis")))
    query = parse_query('fire OR "port ablaze" OR "harbour fire"~10 OR "Atlantis"~10')
    assert meaning_of(query_of(rule(keywords=terms), ENTITY_WORDS)) == meaning_of(query)
    assert meaning_of(query_of(rule(keywords=(term("Atlantis"),)), ENTITY_WORDS)) != meaning_of(parse_query("Atlantis"))


def test_an_elision_is_a_word_of_its_own_in_a_keyword_only() -> None:
    """A keyword with an elision is a loose phrase of two words; as a query it has them side by side."""
    elided = rule(keywords=(term("l'accord"),))
    assert meaning_of(query_of(elided, ENTITY_WORDS)) != meaning_of(parse_query("l'accord"))
    both = replace(elided, query=parse_query("fire AND NOT l'accord"))
    assert not never_holds(query_of(both, ENTITY_WORDS), (), ENTITY_WORDS)
