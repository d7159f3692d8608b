"""Quiet hours, by the clocks of a zone."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.alerts.quiet import quiet_until
from tocsin.model import QuietHours

MIDWINTER = datetime(2026, 1, 1)  # noqa: DTZ001 - hypothesis takes naive bounds
NIGHT = QuietHours(start=time(22), end=time(7), timezone="Europe/Kyiv")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (utc(2026, 3, 2, 19, 59), None),
        (utc(2026, 3, 2, 20, 0), utc(2026, 3, 3, 5, 0)),
        (utc(2026, 3, 3, 4, 59), utc(2026, 3, 3, 5, 0)),
        (utc(2026, 3, 3, 5, 0), None),
    ],
)
def test_quiet_hours_last_over_midnight(at: datetime, until: datetime | None) -> None:
    """They begin with their first minute and are over with the minute that ends them, on the next day."""
    assert quiet_until(NIGHT, at) == until


def test_days_are_those_on_which_they_begin() -> None:
    """The night from Friday to Saturday belongs to Friday, all of it."""
    fridays = QuietHours(start=time(22), end=time(7), timezone="UTC", days=frozenset({4}))
    assert quiet_until(fridays, utc(2026, 3, 7, 3, 0)) == utc(2026, 3, 7, 7, 0)
    assert quiet_until(fridays, utc(2026, 3, 6, 3, 0)) is None


@pytest.mark.parametrize(
    ("start", "end", "at", "until"),
    [
        (time(1), time(2, 30), utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1, 30)),  # 02:30 is left out: at 03:30
        (time(2, 30), time(6), utc(2026, 3, 29, 1, 29), None),
        (time(2, 30), time(6), utc(2026, 3, 29, 1, 30), utc(2026, 3, 29, 4, 0)),
        (time(1), time(2, 30), utc(2026, 10, 25, 0, 29), utc(2026, 10, 25, 0, 30)),  # the first 02:30
        (time(1), time(2, 30), utc(2026, 10, 25, 0, 31), None),
    ],
)
def test_clocks_that_change_move_the_ends_once(start: time, end: time, at: datetime, until: datetime | None) -> None:
    """In the nights of clock changes in Berlin quiet hours begin once and end once."""
    assert quiet_until(QuietHours(start=start, end=end, timezone="Europe/Berlin"), at) == until


def test_whole_days_are_one_quiet_time() -> None:
    """Hours that end when they began last a day; those of a Saturday go on in those of the Sunday, to Monday."""
    weekend = QuietHours(start=time(0), end=time(0), timezone="Europe/Kyiv", days=frozenset({5, 6}))
    monday = utc(2026, 3, 8, 22, 0)
    assert quiet_until(weekend, utc(2026, 3, 6, 21, 59)) is None
    assert quiet_until(weekend, utc(2026, 3, 6, 22, 0)) == monday
    assert quiet_until(weekend, utc(2026, 3, 8, 21, 59)) == monday
    assert quiet_until(weekend, monday) is None


@given(
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    days=st.frozensets(st.integers(0, 6), min_size=1, max_size=6),
    at=st.datetimes(min_value=MIDWINTER, max_value=MIDWINTER.replace(year=2027)),
)
def test_an_end_is_ahead_and_an_end(start: time, end: time, zone: str, days: frozenset[int], at: datetime) -> None:
    """Whatever the hours, what they hold is released later, within a week, and when they are over."""
    moment, quiet = at.replace(tzinfo=UTC), QuietHours(start=start, end=end, timezone=zone, days=days)
    until = quiet_until(quiet, moment)
    assert until is None or moment < until <= moment + timedelta(days=7)
    assert until is None or quiet_until(quiet, until) is None
