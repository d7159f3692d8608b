"""A clock that was set back: on both databases, what waits does so no longer than it would have."""

from datetime import timedelta

from sqlalchemy import select

from tocsin.model import Batch, BatchKind, Condition, FeedState, RetryAt
from tocsin.storage import tables

DAY, HOUR, MINUTE, INSTANT = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(microseconds=1)


def values(store, *columns):
    with store.database.read() as connection:
        return connection.execute(select(*columns)).all()


async def test_what_waits_waits_no_longer(store, make):
    """Feeds, deliveries, groups, conditions and busy hosts are due when they would have been; what is past stays so."""
    await make.rung(store)
    (delivery,) = await make.claimed(store)
    await store.record_attempt(make.attempt(delivery, RetryAt(at=make.NOON + 5 * MINUTE, reason="retry")))
    silent = Condition(state=FeedState.SILENT, detail="it is", tell_at=make.NOON + HOUR)
    await store.wake_feed("Harbour Gazette", make.NOON)
    busy = ("gazette.example", make.NOON + 2 * HOUR)
    await make.polled(store, make.poll(conditions=(silent,), busy=busy, next_poll=make.NOON + 10 * MINUTE))
    batches = [
        Batch(id=kind, channel="desk", kind=BatchKind(kind), key={}, due=make.NOON + MINUTE)
        for kind in ("group", "digest")
    ]
    await store.open_batches(batches, make.NOON)

    now = make.NOON + 8 * MINUTE  # the daemon was off for that time, on a clock that was a day ahead
    await store.set_back(now, now - DAY)
    assert values(store, tables.feeds.c.due_at) == [(make.NOON + 10 * MINUTE - DAY,)]
    assert values(store, tables.deliveries.c.due_at) == [(make.NOON + 5 * MINUTE - DAY,)]
    assert values(store, tables.conditions.c.tell_at) == [(make.NOON + HOUR - DAY,)]
    assert values(store, tables.busy_hosts.c.until) == [(make.NOON + 2 * HOUR - DAY,)]
    found = dict(map(tuple, values(store, tables.batches.c.id, tables.batches.c.due_at)))
    assert found == {"group": make.NOON + MINUTE - DAY, "digest": make.NOON + MINUTE}  # a digest has its time of day

    await store.set_back(now, now - DAY)
    assert values(store, tables.feeds.c.due_at) == [(make.NOON + 10 * MINUTE - 2 * DAY,)]
    await store.set_back(now, now - INSTANT)
    assert values(store, tables.feeds.c.due_at) == [(make.NOON + 10 * MINUTE - 2 * DAY,)], "it was due already"
