"""Parts of statements that several modules of the room share, and the one place where the two dialects differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Connection, Table, bindparam, func, insert, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.storage.columns import Moment

T = TypeVar("T")
Row: TypeAlias = Mapping[str, Any]

#: Parameters of statements that are built once: what runs for each poll is not put together each time, which would
#: cost more than the database takes for it.
NOW: ColumnElement[datetime] = bindparam("now", type_=Moment())
DUE_BY: ColumnElement[datetime] = bindparam("due_by", type_=Moment())
NAMES: BindParameter[Any] = bindparam("names", expanding=True)
TAKEN = {"lease_owner": bindparam("taker"), "lease_until": bindparam("taken_until", type_=Moment())}

Time: TypeAlias = datetime | ColumnElement[datetime]

NOBODY: Row = {"lease_owner": None, "lease_until": None}
STORY_STEP = 0x546F6373  # names our advisory lock
CLAIM_STEP = STORY_STEP + 1  # names that of claims, which look at what others hold
BATCH = 1000  # SQLite takes 32766 values in a statement, PostgreSQL 65535


def batches(values: Sequence[T], size: int = BATCH) -> Iterator[tuple[T, ...]]:
    """Cut `values` into runs that fit into one statement."""
    rest = iter(values)
    while batch := tuple(islice(rest, size)):
        yield batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who wants to lease up to `limit` rows that are due by `due_by`, and for how long."""

    owner: str
    now: datetime
    lease: timedelta
    limit: int
    due_by: datetime

    @property
    def times(self) -> Row:
        """The parameters of what is due, and of taking it."""
        return {"now": self.now, "due_by": self.due_by, "taker": self.owner, "taken_until": self.now + self.lease}

    @property
    def taken(self) -> Row:
        """The columns of a row that is leased."""
        return {"lease_owner": self.owner, "lease_until": self.now + self.lease}


def free(table: Table, now: Time) -> ColumnElement[bool]:
    """Hold where nobody has the row, or had it until now at most."""
    return or_(table.c.lease_owner.is_(None), table.c.lease_until <= now)


def insert_or(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Begin an INSERT that can say what happens on a conflict."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, which have the same keys."""
    if rows:
        connection.execute(insert(table), rows)


def hold_still(connection: Connection) -> None:
    """Have all that a transaction reads be as of its first look, which it must not have had yet; on SQLite, it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def serialise(connection: Connection, step: int = STORY_STEP) -> None:
    """Wait until no other transaction is in the step; on SQLite, none is."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(step)))
