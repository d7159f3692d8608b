"""A database as the store uses it: transactions that read and transactions that write, and nothing between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tocsin.errors import UsageError
from tocsin.storage.engines import Access, async_engine, sqlite_file
from tocsin.storage.failures import translated

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """The engines behind a store.

    SQLite has one writing connection, behind a lock, and readers that cannot write. PostgreSQL has one pool for both:
    its rows and the advisory lock of a poll's commit keep writers apart.
    """

    def __init__(self, url: URL, *, read_only: bool) -> None:
        self._guard: AbstractAsyncContextManager[object] = asyncio.Lock() if sqlite_file(url) else nullcontext()
        self._running: set[asyncio.Task[Any]] = set()
        self._writer = None if read_only else async_engine(url, Access.WRITE)
        shared = self._writer if sqlite_file(url) is None else None
        self._reader = shared or async_engine(url, Access.READ)

    async def look(
        self, step: Callable[Concatenate[AsyncConnection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `step` finds, in a reading transaction."""

        async def work() -> T:
            async with self.read() as connection:
                return await step(connection, *args, **kwargs)

        return await self._to_the_end(work())

    async def change(
        self, step: Callable[Concatenate[AsyncConnection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `step` returns, once what it wrote is durable."""

        async def work() -> T:
            async with self.write() as connection:
                return await step(connection, *args, **kwargs)

        return await self._to_the_end(work())

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a transaction to its end even where who asked for it is cancelled.

        A statement that is given up while SQLite's thread runs it can leave its connection open, and locked for good.
        """
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

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
        """Close every connection, when the transactions that still run have ended."""
        if self._running:
            await asyncio.wait(self._running)
        await self._reader.dispose()
        if self._writer is not None:
            await self._writer.dispose()

    def _writable(self) -> AsyncEngine:
        if self._writer is None:
            raise UsageError("this store was opened to look only")
        return self._writer
