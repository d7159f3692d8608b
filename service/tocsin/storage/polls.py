"""The one transaction of a poll: everything that it decided, or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model import (
    AlertRecord,
    Changed,
    Commit,
    DispatchRecord,
    EntryOutcome,
    FeedState,
    MatchRecord,
    New,
    PollRecord,
    Seen,
    Skipped,
)
from tocsin.storage import deliveries, entries
from tocsin.storage.statements import NOBODY, Row, batches, insert_all, insert_or, serialise
from tocsin.storage.tables import alerts, dispatches, entry_counts, feeds, matches, stories, story_members


async def existing_alerts(connection: AsyncConnection, ids: Sequence[str]) -> frozenset[str]:
    """Return those of the alert ids that are stored."""
    found: set[str] = set()
    for batch in batches(ids):
        found.update(await connection.scalars(select(alerts.c.id).where(alerts.c.id.in_(batch))))
    return frozenset(found)


async def commit(connection: AsyncConnection, record: PollRecord) -> Commit:
    """Store a poll, in an order that foreign keys allow.

    Raises:
        AlreadyStored: a row of the decision is there already.
    """
    await serialise(connection)
    if not await _give_back(connection, record):
        return Commit.LEASE_LOST
    await entries.store(connection, record.entries, record.feed, record.at)
    await _store_stories(connection, record)
    await insert_all(connection, alerts, [_alert_row(alert, record.at) for alert in record.alerts])
    await insert_all(connection, matches, [_match_row(match, record.at) for match in record.matches])
    await insert_all(connection, dispatches, [_dispatch_row(dispatch, record.at) for dispatch in record.dispatches])
    for number, message in enumerate(record.messages):
        # Due in their order, so that an early article is told before a late one.
        await deliveries.add(connection, message, record.at + timedelta(microseconds=number))
    await _count(connection, record.entries)
    return Commit.DONE


async def _give_back(connection: AsyncConnection, record: PollRecord) -> bool:
    """Store how the feed is doing and give its lease back; False where the lease is somebody else's."""
    ours = (feeds.c.name == record.feed) & (feeds.c.lease_owner == record.owner)
    result = await connection.execute(update(feeds).where(ours).values(_feed_values(record)))
    return result.rowcount == 1


def _feed_values(record: PollRecord) -> Mapping[str, Any]:
    new = sum(isinstance(outcome, New) for outcome in record.entries)
    return {
        "state": record.state,
        "reason": record.reason,
        "detail": record.detail,
        "failures": record.failures,
        "due_at": record.next_poll,
        "polls": feeds.c.polls + 1,
        "not_modified": feeds.c.not_modified + int(record.not_modified),
        "received": feeds.c.received + record.received,
        "entries_new": feeds.c.entries_new + case((feeds.c.first_polled_at.is_(None), 0), else_=new),
        **_learnt(record),
        **NOBODY,
    }


def _learnt(record: PollRecord) -> Mapping[str, Any]:
    """Return what only some polls tell of their feed; what one does not tell stays."""
    learnt: dict[str, Any] = {}
    if record.state is FeedState.OK:
        first = feeds.c.first_polled_at
        learnt["first_polled_at"] = func.coalesce(first, literal(record.at, first.type))
        learnt["last_success_at"] = record.at
    if record.validators is not None:
        learnt |= asdict(record.validators)
    if record.fingerprint is not None:
        learnt["fingerprint"] = record.fingerprint
    if record.mean_gap is not None:
        learnt["mean_gap_seconds"] = record.mean_gap.total_seconds()
    return learnt


async def _store_stories(connection: AsyncConnection, record: PollRecord) -> None:
    opened = [{"id": story.id, "first_seen": story.first_seen} for story, _ in record.stories]
    members = [
        {"story_id": story.id, "article_id": article, "joined_at": record.at} for story, article in record.stories
    ]
    await insert_all(connection, stories, opened)
    await insert_all(connection, story_members, members)


async def _count(connection: AsyncConnection, outcomes: Sequence[EntryOutcome]) -> None:
    """Add to the counts by outcome, and apart from them to the count of all (outcome empty)."""
    counts = Counter(_outcome(entry) for entry in outcomes)
    if not counts:
        return
    rows = [{"outcome": outcome, "reason": reason, "total": count} for (outcome, reason), count in counts.items()]
    rows.append({"outcome": "", "reason": "", "total": len(outcomes)})
    statement = insert_or(connection, entry_counts)
    statement = statement.on_conflict_do_update(
        index_elements=[entry_counts.c.outcome, entry_counts.c.reason],
        set_={"total": entry_counts.c.total + statement.excluded.total},
    )
    await connection.execute(statement, rows)


def _outcome(entry: EntryOutcome) -> tuple[str, str]:
    match entry:
        case New():
            return "new", ""
        case Changed():
            return "changed", ""
        case Seen():
            return "seen", ""
        case Skipped(reason=reason):
            return "skipped", reason.value


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
