"""The one transaction of a poll: everything that it decided, or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, update

from tocsin.model import Changed, Commit, EntryOutcome, FeedPart, New, PollRecord, Seen, Skipped
from tocsin.storage import conditions, decisions, entries, furniture, pages
from tocsin.storage.memory import columns_of, validator_columns
from tocsin.storage.statements import NOBODY, insert_all, insert_or, serialise
from tocsin.storage.tables import entry_counts, feed_parts, feeds


def commit(connection: Connection, record: PollRecord) -> Commit:
    """Store a poll, in an order that foreign keys allow.

    Raises:
        Outdated: a row of the decision is there already, or what it builds upon changed.
    """
    serialise(connection)
    if record.entries:
        entries.note_carried(connection, record.feed)  # by when the feed was last had before this poll
    if not _give_back(connection, record):
        return Commit.LEASE_LOST
    conditions.note(connection, record.feed, record.conditions, record.at)
    if record.reached:
        conditions.network_answers(connection, record.at)
    if record.busy:
        pages.mark_busy(connection, *record.busy)
    if record.parts is not None:
        _replace_parts(connection, record.feed, record.parts)
    entries.store(connection, record.entries, record.feed, record.at)
    pages.stop_waiting(connection, _decided(record))
    pages.await_pages(connection, record.feed, record.pages)
    furniture.store(connection, record.feed, record.reports)
    decisions.store(connection, record.decisions, record.at)
    _count(connection, record.entries)
    return Commit.DONE


def _give_back(connection: Connection, record: PollRecord) -> bool:
    """Store how the feed is doing and give its lease back; False where the lease is somebody else's."""
    return connection.execute(_GIVE_BACK, _feed_values(record)).rowcount == 1


#: Takes what is counted, and where the feed is whose; the columns that are simply set come with the parameters.
_GIVE_BACK = (
    update(feeds)
    .where(feeds.c.name == bindparam("of"), feeds.c.lease_owner == bindparam("by"))
    .values(
        state_since=case(
            (feeds.c.state == bindparam("now_in", type_=feeds.c.state.type), feeds.c.state_since),
            else_=bindparam("now", type_=feeds.c.state_since.type),
        ),
        polls=feeds.c.polls + 1,
        not_modified=feeds.c.not_modified + bindparam("more_not_modified"),
        received=feeds.c.received + bindparam("more_received"),
        entries_new=feeds.c.entries_new + case((feeds.c.first_polled_at.is_(None), 0), else_=bindparam("more_new")),
    )
)


def _feed_values(record: PollRecord) -> Mapping[str, Any]:
    return {
        "of": record.feed,
        "by": record.owner,
        "now_in": record.state,
        "now": record.at,
        "more_not_modified": int(record.not_modified),
        "more_received": record.received,
        "more_new": sum(isinstance(outcome, New) for outcome in record.entries),
        "state": record.state,
        "reason": record.reason,
        "detail": record.detail,
        "stopped": record.next_poll is None,
        "due_at": record.next_poll or record.at,
        **columns_of(record.memory),
        **NOBODY,
    }


def _decided(record: PollRecord) -> Sequence[str]:
    """Return the articles whose further versions the poll decided upon, as no page is to be read for them."""
    to_be_read = {page.article_id for page in record.pages}
    changed = (entry.article.id for entry in record.entries if isinstance(entry, Changed))
    return [article for article in changed if article not in to_be_read]


def _replace_parts(connection: Connection, feed: str, parts: Sequence[FeedPart]) -> None:
    connection.execute(delete(feed_parts).where(feed_parts.c.feed == feed))
    rows = [
        {
            "feed": feed,
            "position": position,
            "url": part.url,
            "fingerprint": part.fingerprint,
            **validator_columns(part.validators),
        }
        for position, part in enumerate(parts)
    ]
    insert_all(connection, feed_parts, rows)


def _count(connection: Connection, outcomes: Sequence[EntryOutcome]) -> None:
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
    connection.execute(statement, rows)


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
