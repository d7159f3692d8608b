"""What keeps a channel from being sent to, what that does to its deliveries, and who is told."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tocsin.model import (
    Allowance,
    AttemptResult,
    ChannelStanding,
    ChannelToldRecord,
    Dead,
    DeadReason,
    Delivered,
    DeliveryRecord,
    DeliveryState,
    DispatchState,
    MessageKind,
    MessageRecord,
    RetryAt,
    WaitReason,
)
from tocsin.ports import DueWork
from tocsin.storage.store import open_store

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
READERS = ("ada@gazette.example", "bo@gazette.example", "cy@gazette.example")


def standing_of(**changes):
    return lambda before: replace(before, **changes)


async def try_one(store, make, verdict, decision=None, *, now=None):
    """Claim one delivery to the desk and record a try with this verdict on the channel."""
    (delivery,) = await make.claimed(store, limit=1, now=now or make.NOON)
    decision = decision or RetryAt(at=make.NOON + HOUR)
    assert await store.record_attempt(make.attempt(delivery, decision, result=AttemptResult.RETRY), verdict)
    return delivery


async def rows(store):
    return {row.recipient: row for row in await store.list_deliveries(None, None, 100)}


async def way(store):
    (alert,) = await store.alert_reports(None, None)
    (dispatch,) = alert.dispatches
    return dispatch.state, dispatch.reason


async def test_a_standing_is_kept(store, make):
    """What was decided of a channel comes back exactly; one of which nothing is known is well."""
    await make.rung(store)
    assert await store.channel_standing("desk") == ChannelStanding(name="desk")
    after = ChannelStanding(
        name="desk",
        paced_until=make.NOON,
        held_until=make.NOON + SECOND,
        failures=7,
        open_since=make.NOON + 2 * SECOND,
        probes=3,
        probe_at=make.NOON + 3 * SECOND,
        failing_since=make.NOON - SECOND,
        works_since=make.NOON + 4 * SECOND,
        detail="answered 503 …",
        died=True,
        told=True,
        tell_at=make.NOON + HOUR,
    )
    await try_one(store, make, lambda _: after)
    assert await store.channel_standing("desk") == after
    assert await store.failing_channels() == {"desk": after}


@pytest.mark.parametrize("wait", ["paced_until", "held_until", "probe_at"])
async def test_a_channel_that_waits_is_not_due(store, make, wait):
    """Nothing is due on a channel before its pace, its receiver's patience and its next probe allow it."""
    await make.rung(store, to=READERS)
    await store.add_message(make.message(channel="duty"), make.NOON)
    await try_one(store, make, standing_of(**{wait: make.NOON + HOUR}))
    assert await store.due_channels(make.NOON + HOUR - timedelta(microseconds=1)) == ["duty"]
    assert await store.due_channels(make.NOON + HOUR) == ["desk", "duty"]


async def test_a_claim_takes_what_its_pace_allows(store, make):
    """A claim takes no more than is allowed of the channel as it stands, and stores how it stands then."""
    await make.rung(store, to=READERS)

    def pace(before):
        free = before.paced_until is None
        return Allowance(limit=int(free), after=replace(before, paced_until=make.NOON + SECOND))

    async def claim():
        return await store.claim_due_deliveries("a", "desk", make.NOON, make.LEASE, 9, due_by=make.NOON, pace=pace)

    assert len(await claim()) == 1
    assert (await store.channel_standing("desk")).paced_until == make.NOON + SECOND
    assert len(await claim()) == 0


async def test_a_claim_of_nothing_changes_no_standing(store, make):
    """Where nothing is due, the pace is not used up."""
    await make.rung(store)

    def pace(before):
        return Allowance(limit=1, after=replace(before, paced_until=make.NOON + SECOND))

    before = make.NOON - SECOND
    assert not await store.claim_due_deliveries("a", "desk", before, make.LEASE, 9, due_by=before, pace=pace)
    assert (await store.channel_standing("desk")).paced_until is None


async def test_claims_together_share_one_pace(database_url, make):
    """Of many workers that claim at the same moment, one gets the message that the pace allows."""
    stores = [await open_store(database_url) for _ in range(3)]
    await make.rung(stores[0], to=tuple(f"{number}@gazette.example" for number in range(20)))

    def pace(before):
        free = before.paced_until is None
        return Allowance(limit=int(free), after=replace(before, paced_until=make.NOON + SECOND))

    claims = [
        store.claim_due_deliveries(f"{turn}", "desk", make.NOON, make.LEASE, 9, due_by=make.NOON, pace=pace)
        for turn in range(4)
        for store in stores
    ]
    taken = [delivery for batch in await asyncio.gather(*claims) for delivery in batch]
    for store in stores:
        await store.aclose()
    assert len(taken) == 1


async def test_failures_at_the_same_moment_are_all_counted(database_url, make):
    """However many tries of a channel end together, each counts, and nobody waits for another for ever."""
    stores = [await open_store(database_url) for _ in range(3)]
    await make.rung(stores[0], to=tuple(f"{number}@gazette.example" for number in range(12)))
    claimed = await make.claimed(stores[0], limit=12)

    def verdict(before):
        return replace(before, failures=before.failures + 1, open_since=make.NOON, probe_at=make.NOON)

    later = RetryAt(at=make.NOON + HOUR)
    tries = [make.attempt(delivery, later, result=AttemptResult.RETRY) for delivery in claimed]
    ends = [stores[number % 3].record_attempt(record, verdict) for number, record in enumerate(tries)]
    assert all(await asyncio.gather(*ends))
    assert (await stores[0].channel_standing("desk")).failures == 12
    for store in stores:
        await store.aclose()


@pytest.mark.parametrize("trouble", ["open_since", "held_until"])
async def test_what_waits_for_a_channel_says_so(store, make, trouble):
    """What waits, and what is decided later, has the channel as its reason, its dispatch too; no attempt is counted."""
    await make.rung(store, to=READERS)
    tried = await try_one(store, make, standing_of(**{trouble: make.NOON + HOUR}))
    found = await rows(store)
    assert {row.reason for row in found.values()} == {WaitReason.CHANNEL}
    assert {name: row.attempts for name, row in found.items()} == {
        name: int(name == tried.recipient) for name in READERS
    }
    assert await way(store) == (DispatchState.WAITING, WaitReason.CHANNEL)
    await store.add_message(make.message(channel="desk", to=("late",)), make.NOON + SECOND)
    assert (await rows(store))["late"].reason == WaitReason.CHANNEL


async def test_all_is_due_in_its_order_when_a_channel_works_again(store, make):
    """When the breaker closes, everything that waits is due, what was decided first first, whatever its retry was."""
    await store.apply_configuration([], ["desk"], make.NOON)
    for number in range(4):
        message = make.message(channel="desk", to=(f"reader {number}",))
        message = replace(
            message,
            id=f"message {9 - number}",
            deliveries=tuple(replace(each, id=f"delivery {9 - number}") for each in message.deliveries),
        )
        await store.add_message(message, make.NOON + number * SECOND)
    now = make.NOON + 4 * SECOND
    opened = standing_of(open_since=now, probe_at=now)
    first = await try_one(store, make, opened, RetryAt(at=now + 9 * HOUR), now=now)
    second = await try_one(store, make, None, RetryAt(at=now + 5 * HOUR), now=now)
    assert (first.recipient, second.recipient) == ("reader 0", "reader 1")
    closed = standing_of(open_since=None, probe_at=None)
    third = await try_one(store, make, closed, Delivered(), now=now)
    assert third.recipient == "reader 2"
    assert {row.reason for row in (await rows(store)).values()} == {None}
    assert [each.recipient for each in await make.claimed(store, now=now)] == ["reader 0", "reader 1", "reader 3"]


async def test_a_restart_has_a_failing_channel_tried(store, make):
    """A new configuration may have mended what fails: it is tried at once. What its receiver asked for is kept."""
    await make.rung(store, to=READERS)
    trouble = standing_of(open_since=make.NOON, probe_at=make.NOON + HOUR, held_until=make.NOON + 2 * HOUR)
    await try_one(store, make, trouble)
    await store.apply_configuration([make.feed()], ["desk"], make.NOON + SECOND)
    standing = await store.channel_standing("desk")
    assert (standing.probe_at, standing.held_until) == (make.NOON + SECOND, make.NOON + 2 * HOUR)
    await store.apply_configuration([make.feed()], ["duty"], make.NOON + SECOND)
    assert await store.channel_standing("desk") == ChannelStanding(name="desk")


async def test_a_channel_is_woken(store, make):
    """A channel whose breaker is open is probed at once when somebody wants it; no other is touched."""
    await make.rung(store, to=READERS)
    await try_one(store, make, standing_of(open_since=make.NOON, probe_at=make.NOON + HOUR))
    await store.wake_channel("duty", make.NOON)
    assert await store.due_channels(make.NOON) == []
    await store.wake_channel("desk", make.NOON)
    assert await store.due_channels(make.NOON) == ["desk"]


# ---------------------------------------------------------------------------------------------------------------
# Telling


async def test_what_is_told_of_a_channel_is_told_once(store, make):
    """A channel is due to be told of at its time; who tells stores it with the messages, and nobody else does."""
    await make.rung(store, to=READERS)
    await try_one(store, make, standing_of(failing_since=make.NOON, tell_at=make.NOON + HOUR))
    assert await store.channel_tellings(make.NOON) == []
    assert DueWork.TELLINGS not in await store.due_work(make.NOON)
    assert DueWork.TELLINGS in await store.due_work(make.NOON + HOUR)
    (due,) = await store.channel_tellings(make.NOON + HOUR)
    message = make.message(channel="duty")
    record = ChannelToldRecord(
        at=make.NOON + HOUR, told=((due, replace(due, told=True, tell_at=None)),), messages=(message,)
    )
    assert await store.commit_channels_told(record)
    assert not await store.commit_channels_told(record)
    assert (await store.channel_standing("desk")).told
    assert [report.state for report in await store.delivery_reports(message.id)] == [DeliveryState.WAITING]


async def test_what_changed_meanwhile_is_not_told(store, make):
    """A channel that works again before it was told of leaves neither a message nor a mark."""
    await make.rung(store, to=READERS)
    await try_one(store, make, standing_of(failing_since=make.NOON, tell_at=make.NOON))
    (due,) = await store.channel_tellings(make.NOON)
    await try_one(store, make, standing_of(failing_since=None, tell_at=None), Delivered())
    message = make.message(channel="duty")
    record = ChannelToldRecord(at=make.NOON, told=((due, replace(due, told=True)),), messages=(message,))
    assert not await store.commit_channels_told(record)
    assert await store.delivery_reports(message.id) == []


# ---------------------------------------------------------------------------------------------------------------
# By hand


async def test_deliveries_are_listed(store, make):
    """Deliveries are listed oldest first, by state and channel where asked, the newest where there are many."""
    await make.rung(store, to=READERS)
    await store.add_message(make.message(channel="duty"), make.NOON + SECOND)
    await try_one(store, make, None, Dead(reason=DeadReason.GONE))
    every = await store.list_deliveries(None, None, 100)
    assert [row.channel for row in every] == ["desk", "desk", "desk", "duty"]
    assert every[0].created == make.NOON
    (dead,) = await store.list_deliveries(DeliveryState.DEAD, None, 100)
    assert (dead.reason, dead.last_detail) == ("gone", "")
    assert len(await store.list_deliveries(DeliveryState.WAITING, "desk", 100)) == 2
    assert [row.channel for row in await store.list_deliveries(None, None, 1)] == ["duty"]


async def test_a_dead_delivery_is_tried_again_by_hand(store, make):
    """It is due at once under its id, its tries do not count any more but are kept, and its dispatch waits again."""
    await make.rung(store)
    later = RetryAt(at=make.NOON)
    for _ in range(3):
        await try_one(store, make, None, later)
    dead = await try_one(store, make, None, Dead(reason=DeadReason.EXHAUSTED))
    assert (await way(store))[0] is DispatchState.DEAD
    now = make.NOON + HOUR
    assert await store.retry_deliveries(dead.id, ["desk"], now) == [dead.id]
    assert await way(store) == (DispatchState.WAITING, None)
    assert await store.due_channels(now - SECOND) == []
    (again,) = await make.claimed(store, now=now)
    assert (again.id, again.attempts, again.refusals) == (dead.id, 0, 0)
    assert await store.record_attempt(make.attempt(again, Delivered()))
    (report,) = await store.list_deliveries(None, None, 9)
    assert (report.attempts, report.state) == (5, DeliveryState.DELIVERED)
    assert await store.retry_deliveries(dead.id, ["desk"], now) == [], "it has arrived"
    assert (await way(store))[0] is DispatchState.SENT


async def test_all_deliveries_of_channels_are_tried_again(store, make):
    """What waits and what is dead of the channels named is due, and a channel that fails is probed; others stay."""
    await make.rung(store, to=READERS)
    await store.add_message(make.message(channel="duty"), make.NOON + HOUR)
    opened = standing_of(open_since=make.NOON, probe_at=make.NOON + 9 * HOUR)
    await try_one(store, make, opened, Dead(reason=DeadReason.GONE))
    await try_one(store, make, None, RetryAt(at=make.NOON + 9 * HOUR))
    await try_one(store, make, None, Delivered())
    assert len(await store.retry_deliveries(None, ["desk"], make.NOON + SECOND)) == 2
    assert await store.due_channels(make.NOON + SECOND) == ["desk"]
    assert len(await make.claimed(store, now=make.NOON + SECOND)) == 2


async def test_a_delivery_is_dropped_by_hand(store, make):
    """It is never tried again, even where somebody tries it now, and its dispatch says who gave it up."""
    await make.rung(store)
    (delivery,) = await make.claimed(store)
    assert await store.drop_delivery(delivery.id, make.NOON)
    assert not await store.drop_delivery(delivery.id, make.NOON)
    assert not await store.record_attempt(make.attempt(delivery, Delivered()))
    assert await way(store) == (DispatchState.DROPPED, "by_hand")
    assert await store.due_channels(make.NOON + 99 * HOUR) == []
    assert await store.retry_deliveries(delivery.id, ["desk"], make.NOON) == []
    totals = await store.totals()
    assert totals.deliveries == {"dropped": 1, "deliveries": 1}


# ---------------------------------------------------------------------------------------------------------------
# Updates


@pytest.fixture
def update():
    """Return the update of the alert that rang, to the same recipients."""

    def built(number=1, to=("",)):
        return MessageRecord(
            id=f"update {number}",
            kind=MessageKind.UPDATED,
            channel="desk",
            payload={"type": "alert.updated", "data": {}},
            deliveries=tuple(DeliveryRecord(id=f"update {number} for {who}", recipient=who) for who in to),
            dispatches=("alert of Harbour Gazette/bridge-1 to desk",),
        )

    return built


async def test_an_update_waits_for_what_it_updates(store, make, update):
    """As long as the alert waits, is tried or is to be tried again, its update is not sent; other recipients' are."""
    await make.rung(store, to=READERS[:2])
    await store.add_message(update(to=READERS[:2]), make.NOON + SECOND)
    now = make.NOON + 2 * SECOND
    first, second = await make.claimed(store, now=now)
    assert {first.recipient, second.recipient} == set(READERS[:2])
    assert await make.claimed(store, now=now) == []
    await store.record_attempt(make.attempt(first, Delivered(), remote_id="ts-1"))
    await store.record_attempt(make.attempt(second, RetryAt(at=now + HOUR)))
    now += 2 * SECOND
    (told,) = await make.claimed(store, now=now)
    assert (told.recipient, told.earlier, told.id) == (first.recipient, "ts-1", f"update 1 for {first.recipient}")
    await store.record_attempt(make.attempt(told, Delivered()))
    assert await store.due_channels(now + HOUR - 3 * SECOND) == []
    again = await make.claimed(store, now=now + HOUR)
    assert [each.id for each in again] == [second.id]


async def test_updates_keep_their_order(store, make, update):
    """An update waits for the one before it, too."""
    await make.rung(store)
    (first,) = await make.claimed(store)
    await store.record_attempt(make.attempt(first, Delivered(), remote_id="ts-1"))
    for number in (1, 2):
        await store.add_message(update(number), make.NOON + number * SECOND)
    now = make.NOON + 5 * SECOND
    assert [each.id for each in await make.claimed(store, now=now)] == ["update 1 for "]
    assert await make.claimed(store, now=now) == []


async def test_an_update_of_what_died_is_sent_plainly(store, make, update):
    """Where the alert was given up, its update is sent without anything to answer."""
    await make.rung(store)
    await store.add_message(update(), make.NOON)
    (first,) = await make.claimed(store)
    await store.record_attempt(make.attempt(first, Dead(reason=DeadReason.REFUSED)))
    (told,) = await make.claimed(store, now=make.NOON + 2 * SECOND)
    assert (told.id, told.earlier) == ("update 1 for ", None)
