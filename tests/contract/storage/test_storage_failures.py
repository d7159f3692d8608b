"""What a database can do to us: no room, damage, death in the middle, errors of every kind."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tocsin.errors import DatabaseFull, DatabaseUnusable, StorageError, UsageError
from tocsin.model import (
    Aside,
    Batch,
    BatchKind,
    Changed,
    ChannelToldRecord,
    Commit,
    Delivered,
    FlushRecord,
    Retention,
    RouteMatch,
    Silence,
    ToldRecord,
)
from tocsin.storage.database import Database
from tocsin.storage.engines import caution, parse_url
from tocsin.storage.migrate import check
from tocsin.storage.store import SqlStore, open_store
from tocsin.storage.tables import metadata


def _batch(make):
    return Batch(id="bat_1", channel="desk", kind=BatchKind.GROUP, key={}, due=make.NOON)


def _silence(make):
    return Silence(id="sil_1", match=RouteMatch(), starts=make.NOON, ends=make.NOON)


def every_method(store, make, delivery):
    """Give a call of each method of the store, by name."""
    batch = Batch(id="group", channel="desk", kind=BatchKind.GROUP, key={}, due=make.NOON)
    silence = Silence(id="quiet", match=RouteMatch(), starts=make.NOON, ends=make.NOON)
    aside = Aside(article_id="any", feed="any", title="", content_hash="", tries=1, trace="", at=make.NOON)
    calls = {
        "apply_configuration": lambda: store.apply_configuration([make.feed("Nether Post")], ["desk"], make.NOON),
        "due_work": lambda: store.due_work(make.NOON),
        "claim_due_feeds": lambda: make.leased(store),
        "entry_digests": lambda: store.entry_digests("Harbour Gazette"),
        "known_entries": lambda: store.known_entries("Harbour Gazette", [make.article()]),
        "stored_articles": lambda: store.stored_articles(["any"]),
        "story_standings": lambda: store.story_standings(["any"]),
        "story_reports": lambda: store.story_reports(None),
        "article_report": lambda: store.article_report("any"),
        "article_versions": lambda: store.article_versions({"any": 1}),
        "counted_reports": lambda: store.counted_reports("any"),
        "neighbours": lambda: store.neighbours([make.likeness(make.article())], timedelta(hours=96)),
        "expire_holds": lambda: store.expire_holds(make.NOON),
        "page_standings": lambda: store.page_standings(["any"]),
        "commit_poll": lambda: store.commit_poll(make.poll()),
        "wake_feed": lambda: store.wake_feed("Harbour Gazette", make.NOON),
        "claim_due_pages": lambda: make.leased_pages(store),
        "commit_read": lambda: store.commit_read(make.read(make.article())),
        "asides": lambda: store.asides(["any"]),
        "put_aside": lambda: store.put_aside(aside),
        "traffic": lambda: store.traffic(["any"], {("Bridges", "desk"): 1}, make.NOON),
        "open_batches": lambda: store.open_batches([batch], make.NOON),
        "postpone_batch": lambda: store.postpone_batch(batch, make.NOON),
        "due_batches": lambda: store.due_batches(make.NOON),
        "commit_flush": lambda: store.commit_flush(FlushRecord(batch=batch, at=make.NOON)),
        "add_silence": lambda: store.add_silence(silence),
        "end_silence": lambda: store.end_silence("any", make.NOON),
        "muted_by": lambda: store.muted_by("any"),
        "release_muted": lambda: store.release_muted("any", [batch], make.NOON),
        "silence_reports": store.silence_reports,
        "count_articles": lambda: store.count_articles(make.NOON),
        "articles_since": lambda: store.articles_since(make.NOON, None, 1),
        "commit_replay": lambda: store.commit_replay(make.decisions(make.article("other")), make.NOON),
        "tellings": lambda: store.tellings(make.NOON),
        "commit_told": lambda: store.commit_told(ToldRecord(at=make.NOON, begun=make.condition())),
        "due_channels": lambda: store.due_channels(make.NOON),
        "claim_due_deliveries": lambda: make.claimed(store),
        "record_attempt": lambda: store.record_attempt(make.attempt(delivery, Delivered())),
        "channel_standing": lambda: store.channel_standing("desk"),
        "failing_channels": store.failing_channels,
        "wake_channel": lambda: store.wake_channel("desk", make.NOON),
        "channel_tellings": lambda: store.channel_tellings(make.NOON),
        "commit_channels_told": lambda: store.commit_channels_told(
            ChannelToldRecord(at=make.NOON, messages=(make.message(),))
        ),
        "retry_deliveries": lambda: store.retry_deliveries(None, ["desk"], make.NOON),
        "drop_delivery": lambda: store.drop_delivery("any", make.NOON),
        "list_deliveries": lambda: store.list_deliveries(None, None, 1),
        "add_message": lambda: store.add_message(make.message(), make.NOON),
        "release_leases": lambda: store.release_leases(None),
        "record_tick": lambda: store.record_tick("first", make.NOON),
        "set_back": lambda: store.set_back(make.NOON, make.NOON),
        "claim_pruning": lambda: store.claim_pruning(make.NOON),
        "prune": lambda: store.prune(Retention(), make.NOON),
        "last_tick": store.last_tick,
        "feed_reports": lambda: store.feed_reports(make.NOON),
        "alert_reports": lambda: store.alert_reports(None, None),
        "delivery_reports": lambda: store.delivery_reports("any"),
        "totals": store.totals,
    }
    public = {name for name in dir(store) if not name.startswith("_")} - {"aclose", "database"}
    assert calls.keys() == public, "a method of the store is not tested here"
    return calls


async def test_a_drivers_error_comes_as_a_storage_error(store, make):
    """No method lets an exception of SQLAlchemy or of a driver out."""
    await make.rung(store)
    (delivery,) = await make.claimed(store)
    with store.database.write() as connection:
        for table in metadata.sorted_tables:
            connection.execute(text(f"ALTER TABLE {table.name} RENAME TO {table.name}_gone"))
    for call in every_method(store, make, delivery).values():
        with pytest.raises(StorageError):
            await call()


async def test_a_store_opened_to_look_changes_nothing(database_url, make):
    """A read-only store answers, and refuses to write."""
    async with await open_store(database_url) as store:
        article = await make.rung(store)
    async with await open_store(database_url, read_only=True) as store:
        assert await store.stored_articles([article.id]) == {article.id: article}
        for change in (
            store.record_tick("first", make.NOON),
            store.wake_feed(article.feed, make.NOON),
            store.commit_read(make.read(article)),
            store.commit_told(ToldRecord(at=make.NOON)),
        ):
            with pytest.raises(UsageError):
                await change
        with pytest.raises(StorageError), store.database.read() as connection:
            connection.execute(text("DELETE FROM ticks"))


async def test_readers_of_sqlite_cannot_write(sqlite_url, migrated, make):
    """Only the one writing connection can change an SQLite database."""
    async with await open_store(sqlite_url) as store:
        with pytest.raises(StorageError), store.database.read() as connection:
            connection.execute(text("DELETE FROM ticks"))


async def test_sqlite_commits_are_promises(sqlite_url, migrated):
    """The writing connection syncs fully, enforces foreign keys, waits for locks and maps no memory."""
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000, "mmap_size": 0}
    async with await open_store(sqlite_url) as store:
        with store.database.write() as connection:
            found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in expected}
    assert found == expected


def test_an_sqlite_that_is_not_mended_is_told_of():
    """Versions with the bug by which two writers damage a database are named, and those without it are not."""
    assert "SQLite 3.51.2 can damage" in (caution((3, 51, 2)) or "")
    assert caution((3, 51, 3)) is None
    assert caution((4, 0, 0)) is None


async def limit_pages(store, more):
    """Let the database grow by that many of SQLite's pages, and no further."""
    with store.database.write() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages + more}"))


async def test_a_full_disk_stores_nothing_and_passes(sqlite_url, migrated, make):
    """Where there is no room, a poll is refused whole; once there is, the same poll is stored."""
    async with await open_store(sqlite_url) as store:
        await store.apply_configuration([make.feed()], ["desk"], make.NOON)
        await make.leased(store)
        before = await store.totals()
        noise = "".join(chr(0x4E00 + number * number % 20011) for number in range(300_000))
        record = make.ringing(replace(make.article(), text=noise))
        await limit_pages(store, 5)
        for _ in range(2):
            with pytest.raises(DatabaseFull, match="no room left"):
                await store.commit_poll(record)
        assert await store.totals() == before
        await limit_pages(store, 1_000_000)
        assert await store.commit_poll(record) is Commit.DONE
        assert (await store.stored_articles([make.article().id])).popitem()[1].text == noise


async def test_a_full_disk_stores_nothing_of_a_page_and_passes(sqlite_url, migrated, make):
    """Where there is no room, what came of a page is refused whole, its lease kept; once there is, it is stored."""
    article = make.article()
    async with await open_store(sqlite_url) as store:
        await make.waiting(store, article)
        await make.leased_pages(store)
        before = await store.totals()
        noise = "".join(chr(0x4E00 + number * number % 20011) for number in range(300_000))
        found = Changed(article=replace(article, text=noise, masked=()), version=2, first_seen=make.NOON)
        record = make.read(article, found=found, decisions=make.decisions(article, 2))
        await limit_pages(store, 5)
        for _ in range(2):
            with pytest.raises(DatabaseFull, match="no room left"):
                await store.commit_read(record)
        assert await store.totals() == before
        assert await store.stored_articles([article.id]) == {article.id: article}
        await limit_pages(store, 1_000_000)
        assert await store.commit_read(record) is Commit.DONE


async def test_a_full_disk_tells_nothing_and_passes(sqlite_url, migrated, make):
    """Where there is no room, nothing is told of a condition; once there is, the same is."""
    noise = "".join(chr(0x4E00 + number * number % 20011) for number in range(300_000))
    async with await open_store(sqlite_url) as store:
        await store.apply_configuration([make.feed()], ["desk"], make.NOON)
        await make.polled(store, make.poll(conditions=(make.condition(),)))
        (condition,) = (await store.tellings(make.NOON)).due
        message = make.message(channel="desk", data={"detail": noise})
        record = ToldRecord(at=make.NOON, told=(condition,), messages=(message,))
        await limit_pages(store, 5)
        for _ in range(2):
            with pytest.raises(DatabaseFull, match="no room left"):
                await store.commit_told(record)
        assert (await store.tellings(make.NOON)).due == (condition,)
        assert await store.due_channels(make.NOON) == []
        await limit_pages(store, 1_000_000)
        assert await store.commit_told(record)
        assert await store.due_channels(make.NOON) == ["desk"]


def overwrite(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:  # what is in the log would hide the damage
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    content[4096 : 4096 * 30] = b"\xff" * 4096 * 29
    file.write_bytes(content)


async def test_damage_found_at_work_is_said(sqlite_url, migrated, make):
    """A page that went bad while the store is open makes the database unusable, in words."""
    async with await open_store(sqlite_url) as store:
        await make.rung(store)
    overwrite(Path(sqlite_url.removeprefix("sqlite:///")))
    async with SqlStore(Database(parse_url(sqlite_url), read_only=False)) as store:
        with pytest.raises(DatabaseUnusable, match="backup"):
            await store.alert_reports(None, None)


WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from tocsin.storage.store import open_store

async def write(url):
    store = await open_store(url)
    for turn in range(1_000_000):
        await store.record_tick(f"owner {turn}", datetime.now(UTC))
        print(turn, flush=True)

asyncio.run(write(sys.argv[1]))
"""


def test_a_killed_writer_loses_nothing_it_had_committed(sqlite_url, migrated):
    """After SIGKILL in the middle of writing, the file is sound and holds every transaction that had ended."""
    with subprocess.Popen([sys.executable, "-c", WRITER, sqlite_url], stdout=subprocess.PIPE, text=True) as writer:
        for line in writer.stdout:
            if line == "20\n":
                writer.send_signal(signal.SIGKILL)
                break
        told = 20 + len(writer.stdout.readlines())
    check(sqlite_url)
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT count(*) FROM ticks").fetchone()[0] >= told
    connection.close()
