"""Reading answer headers that several callers need. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx


def retry_after(headers: httpx.Headers, *, cap: timedelta) -> timedelta | None:
    """Return how long the server asks to be left alone, at most `cap`; None where it asks nothing sensible.

    RFC 9110 section 10.2.3: seconds, or a date. A date is taken relative to the answer's own `Date`, so that a wrong
    clock on either side does not matter; without one, or in the past, it says nothing.
    """
    value = headers.get("retry-after", "").strip()
    wait = _seconds(value) or _until(value, headers.get("date", ""))
    return min(wait, cap) if wait else None


def _seconds(value: str) -> timedelta | None:
    return timedelta(seconds=int(value[:9])) if value.isascii() and value.isdigit() else None


def _until(value: str, date: str) -> timedelta | None:
    then, now = _http_date(value), _http_date(date)
    return then - now if then and now and then > now else None


def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
