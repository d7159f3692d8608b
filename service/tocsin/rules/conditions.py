"""What a rule asks of an article, ready to be asked: whether it holds, where it stands, and which words show it.

A condition is compiled once and asked of many articles. Conditions that several rules share are one object, so that
each is worked out once an article, whatever the number of rules.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from types import MappingProxyType
from typing import Protocol, TypeAlias, TypeGuard

from tocsin.model import Evidence, Field
from tocsin.model.query import Scope
from tocsin.rules.loose import earliest_choices, taking_part
from tocsin.rules.near import Nearness, Ranked, hull, hulls, partners
from tocsin.rules.reading import GAP, LEAD, MASK, Mention, Passage, Row, first_ending, longest_first
from tocsin.rules.regexes import Expression
from tocsin.rules.vocabulary import Key

#: Keys of which one is needed.
Group: TypeAlias = tuple[Key, ...]

#: Evidence, behind what puts it in order and tells it from other: field, start, end and term.
Shown: TypeAlias = tuple[tuple[int, int, int, str], Evidence]

#: The share of articles that have a key of a group, roughly.
Cost: TypeAlias = Callable[[Group], float]

_RANKS = MappingProxyType({field: rank for rank, field in enumerate(Field)})


class Reading:
    """One article as conditions ask it.

    `keys` are what it has of all that rules ask for: what is not among them cannot hold.
    """

    def __init__(
        self, text: Row, others: "dict[Scope, Row]", keys: set[Key], language: str, country: str | None
    ) -> None:
        self.text = text
        self.keys = keys
        self._others = others
        self._codes = {Scope.LANG: language, Scope.COUNTRY: country}
        self._known: dict[Findable, Sequence[Mention]] = {}
        self._shown: dict[Condition, Sequence[Shown]] = {}
        self._taken: dict[LoosePhrase, Sequence[Sequence[Mention]]] = {}

    def known(self, asked: "Findable") -> Sequence[Mention]:
        """Return the mentions of something, worked out once."""
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = asked.find(self)
        return found

    def taken(self, asked: "LoosePhrase") -> Sequence[Sequence[Mention]]:
        """Return of each operand of a loose phrase the mentions that take part, worked out once."""
        found = self._taken.get(asked)
        if found is None:
            found = self._taken[asked] = asked.take_part(self)
        return found

    def row(self, scope: Scope | None) -> Row:
        """Return the words of a field; title and body are one row."""
        return self.text if scope is None or scope.is_text else self._others[scope]

    def code(self, scope: Scope) -> str | None:
        """Return the code of the language or the country."""
        return self._codes[scope]

    def within(self, scope: Scope | None, mentions: Sequence[Mention]) -> Sequence[Mention]:
        """Leave out the mentions that a field does not hold."""
        if scope is None or not scope.is_text:
            return mentions
        start, end = self._zone(scope)
        return [mention for mention in mentions if start <= mention.start and mention.end <= end]

    def _zone(self, scope: Scope) -> tuple[int, int]:
        passage = self.text.passage_of(Field.TITLE if scope is Scope.TITLE else Field.BODY)
        if passage is None:
            return 0, 0
        return passage.begin, min(passage.end, passage.begin + LEAD) if scope is Scope.LEAD else passage.end

    def passages(self, scope: Scope | None) -> Iterator[Passage]:
        """Yield the fields that a scope looks at; the lead's is the whole body."""
        for passage in self.row(scope).passages:
            if scope is None or not scope.is_text or (passage.field is Field.TITLE) is (scope is Scope.TITLE):
                yield passage

    def lead_end(self, passage: Passage) -> int:
        """Return the offset in the body at which the lead ends: where the first word behind it begins."""
        words = self.text.words(passage)
        return words[LEAD].start if len(words) > LEAD else len(passage.text)

    def shown(self, asked: "Side | EntityMention") -> Sequence[Shown]:
        """Return all mentions of a term as evidence, in the order of `known`; worked out once."""
        found = self._shown.get(asked)
        if found is None:
            row = self.row(asked.scope)
            spans = map(row.span, self.known(asked))
            found = self._shown[asked] = [shown_at(passage, start, end, asked.term) for passage, start, end in spans]
        return found

    def running(self, position: int) -> int:
        """Return the place of a word where the title reads on into the body."""
        title = self.text.passages[0]
        return position if position < title.end else position - GAP


def shown_at(passage: Passage, start: int, end: int, term: str) -> Shown:
    """Return what stands in a field as evidence."""
    evidence = Evidence(field=passage.field, start=start, end=end, text=passage.text[start:end], term=term)
    return (_RANKS[passage.field], start, end, term), evidence


def in_order(found: Iterable[Shown]) -> tuple[Evidence, ...]:
    """Return evidence in the order of the fields and their texts, each once."""
    return tuple(evidence for _, evidence in sorted(dict(found).items()))


class Findable(Protocol):
    """What has mentions in an article."""

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return its mentions in order; asked through `Reading.known`."""
        ...


class Condition(ABC):
    """Something that holds for an article or does not."""

    __slots__ = ()

    @abstractmethod
    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""

    @abstractmethod
    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield the words that show it, where it holds; of an operand those of the mentions that take part."""

    @abstractmethod
    def groups(self, cost: Cost) -> list[Group]:
        """Return groups of keys; where it holds, an article has at least one key of each."""

    @property
    def is_said_by_groups(self) -> bool:
        """Tell whether it also holds wherever an article has a key of each group."""
        return False


class Positional(Condition):
    """A condition that is about where words stand, and holds where they stand anywhere."""

    __slots__ = ()

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        return bool(reading.known(self))

    @abstractmethod
    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return its mentions in order; asked through `Reading.known`."""


class Side(Positional):
    """Words side by side that answer patterns; one word, most of the time."""

    __slots__ = ("asked", "scope", "term")

    def __init__(self, asked: tuple[Key, ...], scope: Scope | None, term: str) -> None:
        self.asked = asked
        self.scope = scope
        self.term = term

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        return reading.keys.issuperset(self.asked) and (self.is_said_by_groups or bool(reading.known(self)))

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return its mentions in order."""
        if not reading.keys.issuperset(self.asked):
            return ()
        return reading.within(self.scope, reading.row(self.scope).mentions(self.asked))

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield its mentions."""
        return _shown(reading, self, part)

    def groups(self, cost: Cost) -> list[Group]:  # noqa: ARG002
        """Return a group for each word."""
        return [(key,) for key in dict.fromkeys(self.asked)]

    @property
    def is_said_by_groups(self) -> bool:
        """Tell whether its keys say it all: one word, anywhere in title or body."""
        return self.scope is None and len(self.asked) == 1


def _shown(reading: Reading, asked: "Side | EntityMention", part: AbstractSet[Mention] | None) -> Iterator[Shown]:
    found = reading.shown(asked)
    if part is None:
        return iter(found)
    return (item for mention, item in zip(reading.known(asked), found, strict=True) if mention in part)


class EntityForms:
    """The forms of an entity, each a row of words side by side, under its conditions; anywhere in title and body.

    `partial` are those that count only where the `surname` rule lets them; `context` are the words that must, and must
    not, stand around a mention, `within` so many words (0: anywhere).
    """

    __slots__ = ("after_full", "context_any", "context_none", "full", "key", "partial", "scope", "within")

    def __init__(
        self,
        *,
        key: Key,
        full: Sequence[tuple[Key, ...]],
        partial: Sequence[tuple[Key, ...]],
        after_full: bool,
        context_any: Sequence[tuple[Key, ...]] = (),
        context_none: Sequence[tuple[Key, ...]] = (),
        within: int = 0,
        scope: Scope | None = None,
    ) -> None:
        self.key = key
        self.full = tuple(full)
        self.partial = tuple(partial)
        self.after_full = after_full
        self.context_any = tuple(context_any)
        self.context_none = tuple(context_none)
        self.within = within
        self.scope = scope

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return its mentions in order; none overlap."""
        if self.key not in reading.keys:
            return ()
        row = reading.row(self.scope)
        found = list(_rows(self.full, row, reading.keys))
        if self.partial and (found or not self.after_full):
            found += _rows(self.partial, row, reading.keys)
        mentions = longest_first(found)
        if not mentions or not (self.context_any or self.context_none):
            return mentions
        wanted = _places(_rows(self.context_any, row, reading.keys), reading)
        unwanted = _places(_rows(self.context_none, row, reading.keys), reading)
        return [
            mention
            for mention in mentions
            if (not self.context_any or self._is_by(mention, wanted, reading))
            and not self._is_by(mention, unwanted, reading)
        ]

    def _is_by(self, mention: Mention, places: Sequence[int], reading: Reading) -> bool:
        """Tell whether one of some places is among those of the words around a mention."""
        if not self.within:
            return bool(places)
        nearest = bisect_left(places, reading.running(mention.start) - self.within)
        return nearest < len(places) and places[nearest] <= reading.running(mention.end - 1) + self.within


def _rows(asked: Iterable[tuple[Key, ...]], row: Row, keys: set[Key]) -> Iterator[Mention]:
    for words in asked:
        if keys.issuperset(words):
            yield from row.mentions(words)


def _places(mentions: Iterable[Mention], reading: Reading) -> Sequence[int]:
    """Return the places of the words of some mentions, ascending."""
    return sorted({reading.running(at) for mention in mentions for at in range(mention.start, mention.end)})


class EntityMention(Positional):
    """An entity in any of its forms."""

    __slots__ = ("forms", "scope", "term")

    def __init__(self, forms: EntityForms, scope: Scope | None, term: str) -> None:
        self.forms = forms
        self.scope = scope
        self.term = term

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return its mentions in order."""
        return reading.within(self.scope, reading.known(self.forms))

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield its mentions."""
        return _shown(reading, self, part)

    def groups(self, cost: Cost) -> list[Group]:  # noqa: ARG002
        """Return the key that follows from any of its forms."""
        return [(self.forms.key,)]


class RegexMatch(Positional):
    """What a regular expression finds in the text of a field; never furniture."""

    __slots__ = ("expression", "key", "scope", "term")

    def __init__(self, expression: Expression, key: Key, scope: Scope | None, term: str) -> None:
        self.expression = expression
        self.key = key
        self.scope = scope
        self.term = term

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        return next(self._spans(reading), None) is not None

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return the words that its matches touch."""
        return sorted({mention for mention, *_ in self._touched(reading)})

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield its matches, letter for letter."""
        if part is None:
            for passage, start, end in self._spans(reading):
                yield shown_at(passage, start, end, self.term)
            return
        for mention, passage, start, end in self._touched(reading):
            if mention in part:
                yield shown_at(passage, start, end, self.term)

    def groups(self, cost: Cost) -> list[Group]:  # noqa: ARG002
        """Return the key of the expression."""
        return [(self.key,)]

    def _spans(self, reading: Reading) -> Iterator[tuple[Passage, int, int]]:
        for passage in reading.passages(self.scope):
            limit = reading.lead_end(passage) if self.scope is Scope.LEAD else len(passage.text)
            for start, end in self.expression.spans(passage.blank):
                if end > limit:
                    break
                if MASK not in passage.blank[start:end]:
                    yield passage, start, end

    def _touched(self, reading: Reading) -> Iterator[tuple[Mention, Passage, int, int]]:
        for passage, start, end in self._spans(reading):
            words = reading.row(self.scope).words(passage)
            first = bisect_right(words, start, key=lambda word: word.end)
            last = bisect_left(words, end, key=lambda word: word.start)
            yield Mention(passage.begin + first, passage.begin + last), passage, start, end


class Near(Positional):
    """Two operands near each other; one mention reaches over both."""

    __slots__ = ("left", "nearness", "right", "scope")

    def __init__(self, left: Positional, right: Positional, nearness: Nearness, scope: Scope | None) -> None:
        self.left = left
        self.right = right
        self.nearness = nearness
        self.scope = scope

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        lefts, rights = self._operands(reading)
        if not (lefts.all and rights.all):
            return False
        row = reading.row(self.scope)
        if len(lefts.all) <= len(rights.all):
            return any(self.nearness.has_second(left, rights, row) for left in lefts.all)
        mirrored = self.nearness.mirrored()
        return any(mirrored.has_second(right, lefts, row) for right in rights.all)

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return what reaches over each pair."""
        lefts, _ = self._operands(reading)
        return hulls(self._pairs(reading), partners(lefts))

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield the mentions of both operands that are in a pair."""
        if part is None:
            row, (lefts, rights), mirrored = reading.row(self.scope), self._operands(reading), self.nearness.mirrored()
            first = {left for left in lefts.all if self.nearness.has_second(left, rights, row)}
            second = {right for right in rights.all if mirrored.has_second(right, lefts, row)}
        else:
            pairs = [pair for pair in self._pairs(reading) if hull(*pair) in part]
            first, second = {left for left, _ in pairs}, {right for _, right in pairs}
        yield from self.left.evidence(reading, first)
        yield from self.right.evidence(reading, second)

    def groups(self, cost: Cost) -> list[Group]:
        """Return the groups of both operands."""
        return self.left.groups(cost) + self.right.groups(cost)

    def _operands(self, reading: Reading) -> tuple[Ranked, Ranked]:
        return Ranked(reading.known(self.left)), Ranked(reading.known(self.right))

    def _pairs(self, reading: Reading) -> Iterator[tuple[Mention, Mention]]:
        return self.nearness.pairs(*self._operands(reading), reading.row(self.scope))


class NotNear(Positional):
    """The mentions of one operand that have none of the other near them."""

    __slots__ = ("left", "nearness", "right", "scope")

    def __init__(self, left: Positional, right: Positional, nearness: Nearness, scope: Scope | None) -> None:
        self.left = left
        self.right = right
        self.nearness = nearness
        self.scope = scope

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return them in order."""
        lefts, rights, row = reading.known(self.left), Ranked(reading.known(self.right)), reading.row(self.scope)
        return [left for left in lefts if not self.nearness.has_second(left, rights, row)]

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield them."""
        alone = set(reading.known(self))
        yield from self.left.evidence(reading, alone if part is None else alone.intersection(part))

    def groups(self, cost: Cost) -> list[Group]:
        """Return the groups of what must be there."""
        return self.left.groups(cost)


class AtLeast(Positional):
    """So many mentions or more, none of which overlap: the longest count, of `pairs` as many as there is room for."""

    __slots__ = ("child", "count", "pairs")

    def __init__(self, count: int, child: Positional, *, pairs: bool) -> None:
        self.count = count
        self.child = child
        self.pairs = pairs

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return them, where there are enough."""
        mentions = reading.known(self.child)
        found = first_ending(mentions) if self.pairs else longest_first(mentions)
        return found if len(found) >= self.count else ()

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield all mentions of what is counted."""
        return self.child.evidence(reading, part)

    def groups(self, cost: Cost) -> list[Group]:
        """Return the groups of what is counted."""
        return self.child.groups(cost)


class LoosePhrase(Positional):
    """All of its operands in one paragraph, each with words of its own, and few other words in between."""

    __slots__ = ("operands", "scope", "slack")

    def __init__(self, operands: Sequence[Positional], slack: int, scope: Scope | None) -> None:
        self.operands = tuple(operands)
        self.slack = slack
        self.scope = scope

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        return any(reading.taken(self))

    def take_part(self, reading: Reading) -> Sequence[Sequence[Mention]]:
        """Return of each operand the mentions that take part; asked through `Reading.taken`."""
        mentions = []
        for operand in self.operands:
            found = reading.known(operand)
            if not found:
                return ()
            mentions.append(found)
        return taking_part(mentions, reading.row(self.scope).paragraph_of, self.slack)

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return what reaches over the choices that begin at one word, each over the one that ends first."""
        choices = earliest_choices(reading.taken(self), reading.row(self.scope).paragraph_of, self.slack)
        return [
            Mention(choice[0].start, max(mention.end for mention in choice), tuple(choice))
            for choice in map(sorted, choices)
        ]

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield the mentions that take part."""
        own: set[Mention] | None = None
        if part is not None:
            own = {mention for choice in reading.known(self) if choice in part for mention in choice.parts}
        for operand, mentions in zip(self.operands, reading.taken(self), strict=False):
            yield from operand.evidence(reading, set(mentions) if own is None else own.intersection(mentions))

    def groups(self, cost: Cost) -> list[Group]:
        """Return the groups of all operands."""
        return [group for operand in self.operands for group in operand.groups(cost)]


class CodeIs(Condition):
    """The language or the country of the article is this one."""

    __slots__ = ("code", "key", "scope")

    def __init__(self, scope: Scope, code: str, key: Key) -> None:
        self.scope = scope
        self.code = code
        self.key = key

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        return reading.code(self.scope) == self.code

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:  # noqa: ARG002
        """Yield the code."""
        field, term, end = Field(self.scope.value), f"{self.scope.value}:{self.code}", len(self.code)
        if self.holds(reading):
            yield (_RANKS[field], 0, end, term), Evidence(field=field, start=0, end=end, text=self.code, term=term)

    def groups(self, cost: Cost) -> list[Group]:  # noqa: ARG002
        """Return the key of the code."""
        return [(self.key,)]


class AnyOf(Positional):
    """One of several conditions or more; as an operand, the mentions of all of them."""

    __slots__ = ("_others", "_sides", "_words")

    def __init__(self, children: Sequence[Condition]) -> None:
        self._sides = tuple(filter(_is_one_word, children))
        self._words = tuple(side.asked[0] for side in self._sides)
        self._others = tuple(child for child in children if not _is_one_word(child))

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        if not reading.keys.isdisjoint(self._words):
            return True
        return any(child.holds(reading) for child in self._others)

    def find(self, reading: Reading) -> Sequence[Mention]:
        """Return the mentions of all, in order."""
        operands = (child for child in (*self._sides, *self._others) if isinstance(child, Positional))
        return sorted(set(chain.from_iterable(map(reading.known, operands))))

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield the words of those that hold."""
        for key, side in zip(self._words, self._sides, strict=True):
            if key in reading.keys:
                yield from side.evidence(reading, part)
        for child in self._others:
            if child.holds(reading):
                yield from child.evidence(reading, part)

    def groups(self, cost: Cost) -> list[Group]:
        """Return one group: of each condition its rarest."""
        rarest = (min(child.groups(cost), key=cost) for child in self._others)
        return [tuple(dict.fromkeys(chain(self._words, *rarest)))]

    @property
    def is_said_by_groups(self) -> bool:
        """Tell whether its keys say it all: each is one word, anywhere in title or body."""
        return not self._others


def _is_one_word(condition: Condition) -> TypeGuard[Side]:
    return isinstance(condition, Side) and condition.is_said_by_groups


class AllOf(Condition):
    """All of several conditions."""

    __slots__ = ("children",)

    def __init__(self, children: Sequence[Condition]) -> None:
        self.children = tuple(children)

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        return all(child.holds(reading) for child in self.children)

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:
        """Yield the words of all."""
        for child in self.children:
            yield from child.evidence(reading, part)

    def groups(self, cost: Cost) -> list[Group]:
        """Return the groups of all."""
        return [group for child in self.children for group in child.groups(cost)]

    @property
    def is_said_by_groups(self) -> bool:
        """Tell whether the keys of its parts say it all."""
        return all(child.is_said_by_groups for child in self.children)


class NoneOf(Condition):
    """None of several conditions."""

    __slots__ = ("children",)

    def __init__(self, children: Sequence[Condition]) -> None:
        self.children = tuple(children)

    def holds(self, reading: Reading) -> bool:
        """Tell whether it holds."""
        return not any(child.holds(reading) for child in self.children)

    def evidence(self, reading: Reading, part: AbstractSet[Mention] | None = None) -> Iterator[Shown]:  # noqa: ARG002
        """Yield nothing: what is not there is no evidence."""
        return iter(())

    def groups(self, cost: Cost) -> list[Group]:  # noqa: ARG002
        """Return nothing: that something is missing asks for no key."""
        return []
