"""Politeness: one request in flight per host name, whatever the number of feeds there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class HostSlots:
    """Hands out the one slot that each host has. A host that nobody waits for is forgotten."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def slot(self, host: str) -> AsyncIterator[None]:
        """Hold the slot of `host`, waiting for it in the order of asking."""
        lock = self._locks.setdefault(host.lower().rstrip("."), asyncio.Lock())
        async with lock:
            yield
