"""Conditions of feeds: what holds, since when, and whether people were told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Exists, and_, exists, func, select, update
from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.jitter import share
from tocsin.model import (
    NETWORK_REASONS,
    Condition,
    FeedKind,
    FeedState,
    FetchReason,
    OpenCondition,
    Tellings,
    ToldRecord,
)
from tocsin.storage import deliveries
from tocsin.storage.failures import AlreadyStored
from tocsin.storage.statements import Row, batches, insert_all, serialise
from tocsin.storage.tables import conditions, feeds

ALL_FEEDS = ""  # stands where a feed would, for what holds of all together

#: After an outage, feeds are polled again within this time rather than when their back-off ends.
COMING_BACK = timedelta(minutes=1)

#: After an outage, a feed that still cannot be reached is told of by itself.
PATIENCE = timedelta(hours=3)


async def held(connection: AsyncConnection, names: Sequence[str]) -> Mapping[str, frozenset[FeedState]]:
    """Return the conditions that hold, by feed; feeds without any are left out."""
    found: dict[str, frozenset[FeedState]] = {}
    for batch in batches(names):
        for row in await connection.execute(_open(conditions.c.feed.in_(batch))):
            found[row.feed] = found.get(row.feed, frozenset()) | {row.state}
    return found


async def note(connection: AsyncConnection, feed: str, now_held: Sequence[Condition], at: datetime) -> None:
    """Begin the conditions that did not hold before, and end those that do not hold any more."""
    before = {row.state: row for row in await connection.execute(_open(conditions.c.feed == feed))}
    holding = {condition.state: condition for condition in now_held}
    for state, row in before.items():
        if state not in holding:
            await _change(connection, row, until=at, tell_at=at if row.told else None)
        elif row.detail != holding[state].detail:
            await _change(connection, row, detail=holding[state].detail)
    begun = [condition for state, condition in holding.items() if state not in before]
    await insert_all(connection, conditions, [_row(feed, condition, at) for condition in begun])


async def network_answers(connection: AsyncConnection, at: datetime) -> None:
    """End the outage of the network, if there is one: what it held up is polled soon and judged anew."""
    outage = (await connection.execute(_open(conditions.c.feed == ALL_FEEDS))).all()
    if not outage:
        return
    for row in outage:
        await _change(connection, row, until=at, tell_at=at if row.told else None)
    failing = feeds.c.configured & feeds.c.reason.in_(NETWORK_REASONS)
    for feed in (await connection.scalars(select(feeds.c.name).where(failing))).all():
        soon = at + COMING_BACK * share(feed)
        await connection.execute(
            update(feeds).where(feeds.c.name == feed, feeds.c.due_at > soon).values(due_at=soon, not_before=None)
        )
        untold = (conditions.c.feed == feed) & conditions.c.until.is_(None) & conditions.c.tell_at.is_not(None)
        await connection.execute(update(conditions).where(untold).values(tell_at=at + PATIENCE))


async def forget(connection: AsyncConnection, names: Sequence[str], at: datetime) -> None:
    """End what held of feeds that are not watched any more, or not at that place; nobody is told."""
    changes = {"until": func.coalesce(conditions.c.until, at), "tell_at": None}
    for batch in batches(names):
        ended = conditions.c.feed.in_(batch) & (conditions.c.until.is_(None) | conditions.c.tell_at.is_not(None))
        await connection.execute(update(conditions).where(ended).values(changes))


# ---------------------------------------------------------------------------------------------------------------
# Telling


def any_due(now: datetime) -> Exists:
    """Hold where people are to be told of something by now."""
    return exists(select(conditions.c.feed).where(conditions.c.tell_at <= now))


async def tellings(connection: AsyncConnection, now: datetime) -> Tellings:
    """Return what people are to be told of by now."""
    of_feed = feeds.c.reason, feeds.c.last_success_at, feeds.c.due_at, feeds.c.stopped
    due = select(conditions, *of_feed).outerjoin(feeds, feeds.c.name == conditions.c.feed)
    order = (conditions.c.tell_at, conditions.c.feed, conditions.c.state)
    rows = await connection.execute(due.where(conditions.c.tell_at <= now).order_by(*order))
    watched = feeds.c.configured & ~feeds.c.stopped & (feeds.c.kind == FeedKind.HTTP)
    unreachable = feeds.c.reason.in_(NETWORK_REASONS)
    counts = select(
        func.count().label("http_feeds"),
        func.count(feeds.c.host.distinct()).label("hosts"),
        func.count(feeds.c.name).filter(unreachable).label("unreachable"),
        func.max(feeds.c.last_success_at).label("last_reached"),
    )
    watched_now = (await connection.execute(counts.where(watched))).one()
    outage = (await connection.execute(_open(conditions.c.feed == ALL_FEEDS))).first()
    return Tellings(
        due=tuple(
            replace(
                _open_condition(row),
                reason=FetchReason(row.reason) if row.reason else None,
                last_success=row.last_success_at,
                next_poll=None if row.stopped else row.due_at,
            )
            for row in rows
        ),
        http_feeds=watched_now.http_feeds,
        hosts=watched_now.hosts,
        unreachable=watched_now.unreachable,
        last_reached=watched_now.last_reached,
        network_down=_open_condition(outage) if outage else None,
    )


async def commit_told(connection: AsyncConnection, record: ToldRecord) -> None:
    """Store what is told of conditions.

    Raises:
        AlreadyStored: another told one of them, or the outage has begun already.
    """
    await serialise(connection)
    for told in record.told:
        await _settle(connection, told, told=True, tell_at=None)
    for later, at in record.postponed:
        await _settle(connection, later, tell_at=at)
    if record.begun:
        if (await connection.execute(_open(conditions.c.feed == ALL_FEEDS))).first():
            raise AlreadyStored("the outage is known already")
        await insert_all(connection, conditions, [{**_row(ALL_FEEDS, record.begun, record.at), "told": True}])
        outage = (conditions.c.feed == ALL_FEEDS) & conditions.c.until.is_(None)
        await connection.execute(update(conditions).where(outage).values(tell_at=None))
    for number, message in enumerate(record.messages):
        await deliveries.add_once(connection, message, record.at + timedelta(microseconds=number))


async def _settle(connection: AsyncConnection, condition: OpenCondition, **values: object) -> None:
    """Change a condition that is as it was when we looked at it."""
    same = and_(
        conditions.c.feed == condition.feed,
        conditions.c.state == condition.state,
        conditions.c.since == condition.since,
        conditions.c.told == condition.told,
        conditions.c.tell_at.is_not(None),
        conditions.c.until.is_(None) if condition.until is None else conditions.c.until == condition.until,
    )
    result = await connection.execute(update(conditions).where(same).values(values))
    if result.rowcount != 1:
        raise AlreadyStored(f"the condition {condition.state} of {condition.feed!r} is not as it was")


def _open(of: ColumnElement[bool]) -> Any:
    return select(conditions).where(of, conditions.c.until.is_(None))


async def _change(connection: AsyncConnection, row: ResultRow[Any], **values: object) -> None:
    same = (conditions.c.feed == row.feed) & (conditions.c.state == row.state) & (conditions.c.since == row.since)
    await connection.execute(update(conditions).where(same).values(values))


def _row(feed: str, condition: Condition, at: datetime) -> Row:
    return {
        "feed": feed,
        "state": condition.state,
        "since": at,
        "detail": condition.detail,
        "told": False,
        "tell_at": condition.tell_at,
    }


def _open_condition(row: ResultRow[Any]) -> OpenCondition:
    return OpenCondition(
        feed=row.feed,
        state=row.state,
        since=row.since,
        until=row.until,
        detail=row.detail,
        told=row.told,
    )
