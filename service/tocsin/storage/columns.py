"""Column types that give back exactly what they were given, on SQLite and on PostgreSQL."""

import json
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, LargeBinary, Text
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


class Hash(TypeDecorator[int]):
    """A hash of 32 bits, kept as the whole number with a sign that has the same bits: PostgreSQL has no other."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Give the number a sign."""
        return value if value is None or value < _SIGN else value - 2 * _SIGN

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Take the sign away."""
        return value if value is None or value >= 0 else value + 2 * _SIGN


class Hashes(TypeDecorator[frozenset[int]]):
    """A set of whole numbers below 2 to the power of `bits`, 32 or 63, packed.

    63 bits are kept as they are, 8 bytes each. Of 32 bits the gaps between the numbers in rising order are kept where
    there are many: their lower halves, then their upper ones in one byte each, 255 for those that follow in two more
    bytes. That is 3.3 bytes a number for the hashes of a usual text, so that two of these fit into a page of SQLite's.
    Of few numbers the gaps are wide; they are kept as they are, 4 bytes each. The first two bytes are how many gaps.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, bits: int = 32) -> None:
        super().__init__()
        self.bits = bits

    def process_bind_param(self, value: frozenset[int] | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Pack the numbers."""
        if value is None:
            return None
        return _packed(sorted(value)) if self.bits == _GAPPED else _little(array("Q", sorted(value))).tobytes()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> frozenset[int] | None:  # noqa: ARG002
        """Unpack the numbers."""
        if value is None:
            return None
        if self.bits == _GAPPED:
            return frozenset(_unpacked(value))
        numbers = array("Q")
        numbers.frombytes(value)
        return frozenset(_little(numbers))


_SIGN = 2**31
_GAPPED = 32
_ESCAPE = 255
_MANY = 150


def _packed(numbers: Sequence[int]) -> bytes:
    if len(numbers) < _MANY:
        return b"\0\0" + _little(array("I", numbers)).tobytes()
    return _packed_gaps(numbers)


def _unpacked(packed: bytes) -> Iterable[int]:
    if packed[:2] != b"\0\0":
        return _unpacked_gaps(packed)
    numbers = array("I")
    numbers.frombytes(packed[2:])
    return _little(numbers)


def _packed_gaps(numbers: Sequence[int]) -> bytes:
    gaps = [number - before for before, number in pairwise([0, *numbers])]
    uppers = [gap >> 16 for gap in gaps]
    parts = (
        _little(array("H", [len(gaps)])),
        _little(array("H", [gap & 0xFFFF for gap in gaps])),
        array("B", [min(upper, _ESCAPE) for upper in uppers]),
        _little(array("H", [upper for upper in uppers if upper >= _ESCAPE])),
    )
    return b"".join(part.tobytes() for part in parts)


def _unpacked_gaps(packed: bytes) -> Iterator[int]:
    lowers, large = array("H"), array("H")
    count = int.from_bytes(packed[:2], "little")
    end = 2 + 3 * count
    lowers.frombytes(packed[2 : 2 + 2 * count])
    large.frombytes(packed[end:])
    following = iter(_little(large))
    uppers = (next(following) if upper == _ESCAPE else upper for upper in packed[2 + 2 * count : end])
    return accumulate(lower + (upper << 16) for lower, upper in zip(_little(lowers), uppers, strict=True))


def _little(numbers: "array[int]") -> "array[int]":
    """Return numbers as they stand in the database, or back."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def word(kind: type[StrEnum]) -> Enum:
    """Return the type of a column that holds a member of `kind` by its value, as plain text in the database."""
    values: Callable[[type[StrEnum]], list[str]] = list  # a member of a StrEnum is its value
    return Enum(kind, native_enum=False, length=32, values_callable=values)
