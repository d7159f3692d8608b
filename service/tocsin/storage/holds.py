"""Alerts that wait until more outlets have their story: how they begin, ring, and end."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, select, update

from tocsin.model import Decisions, DropReason, HeldAlert, MatchOutcome
from tocsin.storage.failures import Outdated
from tocsin.storage.statements import NOW, insert_all, serialise
from tocsin.storage.stories import held_alert
from tocsin.storage.tables import held_alerts, matches, story_members

ANY_DUE = exists(select(held_alerts.c.id).where(held_alerts.c.until <= NOW))


def begin(connection: Connection, held: Sequence[HeldAlert], at: datetime) -> None:
    """Store alerts that wait from now on."""
    insert_all(connection, held_alerts, [{**asdict(alert), "created_at": at} for alert in held])


def release(connection: Connection, decided: Decisions) -> None:
    """Note that alerts which waited ring: the match that waited first rang, the others joined.

    Raises:
        Outdated: one of them does not wait any more.
    """
    rung = {alert.id: alert for alert in decided.alerts}
    for named in decided.released:
        row = connection.execute(select(held_alerts).where(held_alerts.c.id == named)).one_or_none()
        if row is None:
            raise Outdated(f"the alert {named} does not wait any more")
        waiting = update(matches).where(_waiting(row.rule_name, row.story_id))
        of_first = (matches.c.article_id == row.article_id) & (matches.c.version == row.version)
        alert = rung[named].id
        connection.execute(waiting.where(of_first).values(outcome=MatchOutcome.RUNG, alert_id=alert))
        connection.execute(waiting.where(~of_first).values(outcome=MatchOutcome.JOINED, alert_id=alert))
        connection.execute(delete(held_alerts).where(held_alerts.c.id == named))


def end(connection: Connection, ended: Sequence[tuple[str, DropReason]]) -> None:
    """End alerts that wait no more and do not ring: their matches are dropped.

    Raises:
        Outdated: one of them does not wait any more.
    """
    for named, reason in ended:
        row = connection.execute(select(held_alerts).where(held_alerts.c.id == named)).one_or_none()
        if row is None:
            raise Outdated(f"the alert {named} does not wait any more")
        _drop(connection, held_alert(row), reason)


def expire(connection: Connection, now: datetime) -> Sequence[HeldAlert]:
    """End the alerts that waited until now: their matches are dropped."""
    serialise(connection)
    due = select(held_alerts).where(held_alerts.c.until <= now).order_by(held_alerts.c.until, held_alerts.c.id)
    ended = [held_alert(row) for row in connection.execute(due)]
    for alert in ended:
        _drop(connection, alert, DropReason.TOO_FEW_SOURCES)
    return ended


def _drop(connection: Connection, alert: HeldAlert, reason: DropReason) -> None:
    dropped = update(matches).where(_waiting(alert.rule_name, alert.story_id))
    connection.execute(dropped.values(outcome=MatchOutcome.DROPPED, reason=reason))
    connection.execute(delete(held_alerts).where(held_alerts.c.id == alert.id))


def _waiting(rule: str, story: str) -> ColumnElement[bool]:
    """Hold for the matches of a rule that wait in a story."""
    of_story = select(story_members.c.article_id).where(story_members.c.story_id == story)
    is_waiting = (matches.c.outcome == MatchOutcome.WAITING) & (matches.c.rule_name == rule)
    return is_waiting & matches.c.article_id.in_(of_story)
