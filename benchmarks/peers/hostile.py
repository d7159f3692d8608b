"""Texts and queries made to be slow, at several sizes: time must not grow faster than they do."""

import gc
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from peers.corpus import News
from peers.ours import article_of, rule_of
from tocsin.model import Query
from tocsin.rules.index import RuleIndex
from tocsin.rules.parser import parse_query

Work = Callable[[], object]
PATIENCE = 5.0  # seconds for which a case is tried again and again; the best counts
MOST_ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Case:
    """Work of a size: made anew for each round, outside the clock."""

    name: str
    size: int
    make: Callable[[int], Work]


def cases(rules: Sequence[Query], article: News) -> list[Case]:
    """Return the cases; the texts among them are matched by all of `rules` besides their own."""

    def against(*queries: str) -> Callable[[str], Work]:
        index = RuleIndex([rule_of(n, rule) for n, rule in enumerate((*map(parse_query, queries), *rules))], [])
        index.match(article_of(article))
        return lambda text: _matching(index, text)

    plain, chance = against(), random.Random(1)
    return [
        Case("one word of 1 MB", 1_000_000, lambda size: plain("a" * size)),
        Case("200,000 distinct words", 200_000, lambda size: plain(_distinct(size, chance))),
        Case("one paragraph of 200,000 words", 200_000, lambda size: plain("all of it " * (size // 3))),
        Case("100,000 empty paragraphs", 100_000, lambda size: plain("a\n\n" * size)),
        _text("a NEAR/5 b, 20,000 of each", 20_000, against("alpha NEAR/5 beta"), "alpha x x beta "),
        _text("the same far apart", 20_000, against("alpha NEAR/0 beta"), "alpha x x beta "),
        _text("a NEAR/100 a NEAR/100 a", 20_000, against("alpha NEAR/100 alpha NEAR/100 alpha"), "alpha "),
        _text("NEAR/100 of OR groups", 20_000, against("(alpha OR beta) NEAR/100 (alpha OR gamma)"), "alpha beta "),
        _text("a NOT NEAR/100 b", 20_000, against("alpha NOT NEAR/100 beta"), "alpha x x beta "),
        _text("a NEAR/s b", 20_000, against("alpha NEAR/s beta"), "alpha x x beta "),
        _text("ATLEAST/50", 20_000, against("ATLEAST/50 (alpha OR beta)"), "alpha beta "),
        _text("loose phrase of 8", 20_000, against('"a1 a2 a3 a4 a5 a6 a7 a8"~100'), "a1 a2 a3 a4 a5 a6 a7 "),
        _text("phrase that almost stands there", 20_000, against(f'"{"ha " * 50}ho"'), "ha "),
        _text("fuzzy word", 20_000, against("zelensky~2"), lambda n: f"zelen{n:05d} "),
        _text("/(a+)+$/", 100_000, against("/(a+)+$/"), "a"),
        _text(
            "1,000 regular expressions on 800 words", 400, against(*_expressions(1_000)), lambda n: f"word{n} tax{n} "
        ),
        Case("brackets in brackets, 25", 25, lambda size: lambda: parse_query("(" * size + "a" + ")" * size)),
        Case("brackets after brackets", 8_000, lambda size: lambda: parse_query(" OR ".join(["(a)"] * (size // 7)))),
        Case("query of 16 kB", 16_000, _query),
        Case("500 regular expressions", 500, _regexes(article)),
    ]


def _matching(index: RuleIndex, text: str) -> Work:
    article = article_of(News("", text))
    return lambda: index.match(article)


def _text(name: str, size: int, work: Callable[[str], Work], part: str | Callable[[int], str]) -> Case:
    """Return a case whose text is a part, repeated: an equal one, or one made from its number."""
    return Case(name, size, lambda n: work(part * n if isinstance(part, str) else "".join(map(part, range(n)))))


def _distinct(count: int, chance: random.Random) -> str:
    """Return words that no text had before: what is remembered of earlier ones does not help."""
    return " ".join(f"w{chance.randrange(10**12):012x}" for _ in range(count))


def _expressions(count: int) -> list[str]:
    return [f"/[a-z]+ing{number} +tax{number}/" for number in range(count)]


def _query(size: int) -> Work:
    words = [f'"word{number}"' for number in range(size // 14)]
    text = " OR ".join(words)
    article = article_of(News("", "word3 and others"))
    return lambda: RuleIndex([rule_of(0, parse_query(text))], []).match(article)


def _regexes(article: News) -> Callable[[int], Work]:
    def make(size: int) -> Work:
        index = RuleIndex([rule_of(n, parse_query(text)) for n, text in enumerate(_expressions(size))], [])
        index.match(article_of(article))
        return lambda: index.match(article_of(article))

    return make


def hostile(case: Case) -> tuple[float, float]:
    """Return the seconds of a case, and how many times as many it takes at twice the size.

    That is measured from half the size to twice the size: there, single collections of garbage weigh less.
    """
    half, once, twice = (_best(case, size) for size in (case.size // 2, case.size, 2 * case.size))
    return once, math.sqrt(twice / half)


def _best(case: Case, size: int) -> float:
    best, spent = float("inf"), 0.0
    while spent < PATIENCE:
        work = case.make(size)
        gc.collect()
        gc.freeze()  # the collector is to look at what the work makes, not at the rules of all cases
        begin = time.process_time()
        work()
        took = time.process_time() - begin
        gc.unfreeze()
        best, spent = min(best, took), spent + max(took, PATIENCE / MOST_ROUNDS)
    return best
