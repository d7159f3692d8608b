"""Prints a query as it is written, with no more brackets than it needs."""

from typing import assert_never

from tocsin.model.query import (
    And,
    AtLeast,
    Cased,
    EntityRef,
    Fielded,
    Fuzzy,
    Loose,
    Near,
    Not,
    NotNear,
    Or,
    Part,
    Phrase,
    Query,
    Regex,
    Term,
    Wildcard,
    Word,
)


def written(query: Query) -> str:
    """Print a query on one line, but for line breaks within its terms; reading it again gives an equal one."""
    match query:
        case And():
            return " AND ".join(_within(child, _NEGATION) for child in query.children)
        case Or():
            return " OR ".join(_within(child, _NEGATION) for child in query.children)
        case Not():
            return f"NOT {_within(query.child, _NOT_NEAR)}"
        case NotNear():
            return f"{_within(query.left, _AT_LEAST)} NOT NEAR/{query.within} {_within(query.right, _AT_LEAST)}"
        case Near():  # a row of them is read from the left
            near = f"{'O' if query.ordered else ''}NEAR/{query.within}"
            return f"{_within(query.left, _NEAR)} {near} {_within(query.right, _AT_LEAST)}"
        case AtLeast():
            return f"ATLEAST/{query.count} {_within(query.child, _FIELDED)}"
        case Fielded():
            return f"{query.scope}:{_within(query.child, _TERM)}"
        case _:
            return term_written(query)


# How tightly what a query is made of holds together.
_ROW, _NEGATION, _NOT_NEAR, _NEAR, _AT_LEAST, _FIELDED, _TERM = range(7)


def _tightness(query: Query) -> int:
    match query:
        case And() | Or():
            return _ROW
        case Not():
            return _NEGATION
        case NotNear():
            return _NOT_NEAR
        case Near():
            return _NEAR
        case AtLeast():
            return _AT_LEAST
        case Fielded():
            return _FIELDED
        case _:
            return _TERM


def _within(query: Query, tightness: int) -> str:
    """Print what stands within another query, in brackets if it does not hold together so tightly."""
    text = written(query)
    return text if _tightness(query) >= tightness else f"({text})"


def term_written(term: Term) -> str:
    """Print a single term."""
    match term:
        case Word() | Wildcard():
            return term.text
        case Fuzzy():
            return f"{term.text}~{term.edits}"
        case Phrase():
            return f'"{term.text}"'
        case Cased():
            return f"{{{term.text}}}"
        case Loose():
            return f'"{term.text}"~{term.others}'
        case Regex():
            return f"/{term.pattern}/"
        case EntityRef():
            return f"@{term.id}"
        case Part():
            return f"${term.name}"
        case _:
            assert_never(term)
