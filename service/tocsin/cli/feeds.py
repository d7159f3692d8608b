"""`tocsin feeds`: how each feed is doing."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tocsin.cli.ending import Exit, printable
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.cli.table import print_table
from tocsin.clock import utc_now
from tocsin.log import Veil
from tocsin.model import FeedReport, FeedState, JsonObject
from tocsin.records import open_records

COLUMNS = ("feed", "state", "since", "last success", "next poll", "a day", "304", "bytes")
AMOUNTS = frozenset({"a day", "304", "bytes"})

#: States that need no words.
PLAIN = frozenset({FeedState.OK, FeedState.NEW})

_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"), (timedelta(seconds=1), "s"))


def feeds(config: Path | None, *, json: bool) -> Exit:
    """Print the health of each feed: a table, and below it what is not as it should be, in words."""
    settings = settings_for(config)
    veil = Veil(plan_for(settings).secrets)
    now = utc_now()

    async def work() -> Sequence[FeedReport]:
        async with open_records(settings.database_url) as store:
            return await store.feed_reports(now)

    reports = asyncio.run(work())
    if json:
        for report in reports:
            print_json(_json(report, veil))
        return Exit.FINE
    print_table(COLUMNS, (_row(report, now) for report in reports), right=AMOUNTS)
    odd = [report for report in reports if report.state not in PLAIN or report.detail]
    for line in ["", *(_in_words(report, veil) for report in odd)] if odd else []:
        print(printable(line))
    return Exit.FINE


def _json(report: FeedReport, veil: Veil) -> JsonObject:
    return {
        "name": report.name,
        "url": veil(report.location),
        "state": report.state.value,
        "reason": report.reason,
        "detail": veil(report.detail) if report.detail else None,
        "since": _time(report.since),
        "conditions": [condition.value for condition in report.conditions],
        "moved_to": veil(report.moved_to) if report.moved_to else None,
        "last_success": _time(report.last_success),
        "next_poll": _time(report.next_poll),
        "entries_a_day": report.entries_a_day,
        "not_modified_share": report.not_modified_share,
        "bytes": report.received,
        "failures": report.failures,
    }


def _row(report: FeedReport, now: datetime) -> tuple[str, ...]:
    return (
        report.name,
        _words(report.state),
        short_duration(now - report.since) if report.since and report.state not in PLAIN else "",
        f"{short_duration(now - report.last_success)} ago" if report.last_success else "never",
        _due(report.next_poll, now),
        "" if report.entries_a_day is None else f"{report.entries_a_day:.1f}",
        "" if report.not_modified_share is None else f"{report.not_modified_share:.0%}",
        short_size(report.received),
    )


def _words(state: FeedState) -> str:
    return state.value.replace("_", " ").replace("-", " ")


def _due(next_poll: datetime | None, now: datetime) -> str:
    if next_poll is None:
        return "never"
    return f"in {short_duration(next_poll - now)}" if next_poll > now else "now"


def short_duration(duration: timedelta) -> str:
    """Return a duration in its largest unit: 3d, 14h, 5m, 20s; 0s for one that is negative."""
    unit, letter = next((pair for pair in _UNITS if duration >= pair[0]), _UNITS[-1])
    return f"{max(duration, timedelta()) // unit}{letter}"


def short_size(size: int) -> str:
    """Return a number of bytes in three digits or so: 950 B, 12 kB, 3.4 MB."""
    amount, units = float(size), ("B", "kB", "MB", "GB")
    unit = 0
    while amount >= 999.5 and unit < len(units) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.1f} {units[unit]}" if 0 < amount < 9.95 and unit else f"{amount:.0f} {units[unit]}"


def _in_words(report: FeedReport, veil: Veil) -> str:
    since = f" since {report.since:%d %b %H:%M} UTC" if report.since else ""
    said = f"{report.name}: {_words(report.state)}{since}"
    said += f": {veil(report.detail)}" if report.detail else ""
    others = [_words(state) for state in report.conditions if state is not report.state]
    said += f"; also {', '.join(others)}" if others else ""
    return said + (f"; it is at {veil(report.moved_to)} by now" if report.moved_to else "")


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
