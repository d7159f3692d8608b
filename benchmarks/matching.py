"""Articles a second through the rules: `.venv/bin/python benchmarks/matching.py [--config DIR] [--articles FOLDER]`.

Reads every document of a folder (the seed by default) once, then matches its articles against the rules of a
configuration, beside taking them apart into words alone and beside one `re.findall` of the words: ratios, since the
machine may be busy. The best of several rounds counts.
"""

import argparse
import os
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tocsin.config.build import load_plan
from tocsin.feeds.article import articles_of
from tocsin.feeds.parse import parse_document
from tocsin.model import Article, Document, FeedKind, FeedSpec, ParsedFeed
from tocsin.rules.index import RuleIndex
from tocsin.text.language import language_of
from tocsin.text.tokens import words

ROUNDS = 7


def read(folder: Path, feeds: Sequence[FeedSpec]) -> list[Article]:
    """Read a folder as the directory feed of the configuration would, where one is configured there."""
    plain = FeedSpec(name=str(folder), kind=FeedKind.DIRECTORY, location=str(folder))
    feed = next((feed for feed in feeds if Path(feed.location).resolve() == folder.resolve()), plain)
    articles: list[Article] = []
    for file in sorted(folder.iterdir()):
        parsed = parse_document(Document(name=file.name, body=file.read_bytes()))
        if isinstance(parsed, ParsedFeed):
            found = articles_of(parsed, feed, datetime(2026, 1, 1, tzinfo=UTC))
            articles += (article for article in found if isinstance(article, Article))
    return articles


def best(work: Callable[[], object]) -> float:
    """Return the shortest of several rounds, in seconds."""
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    return min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("config"))
    parser.add_argument("--articles", type=Path, metavar="FOLDER", default=Path("seeds"))
    asked = parser.parse_args()
    plan = load_plan(asked.config, os.environ)
    articles = read(asked.articles, plan.feeds)
    index = RuleIndex(plan.rules, plan.entities)
    pattern = re.compile(r"\w+")
    total = sum(len(words(article.text, language_of(article.language))) for article in articles)
    base = best(lambda: [pattern.findall(article.text) for article in articles])
    rows = {
        "re.findall": base,
        "words": best(lambda: [words(article.text, language_of(article.language)) for article in articles]),
        "match": best(lambda: [index.match(article) for article in articles]),
    }
    print(f"{len(articles)} articles, {total} words, {len(plan.rules)} rules, {len(plan.entities)} entities")
    print(f"{'':12} {'µs an article':>14} {'× re.findall':>13} {'articles/s':>11}")
    for name, took in rows.items():
        each = took / len(articles)
        print(f"{name:12} {each * 1e6:14.0f} {took / base:13.1f} {1 / each:11.0f}")


if __name__ == "__main__":
    main()
