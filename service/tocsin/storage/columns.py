"""Column types that give back exactly what they were given, on SQLite and on PostgreSQL."""

import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time, exact to the microsecond.

    PostgreSQL keeps it as `timestamptz`; SQLite, which has no type for times, as microseconds since 1970.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose what the database holds."""
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        """Turn an aware time into what the database holds; a naive one is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        return value if dialect.name == "postgresql" else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn what the database holds into an aware time in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    r"""A JSON value as ASCII text.

    Not PostgreSQL's `jsonb`: that refuses `\u0000` and lone surrogates, which a hostile feed can contain.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write the value with everything beyond ASCII escaped; any mapping is an object."""
        return None if value is None else json.dumps(value, separators=(",", ":"), default=dict)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any | None:  # noqa: ARG002
        """Read the value."""
        return None if value is None else json.loads(value)


class Compressed(TypeDecorator[str]):
    """A long text, kept as the zlib form (RFC 1950) of its UTF-8."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Deflate the text."""
        return None if value is None else zlib.compress(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Inflate the text."""
        return None if value is None else zlib.decompress(value).decode()


def word(kind: type[StrEnum]) -> Enum:
    """Return the type of a column that holds a member of `kind` by its value, as plain text in the database."""
    values: Callable[[type[StrEnum]], list[str]] = list  # a member of a StrEnum is its value
    return Enum(kind, native_enum=False, length=32, values_callable=values)
