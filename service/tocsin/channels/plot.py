"""How often rules rang in a week: the numbers, and a picture of them. The only importer of Pillow (the extra `plots`).

The picture has no words of a rule's in it: its font knows few letters. Who shows it says beside it which colour is
which rule, as every mail program can write every name.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

DAYS: Final = 7

#: Rules that have a line of their own; the others are counted together.
MOST_RULES: Final = 7

_MOST_ALERTS: Final = 999_999  # a day: more would be no number that anybody reads

#: The colours of Okabe and Ito, which people with any sight for colours tell apart (jfly.uni-koeln.de/color).
_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
_OTHERS: Final = "#9aa5b1"

#: Pixels; the picture is shown at half its size, so that it is sharp on a screen with many of them.
WIDTH, HEIGHT = 1200, 420
_TOP, _BOTTOM, _SIDE, _GAP = 56, 60, 24, 36
_LETTERS: Final = 28
_INK, _LINE, _PAPER = "#3d4852", "#c3cad1", "#ffffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How often one rule rang on each day, and its colour (#rrggbb)."""

    rule: str
    counts: tuple[int, ...]
    colour: str

    @property
    def total(self) -> int:
        """Return how often it rang in all."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Seven days in their order, and the rules that rang in them, the busiest first.

    Those that have no line of their own are one, the last.
    """

    days: tuple[date, ...]
    lines: tuple[Line, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the days as people write them."""
        return tuple(f"{day.day} {day:%b}" for day in self.days)


def parse_week(data: object) -> Week | None:
    """Return the week of a digest's `data`, None where it has none that can be read, or nothing rang in it."""
    try:
        days, counted = _parse_counts(data)
    except (TypeError, ValueError, ArithmeticError):
        return None
    rang = sorted((item for item in counted.items() if any(item[1])), key=lambda item: (-sum(item[1]), item[0]))
    return Week(days=days, lines=tuple(_lines(rang))) if rang else None


def draw_week(week: Week) -> bytes | None:
    """Return a picture of a week as PNG, a stack of bars for each day; None without the extra `plots`.

    It takes some ten milliseconds, the first time a tenth of a second: call it off the event loop.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        return None
    picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    _draw(ImageDraw.Draw(picture), week, ImageFont.load_default(_LETTERS))
    target = io.BytesIO()
    picture.quantize(32, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    return target.getvalue()


def _parse_counts(data: object) -> tuple[tuple[date, ...], Mapping[str, tuple[int, ...]]]:
    """Return the days and each rule's counts; raise where they are not what they should be."""
    match data:
        case {"week": {"days": [*days], "rules": {**rules}}} if len(days) == DAYS:
            pass
        case _:
            raise ValueError("no week")
    listed = cast("Mapping[str, Sequence[int]]", rules)
    counts = {rule: tuple(min(max(int(count), 0), _MOST_ALERTS) for count in of) for rule, of in listed.items()}
    if any(len(of) != DAYS for of in counts.values()):
        raise ValueError("not a count a day")
    return tuple(date.fromisoformat(day) for day in days), counts


def _lines(rang: Sequence[tuple[str, tuple[int, ...]]]) -> Iterator[Line]:
    """Yield a line for each of the busiest rules and one for all others; one rule alone is never "others"."""
    own = MOST_RULES if len(rang) > MOST_RULES + 1 else len(rang)
    for (rule, counts), colour in zip(rang[:own], (*_COLOURS, _OTHERS), strict=False):
        yield Line(rule=rule, counts=counts, colour=colour)
    if others := rang[own:]:
        together = tuple(map(sum, zip(*(counts for _, counts in others), strict=True)))
        yield Line(rule=f"{len(others)} other rules", counts=together, colour=_OTHERS)


def _draw(pen: "ImageDraw", week: Week, font: "FreeTypeFont | ImageFont") -> None:
    totals = [sum(counts) for counts in zip(*(line.counts for line in week.lines), strict=True)]
    unit = (HEIGHT - _TOP - _BOTTOM) / max(*totals, 1)
    ground, slot = HEIGHT - _BOTTOM, (WIDTH - 2 * _SIDE) / DAYS
    for day, (label, total) in enumerate(zip(week.labels, totals, strict=True)):
        left = _SIDE + day * slot
        middle = left + slot / 2
        edges = [ground - height * unit for height in accumulate((line.counts[day] for line in week.lines), initial=0)]
        for line, low, high in zip(week.lines, edges, edges[1:], strict=False):
            if low - high >= 0.5:  # less is no pixel
                pen.rectangle((left + _GAP, high, left + slot - _GAP, low), fill=line.colour)
        pen.text((middle, edges[-1] - 6), str(total), fill=_INK, font=font, anchor="mb")
        pen.text((middle, ground + 14), label, fill=_INK, font=font, anchor="mt")
    pen.line((_SIDE, ground, WIDTH - _SIDE, ground), fill=_LINE, width=2)
