"""`tocsin run`: the daemon, or its work done once."""

import asyncio
from pathlib import Path

from tocsin.app import Outside, open_app
from tocsin.cli.ending import Exit
from tocsin.cli.frame import plan_for, settings_for
from tocsin.cli.log import log_for
from tocsin.daemon import run_daemon, run_once
from tocsin.log import Event


def run(config: Path | None, *, once: bool) -> Exit:
    """Run until told to stop, or poll and deliver once."""
    settings = settings_for(config)
    plan = plan_for(settings)
    with log_for(settings, plan.secrets) as log:
        for warning in plan.warnings:
            log.logger.warning(Event.CONFIG_WARNED, problem=str(warning))

        async def work() -> Exit:
            # A daemon waits for room on a full disk; whoever runs it once sees to that before the next time.
            async with open_app(plan, settings.database_url, log, Outside(patient=not once)) as app:
                if once:
                    return Exit.FINE if await run_once(app) else Exit.FINDING
                await run_daemon(app)
                return Exit.FINE

        return asyncio.run(work())
