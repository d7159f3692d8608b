"""Quiet hours: whether it is quiet, and until when, by the clocks of a zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.model import QuietHours

DAY = timedelta(days=1)
DAYS = 7


def quiet_until(quiet: QuietHours, at: datetime) -> datetime | None:
    """Return when the quiet hours are over that hold at that time, in UTC; None where none do.

    Where others begin at their end, as those of a Sunday do at the end of a Saturday, they go on. Hours that begin at a
    time which the clocks leave out begin when they have gone forward; those that end at a time which comes twice end at
    the first of them.
    """
    until = _end_of_day(quiet, at)
    for _ in range(DAYS):  # no further, as quiet hours that hold on all days for all of the day have no end
        longer = _end_of_day(quiet, until) if until else None
        until = longer or until
    return until


def _end_of_day(quiet: QuietHours, at: datetime) -> datetime | None:
    """Return when the quiet hours end that began on one day and hold at that time."""
    zone = ZoneInfo(quiet.timezone)
    today = at.astimezone(zone).date()
    over_midnight = quiet.end <= quiet.start
    for day in (today - DAY, today):
        if day.weekday() not in quiet.days:
            continue
        begins = _moment(datetime.combine(day, quiet.start), zone)
        ends = _moment(datetime.combine(day + DAY if over_midnight else day, quiet.end), zone)
        if begins <= at < ends:
            return ends
    return None


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return a time of the wall clock in UTC; one that is left out is as much later as the clocks go forward."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
