"""What drivers complain of, in Tocsin's own exceptions."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tocsin.errors import DatabaseFull, DatabaseUnusable, StorageError

# SQLite reports no room as FULL; for its shared memory, or over a quota, it says no more than that a write failed.
# PostgreSQL: class 53, "insufficient resources".
FULL = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "53100"})
UNUSABLE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN", "SQLITE_READONLY", "XX001", "XX002")
UNIQUE = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"})


class Outdated(StorageError):
    """What was decided upon is not as it was any more; nothing of this piece of work is stored."""


class AlreadyStored(Outdated):
    """A row with this unique key is there already; nothing of this piece of work is stored."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise what a driver raises inside as a `StorageError` of the kind that it is."""
    try:
        yield
    except DBAPIError as error:
        raise translate(error) from error
    except PoolTimeout as error:
        raise StorageError(f"no connection to the database became free: {error}") from error


def translate(error: DBAPIError) -> StorageError:
    """Return the `StorageError` that a driver's error amounts to."""
    code = code_of(error.orig)
    told = str(error.orig).strip()
    if code in FULL:
        return DatabaseFull(f"there is no room left for the database ({told}): free some, nothing of this was stored")
    if code.startswith(UNUSABLE):
        return DatabaseUnusable(f"the database cannot be used ({told}): check the file, or restore a backup")
    if code in UNIQUE:
        return AlreadyStored(told)
    return StorageError(f"the database refused: {told}")


def code_of(error: BaseException | None) -> str:
    """Return SQLite's error name or PostgreSQL's SQLSTATE, empty where the driver gives none."""
    return getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or ""
