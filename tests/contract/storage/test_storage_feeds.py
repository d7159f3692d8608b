"""What is configured, who polls what, and how feeds are doing."""

import asyncio
from datetime import timedelta

import pytest

from tocsin.model import Commit, FeedMemory, FeedState, FetchReason, New, Validators
from tocsin.ports import DueWork
from tocsin.storage.store import open_store


async def test_a_new_feed_is_due_at_once_and_its_poll_is_a_first_poll(store, make):
    """A feed that was just configured is due now, knows nothing yet, and is leased to who claims it."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    (due,) = await make.leased(store)
    assert (due.name, due.owner, due.first_poll, due.memory) == ("Harbour Gazette", "first", True, FeedMemory())
    assert (due.conditions, due.parts, due.twins, due.network_down) == (frozenset(), (), (), False)


async def test_a_leased_feed_is_nobody_elses_until_the_lease_ends(store, make):
    """What is leased cannot be claimed before the lease ends, and can from then on."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.leased(store)
    assert await make.leased(store, "second", make.NOON + make.LEASE - timedelta(microseconds=1)) == []
    (due,) = await make.leased(store, "second", make.NOON + make.LEASE)
    assert due.owner == "second"


async def test_the_longest_due_comes_first_and_no_more_than_asked_for(store, make):
    """Claims go by due time and never exceed their limit."""
    for minute, name in enumerate(["Ostwick Herald", "Harbour Gazette", "Nether Post"]):
        known = [row.name for row in await store.feed_reports(make.NOON)]
        feeds = [make.feed(each) for each in (*known, name)]
        await store.apply_configuration(feeds, [], make.NOON + timedelta(minutes=minute))
    late = make.NOON + timedelta(hours=1)
    assert [due.name for due in await make.leased(store, now=late, limit=2)] == ["Ostwick Herald", "Harbour Gazette"]


async def test_feeds_are_due_exactly_when_one_could_be_claimed(store, make):
    """A feed is due from its time on, while nobody holds it and it is configured."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    assert await store.due_work(make.NOON - timedelta(microseconds=1)) == frozenset()
    assert await store.due_work(make.NOON) == {DueWork.FEEDS}
    await make.leased(store)
    assert await store.due_work(make.NOON + make.LEASE - timedelta(microseconds=1)) == frozenset()
    assert await store.due_work(make.NOON + make.LEASE) == {DueWork.FEEDS}
    await store.apply_configuration([], [], make.NOON)
    assert await store.due_work(make.NOON + make.LEASE) == frozenset()


async def test_due_by_claims_what_waits_for_later(store, make):
    """A feed that is due later is claimed only where `due_by` reaches that far."""
    later = make.NOON + timedelta(hours=1)
    await store.apply_configuration([make.feed()], [], later)
    assert await store.claim_due_feeds("first", make.NOON, make.LEASE, 9, due_by=make.NOON) == []
    assert len(await store.claim_due_feeds("first", make.NOON, make.LEASE, 9, due_by=later)) == 1


async def test_a_feed_that_is_not_configured_is_not_polled_and_comes_back_as_it_was(store, make):
    """A removed feed is neither claimed nor reported; configured again, it is due at once and remembers all it did."""
    memory = make.memory(validators=Validators(etag='"a"', last_modified="Tue"), fingerprint="f")
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.polled(store, make.poll(memory=memory))
    await store.apply_configuration([], [], make.NOON)
    assert await make.leased(store, now=make.NOON + timedelta(days=9)) == []
    assert await store.feed_reports(make.NOON) == []
    await store.apply_configuration([make.feed()], [], make.NOON)
    (due,) = await make.leased(store)
    assert due.memory == memory


async def test_the_same_configuration_changes_nothing(store, make):
    """A restart with the same configuration leaves due times and leases alone."""
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    await make.leased(store)
    await store.apply_configuration([make.feed()], ["desk"], make.NOON + timedelta(seconds=5))
    assert await make.leased(store, "second", make.NOON + timedelta(seconds=5)) == []
    assert await store.commit_poll(make.poll()) is Commit.DONE


async def test_a_feed_that_moved_is_as_new_but_its_entries_stay_known(store, make):
    """A changed location forgets everything but the entries, the running poll too, and is due at once."""
    article = await make.rung(store)
    first = make.NOON + timedelta(minutes=10)
    memory = make.memory(validators=Validators(etag="a"), failures=2, not_before=make.NOON + timedelta(days=1))
    await make.polled(store, make.poll(at=first, next_poll=first, memory=memory))
    await make.leased(store, now=first)
    await store.apply_configuration([make.feed(location="https://gazette.example/atom")], ["desk"], make.NOON)
    assert await store.commit_poll(make.poll()) is Commit.LEASE_LOST
    (due,) = await make.leased(store, "second")
    assert due.memory == FeedMemory()
    assert len(await store.known_entries(article.feed, [article])) == 1


async def test_leases_come_back(store, make):
    """A lease that is given back can be claimed at once: one owner's, or everybody's."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.leased(store)
    await store.release_leases("second")
    assert await make.leased(store, "second") == []
    await store.release_leases("first")
    assert len(await make.leased(store, "second")) == 1
    await store.release_leases(None)
    assert len(await make.leased(store, "third")) == 1


async def test_owners_that_claim_together_never_share_a_feed(database_url, make):
    """Of many claims at the same moment, from several connections, each feed goes to exactly one."""
    stores = [await open_store(database_url) for _ in range(3)]
    names = [f"feed {number:02}" for number in range(30)]
    await stores[0].apply_configuration([make.feed(name) for name in names], [], make.NOON)
    later = make.NOON + timedelta(hours=1)
    claims = [make.leased(store, f"owner {turn}", later, limit=4) for turn in range(4) for store in stores]
    taken = [due.name for feeds in await asyncio.gather(*claims) for due in feeds]
    for store in stores:
        await store.aclose()
    assert sorted(taken) == names


async def test_a_failing_feed_says_so_and_is_remembered_as_the_poll_says(store, make):
    """A failed poll is reported with its reason; what it remembers is given to the next poll as it is."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    before = make.memory(validators=Validators(etag='W/"å"'), mean_gap=timedelta(minutes=7, microseconds=1))
    await make.polled(store, make.poll(memory=before, received=100))
    later = make.NOON + timedelta(minutes=10)
    memory = make.memory(validators=Validators(last_modified="Tue"), failures=3, failing_since=later)
    failed = make.poll(
        at=later, next_poll=later, state=FeedState.FAILING, memory=memory, reason=FetchReason.DNS, detail="no"
    )
    await make.polled(store, failed)
    (report,) = await store.feed_reports(later)
    assert (report.state, report.reason, report.detail, report.failures) == (FeedState.FAILING, "dns", "no", 3)
    assert (report.last_success, report.next_poll, report.received) == (make.NOON, later, 100)
    (due,) = await make.leased(store, now=later)
    assert due.memory == memory


async def test_only_a_success_ends_the_first_poll(store, make):
    """A feed whose polls all failed still has its first poll before it."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    memory = FeedMemory(failures=1, failing_since=make.NOON)
    failed = make.poll(state=FeedState.FAILING, reason=FetchReason.TLS, next_poll=make.NOON, memory=memory)
    await make.polled(store, failed)
    (due,) = await make.leased(store)
    assert due.first_poll


async def test_a_state_is_told_with_when_it_began(store, make):
    """The time of a feed's state is that of the poll that found it first, as long as it stays."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    since = []
    for minute, state in enumerate([FeedState.OK, FeedState.SILENT, FeedState.SILENT, FeedState.OK]):
        at = make.NOON + timedelta(minutes=minute)
        await make.polled(store, make.poll(at=at, next_poll=at, state=state))
        (report,) = await store.feed_reports(at)
        since.append((report.since - make.NOON) / timedelta(minutes=1))
    assert since == [0, 1, 1, 3]


async def test_rates_are_told_once_they_mean_something(store, make):
    """Entries a day leave out the first poll's and wait an hour; the share of "not modified" waits for a poll."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    (unpolled,) = await store.feed_reports(make.NOON)
    assert (unpolled.entries_a_day, unpolled.not_modified_share, unpolled.state) == (None, None, FeedState.NEW)
    for number, changes in enumerate(
        [
            {"entries": (New(article=make.article("old-1")), New(article=make.article("old-2")))},
            {"entries": (New(article=make.article("fresh")),)},
            {"not_modified": True},
            {"not_modified": True},
        ]
    ):
        await make.leased(store)
        assert await store.commit_poll(make.poll(next_poll=make.NOON, received=10 + number, **changes)) is Commit.DONE
    (soon,) = await store.feed_reports(make.NOON + timedelta(minutes=59))
    (report,) = await store.feed_reports(make.NOON + timedelta(hours=12))
    assert soon.entries_a_day is None
    assert (report.entries_a_day, report.not_modified_share) == (pytest.approx(2.0), pytest.approx(0.5))
    assert report.received == 10 + 11 + 12 + 13


async def test_the_newest_tick_is_the_last(store, make):
    """The last tick is none before the first, and then the newest of any daemon's."""
    assert await store.last_tick() is None
    for owner, second in [("first", 1), ("second", 9), ("first", 5)]:
        await store.record_tick(owner, make.NOON + timedelta(seconds=second))
    assert await store.last_tick() == make.NOON + timedelta(seconds=9)
