"""Articles that broke what was done with them: how often, and how."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, case, select

from tocsin.model import Aside
from tocsin.storage.statements import batches, insert_or
from tocsin.storage.tables import asides


def of(connection: Connection, articles: Sequence[str]) -> Mapping[str, Aside]:
    """Return what broke before of some articles, by their ids."""
    found: dict[str, Aside] = {}
    for batch in batches(articles):
        rows = connection.execute(select(asides).where(asides.c.article_id.in_(batch)))
        found.update((row.article_id, Aside(**row._mapping)) for row in rows)
    return found


def put(connection: Connection, aside: Aside) -> Aside:
    """Count a try more that broke; one of another text begins anew. Return how it stands."""
    statement = insert_or(connection, asides).values(
        article_id=aside.article_id,
        feed=aside.feed,
        title=aside.title,
        content_hash=aside.content_hash,
        tries=1,
        trace=aside.trace,
        at=aside.at,
    )
    new = statement.excluded
    same = asides.c.content_hash == new.content_hash
    again = statement.on_conflict_do_update(
        index_elements=[asides.c.article_id],
        set_={
            "title": new.title,
            "content_hash": new.content_hash,
            "tries": case((same, asides.c.tries + 1), else_=1),
            "trace": new.trace,
            "at": new.at,
        },
    )
    connection.execute(again)
    return of(connection, [aside.article_id])[aside.article_id]
