"""Retention: what is old and done with is taken out of the database, once an hour."""

from tocsin.errors import StorageError
from tocsin.log import Event
from tocsin.pipeline.tools import Tools


class Pruning:
    """The step that takes out what is old."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def prune(self) -> None:
        """Take out what is older than the plan's `retention`, if it is time to look for it.

        A full database is not waited for: there is nothing to be lost, and the next time is in an hour.
        """
        tools, keep = self._tools, self._tools.configuration.plan.retention
        try:
            if not await tools.store.claim_pruning(tools.clock()):
                return
            taken = await tools.store.prune(keep, tools.clock())
        except StorageError as error:
            tools.journal.error(Event.STORAGE_FAILED, step="prune", detail=str(error))
            return
        tell = tools.journal.info if any(taken.values()) else tools.journal.debug
        tell(Event.DATABASE_PRUNED, rows=dict(taken))
