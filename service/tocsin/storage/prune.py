"""Retention: rows that are done with go, and nothing that anybody may still need.

What goes together is found in one reading transaction and taken out in pieces of some hundred rows, each a writing
transaction of its own that looks again: nobody waits long for the database. What is half gone is gone on with the
next time, as what remains of it is still too old.

An entry's name outlives its feed's last reading that had it by as long as articles are kept; where only a file or a
part of an index that changed is read again, names stay as long as the feed is configured. An article, its story, and
what rang for it stay as long as any of their entries has a name: what comes back must be known.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from tocsin.model import DeliveryState, DispatchState, FeedKind, Retention
from tocsin.storage import stories as index
from tocsin.storage.columns import Moment
from tocsin.storage.statements import NOW, insert_or, serialise
from tocsin.storage.tables import (
    alerts,
    article_versions,
    articles,
    asides,
    attempts,
    batches,
    busy_hosts,
    chores,
    conditions,
    deliveries,
    dispatches,
    entries,
    feed_parts,
    feeds,
    fingerprints,
    held_alerts,
    matches,
    message_dispatches,
    messages,
    pages,
    silences,
    stories,
    story_members,
    ticks,
)

#: Rows that a transaction takes out at most; of fingerprints fewer, as each has many rows in the index.
MOST_ROWS, MOST_FINGERPRINTS = 500, 20

#: How much is found at a time, to be taken out in pieces.
MOST_FOUND = 2000

#: How many of what was found one transaction looks at.
AT_A_TIME = 100

#: How often it is looked for, and for the first time how long after the first start, when nothing can be old.
PAUSE, AT_FIRST = timedelta(hours=1), timedelta(days=1)
PRUNING = "prune"

#: Daemons that gave no sign of life for so long are forgotten.
FORGOTTEN = timedelta(days=1)

Keys: TypeAlias = Sequence[tuple[Any, ...]]
Found: TypeAlias = Sequence[Any]  # the keys of a heap whose key is one column


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """What is old, as of a time."""

    keep: Retention
    now: datetime

    @property
    def article(self) -> datetime:
        """Articles and all that hangs on them, if they are from before that."""
        return self.now - self.keep.articles

    @property
    def delivery(self) -> datetime:
        """Deliveries that ended before that."""
        return self.now - self.keep.deliveries

    @property
    def dead(self) -> datetime:
        """Deliveries that died before that."""
        return self.now - self.keep.dead


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """What goes together: rows of `whole`, and before them the rows of `parts`, which refer to them."""

    whole: Table
    is_done: Callable[[Old], ColumnElement[bool]]
    parts: Sequence[tuple[Table, Callable[[Found], ColumnElement[bool]]]] = ()

    def among(self, keys: Keys) -> ColumnElement[bool]:
        """Hold for the rows with these keys."""
        first, *others = self.whole.primary_key.columns
        firsts = first.in_({key[0] for key in keys})
        return firsts & tuple_(first, *others).in_(keys) if others else firsts


# ---------------------------------------------------------------------------------------------------------------
# What is done with


def _message_is_done(old: Old) -> ColumnElement[bool]:
    ended = deliveries.c.state.in_((DeliveryState.DELIVERED, DeliveryState.DROPPED))
    is_old = (ended & (deliveries.c.changed_at < old.delivery)) | (
        (deliveries.c.state == DeliveryState.DEAD) & (deliveries.c.changed_at < old.dead)
    )
    needed = select(deliveries.c.id).where(deliveries.c.message_id == messages.c.id, ~is_old)
    return (messages.c.created_at < max(old.delivery, old.dead)) & ~needed.exists()


def _entry_is_done(old: Old) -> ColumnElement[bool]:
    """Hold for names that their feeds have not carried for long.

    Of a feed that could not be read, or had nothing new, the last reading tells what it carries.
    """
    others = entries.alias("others")
    newest = select(func.max(others.c.last_seen)).where(others.c.feed == entries.c.feed).scalar_subquery()
    listed = select(feed_parts.c.feed).where(feed_parts.c.feed == feeds.c.name).exists()
    watched = select(feeds.c.name).where(feeds.c.name == entries.c.feed, feeds.c.configured)
    in_pieces = watched.where(or_(feeds.c.kind != FeedKind.HTTP, listed)).exists()
    carried = watched.exists() & (entries.c.last_seen == newest)
    of_known = entries.c.feed.in_(select(feeds.c.name))  # true of all; for SQLite to use the index by feed and time
    return of_known & (entries.c.last_seen < old.article) & ~in_pieces & ~carried


def _story_is_done(old: Old) -> ColumnElement[bool]:
    story = stories.c.id
    of_alerts = (
        select(dispatches.c.id).join(alerts, alerts.c.id == dispatches.c.alert_id).where(alerts.c.story_id == story)
    )
    linked = select(message_dispatches.c.dispatch_id).where(message_dispatches.c.dispatch_id == dispatches.c.id)
    members = select(story_members.c.article_id).where(story_members.c.story_id == story)
    named = members.join(entries, entries.c.article_id == story_members.c.article_id)
    needed = (
        members.where(story_members.c.joined_at >= old.article),
        named,
        select(fingerprints.c.number).where(fingerprints.c.story_id == story, fingerprints.c.indexed_at >= old.article),
        select(held_alerts.c.id).where(held_alerts.c.story_id == story),
        select(alerts.c.id).where(alerts.c.story_id == story, alerts.c.created_at >= old.article),
        of_alerts.where((dispatches.c.state == DispatchState.WAITING) | linked.exists()),
    )
    return (stories.c.first_seen < old.article) & ~or_(*(found.exists() for found in needed))


def _article_is_done(old: Old) -> ColumnElement[bool]:
    article = articles.c.id
    watched = select(feeds.c.name).where(feeds.c.name == pages.c.feed, feeds.c.configured).exists()
    awaited = (pages.c.decide_by.is_not(None) & watched) | (pages.c.lease_until > old.now)
    needed = (
        select(entries.c.entry_key).where(entries.c.article_id == article),
        select(story_members.c.story_id).where(story_members.c.article_id == article),
        select(alerts.c.id).where(alerts.c.article_id == article),
        select(held_alerts.c.id).where(held_alerts.c.article_id == article),
        select(pages.c.article_id).where(pages.c.article_id == article, awaited),
    )
    return (articles.c.first_seen < old.article) & ~or_(*(found.exists() for found in needed))


def _condition_is_done(old: Old) -> ColumnElement[bool]:
    return (conditions.c.until < old.article) & conditions.c.tell_at.is_(None)


def _batch_is_done(old: Old) -> ColumnElement[bool]:
    waits = select(dispatches.c.id).where(dispatches.c.batch_id == batches.c.id).exists()
    return batches.c.due_at.is_(None) & (batches.c.flushed_at < old.article) & ~waits


def _silence_is_done(old: Old) -> ColumnElement[bool]:
    keeps = select(dispatches.c.id).where(dispatches.c.silence_id == silences.c.id).exists()
    return (silences.c.ends_at < old.article) & ~keeps


def _tick_is_done(old: Old) -> ColumnElement[bool]:
    others = ticks.alias("others")
    return (ticks.c.at < old.now - FORGOTTEN) & (ticks.c.at < select(func.max(others.c.at)).scalar_subquery())


def _of_messages(found: Found) -> Select[Any]:
    return select(deliveries.c.id).where(deliveries.c.message_id.in_(found))


def _of_stories(found: Found) -> Select[Any]:
    return select(alerts.c.id).where(alerts.c.story_id.in_(found))


# ---------------------------------------------------------------------------------------------------------------
# What goes together


#: In the order in which they can go.
HEAPS = (
    Heap(
        whole=messages,
        is_done=_message_is_done,
        parts=(
            (attempts, lambda found: attempts.c.delivery_id.in_(_of_messages(found))),
            (deliveries, deliveries.c.message_id.in_),
            (message_dispatches, message_dispatches.c.message_id.in_),
        ),
    ),
    Heap(whole=entries, is_done=_entry_is_done),
    Heap(
        whole=stories,
        is_done=_story_is_done,
        parts=(
            (fingerprints, fingerprints.c.story_id.in_),
            (matches, lambda found: matches.c.alert_id.in_(_of_stories(found))),
            (dispatches, lambda found: dispatches.c.alert_id.in_(_of_stories(found))),
            (alerts, alerts.c.story_id.in_),
            (story_members, story_members.c.story_id.in_),
        ),
    ),
    Heap(
        whole=articles,
        is_done=_article_is_done,
        parts=(
            (fingerprints, fingerprints.c.article_id.in_),
            (matches, matches.c.article_id.in_),
            (pages, pages.c.article_id.in_),
            (article_versions, article_versions.c.article_id.in_),
        ),
    ),
    Heap(whole=conditions, is_done=_condition_is_done),
    Heap(whole=batches, is_done=_batch_is_done),
    Heap(whole=silences, is_done=_silence_is_done),
    Heap(whole=asides, is_done=lambda old: asides.c.at < old.article),
    Heap(whole=busy_hosts, is_done=lambda old: busy_hosts.c.until < old.now),
    Heap(whole=ticks, is_done=_tick_is_done),
)


def find(connection: Connection, heap: Heap, old: Old) -> Keys:
    """Return the keys of what is old and done with, of some of it."""
    keys = select(*heap.whole.primary_key.columns)
    return [tuple(row) for row in connection.execute(keys.where(heap.is_done(old)).limit(MOST_FOUND))]


def take(connection: Connection, heap: Heap, keys: Keys, old: Old) -> Mapping[str, int]:
    """Take out what has one of the keys and is still done with, as much as one transaction may; return rows by table.

    Nothing is left to be taken where nothing comes back.
    """
    serialise(connection)  # nobody may add to it meanwhile
    columns = heap.whole.primary_key.columns
    left = connection.execute(select(*columns).where(heap.among(keys), heap.is_done(old))).all()
    found = [row[0] for row in left]
    parts = [(table, belongs(found)) for table, belongs in heap.parts] if found else []
    taken: Counter[str] = Counter()
    for table, belongs in [*parts, (heap.whole, heap.among([tuple(row) for row in left]))] if left else ():
        most = min(MOST_FINGERPRINTS, MOST_ROWS - taken.total()) if table is fingerprints else MOST_ROWS - taken.total()
        gone = _take(connection, table, belongs, most)
        taken[table.name] += gone
        if gone == most:  # there may be more that refers to the rest
            break
    return +taken


def _take(connection: Connection, table: Table, belongs: ColumnElement[bool], most: int) -> int:
    if table is fingerprints:
        rows = connection.execute(select(fingerprints).where(belongs).limit(most)).all()
        index.forget(connection, rows)
        return len(rows)
    columns = list(table.primary_key.columns)
    keys = connection.execute(select(*columns).where(belongs).limit(most)).all()
    if keys:
        this = and_(*(column == bindparam(f"key{place}", type_=column.type) for place, column in enumerate(columns)))
        connection.execute(
            delete(table).where(this), [{f"key{i}": value for i, value in enumerate(key)} for key in keys]
        )
    return len(keys)


# ---------------------------------------------------------------------------------------------------------------
# When


#: A clock that was ahead when the time was set must not put it off for as long.
_FAR = bindparam("far", type_=Moment())

#: Holds where it is time to look; with the parameters `now` and those of `times`.
ANY_DUE = select(chores.c.name).where(or_(chores.c.due_at <= NOW, chores.c.due_at > _FAR)).exists()


def times(now: datetime) -> Mapping[str, datetime]:
    """Return the parameters of `ANY_DUE` besides `now`."""
    return {"far": now + 2 * AT_FIRST}


def schedule(connection: Connection, now: datetime) -> None:
    """Have it be looked for, if it never was."""
    row = insert_or(connection, chores).values(name=PRUNING, due_at=now + AT_FIRST)
    connection.execute(row.on_conflict_do_nothing())


def claim(connection: Connection, now: datetime) -> bool:
    """Have it be looked for by nobody else, and the next time in a while; False where it is not time yet."""
    due = or_(chores.c.due_at <= now, chores.c.due_at > times(now)["far"])
    mine = update(chores).where(chores.c.name == PRUNING, due).values(due_at=now + PAUSE)
    return connection.execute(mine).rowcount == 1
