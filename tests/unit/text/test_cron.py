"""Cron lines and their slots."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tocsin.text.cron import next_slot, read_cron

KYIV, NEW_YORK = "Europe/Kyiv", "America/New_York"

# In 2026 clocks go forward in Kyiv on 29 March at 03:00 and back on 25 October at 04:00, in New York on 8 March and
# 1 November at 02:00.


def slots(line, timezone, start, end):
    """Return all slots of a line between two moments, in order."""
    found, at = [], start
    while (at := next_slot(line, timezone, at)) < end:
        found.append(at)
    return found


def local(timezone, found):
    return [slot.astimezone(ZoneInfo(timezone)).strftime("%H:%M") for slot in found]


def day(year, month, number, days=1):
    start = datetime(year, month, number, 0, 0, tzinfo=UTC) - timedelta(hours=12)
    return start, start + timedelta(days=days + 1)


@pytest.mark.parametrize(
    ("line", "evened"),
    [
        ("0 7,17 * * mon-fri", "0 7,17 * * mon-fri"),
        ("  */5\t* * * *  ", "*/5 * * * *"),
        ("0 9 1 JAN Sun", "0 9 1 jan sun"),
        ("0 9 L * *", "0 9 l * *"),
        ("0 9 29 2 *", "0 9 29 2 *"),
    ],
)
def test_a_line_is_evened(line, evened):
    """White space and case make no difference to a cron line."""
    assert read_cron(line) == evened


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "five fields .* has 0"),
        ("0 7 * *", "five fields .* has 4"),
        ("0 0 7 * * *", "five fields .* has 6"),
        ("@daily", "five fields"),
        ("60 7 * * *", "minute of the cron line cannot be '60'"),
        ("0 25 * * *", "hour of the cron line cannot be '25'"),
        ("0 7 0 * *", "day of the month of the cron line cannot be '0'"),
        ("0 7 * 13 *", "month of the cron line cannot be '13'"),
        ("0 7 * * funday", "day of the week of the cron line cannot be 'funday'"),
        ("0 9-7 * * *", "hour of the cron line cannot be '9-7'"),
        ("0 7 30 2 *", "day of the month of the cron line cannot be '30'"),
        ("*/0 * * * *", "minute"),
        ("0 7 ٣ * *", "day of the month"),
    ],
)
def test_what_is_no_cron_line_is_refused_in_words(line, words):
    """A mistake in a cron line is told with the field it stands in."""
    with pytest.raises(ValueError, match=words):
        read_cron(line)
    with pytest.raises(ValueError, match=words):
        next_slot(line, KYIV, datetime(2026, 3, 1, tzinfo=UTC))


def test_slots_are_in_the_zone_of_the_line():
    """Seven in the morning is seven where the zone says, in summer as in winter."""
    for month in (1, 7):
        start, end = day(2026, month, 10, 3)
        assert set(local(KYIV, slots("0 7 * * *", KYIV, start, end))) == {"07:00"}


@pytest.mark.parametrize(
    ("timezone", "date", "line", "expected"),
    [
        # forward: 03:00 to 04:00 is left out in Kyiv, 02:00 to 03:00 in New York
        (KYIV, (2026, 3, 29), "30 3 * * *", ["04:00"]),
        (NEW_YORK, (2026, 3, 8), "30 2 * * *", ["03:00"]),
        (KYIV, (2026, 3, 29), "0,30 3 * * *", ["04:00"]),
        (KYIV, (2026, 3, 29), "0 3,4 * * *", ["04:00"]),
        (KYIV, (2026, 3, 29), "0 * * * *", ["00:00", "01:00", "02:00", "04:00", "05:00"]),
        (KYIV, (2026, 3, 29), "*/30 3 * * *", []),
        # back: 03:00 to 04:00 comes twice in Kyiv, 01:00 to 02:00 in New York
        (KYIV, (2026, 10, 25), "30 3 * * *", ["03:30"]),
        (NEW_YORK, (2026, 11, 1), "30 1 * * *", ["01:30"]),
        (KYIV, (2026, 10, 25), "10,50 2,3 * * *", ["02:10", "02:50", "03:10", "03:50"]),
        (KYIV, (2026, 10, 25), "0 * * * *", ["00:00", "01:00", "02:00", "03:00", "03:00", "04:00", "05:00"]),
    ],
)
def test_each_slot_comes_once_when_clocks_change(timezone, date, line, expected):
    """A slot at a time that is left out comes right after, one at a time that comes twice comes at the first."""
    midnight = datetime(*date, tzinfo=ZoneInfo(timezone))
    before, morning = midnight.astimezone(UTC) - timedelta(seconds=1), midnight.replace(hour=5, minute=1)
    assert local(timezone, slots(line, timezone, before, morning)) == expected


@pytest.mark.parametrize("timezone", [KYIV, NEW_YORK, "UTC", "Asia/Kolkata"])
@pytest.mark.parametrize("line", ["*/15 * * * *", "30 3 * * *", "15 */2 * * *", "*/20 1-3 * * *", "5,35 0-4 * * *"])
@pytest.mark.parametrize("start", [(2026, 3, 28), (2026, 10, 24), (2026, 3, 7), (2026, 10, 31), (2026, 4, 4)])
def test_slots_only_go_forward(timezone, line, start):
    """From wherever one asks, the next slot is later, and it is the next one: no slot lies in between."""
    begin, end = day(*start, days=2)
    found = slots(line, timezone, begin, end)
    assert all(earlier < later for earlier, later in pairwise(found))
    asked = begin
    while asked < end - timedelta(hours=30):
        assert next_slot(line, timezone, asked) == next(slot for slot in found if slot > asked)
        asked += timedelta(minutes=11)


@pytest.mark.parametrize("line", ["*/15 * * * *", "0 * * * *", "*/7 3 * * *"])
def test_lines_with_stars_go_by_real_time(line):
    """A line that names no single time comes in every minute of the day whose clock answers it, twice where twice."""
    for start in ((2026, 3, 28), (2026, 10, 24)):
        begin, end = day(*start, days=2)
        minutes = int((end - begin).total_seconds() // 60)
        step = int(line.split()[0].removeprefix("*/") or 60) or 60
        hour = line.split()[1]
        answering = [
            at
            for at in (begin + timedelta(minutes=number) for number in range(1, minutes))
            if (clock := at.astimezone(ZoneInfo(KYIV))).minute % step == 0
            and (hour == "*" or clock.hour == int(hour))
            and (line[0] == "*" or clock.minute == 0)
        ]
        assert slots(line, KYIV, begin, end) == answering
