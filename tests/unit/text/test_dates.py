"""Dates as documents write them."""

from datetime import UTC, datetime

import pytest

from tocsin.text.dates import parse_time

MOMENT = datetime(2026, 11, 3, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-03T06:30:00Z",
        "2026-11-03T08:30:00+02:00",
        " 2026-11-03 06:30 ",
        "20261103T063000Z",
        "Tue, 03 Nov 2026 08:30:00 +0200",
        "3 Nov 2026 06:30 GMT",
        "Tue, 03 Nov 2026 01:30:00 EST",
    ],
)
def test_read(text: str) -> None:
    """ISO 8601 and RFC 5322 dates are read; without a zone they are UTC."""
    assert parse_time(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "1" * 99,
    ],
)
def test_not_read(text: str) -> None:
    """What is no date, or none that an article can have, is None."""
    assert parse_time(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 3 Nov 26 06:30 UT",
        "Tue,03 Nov 2026 06:30:00 Z",
        "Tue, 03 Nov 2026 07:30:00 CET",
        "Tue, 03 Nov 2026 08:30:00 GMT+02:00",
        "Tue, 03 Nov 2026 06:30:00 +0000 (UTC)",
        "Tue, Nov 03 2026 06:30:00 +0000",
        "03-Nov-2026 06:30:00",
        "Tue Nov  3 06:30:00 2026",
        "Tue Nov  3 01:30:00 EST 2026",
        "November 3, 2026, 1:30 AM EST",
        "3rd Nov 2026 6:30 am",
        "Tue, 2026/11/03 06:30 GMT",
        "2026-11-03 08:30:00 +0200",
        "2026-11-03 01:30:00 EST",
        "2026-11-03T6:30Z",
        "2026-307T06:30:00",
        "Di., 3. Nov. 2026 06:30",
        "3 novembre 2026 06:30",
        "3 de noviembre de 2026 06:30",
        "вт, 03 ноя 2026 06:30:00",
        "Τρι, 03 Νοε 2026 06:30:00 GMT",
        "2026-november-3T6:30+00:00",
        "2026년 11월 03일  15:30:00",
        "2026-11-03 오후 3:30:00",
    ],
)
def test_read_as_feeds_write_them(text: str) -> None:
    """Named zones, short years, any order of day and month, twelve hours and names of months are read."""
    assert parse_time(text) == MOMENT


@pytest.mark.parametrize(
    ("text", "first"),
    [("2026", (2026, 1, 1)), ("2026-11", (2026, 11, 1)), ("2026-11-03", (2026, 11, 3)), ("3 Nov 99", (1999, 11, 3))],
)
def test_the_first_is_meant(text: str, first: tuple[int, int, int]) -> None:
    """Of a date that names no more, the first month, day and midnight are meant."""
    assert parse_time(text) == datetime(*first, tzinfo=UTC)


def test_a_leap_second_is_the_one_before() -> None:
    """A second that clocks do not have is no reason to lose a date."""
    assert parse_time("Sat, 31 Dec 2016 23:59:60 GMT") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
