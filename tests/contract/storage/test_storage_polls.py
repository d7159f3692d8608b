"""The one transaction of a poll: all of it or nothing, and read back as it was written."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.model import Changed, Commit, Decisions, DispatchState, KnownEntry, New, Seen, Skipped, SkipReason, Totals
from tocsin.storage.migrate import upgrade
from tocsin.storage.statements import serialise
from tocsin.storage.store import open_store

NOTHING = Totals(
    entries={"new": 0, "changed": 0, "seen": 0, "skipped": 0, "entries": 0},
    matches={"matches": 0},
    dispatches={"dispatches": 0},
    deliveries={"deliveries": 0},
)


async def polled(store, make, *entries):
    """Claim the feed and commit a poll that found these entries."""
    later = make.NOON + timedelta(days=1)
    await make.leased(store, now=later)
    return await store.commit_poll(make.poll(at=later, entries=entries))


async def test_what_a_poll_decided_is_read_back(store, make):
    """Article, alert and payload come back equal, whatever characters are in them; the counts add up."""
    article = await make.rung(store)
    record = make.ringing(article)
    assert await store.stored_articles([article.id, "unknown"]) == {article.id: article}
    story = record.decisions.alerts[0].story_id
    standings = await store.story_standings([story, "unknown"])
    assert [alert.id for alert in standings[story].alerts] == [record.decisions.alerts[0].id]
    assert set(standings) == {story}
    (report,) = await store.alert_reports(None, None)
    assert (report.data, report.created) == (record.decisions.alerts[0].data, make.NOON)
    (dispatch,) = report.dispatches
    assert (dispatch.channel, dispatch.state, dispatch.at) == ("desk", DispatchState.WAITING, make.NOON)
    (delivery,) = await make.claimed(store)
    assert (delivery.payload, delivery.created) == (record.decisions.messages[0].payload, make.NOON)
    assert await store.totals() == Totals(
        entries={"new": 1, "changed": 0, "seen": 0, "skipped": 0, "entries": 1},
        matches={"rung": 1, "matches": 1},
        dispatches={"waiting": 1, "dispatches": 1},
        deliveries={"waiting": 1, "deliveries": 1},
    )


async def test_a_poll_whose_lease_is_lost_stores_nothing(store, make):
    """Who no longer holds the feed can commit nothing to it."""
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    await make.leased(store)
    await make.leased(store, "second", make.NOON + make.LEASE)
    assert await store.commit_poll(make.ringing(make.article())) is Commit.LEASE_LOST
    assert await store.totals() == NOTHING
    assert await store.commit_poll(replace(make.ringing(make.article()), owner="second")) is Commit.DONE


async def test_a_lease_serves_for_one_commit(store, make):
    """A commit gives its lease back, so that a second one with it is lost."""
    await make.rung(store)
    assert await store.commit_poll(make.poll()) is Commit.LEASE_LOST


async def test_a_rule_rings_once_for_a_story(store, make):
    """An alert for a rule and story that has one is a conflict, and nothing of its poll is stored."""
    await make.rung(store)
    before = await store.totals()
    await make.leased(store, now=make.NOON + timedelta(hours=1))
    again = make.ringing(make.article("bridge-2"))
    alert = replace(again.decisions.alerts[0], story_id="story of Harbour Gazette/bridge-1")
    assert await store.commit_poll(make.deciding(again, alerts=(alert,))) is Commit.CONFLICT
    assert await store.totals() == before
    assert await store.stored_articles(["Harbour Gazette/bridge-2"]) == {}
    assert await store.commit_poll(again) is Commit.DONE, "the lease is still held after a conflict"


async def test_an_entry_is_new_once(store, make):
    """A new entry that is stored already is a conflict."""
    article = await make.rung(store)
    assert await polled(store, make, New(article=article)) is Commit.CONFLICT
    assert await polled(store, make, New(article=replace(article, id="another"))) is Commit.CONFLICT


async def test_polls_that_commit_together_ring_once(database_url, make):
    """Of two polls that ring the same alert at the same moment, one is done and one is a conflict."""
    stores = [await open_store(database_url) for _ in range(2)]
    feeds = ["Harbour Gazette", "Ostwick Herald"]
    await stores[0].apply_configuration([make.feed(name) for name in feeds], ["desk"], make.NOON)
    await make.leased(stores[0])
    first, second = (make.ringing(make.article(feed=name)) for name in feeds)
    alert = replace(first.decisions.alerts[0], article_id=second.decisions.alerts[0].article_id)
    (placement,) = second.decisions.placements
    same = replace(placement, story=first.decisions.placements[0].story)
    second = replace(second, decisions=Decisions(placements=(same,), alerts=(alert,)))
    ends = await asyncio.gather(stores[0].commit_poll(first), stores[1].commit_poll(second))
    assert sorted(ends) == [Commit.CONFLICT, Commit.DONE]
    assert len(await stores[0].alert_reports(None, None)) == 1
    for store in stores:
        await store.aclose()


async def test_the_story_step_is_one_at_a_time(postgresql_url, make):
    """On PostgreSQL, a poll commits only when no other transaction of this database is in the story step."""
    upgrade(postgresql_url)
    async with await open_store(postgresql_url) as store:
        await store.apply_configuration([make.feed()], ["desk"], make.NOON)
        await make.leased(store)
        with store.database.write() as other:
            serialise(other)
            commit = asyncio.create_task(store.commit_poll(make.ringing(make.article())))
            done, _ = await asyncio.wait([commit], timeout=0.2)
        assert not done
        assert await commit is Commit.DONE


@pytest.mark.parametrize("turns", range(0, 60, 6))
async def test_a_poll_that_is_cancelled_is_stored_whole_or_not_at_all(database_url, make, turns):
    """Wherever its caller is cancelled, a commit that began ends before the store is closed; the store goes on."""
    async with await open_store(database_url) as store:
        await store.apply_configuration([make.feed()], ["desk"], make.NOON)
        await make.leased(store)
        commit = asyncio.create_task(store.commit_poll(make.ringing(make.article())))
        for _ in range(turns):
            await asyncio.sleep(0.0002)
        commit.cancel()
        await asyncio.wait([commit])
        await store.record_tick("first", make.NOON)
    async with await open_store(database_url) as store:
        totals = await store.totals()
        parts = {totals.entries["new"], totals.matches["matches"], totals.deliveries["deliveries"]}
        assert parts == ({1} if turns else {0})


async def test_times_at_both_ends_of_the_calendar_are_stored(store, make):
    """The first and the last time there is come back as they went in, whatever the server's own zone."""
    ends = {"published": datetime.min.replace(tzinfo=UTC), "updated": datetime.max.replace(tzinfo=UTC)}
    article = make.article(**ends)
    await store.apply_configuration([make.feed()], [], make.NOON)
    assert await polled(store, make, New(article=article)) is Commit.DONE
    assert await store.stored_articles([article.id]) == {article.id: article}


async def test_entries_are_known_by_id_url_and_content(store, make):
    """An entry is known by each of the three identities alone, in its own feed only."""
    article = await make.rung(store)
    strange = make.article("other", canonical_url=None, content_hash="other")
    known = KnownEntry(
        entry_id="bridge-1",
        canonical_url="https://gazette.example/bridge-1",
        article_id=article.id,
        version=1,
        content_hash="hash of bridge-1",
        first_seen=make.NOON,
    )
    for same in (
        {"entry_id": "bridge-1"},
        {"canonical_url": "https://gazette.example/bridge-1"},
        {"content_hash": "hash of bridge-1"},
    ):
        assert await store.known_entries(article.feed, [replace(strange, **same)]) == (known,)
    assert await store.known_entries(article.feed, [strange]) == ()
    assert await store.known_entries("Ostwick Herald", [article]) == ()


async def test_identities_are_looked_up_by_the_thousand(store, make):
    """A feed of more entries than a statement takes values is looked up whole."""
    await make.rung(store)
    many = [make.article(f"bridge-{number}") for number in range(5000)]
    assert [entry.entry_id for entry in await store.known_entries("Harbour Gazette", many)] == ["bridge-1"]
    assert list(await store.stored_articles([article.id for article in many])) == ["Harbour Gazette/bridge-1"]
    assert len(await store.story_standings([f"story of {article.id}" for article in many])) == 1


async def test_a_change_is_the_next_version(store, make):
    """A changed article is read in its newest version, and each version is stored once."""
    article = await make.rung(store)
    edited = replace(article, title="Bridge closed", content_hash="edited", fetched=make.NOON + timedelta(days=1))
    assert await polled(store, make, Changed(article=edited, version=2, first_seen=make.NOON)) is Commit.DONE
    assert await store.stored_articles([article.id]) == {article.id: edited}
    (known,) = await store.known_entries(article.feed, [article])
    assert (known.version, known.content_hash) == (2, "edited")
    assert await polled(store, make, Changed(article=edited, version=2, first_seen=make.NOON)) is Commit.CONFLICT


async def test_a_renamed_entry_is_known_by_both_names(store, make):
    """An article that its feed calls by a new id stays known by the old one, with one content for both."""
    article = await make.rung(store)
    renamed = Seen(entry_id="guid:77", canonical_url=article.canonical_url, article_id=article.id)
    assert await polled(store, make, renamed) is Commit.DONE
    edited = replace(article, entry_id="guid:77", content_hash="edited")
    assert await polled(store, make, Changed(article=edited, version=2, first_seen=make.NOON)) is Commit.DONE
    known = await store.known_entries(article.feed, [article])
    assert {(entry.entry_id, entry.article_id, entry.content_hash) for entry in known} == {
        ("bridge-1", article.id, "edited"),
        ("guid:77", article.id, "edited"),
    }


async def test_a_seen_entry_follows_its_url_and_keeps_the_last_it_had(store, make):
    """The URL of a known entry is the one its feed gives now, or the last one it gave."""
    article = await make.rung(store)
    for given, kept in [
        ("https://gazette.example/b", "https://gazette.example/b"),
        (None, "https://gazette.example/b"),
    ]:
        seen = Seen(entry_id="bridge-1", canonical_url=given, article_id=article.id)
        assert await polled(store, make, seen) is Commit.DONE
        (known,) = await store.known_entries(article.feed, [article])
        assert known.canonical_url == kept


async def test_an_id_that_is_used_again_keeps_its_first_article(store, make):
    """A feed that gives one id to everything does not make the store forget whose it was."""
    article = await make.rung(store)
    other = make.article("bridge-2")
    assert await polled(store, make, New(article=other)) is Commit.DONE
    mixed = Seen(entry_id="bridge-1", canonical_url=other.canonical_url, article_id=other.id)
    assert await polled(store, make, mixed) is Commit.DONE
    (known,) = await store.known_entries(article.feed, [replace(article, canonical_url=None, content_hash="-")])
    assert (known.article_id, known.canonical_url) == (article.id, article.canonical_url)


async def test_ids_and_urls_of_any_length_are_stored(store, make):
    """Ids and URLs longer than an index can hold are stored, told apart and found."""
    noise = "".join(chr(0x4E00 + number * number % 20000) for number in range(9000))
    long = [(end, f"{noise}{end}") for end in "ab"]
    articles = [make.article(name, id=end, canonical_url=f"https://{name}", content_hash=end) for end, name in long]
    await store.apply_configuration([make.feed()], [], make.NOON)
    assert await polled(store, make, *(New(article=article) for article in articles)) is Commit.DONE
    assert [entry.article_id for entry in await store.known_entries("Harbour Gazette", articles[1:])] == ["b"]


async def test_entries_equal_the_sum_of_their_outcomes(store, make):
    """Every entry of every poll is counted once by outcome, and once in all."""
    article = await make.rung(store)
    seen = Seen(entry_id="bridge-1", canonical_url=None, article_id=article.id)
    skipped = [Skipped(entry_id=str(reason), reason=reason) for reason in (*SkipReason, SkipReason.EMPTY)]
    edited = Changed(article=replace(article, content_hash="edited"), version=2, first_seen=make.NOON)
    assert await polled(store, make, New(article=make.article("b")), *skipped) is Commit.DONE
    assert await polled(store, make, seen, edited) is Commit.DONE
    totals = await store.totals()
    assert totals.entries == {"new": 2, "changed": 1, "seen": 1, "skipped": len(skipped), "entries": 4 + len(skipped)}


async def test_alerts_are_reported_by_time_and_rule(store, make):
    """Reports go back to the time asked for, inclusive, hold one rule where named, and come oldest first."""
    await make.rung(store)
    later = make.NOON + timedelta(hours=1)
    await make.leased(store, now=later)
    second = make.ringing(make.article("tunnel"))
    tunnels = replace(second.decisions.alerts[0], rule_name="Tunnels")
    await store.commit_poll(make.deciding(replace(second, at=later), alerts=(tunnels,)))
    ids = [report.data["alert_id"] for report in await store.alert_reports(None, None)]
    assert ids == ["alert of Harbour Gazette/bridge-1", "alert of Harbour Gazette/tunnel"]
    assert [report.created for report in await store.alert_reports(later, None)] == [later]
    assert [report.created for report in await store.alert_reports(None, "Bridges")] == [make.NOON]
