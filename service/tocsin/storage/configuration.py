"""What is configured, in rows: which feeds are polled, and that nothing waits for a channel that is gone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy import Row as ResultRow

from tocsin.jitter import share
from tocsin.model import FeedKind, FeedMemory, FeedSpec, FeedState
from tocsin.storage import batches as waiting
from tocsin.storage import channels as standings
from tocsin.storage import conditions, deliveries, prune
from tocsin.storage.memory import columns_of
from tocsin.storage.statements import NOBODY, Row, batches, insert_all, serialise
from tocsin.storage.tables import counted_reports, feed_parts, feeds

FEW = 20  # feeds that may be polled at once
USUAL_INTERVAL = timedelta(minutes=30)  # of feeds whose pace is not known yet
LONGEST_INTERVAL = timedelta(hours=1)  # nobody waits longer than a tenth of it for the first poll


def apply(
    connection: Connection, specs: Sequence[FeedSpec], channels: Collection[str], now: datetime
) -> Mapping[str, str]:
    """Make the rows say what is configured; return the deliveries that nothing is left for, with their channels."""
    serialise(connection)
    configure_feeds(connection, specs, now)
    prune.schedule(connection, now)
    waiting.bury_without_channel(connection, channels, now)
    standings.configure(connection, channels, now)
    return deliveries.bury_without_channel(connection, channels, now)


def configure_feeds(connection: Connection, specs: Sequence[FeedSpec], now: datetime) -> None:
    """Make the rows of feeds say what is configured; one that came back is due at once, as a new one is."""
    known = {row.name: row for row in connection.execute(select(feeds))}
    new = [spec for spec in specs if spec.name not in known]
    moved = [spec for spec in specs if spec.name in known and _moved(spec, known[spec.name])]
    configured = {spec.name for spec in specs}
    back = [name for name, row in known.items() if name in configured and not row.configured]
    gone = [name for name, row in known.items() if name not in configured and row.configured]
    insert_all(connection, feeds, [_fresh(spec, now) for spec in new])
    _update_each(connection, [{"of": name, "configured": True, "stopped": False, "due_at": now} for name in back])
    _update_each(connection, [{"of": name, "configured": False} for name in gone])
    _update_each(connection, [{"of": spec.name, **_fresh(spec, now)} for spec in moved])
    _forget_location(connection, [spec.name for spec in moved])
    conditions.forget(connection, [*gone, *(spec.name for spec in moved)], now)
    _update_each(connection, [{"of": spec.name, **_fetching(spec)} for spec in specs if spec.name in known])
    repaced = [spec for spec in specs if spec.name in known and _repaced(spec, known[spec.name])]
    _update_each(connection, [_due_again(known[spec.name], now) for spec in repaced])
    _spread(connection, {spec.name: spec for spec in specs}, now)


def _forget_location(connection: Connection, names: Sequence[str]) -> None:
    """Forget which documents stood where feeds were, and what furniture."""
    for batch in batches(names):
        connection.execute(delete(feed_parts).where(feed_parts.c.feed.in_(batch)))
        connection.execute(delete(counted_reports).where(counted_reports.c.feed.in_(batch)))


def _spread(connection: Connection, specs: Mapping[str, FeedSpec], now: datetime) -> None:
    """Have feeds that are due together polled over a tenth of their intervals, unless they are but a few."""
    due = select(feeds.c.name).where(feeds.c.configured, feeds.c.due_at <= now, feeds.c.kind == FeedKind.HTTP)
    names = (connection.scalars(due)).all()
    if len(names) > FEW:
        rows = [{"of": name, "due_at": now + _window(specs[name]) * share(name)} for name in names]
        _update_each(connection, rows)


def _window(spec: FeedSpec) -> timedelta:
    return min(spec.every or USUAL_INTERVAL, LONGEST_INTERVAL) / 10


def _due_again(row: ResultRow[Any], now: datetime) -> Row:
    """Return when a feed is polled whose pace was changed: as soon as its server allows."""
    return {"of": row.name, "due_at": min(row.due_at, max(now, row.not_before or now))}


def _repaced(spec: FeedSpec, row: ResultRow[Any]) -> bool:
    known = row.pace not in ("", _pace(spec))  # it is empty in rows of an older version
    return known and not _moved(spec, row)  # what the server of the old location allowed is nothing to the new one


def _pace(spec: FeedSpec) -> str:
    return f"{spec.cron} {spec.timezone}" if spec.cron else str(spec.every or "auto")


def _fetching(spec: FeedSpec) -> Row:
    """Return how a feed is fetched, which may change without its becoming another one."""
    return {"source": spec.source, "host": spec.host, "pace": _pace(spec)}


def _fresh(spec: FeedSpec, now: datetime) -> Row:
    """Return the row of a feed that was never polled. It is nobody's: a poll of its old location is lost."""
    return {
        "name": spec.name,
        "location": spec.location,
        "kind": spec.kind,
        "configured": True,
        "state": FeedState.NEW,
        "reason": None,
        "detail": None,
        "stopped": False,
        "state_since": now,
        "due_at": now,
        "polls": 0,
        "not_modified": 0,
        "received": 0,
        "entries_new": 0,
        "created_at": now,
        **columns_of(FeedMemory()),
        **_fetching(spec),
        **NOBODY,
    }


def _moved(spec: FeedSpec, row: ResultRow[Any]) -> bool:
    return (spec.kind, spec.location) != (row.kind, row.location)


def _update_each(connection: Connection, rows: Sequence[Row]) -> None:
    """Set the columns of each row in the feed whose name is its `of`; the rows have the same keys."""
    if rows:
        connection.execute(update(feeds).where(feeds.c.name == bindparam("of")), rows)
