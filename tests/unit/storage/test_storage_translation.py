"""How drivers' complaints and Python's values are translated, where no database is needed to see it."""

import sqlite3
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tocsin.errors import DatabaseFull, DatabaseUnusable, StorageError
from tocsin.model import DeliveryState, DispatchState
from tocsin.storage.columns import Compressed, Json, Moment
from tocsin.storage.deliveries import standing
from tocsin.storage.failures import AlreadyStored, translate, translated


class Refused(sqlite3.DatabaseError):
    """A driver's error with a code of our choice."""

    def __init__(self, code: str) -> None:
        super().__init__(f"told by the driver: {code}")
        setattr(self, "sqlite_errorname" if code.startswith("SQLITE") else "sqlstate", code)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("SQLITE_FULL", DatabaseFull),
        ("SQLITE_IOERR_SHMSIZE", DatabaseFull),
        ("53100", DatabaseFull),
        ("SQLITE_CORRUPT_VTAB", DatabaseUnusable),
        ("SQLITE_NOTADB", DatabaseUnusable),
        ("XX001", DatabaseUnusable),
        ("SQLITE_CONSTRAINT_PRIMARYKEY", AlreadyStored),
        ("23505", AlreadyStored),
        ("SQLITE_CONSTRAINT_FOREIGNKEY", StorageError),
        ("SQLITE_BUSY", StorageError),
        ("40P01", StorageError),
    ],
)
def test_a_code_has_its_kind_and_keeps_the_drivers_words(code, kind):
    """What a driver reports becomes exactly the error that names what to do, with the driver's words in it."""
    error = translate(DBAPIError("INSERT", {}, Refused(code)))
    assert type(error) is kind
    assert f"told by the driver: {code}" in str(error)


def test_waiting_too_long_for_a_connection_is_a_storage_error():
    """A pool that has no connection to give is a failure of storage, not of ours."""
    with pytest.raises(StorageError, match="no connection"), translated():
        raise PoolTimeout("all taken")


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_a_time_without_a_zone_is_refused(dialect):
    """A naive time never reaches a database."""
    with pytest.raises(ValueError, match="without a zone"):
        Moment().process_bind_param(datetime(2026, 3, 4), dialect)  # noqa: DTZ001 (what is refused)


def test_a_time_is_a_number_of_microseconds_on_sqlite():
    """SQLite's numbers order as the times do, to the microsecond, before 1970 too."""
    before = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    numbers = [
        Moment().process_bind_param(before + timedelta(microseconds=turn), sqlite.dialect()) for turn in range(3)
    ]
    assert numbers == [-1, 0, 1]


def test_json_is_text_that_every_database_takes():
    """NUL, lone surrogates and four-byte characters are escaped; any mapping is an object."""
    written = Json().process_bind_param(MappingProxyType({"key": "\x00\ud83c🌉"}), postgresql.dialect())
    assert written == r'{"key":"\u0000\ud83c\ud83c\udf09"}'


def test_long_texts_take_less_room():
    """A text is compressed where it is stored."""
    text = "The bridge of Ostwick. " * 100
    assert len(Compressed().process_bind_param(text, sqlite.dialect())) < len(text) / 10


def test_a_message_dropped_by_hand_is_not_sent():
    """A dispatch of which a part was dropped by hand is dropped, unless a part of it waits or is dead."""
    dropped = {DeliveryState.DELIVERED: None, DeliveryState.DROPPED: "by hand"}
    assert standing(dropped) == (DispatchState.DROPPED, "by hand")
    assert standing({**dropped, DeliveryState.DEAD: "gone"}) == (DispatchState.DEAD, "gone")
    assert standing({**dropped, DeliveryState.WAITING: "busy"}) == (DispatchState.WAITING, "busy")
