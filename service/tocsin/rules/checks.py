"""What a query may not ask, though it can be read: checked on its tree, once its parts are put in."""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

from tocsin.errors import QueryError
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
    Scope,
    Wildcard,
    Word,
    children_of,
)

#: Nodes that may stand below each other in the tree of a query: room for all the brackets it may have, each with a NOT.
DEEPEST_TREE = 120

# Where the mentions of an operand stand: one of the other fields, or, for None, in what is read.
_Place: TypeAlias = Scope | None

TOO_DEEP = "nested too deep, and each NEAR of a row counts: put the parts of it together with AND or OR instead"
_NEGATIVE = "a query that only excludes would ring on almost everything: write what must be there, then AND NOT"
_NOT_UNDER_OR = (
    "NOT as an alternative of OR would ring on almost everything: write AND NOT, or something to find beside it"
)


def check_query(query: Query) -> None:
    """Raise QueryError where a query asks for what cannot be. Parts, if it still has any, count as terms."""
    check_depth(query)
    check_shape(query)


def check_shape(query: Query) -> None:
    """Do as `check_query`, for a tree that is known not to be too deep."""
    if not _is_anchored(query, None):
        raise QueryError(_NEGATIVE, query.at)


def check_depth(query: Query) -> None:
    """Raise QueryError where the tree of a query is so deep that it could not be walked through."""
    if is_too_deep(query):
        raise QueryError(TOO_DEEP, query.at)


def is_too_deep(query: Query) -> bool:
    """Tell whether more than 120 nodes stand below each other in the tree of a query."""
    level: Sequence[Query] = (query,)
    for _ in range(DEEPEST_TREE):
        level = [child for node in level for child in children_of(node)]
        if not level:
            return False
    return True


def _is_anchored(node: Query, scope: Scope | None) -> bool:
    """Check a node in the field it stands in; tell whether it can only hold where something is found."""
    match node:
        case Word():
            return True
        case Or():
            _check_alternatives(node, scope)
            return True
        case And():
            anchored = [_is_anchored(child, scope) for child in node.children]  # each is to be checked
            return any(anchored)
        case Phrase() | Wildcard() | Cased() | EntityRef() | Loose() | Fuzzy() | Regex() | Part():
            return True
        case Not():
            if isinstance(node.child, Not):
                raise QueryError("NOT NOT excludes nothing: leave both out", node.at)
            _is_anchored(node.child, scope)
            return False
        case Near() | NotNear() | AtLeast():
            _check_counted(node, scope)
            return True
        case Fielded():
            return _is_field_anchored(node, scope)
        case _:
            assert_never(node)


def _check_alternatives(node: Or, scope: Scope | None) -> None:
    for child in node.children:
        if not isinstance(child, Word) and not _is_anchored(child, scope):  # most are words
            raise QueryError(_NOT_UNDER_OR, child.at)


def _is_field_anchored(node: Fielded, scope: Scope | None) -> bool:
    _check_field(node, scope)
    if node.scope.is_code:
        _check_codes(node.child, node.scope)
        return True
    return _is_anchored(node.child, node.scope)


def _check_field(node: Fielded, scope: Scope | None) -> None:
    if scope is not None:
        raise QueryError(f"{node.scope}: stands within {scope}: already; leave one of the two fields out", node.at)


def _check_codes(node: Query, scope: Scope) -> None:
    match node:
        case Or():
            for child in node.children:
                _check_codes(child, scope)
        case Word() if _is_code(node.text, scope):
            pass
        case Fielded():
            _check_field(node, scope)
        case _ if scope is Scope.COUNTRY:
            raise QueryError("country: compares codes of two letters: write country:UA or country:(UA OR PL)", node.at)
        case _:
            raise QueryError("lang: compares codes of two or three letters: write lang:uk or lang:(uk OR en)", node.at)


def _is_code(text: str, scope: Scope) -> bool:
    return text.isascii() and text.isalpha() and (len(text) == 2 or (len(text) == 3 and scope is Scope.LANG))


def _check_counted(node: Near | NotNear | AtLeast, scope: Scope | None) -> None:
    """Check what is found by its mentions: near each other, or so many of them."""
    if isinstance(node, AtLeast):
        _places(node.child, scope, "ATLEAST")
    else:
        _near_places(node, scope)


def _near_places(node: Near | NotNear, scope: Scope | None) -> set[_Place]:
    name = _name(node)
    places = _places(node.left, scope, name) | _places(node.right, scope, name)
    if len(places) > 1:
        fielded = next(place for place in places if place is not None)
        raise QueryError(
            f"{name} joins words of one field: write {fielded}:(a {name} b) for both, or AND in place of {name}",
            node.right.at,
        )
    return places


def _places(node: Query, scope: Scope | None, name: str) -> set[_Place]:
    """Check an operand of `name`; return where its mentions stand."""
    match node:
        case Or():
            return set().union(*[_places(child, scope, name) for child in node.children])
        case Near():
            return _near_places(node, scope)
        case Fielded():
            _check_field(node, scope)
            if node.scope.is_code:
                raise QueryError(f"{node.scope}: has no words for {name}: join it with AND", node.at)
            return _places(node.child, node.scope, name)
        case And() | Not() | NotNear() | AtLeast():
            raise QueryError(f"{_name(node)} cannot stand within {name}: {_fix(node, name)}", node.at)
        case _:
            return {None if scope is None or scope.is_text else scope}


def _fix(node: And | Not | NotNear | AtLeast, name: str) -> str:
    """Tell what to write where a node cannot be an operand."""
    each = "(a NEAR/5 b) AND (a NEAR/5 c)" if name != "ATLEAST" else "(ATLEAST/3 a) AND (ATLEAST/3 b)"
    match node:
        case And():
            return f"write OR, or {name} for each, as in {each}"
        case Not():
            return "write AND NOT outside it, or a NOT NEAR/5 b for an a that has no b near it"
        case NotNear():
            return "join the two with AND"
        case AtLeast() if name == "ATLEAST":
            return "leave one of the two out"
        case AtLeast():
            return "put brackets around the NEAR, as in ATLEAST/3 (a NEAR/5 b), or join the two with AND"
        case _:
            assert_never(node)


def _name(node: And | Not | Near | NotNear | AtLeast) -> str:
    """Return the word of the language that makes a node."""
    match node:
        case Near():
            return f"{'O' if node.ordered else ''}NEAR/{node.within}"
        case NotNear():
            return f"NOT NEAR/{node.within}"
        case And():
            return "AND"
        case Not():
            return "NOT"
        case AtLeast():
            return "ATLEAST"
        case _:
            assert_never(node)
