"""Politeness: one request in flight per host and per address, a pause between two, and not too many in all.

Whoever waits for a host takes the place of nobody who asks another: a host that hangs holds up only its own requests.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

_REMEMBERED: Final = 60.0  # seconds, more than any gap
_ROOM: Final = 1_000


class HostBusy(Exception):
    """Requests of our own have kept a host or its address busy for so long that we give up waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """How gently servers are asked. Times are in seconds.

    `gap` lies between the starts of two requests to one host, or to one address; `in_flight` are at work in all;
    `patience` is how long one waits for its turn. `clock` and `sleep` are for the gaps.
    """

    gap: float = 1.0
    in_flight: int = 32
    patience: float = 60.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


class Hosts:
    """Gives each request its turn. A host that nobody asked for a while is forgotten."""

    def __init__(self, politeness: Politeness) -> None:
        self._politeness = politeness
        self._places: dict[tuple[str, str], _Place] = {}
        self._room = _ROOM
        self._all = asyncio.Semaphore(politeness.in_flight)

    @asynccontextmanager
    async def turn(self, host: str, address: str | None, *, gap: float = 0.0) -> AsyncIterator[None]:
        """Wait until `host` may be asked at `address`, in the order of asking, and keep others from it meanwhile.

        `gap` is the host's own word on how long to wait between two requests, where it is more than ours.

        Raises:
            HostBusy: it took too long.
        """
        politeness = self._politeness
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(politeness.patience):
                    places = [await held.enter_async_context(self._place(("host", host)))]
                    if address is not None:
                        places.append(await held.enter_async_context(self._place(("address", address))))
                    await self._pause(places, gap)
                    await held.enter_async_context(self._all)
            except TimeoutError:
                raise HostBusy(host) from None
            for place in places:
                place.began = politeness.clock()
            yield

    async def _pause(self, places: "list[_Place]", gap: float) -> None:
        """Wait until the last request to each of `places` is long enough ago; the first is the host's."""
        politeness = self._politeness
        gaps = [max(politeness.gap, gap), politeness.gap]
        free = max(place.began + wait for place, wait in zip(places, gaps, strict=False))
        while (wait := free - politeness.clock()) > 0:
            await politeness.sleep(wait)

    @asynccontextmanager
    async def _place(self, key: tuple[str, str]) -> AsyncIterator["_Place"]:
        place = self._places.get(key) or self._new_place(key)
        place.users += 1
        try:
            async with place.lock:
                yield place
        finally:
            place.users -= 1

    def _new_place(self, key: tuple[str, str]) -> "_Place":
        """Remember one more, and forget those that are of no use any more whenever there are twice as many."""
        if len(self._places) >= self._room:
            past = self._politeness.clock() - _REMEMBERED
            self._places = {key: place for key, place in self._places.items() if place.users or place.began > past}
            self._room = max(_ROOM, 2 * len(self._places))
        return self._places.setdefault(key, _Place())


class _Place:
    """A host, or an address: whose turn it is, how many want it, and when the last request to it began."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0
        self.began = float("-inf")
