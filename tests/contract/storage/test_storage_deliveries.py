"""Who tries which delivery, what comes of it, and what that means for the alert on its way."""

import asyncio
from datetime import timedelta

import pytest

from tocsin.model import (
    AttemptResult,
    Dead,
    DeadReason,
    Delivered,
    DeliveryState,
    DispatchRecord,
    DispatchState,
    RetryAt,
)
from tocsin.storage.store import open_store

DESK = "message of alert of Harbour Gazette/bridge-1 to desk"


async def the_dispatch(store):
    (report,) = await store.alert_reports(None, None)
    (dispatch,) = report.dispatches
    return dispatch


async def test_a_message_is_due_when_it_is_decided(store, make):
    """The deliveries of a committed poll are due at its time, not before, and only on their channel."""
    await make.rung(store)
    assert await store.due_channels(make.NOON - timedelta(microseconds=1)) == []
    assert await store.due_channels(make.NOON) == ["desk"]
    assert await make.claimed(store, "duty") == []
    (delivery,) = await make.claimed(store)
    assert (delivery.channel, delivery.recipient, delivery.attempts, delivery.refusals) == ("desk", "", 0, 0)


async def test_a_leased_delivery_is_nobody_elses_until_the_lease_ends(store, make):
    """A claimed delivery is neither due nor claimable before its lease ends, and is both from then on."""
    await make.rung(store)
    await make.claimed(store)
    end = make.NOON + make.LEASE
    assert await store.due_channels(end - timedelta(microseconds=1)) == []
    assert await make.claimed(store, owner="second", now=end - timedelta(microseconds=1)) == []
    assert await store.due_channels(end) == ["desk"]
    assert len(await make.claimed(store, owner="second", now=end)) == 1


async def test_due_by_claims_a_waiting_retry(store, make):
    """A retry is claimed before its time only where `due_by` reaches that far."""
    await make.rung(store)
    later = make.NOON + timedelta(hours=1)
    (delivery,) = await make.claimed(store)
    await store.record_attempt(make.attempt(delivery, RetryAt(at=later, reason="http 503")))
    assert await make.claimed(store) == []
    assert len(await store.claim_due_deliveries("first", "desk", make.NOON, make.LEASE, 9, due_by=later)) == 1


async def test_owners_that_claim_together_never_share_a_delivery(database_url, make):
    """Of many claims at the same moment, from several connections, each delivery goes to exactly one."""
    stores = [await open_store(database_url) for _ in range(3)]
    recipients = tuple(f"reader{number:02}@gazette.example" for number in range(30))
    await make.rung(stores[0], to=recipients)
    claims = [make.claimed(store, owner=f"owner {turn}", limit=4) for turn in range(4) for store in stores]
    taken = [delivery.recipient for batch in await asyncio.gather(*claims) for delivery in batch]
    for store in stores:
        await store.aclose()
    assert sorted(taken) == list(recipients)


async def test_a_delivered_message_is_sent_and_done(store, make):
    """An attempt that arrives ends the delivery, keeps what the receiver called it, and its dispatch is sent."""
    await make.rung(store)
    (delivery,) = await make.claimed(store)
    assert await store.record_attempt(make.attempt(delivery, Delivered(), status=200, remote_id="ts-1", detail="ok"))
    (report,) = await store.delivery_reports(DESK)
    assert (report.state, report.reason, report.due, report.attempts) == (DeliveryState.DELIVERED, None, None, 1)
    assert (report.last_status, report.last_detail, report.remote_id) == (200, "ok", "ts-1")
    assert report.took == timedelta(milliseconds=250)
    dispatch = await the_dispatch(store)
    ended = make.NOON + timedelta(seconds=1.25)
    assert (dispatch.state, dispatch.reason, dispatch.at) == (DispatchState.SENT, None, ended)
    assert await make.claimed(store, now=make.NOON + timedelta(days=9)) == []


async def test_a_retry_waits_for_its_time_with_its_reason(store, make):
    """A failed attempt is counted, is due again at the time decided, and its dispatch waits for the same reason."""
    await make.rung(store)
    later = make.NOON + timedelta(minutes=1)
    (delivery,) = await make.claimed(store)
    retry = RetryAt(at=later, reason="http 503")
    await store.record_attempt(make.attempt(delivery, retry, result=AttemptResult.REFUSED, status=503, remote_id="r"))
    (report,) = await store.delivery_reports(DESK)
    assert (report.state, report.reason, report.due) == (DeliveryState.WAITING, "http 503", later)
    dispatch = await the_dispatch(store)
    assert (dispatch.state, dispatch.reason) == (DispatchState.WAITING, "http 503")
    (again,) = await make.claimed(store, owner="second", now=later)
    assert (again.attempts, again.refusals) == (1, 1)
    await store.record_attempt(make.attempt(again, Delivered(), owner="second"))
    (report,) = await store.delivery_reports(DESK)
    assert (report.attempts, report.remote_id) == (2, "r"), "a later try does not forget the receiver's name for it"


async def test_only_a_refusal_counts_as_one(store, make):
    """Attempts that fail for now are not counted as refused."""
    await make.rung(store)
    for result in (AttemptResult.WAIT, AttemptResult.RETRY, AttemptResult.UNSURE):
        (delivery,) = await make.claimed(store)
        await store.record_attempt(make.attempt(delivery, RetryAt(at=make.NOON, reason="later"), result=result))
    (delivery,) = await make.claimed(store)
    assert (delivery.attempts, delivery.refusals) == (3, 0)


async def test_a_dead_delivery_says_why(store, make):
    """A delivery that is given up is never due again, and its dispatch is dead for the same reason."""
    await make.rung(store)
    (delivery,) = await make.claimed(store)
    await store.record_attempt(make.attempt(delivery, Dead(reason=DeadReason.GONE), result=AttemptResult.GONE))
    (report,) = await store.delivery_reports(DESK)
    assert (report.state, report.reason, report.due) == (DeliveryState.DEAD, "gone", None)
    dispatch = await the_dispatch(store)
    assert (dispatch.state, dispatch.reason) == (DispatchState.DEAD, "gone")


async def test_an_attempt_without_the_lease_is_not_stored(store, make):
    """Who lost the lease records nothing, whether another has it, nobody has it, or the delivery ended."""
    await make.rung(store)
    (delivery,) = await make.claimed(store)
    await store.release_leases("first")
    assert not await store.record_attempt(make.attempt(delivery, Delivered()))
    await make.claimed(store, owner="second")
    assert not await store.record_attempt(make.attempt(delivery, Delivered()))
    assert await store.record_attempt(make.attempt(delivery, Delivered(), owner="second"))
    assert not await store.record_attempt(make.attempt(delivery, Delivered(), owner="second"))
    (report,) = await store.delivery_reports(DESK)
    assert report.attempts == 1


async def test_everybodys_leases_come_back(store, make):
    """A daemon that knows itself alone takes every delivery back at once."""
    await make.rung(store)
    await make.claimed(store, owner="killed")
    await store.release_leases(None)
    assert len(await make.claimed(store)) == 1


@pytest.mark.parametrize(
    ("decisions", "state", "reason"),
    [
        ([Delivered(), None], DispatchState.WAITING, None),
        ([Delivered(), RetryAt, Delivered()], DispatchState.WAITING, "busy"),
        ([Dead(reason=DeadReason.REFUSED), RetryAt], DispatchState.WAITING, "busy"),
        ([Dead(reason=DeadReason.REFUSED), Delivered()], DispatchState.DEAD, "refused"),
        ([Delivered(), Delivered()], DispatchState.SENT, None),
    ],
)
async def test_a_dispatch_stands_as_all_its_deliveries_do(store, make, decisions, state, reason):
    """A dispatch waits while one delivery does, else is dead when one is, and is sent only when all arrived."""
    await make.rung(store, to=tuple(f"{number}@gazette.example" for number in range(len(decisions))))
    later = RetryAt(at=make.NOON + timedelta(hours=1), reason="busy")
    for delivery, decision in zip(await make.claimed(store), decisions, strict=True):
        if decision is not None:
            await store.record_attempt(make.attempt(delivery, later if decision is RetryAt else decision))
    dispatch = await the_dispatch(store)
    assert (dispatch.state, dispatch.reason) == (state, reason)


async def test_deliveries_that_end_together_settle_their_dispatch(database_url, make):
    """However many recipients are told at the same moment, the last of them makes the dispatch sent."""
    stores = [await open_store(database_url) for _ in range(3)]
    await make.rung(stores[0], to=tuple(f"{number}@gazette.example" for number in range(12)))
    records = [make.attempt(delivery, Delivered()) for delivery in await make.claimed(stores[0], limit=12)]
    ends = [stores[number % 3].record_attempt(record) for number, record in enumerate(records)]
    assert all(await asyncio.gather(*ends))
    dispatch = await the_dispatch(stores[0])
    totals = await stores[0].totals()
    for store in stores:
        await store.aclose()
    assert dispatch.state is DispatchState.SENT
    assert totals.deliveries == {"delivered": 12, "deliveries": 12}


async def test_a_channel_that_is_removed_leaves_nothing_waiting(store, make):
    """What waited for a removed channel is dead, said and returned, even while it is tried; what arrived stays."""
    await make.rung(store, to=("ada@gazette.example", "bo@gazette.example"))
    first, second = await make.claimed(store)
    await store.record_attempt(make.attempt(first, Delivered()))
    buried = await store.apply_configuration([make.feed()], ["duty"], make.NOON + timedelta(hours=1))
    assert buried == {second.id: "desk"}
    assert not await store.record_attempt(make.attempt(second, Delivered()))
    reports = await store.delivery_reports(DESK)
    assert [(report.state, report.reason) for report in reports] == [
        (DeliveryState.DELIVERED, None),
        (DeliveryState.DEAD, "channel_removed"),
    ]
    dispatch = await the_dispatch(store)
    assert (dispatch.state, dispatch.reason) == (DispatchState.DEAD, "channel_removed")
    assert dispatch.at == make.NOON + timedelta(hours=1)


async def test_a_channel_that_stays_keeps_what_waits(store, make):
    """A reload that keeps a channel leaves its deliveries waiting; one that removes all of them leaves none."""
    await make.rung(store)
    await store.apply_configuration([make.feed()], ["desk", "duty"], make.NOON)
    assert await store.due_channels(make.NOON) == ["desk"]
    await store.apply_configuration([make.feed()], [], make.NOON)
    assert await store.due_channels(make.NOON) == []


async def test_a_muted_dispatch_stays_muted(store, make):
    """A dispatch that has no message is not touched by what becomes of others."""
    article = make.article()
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    await make.leased(store)
    record = make.ringing(article)
    alert = record.decisions.alerts[0].id
    muted = DispatchRecord(id="muted", alert_id=alert, channel="duty", state=DispatchState.MUTED, reason="silence")
    await store.commit_poll(make.deciding(record, dispatches=(*record.decisions.dispatches, muted)))
    (delivery,) = await make.claimed(store)
    await store.record_attempt(make.attempt(delivery, Delivered()))
    (report,) = await store.alert_reports(None, None)
    assert [(way.channel, way.state, way.reason) for way in report.dispatches] == [
        ("desk", DispatchState.SENT, None),
        ("duty", DispatchState.MUTED, "silence"),
    ]


async def test_a_message_is_added_once(store, make):
    """A message that no poll decided is due at once; added again, it is left as it is."""
    message = make.message(channel="desk", to=("ada@gazette.example",))
    await store.add_message(message, make.NOON)
    (delivery,) = await make.claimed(store)
    assert delivery.payload == message.payload
    assert await store.record_attempt(make.attempt(delivery, Delivered()))
    await store.add_message(message, make.NOON)
    (report,) = await store.delivery_reports(message.id)
    assert report.state is DeliveryState.DELIVERED
