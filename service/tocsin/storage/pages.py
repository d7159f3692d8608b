"""Pages behind entries: which are to be read, for which articles that wait or do not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, exists, func, select, update
from sqlalchemy import Row as ResultRow

from tocsin.model import Article, Commit, DuePage, PageRecord, PageStanding, ReadRecord
from tocsin.storage import decisions, entries, feeds, furniture
from tocsin.storage.statements import (
    CLAIM_STEP,
    DUE_BY,
    NAMES,
    NOBODY,
    NOW,
    TAKEN,
    Claim,
    Row,
    batches,
    free,
    insert_or,
    serialise,
)
from tocsin.storage.tables import articles, busy_hosts, pages


def _may_be_had() -> ColumnElement[bool]:
    """Hold where nobody has the page, and its feed is configured: pages of one that is not wait for it."""
    return free(pages, NOW) & feeds.is_configured(pages.c.feed)


def _due(by: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Hold where a page is to be read whose host is left alone at the moment."""
    reading = select(pages.c.host).where(pages.c.lease_until > NOW)
    is_free = pages.c.host.not_in(reading) & pages.c.host.not_in(feeds.busy(NOW))
    return (pages.c.due_at <= by) & _may_be_had() & is_free


def _late(by: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Hold where an article has waited for its page long enough."""
    return (pages.c.decide_by <= by) & _may_be_had()


def _one_per_host() -> Select[Any]:
    order = (pages.c.due_at, pages.c.article_id)
    number = func.row_number().over(partition_by=pages.c.host, order_by=order).label("number")
    numbered = select(pages.c.article_id, pages.c.due_at, number).where(_due(DUE_BY)).subquery()
    first = select(numbered.c.article_id).where(numbered.c.number == 1)
    return first.order_by(numbered.c.due_at, numbered.c.article_id).limit(bindparam("most"))


ANY_DUE = exists(select(pages.c.article_id).where(_due(NOW)))
ANY_LATE = exists(select(pages.c.article_id).where(_late(NOW)))

_DUE = _one_per_host()
_LATE = (
    select(pages.c.article_id)
    .where(_late(DUE_BY))
    .order_by(pages.c.decide_by, pages.c.article_id)
    .limit(bindparam("most"))
)
_TAKE = update(pages).where(pages.c.article_id.in_(NAMES)).values(TAKEN)


def claim(connection: Connection, claim: Claim, *, late: bool) -> Sequence[DuePage]:
    """Lease pages that are due, one of each host, or those whose articles have waited long enough."""
    serialise(connection, CLAIM_STEP)
    times = {"now": claim.now, "due_by": claim.due_by}
    chosen = connection.scalars(_LATE if late else _DUE, {**times, "most": claim.limit}).all()
    order = (pages.c.decide_by if late else pages.c.due_at, pages.c.article_id)
    locked = select(pages).where(pages.c.article_id.in_(chosen), free(pages, claim.now)).order_by(*order)
    rows = connection.execute(locked.with_for_update(skip_locked=True)).all()
    connection.execute(_TAKE, {**claim.times, "names": [row.article_id for row in rows]})
    return _due_pages(connection, rows, claim.owner)


def standings(connection: Connection, ids: Sequence[str]) -> Mapping[str, PageStanding]:
    """Return how far the pages of articles are."""
    found: dict[str, PageStanding] = {}
    for batch in batches(ids):
        for row in connection.execute(select(pages).where(pages.c.article_id.in_(batch))):
            at = row.tried_at or row.due_at or row.polled_at
            found[row.article_id] = PageStanding(at=at, waiting=row.decide_by is not None)
    return found


def release(connection: Connection, owner: str | None) -> None:
    """Give back the leases of `owner`, or everybody's."""
    held = pages.c.lease_owner.is_not(None) if owner is None else pages.c.lease_owner == owner
    connection.execute(update(pages).where(held).values(NOBODY))


def await_pages(connection: Connection, feed: str, records: Sequence[PageRecord]) -> None:
    """Store pages that are to be read. An article that waits already waits no longer than it had to, nor gets older."""
    if not records:
        return
    statement = insert_or(connection, pages)
    new = statement.excluded
    waiting = pages.c.decide_by.is_not(None)
    statement = statement.on_conflict_do_update(
        index_elements=[pages.c.article_id],
        set_={
            "version": case((waiting, pages.c.version), else_=new.version),
            "url": new.url,
            "host": new.host,
            "due_at": new.due_at,
            "decide_by": func.coalesce(pages.c.decide_by, new.decide_by),
            "polled_at": case((waiting, pages.c.polled_at), else_=new.polled_at),
            "last_success_at": case((waiting, pages.c.last_success_at), else_=new.last_success_at),
            "attempts": new.attempts,
            "shared_url": new.shared_url,
            **NOBODY,  # whoever reads it for the version before decides nothing any more
        },
    )
    connection.execute(statement, [_row(feed, record) for record in records])


def stop_waiting(connection: Connection, ids: Sequence[str]) -> None:
    """Note that a poll decided upon articles: who reads a page for one that waited decides nothing any more."""
    for batch in batches(ids):
        waiting = pages.c.article_id.in_(batch) & pages.c.decide_by.is_not(None)
        connection.execute(update(pages).where(waiting).values(decide_by=None, **NOBODY))


def commit(connection: Connection, record: ReadRecord) -> Commit:
    """Store what came of a look at a page.

    Raises:
        Outdated: a row of the decision is there already, or what it builds upon changed.
    """
    serialise(connection)
    ours = (pages.c.article_id == record.article_id) & (pages.c.lease_owner == record.owner)
    row = (connection.execute(select(pages).where(ours).with_for_update())).one_or_none()
    if row is None:
        return Commit.LEASE_LOST
    connection.execute(update(pages).where(ours).values(_changes(record, row)))
    if record.busy:
        mark_busy(connection, *record.busy)
    if record.found:
        entries.add_version(connection, record.found)
    furniture.store(connection, row.feed, record.reports)
    decisions.store(connection, record.decisions, record.at)
    return Commit.DONE


def mark_busy(connection: Connection, host: str, until: datetime) -> None:
    """Leave a host alone until then; it cannot take back what it asked for before."""
    statement = insert_or(connection, busy_hosts).values(host=host, until=until)
    later = statement.on_conflict_do_update(
        index_elements=[busy_hosts.c.host], set_={"until": until}, where=busy_hosts.c.until < until
    )
    connection.execute(later)


def _changes(record: ReadRecord, row: ResultRow[Any]) -> Row:
    return {
        "version": record.found.version if record.found else row.version,
        "due_at": record.due,
        "decide_by": None if record.decides else row.decide_by,
        "attempts": row.attempts + 1,
        "tried_at": record.at,
        "outcome": record.outcome,
        "detail": record.detail,
        **NOBODY,
    }


def _row(feed: str, record: PageRecord) -> Row:
    return {
        "article_id": record.article_id,
        "version": record.version,
        "feed": feed,
        "url": record.url,
        "host": record.host,
        "due_at": record.due,
        "decide_by": record.decide_by,
        "polled_at": record.polled,
        "last_success_at": record.last_success,
        "attempts": 0,
        "shared_url": record.shared_url,
    }


def _due_pages(connection: Connection, rows: Sequence[ResultRow[Any]], owner: str) -> Sequence[DuePage]:
    ids = [row.article_id for row in rows]
    newest = entries.newest(connection, ids)
    before = entries.versions(connection, {row.article_id: row.version - 1 for row in rows})
    known = select(articles.c.id, articles.c.first_seen, articles.c.version).where(articles.c.id.in_(ids))
    facts = {row.id: row for row in connection.execute(known)}
    return [_due_page(row, newest[row.article_id], before.get(row.article_id), facts, owner) for row in rows]


def _due_page(
    row: ResultRow[Any], article: Article, before: Article | None, facts: Mapping[str, Any], owner: str
) -> DuePage:
    return DuePage(
        article=article,
        version=facts[row.article_id].version,
        before=before,
        first_seen=facts[row.article_id].first_seen,
        feed=row.feed,
        owner=owner,
        url=row.url,
        decided=row.decide_by is None,
        decide_by=row.decide_by or row.polled_at,
        polled=row.polled_at,
        last_success=row.last_success_at,
        attempts=row.attempts,
        shared_url=row.shared_url,
    )
