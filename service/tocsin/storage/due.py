"""What there is to do now."""

from datetime import datetime

from sqlalchemy import Connection, select

from tocsin.ports import DueWork
from tocsin.storage import conditions, feeds, pages

_KINDS = (
    (DueWork.FEEDS, feeds.any_due),
    (DueWork.PAGES, pages.any_due),
    (DueWork.LATE_PAGES, pages.any_late),
    (DueWork.TELLINGS, conditions.any_due),
)


def due_work(connection: Connection, now: datetime) -> frozenset[DueWork]:
    """Return the kinds of work of which there is some due that nobody holds. One statement, as it is asked often."""
    found = (connection.execute(select(*(any_due(now) for _, any_due in _KINDS)))).one()
    return frozenset(kind for (kind, _), is_due in zip(_KINDS, found, strict=True) if is_due)
