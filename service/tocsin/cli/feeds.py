"""`tocsin feeds`: how each feed is doing."""

import asyncio
from datetime import datetime
from pathlib import Path

from tocsin.cli.ending import Exit
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.cli.table import print_table
from tocsin.clock import utc_now
from tocsin.log import Veil
from tocsin.model import FeedReport, JsonObject
from tocsin.records import open_records


def feeds(config: Path | None, *, json: bool) -> Exit:
    """Print the health of each feed."""
    settings = settings_for(config)
    veil = Veil(plan_for(settings).secrets)

    async def work() -> list[FeedReport]:
        async with open_records(settings.database_url) as store:
            return list(await store.feed_reports(utc_now()))

    reports = asyncio.run(work())
    if json:
        for report in reports:
            print_json(_json(report, veil))
    else:
        columns = ("feed", "state", "last success", "next poll", "a day", "unchanged", "why")
        print_table(columns, (_row(report) for report in reports))
    return Exit.FINE


def _json(report: FeedReport, veil: Veil) -> JsonObject:
    return {
        "name": report.name,
        "url": veil(report.location),
        "state": report.state.value,
        "reason": report.reason,
        "last_success": _time(report.last_success),
        "next_poll": _time(report.next_poll),
        "entries_a_day": report.entries_a_day,
        "not_modified_share": report.not_modified_share,
        "bytes": report.received,
        "failures": report.failures,
    }


def _row(report: FeedReport) -> tuple[str, ...]:
    return (
        report.name,
        report.state.value,
        _local(report.last_success),
        _local(report.next_poll),
        "" if report.entries_a_day is None else f"{report.entries_a_day:.1f}",
        "" if report.not_modified_share is None else f"{report.not_modified_share:.0%}",
        report.detail or "",
    )


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _local(moment: datetime | None) -> str:
    return moment.strftime("%d %b %H:%M:%S UTC") if moment else "never"
