"""What is configured, who polls what, and how feeds are doing."""

import asyncio
from datetime import timedelta

import pytest

from tocsin.model import Commit, FeedState, FetchReason, New, Validators
from tocsin.storage.store import open_store


async def test_a_new_feed_is_due_at_once_and_its_poll_is_a_first_poll(store, make):
    """A feed that was just configured is due now, knows nothing yet, and is leased to who claims it."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    (due,) = await make.leased(store)
    assert (due.name, due.owner, due.first_poll, due.failures) == ("Harbour Gazette", "first", True, 0)
    assert (due.validators, due.fingerprint, due.last_success, due.mean_gap) == (Validators(), None, None, None)


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
    assert not await store.feeds_due(make.NOON - timedelta(microseconds=1))
    assert await store.feeds_due(make.NOON)
    await make.leased(store)
    assert not await store.feeds_due(make.NOON + make.LEASE - timedelta(microseconds=1))
    assert await store.feeds_due(make.NOON + make.LEASE)
    await store.apply_configuration([], [], make.NOON)
    assert not await store.feeds_due(make.NOON + make.LEASE)


async def test_due_by_claims_what_waits_for_later(store, make):
    """A feed that is due later is claimed only where `due_by` reaches that far."""
    later = make.NOON + timedelta(hours=1)
    await store.apply_configuration([make.feed()], [], later)
    assert await store.claim_due_feeds("first", make.NOON, make.LEASE, 9, due_by=make.NOON) == []
    assert len(await store.claim_due_feeds("first", make.NOON, make.LEASE, 9, due_by=later)) == 1


async def test_a_feed_that_is_not_configured_is_not_polled_and_comes_back_as_it_was(store, make):
    """A removed feed is neither claimed nor reported; configured again, it is due at once and keeps its validators."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.leased(store)
    await store.commit_poll(make.poll(validators=Validators(etag='"a"', last_modified="Tue"), fingerprint="f"))
    await store.apply_configuration([], [], make.NOON)
    assert await make.leased(store, now=make.NOON + timedelta(days=9)) == []
    assert await store.feed_reports(make.NOON) == []
    await store.apply_configuration([make.feed()], [], make.NOON)
    (due,) = await make.leased(store)
    assert (due.validators, due.fingerprint) == (Validators(etag='"a"', last_modified="Tue"), "f")
    assert not due.first_poll


async def test_the_same_configuration_changes_nothing(store, make):
    """A restart with the same configuration leaves due times and leases alone."""
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    await make.leased(store)
    await store.apply_configuration([make.feed()], ["desk"], make.NOON + timedelta(seconds=5))
    assert await make.leased(store, "second", make.NOON + timedelta(seconds=5)) == []
    assert await store.commit_poll(make.poll()) is Commit.DONE


async def test_a_feed_that_moved_is_as_new_but_its_entries_stay_known(store, make):
    """A changed location forgets validators and the running poll, asks for a first poll, and keeps entries."""
    article = await make.rung(store)
    await make.leased(store, now=make.NOON + timedelta(minutes=10))
    await store.apply_configuration([make.feed(location="https://gazette.example/atom")], ["desk"], make.NOON)
    assert await store.commit_poll(make.poll()) is Commit.LEASE_LOST
    (due,) = await make.leased(store, "second")
    assert due.first_poll
    assert due.validators == Validators()
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
    claims = [make.leased(store, f"owner {turn}", limit=4) for turn in range(4) for store in stores]
    taken = [due.name for feeds in await asyncio.gather(*claims) for due in feeds]
    for store in stores:
        await store.aclose()
    assert sorted(taken) == names


async def test_a_failing_feed_says_so_and_keeps_what_it_had(store, make):
    """A failed poll stores its reason and failures and leaves validators, mean gap and last success alone."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.leased(store)
    validators = Validators(etag='W/"å"', last_modified=None)
    await store.commit_poll(
        make.poll(validators=validators, mean_gap=timedelta(minutes=7, microseconds=1), received=100)
    )
    later = make.NOON + timedelta(minutes=10)
    await make.leased(store, now=later)
    failed = make.poll(
        at=later, next_poll=later, state=FeedState.FAILING, failures=3, reason=FetchReason.DNS, detail="no"
    )
    await store.commit_poll(failed)
    (report,) = await store.feed_reports(later)
    assert (report.state, report.reason, report.failures) == (FeedState.FAILING, "dns", 3)
    assert (report.last_success, report.next_poll, report.received) == (make.NOON, later, 100)
    (due,) = await make.leased(store, now=later)
    assert (due.validators, due.mean_gap) == (validators, timedelta(minutes=7, microseconds=1))
    assert (due.first_poll, due.last_success, due.failures) == (False, make.NOON, 3)


async def test_only_a_success_ends_the_first_poll(store, make):
    """A feed whose polls all failed still has its first poll before it."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.leased(store)
    await store.commit_poll(make.poll(state=FeedState.FAILING, reason=FetchReason.TLS, next_poll=make.NOON))
    (due,) = await make.leased(store)
    assert due.first_poll


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
