"""`tocsin alerts`: what rang, and how far each alert has come."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

from tocsin.alerts.envelope import timestamp
from tocsin.cli.ending import Exit
from tocsin.cli.frame import print_json, settings_for
from tocsin.cli.table import print_table
from tocsin.clock import utc_now
from tocsin.errors import UsageError
from tocsin.model import AlertReport, JsonObject
from tocsin.records import open_records

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def alerts(config: Path | None, since: str | None, rule: str | None, *, json: bool) -> Exit:
    """Print the alerts, oldest first."""
    settings = settings_for(config)
    begin = utc_now() - read_duration(since) if since else None

    async def work() -> list[AlertReport]:
        async with open_records(settings.database_url) as store:
            return list(await store.alert_reports(begin, rule))

    reports = asyncio.run(work())
    if json:
        for report in reports:
            print_json(_json(report))
    else:
        print_table(("rang", "rule", "title", "outlet", "channels", "alert"), map(_row, reports))
    return Exit.FINE


def read_duration(text: str) -> timedelta:
    """Read a duration such as 90m or 7d.

    Raises:
        UsageError: it is none.
    """
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if not match:
        raise UsageError(f"{text!r} is no duration; write a number and one of s, m, h, d, w, such as 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _json(report: AlertReport) -> JsonObject:
    dispatches = [
        {"channel": item.channel, "state": item.state.value, "reason": item.reason, "at": timestamp(item.at)}
        for item in report.dispatches
    ]
    return {**report.data, "created": timestamp(report.created), "dispatches": dispatches}


def _row(report: AlertReport) -> tuple[str, ...]:
    story = cast("Mapping[str, list[Mapping[str, object]]]", report.data["story"])
    return (
        report.created.strftime("%d %b %H:%M UTC"),
        str(cast("JsonObject", report.data["rule"])["name"]),
        str(cast("JsonObject", report.data["article"])["title"]),
        str(story["sources"][0]["outlet"]),
        ", ".join(f"{item.channel}: {item.state.value}" for item in report.dispatches),
        str(report.data["alert_id"]),
    )
