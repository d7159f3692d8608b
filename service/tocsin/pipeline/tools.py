"""What the steps work with, and how they store what they came to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, Unpack

from tocsin.errors import DatabaseFull
from tocsin.log import Details, Event, Logger
from tocsin.model import Commit, FetchFailed, PageFailed
from tocsin.plan import Plan
from tocsin.ports import Channel, Fetcher, Sandbox, Store
from tocsin.rules.index import RuleIndex

T = TypeVar("T")

#: How often a step decides anew when the rows changed under it.
MOST_DECISIONS = 5

#: How often a full database is tried again.
ROOM_CHECK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a unit of work reads once: the plan and what is built from it."""

    plan: Plan
    index: RuleIndex
    channels: Mapping[str, Channel]
    public: Callable[[str], str]  # takes secrets out of a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports, and what else every step needs."""

    configuration: Configuration
    store: Store
    fetcher: Fetcher
    sandbox: Sandbox
    journal: Logger
    clock: Callable[[], datetime]
    owner: str
    wake: Callable[[], None]
    retry_schedule: tuple[timedelta, ...]
    patient: bool  # a unit of work that the database has no room for waits for some

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
        """Decide and store, anew as long as the rows change under it, which they do not do for ever."""
        end = await decide()
        for _ in range(MOST_DECISIONS):
            if end is not Commit.CONFLICT:
                break
            end = await decide()
        return end


def busy_until(failure: FetchFailed | PageFailed | None, now: datetime) -> tuple[str, datetime] | None:
    """Return the host that asked for patience, and until when; None where none did."""
    if failure and failure.busy_host and failure.retry_after:
        return failure.busy_host, now + failure.retry_after
    return None
