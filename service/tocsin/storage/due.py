"""What there is to do now."""

from datetime import datetime

from sqlalchemy import Connection, select

from tocsin.ports import DueWork
from tocsin.storage import conditions, feeds, pages

_ANY = {
    DueWork.FEEDS: feeds.ANY_DUE,
    DueWork.PAGES: pages.ANY_DUE,
    DueWork.LATE_PAGES: pages.ANY_LATE,
    DueWork.TELLINGS: conditions.ANY_DUE,
}
_WHICH = select(*_ANY.values())  # one statement, as it is asked often


def due_work(connection: Connection, now: datetime) -> frozenset[DueWork]:
    """Return the kinds of work of which there is some due that nobody holds."""
    found = connection.execute(_WHICH, {"now": now}).one()
    return frozenset(kind for kind, is_due in zip(_ANY, found, strict=True) if is_due)
