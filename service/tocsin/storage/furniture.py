"""The reports of a feed that its furniture is counted in."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update

from tocsin.model import CountedReport
from tocsin.model.stories import MOST_REPORTS
from tocsin.storage.statements import insert_all
from tocsin.storage.tables import counted_reports

_NUMBER = counted_reports.c.number


def counted(connection: Connection, feed: str) -> Sequence[CountedReport]:
    """Return the last reports of a feed, oldest first."""
    of_feed = select(counted_reports).where(counted_reports.c.feed == feed)
    rows = connection.execute(of_feed.order_by(_NUMBER.desc()).limit(MOST_REPORTS)).all()
    return [
        CountedReport(article_id=row.article_id, title=row.title, paragraphs=row.paragraphs, number=row.number)
        for row in reversed(rows)
    ]


def store(connection: Connection, feed: str, reports: Sequence[CountedReport]) -> None:
    """Renew the reports that have a number, as far as they are kept; add the others, and drop what is too old."""
    if not reports:
        return
    of_feed = counted_reports.c.feed == feed
    for report in reports:
        if report.number is not None:
            renewed = update(counted_reports).where(of_feed, counted_reports.c.number == report.number)
            connection.execute(renewed.values(title=report.title, paragraphs=report.paragraphs))
    newest = connection.scalar(select(func.max(_NUMBER)).where(of_feed)) or 0
    added = [report for report in reports if report.number is None]
    rows = [
        {
            "feed": feed,
            "number": number,
            "article_id": report.article_id,
            "title": report.title,
            "paragraphs": report.paragraphs,
        }
        for number, report in enumerate(added, start=newest + 1)
    ]
    insert_all(connection, counted_reports, rows[-MOST_REPORTS:])
    connection.execute(delete(counted_reports).where(of_feed, newest + len(added) - MOST_REPORTS >= _NUMBER))
