"""The rule index beside other ways to match many rules: `.venv/bin/python benchmarks/matching.py`.

All engines get the same articles and rules, take turns, and must give the same answers. Times are processor time of
one thread, the median of the rounds (PostgreSQL: wall time); what is worth remembering are the ratios. The last table
holds them against the goals. README.md says what an engine needs to take part, and how long it all takes.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from peers.corpus import News, Newsroom
from peers.engines import Engine, Missing
from peers.findings import MANY, Findings
from peers.fts5 import Batches, Committed, OneByOne
from peers.hostile import cases, hostile
from peers.loading import changing, loading, memory
from peers.loops import Contained, Naive, Tokenise
from peers.lucene import WARM_UP, Highlighting, LuceneMonitor
from peers.mixes import Author, Mix, stemmed, stock_of
from peers.ours import Ours, WithEvidence
from peers.postgres import Postgres
from peers.speed import Pace, differences, race, spread

from tocsin.feeds.article import articles_of
from tocsin.feeds.parse import parse_document
from tocsin.model import Article, Document, FeedKind, FeedSpec, ParsedFeed, Query

SECTIONS = ("client", "stemmed", "broad", "length", "loading", "memory", "change", "hostile")
CHOOSING = 1_600  # articles to choose the words of rules from
COMPARED = {Naive.name: 8, Contained.name: 40, OneByOne.name: 40}  # articles on which a slow engine must agree


def read(folder: Path) -> list[News]:
    """Read the documents of a folder as a directory feed would."""
    feed = FeedSpec(name=str(folder), kind=FeedKind.DIRECTORY, location=str(folder))
    articles: list[Article] = []
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        parsed = parse_document(Document(name=file.name, body=file.read_bytes()))
        if isinstance(parsed, ParsedFeed):
            found = articles_of(parsed, feed, datetime(2026, 1, 1, tzinfo=UTC))
            articles += (article for article in found if isinstance(article, Article))
    return [News(article.title, article.text) for article in articles]


class Benchmark:
    """One run. Its sections may be asked for one by one."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self._asked = asked
        self._newsroom = Newsroom(asked.seed)
        self._pace = Pace(asked.rounds, asked.turn)
        self.found = Findings(asked.rules)

    @cached_property
    def texts(self) -> tuple[Sequence[News], Sequence[News]]:
        """Return the articles to choose words from, and those to match."""
        count = self._asked.count
        if self._asked.articles is None:
            return self._newsroom.articles(CHOOSING), self._newsroom.articles(count)
        found = read(self._asked.articles)
        if len(found) < 20:
            sys.exit(f"{self._asked.articles} holds {len(found)} articles: fewer than 20 make no rules.")
        return found[::2], found[1::2][:count]

    def rules(self, mix: Mix, count: int) -> Sequence[Query]:
        stock = stock_of(self.texts[0], self._newsroom.absent, mix)
        rules = Author(stock, self._asked.seed).rules(count)
        return [stemmed(rule) for rule in rules] if mix is Mix.STEMMED else rules

    def client(self) -> None:
        """Race all engines on rules that all can say, and compare their answers."""
        peers = self._peers()
        every = self.rules(Mix.CLIENT, max(self._asked.rules))
        for count in self._asked.rules:
            ours = Ours()
            engines = [ours, WithEvidence(ours), *(engine for engine in peers if engine.most_rules >= count)]
            self._race(Mix.CLIENT, engines, every[:count])
            self._compare(engines, count)
            self._count(ours, count)
        for engine in peers:
            engine.close()

    def _compare(self, engines: Sequence[Engine], count: int) -> None:
        some = spread(self.texts[1], 40 if count > MANY else 200)
        for name, wrong in differences(engines, some, COMPARED).items():
            self.found.differing[name] = self.found.differing.get(name, 0) + wrong

    def _count(self, ours: Ours, count: int) -> None:
        before = ours.tried
        matches = sum(map(len, ours.answers(self.texts[1])))
        for name, total in (("matches", matches), ("rules tried", ours.tried - before)):
            self.found.figures[f"{name} an article, {count} rules"] = total / len(self.texts[1])

    def _peers(self) -> list[Engine]:
        peers: list[Engine] = [Tokenise(), Naive(), Contained(), OneByOne(), Batches(), Committed()]
        for make in (self._postgres, self._lucene):
            try:
                peers += make()
            except Missing as missing:
                self.found.absent.append(str(missing))
        return peers

    def _postgres(self) -> list[Engine]:
        return [Postgres(self._asked.postgres)]

    def _lucene(self) -> list[Engine]:
        monitor = LuceneMonitor(self._asked.lucene, 0 if self._asked.quick else WARM_UP)
        return [monitor, Highlighting(monitor)]

    def _race(self, mix: Mix, engines: Sequence[Engine], rules: Sequence[Query]) -> None:
        self._say(f"{mix}: {len(rules):,} rules")
        for name, speed in race(engines, rules, *self.texts, self._pace).items():
            self.found.speeds[mix, len(rules), name] = speed
            self._say(f"  {name}: {speed.seconds * 1e6:,.0f} µs an article; {speed.articles} articles")

    def stemmed(self) -> None:
        """Race with taking the text apart alone: words in any inflection."""
        self._alone(Mix.STEMMED)

    def broad(self) -> None:
        """Race with taking the text apart alone: rules that match far too much."""
        self._alone(Mix.BROAD)

    def _alone(self, mix: Mix) -> None:
        every = self.rules(mix, max(self._asked.rules))
        for count in self._asked.rules:
            ours = Ours()
            self._race(mix, [ours, WithEvidence(ours), Tokenise()], every[:count])

    def length(self) -> None:
        """Match texts of 50 and of 2,000 words."""
        rules = self.rules(Mix.CLIENT, MANY)
        for words in (50, 2_000):
            articles = [self._newsroom.article(words) for _ in range(40)]
            for name, speed in race([Ours(), Tokenise()], rules, self.texts[0], articles, self._pace).items():
                self._tell(f"µs an article of {words} words, {name}", speed.seconds * 1e6)

    def loading(self) -> None:
        """Load rules from YAML."""
        for name, seconds in loading(self.rules(Mix.CLIENT, MANY), self.texts[1][0], 3).items():
            self._tell(f"loading: seconds, {name}", seconds)

    def memory(self) -> None:
        """Weigh the rules."""
        for name, weight in memory(self.rules(Mix.CLIENT, max(self._asked.rules)), self.texts[1]).items():
            self._tell(f"memory: bytes a rule, {name}", weight)

    def change(self) -> None:
        """Change rules one by one."""
        ours, rules = Ours(), self.rules(Mix.CLIENT, MANY)
        ours.load(rules)
        ours.settle(self.texts[0])
        ours.took(self.texts[1])
        for name, seconds in changing(ours, rules, self.texts[1]).items():
            self._tell(f"change: seconds, {name}", seconds)

    def hostile(self) -> None:
        """Try what was made to be slow."""
        for case in cases(self.rules(Mix.CLIENT, 1_000), self.texts[1][0]):
            seconds, growth = hostile(case)
            self._tell(f"hostile: seconds, {case.name}", seconds)
            self._tell(f"hostile: × doubled, {case.name}", growth)

    def _tell(self, name: str, value: float) -> None:
        self.found.figures[name] = value
        self._say(f"{name}: {value:.5g}")

    def _say(self, text: str) -> None:
        if self._asked.verbose:
            print(text, file=sys.stderr, flush=True)


def numbers(text: str) -> list[int]:
    return sorted(int(part) for part in text.split(","))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rules", type=numbers, metavar="N,…", default=[10, 100, 1_000, 10_000, 100_000], help="numbers of rules")
    add("--articles", type=Path, metavar="FOLDER", help="real texts: every other gives words to rules, the rest match")
    add("--count", type=int, default=400, help="articles to match (400)")
    add("--seed", type=int, default=1)
    add("--rounds", type=int, default=5)
    add("--turn", type=float, default=2.0, help="seconds that an engine's turn may take, where it can be so short (2)")
    add("--only", type=lambda text: text.split(","), default=SECTIONS, help=f"sections of {','.join(SECTIONS)}")
    add("--postgres", metavar="URL", default=os.environ.get("TOCSIN_TEST_POSTGRES"))
    monitor = os.environ.get("LUCENE_MONITOR")
    add("--lucene", type=Path, metavar="PATH", default=monitor, help="source folder or jar of Lucene Monitor")
    add("--quick", action="store_true", help="10 and 100 rules, few articles: under a minute, to see that all agree")
    add("--json", action="store_true", help="all figures as one JSON object")
    add("--verbose", action="store_true", help="say on standard error what is being measured")
    asked = parser.parse_args()
    if asked.quick:
        asked.rules, asked.count, asked.rounds, asked.turn, asked.only = [10, 100], 40, 2, 0.5, ["client"]
    return asked


def main() -> None:
    asked = options()
    benchmark = Benchmark(asked)
    found = benchmark.found
    for section in asked.only:
        getattr(benchmark, section)()
    if asked.json:
        print(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        lengths = [len(news.body.split()) for news in benchmark.texts[1]]
        print(f"{len(lengths)} articles of {sum(lengths) / len(lengths):.0f} words on average; {asked.rounds} rounds")
        found.print_tables()
    if asked.articles is None and any(found.differing.values()):
        sys.exit("The engines differ.")


if __name__ == "__main__":
    main()
