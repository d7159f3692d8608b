"""A database as the store uses it: transactions that read and transactions that write, and nothing between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tocsin.errors import UsageError
from tocsin.storage.engines import Access, async_engine, sqlite_file
from tocsin.storage.failures import translated


class Database:
    """The engines behind a store.

    SQLite has one writing connection, behind a lock, and readers that cannot write. PostgreSQL has one pool for both:
    its rows and the advisory lock of a poll's commit keep writers apart.
    """

    def __init__(self, url: URL, *, read_only: bool) -> None:
        self._guard: AbstractAsyncContextManager[object] = asyncio.Lock() if sqlite_file(url) else nullcontext()
        self._writer = None if read_only else async_engine(url, Access.WRITE)
        shared = self._writer if sqlite_file(url) is None else None
        self._reader = shared or async_engine(url, Access.READ)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one state of the database and changes nothing."""
        with translated():
            async with self._reader.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that is durable when the block ends, and has left nothing where the block raises."""
        writer = self._writable()
        with translated():
            async with self._guard, writer.begin() as connection:
                yield connection

    async def aclose(self) -> None:
        """Close every connection."""
        await self._reader.dispose()
        if self._writer is not None:
            await self._writer.dispose()

    def _writable(self) -> AsyncEngine:
        if self._writer is None:
            raise UsageError("this store was opened to look only")
        return self._writer
