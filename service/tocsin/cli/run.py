"""`tocsin run`: the daemon, or its work done once."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tocsin.app import Outside, open_app
from tocsin.cli.ending import Exit
from tocsin.cli.frame import plan_for, settings_for
from tocsin.cli.log import log_for
from tocsin.config.build import directory_state
from tocsin.config.settings import Settings
from tocsin.daemon import Watched, run_daemon, run_once, tell_warnings
from tocsin.records import copy_for_dry_run


def run(config: Path | None, *, once: bool, dry_run: bool = False) -> Exit:
    """Run until told to stop, or poll and deliver once.

    A dry run works on a copy of the database that is thrown away, and shows messages in place of sending them. It may
    run beside a daemon.

    Raises:
        UsageError: a dry run on a database that a server keeps.
    """
    settings = settings_for(config)
    if not dry_run:
        return _run(settings, once=once, dry_run=False)
    with TemporaryDirectory(prefix="tocsin-") as folder:
        copied = copy_for_dry_run(settings.database_url, Path(folder) / "tocsin.db")
        return _run(settings.model_copy(update={"database_url": copied}), once=once, dry_run=True)


def _run(settings: Settings, *, once: bool, dry_run: bool) -> Exit:
    state = directory_state(settings.config)  # as it was before it is read: what changes meanwhile is read again
    plan = plan_for(settings)
    with log_for(settings, plan.secrets) as log:
        tell_warnings(log.logger, plan)

        async def work() -> Exit:
            outside = Outside(output=sys.stdout, patient=not once, dry_run=dry_run)
            # A daemon waits for room on a full disk; whoever runs it once sees to that before the next time.
            async with open_app(plan, settings.database_url, log, outside) as app:
                if once:
                    return Exit.FINE if await run_once(app) else Exit.FINDING
                await run_daemon(app, Watched(directory=settings.config, state=state))
                return Exit.FINE

        return asyncio.run(work())
