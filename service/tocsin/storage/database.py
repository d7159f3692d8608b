"""A database as the store uses it: transactions that read and transactions that write, and nothing between.

A transaction is plain blocking code that runs as a whole in a thread of the database's own: the event loop waits for
it once, not for each statement, and what is compressed or packed for it holds up nobody else.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine

from tocsin.errors import UsageError
from tocsin.storage.engines import Access, connections, pooled_engine, sqlite_file
from tocsin.storage.failures import translated

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """The engines behind a store.

    SQLite has one writing connection, whose thread is the queue of writers, and readers that cannot write. PostgreSQL
    has one pool for both: its rows and the advisory lock of a poll's commit keep writers apart.
    """

    def __init__(self, url: URL, *, read_only: bool) -> None:
        self._writer = None if read_only else _Desk(url, Access.WRITE)
        shared = self._writer if sqlite_file(url) is None else None
        self._reader = shared or _Desk(url, Access.READ)

    async def look(self, step: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `step` finds, in a reading transaction."""
        return await self._reader.run(partial(self._in, self.read, step, *args, **kwargs))

    async def change(self, step: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `step` returns, once what it wrote is durable."""
        return await self._writable().run(partial(self._in, self.write, step, *args, **kwargs))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database and changes nothing; it blocks."""
        with translated(), self._reader.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is durable when the block ends, and has left nothing where it raises; it blocks."""
        with translated(), self._writable().engine.begin() as connection:
            yield connection

    async def aclose(self) -> None:
        """Close every connection, when the transactions that still run have ended."""
        for desk in filter(None, {self._reader, self._writer}):
            await desk.aclose()

    def _writable(self) -> "_Desk":
        if self._writer is None:
            raise UsageError("this store was opened to look only")
        return self._writer

    @staticmethod
    def _in(
        transaction: Callable[[], AbstractContextManager[Connection]],
        step: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with transaction() as connection:
            return step(connection, *args, **kwargs)


class _Desk:
    """An engine, and the threads in which its transactions run."""

    def __init__(self, url: URL, access: Access) -> None:
        self.engine: Engine = pooled_engine(url, access)
        self._threads = ThreadPoolExecutor(connections(url, access), thread_name_prefix="database")

    async def run(self, transaction: Callable[[], T]) -> T:
        """Run a transaction, to its end even where who asked for it is cancelled."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._threads, transaction))

    async def aclose(self) -> None:
        """Wait until the transactions that still run have ended, and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()
