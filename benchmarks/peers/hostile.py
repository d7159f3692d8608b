"""Texts and queries made to be slow, and the same twice as large: time must not grow faster than they do."""

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
ROUNDS = 5
PATIENCE = 30.0  # seconds after which a case is not tried at twice the size


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

    plain = against()
    return [
        Case("one word of 1 MB", 1_000_000, lambda size: plain("a" * size)),
        Case("200,000 distinct words", 200_000, lambda size: plain(_distinct(size))),
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
        _text("1,000 regular expressions", 400, against(*_expressions(1_000)), lambda n: f"word{n} tax{n} "),
        Case("brackets, 25 and 50 deep", 25, lambda size: lambda: parse_query("(" * size + "a" + ")" * size)),
        Case("brackets after brackets", 8_000, lambda size: lambda: parse_query(" OR ".join(["(a)"] * (size // 7)))),
        Case("query of 16 and 32 kB", 16_000, _query),
        Case("regular expressions, 500 and 1,000", 500, _regexes(article)),
    ]


def _matching(index: RuleIndex, text: str) -> Work:
    article = article_of(News("", text))
    return lambda: index.match(article)


def _text(name: str, size: int, work: Callable[[str], Work], part: str | Callable[[int], str]) -> Case:
    """Return a case whose text is a part, repeated: an equal one, or one made from its number."""
    return Case(name, size, lambda n: work(part * n if isinstance(part, str) else "".join(map(part, range(n)))))


def _distinct(count: int) -> str:
    chance = random.Random(count)  # new words each time: a memo that keeps them must not grow
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


def hostile(case: Case) -> tuple[float, float | None]:
    """Return the seconds of a case, the best of some rounds, and those of one twice as large (None: not tried)."""
    once = _best(case, case.size)
    return once, _best(case, 2 * case.size) if once < PATIENCE else None


def _best(case: Case, size: int) -> float:
    best, spent = float("inf"), 0.0
    for _ in range(ROUNDS):
        work = case.make(size)
        begin = time.process_time()
        work()
        took = time.process_time() - begin
        best, spent = min(best, took), spent + took
        if spent > PATIENCE / 3:
            break
    return best
