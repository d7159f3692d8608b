"""The database for commands that only look: what is stored, without what polls and delivers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tocsin.ports import Store
from tocsin.storage.store import open_store


@asynccontextmanager
async def open_records(database_url: str) -> AsyncIterator[Store]:
    """Open a database for a command that only looks: nothing is locked, nothing changes, a daemon may run on it.

    Raises:
        DatabaseUnusable: there is none, or it is foreign, damaged or not up to date.
    """
    async with await open_store(database_url, read_only=True) as store:
        yield store
