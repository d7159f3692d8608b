"""The runner of a single daemon: one event loop, one tick.

APScheduler keeps the tick and nothing else; what is due when is known by rows. This room runs units of work in lanes
that do not hold each other up. It does not know what a unit does, does not log, and retries nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, timedelta
from typing import TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from tocsin.ports import Steps, Work

T = TypeVar("T")
OnTrouble = Callable[[Exception], None]

TICK = timedelta(seconds=0.5)
GRACE = timedelta(seconds=7)
BEAT = timedelta(seconds=5)
MISSED_TICKS = 4  # after so many without one, the tick is taken as lost


class EmbeddedRunner:
    """Implements `tocsin.ports.Runner`. All methods belong to the thread of the event loop; an instance runs once.

    At each tick, each `wake` and, in its lane, at each end of a unit it claims as many units as the lane has free
    slots. `on_trouble` is told every exception that a step or a unit lets through; whatever it was, the same work is
    not looked for again before the next tick or wake.
    """

    def __init__(
        self, *, on_trouble: OnTrouble, tick: timedelta = TICK, grace: timedelta = GRACE, beat: timedelta = BEAT
    ) -> None:
        """Set up a runner.

        Args:
            on_trouble: called in the event loop with what went wrong; must not raise.
            tick: how often to look for due work.
            grace: how long running units may go on after `stop`.
            beat: how often to note that the daemon is alive.
        """
        self._on_trouble = on_trouble
        self._tick = tick
        self._grace = grace
        self._beat = beat
        self._lanes: dict[str, _Lane] = {}
        self._alarm = asyncio.Event()
        self._stopping = False
        self._deadline: asyncio.Timeout | None = None

    async def run(self, steps: Steps) -> None:
        """Run until `stop` is called and what was running has ended or was given up."""
        try:
            # Leaving the group waits for all that runs; the deadline, set by `stop`, cancels what then still does.
            with self._ticking():
                async with asyncio.timeout(None) as self._deadline, asyncio.TaskGroup() as tasks:
                    await self._watch(steps, tasks)
        except TimeoutError:
            return  # the grace was over, and what still ran is cancelled
        finally:
            self._deadline = None

    def wake(self) -> None:
        """Look for due work now; there may be some before the next tick."""
        self._alarm.set()

    def stop(self) -> None:
        """Claim nothing any more; let what runs end within the grace, or, called again, not at all."""
        grace = timedelta(0) if self._stopping else self._grace
        self._stopping = True
        self._alarm.set()
        for lane in self._lanes.values():
            lane.close()
        if self._deadline and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + grace.total_seconds())

    async def _watch(self, steps: Steps, tasks: asyncio.TaskGroup) -> None:
        clock = asyncio.get_running_loop().time
        next_beat = clock()
        while not self._stopping:
            self._alarm.clear()
            if clock() >= next_beat:
                next_beat = clock() + self._beat.total_seconds()
                await _told(steps.beat(), self._on_trouble)
            await self._look(steps, tasks)
            await self._rest()

    async def _look(self, steps: Steps, tasks: asyncio.TaskGroup) -> None:
        """Wake each lane that has work due, a new one with a task of its own."""
        for name, width in (await _told(steps.due_lanes(), self._on_trouble) or {}).items():
            if self._stopping:
                return
            if name not in self._lanes:
                self._lanes[name] = _Lane(name, steps, tasks, self._on_trouble)
                tasks.create_task(self._lanes[name].drive(), name=f"lane {name}")
            self._lanes[name].wake(width)

    async def _rest(self) -> None:
        # APScheduler goes by the wall clock: set back by a day, its next tick would be a day away.
        with suppress(TimeoutError):
            async with asyncio.timeout(MISSED_TICKS * self._tick.total_seconds()):
                await self._alarm.wait()

    @contextmanager
    def _ticking(self) -> Iterator[None]:
        scheduler = AsyncIOScheduler(timezone=UTC)
        seconds = self._tick.total_seconds()
        # A coroutine, as APScheduler would run a plain function in a thread. Late ticks count, but as one.
        scheduler.add_job(
            self._ring, "interval", seconds=seconds, max_instances=1, coalesce=True, misfire_grace_time=None
        )
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)

    async def _ring(self) -> None:
        self._alarm.set()


class _Lane:
    """Units of one kind: at most `width` at a time, and a claim of its own, so that a slow one slows no other."""

    def __init__(self, name: str, steps: Steps, tasks: asyncio.TaskGroup, on_trouble: OnTrouble) -> None:
        self._name = name
        self._steps = steps
        self._tasks = tasks
        self._on_trouble = on_trouble
        self._width = 0
        self._running = 0
        self._closed = False
        self._due = asyncio.Event()

    def wake(self, width: int) -> None:
        """Look for work, of which `width` units may run at a time."""
        self._width = width
        self._due.set()

    def close(self) -> None:
        """Claim nothing any more."""
        self._closed = True
        self._due.set()

    async def drive(self) -> None:
        """Claim and start units until closed; what was claimed by then is still started."""
        await self._due.wait()
        while not self._closed:
            self._due.clear()
            await self._fill()
            await self._due.wait()

    async def _fill(self) -> None:
        free = self._width - self._running
        if free <= 0:
            return
        for work in await _told(self._steps.claim(self._name, free), self._on_trouble) or ():
            self._running += 1
            self._tasks.create_task(self._run(work), name=f"unit of {self._name}")

    async def _run(self, work: Work) -> None:
        try:
            done = await _told(_finished(work), self._on_trouble)
        finally:
            self._running -= 1
        if done:
            self._due.set()  # there may be more; a unit that failed waits for the tick, lest it comes back at once


async def _finished(work: Work) -> bool:
    await work()
    return True


async def _told(step: Awaitable[T], on_trouble: OnTrouble) -> T | None:
    """Return what `step` returns; an exception is told, and gives None."""
    try:
        return await step
    except Exception as trouble:  # noqa: BLE001 - the top of every unit: the loop outlives any of them
        on_trouble(trouble)
        return None
