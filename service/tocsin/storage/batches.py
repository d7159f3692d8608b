"""What is told together: which alerts wait in which batch, when it is due, and what is left when it was told."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, exists, func, select, update
from sqlalchemy import Row as ResultRow

from tocsin.model import (
    MOST_WAITING,
    Batch,
    BatchStanding,
    DeadReason,
    DeliveryState,
    DispatchState,
    DueBatch,
    Traffic,
    WaitingAlert,
)
from tocsin.storage import silences
from tocsin.storage.columns import Moment
from tocsin.storage.statements import NOW, Row, insert_or
from tocsin.storage.statements import batches as runs
from tocsin.storage.tables import alerts, batches, dispatches
from tocsin.storage.tables import deliveries as waiting_deliveries

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)

ANY_DUE = exists(select(batches.c.id).where(batches.c.due_at <= NOW))


def traffic(
    connection: Connection, ids: Sequence[str], limits: Mapping[tuple[str, str], int], now: datetime
) -> Traffic:
    """Return what decides when alerts are sent; of each rule and channel as many times as its limit, the last ones."""
    standings = {
        row.id: BatchStanding(due=row.due_at, flushed=row.flushed_at)
        for run in runs(ids)
        for row in connection.execute(select(batches).where(batches.c.id.in_(run)))
    }
    return Traffic(
        silences=silences.holding(connection, now),
        batches=standings,
        recent={way: _recent(connection, way, most, now) for way, most in limits.items()},
        backlogged=frozenset(channel for channel in {to for _, to in limits} if _is_backlogged(connection, channel)),
    )


def _is_backlogged(connection: Connection, channel: str) -> bool:
    """Tell whether as much waits for a channel as may, and count no further."""
    return connection.scalar(_WAITING, {"channel": channel, "most": MOST_WAITING}) == MOST_WAITING


_WAITING = select(func.count()).select_from(
    select(waiting_deliveries.c.id)
    .where(waiting_deliveries.c.state == DeliveryState.WAITING, waiting_deliveries.c.channel == bindparam("channel"))
    .limit(bindparam("most", type_=Integer()))
    .subquery()
)


def _recent(connection: Connection, way: tuple[str, str], most: int, now: datetime) -> tuple[datetime, ...]:
    rule, channel = way
    asked = {"rule": rule, "channel": channel, "since": now - HOUR, "most": most}
    return tuple(reversed(connection.scalars(_NEWEST, asked).all()))


_NEWEST = (
    select(dispatches.c.created_at)
    .where(
        dispatches.c.channel == bindparam("channel"),
        dispatches.c.rule_name == bindparam("rule"),
        dispatches.c.created_at > bindparam("since", type_=Moment()),
        dispatches.c.counted,
    )
    .order_by(dispatches.c.created_at.desc())
    .limit(bindparam("most", type_=Integer()))
)


def open_all(connection: Connection, wanted: Sequence[Batch], at: datetime) -> None:
    """Have batches be due; one in which something waits already is due when it was."""
    for batch in sorted(wanted, key=lambda batch: batch.id):  # always in one order: locks meet otherwise
        row = {**_row(batch), "opened_at": at, "due_at": batch.due}
        statement = insert_or(connection, batches)
        idle = {"opened_at": at, "due_at": batch.due}
        connection.execute(
            statement.on_conflict_do_update(index_elements=[batches.c.id], set_=idle, where=batches.c.due_at.is_(None)),
            row,
        )


def due(connection: Connection, now: datetime, *, grouped: bool) -> Sequence[DueBatch]:
    """Return the batches that are due, and, with `grouped`, all groups in which something waits; longest due first."""
    is_due = batches.c.due_at <= now
    if grouped:
        is_due |= batches.c.due_at.is_not(None) & (batches.c.kind == "group")
    rows = connection.execute(select(batches).where(is_due).order_by(batches.c.due_at, batches.c.id)).all()
    return [_due(connection, row, now) for row in rows]


def postpone(connection: Connection, batch: Batch, until: datetime) -> None:
    """Have a batch be due later, unless somebody told it meanwhile."""
    as_known = (batches.c.id == batch.id) & (batches.c.due_at == batch.due)
    connection.execute(update(batches).where(as_known).values(due_at=until))


def _due(connection: Connection, row: ResultRow[Any], now: datetime) -> DueBatch:
    waiting = (
        select(dispatches.c.id, dispatches.c.alert_id, dispatches.c.created_at, alerts.c.rule_name, alerts.c.data)
        .join(alerts, alerts.c.id == dispatches.c.alert_id)
        .where(dispatches.c.batch_id == row.id, dispatches.c.state == DispatchState.WAITING)
        .order_by(dispatches.c.created_at, dispatches.c.id)
    )
    found = tuple(
        WaitingAlert(
            dispatch_id=item.id,
            alert_id=item.alert_id,
            rule_name=item.rule_name,
            created=item.created_at,
            data=item.data,
        )
        for item in connection.execute(waiting)
    )
    return DueBatch(
        batch=Batch(id=row.id, channel=row.channel, kind=row.kind, key=row.key, due=row.due_at),
        opened=row.opened_at,
        alerts=found,
        week=_week(connection, {item.rule_name for item in found}, now),
    )


def _week(connection: Connection, rules: Collection[str], now: datetime) -> Mapping[str, tuple[datetime, ...]]:
    """Return when the rules rang within a week."""
    rang: defaultdict[str, list[datetime]] = defaultdict(list)
    for run in runs(sorted(rules)):
        recent = select(alerts.c.rule_name, alerts.c.created_at).where(
            alerts.c.rule_name.in_(run), alerts.c.created_at > now - WEEK
        )
        for rule, at in connection.execute(recent.order_by(alerts.c.created_at)):
            rang[rule].append(at)
    return {rule: tuple(times) for rule, times in rang.items()}


def release_muted(connection: Connection, named: str, wanted: Sequence[Batch], now: datetime) -> None:
    """Have what a silence keeps wait in batches, each of a channel."""
    open_all(connection, wanted, now)
    for batch in wanted:
        silences.release(connection, named, batch, now)


def bury_without_channel(connection: Connection, channels: Collection[str], now: datetime) -> Sequence[str]:
    """Give up what waits to be told on channels that are not among `channels`; return the ids of the dispatches."""
    orphaned = (
        dispatches.c.batch_id.is_not(None),
        dispatches.c.state == DispatchState.WAITING,
        dispatches.c.channel.not_in(sorted(channels)),
    )
    dead = {
        "state": DispatchState.DEAD,
        "reason": DeadReason.CHANNEL_REMOVED,
        "batch_id": None,
        "changed_at": now,
    }
    buried = connection.scalars(update(dispatches).where(*orphaned).values(dead).returning(dispatches.c.id)).all()
    idle = {"due_at": None, "opened_at": None}
    connection.execute(update(batches).where(batches.c.channel.not_in(sorted(channels))).values(idle))
    return buried


def _row(batch: Batch) -> Row:
    return {"id": batch.id, "channel": batch.channel, "kind": batch.kind, "key": batch.key}
