"""Deliveries: who tries what until when, what came of each try, and what that means for the alerts on their way."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, select, update
from sqlalchemy import Row as ResultRow

from tocsin.model import (
    AttemptDecision,
    AttemptRecord,
    AttemptResult,
    ClaimedDelivery,
    Dead,
    DeadReason,
    Delivered,
    DeliveryState,
    DispatchState,
    MessageRecord,
    RetryAt,
)
from tocsin.storage.statements import NOBODY, NOW, Claim, Row, batches, free, insert_all, insert_or
from tocsin.storage.tables import attempts, deliveries, dispatches, message_dispatches, messages

Standing: TypeAlias = tuple[DispatchState, str | None]


# ---------------------------------------------------------------------------------------------------------------
# Adding


def add(connection: Connection, message: MessageRecord, now: datetime) -> None:
    """Store a message with its deliveries, due now.

    Raises:
        AlreadyStored: it is there already.
    """
    insert_all(connection, messages, [_message_row(message, now)])
    _add_parts(connection, message, now)


def add_once(connection: Connection, message: MessageRecord, now: datetime) -> None:
    """Store a message with its deliveries, due now, unless it is there."""
    statement = insert_or(connection, messages).on_conflict_do_nothing().returning(messages.c.id)
    if connection.scalar(statement, _message_row(message, now)) is not None:
        _add_parts(connection, message, now)


def _add_parts(connection: Connection, message: MessageRecord, now: datetime) -> None:
    links = [{"message_id": message.id, "dispatch_id": dispatch} for dispatch in message.dispatches]
    insert_all(connection, message_dispatches, links)
    rows = [_delivery_row(message, delivery.id, delivery.recipient, now) for delivery in message.deliveries]
    insert_all(connection, deliveries, rows)


def _message_row(message: MessageRecord, now: datetime) -> Row:
    return {
        "id": message.id,
        "kind": message.kind,
        "channel": message.channel,
        "payload": message.payload,
        "created_at": now,
    }


def _delivery_row(message: MessageRecord, delivery: str, recipient: str, now: datetime) -> Row:
    return {
        "id": delivery,
        "message_id": message.id,
        "channel": message.channel,
        "recipient": recipient,
        "state": DeliveryState.WAITING,
        "due_at": now,
        "attempts": 0,
        "refusals": 0,
        "created_at": now,
        "changed_at": now,
    }


# ---------------------------------------------------------------------------------------------------------------
# Claiming


_DUE_CHANNELS = (
    select(deliveries.c.channel)
    .where(deliveries.c.state == DeliveryState.WAITING, deliveries.c.due_at <= NOW, free(deliveries, NOW))
    .distinct()
    .order_by(deliveries.c.channel)
)


def due_channels(connection: Connection, now: datetime) -> Sequence[str]:
    """Return the channels that have a delivery due and free, by name."""
    return connection.scalars(_DUE_CHANNELS, {"now": now}).all()


def claim(connection: Connection, channel: str, claim: Claim) -> Sequence[ClaimedDelivery]:
    """Lease waiting deliveries of a channel that are due and free, longest due first."""
    due = (
        select(deliveries, messages.c.payload)
        .join(messages, messages.c.id == deliveries.c.message_id)
        .where(
            deliveries.c.state == DeliveryState.WAITING,
            deliveries.c.channel == channel,
            deliveries.c.due_at <= claim.due_by,
            free(deliveries, claim.now),
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(claim.limit)
        .with_for_update(skip_locked=True, of=deliveries)
    )
    rows = (connection.execute(due)).all()
    for batch in batches([row.id for row in rows]):
        connection.execute(update(deliveries).where(deliveries.c.id.in_(batch)).values(claim.taken))
    return [_claimed(row) for row in rows]


def release(connection: Connection, owner: str | None) -> None:
    """Give back the leases of `owner`, or everybody's."""
    held = deliveries.c.lease_owner.is_not(None) if owner is None else deliveries.c.lease_owner == owner
    connection.execute(update(deliveries).where(held).values(NOBODY))


def _claimed(row: ResultRow[Any]) -> ClaimedDelivery:
    return ClaimedDelivery(
        id=row.id,
        channel=row.channel,
        recipient=row.recipient,
        payload=row.payload,
        created=row.created_at,
        attempts=row.attempts,
        refusals=row.refusals,
    )


# ---------------------------------------------------------------------------------------------------------------
# Ending


def record(connection: Connection, tried: AttemptRecord) -> bool:
    """Store a try and its decision; False where the delivery is not leased to who tried."""
    ours = (deliveries.c.id == tried.delivery_id) & (deliveries.c.lease_owner == tried.owner)
    waiting = deliveries.c.state == DeliveryState.WAITING
    row = (connection.execute(select(deliveries).where(ours, waiting).with_for_update())).one_or_none()
    if row is None:
        return False
    insert_all(connection, attempts, [_attempt_row(tried, row.attempts + 1)])
    changes = _delivery_changes(tried, row)
    connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(changes))
    _settle(connection, [row.message_id], changes["changed_at"])
    return True


def bury_without_channel(connection: Connection, channels: Collection[str], now: datetime) -> Mapping[str, str]:
    """Give up the waiting deliveries of every channel that is not one of `channels`; return them, each with its own."""
    orphaned = deliveries.c.state == DeliveryState.WAITING, deliveries.c.channel.not_in(sorted(channels))
    dead = {**_ending(Dead(reason=DeadReason.CHANNEL_REMOVED)), "changed_at": now, **NOBODY}
    returned = deliveries.c.id, deliveries.c.channel, deliveries.c.message_id
    buried = (connection.execute(update(deliveries).where(*orphaned).values(dead).returning(*returned))).all()
    _settle(connection, sorted({row.message_id for row in buried}), now)
    return {row.id: row.channel for row in buried}


def _attempt_row(tried: AttemptRecord, number: int) -> Row:
    return {
        "delivery_id": tried.delivery_id,
        "number": number,
        "started_at": tried.started,
        "took_ms": round(tried.took / timedelta(milliseconds=1)),
        "result": tried.attempt.result,
        "status": tried.attempt.status,
        "detail": tried.attempt.detail,
    }


def _delivery_changes(tried: AttemptRecord, row: ResultRow[Any]) -> Mapping[str, Any]:
    return {
        **_ending(tried.decision),
        "attempts": row.attempts + 1,
        "refusals": row.refusals + (tried.attempt.result is AttemptResult.REFUSED),
        "remote_id": tried.attempt.remote_id or row.remote_id,
        "changed_at": tried.started + tried.took,
        **NOBODY,
    }


def _ending(decision: AttemptDecision) -> Row:
    match decision:
        case Delivered():
            return {"state": DeliveryState.DELIVERED, "reason": None, "due_at": None}
        case RetryAt(at=at, reason=reason):
            return {"state": DeliveryState.WAITING, "reason": reason, "due_at": at}
        case Dead(reason=reason):
            return {"state": DeliveryState.DEAD, "reason": reason.value, "due_at": None}


def _settle(connection: Connection, message_ids: Sequence[str], at: datetime) -> None:
    """Make the dispatches of messages say what their deliveries say.

    The dispatches are locked before the deliveries are read: of two that end at the same moment, the later sees the
    earlier.
    """
    for batch in batches(message_ids):
        told = select(message_dispatches.c.dispatch_id).where(message_dispatches.c.message_id.in_(batch))
        held = select(dispatches).where(dispatches.c.id.in_(told)).order_by(dispatches.c.id).with_for_update()
        rows = (connection.execute(held)).all()
        standings = _standings(connection, [row.id for row in rows])
        for row in rows:
            if standings[row.id] != (row.state, row.reason):
                state, reason = standings[row.id]
                change = update(dispatches).where(dispatches.c.id == row.id)
                connection.execute(change.values(state=state, reason=reason, changed_at=at))


def _standings(connection: Connection, dispatch_ids: Sequence[str]) -> Mapping[str, Standing]:
    """Return what the deliveries of all messages of each dispatch amount to."""
    statement = (
        select(message_dispatches.c.dispatch_id, deliveries.c.state, deliveries.c.reason)
        .join(deliveries, deliveries.c.message_id == message_dispatches.c.message_id)
        .where(message_dispatches.c.dispatch_id.in_(dispatch_ids))
        .order_by(deliveries.c.changed_at, deliveries.c.id)
    )
    reasons: dict[str, dict[DeliveryState, str | None]] = {dispatch: {} for dispatch in dispatch_ids}
    for dispatch, state, reason in connection.execute(statement):
        reasons[dispatch][state] = reason  # the last to change is the one to tell
    return {dispatch: standing(states) for dispatch, states in reasons.items()}


def standing(reasons: Mapping[DeliveryState, str | None]) -> Standing:
    """Return a dispatch's state and reason from the states of its deliveries, each with its reason."""
    for state, amounts_to in (
        (DeliveryState.WAITING, DispatchState.WAITING),
        (DeliveryState.DEAD, DispatchState.DEAD),
        (DeliveryState.DROPPED, DispatchState.DROPPED),
    ):
        if state in reasons:
            return amounts_to, reasons[state]
    return DispatchState.SENT, None
