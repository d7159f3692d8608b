"""Reads the points in time that documents give as text."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

EARLIEST_YEAR = 1990  # there were no feeds before; what says so is a default or a slip
_MOST = 100  # code points that are looked at
_SHORT_YEAR = 90  # two digits from here on are of the nineties, those before of this century

_CLOCK = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d+)?)?(?:\s*(?P<half>[AaPp])\.?[Mm]\b\.?)?"
)
_ZONE = r"(?:(?:GMT|UTC?|Z)?(?P<offset>[+-]\d\d?:?(?:\d\d)?)|(?:Etc/)?(?P<zone>[A-Za-z]{1,5})\b)"
_TIME = rf"{_CLOCK}\s*{_ZONE}?"
_WORD = r"[^\W\d_]+\.?"
_YEAR = r"(?P<year>\d{4}|\d\d)\b"
_AT = rf"(?:,?\s+(?:at\s+)?{_TIME})?"
_OF = r",?[\s-]+(?:de\s+)?"
_DAY = r"(?P<day>\d\d?)(?:st|nd|rd|th|\.)?"
_MONTH = rf"(?P<month>{_WORD})"
_YEAR_FIRST = rf"(?P<year>\d{{4}})(?:[-/.](?P<month>\d\d?|{_WORD})(?:[-/.](?P<day>\d\d?))?)?"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"(?:{_WORD},?\s+)?{_YEAR_FIRST}(?:[T\s]+{_TIME})?(?![\w-])",  # 2026, 2026-11-03 08:30 EST (W3C-DTF)
        rf"(?:{_WORD},?\s*)?{_DAY}{_OF}{_MONTH}{_OF}{_YEAR}{_AT}",  # Tue, 3 Nov 2026 08:30 +0100 (RFC 822, 5.1)
        rf"{_WORD},?\s+{_MONTH}\s+{_DAY}\s+{_CLOCK}\s+(?:{_ZONE}\s+)?{_YEAR}",  # Tue Nov  3 08:30:00 EST 2026 (asctime)
        rf"(?:{_WORD},?\s+)?{_MONTH}\s+{_DAY},?\s+{_YEAR}{_AT}",  # November 3, 2026, 8:30 PM EST
    )
)
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})(?!\d)(.*)", re.DOTALL)
_KOREAN = re.compile(
    r"(?P<year>\d{4})(?:-|년\s*)(?P<month>\d\d?)(?:-|월\s*)(?P<day>\d\d?)(?:일)?\s+(?:(?P<half>오전|오후)\s+)?"
    r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
)
_KOREAN_LETTER = re.compile("[년오]")

# Beginnings of the names of months, without accents: English, German, French, Spanish, Italian, Portuguese, Dutch,
# Polish, Hungarian, Russian, Ukrainian and Greek. Four letters are looked up before three.
_MONTHS: Mapping[str, int] = MappingProxyType(
    {
        name: number
        for number, names in enumerate(
            (
                "jan gen ene sty янв січ ιαν",
                "feb fev lut фев лют φεβ",
                "mar maa mrt мар бер μαρ μαω",
                "apr avr abr kwi апр кві απρ",
                "may mai mei maj mag мая май тра μαι",
                "jun juin giu cze июн чер ιουν ιον",
                "jul juil lug lip июл лип ιουλ ιολ",
                "aug aou ago sie авг сер αυγ",
                "sep set sze wrz сен вер σεπ",
                "oct okt ott out paz окт жов οκτ",
                "nov lis ноя лис νοε",
                "dec dez dic gru дек гру δεκ",
            ),
            start=1,
        )
        for name in names.split()
    }
)
# Hours ahead of UTC of the names that feeds use. RFC 822 knows the American ones; of what is ambiguous, theirs counts.
_ZONES: Mapping[str, int] = MappingProxyType(
    {
        zone: hours
        for hours, zones in {
            -10: "hst",
            -9: "akst",
            -8: "pst pt akdt",
            -7: "mst mt pdt",
            -6: "cst ct mdt",
            -5: "est et cdt",
            -4: "edt ast at",
            -3: "adt",
            -12: "m",
            -1: "a",
            1: "n cet met bst west",
            2: "cest mest eet sast",
            3: "eest msk trt",
            8: "awst sgt hkt",
            9: "jst kst",
            10: "aest",
            11: "aedt",
            12: "y nzst",
            13: "nzdt",
        }.items()
        for zone in zones.split()
    }
)


def parse_time(text: str) -> datetime | None:
    """Read a date as feeds and pages write it; None for anything else. Without a zone it is taken as UTC.

    ISO 8601 and W3C-DTF of any precision, RFC 822 and 5322 with named zones and years of two digits, asctime, and these
    with the names of months in a dozen languages. What is missing is the first: of the year, of the month, midnight.
    """
    text = text.strip()[:_MOST]
    try:
        return plausible(_iso(text) or _written_out(text))
    except (ValueError, OverflowError):
        return None


def plausible(moment: datetime) -> datetime | None:
    """Return `moment` as aware UTC, or None where it cannot be when something was published."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        in_utc = aware.astimezone(UTC)
    except OverflowError:
        return None
    return in_utc if in_utc.year >= EARLIEST_YEAR else None


def _iso(text: str) -> datetime | None:
    if not text[:4].isdecimal():
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    ordinal = _ORDINAL.fullmatch(text)
    if ordinal is None:
        return None
    first = datetime.fromisoformat(f"{ordinal[1]}-01-01{ordinal[3]}")
    return first + timedelta(days=int(ordinal[2]) - 1)


def _written_out(text: str) -> datetime:
    if _KOREAN_LETTER.search(text) and (korean := _KOREAN.match(text)):
        return _moment(korean.groupdict() | {"zone": "kst", "offset": None})
    shape = next(filter(None, (shape.match(text) for shape in _SHAPES)), None)
    if shape is None:
        raise ValueError("no date")
    return _moment(shape.groupdict())


def _moment(parts: Mapping[str, str | None]) -> datetime:
    year = int(parts["year"] or "")
    if len(parts["year"] or "") == 2:
        year += 2000 if year < _SHORT_YEAR else 1900
    return datetime(
        year,
        _month(parts["month"] or "1"),
        int(parts["day"] or 1),
        _hour(int(parts["hour"] or 0), parts.get("half")),
        int(parts["minute"] or 0),
        min(int(parts["second"] or 0), 59),  # a leap second
        tzinfo=_zone(parts["offset"], parts["zone"]),
    )


def _hour(hour: int, half: str | None) -> int:
    match (half or "")[:2].lower():
        case "a" | "오전":
            return hour % 12
        case "p" | "오후":
            return hour % 12 + 12
        case _:
            return hour


def _month(name: str) -> int:
    if name.isdecimal():
        return int(name)
    letters = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))
    return _MONTHS.get(letters[:4]) or _MONTHS.get(letters[:3]) or int(letters)


def _zone(offset: str | None, name: str | None) -> timezone:
    """Return a zone; what is no known name is taken as UTC, as a missing one."""
    if offset is None:
        return timezone(timedelta(hours=_ZONES.get((name or "").lower(), 0)))
    digits = offset[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(ahead if offset[0] == "+" else -ahead)
