"""Laws of the query language that hold for all queries and all texts."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from support.queries import NEARLY_QUERIES, PARTS, TERMS, queries
from tocsin.errors import QueryError
from tocsin.model.query import Part, Query, nodes_of
from tocsin.rules.checks import check_query
from tocsin.rules.lexer import Kind, tokens_of
from tocsin.rules.parser import parse_query
from tocsin.rules.parts import resolve
from tocsin.rules.written import written

_EXPRESSION = re.compile(r"""(?:^|[\s(:"}])/""")
_CURLY = {'"': "“”„‟", "'": "‘’‚‛"}


def _read(text: str) -> Query | QueryError:
    try:
        return parse_query(text)
    except QueryError as error:
        return error


@given(queries())
def test_what_is_printed_reads_as_the_same(query: Query) -> None:
    """Any query that may be asked is read again from its printed form as an equal one."""
    check_query(query)
    assert parse_query(written(query)) == query


@given(queries(terms=st.one_of(TERMS, PARTS)))
def test_what_is_printed_with_parts_reads_as_the_same(query: Query) -> None:
    """A query keeps its parts where it is printed and read again."""
    assert parse_query(written(query)) == query


@given(NEARLY_QUERIES)
@example("ʼ~1")
@example("\ud800~2")
@example("{\ud800}")
@example("/\ud800/")
def test_any_text_is_a_query_or_told_to_be_none(text: str) -> None:
    """Any text is read, and then prints as what reads the same, or is refused with a place within it."""
    query = _read(text)
    if isinstance(query, QueryError):
        assert 0 <= query.at <= len(text)
        assert query.message
    else:
        assert parse_query(written(query)) == query
        assert written(parse_query(written(query))) == written(query)


@given(queries(), st.data())
def test_blanks_comments_and_brackets_change_nothing(query: Query, data: st.DataObject) -> None:
    """White space and comments between tokens, and brackets around the whole, make no difference."""
    text = written(query)
    tokens = tokens_of(text)
    pieces = ["("]
    for kind, token in zip(tokens.kinds, tokens.texts, strict=True):
        pieces.append(token)
        if kind is not Kind.FIELD:
            pieces.append(data.draw(st.sampled_from([" ", "\n", "\t\u00a0", " # AND (\n", " #\n#\n"])))
    assert parse_query("".join([*pieces, ")"])) == query


@given(st.one_of(NEARLY_QUERIES, queries().map(written)), st.data())
def test_curly_quotes_change_nothing(text: str, data: st.DataObject) -> None:
    """Whatever an editor does to quotes that are not in expressions, the query, errors and places are the same."""

    def outcome(asked: str) -> object:
        query = _read(asked)
        if isinstance(query, QueryError):
            return query.at, query.message
        return query, [node.at for node in nodes_of(query)]

    straight = "".join(next((plain for plain, curly in _CURLY.items() if sign in curly), sign) for sign in text)
    assume(not _EXPRESSION.search(straight))
    curly = "".join(data.draw(st.sampled_from(sign + _CURLY[sign])) if sign in _CURLY else sign for sign in straight)
    assert outcome(curly) == outcome(straight)


@given(queries(terms=st.one_of(TERMS, st.builds(Part, st.sampled_from("pq")))), queries(), queries())
def test_a_query_with_parts_is_the_query_written_out(query: Query, first: Query, second: Query) -> None:
    """Putting parts in gives the query that has them written out in brackets, or both are refused."""
    text = written(query)
    tokens = tokens_of(text)
    named = {"$p": f"({written(first)})", "$q": f"({written(second)})"}
    pieces = [
        named.get(token, token) + ("" if kind is Kind.FIELD else " ")
        for kind, token in zip(tokens.kinds, tokens.texts, strict=True)
    ]
    written_out = _read("".join(pieces))
    resolved = resolve(query, {"p": first, "q": second})
    if isinstance(written_out, QueryError):
        with pytest.raises(QueryError):
            check_query(resolved)
    else:
        check_query(resolved)
        assert resolved == written_out
