"""Puts the queries of a configuration together: the named parts, what each query refers to, and what it comes to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tocsin.config import schema, values
from tocsin.config.choices import Mistake
from tocsin.config.mistakes import Source
from tocsin.config.schema import Known
from tocsin.config.yamlfile import MapNode, plain
from tocsin.errors import Problem, QueryError
from tocsin.model.query import Cased, EntityRef, Fielded, Part, Phrase, Query, Scope, Word, nodes_of
from tocsin.rules.checks import check_query
from tocsin.rules.parts import resolve
from tocsin.text.language import DEFAULT
from tocsin.text.suggestions import suggestion
from tocsin.text.tokens import form_of, words

KEY = "queries"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedQuery:
    """A named part as written; `source` is where its text stands. One with a mistake in it has no query."""

    name: str
    query: Query | None
    source: Source


def read_named(roots: Iterable[Source], problems: list[Problem]) -> tuple[NamedQuery, ...]:
    """Read the `queries` of all files; what is wrong with one of them is added to `problems`."""
    first: dict[str, NamedQuery] = {}
    for root, name in _named(roots, problems):
        if name in first:
            message = f'"{name}" is used twice (first in {first[name].source.line})'
            problems.append(root.key_problem(message, KEY, name))
        else:
            first[name] = NamedQuery(name=name, query=_read(root, name, problems), source=root.below(KEY, name))
    return tuple(first.values())


def _named(roots: Iterable[Source], problems: list[Problem]) -> Iterator[tuple[Source, str]]:
    for root in roots:
        node = root.below(KEY).node if root.has(KEY) else None
        if isinstance(node, MapNode):
            yield from ((root, name) for name in node.entries)
        elif node is not None:
            problems.append(root.problem("expected keys here: {name: query}", KEY))


def _read(root: Source, name: str, problems: list[Problem]) -> Query | None:
    try:
        values.read_part_name(name)
    except Mistake as mistake:
        problems.append(root.key_problem(str(mistake), KEY, name))
    try:
        return values.read_query(schema.text_of(plain(root.below(KEY, name).node)))
    except Mistake as mistake:
        problems.append(root.problem_in(str(mistake), mistake.at or 0, KEY, name))
        return None


class Queries:
    """Puts named parts into queries, and checks these against the names that are known."""

    def __init__(self, named: Sequence[NamedQuery], known: Known, problems: list[Problem]) -> None:
        self._known = known
        self._names = frozenset(part.name for part in named)
        self._feeds = tuple(map(_folded, known.feeds))
        self._problems = problems
        self.parts: dict[str, Query] = {}
        self._check_parts(named)

    def resolved(self, query: Query, source: Source, *steps: str) -> Query | None:
        """Return a query with its parts put in; what is wrong with it is told at its text, to which `steps` lead."""
        return self._resolved(query, self.parts, source, *steps)

    def _check_parts(self, named: Sequence[NamedQuery]) -> None:
        """Check each part by itself, used or not; those that others are made of first."""
        queries = {part.name: part.query for part in named if part.query is not None}
        below = {name: _below(name, queries) for name in queries}
        for part in sorted(named, key=lambda part: len(below.get(part.name, ()))):
            if part.query is None:
                continue
            parts = queries if part.name in below[part.name] else self.parts  # made of itself: to say so
            if (resolved := self._resolved(part.query, parts, part.source)) is not None:
                self.parts[part.name] = resolved

    def _resolved(self, query: Query, parts: Mapping[str, Query], source: Source, *steps: str) -> Query | None:
        unknown = [source.problem_in(message, at, *steps) for message, at in self._unknown(query)]
        self._problems.extend(unknown)
        named = {node.name for node in nodes_of(query) if isinstance(node, Part)}
        if unknown or not named <= parts.keys():
            return None  # a part with a mistake of its own is told where it stands
        try:
            resolved = resolve(query, parts)
            check_query(resolved)
        except QueryError as error:
            self._problems.append(source.problem_in(error.message, error.at, *steps))
            return None
        return resolved

    def _unknown(self, query: Query) -> Iterator[tuple[str, int]]:
        """Yield what a query names that is not there, and where."""
        for node in nodes_of(query):
            match node:
                case EntityRef() if node.id not in self._known.entities:
                    yield f'there is no entity "{node.id}"{suggestion(node.id, self._known.entities)}', node.at
                case Part() if node.name not in self._names:
                    yield f'there is no part "{node.name}"{suggestion(node.name, self._names)}', node.at
                case Fielded(scope=Scope.FEED):
                    yield from self._unknown_feeds(node.child)

    def _unknown_feeds(self, query: Query) -> Iterator[tuple[str, int]]:
        for node in nodes_of(query):
            if isinstance(node, Word | Phrase | Cased) and "*" not in node.text and "?" not in node.text:
                asked = _folded(node.text)
                if not any(asked in name for name in self._feeds):
                    hint = suggestion(node.text, self._known.feeds)
                    yield f'no feed has "{node.text}" in its name{hint}', node.at


def _below(name: str, queries: Mapping[str, Query]) -> frozenset[str]:
    """Return the parts that a part is made of, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        query = queries.get(waiting.pop())
        named = {node.name for node in nodes_of(query) if isinstance(node, Part)} if query else set()
        waiting += named - found
        found |= named
    return frozenset(found)


def _folded(text: str) -> str:
    """Return the words of a text without case and accents, a blank around each."""
    return "".join(f" {form_of(word.written, DEFAULT).folded}" for word in words(text, DEFAULT)) + " "
