"""Puts the named parts of a configuration into a query, in place of their names."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from tocsin.errors import QueryError
from tocsin.model.query import And, AtLeast, Fielded, Near, Not, NotNear, Or, Part, Query, nodes_of
from tocsin.rules.checks import TOO_DEEP, check_depth, is_too_deep
from tocsin.text.suggestions import suggestion

#: Nodes that a query may have with its parts: a few short parts of parts could name millions.
MOST_NODES = 20_000


def resolve(query: Query, parts: Mapping[str, Query]) -> Query:
    """Replace each part by what it names, which gets the place of the name; parts may name parts.

    Raises QueryError, at the name in `query`, for a part that is not known, or that names itself through others, and
    for a query that is too large or nested too deep with its parts.
    """
    names = [node for node in nodes_of(query) if isinstance(node, Part)]
    if not names:
        return query
    known = _Parts(parts)
    for part in names:
        known.make_ready(part)
    size = _size(query) - len(names) + sum(known.sizes[part.name] for part in names)
    if size > MOST_NODES:
        raise QueryError(_TOO_LARGE, names[0].at)
    resolved = _rebuilt(query, lambda part: _placed(known.ready[part.name], part.at))
    check_depth(resolved)
    return resolved


_TOO_LARGE = f"too large with its parts, more than {MOST_NODES} terms and operators: split the query"


class _Parts:
    """The parts that a query names, each ready once all that it names is."""

    def __init__(self, parts: Mapping[str, Query]) -> None:
        self._parts = parts
        self.ready: dict[str, Query] = {}
        self.sizes: dict[str, int] = {}

    def make_ready(self, part: Part) -> None:
        """Put into a part what it names; before that into those, however long the chain is."""
        chain = {part.name: ""}  # each name, and that of the part that names it
        while chain:
            name = next(reversed(chain))
            waiting = "" if name in self.ready else self._first_waiting(name, chain[name], part.at)
            if waiting in chain:
                names = [*chain][[*chain].index(waiting) :]
                shown = " → ".join(f"${link}" for link in (*names, waiting))
                raise QueryError(f"a part cannot be made of itself: {shown}", part.at)
            if waiting:
                chain[waiting] = name
                continue
            if name not in self.ready:
                self._put_in(name, part.at)
            del chain[name]

    def _first_waiting(self, name: str, user: str, at: int) -> str:
        """Return the first part that a part names and that is not ready, else an empty text."""
        if name not in self._parts:
            within = f" in ${user}" if user else ""
            raise QueryError(f'unknown part "${name}"{within}{suggestion(name, self._parts)}', at)
        named = (node.name for node in nodes_of(self._parts[name]) if isinstance(node, Part))
        return next((other for other in named if other not in self.ready), "")

    def _put_in(self, name: str, at: int) -> None:
        query = self._parts[name]
        named = [node.name for node in nodes_of(query) if isinstance(node, Part)]
        self.sizes[name] = _size(query) - len(named) + sum(self.sizes[other] for other in named)
        if self.sizes[name] > MOST_NODES:
            raise QueryError(_TOO_LARGE, at)
        self.ready[name] = _rebuilt(query, lambda part: self.ready[part.name])
        if is_too_deep(self.ready[name]):
            raise QueryError(TOO_DEEP, at)


def _size(query: Query) -> int:
    return sum(1 for _ in nodes_of(query))


def _placed(query: Query, at: int) -> Query:
    """Return an equal query, each node of which stands at one place."""
    return replace(_with_children(query, lambda child: _placed(child, at)), at=at)


def _rebuilt(query: Query, put: Callable[[Part], Query]) -> Query:
    """Return a query with something else in place of each part."""
    return put(query) if isinstance(query, Part) else _with_children(query, lambda child: _rebuilt(child, put))


def _with_children(query: Query, change: Callable[[Query], Query]) -> Query:
    match query:
        case And() | Or():
            return replace(query, children=tuple(map(change, query.children)))
        case Near() | NotNear():
            return replace(query, left=change(query.left), right=change(query.right))
        case AtLeast() | Fielded() | Not():
            return replace(query, child=change(query.child))
        case _:
            return query
