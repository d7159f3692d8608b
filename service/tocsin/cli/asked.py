"""What a command line asks for, read: spans of time, times, languages and countries."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tocsin.config.choices import Mistake
from tocsin.config.values import read_country, read_language
from tocsin.errors import UsageError

_UNITS: Final[Mapping[str, str]] = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST: Final = timedelta(days=36_500)


def asked_duration(text: str) -> timedelta:
    """Read a duration such as 90m or 7d, of a hundred years at most.

    Raises:
        UsageError: it is none.
    """
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if not match:
        raise UsageError(f"{text!r} is no duration; write a number and one of s, m, h, d, w, such as 7d")
    duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if duration > _LONGEST:
        raise UsageError(f"{text!r} is over a hundred years")
    return duration


def asked_moment(text: str, timezone: str) -> datetime:
    """Read a time, in UTC; one without an offset is one of the clocks of that IANA zone.

    Raises:
        UsageError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time: write it like 2026-03-01T18:00") from None


def asked_language(text: str) -> str:
    """Read a language code as the configuration does.

    Raises:
        UsageError: it is none.
    """
    return _asked(read_language, text)


def asked_country(text: str) -> str:
    """Read a country code as the configuration does.

    Raises:
        UsageError: it is none.
    """
    return _asked(read_country, text)


def _asked(read: Callable[[str], str], text: str) -> str:
    try:
        return read(text)
    except Mistake as mistake:
        raise UsageError(f"{text!r}: {mistake}") from None
