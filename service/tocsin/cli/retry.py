"""`tocsin feeds retry`: has a feed asked now that is gone or that is left alone for a while because it fails."""

import asyncio
from pathlib import Path

from tocsin.app import Outside, control_socket, open_app
from tocsin.cli.ending import Exit, printable
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.cli.log import log_for
from tocsin.config.settings import LogLevel, Settings
from tocsin.control import ask
from tocsin.daemon import retry_feed
from tocsin.errors import UsageError
from tocsin.text.suggestions import suggestion


def retry(name: str, config: Path | None, *, json: bool) -> Exit:
    """Have the daemon poll a feed now, or the next run where none runs.

    Raises:
        UsageError: there is no feed of that name.
    """
    settings = settings_for(config)
    by_daemon = asyncio.run(_retried(settings, name))
    if json:
        print_json({"name": name, "daemon": by_daemon})
    else:
        print(printable(f"{name}: polled now" if by_daemon else f"{name}: polled when Tocsin runs next"))
    return Exit.FINE


async def _retried(settings: Settings, name: str) -> bool:
    """Make a feed due; tell whether a daemon was asked."""
    socket = control_socket(settings.database_url)
    if socket is not None and (answer := await ask(socket, "retry-feed", feed=name)) is not None:
        if not answer["ok"]:
            raise UsageError(str(answer["error"]))
        if not answer["found"]:
            raise UsageError(f"the daemon has no feed {name!r}")
        return True
    plan = plan_for(settings)
    if name not in plan.feed_named:
        raise UsageError(f"there is no feed {name!r}{suggestion(name, plan.feed_named)}")
    with log_for(settings.model_copy(update={"log_level": LogLevel.WARNING}), plan.secrets) as log:
        async with open_app(plan, settings.database_url, log, Outside()) as app:
            await retry_feed(app, name)
    return False
