"""How a database is reached: URLs as users write them, and engines set up so that a commit is a promise.

Transactions are opened by us, not by the driver: Python's sqlite3 begins them late, and never for DDL.
"""

import sqlite3
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from tocsin.errors import DatabaseUnusable

SQLITE_PRAGMAS = ("busy_timeout = 5000", "foreign_keys = ON", "synchronous = FULL", "mmap_size = 0")
POSTGRESQL_CONNECTIONS = 5
SQLITE_READERS = 4


#: Before that, two connections that write at the same moment can damage a database (https://www.sqlite.org/wal.html).
MENDED = (3, 51, 3)


class Access(Enum):
    """What a connection may do, by the words of SQLite's URI `mode`."""

    READ = "ro"
    WRITE = "rw"
    CREATE = "rwc"


def parse_url(text: str) -> URL:
    """Read a database URL as users write it.

    Raises:
        DatabaseUnusable: it names no database that Tocsin can use.
    """
    scheme, _, place = text.partition("://")
    if scheme == "sqlite" and place.startswith("/") and place[1:] not in {"", ":memory:"}:
        return URL.create("sqlite", database=place[1:])  # as it stands: a path may hold any character
    if scheme in {"postgresql", "postgres"}:
        return _postgresql_url(text)
    raise DatabaseUnusable(
        "the database URL must read sqlite:///relative/path, sqlite:////absolute/path or postgresql://…"
    )


def _postgresql_url(text: str) -> URL:
    try:
        return make_url(text).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise DatabaseUnusable("the PostgreSQL URL must read postgresql://user:password@host:port/name") from error


def database_file(url: str) -> Path | None:
    """Return the file of an SQLite database, None for one that a server keeps."""
    return sqlite_file(parse_url(url))


def sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite URL, None for PostgreSQL."""
    return Path(url.database or "").absolute() if url.drivername == "sqlite" else None


def caution(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str | None:
    """Return what is to be said of this version of SQLite; None where nothing is."""
    if version >= MENDED:
        return None
    told, mended = (".".join(map(str, numbers)) for numbers in (version, MENDED))
    return f"SQLite {told} can damage a database that two programs write to (mended in {mended}): let Tocsin be alone"


def single_engine(url: URL, access: Access) -> Engine:
    """Return an engine for migrations and checks: a connection of its own for each use."""
    file = sqlite_file(url)
    if file is None:
        return _installed(lambda: create_engine(url, poolclass=NullPool, connect_args=_postgresql(url, access)))
    engine = create_engine(_sqlite_uri(file, access), poolclass=NullPool, connect_args={"isolation_level": None})
    _listen(engine, access)
    return engine


def pooled_engine(url: URL, access: Access) -> Engine:
    """Return an engine with as many connections as may be used at a time: for writing to SQLite, one."""
    file = sqlite_file(url)
    if file is None:
        return _installed(
            lambda: create_engine(
                url,
                hide_parameters=True,
                pool_pre_ping=True,
                pool_size=POSTGRESQL_CONNECTIONS,
                connect_args=_postgresql(url, access),
            )
        )
    engine = create_engine(
        _sqlite_uri(file, access),
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=connections(url, access),
        max_overflow=0,
        connect_args={"isolation_level": None},
    )
    _listen(engine, access)
    return engine


def connections(url: URL, access: Access) -> int:
    """Return how many transactions may run at a time."""
    if sqlite_file(url) is None:
        return POSTGRESQL_CONNECTIONS
    return SQLITE_READERS if access is Access.READ else 1


def _installed(create: Callable[[], Engine]) -> Engine:
    try:
        return create()
    except ModuleNotFoundError as error:
        raise DatabaseUnusable("PostgreSQL needs its driver: pip install 'tocsin[postgres]'") from error


def _postgresql(url: URL, access: Access) -> dict[str, Any]:
    """Return connection arguments: times come in UTC whatever the server's zone, for years near 1 and 9999 too."""
    options = f"{url.query.get('options', '')} -c timezone=UTC"
    return {"options": f"{options} -c default_transaction_read_only=on" if access is Access.READ else options}


def _sqlite_uri(file: Path, access: Access) -> URL:
    """Return SQLAlchemy's form of SQLite's URI form of a path (https://www.sqlite.org/uri.html)."""
    return URL.create("sqlite", database=file.as_uri(), query={"uri": "true", "mode": access.value})


def _listen(engine: Engine, access: Access) -> None:
    pragmas = SQLITE_PRAGMAS if access is Access.READ else (*SQLITE_PRAGMAS, "journal_mode = WAL")
    begin = "BEGIN" if access is Access.READ else "BEGIN IMMEDIATE"

    def set_pragmas(connection: Any, record: object) -> None:  # noqa: ARG001
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", set_pragmas)
    event.listen(engine, "begin", begin_transaction)
