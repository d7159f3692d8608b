"""Commands that look after the service: `send-test`, `db upgrade` and `schema`."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from tocsin.alerts.payload_schema import payload_schema
from tocsin.app import Outside, bring_up_to_date, control_socket, open_app
from tocsin.cli.ending import Exit, printable
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.cli.log import log_for
from tocsin.config.schema import json_schema
from tocsin.config.settings import LogLevel, Settings
from tocsin.control import ask
from tocsin.daemon import send_test
from tocsin.errors import UsageError
from tocsin.model import DeliveryState, JsonObject
from tocsin.records import back_up


def test_channel(channel: str, config: Path | None, *, json: bool) -> Exit:
    """Send a test message the way alerts go, through the daemon where one runs; print how it went."""
    settings = settings_for(config)
    # A console channel of ours must not write between the lines of JSON.
    outside = Outside(output=sys.stderr if json else sys.stdout)
    deliveries = asyncio.run(_tested(settings, channel, outside))
    for item in deliveries:
        if json:
            print_json(item)
        else:
            print(printable(_told(item)))
    arrived = [item["state"] == DeliveryState.DELIVERED.value for item in deliveries]
    return Exit.FINE if arrived and all(arrived) else Exit.FINDING


async def _tested(settings: Settings, channel: str, outside: Outside) -> Sequence[JsonObject]:
    socket = control_socket(settings.database_url)
    if socket is not None and (answer := await ask(socket, "send-test", channel=channel)) is not None:
        if not answer["ok"]:
            raise UsageError(str(answer["error"]))
        return cast("Sequence[JsonObject]", answer["deliveries"])
    plan = plan_for(settings)
    with log_for(settings.model_copy(update={"log_level": LogLevel.WARNING}), plan.secrets) as log:
        async with open_app(plan, settings.database_url, log, outside) as app:
            return await send_test(app, channel)


def _told(item: JsonObject) -> str:
    to = f"{item['channel']} ({item['recipient']})" if item["recipient"] else str(item["channel"])
    told = [f"{to}: {item['state']}", *([str(item["detail"])] if item["detail"] else [])]
    if item["status"] and str(item["status"]) not in str(item["detail"]):
        told.append(f"status {item['status']}")
    if item["seconds"] is not None:
        told.append(f"{item['seconds']:.2f} s")
    if item["remote_id"]:
        told.append(f"its id there: {item['remote_id']}")
    return ", ".join(told)


def upgrade_database(config: Path | None) -> Exit:
    """Bring the database up to date."""
    applied = bring_up_to_date(settings_for(config).database_url)
    print(f"applied: {', '.join(applied)}" if applied else "the database is up to date")
    return Exit.FINE


def backup_database(file: Path, config: Path | None) -> Exit:
    """Copy the database to a file."""
    back_up(settings_for(config).database_url, file)
    print(printable(f"{file}: a whole copy of the database"))
    return Exit.FINE


def schema(of: str) -> Exit:
    """Print the JSON Schema of the configuration or of the alert payload."""
    import json  # noqa: PLC0415 - the only command that prints more than a line of it

    schemas = {"config": json_schema, "alert": payload_schema}
    if of not in schemas:
        raise UsageError(f"there is no schema {of!r}; there is: {', '.join(schemas)}")
    sys.stdout.write(json.dumps(schemas[of](), indent=2, ensure_ascii=False) + "\n")
    return Exit.FINE
