"""Queries to generate: trees that pass every check, and texts that may or may not be queries."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

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
    Term,
    Unit,
    Wildcard,
    Word,
)

T = TypeVar("T")

OTHER_FIELDS = (Scope.AUTHOR, Scope.URL, Scope.FEED, Scope.TAG)
TEXT_FIELDS = (Scope.TITLE, Scope.LEAD, Scope.BODY)
OPERATORS = frozenset({"AND", "OR", "NOT", "NEAR", "ONEAR", "ATLEAST"})

_LETTERS = "abcxyzABZéßłіїёЯж"
_PLAIN = st.text(_LETTERS, min_size=1, max_size=8).filter(lambda text: text not in OPERATORS)
_LONG = st.text(_LETTERS, min_size=5, max_size=9)
_NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
_WORDS = st.one_of(
    _PLAIN,
    _PLAIN,
    st.sampled_from(
        ["build-up", "COVID-19", "10:30", "U.S.", "O'Neill", "l'Ukraine", "C++", "a~b", "and/or", "阿卡", "😀a"]
    ),
    st.sampled_from(
        ["and", "Or", "not", "near/5", "NEARBY", "Note", "title", "я:1", "1:a", "x#y", "x@y", "a$", "a/b/"]
    ),
)
_INSIDE = st.text(_LETTERS + " \n-',.:#/@$()~", max_size=12)

TERMS: SearchStrategy[Term] = st.one_of(
    st.builds(Word, _WORDS),
    st.builds(Word, _WORDS),
    st.builds(
        Wildcard, st.sampled_from(["invad*", "wom?n", "foreign-agen*", "what?", "abc*d*", "аген*", "abc**", "a?b?"])
    ),
    st.builds(Fuzzy, _LONG, st.sampled_from([1, 2])),
    st.builds(Phrase, st.builds("{}{}{}".format, _INSIDE, _PLAIN, _INSIDE)),
    st.builds(Phrase, st.sampled_from(["foreign agen*", "wom?n {and} men", "abc* (d?"])),
    st.builds(Cased, st.builds("{}{}{}".format, _INSIDE, _PLAIN, _INSIDE)),
    st.builds(Loose, st.builds("{}{}{}".format, _INSIDE, _PLAIN, _INSIDE), st.integers(0, 100)),
    st.builds(
        Regex, st.sampled_from([r"CVE-\d{4}-\d+", r"a\/b", r"[\]\/]+", r"“[^”]+”", '"# [(] {', r"\\", "a\nb", "я+"])
    ),
    st.builds(EntityRef, _NAMES),
)
PARTS: SearchStrategy[Term] = st.builds(Part, _NAMES)


@st.composite
def queries(draw: DrawFn, terms: SearchStrategy[Term] = TERMS, depth: int = 3) -> Query:
    """Draw a query that may be asked, of these terms."""
    return _Drawing(draw, terms).anchored(depth, None)


class _Drawing:
    """Draws the nodes of one query; `scope` is the field they stand in."""

    def __init__(self, draw: DrawFn, terms: SearchStrategy[Term]) -> None:
        self._draw = draw
        self._terms = terms

    def anchored(self, depth: int, scope: Scope | None) -> Query:
        """Draw what can only hold where something is found."""
        if not depth:
            return self._term()
        choices: list[Callable[[int, Scope | None], Query]] = [
            lambda _depth, _scope: self._term(),
            self._and,
            self._or,
            self._counted,
        ]
        if scope is None:
            choices += [self._fielded, lambda _depth, _scope: self._codes()]
        return self._one_of(choices)(depth - 1, scope)

    def _term(self) -> Term:
        return self._draw(self._terms)

    def _one_of(self, options: Sequence[T]) -> T:
        return self._draw(st.sampled_from(options))

    def _several(self, make: Callable[[], Query], *, most: int = 4) -> tuple[Query, ...]:
        return tuple(make() for _ in range(self._draw(st.integers(2, most))))

    def _and(self, depth: int, scope: Scope | None) -> Query:
        children = [self.anchored(depth, scope)]
        children += self._several(lambda: self._any(depth, scope), most=3)
        return And(tuple(self._draw(st.permutations(children))))

    def _or(self, depth: int, scope: Scope | None) -> Query:
        return Or(self._several(lambda: self.anchored(depth, scope)))

    def _any(self, depth: int, scope: Scope | None) -> Query:
        if self._one_of([True, False]):
            return self.anchored(depth, scope)
        if depth and self._one_of([True, False]):
            return Not(And(self._several(lambda: Not(self.anchored(depth - 1, scope)), most=2)))
        return Not(self.anchored(depth, scope))

    def _fielded(self, depth: int, _scope: None) -> Query:
        scope = self._one_of([*TEXT_FIELDS, *OTHER_FIELDS])
        return Fielded(scope, self.anchored(depth, scope))

    def _codes(self) -> Query:
        scope = self._one_of([Scope.LANG, Scope.COUNTRY])
        codes = st.builds(Word, st.sampled_from(["en", "UK", "or", "ua"] + ["eng"] * (scope is Scope.LANG)))
        return Fielded(scope, self._draw(st.one_of(codes, st.builds(lambda a, b: Or((a, Or((b, a)))), codes, codes))))

    def _counted(self, depth: int, scope: Scope | None) -> Query:
        """Draw a NEAR, NOT NEAR or ATLEAST."""
        left, right = self.operand(depth, scope), self.operand(depth, scope)
        if scope is None and self._one_of([False, False, True]):  # a field that all operands share
            other = self._one_of(OTHER_FIELDS)
            left, right = Fielded(other, self.operand(depth, other)), Fielded(other, self.operand(depth, other))
        within = self._draw(st.one_of(st.integers(0, 100), st.sampled_from(Unit)))
        return self._one_of(
            [
                Near(left, right, within, self._one_of([True, False])),
                NotNear(left, right, within),
                AtLeast(self._draw(st.integers(1, 50)), left),
                AtLeast(3, Or((left, right))),
            ]
        )

    def operand(self, depth: int, scope: Scope | None) -> Query:
        """Draw what a NEAR may join."""
        if not depth:
            return self._term()
        below = depth - 1
        match self._one_of(["term", "or", "near", "field"]):
            case "or":
                return Or(self._several(lambda: self.operand(below, scope)))
            case "near":
                left, right = self.operand(below, scope), self.operand(below, scope)
                return Near(left, right, self._one_of([0, 5, Unit.SENTENCE]), self._one_of([True, False]))
            case "field" if scope is None:
                text = self._one_of(TEXT_FIELDS)
                return Fielded(text, self.operand(below, text))
            case _:
                return self._term()


_PIECES = (
    *(
        "AND",
        "OR",
        "NOT",
        "NEAR/5",
        "ONEAR/s",
        "NEAR/p",
        "NEAR",
        "NOT NEAR/3",
        "ATLEAST/2",
        "ATLEAST/99",
        "near/5",
        "and",
    ),
    *(
        "title:",
        "lang:",
        "author:",
        "titel:",
        "(",
        ")",
        '"',
        "“",
        "”",
        "{",
        "}",
        "/",
        "\\",
        "~",
        "~1",
        "*",
        "?",
        "#",
        "\n",
    ),
    *(
        "a",
        "invasion",
        "invad*",
        "wom?n",
        "zelensky~1",
        '"troops remain"',
        '"troops"~10',
        "{NATO}",
        r"/CVE-\d+/",
        "@who",
    ),
    *(
        "$part",
        "Путін",
        "阿卡",
        "😀",
        "\u200b",
        "\ud800",
        "\0",
        "'",
        "’",
        "-",
        "&",
        "10:30",
        "en",
        " ",
        "\t",
        "\u00a0",
        "0",
    ),
)

#: Texts that are made of what queries are made of, a query now and then.
NEARLY_QUERIES: SearchStrategy[str] = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=12).map(" ".join),
    st.lists(st.sampled_from(_PIECES), max_size=12).map("".join),
    st.text(max_size=20),
)
