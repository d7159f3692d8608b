"""What people and tests are told about the rows; nothing here changes one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, true
from sqlalchemy import Row as ResultRow

from tocsin.model import AlertReport, DeliveryReport, DispatchReport, FeedReport, FeedState, Totals
from tocsin.storage import conditions
from tocsin.storage.deliveries import report as delivery_report
from tocsin.storage.tables import alerts, attempts, busy_hosts, deliveries, dispatches, entry_counts, feeds, matches

LONG_ENOUGH = timedelta(hours=1)  # before that, a rate by day says nothing


# ---------------------------------------------------------------------------------------------------------------
# Feeds


def feed_reports(connection: Connection, now: datetime) -> Sequence[FeedReport]:
    """Return the health of each configured feed, by name."""
    rows = (connection.execute(select(feeds).where(feeds.c.configured).order_by(feeds.c.name))).all()
    held = conditions.begun(connection, [row.name for row in rows])
    busy = {row.host: row.until for row in connection.execute(select(busy_hosts).where(busy_hosts.c.until > now))}
    return [_feed_report(row, held.get(row.name, {}), busy.get(row.host), now) for row in rows]


def _feed_report(
    row: ResultRow[Any], held: Mapping[FeedState, datetime], busy: datetime | None, now: datetime
) -> FeedReport:
    patience = f"its host asked to be left alone until {busy:%d %b %H:%M} UTC" if busy else None
    return FeedReport(
        name=row.name,
        location=row.location,
        state=row.state,
        reason=row.reason,
        detail=row.detail or patience,
        last_success=row.last_success_at,
        next_poll=None if row.stopped else max(row.due_at, busy or row.due_at),
        entries_a_day=_entries_a_day(row.entries_new, row.first_polled_at, now),
        not_modified_share=row.not_modified / row.polls if row.polls else None,
        received=row.received,
        failures=row.failures,
        since=held.get(row.state, row.state_since),
        conditions=tuple(sorted(held)),
        moved_to=row.move_url,
    )


def _entries_a_day(new: int, since: datetime | None, now: datetime) -> float | None:
    if since is None or now - since < LONG_ENOUGH:
        return None
    return new / ((now - since) / timedelta(days=1))


# ---------------------------------------------------------------------------------------------------------------
# Alerts and deliveries


def alert_reports(connection: Connection, since: datetime | None, rule: str | None) -> Sequence[AlertReport]:
    """Return the alerts created since then, of one rule where named, oldest first."""
    asked = and_(
        true() if since is None else alerts.c.created_at >= since,
        true() if rule is None else alerts.c.rule_name == rule,
    )
    return alerts_where(connection, asked)


def alerts_where(connection: Connection, asked: ColumnElement[bool]) -> Sequence[AlertReport]:
    """Return the alerts for which a condition holds, with their ways, oldest first."""
    ways = _dispatch_reports(connection, asked)
    rows = connection.execute(select(alerts).where(asked).order_by(alerts.c.created_at, alerts.c.id))
    return [AlertReport(data=row.data, created=row.created_at, dispatches=tuple(ways[row.id])) for row in rows]


def _dispatch_reports(connection: Connection, asked: ColumnElement[bool]) -> Mapping[str, Sequence[DispatchReport]]:
    statement = (
        select(dispatches)
        .join(alerts, alerts.c.id == dispatches.c.alert_id)
        .where(asked)
        .order_by(dispatches.c.channel)
    )
    ways: defaultdict[str, list[DispatchReport]] = defaultdict(list)
    for row in connection.execute(statement):
        report = DispatchReport(channel=row.channel, state=row.state, reason=row.reason, at=row.changed_at)
        ways[row.alert_id].append(report)
    return ways


def delivery_reports(connection: Connection, message_id: str) -> Sequence[DeliveryReport]:
    """Return where each delivery of a message stands, with its last try."""
    last = and_(attempts.c.delivery_id == deliveries.c.id, attempts.c.number == deliveries.c.attempts)
    statement = (
        select(deliveries, attempts.c.status, attempts.c.detail, attempts.c.took_ms)
        .outerjoin(attempts, last)
        .where(deliveries.c.message_id == message_id)
        .order_by(deliveries.c.recipient)
    )
    return [delivery_report(row) for row in connection.execute(statement)]


# ---------------------------------------------------------------------------------------------------------------
# Totals


def totals(connection: Connection) -> Totals:
    """Return row counts by outcome or state, each with the count of all under the table's own name."""
    return Totals(
        entries=_entry_totals(connection),
        matches=_counted(connection, matches, matches.c.outcome),
        dispatches=_counted(connection, dispatches, dispatches.c.state),
        deliveries=_counted(connection, deliveries, deliveries.c.state),
    )


def _entry_totals(connection: Connection) -> Mapping[str, int]:
    count = func.sum(entry_counts.c.total)
    rows = connection.execute(select(entry_counts.c.outcome, count).group_by(entry_counts.c.outcome))
    found = {outcome or "entries": int(number) for outcome, number in rows}
    return {"new": 0, "changed": 0, "seen": 0, "skipped": 0, "entries": 0, **found}


def _counted(connection: Connection, table: Table, column: ColumnElement[Any]) -> Mapping[str, int]:
    rows = connection.execute(select(column, func.count()).group_by(column))
    every = connection.scalar(select(func.count()).select_from(table))
    return {**{outcome.value: count for outcome, count in rows}, table.name: every or 0}
