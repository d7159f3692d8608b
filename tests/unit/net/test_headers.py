"""What answers say of patience, freshness and time."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tocsin.net.headers import clock_offset, fresh_for, retry_after

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
CAP = timedelta(days=7)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 120 "}, 120),
        ({"retry-after": "99999999999999999999"}, 7 * 86400),
        ({"retry-after": "Wed, 21 Oct 2026 07:30:00 GMT", "date": DATE}, 120),
        ({"retry-after": "Wed, 21 Oct 2099 07:30:00 GMT", "date": DATE}, 7 * 86400),
        ({"retry-after": "Wednesday, 21-Oct-26 07:30:00 GMT", "date": DATE}, 120),
        ({"retry-after": "Wed, 21 Oct 2026 07:00:00 GMT", "date": DATE}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:30:00 GMT"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after(headers, wait):
    """Seconds and dates relative to the answer's own are read and capped; what makes no sense says nothing."""
    headers = httpx.Headers([(name.encode(), value.encode()) for name, value in headers.items()])
    assert retry_after(headers, cap=CAP) == (timedelta(seconds=wait) if wait else None)


NOW = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": 'public, Max-Age = "600" , must-revalidate'}, 600),
        ({"cache-control": "max-age=600, max-age=60"}, 600),
        ({"cache-control": "s-maxage=60"}, None),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "900"}, 0),
        ({"cache-control": "max-age=600", "age": "old"}, 600),
        ({"cache-control": "max-age=99999999999999"}, 86400),
        ({"cache-control": "max-age=0"}, 0),
        ({"cache-control": "max-age=-1"}, None),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "max-age=60", "expires": "Wed, 21 Oct 2026 08:28:00 GMT"}, 60),
        ({"expires": "Wed, 21 Oct 2026 08:28:00 GMT"}, 3600),
        ({"expires": "Wed, 21 Oct 2026 08:28:00 GMT", "date": "Wed, 21 Oct 2026 08:18:00 GMT"}, 600),
        ({"expires": "Wed, 21 Oct 2026 08:28:00 GMT", "age": "60"}, 3540),
        ({"expires": "Wed, 21 Oct 2099 08:28:00 GMT"}, 86400),
        ({"expires": "Wed, 21 Oct 1999 08:28:00 GMT"}, 0),
        ({"expires": "0"}, 0),
        ({"expires": "never"}, 0),
        ({"date": DATE}, None),
        ({}, None),
    ],
)
def test_freshness(headers, seconds):
    """max-age wins over Expires, what has aged counts, a day is the most, and nonsense is not fresh."""
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert fresh_for(httpx.Headers(headers), NOW) == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"date": "Wed, 21 Oct 2026 09:28:00 GMT"}, 7200),
        ({"date": "Wed, 21 Oct 2026 07:27:00 GMT"}, -60),
        ({"date": "Wed, 21 Oct 2026 06:28:00 GMT", "age": "3600"}, 0),
        ({"date": "Fri, 31 Dec 9999 23:59:59 GMT", "age": "999999999"}, None),
        ({"date": "noon"}, None),
        ({}, None),
    ],
)
def test_a_servers_clock(headers, seconds):
    """How far a server's clock is ahead is told by its Date, a cache's answers not taken for a clock that is late."""
    found = clock_offset(httpx.Headers(headers), NOW)
    if headers.get("age") == "999999999":
        assert found > timedelta(days=365)
    else:
        assert found == (None if seconds is None else timedelta(seconds=seconds))
