"""SQLite's full-text index, filled with an article (or a hundred) and asked for each rule."""

import sqlite3
from collections.abc import Sequence
from typing import ClassVar

from peers.corpus import News
from peers.engines import Answers, Engine
from tocsin.model import Query
from tocsin.model.query import And, Near, Not, Or, Phrase, Wildcard


def fts5_of(query: Query) -> str:
    """Return a query in the language of FTS5."""
    match query:
        case Phrase():
            return f'"{query.text}"'
        case Wildcard():
            return f'"{query.text[:-1]}"*'
        case Near(left=Phrase() as left, right=Phrase() as right, within=int(within)):
            return f'NEAR("{left.text}" "{right.text}", {within})'
        case Or():
            return "(" + " OR ".join(map(fts5_of, query.children)) + ")"
        case And():
            wanted = " AND ".join(fts5_of(child) for child in query.children if not isinstance(child, Not))
            refused = [fts5_of(child.child) for child in query.children if isinstance(child, Not)]
            return f"(({wanted}) NOT ({' OR '.join(refused)}))" if refused else f"({wanted})"
        case _:
            raise NotImplementedError(query)


class OneByOne(Engine):
    """An index of one article, in the fastest way found: without the text itself, and never committed."""

    name = "FTS5"
    commits: ClassVar[bool] = False
    most_rules = 10_000

    def load(self, rules: Sequence[Query]) -> None:
        self._queries = [fts5_of(rule) for rule in rules]
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute("CREATE VIRTUAL TABLE article USING fts5(title, body, content='', tokenize='unicode61')")

    def answers(self, articles: Sequence[News]) -> Answers:
        starts = range(0, len(articles), self.batch)
        return [found for at in starts for found in self._some(articles[at : at + self.batch])]

    def _some(self, articles: Sequence[News]) -> Answers:
        ask = self._database.execute
        ask("BEGIN")
        rows = [(number, article.title, article.body) for number, article in enumerate(articles)]
        self._database.executemany("INSERT INTO article(rowid, title, body) VALUES (?, ?, ?)", rows)
        if self.commits:
            ask("COMMIT")
        found: list[set[int]] = [set() for _ in articles]
        for number, query in enumerate(self._queries):
            for (row,) in ask("SELECT rowid FROM article WHERE article MATCH ?", (query,)):
                found[row].add(number)
        ask("INSERT INTO article(article) VALUES ('delete-all')" if self.commits else "ROLLBACK")
        return [frozenset(numbers) for numbers in found]

    def close(self) -> None:
        self._database.close()


class Batches(OneByOne):
    """The same for a hundred articles at a time, which then all wait for the last of them."""

    name = "FTS5, 100 at a time"
    most_rules = 100_000
    batch = 100


class Committed(Batches):
    """The same, committed before it is asked, as one that is kept would be."""

    name = "FTS5, 100, committed"
    commits = True
