"""What was decided about articles, in the order that foreign keys allow."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from tocsin.model import AlertRecord, Decisions, DispatchRecord, MatchRecord
from tocsin.storage import deliveries
from tocsin.storage.statements import Row, batches, insert_all, insert_or
from tocsin.storage.tables import alerts, dispatches, matches, stories, story_members


def existing_alerts(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Return those of the alert ids that are stored."""
    found: set[str] = set()
    for batch in batches(ids):
        found.update(connection.scalars(select(alerts.c.id).where(alerts.c.id.in_(batch))))
    return frozenset(found)


def store(connection: Connection, decided: Decisions, at: datetime) -> None:
    """Store decisions.

    Raises:
        AlreadyStored: one of their rows is there already.
    """
    _store_stories(connection, decided, at)
    insert_all(connection, alerts, [_alert_row(alert, at) for alert in decided.alerts])
    insert_all(connection, matches, [_match_row(match, at) for match in decided.matches])
    insert_all(connection, dispatches, [_dispatch_row(dispatch, at) for dispatch in decided.dispatches])
    for number, message in enumerate(decided.messages):
        # Due in their order, so that an early article is told before a late one.
        deliveries.add(connection, message, at + timedelta(microseconds=number))


def _store_stories(connection: Connection, decided: Decisions, at: datetime) -> None:
    """Store stories with the articles that open them; one that waited for its page may have opened it before."""
    opened = [{"id": story.id, "first_seen": story.first_seen} for story, _ in decided.stories]
    members = [{"story_id": story.id, "article_id": article, "joined_at": at} for story, article in decided.stories]
    for table, rows in ((stories, opened), (story_members, members)):
        if rows:
            connection.execute(insert_or(connection, table).on_conflict_do_nothing(), rows)


def _alert_row(alert: AlertRecord, at: datetime) -> Row:
    return {
        "id": alert.id,
        "rule_name": alert.rule_name,
        "rule_key": alert.rule_key,
        "story_id": alert.story_id,
        "article_id": alert.article_id,
        "version": alert.version,
        "data": alert.data,
        "created_at": at,
    }


def _match_row(match: MatchRecord, at: datetime) -> Row:
    return {**asdict(match), "created_at": at}


def _dispatch_row(dispatch: DispatchRecord, at: datetime) -> Row:
    return {**asdict(dispatch), "changed_at": at}
