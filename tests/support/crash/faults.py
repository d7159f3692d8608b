"""Named points that a life passes, at one of which it ends at once: between any two of its effects.

They lie around the ports, from outside, so that nothing of them is in the service itself.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from types import MappingProxyType
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from tocsin.model import Attempt, FeedSpec, FetchOutcome, Message, PageFailed, PageFetched, Validators
from tocsin.pipeline import Tools
from tocsin.ports import Channel, Fetcher, Sandbox, Store
from tocsin.storage import deliveries, flushes, pages, polls
from tocsin.storage.database import Database
from tocsin.storage.store import SqlStore

P = ParamSpec("P")
T = TypeVar("T")

STATUS = 9  # with which a life ends at a fault

FETCHED = "fetched"  # a feed or a page came, or did not
PARSED = "parsed"  # a document was read, a page was
BEGUN = "tx-begin"  # the transaction of a poll or of a page has begun
WRITTEN = "tx-written"  # all that it stores is written, and is not durable
COMMITTED = "tx-end"  # it is durable
CLAIMED = "claimed"  # deliveries are leased
SENT = "sent"  # the receiver answered, or did not
MARKED = "marked"  # what came of that is durable
FLUSHED = "flushed"  # a group became a message

POINTS = (FETCHED, PARSED, BEGUN, WRITTEN, COMMITTED, CLAIMED, SENT, MARKED, FLUSHED)

#: The steps of the store whose end is a point.
ENDS: Mapping[Callable[..., object], str] = MappingProxyType(
    {
        polls.commit: COMMITTED,
        pages.commit: COMMITTED,
        deliveries.claim: CLAIMED,
        deliveries.record: MARKED,
        flushes.flush: FLUSHED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The end of a life, when it passes a point for the n-th time."""

    point: str
    number: int

    def __str__(self) -> str:
        return f"{self.point}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read `sent:2`."""
        point, _, number = text.rpartition(":")
        if point not in POINTS or not number.isdigit():
            raise ValueError(f"a fault is written POINT:N, with one of {', '.join(POINTS)}")
        return cls(point=point, number=int(number))


def sweep(most: int = 5) -> Sequence[Fault]:
    """Return a fault at each of the first passings of every point."""
    return [Fault(point=point, number=number + 1) for point in POINTS for number in range(most)]


class Tripwire:
    """Counts the passings of one point, and ends the process at the one that the fault names."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._passed = 0
        self._lock = Lock()  # transactions run in threads

    def passed(self, point: str) -> None:
        """Note that the process passes a point."""
        if point != self._fault.point:
            return
        with self._lock:
            self._passed += 1
            if self._passed == self._fault.number:
                os._exit(STATUS)

    @contextmanager
    def then(self, point: str) -> Iterator[None]:
        """Pass a point at the end of a block, however it ends."""
        try:
            yield
        finally:
            self.passed(point)

    def around_tools(self, tools: Tools) -> Tools:
        """Return the tools with points around what they do to the world."""
        cell = tools.cell
        channels = {name: _Channel(channel, self) for name, channel in cell.configuration.channels.items()}
        fetcher = _Fetcher(cell.configuration.fetcher, self)
        cell.configuration = replace(cell.configuration, channels=channels, fetcher=fetcher)
        return replace(tools, sandbox=_Sandbox(tools.sandbox, self))

    def around_store(self, store: Store) -> Store:
        """Return the store with points in and after its transactions."""
        assert isinstance(store, SqlStore)
        return SqlStore(_Database(store.database, self))


class _Fetcher:
    def __init__(self, fetcher: Fetcher, wire: Tripwire) -> None:
        self._fetcher = fetcher
        self._wire = wire

    async def fetch(
        self, feed: FeedSpec, validators: Validators, fingerprint: str | None, *, address: str | None = None
    ) -> FetchOutcome:
        with self._wire.then(FETCHED):
            return await self._fetcher.fetch(feed, validators, fingerprint, address=address)

    async def fetch_page(self, feed: FeedSpec, url: str) -> PageFetched | PageFailed:
        with self._wire.then(FETCHED):
            return await self._fetcher.fetch_page(feed, url)


class _Sandbox:
    def __init__(self, sandbox: Sandbox, wire: Tripwire) -> None:
        self._sandbox = sandbox
        self._wire = wire

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        with self._wire.then(PARSED):
            return await self._sandbox.run(function, *arguments)


class _Channel:
    def __init__(self, channel: Channel, wire: Tripwire) -> None:
        self._channel = channel
        self._wire = wire

    async def send(self, message: Message) -> Attempt:
        with self._wire.then(SENT):
            return await self._channel.send(message)


class _Database(Database):
    """A database that is opened already; what it stores passes points."""

    def __init__(self, opened: Database, wire: Tripwire) -> None:
        self.__dict__.update(vars(opened))
        self._wire = wire

    async def change(self, step: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        end = ENDS.get(step)
        if end is None:
            return await super().change(step, *args, **kwargs)

        def watched(connection: Connection, *args: P.args, **kwargs: P.kwargs) -> T:
            if end == COMMITTED:
                self._wire.passed(BEGUN)
            done = step(connection, *args, **kwargs)
            if end == COMMITTED:
                self._wire.passed(WRITTEN)
            return done

        done = await super().change(watched, *args, **kwargs)
        if done:  # something was claimed
            self._wire.passed(end)
        return done
