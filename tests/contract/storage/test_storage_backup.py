"""Backups are whole, whatever is written meanwhile, and nothing else is touched."""

import asyncio
import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tocsin.errors import DatabaseUnusable, StorageError, UsageError
from tocsin.storage.backup import backup
from tocsin.storage.store import open_store

PATIENCE = 60.0  # seconds
BIG = 4000  # pages and more


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def fill(file: Path) -> None:
    """Make the database so big that it is not copied between two writes."""
    with closing(sqlite3.connect(file)) as connection, connection:
        rows = ((f"owner {number}" + "x" * 4000, number) for number in range(BIG))
        connection.executemany("INSERT INTO ticks VALUES (?, ?)", rows)


class Writer(threading.Thread):
    """Writes to a database all the time, each transaction two rows."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file, self.writes, self.over = file, 0, threading.Event()

    def run(self) -> None:
        with closing(sqlite3.connect(self.file)) as connection:
            while not self.over.is_set():
                with connection:
                    for half in ("one", "other"):
                        connection.execute("INSERT INTO ticks VALUES (?, ?)", (f"{half} {self.writes}", 0))
                self.writes += 1
                time.sleep(0.001)


async def test_a_backup_is_whole_while_others_write(sqlite_url, migrated, make, tmp_path):
    """A copy ends though somebody writes all the time, and has each of their transactions whole or not at all."""
    async with await open_store(sqlite_url) as store:
        await make.rung(store)
    fill(file_of(sqlite_url))
    copy = tmp_path / "copy.db"
    writer = Writer(file_of(sqlite_url))
    making = threading.Thread(target=backup, args=(sqlite_url, copy), daemon=True)
    writer.start()
    try:
        while writer.writes < 10:
            await asyncio.sleep(0.01)
        making.start()
        making.join(PATIENCE)
        assert not making.is_alive(), "the copy begins again and again"
    finally:
        writer.over.set()
        writer.join()

    assert [file.name for file in tmp_path.glob("copy*")] == ["copy.db"]
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        halves = "SELECT count(*) FROM ticks WHERE owner LIKE ?"
        ones, others = (connection.execute(halves, (f"{half} %",)).fetchone()[0] for half in ("one", "other"))
    assert ones == others >= 10
    async with await open_store(f"sqlite:///{copy}", read_only=True) as store:
        assert len(await store.alert_reports(None, None)) == 1


def test_a_backup_is_as_private_as_the_database(sqlite_url, migrated, tmp_path):
    """Who may not read the database may not read its copy."""
    file_of(sqlite_url).chmod(0o600)
    backup(sqlite_url, tmp_path / "copy.db")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


def test_nothing_is_written_over(sqlite_url, migrated, tmp_path):
    """A file that is there stays as it is."""
    (tmp_path / "copy.db").write_text("a diary")
    with pytest.raises(UsageError, match="there already"):
        backup(sqlite_url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "a diary"


def test_a_place_that_cannot_be_written_is_said(sqlite_url, migrated, tmp_path):
    """Where there is no such directory, that is said."""
    with pytest.raises(StorageError, match="could not be written"):
        backup(sqlite_url, tmp_path / "nowhere" / "copy.db")


def test_without_a_database_there_is_no_copy(sqlite_url, tmp_path):
    """A database that is missing is said to be, and nothing is made."""
    with pytest.raises(DatabaseUnusable, match="there is no database"):
        backup(sqlite_url, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_servers_database_is_left_to_the_server(tmp_path):
    """For PostgreSQL the program that makes backups is named."""
    with pytest.raises(UsageError, match="pg_dump"):
        backup("postgresql://ada@db.example/tocsin", tmp_path / "copy.db")


def test_a_damaged_database_is_said_to_be(sqlite_url, migrated, tmp_path):
    """A copy of damaged pages is not taken for a backup."""
    fill(file_of(sqlite_url))
    content = bytearray(file_of(sqlite_url).read_bytes())
    content[4096 * 20 : 4096 * 60] = b"\xff" * 4096 * 40
    file_of(sqlite_url).write_bytes(content)
    with pytest.raises(DatabaseUnusable, match="damaged"):
        backup(sqlite_url, tmp_path / "copy.db")
