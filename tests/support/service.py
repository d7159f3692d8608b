"""A whole Tocsin in the test's own process: real database, real sockets, a clock that the test turns."""

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

from tocsin.alerts.retry import SCHEDULE
from tocsin.app import App, Outside, open_app
from tocsin.config.build import load_plan
from tocsin.fetch.hosts import Politeness
from tocsin.log import Log
from tocsin.model import AlertReport, FeedReport, Totals
from tocsin.plan import Plan

MOST_ROUNDS = 50


class Clock:
    """Goes on by a millisecond each time that it is read, and further where it is turned."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def turn(self, **ahead: float) -> None:
        """Go ahead by as many `minutes`, `hours`, … ."""
        self.now += timedelta(**ahead)


class Service:
    """An installation: its configuration, its database, and what it printed and logged in all its lives."""

    def __init__(self, root: Path, clock: Clock | None = None) -> None:
        self.root = root
        self.clock = clock or Clock()
        self.environment: dict[str, str] = {}
        self.console = io.StringIO()
        self.log = io.StringIO()
        self._life = AsyncExitStack()
        self._app: App | None = None
        self._config = root / "config"
        self._config.mkdir()

    @property
    def database_url(self) -> str:
        """Where the rows are."""
        return f"sqlite:///{self.root / 'tocsin.db'}"

    async def configure(self, *texts: str, **environment: str) -> None:
        """Replace the configuration by these texts, a file each; the next life has it."""
        await self.close()
        for file in self._config.iterdir():
            file.unlink()
        for number, text in enumerate(texts):
            (self._config / f"{number}.yaml").write_text(dedent(text), encoding="utf-8")
        self.environment = environment

    def plan(self) -> Plan:
        """Compile the configuration."""
        return load_plan(self._config, self.environment)

    @asynccontextmanager
    async def open(self, *, retry_schedule: Sequence[timedelta] = SCHEDULE) -> AsyncIterator[App]:
        """Open the service for one life; the one before it ends."""
        await self.close()
        plan = self.plan()
        with Log(level="debug", style="json", stream=self.log, secrets=plan.secrets) as log:
            outside = Outside(
                clock=self.clock, output=self.console, retry_schedule=retry_schedule, politeness=Politeness(gap=0)
            )
            async with open_app(plan, self.database_url, log, outside) as app:
                yield app

    async def close(self) -> None:
        """End this life, where there is one; the next use begins another."""
        life, self._life, self._app = self._life, AsyncExitStack(), None
        await life.aclose()

    async def _living(self) -> App:
        if self._app is None:
            life = AsyncExitStack()
            self._app = await life.enter_async_context(self.open())
            self._life = life
        return self._app

    async def live(self) -> Totals:
        """Do what is due now, in the life that goes on; return the totals, which add up."""
        app = await self._living()
        await do_what_is_due(app)
        return await balanced(app)

    async def alerts(self) -> Sequence[AlertReport]:
        """Return every alert with its ways."""
        return await (await self._living()).store.alert_reports(None, None)

    async def feeds(self) -> Mapping[str, FeedReport]:
        """Return the health of each feed, by name."""
        return {report.name: report for report in await (await self._living()).store.feed_reports(self.clock())}


async def do_what_is_due(app: App) -> None:
    """Do, lane by lane, what is due by the app's clock, until nothing is."""
    for _ in range(MOST_ROUNDS):
        lanes = await app.pipeline.due_lanes()
        if not lanes:
            return
        for lane, width in lanes.items():
            for work in await app.pipeline.claim(lane, width):
                await work()
    raise AssertionError(f"there is no end to what is due: {lanes}")


async def balanced(app: App) -> Totals:
    """Return the totals, and hold them to the conservation laws: nothing appears and nothing is lost."""
    totals = await app.store.totals()
    for table in ("entries", "matches", "dispatches", "deliveries"):
        counts = dict(getattr(totals, table))
        assert counts.pop(table) == sum(counts.values()), f"{table} do not add up: {counts}"
    return totals
