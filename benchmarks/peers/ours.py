"""The rule index of Tocsin, with and without the evidence of its matches."""

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from peers.corpus import News
from peers.engines import Answers, Engine
from tocsin.model import Article, Query, Rule, TextKind
from tocsin.rules.index import RuleIndex

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rule_of(number: int, query: Query) -> Rule:
    return Rule(name=f"Rule {number}", key=f"{number}", source=f"rules.yaml:{number}", query=query)


def article_of(news: News) -> Article:
    """Return an article that holds nothing but its text."""
    known = hashlib.sha256(f"{news.title}\n{news.body}".encode()).hexdigest()
    return Article(
        id=known,
        feed="Benchmark",
        entry_id=known,
        url=None,
        canonical_url=None,
        title=news.title,
        text=news.body,
        text_kind=TextKind.FULL,
        language="en",
        content_hash=known,
        fetched=NOW,
    )


class Ours(Engine):
    """Which rules match."""

    name = "Tocsin"
    has_paragraphs = True

    def load(self, rules: Sequence[Query]) -> None:
        self.index = RuleIndex([rule_of(number, query) for number, query in enumerate(rules)], [])
        self.index.of_language("en")  # is made for its first article otherwise
        self._articles: dict[News, Article] = {}

    def settle(self, articles: Sequence[News]) -> None:
        for article in map(article_of, articles):
            self.index.matching(article)

    def answers(self, articles: Sequence[News]) -> Answers:
        found = [self.index.matching(article) for article in self.prepared(articles)]
        return [frozenset(int(rule.key) for rule in rules) for rules in found]

    def took(self, articles: Sequence[News]) -> float:
        prepared = self.prepared(articles)
        begin = time.process_time()
        for article in prepared:
            self.index.matching(article)
        return time.process_time() - begin

    @property
    def tried(self) -> int:
        """The rules that were tried so far beyond the words that they are filed under."""
        return self.index.of_language("en").tried

    def prepared(self, articles: Sequence[News]) -> list[Article]:
        """Return the texts as articles; making them is no part of matching."""
        self._articles.update((news, article_of(news)) for news in articles if news not in self._articles)
        return [self._articles[news] for news in articles]


class WithEvidence(Engine):
    """The same index, telling where in the text each matching rule matches."""

    name = "Tocsin, evidence"
    has_paragraphs = True

    def __init__(self, ours: Ours) -> None:
        self._ours = ours

    def load(self, rules: Sequence[Query]) -> None:
        """Leave it to the other."""

    def answers(self, articles: Sequence[News]) -> Answers:
        found = [self._ours.index.match(article) for article in self._ours.prepared(articles)]
        return [frozenset(int(match.rule.key) for match in matches) for matches in found]

    def took(self, articles: Sequence[News]) -> float:
        prepared = self._ours.prepared(articles)
        begin = time.process_time()
        for article in prepared:
            self._ours.index.match(article)
        return time.process_time() - begin
