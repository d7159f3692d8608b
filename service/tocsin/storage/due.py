"""What there is to do now."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.ports import DueWork
from tocsin.storage import conditions, feeds, pages

_LOOKS = (
    (DueWork.FEEDS, feeds.any_due),
    (DueWork.PAGES, pages.any_due),
    (DueWork.LATE_PAGES, pages.any_late),
    (DueWork.TELLINGS, conditions.any_due),
)


async def due_work(connection: AsyncConnection, now: datetime) -> frozenset[DueWork]:
    """Return the kinds of work of which there is some due that nobody holds."""
    return frozenset([kind for kind, any_due in _LOOKS if await any_due(connection, now)])
