"""What was decided about articles, in the order that foreign keys allow."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, update

from tocsin.model import AlertRecord, AlertUpdate, Decisions, DispatchRecord, MatchRecord
from tocsin.storage import batches, deliveries, holds, stories
from tocsin.storage.failures import Outdated
from tocsin.storage.statements import Row, insert_all
from tocsin.storage.tables import alerts, dispatches, matches


def store(connection: Connection, decided: Decisions, at: datetime) -> None:
    """Store decisions.

    Raises:
        Outdated: one of their rows is there already, or what they build upon changed.
    """
    stories.place(connection, decided, at)
    holds.end(connection, decided.ended)
    insert_all(connection, alerts, [_alert_row(alert, at) for alert in decided.alerts])
    insert_all(connection, matches, [_match_row(match, at) for match in decided.matches])
    holds.begin(connection, decided.held, at)
    holds.release(connection, decided)
    for change in decided.updates:
        _update(connection, change)
    batches.open_all(connection, decided.batches, at)
    insert_all(connection, dispatches, [_dispatch_row(dispatch, at) for dispatch in decided.dispatches])
    # Due in their order, so that an early article is told before a late one.
    deliveries.add(connection, decided.messages, at)


def _update(connection: Connection, change: AlertUpdate) -> None:
    """Store what an alert says from now on, unless somebody else changed it meanwhile."""
    as_known = (alerts.c.id == change.alert_id) & (alerts.c.updates == change.number - 1)
    said = {"data": change.data, "article_id": change.article_id, "version": change.version, "updates": change.number}
    if connection.execute(update(alerts).where(as_known).values(said)).rowcount != 1:
        raise Outdated(f"the alert {change.alert_id} was updated by another")


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
    return {**asdict(dispatch), "changed_at": at, "created_at": at}
