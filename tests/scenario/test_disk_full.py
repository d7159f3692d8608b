"""The database has no room: that is said, nothing is lost, and all goes on by itself once there is some."""

import asyncio
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.receiver import Receiver, Reply
from support.service import balanced
from support.site import Item, Site, rss
from tocsin.app import App, Outside, open_app
from tocsin.config.build import load_plan
from tocsin.daemon import run_once
from tocsin.errors import StorageError
from tocsin.log import Log
from tocsin.pipeline import MOST_SENDS
from tocsin.storage.store import SqlStore

SOON = 15.0  # seconds
MANY = 120  # alerts: more than a table's last page has room for
ROOM = 1_000_000  # pages
CONFIGURATION = """
    defaults: {{every: 1s, first_poll: all, allow_private: [127.0.0.0/8]}}
    feeds:
      - {{name: Herald, url: "{site}/rss"}}
    rules:
      - {{name: Invasion, keywords: [invasion], max_per_hour: 10000}}
    channels:
      - {{name: siem, type: webhook, url: "{receiver}/hook"}}
"""


async def limit(app: App, pages: int) -> None:
    """Let the database grow to `pages` at most; where it is larger, not at all."""
    assert isinstance(app.store, SqlStore)
    with app.store.database.write() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def news(count: int) -> Sequence[Item]:
    return [
        Item(id=f"n{number}", title=f"Report {number}", text="The invasion began. " * 50) for number in range(count)
    ]


@asynccontextmanager
async def opened(
    place: Path, site: Site, receiver: Receiver, log: io.StringIO, *, patient: bool = True
) -> AsyncIterator[App]:
    """Open the service at `place`, for this site and this receiver."""
    config = place / "config"
    config.mkdir(exist_ok=True)
    (config / "tocsin.yaml").write_text(CONFIGURATION.format(site=site.url, receiver=receiver.url))
    plan, url = load_plan(config, {}), f"sqlite:///{place / 'tocsin.db'}"
    with Log(level="debug", style="json", stream=log) as lines:
        async with open_app(plan, url, lines, Outside(patient=patient)) as app:
            yield app


@asynccontextmanager
async def running(app: App) -> AsyncIterator[None]:
    """Run the daemon; it must not end by itself."""
    runs = asyncio.create_task(app.runner.run(app.pipeline))
    try:
        yield
        assert not runs.done()
    finally:
        app.runner.stop()
        await runs


async def delivered(app: App) -> int:
    return (await app.store.totals()).deliveries.get("delivered", 0)


async def until_told(log: io.StringIO, event: str) -> dict[str, object]:
    """Wait for an event in the log."""
    async with asyncio.timeout(SOON):
        while not (found := list(told(log, event))):
            await asyncio.sleep(0.05)
    return found[0]


def told(log: io.StringIO, *events: str) -> Iterable[dict[str, object]]:
    lines = map(json.loads, log.getvalue().splitlines())
    return (line for line in lines if line["event"] in events)


async def test_a_poll_waits_for_room(tmp_path):
    """What a poll found while the disk was full rings within seconds of there being room, with nothing lost."""
    log = io.StringIO()
    async with Site({"/rss": rss()}) as site, Receiver() as receiver, opened(tmp_path, site, receiver, log) as app:
        async with running(app):
            await until_told(log, "feed.polled")
            await limit(app, 1)
            site.pages["/rss"] = rss(*news(MANY))
            full = await until_told(log, "storage.filled")
            assert "no room left for the database" in str(full["detail"])
            assert full["feed"] == "Herald"
            assert (await app.store.totals()).entries["entries"] == 0

            await limit(app, ROOM)
            await receiver.wait_for(MANY, SOON)
            await until_told(log, "storage.recovered")
        counts = await balanced(app)
    assert counts.entries["new"] == counts.matches["rung"] == MANY
    assert not list(told(log, "step.crashed", "lease.lost"))


async def test_a_full_disk_makes_no_copies(tmp_path):
    """Where it cannot be stored that messages were sent, sending stops; with room again, it goes on without a copy."""
    log = io.StringIO()
    async with (
        Site({"/rss": rss(*news(MANY))}) as site,
        Receiver(Reply(delay=0.05)) as receiver,
        opened(tmp_path, site, receiver, log) as app,
    ):
        async with running(app):
            await receiver.wait_for(1, SOON)
            await limit(app, 1)
            await until_told(log, "storage.filled")
            await asyncio.sleep(3)  # enough to send all of them
            sent = len(receiver.requests)
            assert sent <= await delivered(app) + MOST_SENDS

            await limit(app, ROOM)
            await receiver.wait_for(MANY, SOON)
            async with asyncio.timeout(SOON):
                while await delivered(app) < MANY:
                    await asyncio.sleep(0.05)
        await balanced(app)
    copies = Counter(request.headers["webhook-id"] for request in receiver.requests)
    assert len(copies) == MANY
    assert set(copies.values()) == {1}


async def test_once_does_not_wait_for_room(tmp_path):
    """Run once on a full disk, the service says so and fails; run again with room, it rings."""
    log = io.StringIO()
    async with Site({"/rss": rss(*news(MANY))}) as site, Receiver() as receiver:
        async with opened(tmp_path, site, receiver, log, patient=False) as app:
            await limit(app, 1)
            async with asyncio.timeout(SOON):
                with pytest.raises(StorageError):
                    await run_once(app)
        assert [line["step"] for line in told(log, "storage.failed")] == ["poll"]
        assert not receiver.requests

        async with opened(tmp_path, site, receiver, log, patient=False) as app:
            assert await run_once(app)
    assert len(receiver.requests) == MANY
