"""What all payloads and notices have in common: the version, and how a time is written."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SCHEMA_VERSION = 1


def timestamp(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def local_time(moment: str | None, timezone: str) -> str:
    """Return a time of a payload for people, in the zone of that IANA name; empty where there is none."""
    if moment is None:
        return ""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(timezone)).strftime("%d %b %Y %H:%M %Z")


def clock_time(moment: str | None, timezone: str, *, beside: str | None) -> str:
    """Return a time for people that stands beside another, of whose day there and zone it says nothing anew."""
    if moment is None or beside is None:
        return local_time(moment, timezone)
    time, other = (datetime.fromisoformat(text).astimezone(ZoneInfo(timezone)) for text in (moment, beside))
    same_day = (time.date(), time.tzname()) == (other.date(), other.tzname())
    return time.strftime("%H:%M") if same_day else local_time(moment, timezone)
