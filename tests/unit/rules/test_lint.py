"""What is wrong with a term before it meets an article."""

import pytest

from support.matching import term
from tocsin.rules.lint import (
    alias_problem,
    asked_by,
    remarks_on_keyword,
    remarks_on_letters,
    remarks_on_query,
    term_problem,
    wildcard_in,
)
from tocsin.rules.loose import MOST_OPERANDS
from tocsin.rules.ordinary import COMMON_WORDS, FIRST_NAMES
from tocsin.rules.parser import parse_query


@pytest.mark.parametrize("written", ["", "…", "''", '"—"', "& + -"])
def test_term_without_words(written: str) -> None:
    """A term without a word is refused."""
    assert term_problem(term(written)) == "there is no word in it"


@pytest.mark.parametrize("written", ["invad*", "*sion", "wom?n", '"foreign agen*"'])
def test_term_with_wildcard(written: str) -> None:
    """A wildcard is refused, with the place for it."""
    assert "a wildcard stands in a `query:` only" in (term_problem(term(written)) or "")


@pytest.mark.parametrize("written", ["Who won?", "why? because", "5 * 3", "C*"])
def test_term_with_marks_that_are_no_wildcards(written: str) -> None:
    """Only what stands for letters is a wildcard."""
    problem = term_problem(term(written))
    assert (problem is not None) == (written == "C*")


@pytest.mark.parametrize(
    "written",
    [
        " ".join(["word"] * MOST_OPERANDS),
        " ".join(["the word"] * MOST_OPERANDS),
        '"' + " ".join(["word"] * 2 * MOST_OPERANDS) + '"',
        "北大西洋公约组织秘书长在布鲁塞尔举行会议并发表关于停火谈判的声明",
        "-".join(["word"] * 2 * MOST_OPERANDS),
    ],
)
def test_term_of_many_words(written: str) -> None:
    """Stop words, the words of an exact phrase, characters and parts of hyphened words do not make a term too long."""
    assert term_problem(term(written)) is None


def test_term_of_too_many_words() -> None:
    """A loose phrase of too many words is refused with a way out."""
    problem = term_problem(term(" ".join(["word"] * (MOST_OPERANDS + 1))))
    assert problem is not None
    assert "inner quotes" in problem


@pytest.mark.parametrize(
    ("text", "at"), [("fire invad*", 10), ("*sion", 0), ("the wom?n", 7), ("5 * 3 C*", 7), ("why?", None)]
)
def test_the_first_wildcard_is_found_at_its_sign(text: str, at: int | None) -> None:
    """The place of a wildcard is that of its sign, not of its word."""
    assert wildcard_in(text) == at


def remarks(query: str) -> list[tuple[int, str]]:
    parsed = parse_query(query)
    return [(remark.at, remark.word) for remark in remarks_on_query(parsed, asked_by((), parsed))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Россия harbour", []),
        ("Рoссия", [(0, "Рoссия")]),
        ("port Rоссия, café", [(5, "Rоссия")]),
        ("COVID-19 коронавирус", []),
        ("漢字ж", []),
    ],
)
def test_a_word_of_two_alphabets_is_told_at_its_place(text: str, expected: list[tuple[int, str]]) -> None:
    """Only Latin and Cyrillic letters within one word are told of, not words side by side."""
    assert [(remark.at, remark.word) for remark in remarks_on_letters(text)] == expected


def test_two_alphabets_are_looked_for_in_every_kind_of_term() -> None:
    """Words, phrases and braces are looked at, in every field, asked for or excluded; places are those of the words."""
    query = 'fire OR "a Рoссия" OR {Рoссия} OR tag:Рoссия OR (fire AND NOT Рoссия)'
    assert sorted(at for at, _ in remarks(query)) == [11, 23, 38, 62]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("EU", [(0, "EU")]),
        ('fire AND (eu OR "UN")', [(10, "eu"), (17, "UN")]),
        ("{EU} AND title:G7", [(15, "G7")]),
        ("fire AND U.S.", [(9, "U.S.")]),
        ("tag:eu AND lang:en AND country:de AND fire", []),
        ("中国 OR ال OR 42", []),
        ("fire NEAR/3 eur*", []),
    ],
)
def test_a_term_of_one_or_two_letters_is_told_unless_in_braces(query: str, expected: list[tuple[int, str]]) -> None:
    """It is told in title and body, where letters have capitals, that braces make it mean only itself."""
    assert sorted(remarks(query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("invasion", [(0, "invasion")]),
        ("invasion OR invading", []),
        ("invasion OR inva*", []),
        ("invasion OR invas*", [(0, "invasion")]),
        ('invasion OR "invaded"', []),
        ("Invasion OR INVASION", []),
        ('"invasion"', []),
        ("fire AND NOT invasion", []),
        ("fire NOT NEAR/3 invasion", []),
        ("title:(fire NEAR/3 invasion)", [(19, "invasion")]),
        ("tag:invasion", []),
        ('"troops invasion"~10', [(8, "invasion")]),
        ("woman OR women", []),
        ("Pride OR MacBride OR O'take OR take2", []),
        ("Åfall OR falló", []),
        ('invasion OR "they invade, or not"', []),
        ("fall's OR fell OR fallen", []),
    ],
)
def test_a_word_whose_relatives_are_not_found_is_told(query: str, expected: list[tuple[int, str]]) -> None:
    """It is told of words that are asked for in any inflection, unless something else that is asked for finds them."""
    assert remarks(query) == expected


def test_the_fix_for_a_relative_is_a_wildcard_or_its_name() -> None:
    """A common beginning is offered as a wildcard; without one, both words are to be named."""
    asked = asked_by([term("invasion"), term("sale")], None)
    told = [next(remarks_on_keyword(term(word), asked, frozenset())).message for word in ("invasion", "sale")]
    assert told == [
        '"invasion" does not find "invade": write inva* in a query, or name both',
        '"sale" does not find "sell": name both',
    ]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("EU", ["EU"]),
        ('"EU"', ["EU"]),
        ("EU sanctions", []),
        ("fire invasion", ["invasion"]),
        ('"fire invasion"', []),
        ("crime", []),
    ],
)
def test_keywords_are_looked_at_like_queries(written: str, words: list[str]) -> None:
    """A short keyword, and a word with relatives, are told; a word that stands for an entity has what it has."""
    found = remarks_on_keyword(term(written), asked_by([term(written)], None), frozenset({"crime"}))
    assert [remark.word for remark in found] == words


def test_relatives_are_not_looked_at_where_the_language_is_another() -> None:
    """Without the words that are asked for, as for a rule of another language, relatives are not told of."""
    assert list(remarks_on_keyword(term("invasion"), None, frozenset())) == []
    assert list(remarks_on_query(parse_query("invasion"), None)) == []


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("May", "ordinary word"),
        ('"may"', "ordinary word"),
        ("Theresa", "first name"),
        ("Владимир", "first name"),
        ("Xi", "fewer than three letters"),
        ("US", None),
        ("Theresa May", None),
        ("Atlantean", None),
        ("中国", None),
    ],
)
def test_an_alias_that_means_much_else_is_told(written: str, problem: str | None) -> None:
    """Ordinary words, first names and one or two letters by themselves are told, but not in capitals only."""
    told = alias_problem(term(written), case_sensitive=True)
    assert (told is None) if problem is None else problem in (told or "")


def test_an_alias_in_capitals_is_told_where_case_does_not_count() -> None:
    """Where case is ignored, US means us."""
    assert alias_problem(term("US"), case_sensitive=False) is not None


def test_the_lists_of_ordinary_words_hold_what_they_say() -> None:
    """They are long, in the form that is compared, and hold no peoples, countries and languages."""
    assert len(COMMON_WORDS) > 1000
    assert len(FIRST_NAMES) > 500
    assert all(word == word.lower() for word in COMMON_WORDS | FIRST_NAMES)
    assert {"may", "monday", "december"} <= COMMON_WORDS
    assert {"russian", "french", "paris", "turkey", "georgia", "jordan"}.isdisjoint(COMMON_WORDS)


@pytest.mark.parametrize(
    ("query", "remarks"), [('"who won?"', [(8, "?")]), ('"wom?n won" AND w?n', []), ('"why? nobody knows"', [(4, "?")])]
)
def test_a_question_mark_that_ends_a_word_of_a_phrase(query: str, remarks: list[tuple[int, str]]) -> None:
    """A ? at the end of a word in a phrase stands for a letter, though a question is probably meant."""
    found = remarks_on_query(parse_query(query), None)
    assert [(remark.at, remark.word) for remark in found] == remarks


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("fire AND water", "AND"),
        ("fire NEAR/5 water", "NEAR/5"),
        ("title:fire", "title:"),
        ("@harbour", "@h"),
        ("{NATO}", "{NATO}"),
        ("zelensky~1", "~1"),
        ("fire and water", None),
        ("AND", None),
        ('"fire AND water"', None),
        ("AT&T: fire", None),
    ],
)
def test_a_keyword_with_the_signs_of_a_query(written: str, word: str | None) -> None:
    """A keyword that looks like a query is told to be none; in quotes it is what it says."""
    found = [remark.word for remark in remarks_on_keyword(term(written), None, frozenset())]
    assert found == ([word] if word else [])
