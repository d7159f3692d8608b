"""The week of a digest: its numbers as they are read, and the picture of them."""

import io
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from tocsin.channels.plot import DAYS, HEIGHT, MOST_RULES, WIDTH, Week, draw_week, parse_week

DATES = [f"2026-03-0{day}" for day in range(1, 8)]


def week(**rules: list[int]) -> Week:
    parsed = parse_week({"week": {"days": DATES, "rules": rules}})
    assert parsed
    return parsed


def columns(week: Week) -> list[list[int]]:
    """Count, for each day, the pixels in the middle of its column that have each line's colour."""
    png = draw_week(week)
    assert png
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    assert picture.size == (WIDTH, HEIGHT)
    slot = (WIDTH - 48) / DAYS
    middles = [int(24 + slot * (day + 0.5)) - 30 for day in range(DAYS)]
    seen = [[picture.getpixel((middle, row)) for row in range(HEIGHT)] for middle in middles]
    return [[pixels.count(ImageColor.getrgb(line.colour)) for line in week.lines] for pixels in seen]


def test_a_week_is_read_busiest_rule_first() -> None:
    """Days are dates, rules stand by how often they rang, and those that did not are left out."""
    read = week(Flood=[0, 0, 0, 0, 1, 1, 1], Silent=[0] * 7, Invasion=[1, 0, 3, 2, 0, 0, 4])
    assert read.days == tuple(date(2026, 3, day) for day in range(1, 8))
    assert [(line.rule, line.total) for line in read.lines] == [("Invasion", 10), ("Flood", 3)]
    assert (read.labels[0], read.labels[-1]) == ("1 Mar", "7 Mar")


@pytest.mark.parametrize("number", [1, MOST_RULES, MOST_RULES + 1, MOST_RULES + 2, 40])
def test_the_quietest_rules_are_counted_together(number: int) -> None:
    """At most eight lines, each of its own colour, hold all that rang."""
    read = week(**{f"Rule {rule}": [rule] * 7 for rule in range(1, number + 1)})
    assert len(read.lines) == len({line.colour for line in read.lines}) == min(number, MOST_RULES + 1)
    assert sum(line.total for line in read.lines) == 7 * number * (number + 1) / 2
    assert (read.lines[-1].rule == f"{number - MOST_RULES} other rules") is (number > MOST_RULES + 1)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "week",
        {},
        {"week": None},
        {"week": {"days": DATES}},
        {"week": {"days": DATES, "rules": {}}},
        {"week": {"days": DATES, "rules": {"Quiet": [0] * 7}}},
        {"week": {"days": DATES[1:], "rules": {"A": [1] * 6}}},
        {"week": {"days": DATES, "rules": {"A": [1] * 6}}},
        {"week": {"days": DATES, "rules": {"A": 7}}},
        {"week": {"days": DATES, "rules": {"A": ["x"] * 7}}},
        {"week": {"days": DATES, "rules": {"A": [float("inf")] * 7}}},
        {"week": {"days": [1] * 7, "rules": {"A": [1] * 7}}},
        {"week": {"days": ["yesterday"] * 7, "rules": {"A": [1] * 7}}},
    ],
)
def test_what_is_no_week_is_none(data: object) -> None:
    """Data without counts of seven days, or in which nothing rang, has no week; nothing is raised."""
    assert parse_week(data) is None


def test_bars_are_as_high_as_the_counts() -> None:
    """In the picture each rule's part of a day's bar is in proportion to its count, in its colour."""
    read = week(Invasion=[4, 0, 2, 1, 0, 0, 3], Flood=[0, 0, 2, 0, 1, 0, 1])
    seen = columns(read)
    unit = seen[0][0] / 4
    assert unit > 60
    for day, pixels in enumerate(seen):
        for line, height in zip(read.lines, pixels, strict=True):
            assert height == pytest.approx(line.counts[day] * unit, abs=3)


def test_every_rule_has_its_colour_in_the_picture() -> None:
    """With as many lines as there can be, each is drawn in the very colour that its name stands beside."""
    seen = columns(week(**{f"Rule {rule}": [rule + 5] * 7 for rule in range(MOST_RULES + 3)}))
    assert all(min(pixels) > 5 for pixels in seen)


@given(st.lists(st.lists(st.integers(-5, 10**12), min_size=7, max_size=7), min_size=1, max_size=12))
def test_any_counts_are_drawn(counts: list[list[int]]) -> None:
    """Whatever the numbers are, there is either no week or a picture of it, small enough for a mail."""
    read = parse_week({"week": {"days": DATES, "rules": {str(rule): of for rule, of in enumerate(counts)}}})
    assert (read is None) is (max(map(max, counts)) <= 0)
    if read:
        png = draw_week(read)
        assert png
        assert png.startswith(b"\x89PNG")
        assert len(png) < 50_000


def test_the_same_week_is_the_same_picture() -> None:
    """Drawn again, a picture has the same bytes."""
    assert draw_week(week(A=[1, 2, 3, 4, 5, 6, 7])) == draw_week(week(A=[1, 2, 3, 4, 5, 6, 7]))


def test_without_the_extra_there_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Pillow is not installed, nothing is drawn and nothing raised."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert draw_week(week(A=[1] * 7)) is None
