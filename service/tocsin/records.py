"""The database for commands that only look: what is stored, without what polls and delivers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tocsin.errors import UsageError
from tocsin.ports import Store
from tocsin.storage.backup import backup
from tocsin.storage.engines import database_file
from tocsin.storage.store import open_store


def back_up(database_url: str, target: Path) -> None:
    """Copy a database to a file that is not there yet, whole, while a daemon may run on it.

    Raises:
        UsageError: a server keeps the database, or the file is there.
        DatabaseUnusable: there is no database, or it is damaged.
        StorageError: the copy could not be written.
    """
    backup(database_url, target)


def copy_for_dry_run(database_url: str, target: Path) -> str:
    """Copy a database to a file, an empty one where there is none yet; return the copy's URL.

    Raises:
        UsageError: a server keeps the database.
        StorageError: the copy could not be written.
    """
    file = database_file(database_url)
    if file is None:
        raise UsageError("--dry-run works on a copy, and a server keeps this database: name an SQLite one")
    if file.is_file():
        backup(database_url, target)
    return f"sqlite:///{target.absolute()}"


@asynccontextmanager
async def open_records(database_url: str) -> AsyncIterator[Store]:
    """Open a database for a command that only looks: nothing is locked, nothing changes, a daemon may run on it.

    Raises:
        DatabaseUnusable: there is none, or it is foreign, damaged or not up to date.
    """
    async with await open_store(database_url, read_only=True) as store:
        yield store
