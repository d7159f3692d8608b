"""How channels are doing: what is decided from their standing is decided elsewhere, under the lock of its row.

A channel without a row has never been in trouble and is sent to at no pace.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, or_, select, update
from sqlalchemy import Row as ResultRow

from tocsin.model import ChannelStanding
from tocsin.storage.failures import AlreadyStored
from tocsin.storage.statements import NOW, Row, Time, insert_or
from tocsin.storage.tables import channels

_COLUMNS = [channels.c[field.name] for field in fields(ChannelStanding)]
_OF_NAME = select(*_COLUMNS).where(channels.c.name == bindparam("named"))
_TROUBLED = _OF_NAME.where(or_(channels.c.open_since.is_not(None), channels.c.held_until > NOW))

#: Holds where people are to be told of a channel by now.
ANY_DUE = exists(select(channels.c.name).where(channels.c.tell_at <= NOW))


def standing(connection: Connection, name: str, *, lock: bool = False) -> ChannelStanding:
    """Return how a channel is doing; with `lock`, nobody else changes it before the transaction ends."""
    if not lock:
        row = connection.execute(_OF_NAME, {"named": name}).one_or_none()
        return _standing(row) if row else ChannelStanding(name=name)
    fresh = insert_or(connection, channels).values(_row(ChannelStanding(name=name)))
    connection.execute(fresh.on_conflict_do_nothing())
    return _standing(connection.execute(_OF_NAME.with_for_update(), {"named": name}).one())


def change(
    connection: Connection, name: str, decide: Callable[[ChannelStanding], ChannelStanding]
) -> tuple[ChannelStanding, ChannelStanding]:
    """Have a channel stand as is decided from how it does; return how it did and does. Most tries change nothing."""
    before = standing(connection, name)
    if decide(before) == before:
        return before, before
    before = standing(connection, name, lock=True)
    after = decide(before)
    store(connection, after)
    return before, after


def store(connection: Connection, after: ChannelStanding) -> None:
    """Store how a channel stands whose row is locked."""
    connection.execute(update(channels).where(channels.c.name == after.name).values(_row(after)))


def ready(name: ColumnElement[str], now: Time) -> ColumnElement[bool]:
    """Hold where nothing keeps a channel of that name from being sent to."""
    waits = (channels.c.paced_until, channels.c.held_until, channels.c.probe_at)
    return ~exists(select(channels.c.name).where(channels.c.name == name, or_(*(until > now for until in waits))))


def troubled(connection: Connection, name: str, now: datetime) -> bool:
    """Tell whether what is for a channel waits because it fails, or because it asked for patience."""
    return connection.execute(_TROUBLED, {"named": name, "now": now}).one_or_none() is not None


def configure(connection: Connection, names: Collection[str], now: datetime) -> None:
    """Forget channels that are not configured any more; one that fails is tried soon: it may have been mended."""
    connection.execute(delete(channels).where(channels.c.name.not_in(sorted(names))))
    wake(connection, names, now)


def wake(connection: Connection, names: Collection[str], now: datetime) -> None:
    """Have channels that fail be tried now."""
    failing = channels.c.name.in_(sorted(names)) & (channels.c.probe_at > now)
    connection.execute(update(channels).where(failing).values(probe_at=now))


# ---------------------------------------------------------------------------------------------------------------
# Telling


def tellings(connection: Connection, now: datetime) -> Sequence[ChannelStanding]:
    """Return the channels that people are to be told of by now."""
    due = select(*_COLUMNS).where(channels.c.tell_at <= now).order_by(channels.c.tell_at, channels.c.name)
    return [_standing(row) for row in connection.execute(due)]


def failing(connection: Connection) -> Mapping[str, ChannelStanding]:
    """Return the channels whose breaker is open, by name."""
    opened = select(*_COLUMNS).where(channels.c.open_since.is_not(None))
    return {row.name: _standing(row) for row in connection.execute(opened)}


def settle(connection: Connection, told: ChannelStanding, after: ChannelStanding) -> None:
    """Store what was told of a channel.

    Raises:
        AlreadyStored: it is not in the trouble any more that was told of.
    """
    same = and_(
        channels.c.name == told.name,
        channels.c.tell_at == told.tell_at,
        channels.c.told == told.told,
        channels.c.works_since.is_(None) if told.works_since is None else channels.c.works_since == told.works_since,
    )
    values = {
        "failing_since": after.failing_since,
        "works_since": after.works_since,
        "detail": after.detail,
        "died": after.died,
        "told": after.told,
        "tell_at": after.tell_at,
    }
    if connection.execute(update(channels).where(same).values(values)).rowcount != 1:
        raise AlreadyStored(f"the channel {told.name!r} is not as it was")


def _standing(row: ResultRow[Any]) -> ChannelStanding:
    return ChannelStanding(**row._mapping)


def _row(standing: ChannelStanding) -> Row:
    return asdict(standing)
