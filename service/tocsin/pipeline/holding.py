"""Ending the wait for more outlets: what too few of them had in time is dropped, and said to be."""

from tocsin.errors import StorageError
from tocsin.log import Event
from tocsin.model import DropReason
from tocsin.pipeline.tools import Tools


class Holding:
    """The step that ends alerts which waited long enough."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def expire(self) -> None:
        """End the alerts for which too few outlets had the story in time."""
        store, now = self._tools.store, self._tools.clock()
        try:
            ended = await self._tools.stored(lambda: store.expire_holds(now), step="expire")
        except StorageError as error:
            self._tools.journal.error(Event.STORAGE_FAILED, step="expire", detail=str(error))
            return
        for held in ended:
            self._tools.journal.warning(
                Event.ALERT_DROPPED,
                alert=held.id,
                rule=held.rule_name,
                story=held.story_id,
                article=held.article_id,
                reason=DropReason.TOO_FEW_SOURCES.value,
            )
