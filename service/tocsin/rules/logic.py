"""What can be known of a rule without any article: that it can never ring, that another asks for the same.

Both are sound, not complete: what is said to be so is so; much that is so is not seen. A rule is taken as one query:
its keywords as the queries that they are, its lists as AND, OR and NOT.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TypeAlias, assert_never

from tocsin.model import Rule, Term
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
    nodes_of,
)
from tocsin.rules.compile import chunks_of
from tocsin.rules.lint import folded_words
from tocsin.rules.loose import SLACK
from tocsin.text.language import DEFAULT
from tocsin.text.stopwords import LISTED, stop_words
from tocsin.text.tokens import words

#: A value that is equal for what asks for the same.
Meaning: TypeAlias = "str | int | tuple[Meaning, ...] | frozenset[Meaning]"

_Leaf: TypeAlias = Word | Wildcard | Fuzzy | Phrase | Cased | Loose | Regex | EntityRef | Part

#: Field → the fields in which all stands that stands in it. None is title or body.
_WIDER: Mapping[Scope | None, tuple[Scope | None, ...]] = MappingProxyType(
    {Scope.TITLE: (None,), Scope.BODY: (None,), Scope.LEAD: (Scope.BODY, None)}
)


def query_of(rule: Rule, entity_words: AbstractSet[str]) -> Query:
    """Return a rule as one query. `entity_words` are the folded words of all entities' names and aliases."""
    asked: list[Query] = []
    if rule.keywords:
        asked.append(_any_of(_keyword(term, entity_words) for term in rule.keywords))
    if rule.query is not None:
        asked.append(rule.query)
    if rule.entities_any:
        asked.append(_any_of(map(EntityRef, rule.entities_any)))
    asked += map(EntityRef, rule.entities_all)
    asked += (Not(_keyword(term, entity_words)) for term in rule.exclude)
    return asked[0] if len(asked) == 1 else And(tuple(asked))


def _any_of(queries: Iterable[Query]) -> Query:
    found = tuple(queries)
    return found[0] if len(found) == 1 else Or(found)


def _keyword(term: Term, entity_words: AbstractSet[str]) -> Query:
    """Return the query that a keyword is. A single word that may stand for an entity is a loose phrase of one."""
    if term.exact:
        return Phrase(term.text)
    first, *others = chunks_of(term.text, DEFAULT)
    if not others and entity_words.isdisjoint(folded_words(term.text)):
        return Word(first.text)
    return Loose(term.text, SLACK)


# ---------------------------------------------------------------------------------------------------------------
# The same meaning


def meaning_of(query: Query) -> Meaning:
    """Return a value that is equal for queries that differ in order, brackets, repetition or the place of a field."""
    return _meaning(query, None)


def _meaning(query: Query, scope: Scope | None) -> Meaning:
    match query:
        case And() | Or():
            return _joined(query, scope)
        case Not():
            return ("Not", _meaning(query.child, scope))
        case Fielded():
            return _meaning(query.child, query.scope)
        case Near():
            sides = (_meaning(query.left, scope), _meaning(query.right, scope))
            return ("Near", str(query.within), sides if query.ordered else frozenset(sides))
        case NotNear():
            return ("NotNear", str(query.within), _meaning(query.left, scope), _meaning(query.right, scope))
        case AtLeast():
            return ("AtLeast", query.count, _meaning(query.child, scope))
        case _:
            return _leaf(query, scope)


def _joined(query: And | Or, scope: Scope | None) -> Meaning:
    """Return what AND or OR joins, as a set; what the same operator joins within it is taken apart."""
    kind = type(query).__name__
    found: set[Meaning] = set()
    for child in query.children:
        match _meaning(child, scope):
            case (str(joint), frozenset() as parts) if joint == kind:
                found |= parts
            case meaning:
                found.add(meaning)
    return found.pop() if len(found) == 1 else (kind, frozenset(found))


def _leaf(leaf: _Leaf, scope: Scope | None) -> tuple[Meaning, ...]:
    place = scope or "text"
    match leaf:
        case Word() if scope is not None and scope.is_code:
            return (place, "code", leaf.text.lower())
        case Word() | Wildcard() | Cased():
            return (place, type(leaf).__name__, _evened(leaf.text))
        case Phrase():
            return (place, "Phrase", _evened(leaf.text).lower())
        case Fuzzy():
            return (place, "Fuzzy", leaf.text, leaf.edits)
        case Loose():
            return (place, "Loose", _evened(leaf.text), leaf.others)
        case Regex(pattern=name) | EntityRef(id=name) | Part(name=name):
            return (place, type(leaf).__name__, name)
        case _:
            assert_never(leaf)


def _evened(text: str) -> str:
    return " ".join(text.split())


# ---------------------------------------------------------------------------------------------------------------
# What can never be


@dataclass(slots=True)
class _Demand:
    """What a query comes to: what must hold and what must not, and choices, of each of which one must (not) hold."""

    true: list[Meaning] = field(default_factory=list)
    false: list[Meaning] = field(default_factory=list)
    codes: list[tuple[Scope, AbstractSet[str], bool]] = field(default_factory=list)
    choices: list[tuple[tuple[Query, ...], Scope | None, bool]] = field(default_factory=list)
    never: bool = False


class _Facts:
    """What must hold of an article, and what must not, for the queries that are looked at to hold."""

    def __init__(self, languages: Collection[str], entity_words: AbstractSet[str]) -> None:
        self.entity_words = entity_words
        self._languages = frozenset(languages)
        self._true: Counter[Meaning] = Counter()
        self._false: Counter[Meaning] = Counter()
        self._codes: list[tuple[Scope, AbstractSet[str], bool]] = []

    def add(self, demand: _Demand) -> None:
        self._true.update(demand.true)
        self._false.update(demand.false)
        self._codes += demand.codes

    def remove(self, demand: _Demand) -> None:
        """Forget what was added last."""
        self._true.subtract(demand.true)
        self._false.subtract(demand.false)
        del self._codes[len(self._codes) - len(demand.codes) :]

    def deny(self, demand: _Demand) -> bool:
        """Tell whether what was added last cannot be, with all the rest."""
        return (
            demand.never
            or any(self._false[meaning] > 0 for meaning in demand.true)
            or any(self._true[meaning] > 0 for meaning in demand.false)
            or any(self._deny_codes(scope) for scope in {scope for scope, _, _ in demand.codes})
        )

    def _deny_codes(self, scope: Scope) -> bool:
        """Tell whether no code is left: an article has one language, a feed one country."""
        asked = [codes for place, codes, holds in self._codes if place is scope and holds]
        if not asked:
            return False  # an article of which nothing is known answers every NOT
        left = frozenset.intersection(*map(frozenset, asked))
        left = left.difference(*(codes for place, codes, holds in self._codes if place is scope and not holds))
        if scope is Scope.LANG and self._languages:
            left &= self._languages
        return not left


def never_holds(query: Query, languages: Collection[str], entity_words: AbstractSet[str]) -> bool:
    """Tell whether no article can answer a query; `languages` are those that it is asked of, none for all.

    Takes time linear in the query.
    """
    return _refuted(query, None, _Facts(languages, entity_words), holds=True)


def _refuted(query: Query, scope: Scope | None, facts: _Facts, *, holds: bool) -> bool:
    """Tell whether a query cannot hold (or not hold), the facts being so."""
    demand = _Demand()
    _gather(query, scope, demand, facts.entity_words, holds=holds)
    facts.add(demand)
    refuted = facts.deny(demand) or any(
        all(_refuted(one, place, facts, holds=so) for one in alternatives) for alternatives, place, so in demand.choices
    )
    facts.remove(demand)
    return refuted


def _gather(query: Query, scope: Scope | None, demand: _Demand, entity_words: AbstractSet[str], *, holds: bool) -> None:
    """Add what it comes to that a query holds, or does not."""
    match query:
        case And() | Or() if isinstance(query, And) is holds:
            for child in query.children:
                _gather(child, scope, demand, entity_words, holds=holds)
        case And() | Or():
            demand.choices.append((query.children, scope, holds))
        case Not():
            _gather(query.child, scope, demand, entity_words, holds=not holds)
        case Fielded() if query.scope.is_code:
            demand.codes.append((query.scope, frozenset(_codes(query.child)), holds))
        case Fielded():
            _gather(query.child, query.scope, demand, entity_words, holds=holds)
        case Near() | NotNear() | AtLeast():
            _gather_counted(query, scope, demand, entity_words, holds=holds)
        case _ if holds:
            demand.true += _implied(query, scope, entity_words)
        case _:
            demand.false.append(_leaf(query, scope))


def _codes(query: Query) -> Iterator[str]:
    for node in nodes_of(query):
        if isinstance(node, Word):
            yield node.text.lower()


def _gather_counted(
    query: Near | NotNear | AtLeast,
    scope: Scope | None,
    demand: _Demand,
    entity_words: AbstractSet[str],
    *,
    holds: bool,
) -> None:
    meaning = _meaning(query, scope)
    if not holds:
        demand.false.append(meaning)
        return
    demand.true.append(meaning)
    demand.never |= not _fields(query, scope)
    for operand in _needed(query):
        _gather(operand, scope, demand, entity_words, holds=True)


def _needed(query: Near | NotNear | AtLeast) -> tuple[Query, ...]:
    match query:
        case Near():
            return (query.left, query.right)
        case NotNear():
            return (query.left,)
        case AtLeast():
            return (query.child,)
        case _:
            assert_never(query)


def _fields(query: Query, scope: Scope | None) -> frozenset[Scope]:
    """Return the fields in which a query can have mentions. Title and body are never near each other."""
    match query:
        case Fielded():
            return _fields(query.child, query.scope)
        case Near():
            return _fields(query.left, scope) & _fields(query.right, scope)
        case Or():
            return frozenset().union(*(_fields(child, scope) for child in query.children))
        case NotNear():
            return _fields(query.left, scope)
        case AtLeast():
            return _fields(query.child, scope)
        case _ if scope is None:
            return frozenset({Scope.TITLE, Scope.BODY})
        case _:
            return frozenset({Scope.BODY if scope is Scope.LEAD else scope})


def _implied(leaf: _Leaf, scope: Scope | None, entity_words: AbstractSet[str]) -> Iterator[Meaning]:
    """Yield what holds where a term does: itself and single words it cannot do without, there and in wider fields."""
    for term in (leaf, *_single_words(leaf, entity_words)):
        for place in (scope, *_WIDER.get(scope, ())):
            yield _leaf(term, place)


def _single_words(leaf: _Leaf, entity_words: AbstractSet[str]) -> Iterator[Word]:
    match leaf:
        case Phrase() if "*" not in leaf.text and "?" not in leaf.text:
            yield from (Word(word.written) for word in words(leaf.text, DEFAULT) if word.written.islower())
        case Loose():
            for chunk in chunks_of(leaf.text, DEFAULT):
                is_name = not entity_words.isdisjoint(form.folded for form in chunk.forms)
                if not is_name and not chunk.is_stop_word(_every_stop_word()):
                    yield Word(chunk.text)


@cache
def _every_stop_word() -> frozenset[str]:
    """Return the words that a loose phrase may leave out in some language."""
    return frozenset().union(*map(stop_words, LISTED))
