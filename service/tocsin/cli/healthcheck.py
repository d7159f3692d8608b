"""`tocsin healthcheck`: whether a daemon is alive. Containers ask again and again, so it imports little."""

import asyncio
from datetime import timedelta

from tocsin.cli.ending import Exit, complain
from tocsin.clock import utc_now
from tocsin.config.settings import load_settings
from tocsin.records import open_records

#: A daemon notes every few seconds that it is alive; after so long without, it is not.
STALE = timedelta(seconds=30)


def healthcheck() -> Exit:
    """Tell by exit status whether a daemon is alive on the database."""
    settings = load_settings()

    async def work() -> Exit:
        async with open_records(settings.database_url) as store:
            last = await store.last_tick()
        if last is not None and utc_now() - last < STALE:
            return Exit.FINE
        complain(
            "no daemon has run on this database"
            if last is None
            else f"no daemon is alive since {last:%Y-%m-%d %H:%M:%SZ}"
        )
        return Exit.FINDING

    return asyncio.run(work())
