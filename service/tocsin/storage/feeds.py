"""Feeds: who polls what until when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, exists, func, select, update
from sqlalchemy import Row as ResultRow

from tocsin.model import DueFeed, FeedPart, FeedState
from tocsin.storage import conditions
from tocsin.storage.memory import memory_of, validators_of
from tocsin.storage.statements import (
    CLAIM_STEP,
    DUE_BY,
    NAMES,
    NOBODY,
    NOW,
    TAKEN,
    Claim,
    Time,
    batches,
    free,
    serialise,
)
from tocsin.storage.tables import busy_hosts, feed_parts, feeds


def claim(connection: Connection, claim: Claim, *, one_per_host: bool) -> Sequence[DueFeed]:
    """Lease feeds that are due and free with their twins, longest due first."""
    serialise(connection, CLAIM_STEP)
    leaders = _leaders(connection, claim, one_per_host=one_per_host)
    rows = _with_twins(connection, leaders, claim)
    names = [row.name for row in rows]
    for batch in batches(names):
        connection.execute(_TAKE, {**claim.times, "names": batch})
    held = conditions.held(connection, [*names, conditions.ALL_FEEDS])
    parts = _parts(connection, names)
    network_down = FeedState.NETWORK_DOWN in held.get(conditions.ALL_FEEDS, ())

    def due_feed(row: ResultRow[Any], twins: Sequence[ResultRow[Any]] = ()) -> DueFeed:
        return DueFeed(
            name=row.name,
            owner=claim.owner,
            memory=memory_of(row),
            conditions=held.get(row.name, frozenset()),
            parts=parts.get(row.name, ()),
            twins=tuple(map(due_feed, twins)),
            network_down=network_down,
        )

    return [due_feed(*_leader_first(group)) for group in _by_source(rows)]


def release(connection: Connection, owner: str | None) -> None:
    """Give back the leases of `owner`, or everybody's."""
    held = feeds.c.lease_owner.is_not(None) if owner is None else feeds.c.lease_owner == owner
    connection.execute(update(feeds).where(held).values(NOBODY))


def wake(connection: Connection, name: str, now: datetime) -> bool:
    """Have a configured feed polled now; False where there is none of that name."""
    this = feeds.c.name == name, feeds.c.configured
    connection.execute(delete(busy_hosts).where(busy_hosts.c.host.in_(select(feeds.c.host).where(*this))))
    woken = {"stopped": False, "due_at": now, "not_before": None}
    return connection.execute(update(feeds).where(*this).values(woken)).rowcount == 1


def busy(now: Time) -> Select[Any]:
    """Select the hosts that asked not to be fetched from now."""
    return select(busy_hosts.c.host).where(busy_hosts.c.until > now)


def is_configured(name: ColumnElement[str]) -> ColumnElement[bool]:
    """Hold where the feed of that name is configured."""
    return select(feeds.c.name).where(feeds.c.name == name, feeds.c.configured).exists()


def _due(by: Time) -> ColumnElement[bool]:
    return feeds.c.configured & ~feeds.c.stopped & (feeds.c.due_at <= by) & free(feeds, NOW)


def _host_is_free() -> ColumnElement[bool]:
    """Hold where nobody fetches from the feed's host. Before the first start of this version, no host is known."""
    leased = select(feeds.c.host).where(feeds.c.lease_until > NOW, feeds.c.host != "")
    return feeds.c.host.not_in(leased) & feeds.c.host.not_in(busy(NOW))


#: Holds where a feed is due that could be claimed.
ANY_DUE = exists(select(feeds.c.name).where(_due(NOW), _host_is_free()))

_TAKE = update(feeds).where(feeds.c.name.in_(NAMES)).values(TAKEN)


def _choosing(*, one_per_host: bool) -> Select[Any]:
    """Select the names of the feeds to claim, one of each source, and one of each host where that is asked."""
    due = _due(DUE_BY) & feeds.c.host.not_in(busy(NOW))
    order = (feeds.c.due_at, feeds.c.name)
    key = feeds.c.host if one_per_host else feeds.c.source
    number = func.row_number().over(partition_by=func.coalesce(func.nullif(key, ""), feeds.c.name), order_by=order)
    if one_per_host:
        due &= _host_is_free()
    else:  # due or not, but none whose server asked for patience
        due &= (feeds.c.failures == 0) | feeds.c.not_before.is_(None) | (feeds.c.not_before <= NOW)
    numbered = select(feeds.c.name, feeds.c.due_at, number.label("number")).where(due).subquery()
    first = select(numbered.c.name).where(numbered.c.number == 1).order_by(numbered.c.due_at, numbered.c.name)
    return first.limit(bindparam("most"))


_ONE_PER_HOST, _ONE_PER_SOURCE = _choosing(one_per_host=True), _choosing(one_per_host=False)


def _leaders(connection: Connection, claim: Claim, *, one_per_host: bool) -> Sequence[str]:
    statement = _ONE_PER_HOST if one_per_host else _ONE_PER_SOURCE
    return connection.scalars(statement, {"now": claim.now, "due_by": claim.due_by, "most": claim.limit}).all()


_SOURCES = select(feeds.c.source).where(feeds.c.name.in_(NAMES), feeds.c.source != "")
_WITH_TWINS = (
    select(feeds)
    .where(feeds.c.name.in_(NAMES) | feeds.c.source.in_(_SOURCES))
    .where(feeds.c.configured, ~feeds.c.stopped, free(feeds, NOW))
    .with_for_update(skip_locked=True)
)


def _with_twins(connection: Connection, leaders: Sequence[str], claim: Claim) -> Sequence[ResultRow[Any]]:
    """Lock the leaders, if they are free still, and the feeds that the same requests serve."""
    found: dict[str, ResultRow[Any]] = {}
    for batch in batches(leaders):
        rows = connection.execute(_WITH_TWINS, {"names": batch, "now": claim.now})
        found.update((row.name, row) for row in rows)
    return sorted(found.values(), key=lambda row: (row.due_at, row.name))


def _by_source(rows: Sequence[ResultRow[Any]]) -> Sequence[Sequence[ResultRow[Any]]]:
    groups: dict[str, list[ResultRow[Any]]] = {}
    for row in rows:
        groups.setdefault(row.source or f"\0{row.name}", []).append(row)
    return list(groups.values())


def _leader_first(group: Sequence[ResultRow[Any]]) -> tuple[ResultRow[Any], Sequence[ResultRow[Any]]]:
    return group[0], group[1:]


_PARTS = select(feed_parts).where(feed_parts.c.feed.in_(NAMES)).order_by(feed_parts.c.feed, feed_parts.c.position)


def _parts(connection: Connection, names: Sequence[str]) -> Mapping[str, tuple[FeedPart, ...]]:
    parts: dict[str, tuple[FeedPart, ...]] = {}
    for batch in batches(names):
        for row in connection.execute(_PARTS, {"names": batch}):
            part = FeedPart(url=row.url, validators=validators_of(row), fingerprint=row.fingerprint)
            parts[row.feed] = (*parts.get(row.feed, ()), part)
    return parts
