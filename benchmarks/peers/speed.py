"""Rounds in which each engine has its turn, so that a busy neighbour slows them all."""

import gc
import random
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from peers.corpus import News
from peers.engines import Engine
from tocsin.model import Query


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to measure: rounds, and the seconds that an engine may take for its turn."""

    rounds: int
    turn: float


@dataclass(slots=True)
class Speed:
    """What an engine took: seconds an article in each round, and the first time; and to load the rules."""

    engine: str
    rules: int
    articles: int
    load: float
    first: float = 0.0
    rounds: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return statistics.median(self.rounds)


def race(
    engines: Sequence[Engine], rules: Sequence[Query], before: Sequence[News], articles: Sequence[News], pace: Pace
) -> dict[str, Speed]:
    """Load the rules into each engine, then let them take turns; one that is too slow gets fewer articles.

    `before` are the articles that an engine has seen before the clock starts.
    """
    speeds: dict[str, Speed] = {}
    given: dict[str, Sequence[News]] = {}
    for engine in engines:
        begin = time.process_time()
        engine.load(rules)
        load = time.process_time() - begin
        engine.settle(before)
        given[engine.name] = _bearable(engine, articles, pace.turn)
        speeds[engine.name] = Speed(engine.name, len(rules), len(given[engine.name]), load)
        speeds[engine.name].first = engine.took(given[engine.name]) / len(given[engine.name])
    gc.collect()
    chance = random.Random(len(rules))
    for _ in range(pace.rounds):
        for engine in chance.sample(engines, len(engines)):  # who comes after one that waits starts on a cold processor
            some = given[engine.name]
            speeds[engine.name].rounds.append(engine.took(some) / len(some))
    return speeds


def _bearable(engine: Engine, articles: Sequence[News], turn: float) -> Sequence[News]:
    """Return as many articles as an engine can do in its turn, at least a batch, of lengths like those of all."""
    least = engine.batch if engine.batch > 1 else min(4, len(articles))
    trial = spread(articles, least)
    engine.took(trial)  # what is compiled at first use
    each = engine.took(trial) / len(trial)
    count = max(least, min(len(articles), int(turn / each)))
    return spread(articles, count - count % engine.batch or count)


def spread(articles: Sequence[News], count: int) -> Sequence[News]:
    """Return so many of the articles, whose lengths are spread as those of all."""
    if count >= len(articles):
        return articles
    ordered = sorted(articles, key=lambda article: len(article.body))
    step = len(ordered) / count
    return [ordered[int((number + 0.5) * step)] for number in range(count)]


def differences(engines: Iterable[Engine], articles: Sequence[News], least: Mapping[str, int]) -> dict[str, int]:
    """Count, for each engine, the pairs of rule and article on which it and the first engine differ.

    Where an engine knows paragraphs the articles are compared as they are too, else only as single paragraphs.
    `least` names the engines that are to answer for fewer articles.
    """
    first, *others = (engine for engine in engines if engine.answering)
    differing: dict[str, int] = {}
    for other in others:
        some = spread(articles, least.get(other.name, len(articles)))
        forms = [[news.joined() for news in some], *([some] if other.has_paragraphs else [])]
        pairs = [pair for form in forms for pair in zip(first.answers(form), other.answers(form), strict=True)]
        differing[other.name] = sum(len(a ^ b) for a, b in pairs)
    return differing
