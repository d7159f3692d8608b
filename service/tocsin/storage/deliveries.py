"""Deliveries: who tries what until when, what came of each try, and what that means for the alerts on their way."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Integer, Select, and_, bindparam, exists, or_, select, true, update
from sqlalchemy import Row as ResultRow

from tocsin.model import (
    Allowance,
    AttemptDecision,
    AttemptRecord,
    AttemptResult,
    ChannelToldRecord,
    ClaimedDelivery,
    Dead,
    DeadReason,
    Delivered,
    DeliveryReport,
    DeliveryState,
    DiscardReason,
    DispatchState,
    Fold,
    MessageKind,
    MessageRecord,
    RetryAt,
    WaitReason,
)
from tocsin.ports import Pace, Verdict
from tocsin.storage import batches as waiting
from tocsin.storage import channels
from tocsin.storage.columns import Moment
from tocsin.storage.statements import (
    DUE_BY,
    NAMES,
    NOBODY,
    NOW,
    TAKEN,
    Claim,
    Row,
    batches,
    free,
    insert_all,
    insert_or,
)
from tocsin.storage.tables import attempts, deliveries, dispatches, message_dispatches, messages

Standing: TypeAlias = tuple[DispatchState, str | None]

#: Fewer old alerts than that are sent as they are.
FEWEST_FOLDED = 2

aliased_deliveries = deliveries.alias()

#: After an update that comes before what it follows has ended, it is looked at again.
IN_TURN = timedelta(seconds=1)


# ---------------------------------------------------------------------------------------------------------------
# Adding


def add(connection: Connection, added: Sequence[MessageRecord], now: datetime) -> None:
    """Store messages with their deliveries, due now, in their order.

    Raises:
        AlreadyStored: one is there already.
    """
    times = [now + timedelta(microseconds=number) for number in range(len(added))]
    insert_all(connection, messages, [_message_row(message, at) for message, at in zip(added, times, strict=True)])
    _add_parts(connection, list(zip(added, times, strict=True)))


def add_once(connection: Connection, message: MessageRecord, now: datetime) -> None:
    """Store a message with its deliveries, due now, unless it is there."""
    statement = insert_or(connection, messages).on_conflict_do_nothing().returning(messages.c.id)
    if connection.scalar(statement, _message_row(message, now)) is not None:
        _add_parts(connection, [(message, now)])


def _add_parts(connection: Connection, added: Sequence[tuple[MessageRecord, datetime]]) -> None:
    """Store the deliveries of messages, each due at its time, and which alerts they tell."""
    links = [{"message_id": message.id, "dispatch_id": told} for message, _ in added for told in message.dispatches]
    insert_all(connection, message_dispatches, links)
    names, now = sorted({message.channel for message, _ in added}), min((at for _, at in added), default=None)
    reasons = {name: WaitReason.CHANNEL.value for name in names if now and channels.troubled(connection, name, now)}
    rows = [
        _delivery_row(message, way.id, way.recipient, reasons.get(message.channel), at)
        for message, at in added
        for way in message.deliveries
    ]
    insert_all(connection, deliveries, rows)
    waiting = [message.id for message, _ in added if message.channel in reasons]
    if waiting:
        _settle(connection, waiting, max(at for _, at in added))


def _message_row(message: MessageRecord, now: datetime) -> Row:
    return {
        "id": message.id,
        "kind": message.kind,
        "channel": message.channel,
        "payload": message.payload,
        "created_at": now,
    }


def _delivery_row(message: MessageRecord, delivery: str, recipient: str, reason: str | None, now: datetime) -> Row:
    return {
        "id": delivery,
        "message_id": message.id,
        "channel": message.channel,
        "recipient": recipient,
        "state": DeliveryState.WAITING,
        "reason": reason,
        "due_at": now,
        "attempts": 0,
        "refusals": 0,
        "created_at": now,
        "changed_at": now,
    }


# ---------------------------------------------------------------------------------------------------------------
# Claiming


_WITH_DUE = (
    select(deliveries.c.channel)
    .where(deliveries.c.state == DeliveryState.WAITING, deliveries.c.due_at <= NOW, free(deliveries, NOW))
    .distinct()
    .subquery()
)
_DUE_CHANNELS = (
    select(_WITH_DUE.c.channel).where(channels.ready(_WITH_DUE.c.channel, NOW)).order_by(_WITH_DUE.c.channel)
)


def due_channels(connection: Connection, now: datetime) -> Sequence[str]:
    """Return the channels that have a delivery due and free, and that may be sent to, by name."""
    return connection.scalars(_DUE_CHANNELS, {"now": now}).all()


def claim(
    connection: Connection, channel: str, claim: Claim, pace: Pace | None, untried_since: datetime | None
) -> Sequence[ClaimedDelivery]:
    """Lease waiting deliveries of a channel that are due and free, as many as its pace allows, longest due first.

    With `untried_since`, those only that nobody tried since then. An update waits for what it follows.
    """
    before = channels.standing(connection, channel)
    allowance = pace(before) if pace else Allowance(limit=claim.limit, after=before)
    if pace and allowance.limit and allowance.after != before:
        before = channels.standing(connection, channel, lock=True)
        allowance = pace(before)
    if not allowance.limit:
        return ()
    due = _due(probe=allowance.probe, untried=untried_since is not None)
    about = {"channel": channel, "limit": allowance.limit, "untried_since": untried_since}
    rows = connection.execute(due, {**claim.times, **about}).all()
    for batch in batches([row.id for row in rows]):
        connection.execute(_TAKE, {**claim.times, "names": batch})
    told = _told_before(connection, [row for row in rows if row.kind is MessageKind.UPDATED])
    taken = [row for row in rows if not _postponed(connection, row, told.get(row.id, ()), claim.now)]
    if taken and allowance.after != before:
        channels.store(connection, allowance.after)
    return [_claimed(row, told.get(row.id, ()), probe=allowance.probe) for row in taken]


_TAKE = update(deliveries).where(deliveries.c.id.in_(NAMES)).values(TAKEN)
_UNTRIED = or_(deliveries.c.attempts == 0, deliveries.c.changed_at < bindparam("untried_since", type_=Moment()))


@cache
def _due(*, probe: bool, untried: bool) -> Select[Any]:
    """Return the statement that asks what is claimed first: what was due first.

    Of a channel that fails, a test goes first, as somebody waits for it.
    """
    first = (messages.c.kind != MessageKind.TEST,) if probe else ()
    return (
        select(deliveries, messages.c.payload, messages.c.kind)
        .join(messages, messages.c.id == deliveries.c.message_id)
        .where(
            deliveries.c.state == DeliveryState.WAITING,
            deliveries.c.channel == bindparam("channel"),
            deliveries.c.due_at <= DUE_BY,
            free(deliveries, NOW),
            _UNTRIED if untried else true(),
        )
        .order_by(*first, deliveries.c.due_at, deliveries.c.id)
        .limit(bindparam("limit", type_=Integer()))
        .with_for_update(skip_locked=True, of=deliveries)
    )


_FORMER = deliveries.alias("former")
_FORMER_MESSAGES = messages.alias("former_messages")
_FORMER_LINKS = message_dispatches.alias("former_links")


def _told_before(connection: Connection, updates: Sequence[ResultRow[Any]]) -> Mapping[str, Sequence[ResultRow[Any]]]:
    """Return what the recipients of updates were, or are to be, told of their alerts before, oldest first."""
    found: dict[str, list[Any]] = {}
    for batch in batches([row.id for row in updates]):
        former = (
            select(
                deliveries.c.id.label("of"),
                _FORMER.c.state,
                _FORMER.c.due_at,
                _FORMER.c.lease_until,
                _FORMER.c.remote_id,
                _FORMER_MESSAGES.c.kind,
            )
            .join(message_dispatches, message_dispatches.c.message_id == deliveries.c.message_id)
            .join(_FORMER_LINKS, _FORMER_LINKS.c.dispatch_id == message_dispatches.c.dispatch_id)
            .join(_FORMER_MESSAGES, _FORMER_MESSAGES.c.id == _FORMER_LINKS.c.message_id)
            .join(
                _FORMER,
                and_(_FORMER.c.message_id == _FORMER_MESSAGES.c.id, _FORMER.c.recipient == deliveries.c.recipient),
            )
            .where(
                deliveries.c.id.in_(batch),
                _FORMER.c.id != deliveries.c.id,
                or_(
                    _FORMER_MESSAGES.c.kind != MessageKind.UPDATED,
                    _FORMER.c.created_at < deliveries.c.created_at,
                ),
            )
            .order_by(_FORMER.c.created_at, _FORMER.c.id)
        )
        for row in connection.execute(former):
            found.setdefault(row.of, []).append(row)
    return found


def _postponed(connection: Connection, row: ResultRow[Any], before: Sequence[ResultRow[Any]], now: datetime) -> bool:
    """Have an update wait for what it follows, if that still waits; tell whether it does."""
    waiting = [former for former in before if former.state is DeliveryState.WAITING]
    if not waiting:
        return False
    later = max(now + IN_TURN, *(former.due_at for former in waiting))
    reason = row.reason or WaitReason.RETRY.value
    values = {**NOBODY, "due_at": later, "reason": reason}
    connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(values))
    return True


def release(connection: Connection, owner: str | None) -> None:
    """Give back the leases of `owner`, or everybody's."""
    held = deliveries.c.lease_owner.is_not(None) if owner is None else deliveries.c.lease_owner == owner
    connection.execute(update(deliveries).where(held).values(NOBODY))


def _claimed(row: ResultRow[Any], before: Sequence[ResultRow[Any]], *, probe: bool) -> ClaimedDelivery:
    told = (former for former in before if former.kind is MessageKind.ALERT)
    arrived = (former for former in told if former.state is DeliveryState.DELIVERED)
    return ClaimedDelivery(
        id=row.id,
        channel=row.channel,
        recipient=row.recipient,
        payload=row.payload,
        created=row.created_at,
        attempts=row.attempts - row.forgiven,
        refusals=row.refusals,
        earlier=next((former.remote_id for former in arrived), None),
        probe=probe,
    )


# ---------------------------------------------------------------------------------------------------------------
# Ending


_OURS = (
    select(deliveries)
    .where(
        deliveries.c.id == bindparam("named"),
        deliveries.c.lease_owner == bindparam("owner"),
        deliveries.c.state == DeliveryState.WAITING,
    )
    .with_for_update()
)
_CHANGE = update(deliveries).where(deliveries.c.id == bindparam("named"))  # to what else it is executed with


def record(connection: Connection, tried: AttemptRecord, verdict: Verdict | None = None) -> bool:
    """Store a try and its decision; False where the delivery is not leased to who tried.

    `verdict` decides how the channel stands after it. What waits for a channel in trouble says so; all of it is due at
    once when its breaker closes.
    """
    row = connection.execute(_OURS, {"named": tried.delivery_id, "owner": tried.owner}).one_or_none()
    if row is None:
        return False
    insert_all(connection, attempts, [_attempt_row(tried, row.attempts + 1)])
    changes = _delivery_changes(tried, row)
    connection.execute(_CHANGE, {**changes, "named": row.id})
    at = changes["changed_at"]
    # The channel is locked before the dispatches: of two that end at the same moment, one settles all that waits.
    concerned = _have_others_wait(connection, tried, row.channel, verdict) if verdict else ()
    _settle(connection, [row.message_id, *concerned], at)
    return True


def _have_others_wait(connection: Connection, tried: AttemptRecord, channel: str, verdict: Verdict) -> Sequence[str]:
    """Store how a channel stands, and what that means for what waits for it; return the messages that it concerns."""
    before, after = channels.change(connection, channel, verdict)
    others = and_(
        deliveries.c.state == DeliveryState.WAITING,
        deliveries.c.channel == channel,
        deliveries.c.lease_owner.is_(None),  # who has one decides upon it
    )
    if before.open_since and not after.open_since:
        if tried.fold:
            _fold(connection, tried.fold, tried.started + tried.took)
        # In the order in which they were decided.
        changes: Row = {"due_at": deliveries.c.created_at, "reason": None}
    elif after != before and (after.open_since or after.held_until != before.held_until):
        unsaid = or_(deliveries.c.reason.is_(None), deliveries.c.reason != WaitReason.CHANNEL)
        others, changes = others & unsaid, {"reason": WaitReason.CHANNEL.value}
    else:
        return ()
    change = update(deliveries).where(others).values(changes).returning(deliveries.c.message_id)
    return sorted(set(connection.scalars(change)))


def _fold(connection: Connection, fold: Fold, at: datetime) -> None:
    """Have alerts wait in a batch of which no recipient has heard for too long; one alone is sent as it is."""
    channel = fold.batch.channel
    ready = (deliveries.c.state == DeliveryState.WAITING) & deliveries.c.lease_owner.is_(None)
    others = aliased_deliveries.c.message_id == messages.c.id
    begun = (aliased_deliveries.c.state != DeliveryState.WAITING) | aliased_deliveries.c.lease_owner.is_not(None)
    old = (
        select(messages.c.id)
        .join(deliveries, deliveries.c.message_id == messages.c.id)
        .where(messages.c.channel == channel, messages.c.kind == MessageKind.ALERT, ready)
        .where(messages.c.created_at < fold.before, ~exists().where(others, begun))
        .distinct()
    )
    named = connection.scalars(old).all()
    if len(named) < FEWEST_FOLDED:
        return
    waiting.open_all(connection, [fold.batch], at)
    folded = {"state": DeliveryState.DROPPED, "reason": DiscardReason.FOLDED, "due_at": None, "changed_at": at}
    later = {
        "state": DispatchState.WAITING,
        "reason": WaitReason.CHANNEL,
        "batch_id": fold.batch.id,
        "changed_at": at,
    }
    for batch in batches(named):
        connection.execute(update(deliveries).where(deliveries.c.message_id.in_(batch)).values(folded))
        told = select(message_dispatches.c.dispatch_id).where(message_dispatches.c.message_id.in_(batch))
        connection.execute(update(dispatches).where(dispatches.c.id.in_(told)).values(later))


def bury_without_channel(connection: Connection, channels: Collection[str], now: datetime) -> Mapping[str, str]:
    """Give up the waiting deliveries of every channel that is not one of `channels`; return them, each with its own."""
    orphaned = deliveries.c.state == DeliveryState.WAITING, deliveries.c.channel.not_in(sorted(channels))
    dead = {**_ending(Dead(reason=DeadReason.CHANNEL_REMOVED)), "changed_at": now, **NOBODY}
    returned = deliveries.c.id, deliveries.c.channel, deliveries.c.message_id
    buried = (connection.execute(update(deliveries).where(*orphaned).values(dead).returning(*returned))).all()
    _settle(connection, sorted({row.message_id for row in buried}), now)
    return {row.id: row.channel for row in buried}


# ---------------------------------------------------------------------------------------------------------------
# By hand


def listed(
    connection: Connection, state: DeliveryState | None, channel: str | None, limit: int
) -> Sequence[DeliveryReport]:
    """Return the newest deliveries, of one state and one channel where named, oldest first, each with its last try."""
    last = and_(attempts.c.delivery_id == deliveries.c.id, attempts.c.number == deliveries.c.attempts)
    asked = and_(
        true() if state is None else deliveries.c.state == state,
        true() if channel is None else deliveries.c.channel == channel,
    )
    rows = connection.execute(
        select(deliveries, attempts.c.status, attempts.c.detail, attempts.c.took_ms)
        .outerjoin(attempts, last)
        .where(asked)
        .order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
        .limit(limit)
    )
    return [report(row) for row in reversed(rows.all())]


def report(row: ResultRow[Any]) -> DeliveryReport:
    """Return where a delivery stands, from its row with that of its last try."""
    return DeliveryReport(
        id=row.id,
        channel=row.channel,
        recipient=row.recipient,
        state=row.state,
        reason=row.reason,
        attempts=row.attempts,
        due=row.due_at,
        last_status=row.status,
        last_detail=row.detail,
        remote_id=row.remote_id,
        took=None if row.took_ms is None else timedelta(milliseconds=row.took_ms),
        created=row.created_at,
    )


def try_again(connection: Connection, named: str | None, of: Collection[str], now: datetime) -> Sequence[str]:
    """Have a delivery that waits or is dead, or all of some channels, be tried now as if for the first time.

    Returns their ids. Channels that fail are tried at once.
    """
    undone = deliveries.c.state.in_((DeliveryState.WAITING, DeliveryState.DEAD))
    which = deliveries.c.channel.in_(sorted(of)) if named is None else deliveries.c.id == named
    fresh = {
        "state": DeliveryState.WAITING,
        "reason": None,
        # What somebody tries at this moment is not taken from them; all others are sent in the order of their creation.
        "due_at": now if named else deliveries.c.created_at,
        "forgiven": deliveries.c.attempts,
        "refusals": 0,
        "changed_at": now,
    }
    changed = (deliveries.c.id, deliveries.c.channel, deliveries.c.message_id)
    rows = connection.execute(update(deliveries).where(undone, which).values(fresh).returning(*changed)).all()
    channels.wake(connection, {row.channel for row in rows}, now)
    _settle(connection, sorted({row.message_id for row in rows}), now)
    return sorted(row.id for row in rows)


def drop(connection: Connection, named: str, now: datetime) -> bool:
    """Give up a delivery that waits or is dead, as somebody wants it; False where there is none."""
    undone = deliveries.c.state.in_((DeliveryState.WAITING, DeliveryState.DEAD))
    dropped = {
        "state": DeliveryState.DROPPED,
        "reason": DiscardReason.BY_HAND.value,
        "due_at": None,
        "changed_at": now,
        **NOBODY,
    }
    asked = update(deliveries).where(undone, deliveries.c.id == named)
    found = connection.scalars(asked.values(dropped).returning(deliveries.c.message_id)).all()
    _settle(connection, found, now)
    return bool(found)


def commit_told(connection: Connection, record: ChannelToldRecord) -> None:
    """Store what is told of channels.

    Raises:
        AlreadyStored: another told of one of them, or it is not as it was.
    """
    for told, after in record.told:
        channels.settle(connection, told, after)
    for number, message in enumerate(record.messages):
        add_once(connection, message, record.at + timedelta(microseconds=number))


# ---------------------------------------------------------------------------------------------------------------
# What follows from it


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


_TOLD_BY = select(message_dispatches.c.dispatch_id).where(message_dispatches.c.message_id.in_(NAMES))
_TOLD = (
    select(dispatches)
    .where(dispatches.c.id.in_(_TOLD_BY), dispatches.c.batch_id.is_(None))  # what waits in a batch stays as it is
    .order_by(dispatches.c.id)
    .with_for_update()
)
_CHANGE_TOLD = update(dispatches).where(dispatches.c.id == bindparam("named"))
_STANDINGS = (
    select(message_dispatches.c.dispatch_id, deliveries.c.state, deliveries.c.reason)
    .join(messages, messages.c.id == message_dispatches.c.message_id)
    .outerjoin(deliveries, deliveries.c.message_id == messages.c.id)
    .where(message_dispatches.c.dispatch_id.in_(NAMES), messages.c.kind != MessageKind.UPDATED)
    .where(deliveries.c.reason.is_(None) | (deliveries.c.reason != DiscardReason.FOLDED))
    .order_by(deliveries.c.changed_at, deliveries.c.id)
)


def _settle(connection: Connection, message_ids: Sequence[str], at: datetime) -> None:
    """Make the dispatches of messages say what their deliveries say.

    The dispatches are locked before the deliveries are read: of two that end at the same moment, the later sees the
    earlier.
    """
    for batch in batches(message_ids):
        rows = connection.execute(_TOLD, {"names": batch}).all()
        standings = _standings(connection, [row.id for row in rows]) if rows else {}
        changed = [
            {"named": row.id, "state": state, "reason": reason, "changed_at": at}
            for row in rows
            for state, reason in [standings.get(row.id, (row.state, row.reason))]
            if (state, reason) != (row.state, row.reason)
        ]
        if changed:
            connection.execute(_CHANGE_TOLD, changed)


def _standings(connection: Connection, dispatch_ids: Sequence[str]) -> Mapping[str, Standing]:
    """Return what the deliveries of each dispatch amount to, but for those of its alert's updates.

    One whose messages are gone, as they were old, is left out.
    """
    reasons: dict[str, dict[DeliveryState, str | None]] = {}
    for dispatch, state, reason in connection.execute(_STANDINGS, {"names": dispatch_ids}):
        known = reasons.setdefault(dispatch, {})
        if state is not None:
            known[state] = reason  # the last to change is the one to tell
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
