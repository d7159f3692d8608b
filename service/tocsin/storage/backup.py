"""Copies of an SQLite database, whole even while others read and write it (its online backup API)."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tocsin.errors import DatabaseUnusable, StorageError, UsageError
from tocsin.storage.engines import database_file
from tocsin.storage.failures import code_of


def backup(url: str, target: Path) -> None:
    """Copy an SQLite database to a file that is not there yet, and check the copy.

    Raises:
        UsageError: the database is a server's, or the file is there.
        DatabaseUnusable: there is no database, it is something else, or the copy is damaged, as the database then is.
        StorageError: the copy could not be written.
    """
    file = database_file(url)
    if file is None:
        raise UsageError("a server keeps this database: `pg_dump --format=custom --file=FILE …` makes a backup of it")
    if not file.is_file():
        raise DatabaseUnusable(f"there is no database {file}")
    if target.exists():
        raise UsageError(f"{target} is there already: name a new file")
    try:
        copy_whole(file, target)
    except (sqlite3.Error, OSError) as error:
        if code_of(error) == "SQLITE_NOTADB":
            raise DatabaseUnusable(f"{file} is not an SQLite database") from error
        raise StorageError(f"{target} could not be written: {error}") from error
    if told := _damage(target):
        raise DatabaseUnusable(f"{file} is damaged, and so is its copy {target}: {told}")


def copy_whole(file: Path, target: Path) -> None:
    """Copy an SQLite database to a file; what is there has the rights of the database, and comes all at once.

    Raises:
        sqlite3.Error, OSError: the copy could not be made; nothing is left of it.
    """
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)  # before there is anything in it to be read
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(partial)) as copy,
        ):
            # All at once: in the WAL mode that holds nobody up, and a copy that is made in turns begins anew at each
            # change that another process makes between them, for ever where there are many.
            source.backup(copy)
        shutil.copymode(file, partial)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(target)
    except (sqlite3.Error, OSError):
        partial.unlink(missing_ok=True)
        raise


def _damage(file: Path) -> str:
    """Return what SQLite finds wrong with a database; empty where it is whole."""
    try:
        # Nobody else has it yet; a reader that allows for others would leave a log beside it.
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            told = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return "" if told == "ok" else told
