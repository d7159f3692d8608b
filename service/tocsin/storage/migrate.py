"""Bringing a database up to date, and refusing one that is not ours, damaged, or newer than we are.

`check` and `require_current` change nothing, not even in a file that they refuse. They look without Alembic, which
takes long to load: a revision is the number in the name of its file.
"""

import shlex
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Text, column, func, inspect, select, table
from sqlalchemy.exc import DBAPIError

from tocsin.errors import DatabaseUnusable, StorageError
from tocsin.storage.backup import copy_whole
from tocsin.storage.engines import Access, parse_url, single_engine, sqlite_file
from tocsin.storage.failures import FULL, code_of, translate
from tocsin.storage.statements import STORY_STEP

MIGRATIONS = Path(__file__).with_name("migrations")
REVISION_TABLE = "schema_revision"  # not Alembic's default name, which another program's table may have
APPLICATION_ID = 0x546F6373  # "Tocs" in an SQLite file's header; see `PRAGMA application_id`
HEAD = "head"


def upgrade(url: str) -> Sequence[str]:
    """Bring a database up to date, making it where there is none; return the revisions applied, oldest first.

    An SQLite database that is to change is first copied beside itself, as `<name>.<its revision>.bak`.

    Raises:
        DatabaseUnusable: as `check`, except that a PostgreSQL database may be of an older version.
        DatabaseFull: there is no room; the database is as it was.
    """
    location = parse_url(url)
    _check_file(location)
    file = sqlite_file(location)
    if file is not None:
        make_parent(file)
    with _connected(location, Access.CREATE) as connection:
        _lock(connection)
        current = _known_revision(connection)
        pending = _pending(current)
        if pending and current and file is not None:
            _copy(file, current)
        if pending:
            _apply(connection)
        return pending


def check(url: str) -> None:
    """Look whether a daemon can use this database. A missing or older SQLite database passes: `upgrade` is next.

    Raises:
        DatabaseUnusable: with words that say what to do.
    """
    location = parse_url(url)
    _check_file(location)
    if sqlite_file(location) is None:
        require_current(url)


def require_current(url: str) -> None:
    """Look whether this database is there, ours, and of this version; a glance, whatever its size.

    Raises:
        DatabaseUnusable: with words that say what to do.
    """
    location = parse_url(url)
    file = sqlite_file(location)
    if file is not None and not file.exists():
        raise DatabaseUnusable(f"there is no database at {file}: `tocsin run` makes one")
    with _connected(location, Access.READ) as connection:
        current = _known_revision(connection)
    if _pending(current):
        raise DatabaseUnusable("the database is older than this version of Tocsin: run `tocsin db upgrade`")


# ---------------------------------------------------------------------------------------------------------------
# Looking


def _check_file(location: URL) -> None:
    """Look at an SQLite file, if there is one, from its first to its last page."""
    file = sqlite_file(location)
    if file is None or not file.exists():
        return
    with _connected(location, Access.READ) as connection:
        _known_revision(connection)
        damage = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if damage != "ok":
        raise _damaged(file, str(damage).splitlines()[-1])


@contextmanager
def _connected(location: URL, access: Access) -> Iterator[Connection]:
    """Open a transaction; a database that cannot be opened or read is refused in words."""
    engine = single_engine(location, access)
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise _refusal(error, location) from error
    finally:
        engine.dispose()


def _known_revision(connection: Connection) -> str | None:
    """Return the revision of a database of ours, None for an empty one."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if REVISION_TABLE not in tables or not _marked(connection):
        raise DatabaseUnusable("the database holds another program's tables: give Tocsin one of its own")
    revision = connection.scalar(select(column("version_num", Text)).select_from(table(REVISION_TABLE)))
    if revision not in _revisions():
        raise DatabaseUnusable(
            f"a newer Tocsin made the database (its revision is {revision}): run that one, or a copy"
        )
    return revision


def _revisions() -> Sequence[str]:
    """Return the revisions that this version knows, oldest first."""
    return sorted(file.name[1:5] for file in (MIGRATIONS / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py"))


def _pending(current: str | None) -> Sequence[str]:
    """Return the revisions that a database at `current` lacks, oldest first."""
    return [revision for revision in _revisions() if current is None or revision > current]


def _marked(connection: Connection) -> bool:
    """Tell whether an SQLite file carries our mark; PostgreSQL has no such thing."""
    if connection.dialect.name == "postgresql":
        return True
    return connection.exec_driver_sql("PRAGMA application_id").scalar() == APPLICATION_ID


def _refusal(error: DBAPIError, location: URL) -> StorageError:
    code, told, file = code_of(error.orig), str(error.orig).strip(), sqlite_file(location)
    if file is None:
        unreachable = f"PostgreSQL cannot be reached at {location.render_as_string()}: {told}"
        return translate(error) if code else DatabaseUnusable(unreachable)
    if code == "SQLITE_NOTADB":
        return DatabaseUnusable(f"{file} is not an SQLite database: move it away, or name another in the database URL")
    if code.startswith("SQLITE_CORRUPT"):
        return _damaged(file, told)
    if code.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")) and code not in FULL:
        return DatabaseUnusable(f"{file} cannot be opened: check that it is a file, and who may read and write it")
    return translate(error)


def _damaged(file: Path, told: str) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{file} is damaged ({told}): move it away with its -wal and -shm, and put a backup in its place: "
        f"cp BACKUP {shlex.quote(str(file))}"
    )


# ---------------------------------------------------------------------------------------------------------------
# Changing


def _apply(connection: Connection) -> None:
    """Run every pending migration in the connection's transaction."""
    from alembic import command  # noqa: PLC0415 - it takes long to load, and is seldom needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection, "version_table": REVISION_TABLE})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, HEAD)


def _lock(connection: Connection) -> None:
    """Wait for another upgrade to end; SQLite's transaction is the lock already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(STORY_STEP)))


def make_parent(file: Path) -> None:
    """Make the directory of a database.

    Raises:
        DatabaseUnusable: it cannot be made.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(f"{file.parent} cannot be made: {error.strerror}") from error


def _copy(file: Path, revision: str) -> None:
    """Copy an SQLite database beside itself, whole even while others read and write it."""
    copy = file.with_name(f"{file.name}.{revision}.bak")
    try:
        copy_whole(file, copy)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"the database was not upgraded, as {copy} could not be written: {error}") from error
