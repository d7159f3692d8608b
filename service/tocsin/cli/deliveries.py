"""`tocsin deliveries`: where deliveries stand; trying them again, and giving them up."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tocsin.app import App
from tocsin.cli.changing import changed
from tocsin.cli.ending import Exit, printable
from tocsin.cli.feeds import short_duration
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.cli.table import print_table
from tocsin.clock import utc_now
from tocsin.daemon import drop_delivery, retry_deliveries
from tocsin.errors import UsageError
from tocsin.log import Veil
from tocsin.model import DeliveryReport, DeliveryState, JsonObject
from tocsin.records import open_records
from tocsin.text.suggestions import suggestion

COLUMNS = ("delivery", "state", "channel", "recipient", "age", "attempts", "reason", "next try", "last answer")

#: The newest that are shown.
MOST_SHOWN = 10_000


def deliveries(config: Path | None, state: str | None, channel: str | None, *, json: bool) -> Exit:
    """Print where deliveries stand, oldest first.

    Raises:
        UsageError: there is no such state.
    """
    wanted = _state(state) if state is not None else None
    settings = settings_for(config)
    veil = Veil(plan_for(settings).secrets)
    now = utc_now()

    async def work() -> Sequence[DeliveryReport]:
        async with open_records(settings.database_url) as store:
            return await store.list_deliveries(wanted, channel, MOST_SHOWN)

    reports = asyncio.run(work())
    if json:
        for report in reports:
            print_json(_json(report, veil))
    else:
        print_table(COLUMNS, (_row(report, now, veil) for report in reports))
    return Exit.FINE


def retry(named: str | None, config: Path | None, channel: str | None, *, every: bool, json: bool) -> Exit:
    """Have a delivery, or all of them, be tried now, by the daemon or by the next run.

    Raises:
        UsageError: there is no such delivery or channel, or it is not said which is meant.
    """
    if (named is None) is not every:
        raise UsageError("say which delivery is meant: its ID, or --all")
    if channel is not None and not every:
        raise UsageError("--channel goes with --all")
    settings = settings_for(config)

    async def here(app: App) -> JsonObject:
        return {"found": len(await retry_deliveries(app, named, channel))}

    asked = {"delivery": named, "channel": channel}
    answer, by_daemon = asyncio.run(changed(settings, "retry-deliveries", asked, here))
    found = answer["found"]
    if named is not None and not found:
        raise UsageError(_none_such(named))
    if json:
        print_json({"deliveries": found, "daemon": by_daemon})
    else:
        told = named or f"{found} {'delivery' if found == 1 else 'deliveries'}"
        print(printable(f"{told}: tried now" if by_daemon else f"{told}: tried when Tocsin runs next"))
    return Exit.FINE


def drop(named: str, config: Path | None, *, json: bool) -> Exit:
    """Give up a delivery.

    Raises:
        UsageError: there is no such delivery.
    """

    async def here(app: App) -> JsonObject:
        return {"found": await drop_delivery(app, named)}

    answer, by_daemon = asyncio.run(changed(settings_for(config), "drop-delivery", {"delivery": named}, here))
    if not answer["found"]:
        raise UsageError(_none_such(named))
    if json:
        print_json({"delivery": named, "daemon": by_daemon})
    else:
        print(printable(f"{named}: dropped"))
    return Exit.FINE


def _none_such(named: str) -> str:
    return f"no delivery {named!r} waits or is dead; `tocsin deliveries` lists them"


def _state(name: str) -> DeliveryState:
    try:
        return DeliveryState(name)
    except ValueError:
        known = [state.value for state in DeliveryState]
        there_are = f"; there are: {', '.join(known)}"
        raise UsageError(f"there is no state {name!r}{suggestion(name, known) or there_are}") from None


def _json(report: DeliveryReport, veil: Veil) -> JsonObject:
    return {
        "delivery_id": report.id,
        "state": report.state.value,
        "reason": report.reason,
        "channel": report.channel,
        "recipient": report.recipient,
        "created": _time(report.created),
        "attempts": report.attempts,
        "next_try": _time(report.due),
        "status": report.last_status,
        "detail": veil(report.last_detail) if report.last_detail else None,
        "remote_id": report.remote_id,
    }


def _row(report: DeliveryReport, now: datetime, veil: Veil) -> tuple[str, ...]:
    return (
        report.id,
        report.state.value,
        report.channel,
        report.recipient,
        short_duration(now - report.created) if report.created else "",
        str(report.attempts),
        (report.reason or "").replace("_", " "),
        _due(report.due, now),
        veil(report.last_detail or ""),
    )


def _due(due: datetime | None, now: datetime) -> str:
    if due is None:
        return ""
    return f"in {short_duration(due - now)}" if due > now else "now"


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
