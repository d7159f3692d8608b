"""What is configured, in rows: which feeds are polled, and that nothing waits for a channel that is gone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row as ResultRow
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model import FeedSpec, FeedState
from tocsin.storage import deliveries
from tocsin.storage.statements import NOBODY, Row, insert_all, serialise
from tocsin.storage.tables import feeds


async def apply(
    connection: AsyncConnection, specs: Sequence[FeedSpec], channels: Collection[str], now: datetime
) -> Mapping[str, str]:
    """Make the rows say what is configured; return the deliveries that nothing is left for, with their channels."""
    await serialise(connection)
    await configure_feeds(connection, specs, now)
    return await deliveries.bury_without_channel(connection, channels, now)


async def configure_feeds(connection: AsyncConnection, specs: Sequence[FeedSpec], now: datetime) -> None:
    """Make the rows of feeds say what is configured; one that came back is due at once, as a new one is."""
    known = {row.name: row for row in await connection.execute(select(feeds))}
    new = [spec for spec in specs if spec.name not in known]
    moved = [spec for spec in specs if spec.name in known and _moved(spec, known[spec.name])]
    configured = {spec.name for spec in specs}
    back = [name for name, row in known.items() if name in configured and not row.configured]
    gone = [name for name, row in known.items() if name not in configured and row.configured]
    await insert_all(connection, feeds, [_fresh(spec, now) for spec in new])
    await _update_each(connection, [{"of": name, "configured": True, "due_at": now} for name in back])
    await _update_each(connection, [{"of": name, "configured": False} for name in gone])
    await _update_each(connection, [{"of": spec.name, **_fresh(spec, now)} for spec in moved])


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
        "etag": None,
        "last_modified": None,
        "fingerprint": None,
        "due_at": now,
        "failures": 0,
        "first_polled_at": None,
        "last_success_at": None,
        "mean_gap_seconds": None,
        "polls": 0,
        "not_modified": 0,
        "received": 0,
        "entries_new": 0,
        "created_at": now,
        **NOBODY,
    }


def _moved(spec: FeedSpec, row: ResultRow[Any]) -> bool:
    return (spec.kind, spec.location) != (row.kind, row.location)


async def _update_each(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Set the columns of each row in the feed whose name is its `of`; the rows have the same keys."""
    if rows:
        await connection.execute(update(feeds).where(feeds.c.name == bindparam("of")), rows)
