"""Reading answer headers that several callers need. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

_LONGEST_FRESH: Final = timedelta(hours=24)
_NEVER_FRESH: Final = frozenset({"no-cache", "no-store"})


def retry_after(headers: httpx.Headers, *, cap: timedelta) -> timedelta | None:
    """Return how long the server asks to be left alone, at most `cap`; None where it asks nothing sensible.

    RFC 9110 section 10.2.3: seconds, or a date. A date is taken relative to the answer's own `Date`, so that a wrong
    clock on either side does not matter; without one, or in the past, it says nothing.
    """
    value = headers.get("retry-after", "").strip()
    wait = _seconds(value) or _until(value, headers.get("date", ""))
    return min(wait, cap) if wait else None


def fresh_for(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Return how long an answer that came `now` stays fresh, a day at most; None where it does not say.

    RFC 9111 section 4.2: `max-age`, else the time from `Date` to `Expires`, less the answer's age. What must not be
    used again (`no-cache`, `no-store`), and a date of expiry that is none, say that it is not fresh at all.
    """
    lifetime = _lifetime(headers, now)
    if lifetime is None:
        return None
    return min(max(lifetime - _age(headers), timedelta()), _LONGEST_FRESH)


def clock_offset(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Return how far the clock of who answered `now` is ahead of ours; None where it does not tell."""
    date = _http_date(headers.get("date", ""))
    return date - now + _age(headers) if date else None


def _lifetime(headers: httpx.Headers, now: datetime) -> timedelta | None:
    directives = dict(_directives(headers.get("cache-control", "")))
    if not _NEVER_FRESH.isdisjoint(directives):
        return timedelta()
    age = _seconds(directives.get("max-age", ""))
    if age is not None:
        return age
    if "expires" not in headers:
        return None
    expires = _http_date(headers["expires"])
    return expires - (_http_date(headers.get("date", "")) or now) if expires else timedelta()


def _directives(value: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of Cache-Control, the first of a name last: it counts."""
    for directive in reversed(value.split(",")):
        name, _, argument = directive.partition("=")
        yield name.strip().lower(), argument.strip().strip('"')


def _age(headers: httpx.Headers) -> timedelta:
    return _seconds(headers.get("age", "").strip()) or timedelta()


def _seconds(value: str) -> timedelta | None:
    return timedelta(seconds=int(value[:9])) if value.isascii() and value.isdigit() else None


def _until(value: str, date: str) -> timedelta | None:
    then, now = _http_date(value), _http_date(date)
    return then - now if then and now and then > now else None


def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
