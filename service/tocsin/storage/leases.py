"""Who is alive, and what the dead held."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from tocsin.storage import deliveries, feeds, pages
from tocsin.storage.statements import insert_or
from tocsin.storage.tables import ticks


def release(connection: Connection, owner: str | None) -> None:
    """Give back every lease of `owner`, or everybody's."""
    feeds.release(connection, owner)
    pages.release(connection, owner)
    deliveries.release(connection, owner)


def record_tick(connection: Connection, owner: str, now: datetime) -> None:
    """Note that `owner` is alive."""
    statement = insert_or(connection, ticks).values(owner=owner, at=now)
    again = statement.on_conflict_do_update(index_elements=[ticks.c.owner], set_={"at": now})
    connection.execute(again)


def last_tick(connection: Connection) -> datetime | None:
    """Return the newest tick of any daemon."""
    last: datetime | None = connection.scalar(select(func.max(ticks.c.at)))
    return last
