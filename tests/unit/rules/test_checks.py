"""What queries may and may not ask."""

import pytest

from tocsin.errors import QueryError
from tocsin.model.query import And, Near, Not, Or, Part, Query, Word
from tocsin.rules.checks import DEEPEST_TREE, check_query
from tocsin.rules.parser import parse_query
from tocsin.rules.parts import resolve

SOUND = """
a AND NOT b
a AND (NOT b AND c)
a AND NOT (NOT b AND NOT c)
a AND NOT (b AND NOT (c AND NOT d))
a OR (b AND NOT c)
title:(a AND NOT b)
a NEAR/5 b NEAR/s c ONEAR/p d
(a OR (b OR c)) NEAR/5 (d OR "e f" OR @g OR /h/ OR "i j"~3 OR {K} OR longer~1)
a NEAR/5 (b NEAR/5 c)
title:a NEAR/5 body:b
lead:a NEAR/5 b
title:(a NEAR/5 b)
author:(a NEAR/5 b)
author:a NEAR/5 author:b
author:a NEAR/5 author:b NEAR/5 author:c
(author:a OR author:b) NOT NEAR/5 author:c
url:(a NEAR/5 (b OR c))
ATLEAST/2 (a OR title:b OR author:c)
ATLEAST/2 (a NEAR/5 b)
ATLEAST/50 title:a
title:(ATLEAST/2 a)
(a NEAR/3 b) NOT NEAR/5 (c NEAR/3 d)
a NOT NEAR/5 b
NOT a AND b
lang:en
a AND lang:(en OR uk OR (fr OR eng)) AND NOT country:(RU OR by)
""".strip().split("\n")

ONLY_NEGATIVE = "a query that only excludes would ring on almost everything: write what must be there, then AND NOT"
NOT_UNDER_OR = "NOT as an alternative of OR would ring on almost everything: write AND NOT"

UNSOUND = [
    ("NOT a", 0, ONLY_NEGATIVE),
    ("NOT a AND NOT b", 0, ONLY_NEGATIVE),
    ("NOT (a AND b)", 0, ONLY_NEGATIVE),
    ("title:(NOT a)", 0, ONLY_NEGATIVE),
    ("NOT lang:ru", 0, ONLY_NEGATIVE),
    ("a OR NOT b", 5, NOT_UNDER_OR),
    ("a OR (NOT b AND NOT c)", 6, NOT_UNDER_OR),
    ("a OR title:(NOT b)", 5, NOT_UNDER_OR),
    ("a AND (b OR NOT c)", 12, NOT_UNDER_OR),
    ("a AND NOT (b OR NOT c)", 16, NOT_UNDER_OR),
    ("a AND NOT (NOT b)", 6, "NOT NOT excludes nothing: leave both out"),
    ("(a AND b) NEAR/5 c", 1, "AND cannot stand within NEAR/5: write OR, or NEAR/5 for each"),
    ("a ONEAR/s (b AND c)", 11, "AND cannot stand within ONEAR/s: write OR"),
    ("a NOT NEAR/5 (b AND c)", 14, "AND cannot stand within NOT NEAR/5: write OR"),
    ("a NEAR/5 (b OR (c AND d))", 16, "AND cannot stand within NEAR/5"),
    ("a NEAR/5 b NEAR/3 (c AND d)", 19, "AND cannot stand within NEAR/3"),
    ("a NEAR/5 (NOT b)", 10, "NOT cannot stand within NEAR/5: write AND NOT outside it, or a NOT NEAR/5 b"),
    ("a NEAR/5 title:(NOT b)", 16, "NOT cannot stand within NEAR/5"),
    ("(a NOT NEAR/3 b) NEAR/5 c", 1, "NOT NEAR/3 cannot stand within NEAR/5: join the two with AND"),
    ("(a NOT NEAR/3 b) NOT NEAR/5 c", 1, "NOT NEAR/3 cannot stand within NOT NEAR/5"),
    ("a NOT NEAR/5 (b NOT NEAR/3 c)", 14, "NOT NEAR/3 cannot stand within NOT NEAR/5"),
    ("ATLEAST/3 a NEAR/5 b", 0, "ATLEAST cannot stand within NEAR/5: put brackets around the NEAR, as in ATLEAST/3 ("),
    ("a NEAR/5 ATLEAST/3 b", 9, "ATLEAST cannot stand within NEAR/5"),
    (
        "ATLEAST/3 (a AND b)",
        11,
        "AND cannot stand within ATLEAST: write OR, or ATLEAST for each, as in (ATLEAST/3 a) AND",
    ),
    ("ATLEAST/3 (NOT a)", 11, "NOT cannot stand within ATLEAST"),
    ("ATLEAST/3 (a NOT NEAR/5 b)", 11, "NOT NEAR/5 cannot stand within ATLEAST"),
    ("ATLEAST/3 (ATLEAST/2 a)", 11, "ATLEAST cannot stand within ATLEAST: leave one of the two out"),
    ("title:(body:a)", 7, "body: stands within title: already; leave one of the two fields out"),
    ("title:(a AND title:b)", 13, "title: stands within title: already"),
    ("title:(a NEAR/5 body:b)", 16, "body: stands within title: already"),
    ("lang:(en OR title:a)", 12, "title: stands within lang: already"),
    ("lang:english", 5, "lang: compares codes of two or three letters: write lang:uk or lang:(uk OR en)"),
    ("lang:e", 5, "lang: compares codes"),
    ("lang:en-GB", 5, "lang: compares codes"),
    ("lang:укр", 5, "lang: compares codes"),
    ("lang:e1", 5, "lang: compares codes"),
    ('lang:"en"', 5, "lang: compares codes"),
    ("lang:/en/", 5, "lang: compares codes"),
    ("lang:@en", 5, "lang: compares codes"),
    ("lang:(en AND uk)", 6, "lang: compares codes"),
    ("lang:(en OR NOT uk)", 12, "lang: compares codes"),
    ("country:UKR", 8, "country: compares codes of two letters: write country:UA or country:(UA OR PL)"),
    ("country:(UA OR Poland)", 15, "country: compares codes"),
    ("lang:en NEAR/5 a", 0, "lang: has no words for NEAR/5: join it with AND"),
    ("a NOT NEAR/5 country:ua", 13, "country: has no words for NOT NEAR/5"),
    ("ATLEAST/2 lang:en", 10, "lang: has no words for ATLEAST"),
    ("author:a NEAR/5 b", 16, "NEAR/5 joins words of one field: write author:(a NEAR/5 b) for both, or AND"),
    ("title:a ONEAR/5 url:b", 16, "ONEAR/5 joins words of one field: write url:(a ONEAR/5 b)"),
    ("feed:a NEAR/5 tag:b", 14, "NEAR/5 joins words of one field"),
    ("a NOT NEAR/s author:b", 13, "NOT NEAR/s joins words of one field: write author:(a NOT NEAR/s b)"),
    ("(author:a OR b) NEAR/5 author:c", 23, "NEAR/5 joins words of one field"),
    ("author:a NEAR/5 author:b NEAR/3 c", 32, "NEAR/3 joins words of one field"),
    ("ATLEAST/2 (a NEAR/5 author:b)", 20, "NEAR/5 joins words of one field"),
]


@pytest.mark.parametrize("text", SOUND)
def test_a_query_that_may_be_asked_is_accepted(text: str) -> None:
    """What is found by words that must be there, each operator with operands it can have, passes."""
    check_query(parse_query(text))


@pytest.mark.parametrize(("text", "at", "core"), UNSOUND)
def test_a_query_that_may_not_be_asked_is_refused(text: str, at: int, core: str) -> None:
    """What would ring on everything, and operands that an operator cannot have, are told at their place with a fix."""
    with pytest.raises(QueryError) as raised:
        parse_query(text)
    assert raised.value.message.startswith(core)
    assert raised.value.at == at


def test_a_query_with_parts_is_checked_once_they_are_in() -> None:
    """A query that has parts is read without being judged; with its parts put in it is refused like any other."""
    for text in ("NOT $p", "a OR NOT $p", "a NEAR/5 $p", "title:(body:$p)", "lang:$p"):
        query = parse_query(text)
        with pytest.raises(QueryError):
            check_query(resolve(query, {"p": parse_query("x AND y")}))


def test_the_depth_of_a_tree_has_a_limit() -> None:
    """The deepest tree passes, and one more node below another does not, however the tree was made."""

    def nested(depth: int) -> Query:
        query: Query = Word("a")
        for level in range(depth - 1):
            query = And((query, Word("b"))) if level % 2 else Or((Word("b"), query))
        return query

    def row(depth: int) -> Query:
        query: Query = Word("a")
        for _ in range(depth - 1):
            query = Near(query, Word("b"), 5)
        return query

    for make in (nested, row):
        check_query(make(DEEPEST_TREE))
        with pytest.raises(QueryError, match=r"^nested too deep, and each NEAR of a row counts: "):
            check_query(make(DEEPEST_TREE + 1))
        with pytest.raises(QueryError, match=r"^nested too deep"):
            check_query(make(5_000))


def test_a_part_that_nobody_put_in_is_a_term() -> None:
    """A query can be checked before its parts are known, as far as that goes."""
    check_query(And((Part("a"), Not(Part("b")))))
