"""Who is alive, and what the dead held."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.storage import deliveries, feeds, pages
from tocsin.storage.statements import insert_or
from tocsin.storage.tables import ticks


async def release(connection: AsyncConnection, owner: str | None) -> None:
    """Give back every lease of `owner`, or everybody's."""
    await feeds.release(connection, owner)
    await pages.release(connection, owner)
    await deliveries.release(connection, owner)


async def record_tick(connection: AsyncConnection, owner: str, now: datetime) -> None:
    """Note that `owner` is alive."""
    statement = insert_or(connection, ticks).values(owner=owner, at=now)
    again = statement.on_conflict_do_update(index_elements=[ticks.c.owner], set_={"at": now})
    await connection.execute(again)


async def last_tick(connection: AsyncConnection) -> datetime | None:
    """Return the newest tick of any daemon."""
    last: datetime | None = await connection.scalar(select(func.max(ticks.c.at)))
    return last
