"""Seeded rules such as users write, on words of articles that are not timed.

The mixes that all engines can say: words in quotes (not stemmed), phrases, OR groups, AND, NOT, NEAR/n of two words,
a wildcard at the end of a word. `client`: of a hundred rules 18 are a word, 18 a phrase, 10 the names of an entity,
10 two words near each other, 5 a wildcard and a name, and 39 two or three OR groups, every other with a NOT; half of
the names stand in no article. `broad`: the same on frequent words, so that far too much matches. `stemmed`: the
client mix with its words bare, so in any inflection.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from peers.corpus import FUNCTION_WORDS, News
from tocsin.model import Query
from tocsin.model.query import And, Near, Not, Or, Phrase, Wildcard, Word


class Mix(StrEnum):
    """Which rules."""

    CLIENT = "client"
    BROAD = "broad"
    STEMMED = "stemmed"


#: The least and the greatest share of articles that a word by itself, and a word of an OR group, stands in.
CLIENT = (0.0, 0.006, 0.0015, 0.04)
BROAD = (0.02, 0.4, 0.02, 0.4)


@dataclass(frozen=True, slots=True)
class Stock:
    """What rules are made of: each at least twice in the articles it was chosen from, or a name in none."""

    words: Sequence[str]
    groups: Sequence[str]  # for OR groups: more frequent
    phrases: Sequence[str]
    near: Sequence[str]  # two words of one sentence
    names: Sequence[str]


def stock_of(articles: Sequence[News], absent: Sequence[str], mix: Mix) -> Stock:
    """Choose what to make rules of."""
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    near: set[str] = set()
    names: set[str] = set()
    for article in articles:
        for sentence in re.split(r"[.,\n]+\s*", article.body):
            found = [word for word in sentence.split() if word.isascii() and word.isalpha()]
            near.update(f"{a} {b}".lower() for a, b in zip(found, found[3:], strict=False) if a != b)
            names.update(word for word in found[1:] if word[0].isupper())
            pairs.update({f"{a} {b}".lower() for a, b in pairwise(found)})
        words.update(set(re.findall(r"[a-z]+", article.body.lower())).difference(FUNCTION_WORDS))
    count = len(articles)
    low, high, least, most = BROAD if mix is Mix.BROAD else CLIENT
    known = {word for word in words if max(2, low * count) <= words[word] <= max(3, high * count)}
    several = {word for word in words if max(2, least * count) <= words[word] <= max(4, most * count)}
    beside = [pair for pair, seen in pairs.items() if seen >= 2 and known.intersection(pair.split())]
    near = {pair for pair in near if several.issuperset(pair.split())}
    shown = sorted(name for name in names if name.lower() in words)
    return Stock(sorted(known), sorted(several), sorted(beside), sorted(near), [*shown, *absent[: len(shown)]])


class Author:
    """Writes the rules of a mix; equal seeds write equal rules, and the first n are those of any larger number."""

    def __init__(self, stock: Stock, seed: int) -> None:
        self._stock = stock
        self._chance = random.Random(seed)

    def rules(self, count: int) -> list[Query]:
        return [self._rule() for _ in range(count)]

    def _rule(self) -> Query:
        chance = self._chance
        match chance.random():
            case kind if kind < 0.18:
                return self._word()
            case kind if kind < 0.36:
                return self._phrase()
            case kind if kind < 0.46:
                return self._names(chance.randint(2, 10))
            case kind if kind < 0.56:
                left, right = chance.choice(self._stock.near).split()
                return Near(Phrase(left), Phrase(right), chance.randint(2, 10))
            case kind if kind < 0.61:
                return And((Wildcard(self._stem() + "*"), self._name()))
            case _:
                return self._boolean()

    def _word(self) -> Phrase:
        return Phrase(self._chance.choice(self._stock.words))

    def _phrase(self) -> Phrase:
        return Phrase(self._chance.choice(self._stock.phrases))

    def _name(self) -> Phrase:
        return Phrase(self._chance.choice(self._stock.names))

    def _stem(self) -> str:
        long = [word for word in self._chance.sample(self._stock.words, 8) if len(word) >= 6]
        return long[0][:5] if long else "report"

    def _names(self, count: int) -> Query:
        surname = self._name()
        full = [Phrase(f"{self._name().text} {surname.text}") for _ in range(count // 2)]
        return _any([surname, *full, *(self._name() for _ in range(count - 1 - len(full)))])

    def _boolean(self) -> Query:
        chance = self._chance
        groups = [self._group() for _ in range(chance.choice((2, 2, 3)))]
        if chance.random() < 0.4:
            groups.append(Not(self._group(most=6)))
        return And(tuple(groups))

    def _group(self, most: int = 30) -> Query:
        chance = self._chance
        count = max(3, min(most, round(chance.expovariate(0.2))))
        return _any([self._phrase() if chance.random() < 0.25 else self._common() for _ in range(count)])

    def _common(self) -> Phrase:
        return self._name() if self._chance.random() < 0.2 else Phrase(self._chance.choice(self._stock.groups))


def _any(terms: Iterable[Phrase]) -> Query:
    distinct = tuple({term.text.lower(): term for term in terms}.values())
    return distinct[0] if len(distinct) == 1 else Or(distinct)


def stemmed(query: Query) -> Query:
    """Return a query with its single words bare: in any inflection, a name where it has a capital."""
    match query:
        case Phrase() if " " not in query.text:
            return Word(query.text)
        case And() | Or():
            return replace(query, children=tuple(map(stemmed, query.children)))
        case Near():
            return replace(query, left=stemmed(query.left), right=stemmed(query.right))
        case Not():
            return replace(query, child=stemmed(query.child))
        case _:
            return query
