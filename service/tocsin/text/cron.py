"""Cron lines: whether one can be read, and when its next slot is.

Five fields as Debian's cron reads them, in a time zone of the IANA database. It starts nothing and reads no clock.
"""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")

#: What `cronsim` calls them.
_NAMES = {"day-of-month": "day of the month", "day-of-week": "day of the week"}

#: A moment to try a line from: a leap year begins with it, so that a 29th of February is not far.
_TRIAL = datetime(2024, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=256)
def read_cron(line: str) -> str:
    """Return a cron line evened: small letters, single spaces; equal lines are equal texts then.

    Raises:
        ValueError: it is none, or no day answers it; the message says which field is wrong.
    """
    fields = line.lower().split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"a cron line has five fields ({', '.join(FIELDS)}), this one has {len(fields)}")
    evened = " ".join(fields)
    try:
        next(CronSim(evened, _TRIAL))
    except CronSimError as error:
        raise ValueError(_explained(str(error), fields)) from None
    except StopIteration:
        raise ValueError("no day answers this cron line") from None
    return evened


def next_slot(line: str, timezone: str, after: datetime) -> datetime:
    """Return the first slot of a cron line that is later than `after`, in UTC.

    When clocks go forward, a slot at a time that is left out comes when they have; when they go back, a slot at a time
    that comes twice comes at the first of them. Lines with a `*` for the minute or the hour go by real time: such a
    slot comes as often as its time does.

    Raises:
        ValueError: as `read_cron`.
    """
    evened = read_cron(line)
    zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
    # What goes by the wall clock can give times of the first pass when asked in the second: they are over.
    for slot in CronSim(evened, after.astimezone(zone)):
        if (in_utc := slot.astimezone(UTC)) > after:
            return in_utc
    raise ValueError("no day answers this cron line")


def _explained(error: str, fields: list[str]) -> str:
    """Say which field is wrong, by what the library says: `Bad hour`, `Bad day-of-week`."""
    named = error.removeprefix("Bad ")
    name = _NAMES.get(named, named)
    if name not in FIELDS:
        return f"the cron line cannot be read: {error}"
    return f"the {name} of the cron line cannot be {fields[FIELDS.index(name)]!r}"
