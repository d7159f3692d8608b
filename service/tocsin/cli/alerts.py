"""`tocsin alerts`: what rang, and how far each alert has come."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from tocsin.alerts.envelope import timestamp
from tocsin.alerts.render import own_outlet
from tocsin.cli.asked import asked_duration
from tocsin.cli.clippings import clippings
from tocsin.cli.ending import Exit
from tocsin.cli.frame import print_json, settings_for
from tocsin.cli.table import print_table
from tocsin.clock import utc_now
from tocsin.errors import UsageError
from tocsin.model import AlertReport, JsonObject
from tocsin.records import open_records


def alerts(config: Path | None, since: str | None, rule: str | None, *, json: bool, csv: bool) -> Exit:
    """Print the alerts, oldest first.

    Raises:
        UsageError: they are asked for as JSON and as CSV at once.
    """
    if json and csv:
        raise UsageError("choose one of --json and --csv")
    settings = settings_for(config)
    begin = utc_now() - asked_duration(since) if since is not None else None

    async def work() -> list[AlertReport]:
        async with open_records(settings.database_url) as store:
            return list(await store.alert_reports(begin, rule))

    reports = asyncio.run(work())
    if json:
        for report in reports:
            print_json(_json(report))
    elif csv:
        sys.stdout.write(clippings(reports))
    else:
        print_table(("rang", "rule", "title", "outlet", "channels", "alert"), map(_row, reports))
    return Exit.FINE


def _json(report: AlertReport) -> JsonObject:
    dispatches = [
        {"channel": item.channel, "state": item.state.value, "reason": item.reason, "at": timestamp(item.at)}
        for item in report.dispatches
    ]
    return {**report.data, "created": timestamp(report.created), "dispatches": dispatches}


def _row(report: AlertReport) -> tuple[str, ...]:
    return (
        report.created.strftime("%d %b %H:%M UTC"),
        str(cast("JsonObject", report.data["rule"])["name"]),
        str(cast("JsonObject", report.data["article"])["title"]),
        _outlets(report.data),
        ", ".join(f"{item.channel}: {item.state.value}" for item in report.dispatches),
        str(report.data["alert_id"]),
    )


def _outlets(data: JsonObject) -> str:
    """Return the outlet of the alert's article, and how many others have its story: `Harbour Post +2`."""
    own, story = own_outlet(data), cast("Mapping[str, list[Mapping[str, object]]]", data["story"])
    others = {str(source["outlet"]).casefold() for source in story["sources"]} - {own.casefold()}
    count = max(len(others), int(str(story.get("outlets_total", 0))) - 1)
    return f"{own} +{count}" if count > 0 else own
