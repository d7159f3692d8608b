"""Printing queries: the fewest brackets that keep their meaning."""

import pytest

from tocsin.model.query import And, AtLeast, Fielded, Near, Not, NotNear, Or, Query, Scope, Unit, Word
from tocsin.rules.parser import parse_query
from tocsin.rules.written import term_written, written

A, B, C = Word("a"), Word("b"), Word("c")

# As people write them, with blanks and brackets more than needed, and as they are printed.
PRINTED = [
    (" a ", "a"),
    ("((a))", "a"),
    ("(a) AND ((b))", "a AND b"),
    ("(a AND b) AND c", "(a AND b) AND c"),
    ("a OR (b OR c)", "a OR (b OR c)"),
    ("(a AND b) OR c", "(a AND b) OR c"),
    ("a AND NOT (b)", "a AND NOT b"),
    ("a AND (NOT b)", "a AND NOT b"),
    ("a AND NOT (b OR c)", "a AND NOT (b OR c)"),
    ("a AND NOT (b NEAR/5 c)", "a AND NOT b NEAR/5 c"),
    ("a AND NOT (b NOT NEAR/5 c)", "a AND NOT b NOT NEAR/5 c"),
    ("(a NEAR/05 b) NEAR/3 c", "a NEAR/5 b NEAR/3 c"),
    ("a NEAR/5 (b NEAR/3 c)", "a NEAR/5 (b NEAR/3 c)"),
    ("(a OR b) ONEAR/s c", "(a OR b) ONEAR/s c"),
    ("(a NEAR/3 b) NOT NEAR/p (c NEAR/1 d)", "(a NEAR/3 b) NOT NEAR/p (c NEAR/1 d)"),
    ("ATLEAST/03 (a)", "ATLEAST/3 a"),
    ("ATLEAST/3 (title:a)", "ATLEAST/3 title:a"),
    ("ATLEAST/3 (a NEAR/5 b)", "ATLEAST/3 (a NEAR/5 b)"),
    ("title:(a)", "title:a"),
    ("title:(a AND b)", "title:(a AND b)"),
    ("title:(ATLEAST/2 a)", "title:(ATLEAST/2 a)"),
    ("title:(a NEAR/5 b) AND c", "title:(a NEAR/5 b) AND c"),
    ("“a”~05 # x", '"a"~5'),
    (r"{ A } OR /a\/b/", r"{ A } OR /a\/b/"),
    ("@a OR (inva* OR invasion~02)", "@a OR (inva* OR invasion~2)"),
    ("$p AND lang:(en)", "$p AND lang:en"),
]


@pytest.mark.parametrize(("text", "printed"), PRINTED)
def test_a_query_is_printed_with_the_brackets_it_needs(text: str, printed: str) -> None:
    """A query is printed with no bracket more than it takes to read the same again."""
    assert written(parse_query(text)) == printed
    assert written(parse_query(printed)) == printed


@pytest.mark.parametrize(
    ("query", "printed"),
    [
        (Not(Not(A)), "NOT (NOT a)"),
        (Near(And((A, B)), Not(C), 5), "(a AND b) NEAR/5 (NOT c)"),
        (Near(NotNear(A, B, 1), AtLeast(2, C), Unit.SENTENCE, ordered=True), "(a NOT NEAR/1 b) ONEAR/s ATLEAST/2 c"),
        (NotNear(Near(A, B, 1), NotNear(B, C, 2), 3), "(a NEAR/1 b) NOT NEAR/3 (b NOT NEAR/2 c)"),
        (AtLeast(2, AtLeast(3, A)), "ATLEAST/2 (ATLEAST/3 a)"),
        (Fielded(Scope.TITLE, Fielded(Scope.BODY, Not(A))), "title:(body:(NOT a))"),
        (Or((And((A, B)), Not(C))), "(a AND b) OR NOT c"),
    ],
)
def test_a_query_that_may_not_be_asked_is_printed_as_well(query: Query, printed: str) -> None:
    """A message can show any tree, one that no check lets pass too."""
    assert written(query) == printed


def test_a_single_term_is_printed_by_itself() -> None:
    """What a query is printed of, a term, can be printed alone."""
    assert term_written(Word("build-up")) == "build-up"
