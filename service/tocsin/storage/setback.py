"""A clock that was set back: what waits for a time that the clock was ahead of would wait too long."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Interval, literal, type_coerce, update

from tocsin.model import BatchKind
from tocsin.storage.statements import serialise
from tocsin.storage.tables import (
    batches,
    busy_hosts,
    channels,
    chores,
    conditions,
    deliveries,
    dispatches,
    feeds,
    held_alerts,
    pages,
    ticks,
)

#: What is waited for, and what waits are counted from. Slots of digests and the ends of quiet hours and silences are
#: times of day, and leases are held by who is at work: they stay.
TIMES: tuple[Column[datetime], ...] = (
    feeds.c.due_at,
    feeds.c.not_before,
    pages.c.due_at,
    pages.c.decide_by,
    pages.c.tried_at,
    deliveries.c.due_at,
    held_alerts.c.until,
    batches.c.due_at,
    batches.c.flushed_at,
    dispatches.c.created_at,
    conditions.c.tell_at,
    busy_hosts.c.until,
    channels.c.paced_until,
    channels.c.held_until,
    channels.c.probe_at,
    channels.c.tell_at,
    chores.c.due_at,
    ticks.c.at,
)
_BY_TIME_OF_DAY = batches.c.kind.in_((BatchKind.DIGEST, BatchKind.QUIET_HOURS))


def set_back(connection: Connection, before: datetime, now: datetime) -> None:
    """Have everything wait no longer than it would have, had the clock not gone from `before` back to `now`."""
    serialise(connection)
    for column in TIMES:
        ahead = update(column.table).where(column > now)
        if column is batches.c.due_at:
            ahead = ahead.where(~_BY_TIME_OF_DAY)
        connection.execute(ahead.values({column: _earlier(connection, column, before - now)}))


def _earlier(connection: Connection, column: Column[datetime], by: timedelta) -> ColumnElement[datetime]:
    """Return a time less a duration, in the form that the database keeps times in."""
    if connection.dialect.name == "postgresql":
        return column - literal(by, Interval())
    number = type_coerce(column, BigInteger()) - literal(by // timedelta(microseconds=1), BigInteger())
    return type_coerce(number, column.type)
