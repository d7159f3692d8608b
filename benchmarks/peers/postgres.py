"""PostgreSQL: the rules as a column of `tsquery`, scanned with `@@` for each article."""

import time
from collections.abc import Sequence

from peers.corpus import News
from peers.engines import Answers, Engine, Missing
from tocsin.model import Query
from tocsin.model.query import And, Near, Not, Or, Phrase, Wildcard

GAP = " ".join(["gapgap"] * 11)  # between title and body: more words than any NEAR of the mix lets between
SCAN = """
WITH article AS MATERIALIZED (SELECT to_tsvector('simple', %s) AS words)
SELECT id FROM rule, article WHERE words @@ query
"""


def tsquery_of(query: Query) -> str:
    """Return a query in the language of `tsquery`. It has no "at most n words between": each distance is named."""
    match query:
        case Phrase():
            return "(" + " <-> ".join(query.text.lower().split()) + ")"
        case Wildcard():
            return f"{query.text[:-1].lower()}:*"
        case Near(left=Phrase() as left, right=Phrase() as right, within=int(within)):
            pairs = ((left.text.lower(), right.text.lower()), (right.text.lower(), left.text.lower()))
            return "(" + " | ".join(f"{a} <{far}> {b}" for a, b in pairs for far in range(1, within + 2)) + ")"
        case Or():
            return "(" + " | ".join(map(tsquery_of, query.children)) + ")"
        case And():
            return "(" + " & ".join(map(tsquery_of, query.children)) + ")"
        case Not():
            return f"!{tsquery_of(query.child)}"
        case _:
            raise NotImplementedError(query)


class Postgres(Engine):
    """One connection, one process of the server; wall time, as the server's processor time is not ours."""

    name = "PostgreSQL tsquery"

    def __init__(self, url: str | None) -> None:
        if url is None:
            raise Missing("no PostgreSQL: name one with --postgres")
        try:
            import psycopg
        except ImportError as problem:
            raise Missing("psycopg is not installed") from problem
        try:
            self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True, prepare_threshold=None)
        except psycopg.OperationalError as problem:
            raise Missing(f"no PostgreSQL: {str(problem).strip()}") from problem
        for setting in ("jit = off", "max_parallel_workers_per_gather = 0", "work_mem = '64MB'"):
            self._connection.execute(f"SET {setting}")
        self._connection.execute("CREATE TEMPORARY TABLE rule (id integer, query tsquery)")

    def load(self, rules: Sequence[Query]) -> None:
        self._connection.execute("TRUNCATE rule")
        with self._connection.cursor().copy("COPY rule FROM STDIN") as rows:
            for number, rule in enumerate(rules):
                rows.write_row((number, tsquery_of(rule)))
        self._connection.execute("ANALYZE rule")

    def answers(self, articles: Sequence[News]) -> Answers:
        return [self._answer(article) for article in articles]

    def took(self, articles: Sequence[News]) -> float:
        begin = time.perf_counter()
        self.answers(articles)
        return time.perf_counter() - begin

    def close(self) -> None:
        self._connection.close()

    def _answer(self, article: News) -> frozenset[int]:
        found = self._connection.execute(SCAN, (f"{article.title} {GAP} {article.body}",))
        return frozenset(number for (number,) in found)
