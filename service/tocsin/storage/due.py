"""What there is to do now."""

from datetime import datetime

from sqlalchemy import Connection, or_, select

from tocsin.ports import DueWork
from tocsin.storage import batches, channels, conditions, feeds, holds, pages, prune

_ANY = {
    DueWork.FEEDS: feeds.ANY_DUE,
    DueWork.PAGES: pages.ANY_DUE,
    DueWork.LATE_PAGES: pages.ANY_LATE,
    DueWork.TELLINGS: or_(conditions.ANY_DUE, channels.ANY_DUE),
    DueWork.HOLDS: holds.ANY_DUE,
    DueWork.BATCHES: batches.ANY_DUE,
    DueWork.CHORES: prune.ANY_DUE,
}
_WHICH = select(*_ANY.values())  # one statement, as it is asked often


def due_work(connection: Connection, now: datetime) -> frozenset[DueWork]:
    """Return the kinds of work of which there is some due that nobody holds."""
    found = connection.execute(_WHICH, {"now": now, **prune.times(now)}).one()
    return frozenset(kind for kind, is_due in zip(_ANY, found, strict=True) if is_due)
