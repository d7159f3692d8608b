"""Tocsin itself: `python -m polls.ours CONFIG DATABASE [PROFILE]` runs the app and its runner as the daemon does.

All is real but the clock, which runs ahead as it is told to, so that what is due in an hour is due now. It polls from
the first round on; a round is over when every feed that was asked for has a poll that was stored. With PROFILE, the
rounds after the first are profiled into that file (cProfile).
"""

import asyncio
import cProfile
import gc
import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from polls.lines import serve_async
from polls.ticker import Ticker
from tocsin.app import App, Outside, open_app
from tocsin.clock import utc_now
from tocsin.config.build import load_plan
from tocsin.log import Log
from tocsin.model import Commit, PollRecord
from tocsin.ports import Store


class Ahead:
    """A clock that runs ahead of the real one."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.by


class Counted:
    """A store that notes whose polls were stored; all else is left to the real one."""

    def __init__(self, store: Store, noted: Callable[[PollRecord], None]) -> None:
        self._store = store
        self._noted = noted

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def commit_poll(self, record: PollRecord) -> Commit:
        commit = await self._store.commit_poll(record)
        if commit is Commit.DONE:
            self._noted(record)
        return commit


class Daemon:
    """Answers the questions of the benchmark while the app runs."""

    def __init__(self, profile: Path | None) -> None:
        self.clock = Ahead()
        self.ticker = Ticker()
        self._profile = profile
        self._profiler = cProfile.Profile() if profile else None
        self._asked: frozenset[str] = frozenset()
        self._missing: set[str] = set()
        self._failures: list[str] = []
        self._done = asyncio.Event()
        self._app: App | None = None
        self.running: asyncio.Task[None] | None = None

    def store(self, store: Store) -> Store:
        """Put the counting store before the real one."""
        return Counted(store, self._noted)  # type: ignore[return-value]

    def take(self, app: App) -> None:
        """Have an app to run."""
        self._app = app

    async def round(self, ahead: float, names: list[str], patience: float = 600.0) -> object:
        """Put the clock ahead and wait until all these feeds were polled; return the seconds that it took."""
        assert self._app is not None
        self._failures = []
        self._asked = frozenset(names)
        self._missing = set(names)
        self._done.clear()
        profiled = self._profiler is not None and self.running is not None
        if profiled:
            self._profiler.enable()
        started = time.perf_counter()
        self.clock.by = timedelta(seconds=ahead)
        if self.running is None:
            self.running = asyncio.create_task(self._app.runner.run(self._app.pipeline))
        self._app.runner.wake()
        await asyncio.wait_for(self._done.wait(), patience)
        seconds = time.perf_counter() - started
        if profiled:
            self._profiler.disable()
            self._profiler.dump_stats(str(self._profile))
        return {"polled": len(names), "seconds": seconds, "failures": self._failures[:3], "failed": len(self._failures)}

    async def start_ticking(self) -> object:
        return await self.ticker.start(watch=True)

    async def stop_ticking(self) -> object:
        lags = await self.ticker.stop()
        return {"lags": lags, "places": self.ticker.places.most_common(12)}

    async def weigh(self) -> object:
        """Return what is in memory, by what the collector knows of it."""
        gc.collect()
        return {"objects": len(gc.get_objects()), "modules": len(sys.modules)}

    async def totals(self) -> object:
        assert self._app is not None
        return asdict(await self._app.store.totals())

    def _noted(self, record: PollRecord) -> None:
        self._missing.discard(record.feed)
        if record.reason is not None and record.feed in self._asked:  # those that hang are not
            self._failures.append(f"{record.feed}: {record.detail}")
        if not self._missing:
            self._done.set()


async def main() -> None:
    config, database = Path(sys.argv[1]), sys.argv[2]
    daemon = Daemon(Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    plan = load_plan(config, {})
    outside = Outside(clock=daemon.clock, output=io.StringIO(), store=daemon.store)
    async with AsyncExitStack() as stack:
        log = stack.enter_context(Log(level="info", style="json", stream=sys.stderr))
        app = await stack.enter_async_context(open_app(plan, f"sqlite:///{database}", log, outside))
        daemon.take(app)
        questions = {
            "round": daemon.round,
            "start_ticking": daemon.start_ticking,
            "stop_ticking": daemon.stop_ticking,
            "weigh": daemon.weigh,
            "totals": daemon.totals,
        }
        await serve_async(questions)
        app.runner.stop()
        if daemon.running is not None:
            await daemon.running


if __name__ == "__main__":
    asyncio.run(main())
    os._exit(0)
