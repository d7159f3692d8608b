"""Reads a query into its tree.

The grammar, tightest first; only brackets make it call itself, and their depth has a limit:

    operand   = field ":" (term | "(" query ")") | "ATLEAST/" n operand | term | "(" query ")"
    row       = operand { ("NEAR/" | "ONEAR/") n operand } | operand "NOT NEAR/" n operand
    negation  = [ "NOT" ] row
    query     = negation { "AND" negation } | negation { "OR" negation }
"""

import re
from typing import NoReturn

from tocsin.errors import QueryError
from tocsin.model.query import And, AtLeast, Fielded, Near, Not, NotNear, Or, Query, Scope, Unit
from tocsin.rules.checks import DEEPEST_TREE, check_depth, check_query, check_shape
from tocsin.rules.lexer import Kind, Tokens, tokens_of
from tocsin.rules.terms import READERS, read_number, read_word
from tocsin.text.suggestions import suggestion

#: Brackets that may stand within brackets.
DEEPEST = 50

#: Bytes of UTF-8 that a query may have.
LONGEST_QUERY = 32 * 1024

#: Words that NEAR may leave in between, and mentions that ATLEAST may ask for.
FARTHEST_NEAR = 100
MOST_MENTIONS = 50

_LONGEST_SHOWN = 30  # characters of a term, in a message
_NEEDED = "write a word, a phrase or a bracket there"
_SMALL_OPERATOR = re.compile(r"and|or|not|(?:o?near|atleast)(?:/.*)?", re.IGNORECASE)
_SCOPES = {scope.value: scope for scope in Scope}

# Looked up once: to ask an enum for a member takes longer than to compare it.
_AND, _OR, _NOT, _NEAR, _WORD = Kind.AND, Kind.OR, Kind.NOT, Kind.NEAR, Kind.WORD
_ENDING = frozenset({Kind.AND, Kind.OR, Kind.CLOSE, Kind.END})


def parse_query(text: str) -> Query:
    """Read a query; raises QueryError. Parts stay as they are written; a query that has any is not yet checked.

    Takes time linear in the text, of 32 kB in UTF-8 at most. Curly quotes are read as straight ones.
    """
    if len(text) * 4 > LONGEST_QUERY and len(text.encode(errors="surrogatepass")) > LONGEST_QUERY:
        raise QueryError(f"longer than {LONGEST_QUERY // 1024} kB: split it into several rules, or use entities", 0)
    tokens = tokens_of(text)
    if len(tokens.kinds) == 1:
        raise QueryError(_nothing_in(text), 0)
    query = _Parser(tokens).query()
    if Kind.PART in tokens.kinds:
        check_depth(query)
    elif len(tokens.kinds) > DEEPEST_TREE:
        check_query(query)
    else:
        check_shape(query)  # each level of the tree takes a token
    return query


def _nothing_in(text: str) -> str:
    if text.strip():
        return "there is only a comment, from # to the end of the line: write a query, or put the # in quotes"
    return "the query is empty: write a word or a phrase to look for"


class _Parser:
    """Walks through the tokens of one query; never past its END."""

    __slots__ = ("_depth", "_kinds", "_next", "_places", "_texts")

    def __init__(self, tokens: Tokens) -> None:
        self._kinds, self._texts, self._places = tokens
        self._next = 0
        self._depth = 0  # brackets that are open

    def query(self) -> Query:
        """Read all that there is."""
        query = self._alternatives()
        kind, place = self._kinds[self._next], self._places[self._next]
        if kind is Kind.CLOSE:
            raise QueryError("no bracket is open here: leave this ) out, or write ( where it begins", place)
        if kind is not Kind.END:
            self._side_by_side()
        return query

    def _alternatives(self) -> Query:
        """Read what AND or OR joins, or what stands by itself."""
        first = self._negation()
        operator = self._kinds[self._next]
        if operator is not _AND and operator is not _OR:
            return first
        children = [first]
        while self._kinds[self._next] is operator:
            self._next += 1
            children.append(self._negation())
        if self._kinds[self._next] in {_AND, _OR}:
            raise QueryError(
                "AND and OR are mixed: put brackets around what belongs together, as in (a AND b) OR c",
                self._places[self._next],
            )
        return And(tuple(children), first.at) if operator is _AND else Or(tuple(children), first.at)

    def _negation(self) -> Query:
        kind = self._kinds[self._next]
        if kind is _WORD and self._kinds[self._next + 1] in _ENDING:  # most are nothing but a word
            self._next += 1
            return read_word(self._texts[self._next - 1], self._places[self._next - 1])
        if kind is not _NOT:
            return self._row()
        at = self._places[self._next]
        after = self._kinds[self._next + 1]
        if after is _NOT:
            raise QueryError("NOT NOT excludes nothing: leave both out", at)
        if after is _NEAR:
            raise QueryError(f"nothing stands before NOT {self._shown(self._next + 1)}: {_NEEDED}", at)
        self._next += 1
        return Not(self._row(), at)

    def _row(self) -> Query:
        """Read what the NEAR family joins, left to right, or a single operand."""
        left = self._operand()
        while self._kinds[self._next] is _NEAR:
            ordered = self._texts[self._next].startswith("O")
            within = self._within()
            left = Near(left, self._operand(), within, ordered, left.at)
        if not self._stands_not_near():
            return left
        if self._texts[self._next + 1].startswith("O"):
            raise QueryError("there is no NOT ONEAR: write NOT NEAR", self._places[self._next])
        chained = isinstance(left, Near) and self._kinds[self._next - 1] is not Kind.CLOSE
        at = self._places[self._next]
        self._next += 1
        within = self._within()
        query = NotNear(left, self._operand(), within, left.at)
        if chained or self._kinds[self._next] is _NEAR or self._stands_not_near():
            raise QueryError(
                "NOT NEAR does not chain: put brackets around one of the two, as in (a NEAR/5 b) NOT NEAR/5 c", at
            )
        return query

    def _stands_not_near(self) -> bool:
        return self._kinds[self._next] is _NOT and self._kinds[self._next + 1] is _NEAR

    def _within(self) -> int | Unit:
        """Pass a NEAR; return how near it asks for."""
        name, _, number = self._texts[self._next].partition("/")
        if number in {"s", "p"}:
            self._next += 1
            return Unit(number)
        within = read_number(number, 0, FARTHEST_NEAR)
        if within is None:
            name = "ONEAR" if name.startswith("O") else "NEAR"
            raise QueryError(
                f"{name} needs a number from 0 to {FARTHEST_NEAR}, s or p after a slash: write {name}/5, "
                f"{name}/s for one sentence or {name}/p for one paragraph",
                self._places[self._next],
            )
        self._next += 1
        return within

    def _operand(self) -> Query:
        kind = self._kinds[self._next]
        read = READERS.get(kind)
        if read is not None:
            self._next += 1
            return read(self._texts[self._next - 1], self._places[self._next - 1])
        if kind is Kind.OPEN:
            return self._bracket()
        if kind is Kind.FIELD:
            return self._fielded()
        if kind is Kind.ATLEAST:
            return self._at_least()
        return self._missing()

    def _bracket(self) -> Query:
        at = self._places[self._next]
        if self._depth == DEEPEST:
            raise QueryError(f"more than {DEEPEST} brackets within each other: name a part, and write $name for it", at)
        self._depth += 1
        self._next += 1
        query = self._alternatives()
        if self._kinds[self._next] is Kind.END:
            raise QueryError("this bracket is not closed: write ) where it ends", at)
        if self._kinds[self._next] is not Kind.CLOSE:
            self._side_by_side()
        self._depth -= 1
        self._next += 1
        return query

    def _fielded(self) -> Fielded:
        field, at = self._texts[self._next], self._places[self._next]
        scope = _SCOPES.get(field[:-1])
        if scope is None:
            raise QueryError(_unknown_field(field[:-1]), at)
        self._next += 1
        kind, after = self._kinds[self._next], self._places[self._next]
        end = at + len(field)
        if kind is Kind.FIELD:
            fix = "leave one of the two out, or put what is no field in quotes"
            raise QueryError(f"a field stands after {field[:-1]}: already; {fix}", after)
        if kind is Kind.ATLEAST:
            raise QueryError(f"ATLEAST cannot stand after {field} put it in brackets: {field}(ATLEAST/3 a)", after)
        if kind not in READERS and kind is not Kind.OPEN:
            raise QueryError(f"nothing stands after {field} write {field}word or {field}(a OR b)", end)
        if after != end:
            raise QueryError(f"a blank stands after {field} write {field}{self._shown(self._next)}", end)
        return Fielded(scope, self._operand(), at)

    def _at_least(self) -> AtLeast:
        at = self._places[self._next]
        count = read_number(self._texts[self._next].removeprefix("ATLEAST/"), 1, MOST_MENTIONS)
        if count is None:
            raise QueryError(f"ATLEAST needs a number from 1 to {MOST_MENTIONS} after a slash: write ATLEAST/3", at)
        self._next += 1
        if self._kinds[self._next] is Kind.ATLEAST:
            raise QueryError("ATLEAST cannot stand within ATLEAST: leave one of the two out", self._places[self._next])
        return AtLeast(count, self._operand(), at)

    def _missing(self) -> NoReturn:
        """Say that there is nothing to look for where the next token stands."""
        place = self._places[self._next]
        before = self._kinds[self._next - 1] if self._next else Kind.OPEN
        if self._next and before is Kind.OPEN and self._kinds[self._next] is Kind.CLOSE:
            raise QueryError(f"nothing stands between the brackets: {_NEEDED}, or leave them out", place)
        if before is _NEAR and self._kinds[self._next] is _NOT:
            near = self._shown(self._next - 1)
            raise QueryError(
                f"NOT cannot stand after {near}: write a NOT NEAR/5 b for an a that has no b near it", place
            )
        if before is Kind.OPEN and self._kinds[self._next] is not Kind.END:
            raise QueryError(f"nothing stands before {self._shown(self._next)}: {_NEEDED}", place)
        raise QueryError(f"nothing stands after {self._shown(self._next - 1)}: {_NEEDED}", place)

    def _side_by_side(self) -> NoReturn:
        """Say that the next token cannot follow the one before it."""
        before, after = self._next - 1, self._next
        at = self._places[after]
        if self._kinds[after] is _NOT:
            raise QueryError("NOT stands after something to find: write AND NOT", at)
        for place in (before, after):
            if self._kinds[place] is Kind.WORD and _SMALL_OPERATOR.fullmatch(self._texts[place]):
                word = self._texts[place]
                raise QueryError(
                    f'"{word}" is a word here: write {_in_capitals(word)} in capitals', self._places[place]
                )
        if self._kinds[after] in READERS:
            READERS[self._kinds[after]](self._texts[after], at)  # what is wrong with the term itself comes first
        first, second = self._shown(before), self._shown(after)
        words = self._kinds[before] is Kind.WORD
        if words and self._places[before] + len(self._texts[before]) == at and second[0] in '"{':
            raise QueryError(f"{second[0]} stands within a word: leave a blank before it, and write AND or OR", at)
        fix = f"write {first} AND {second}"
        if words and self._kinds[after] is Kind.WORD:
            fix = f'{fix}, or "{first} {second}" for the phrase'
        raise QueryError(f"AND or OR is missing between {first} and {second}: {fix}", at)

    def _shown(self, place: int) -> str:
        """Return a token as messages show it, shortened."""
        text = self._texts[place]
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _in_capitals(operator: str) -> str:
    name, slash, number = operator.partition("/")
    return f"{name.upper()}{slash}{number}"


def _unknown_field(name: str) -> str:
    hint = suggestion(name, _SCOPES) or f": fields are {', '.join(_SCOPES)}"
    return f'unknown field "{name}"{hint}; for a colon in a word, put the word in quotes'
