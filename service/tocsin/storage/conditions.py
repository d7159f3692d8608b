"""Conditions of feeds: what holds, since when, and whether people were told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, select, update
from sqlalchemy import Row as ResultRow

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
from tocsin.storage.statements import NAMES, NOW, Row, batches, insert_all, serialise
from tocsin.storage.tables import conditions, feeds

ALL_FEEDS = ""  # stands where a feed would, for what holds of all together

#: After an outage, feeds are polled again within this time rather than when their back-off ends.
COMING_BACK = timedelta(minutes=1)

#: After an outage, a feed that still cannot be reached is told of by itself.
PATIENCE = timedelta(hours=3)


_OPEN = select(conditions).where(conditions.c.feed.in_(NAMES), conditions.c.until.is_(None))


def held(connection: Connection, names: Sequence[str]) -> Mapping[str, frozenset[FeedState]]:
    """Return the conditions that hold, by feed; feeds without any are left out."""
    return {feed: frozenset(states) for feed, states in begun(connection, names).items()}


def begun(connection: Connection, names: Sequence[str]) -> Mapping[str, Mapping[FeedState, datetime]]:
    """Return the conditions that hold, by feed, each with when it began; feeds without any are left out."""
    found: dict[str, dict[FeedState, datetime]] = {}
    for batch in batches(names):
        for row in connection.execute(_OPEN, {"names": batch}):
            found.setdefault(row.feed, {})[row.state] = row.since
    return found


def note(connection: Connection, feed: str, now_held: Sequence[Condition], at: datetime) -> None:
    """Begin the conditions that did not hold before, and end those that do not hold any more."""
    before = {row.state: row for row in connection.execute(_OPEN, {"names": [feed]})}
    holding = {condition.state: condition for condition in now_held}
    for state, row in before.items():
        if state not in holding:
            _change(connection, row, until=at, tell_at=at if row.told else None)
        elif changes := _news(row, holding[state]):
            _change(connection, row, **changes)
    begun = [condition for state, condition in holding.items() if state not in before]
    insert_all(connection, conditions, [_row(feed, condition, at) for condition in begun])


def _news(row: ResultRow[Any], found: Condition) -> Row:
    """Return what a poll found that is not stored yet: other words, or that people are to be told later than that."""
    news: dict[str, Any] = {} if row.detail == found.detail else {"detail": found.detail}
    if not row.told and row.tell_at and row.tell_at < found.tell_at:
        news["tell_at"] = found.tell_at
    return news


def network_answers(connection: Connection, at: datetime) -> None:
    """End the outage of the network, if there is one: what it held up is polled soon and judged anew."""
    outage = connection.execute(_OPEN, {"names": [ALL_FEEDS]}).all()
    if not outage:
        return
    for row in outage:
        _change(connection, row, until=at, tell_at=at if row.told else None)
    failing = feeds.c.configured & feeds.c.reason.in_(NETWORK_REASONS)
    names = connection.scalars(select(feeds.c.name).where(failing)).all()
    if names:
        connection.execute(_SOON, [{"of": name, "soon": at + COMING_BACK * share(name)} for name in names])
    untold = conditions.c.until.is_(None) & conditions.c.tell_at.is_not(None)
    for batch in batches(names):
        of_these = untold & conditions.c.feed.in_(batch)
        connection.execute(update(conditions).where(of_these).values(tell_at=at + PATIENCE))


_SOON = (
    update(feeds)
    .where(feeds.c.name == bindparam("of"), feeds.c.due_at > bindparam("soon", type_=feeds.c.due_at.type))
    .values(due_at=bindparam("soon", type_=feeds.c.due_at.type), not_before=None)
)


def forget(connection: Connection, names: Sequence[str], at: datetime) -> None:
    """End what held of feeds that are not watched any more, or not at that place; nobody is told."""
    changes = {"until": func.coalesce(conditions.c.until, at), "tell_at": None}
    for batch in batches(names):
        ended = conditions.c.feed.in_(batch) & (conditions.c.until.is_(None) | conditions.c.tell_at.is_not(None))
        connection.execute(update(conditions).where(ended).values(changes))


# ---------------------------------------------------------------------------------------------------------------
# Telling


#: Holds where people are to be told of something by now.
ANY_DUE = exists(select(conditions.c.feed).where(conditions.c.tell_at <= NOW))


def tellings(connection: Connection, now: datetime) -> Tellings:
    """Return what people are to be told of by now."""
    of_feed = feeds.c.reason, feeds.c.last_success_at, feeds.c.due_at, feeds.c.stopped
    due = select(conditions, *of_feed).outerjoin(feeds, feeds.c.name == conditions.c.feed)
    order = (conditions.c.tell_at, conditions.c.feed, conditions.c.state)
    rows = connection.execute(due.where(conditions.c.tell_at <= now).order_by(*order))
    watched = feeds.c.configured & ~feeds.c.stopped & (feeds.c.kind == FeedKind.HTTP)
    unreachable = feeds.c.reason.in_(NETWORK_REASONS)
    counts = select(
        func.count().label("http_feeds"),
        func.count(feeds.c.host.distinct()).label("hosts"),
        func.count(feeds.c.name).filter(unreachable).label("unreachable"),
        func.max(feeds.c.last_success_at).label("last_reached"),
    )
    watched_now = (connection.execute(counts.where(watched))).one()
    outage = connection.execute(_OPEN, {"names": [ALL_FEEDS]}).first()
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


def commit_told(connection: Connection, record: ToldRecord) -> None:
    """Store what is told of conditions.

    Raises:
        AlreadyStored: another told one of them, or the outage has begun already.
    """
    serialise(connection)
    for told in record.told:
        _settle(connection, told, told=True, tell_at=None)
    for later, at in record.postponed:
        _settle(connection, later, tell_at=at)
    if record.begun:
        if connection.execute(_OPEN, {"names": [ALL_FEEDS]}).first():
            raise AlreadyStored("the outage is known already")
        insert_all(connection, conditions, [{**_row(ALL_FEEDS, record.begun, record.at), "told": True}])
        outage = (conditions.c.feed == ALL_FEEDS) & conditions.c.until.is_(None)
        connection.execute(update(conditions).where(outage).values(tell_at=None))
    for number, message in enumerate(record.messages):
        deliveries.add_once(connection, message, record.at + timedelta(microseconds=number))


def _settle(connection: Connection, condition: OpenCondition, **values: object) -> None:
    """Change a condition that is as it was when we looked at it."""
    same = and_(
        conditions.c.feed == condition.feed,
        conditions.c.state == condition.state,
        conditions.c.since == condition.since,
        conditions.c.told == condition.told,
        conditions.c.tell_at.is_not(None),
        conditions.c.until.is_(None) if condition.until is None else conditions.c.until == condition.until,
    )
    result = connection.execute(update(conditions).where(same).values(values))
    if result.rowcount != 1:
        raise AlreadyStored(f"the condition {condition.state} of {condition.feed!r} is not as it was")


def _change(connection: Connection, row: ResultRow[Any], **values: object) -> None:
    same = (conditions.c.feed == row.feed) & (conditions.c.state == row.state) & (conditions.c.since == row.since)
    connection.execute(update(conditions).where(same).values(values))


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
