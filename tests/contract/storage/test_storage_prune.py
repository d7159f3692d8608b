"""Retention: what is old and done with goes, in small pieces; what anybody may still need stays."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, text, update

from tocsin.model import (
    AlertUpdate,
    Batch,
    BatchKind,
    Dead,
    DeadReason,
    Decisions,
    Delivered,
    DeliveryState,
    DispatchState,
    FeedKind,
    FeedState,
    HeldAlert,
    MessageKind,
    New,
    Retention,
    RouteMatch,
    Seen,
    Silence,
)
from tocsin.ports import DueWork
from tocsin.storage import prune, tables

KEEP = Retention()
DAY, HOUR, SECOND, INSTANT = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1), timedelta(microseconds=1)
TOLD = ("attempts", "deliveries", "message_dispatches", "messages")
OF_ARTICLES = ("alerts", "article_versions", "articles", "dispatches", "entries", "matches", "stories", "story_members")


def counts(store, *names):
    """Return how many rows tables have, all of them if none is named; empty ones are left out."""
    with store.database.read() as connection:
        found = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in tables.metadata.tables.values()
            if not names or table.name in names
        }
    return {name: count for name, count in found.items() if count}


def change(store, table, **values):
    with store.database.write() as connection:
        assert connection.execute(update(table).values(values)).rowcount


async def read(store, make, *entries, at, **changes):
    """Have the feed be read at a time, with these entries and no others."""
    await store.wake_feed("Harbour Gazette", at)
    memory = make.memory(first_success=make.NOON, last_success=at)
    await make.polled(store, make.poll(at=at, memory=memory, entries=entries, **changes))


def seen(article):
    return Seen(
        entry_id=article.entry_id,
        canonical_url=article.canonical_url,
        article_id=article.id,
        digest="d",
        published=None,
    )


async def told(store, make, decision=None):
    """Have an article ring, and its delivery end; a day later, its feed has another article in its place."""
    article = await make.rung(store)
    (delivery,) = await make.claimed(store)
    await store.record_attempt(make.attempt(delivery, decision or Delivered()))
    other = make.article("later")
    await read(store, make, New(article=other), at=make.NOON + DAY)
    return article, other


def whole(store):
    """Hold the rows to their foreign keys; PostgreSQL does that by itself."""
    with store.database.read() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


async def balanced(store):
    totals = await store.totals()
    for noun in totals.__slots__:
        outcomes = dict(getattr(totals, noun))
        assert outcomes.pop(noun) == sum(outcomes.values())
    whole(store)
    return totals


# ---------------------------------------------------------------------------------------------------------------
# What goes


async def test_deliveries_go_before_their_articles(store, make):
    """A month after a message was delivered, it goes with all its tries; the alert stays, and says that it was sent."""
    await told(store, make)
    ended = make.NOON + SECOND + timedelta(milliseconds=250)
    assert await store.prune(KEEP, ended + 30 * DAY) == {}
    assert set(await store.prune(KEEP, ended + 30 * DAY + INSTANT)) == set(TOLD)
    assert counts(store, *TOLD) == {}
    (alert,) = await store.alert_reports(None, None)
    assert [way.state for way in alert.dispatches] == [DispatchState.SENT]
    await balanced(store)


async def test_dead_deliveries_stay_longer(store, make):
    """A message that was given up stays for three months, to be sent after all."""
    await told(store, make, Dead(reason=DeadReason.EXHAUSTED))
    await store.prune(KEEP, make.NOON + 90 * DAY)
    assert counts(store, "deliveries") == {"deliveries": 1}
    await store.prune(KEEP, make.NOON + 91 * DAY)
    assert counts(store, *TOLD) == {}


async def test_an_article_goes_with_all_that_hangs_on_it(store, make):
    """An article that its feed has not had for three months goes, with its story and alert; those that it has stay."""
    article, other = await told(store, make)
    await store.prune(KEEP, make.NOON + 90 * DAY)
    assert counts(store, "articles", "alerts") == {"articles": 2, "alerts": 1}

    taken = await store.prune(KEEP, make.NOON + 90 * DAY + INSTANT)
    assert set(OF_ARTICLES) <= set(taken)
    assert "fingerprints" in taken
    assert counts(store, *OF_ARTICLES) == {"articles": 1, "article_versions": 1, "entries": 1}
    assert not counts(store, "fingerprints", "shingles")
    assert await store.stored_articles([article.id, other.id]) == {other.id: other}
    totals = await balanced(store)
    assert totals.entries["entries"] == 2  # counted, whatever is kept
    assert await store.prune(KEEP, make.NOON + 90 * DAY + INSTANT) == {}


async def test_small_things_go(store, make):
    """Conditions that are over, silences, batches, busy hosts, daemons of once and articles put aside go in time."""
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    silent = make.condition(FeedState.SILENT)
    await read(store, make, at=make.NOON, conditions=(silent,), busy=("gazette.example", make.NOON + HOUR))
    await read(store, make, at=make.NOON + HOUR)
    change(store, tables.conditions, tell_at=None)
    await store.record_tick("old", make.NOON)
    await store.record_tick("new", make.NOON + DAY)
    await store.add_silence(Silence(id="quiet", match=RouteMatch(), starts=make.NOON, ends=make.NOON + HOUR))
    batch = Batch(id="group", channel="desk", kind=BatchKind.GROUP, key={"by": "rule"}, due=make.NOON)
    await store.open_batches([batch], make.NOON)
    change(store, tables.batches, due_at=None, flushed_at=make.NOON)
    with store.database.write() as connection:
        aside = {
            "article_id": "a",
            "feed": "f",
            "title": "t",
            "content_hash": "h",
            "tries": 3,
            "trace": "",
            "at": make.NOON,
        }
        connection.execute(insert(tables.asides).values(aside))

    assert await store.prune(KEEP, make.NOON + HOUR) == {}
    assert await store.prune(KEEP, make.NOON + 9 * DAY) == {"ticks": 1, "busy_hosts": 1}
    gone = await store.prune(KEEP, make.NOON + 91 * DAY)
    assert gone == {"conditions": 1, "silences": 1, "batches": 1, "asides": 1}
    assert await store.last_tick() == make.NOON + DAY


# ---------------------------------------------------------------------------------------------------------------
# What stays


async def unsent(store, make, article):
    change(store, tables.deliveries, state=DeliveryState.WAITING)


async def batched(store, make, article):
    change(store, tables.dispatches, state=DispatchState.WAITING, batch_id="group")


async def held(store, make, article):
    alert = HeldAlert(
        id="held",
        rule_name="Harbour",
        rule_key="Harbour:1",
        story_id=f"story of {article.id}",
        article_id=article.id,
        version=1,
        data={},
        until=make.NOON + 365 * DAY,
    )
    await read(store, make, seen(make.article("later")), at=make.NOON + 2 * DAY, decisions=Decisions(held=(alert,)))


async def awaited(store, make, article):
    page = make.page(article, decide_by=make.NOON + 365 * DAY)
    await read(store, make, seen(make.article("later")), at=make.NOON + 2 * DAY, pages=(page,))


async def carried(store, make, article):
    await read(store, make, seen(article), at=make.NOON + 2 * DAY)


async def growing(store, make, article):
    """Have another article join the story lately."""
    late = make.article("late", fetched=make.NOON + 60 * DAY, published=None)
    placement = make.placement(late, story=make.placement(article).story)
    head = (await store.neighbours([], HOUR)).head
    joined = Decisions(placements=(replace(placement, verdict="copy"),), head=head)
    await read(store, make, New(article=late), at=make.NOON + 60 * DAY, decisions=joined)


@pytest.mark.parametrize("needed_by", [unsent, batched, held, awaited, carried, growing])
async def test_what_is_needed_stays(store, make, needed_by):
    """However old, an article stays with its alert while a message, an alert, a page, a story or a feed needs it."""
    article, _ = await told(store, make)
    await needed_by(store, make, article)
    await store.prune(KEEP, make.NOON + 100 * DAY)
    assert article.id in await store.stored_articles([article.id])
    if needed_by is not awaited:
        assert [report.data["alert_id"] for report in await store.alert_reports(None, None)] == [
            f"alert of {article.id}"
        ]
    await balanced(store)


async def test_a_story_goes_when_it_grows_no_more(store, make):
    """Three months after the last article joined a story, all of it goes."""
    article, _ = await told(store, make)
    await growing(store, make, article)
    await read(store, make, seen(make.article("later")), at=make.NOON + 61 * DAY)
    await store.prune(KEEP, make.NOON + 150 * DAY)
    assert article.id in await store.stored_articles([article.id])
    await store.prune(KEEP, make.NOON + 151 * DAY)
    assert counts(store, "articles", "stories", "alerts") == {"articles": 1}
    await balanced(store)


async def test_a_quiet_feed_forgets_nothing(store, make):
    """What was in a feed when it was read last is in it, however long nothing is new or nothing said."""
    article = await make.rung(store)
    await read(store, make, at=make.NOON + 400 * DAY, not_modified=True)
    await store.prune(KEEP, make.NOON + 900 * DAY)
    assert [entry.entry_id for entry in await store.known_entries(article.feed, [article])] == [article.entry_id]


async def test_what_leaves_a_quiet_feed_is_known_for_three_months(store, make):
    """The time of an entry that is gone begins when the feed had it last, not when the feed was read last."""
    article = await make.rung(store)
    await read(store, make, at=make.NOON + 200 * DAY, not_modified=True)
    await read(store, make, New(article=make.article("later")), at=make.NOON + 201 * DAY)
    await store.prune(KEEP, make.NOON + 290 * DAY)
    assert await store.known_entries(article.feed, [article])
    await store.prune(KEEP, make.NOON + 290 * DAY + INSTANT)
    assert not await store.known_entries(article.feed, [article])


@pytest.mark.parametrize(("kind", "parts"), [(FeedKind.HTTP, "ab"), (FeedKind.DIRECTORY, "")])
async def test_what_is_read_in_pieces_is_known_while_it_is_watched(store, make, kind, parts):
    """Of a directory and of an index, only what changed is read again: names last until nobody watches the feed."""
    article, _ = await told(store, make)
    await read(store, make, seen(make.article("later")), at=make.NOON + 2 * DAY, parts=make.parts(parts) or None)
    change(store, tables.feeds, kind=kind)
    await store.prune(KEEP, make.NOON + 400 * DAY)
    assert await store.known_entries(article.feed, [article])

    await store.apply_configuration([], ["desk"], make.NOON + 400 * DAY)
    await store.prune(KEEP, make.NOON + 400 * DAY)
    assert not await store.known_entries(article.feed, [article])
    assert counts(store, *OF_ARTICLES) == {}


async def test_a_way_whose_messages_are_gone_stays_as_it_was(store, make):
    """What becomes of a late update does not change how an alert is said to have been sent."""
    article, _ = await told(store, make, Dead(reason=DeadReason.REFUSED))
    alert = f"alert of {article.id}"
    await store.prune(replace(KEEP, dead=DAY), make.NOON + 40 * DAY)
    assert counts(store, *TOLD) == {}

    update_ = AlertUpdate(alert_id=alert, number=1, article_id=article.id, version=1, data={}, reason="follow_up")
    message = replace(make.message(f"{alert} to desk"), id="update", kind=MessageKind.UPDATED)
    later = make.NOON + 41 * DAY
    decided = Decisions(updates=(update_,), messages=(message,))
    await read(store, make, seen(make.article("later")), at=later, decisions=decided)
    (delivery,) = await make.claimed(store, now=later)
    await store.record_attempt(make.attempt(delivery, Delivered()))
    (report,) = await store.alert_reports(None, None)
    assert [way.state for way in report.dispatches] == [DispatchState.DEAD]


# ---------------------------------------------------------------------------------------------------------------
# How


async def test_it_goes_in_small_pieces(store, make, monkeypatch):
    """No transaction takes out more rows than it may, and after each the rows that remain refer to rows that are."""
    monkeypatch.setattr(prune, "MOST_ROWS", 3)
    monkeypatch.setattr(prune, "MOST_FINGERPRINTS", 1)
    monkeypatch.setattr(prune, "MOST_FOUND", 4)
    monkeypatch.setattr(prune, "AT_A_TIME", 2)
    pieces, taking = [], prune.take

    def watched(connection, heap, keys, old):
        gone = taking(connection, heap, keys, old)
        pieces.append(sum(gone.values()))
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        return gone

    monkeypatch.setattr(prune, "take", watched)
    articles = [make.article(f"n{number}") for number in range(9)]
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    decided = [make.decisions(article, to=("a", "b")) for article in articles]
    parts = ("placements", "matches", "alerts", "dispatches", "messages")
    together = Decisions(**{part: tuple(row for one in decided for row in getattr(one, part)) for part in parts})
    await make.polled(store, make.poll(entries=tuple(New(article=item) for item in articles), decisions=together))
    for delivery in await make.claimed(store, now=make.NOON + SECOND, limit=100):
        await store.record_attempt(make.attempt(delivery, Delivered()))
    await read(store, make, New(article=make.article("later")), at=make.NOON + DAY)

    taken = Counter(await store.prune(KEEP, make.NOON + 92 * DAY))
    assert max(pieces) <= 3
    assert taken.total() == sum(pieces) > 9 * 12
    assert counts(store, *OF_ARTICLES, *TOLD) == {"articles": 1, "article_versions": 1, "entries": 1}


async def test_it_is_due_once_an_hour(store, make):
    """It is first due a day after the first start, then an hour after it was begun; one daemon gets it."""
    first = make.NOON + DAY
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    assert DueWork.CHORES not in await store.due_work(first - INSTANT)
    assert not await store.claim_pruning(first - INSTANT)
    await store.apply_configuration([make.feed()], ["desk"], make.NOON + HOUR)  # a restart does not put it off
    assert DueWork.CHORES in await store.due_work(first)
    assert await store.claim_pruning(first)
    assert not await store.claim_pruning(first)
    assert DueWork.CHORES not in await store.due_work(first + HOUR - INSTANT)
    assert await store.claim_pruning(first + HOUR)


async def test_a_clock_that_was_ahead_does_not_put_it_off(store, make):
    """A time that is further off than it can be was set by a wrong clock, and is not waited for."""
    await store.apply_configuration([make.feed()], ["desk"], make.NOON + 300 * DAY)
    assert DueWork.CHORES in await store.due_work(make.NOON)
    assert await store.claim_pruning(make.NOON)
    assert not await store.claim_pruning(make.NOON)
