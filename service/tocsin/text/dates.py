"""Reads the points in time that documents give as text."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

EARLIEST_YEAR = 1990  # there were no feeds before; what says so is a default or a slip
_ISO_START = re.compile(r"\d{4}-?\d\d")


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 / RFC 3339 or RFC 5322 date; None for anything else. Without a zone it is taken as UTC."""
    text = text.strip()
    try:
        return plausible(datetime.fromisoformat(text) if _ISO_START.match(text) else parsedate_to_datetime(text))
    except ValueError:
        return None


def plausible(moment: datetime) -> datetime | None:
    """Return `moment` as aware UTC, or None where it cannot be when something was published."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        in_utc = aware.astimezone(UTC)
    except OverflowError:
        return None
    return in_utc if in_utc.year >= EARLIEST_YEAR else None
