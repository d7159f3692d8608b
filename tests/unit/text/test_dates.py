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
