"""Saying that all is well, once a minute: good cycle → sign of life.

Whoever waits for the signs (a dead man's switch) is told nothing by a service that hangs: so none is given unless
work is done in time and can be stored.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from tocsin.errors import StorageError
from tocsin.log import Event
from tocsin.pipeline.tools import Tools
from tocsin.ports import DueWork

#: How often a sign is given, and how soon it is looked again whether one can be.
EVERY, AGAIN = timedelta(minutes=1), timedelta(seconds=5)

#: How far work may lie behind, and how long a poll may take. The longest lease is shorter.
ARREARS = timedelta(minutes=10)

#: What servers may make wait for longer.
_PACED_BY_OTHERS = frozenset({DueWork.FEEDS, DueWork.PAGES})


class Heart:
    """The step that says that all is well."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._next: datetime | None = None  # None: at once
        self._polled = False  # since the last sign
        self._polls: dict[object, datetime] = {}  # those that run, and when each began
        self._trouble: str | None = None  # that was told

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Note that a feed is polled."""
        poll = object()
        self._polls[poll] = self._tools.clock()
        try:
            yield
            self._polled = True
        finally:
            del self._polls[poll]

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time for a sign; a clock that was set back does not put it off."""
        if self._tools.configuration.ping is None:
            return False
        return self._next is None or not now < self._next <= now + EVERY

    async def beat(self) -> None:
        """Give a sign if all is well; tell in the log when they cease and when they come again."""
        now, ping = self._tools.clock(), self._tools.configuration.ping
        if ping is None:
            return
        trouble = await self._arrears(now)
        event = Event.HEARTBEAT_WITHHELD
        if trouble is None:
            self._polled = False
            trouble, event = await ping.ping(), Event.HEARTBEAT_FAILED
        self._next = now + (EVERY if event is Event.HEARTBEAT_FAILED else AGAIN)
        if trouble and trouble != self._trouble:
            self._tools.journal.warning(event, detail=trouble)
        elif self._trouble and not trouble:
            self._tools.journal.info(Event.HEARTBEAT_RESUMED)
        self._trouble = trouble

    async def _arrears(self, now: datetime) -> str | None:
        """Return what is not as it should be; None where a whole cycle went well."""
        store = self._tools.store
        try:
            await store.record_tick(self._tools.owner, now)
            due = await store.due_work(now)
            late = await store.due_work(now - ARREARS) - _PACED_BY_OTHERS
            channels = await store.due_channels(now - ARREARS)
        except StorageError as error:
            return f"the database does not store: {error}"
        if any(begun < now - ARREARS for begun in self._polls.values()):
            return "a poll does not end"
        if DueWork.FEEDS in due and not self._polled:
            return "feeds are due and none is polled"
        if late:
            return f"work lies behind: {', '.join(sorted(late))}"
        if channels:
            return f"deliveries lie behind: to {', '.join(channels)}"
        return None
