"""How long servers ask to be left alone."""

from datetime import timedelta

import httpx
import pytest

from tocsin.net.headers import retry_after

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
