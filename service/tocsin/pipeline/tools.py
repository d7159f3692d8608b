"""What the steps work with, and how they store what they came to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar, Unpack

from tocsin.errors import DatabaseFull
from tocsin.log import Details, Event, Logger
from tocsin.model import Commit, FeedSpec, FetchFailed, PageFailed
from tocsin.plan import Plan
from tocsin.ports import Channel, Fetcher, Ping, Sandbox, Store
from tocsin.rules.index import RuleIndex
from tocsin.stories.boilerplate import Furnished

T = TypeVar("T")

#: How often a step decides anew when the rows changed under it. Only other daemons can make it more than once.
MOST_DECISIONS = 30

#: How often a full database is tried again.
ROOM_CHECK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a unit of work reads once: the plan and what is built from it."""

    plan: Plan
    index: RuleIndex
    channels: Mapping[str, Channel]
    fetcher: Fetcher
    ping: Ping | None  # to be given while all is well
    public: Callable[[str], str]  # takes secrets out of a text


@dataclass(slots=True, kw_only=True)
class Cell:
    """Where the configuration of now stands. A reload puts another in its place, between two steps of the loop.

    Its index may be the same one with other rules: who matched with it looks whether the configuration is still the
    one that it read, and else decides anew. `gate` is held by who claims work, and by a reload as long as rows and
    configuration do not say the same.
    """

    configuration: Configuration
    gate: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports, and what else every step needs."""

    cell: Cell
    store: Store
    sandbox: Sandbox
    journal: Logger
    clock: Callable[[], datetime]
    owner: str
    wake: Callable[[], None]
    retry_schedule: tuple[timedelta, ...]
    patient: bool  # a unit of work that the database has no room for waits for some
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # of those whose decisions met newer rows

    @property
    def configuration(self) -> Configuration:
        """The configuration of now; a unit of work reads it once."""
        return self.cell.configuration

    @property
    def fetcher(self) -> Fetcher:
        """What gets feeds and pages now."""
        return self.cell.configuration.fetcher

    async def stored(self, store: Callable[[], Awaitable[T]], **about: Unpack[Details]) -> T:
        """Store what a unit of work came to; where the database is full, wait for room.

        The work is not done again for that: a message sent again would be a copy. A unit that waits keeps its slot,
        so that soon nothing more is fetched or sent that could not be stored.
        """
        tell, full = self.journal.bind(**about), False
        while True:
            try:
                stored = await store()
            except DatabaseFull as error:
                if not self.patient:
                    raise
                if not full:
                    tell.error(Event.STORAGE_FULL, detail=str(error))
                full = True
                await asyncio.sleep(ROOM_CHECK.total_seconds())
            else:
                if full:
                    tell.info(Event.STORAGE_RECOVERED)
                return stored

    async def settled(self, decide: Callable[[], Awaitable[Commit]]) -> Commit:
        """Decide and store, anew as long as the rows change under it, which they do not do for ever.

        Most decisions meet nobody; those that do take turns, so that the copies of one story do not keep each other
        from being stored.
        """
        end = await decide()
        if end is Commit.CONFLICT:
            async with self.turn:
                for _ in range(MOST_DECISIONS):
                    end = await decide()
                    if end is not Commit.CONFLICT:
                        break
        return end


def busy_until(failure: FetchFailed | PageFailed | None, now: datetime) -> tuple[str, datetime] | None:
    """Return the host that asked for patience, and until when; None where none did."""
    if failure and failure.busy_host and failure.retry_after:
        return failure.busy_host, now + failure.retry_after
    return None


def tell_spared(tools: Tools, feed: FeedSpec, furnished: Furnished) -> None:
    """Log of which articles so much looks like furniture that all of it is matched."""
    for article in furnished.spared:
        tools.journal.warning(Event.FURNITURE_SPARED, feed=feed.name, article=article)
