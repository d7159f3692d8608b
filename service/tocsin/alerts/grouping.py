"""When an alert is sent on a channel: now, together with others, after the quiet hours, in a summary, or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.alerts.ids import batch_id
from tocsin.alerts.quiet import quiet_until
from tocsin.alerts.routing import RouteFacts, takes
from tocsin.model import (
    Batch,
    BatchKind,
    BatchStanding,
    ChannelKind,
    ChannelSpec,
    DispatchState,
    Fold,
    GroupBy,
    MuteReason,
    Severity,
    Silence,
    Timing,
    Traffic,
    WaitReason,
    Way,
)
from tocsin.text.cron import next_slot

HOUR = timedelta(hours=1)

#: Alerts that could not be sent for so long are told together when they can.
STALE = timedelta(hours=24)

#: Why a dispatch waits, by the batch that it waits in.
_WAITS: Mapping[BatchKind, WaitReason] = {
    BatchKind.GROUP: WaitReason.GROUP,
    BatchKind.DIGEST: WaitReason.DIGEST,
    BatchKind.QUIET_HOURS: WaitReason.QUIET_HOURS,
    BatchKind.LIMIT: WaitReason.LIMIT,
    BatchKind.RELEASED: WaitReason.RELEASED,
    BatchKind.BACKLOG: WaitReason.CHANNEL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingFacts:
    """An alert on its way to one channel. `hidden`: another rule that rang for the story hides its rule."""

    route: RouteFacts
    alert_id: str
    story_id: str
    way: Way
    max_per_hour: int
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What becomes of an alert on its way: with neither a batch nor a reason, it is sent now.

    `counted`: it counts for its rule's `max_per_hour`.
    """

    state: DispatchState = DispatchState.WAITING
    reason: WaitReason | MuteReason | None = None
    batch: Batch | None = None
    silence_id: str | None = None
    counted: bool = False


def decide_sending(facts: SendingFacts, traffic: Traffic, at: datetime) -> Sending:
    """Decide when an alert that rings at that time is sent on a channel.

    Silences and inhibitions keep it. A digest wins over quiet hours and groups; what is critical passes quiet hours;
    what its rule notifies passes all but limits.
    """
    if silence := silence_of(facts.route, facts.way.channel, facts.story_id, traffic.silences):
        return Sending(state=DispatchState.MUTED, reason=MuteReason.SILENCED, silence_id=silence.id)
    if facts.hidden:
        return Sending(state=DispatchState.MUTED, reason=MuteReason.INHIBITED)
    if held := _held(facts, traffic, at):
        return _waiting(held)
    group = _group_batch(facts, facts.way.timing or Timing(), traffic, at)
    if group is None:
        return Sending(counted=True)
    if quiet := _quiet_batch(facts, group.due):
        return _waiting(quiet)
    return replace(_waiting(group), counted=True)


def _held(facts: SendingFacts, traffic: Traffic, at: datetime) -> Batch | None:
    """Return what an alert is told with later; None where it may be sent, by itself or in a group."""
    timing, channel = facts.way.timing or Timing(), facts.way.channel
    if timing.digest:
        return digest_batch(channel, timing.digest.cron, timing.digest.timezone, at)
    if held := _quiet_batch(facts, at) or _limit_batch(facts, traffic, at):
        return held
    return _backlog_batch(channel, at) if channel in traffic.backlogged else None


def silence_of(facts: RouteFacts, channel: str, story_id: str, silences: Iterable[Silence]) -> Silence | None:
    """Return the first silence that keeps an alert from a channel; None where none does."""
    return next((silence for silence in silences if _keeps(silence, facts, channel, story_id)), None)


def _keeps(silence: Silence, facts: RouteFacts, channel: str, story_id: str) -> bool:
    if silence.channels and channel not in silence.channels:
        return False
    if silence.stories and story_id not in silence.stories:
        return False
    return takes(facts, silence.match)


def batches_of(facts: SendingFacts) -> Sequence[str]:
    """Return the ids of the batches whose standing matters for an alert on its way."""
    group = _group_key(facts, facts.way.timing or Timing())
    return [_limit_id(facts), *([batch_id(facts.way.channel, BatchKind.GROUP, *group.values())] if group else [])]


def digest_batch(channel: str, cron: str, timezone: str, after: datetime) -> Batch:
    """Return the digest of a channel at the first slot after that time."""
    return Batch(
        id=batch_id(channel, BatchKind.DIGEST, cron, timezone),
        channel=channel,
        kind=BatchKind.DIGEST,
        key={"cron": cron, "timezone": timezone},
        due=next_slot(cron, timezone, after),
    )


def released_batch(channel: str, silence: str, at: datetime) -> Batch:
    """Return the batch of what an ended silence kept from a channel, due now."""
    return Batch(
        id=batch_id(channel, BatchKind.RELEASED, silence),
        channel=channel,
        kind=BatchKind.RELEASED,
        key={"silence": silence},
        due=at,
    )


def _waiting(batch: Batch) -> Sending:
    return Sending(reason=_WAITS[batch.kind], batch=batch)


def _quiet_batch(facts: SendingFacts, at: datetime) -> Batch | None:
    """Return what an alert waits in for the end of the quiet hours; None where it need not at that time."""
    way = facts.way
    quiet = way.timing.quiet_hours if way.timing else None
    until = quiet_until(quiet, at) if quiet and facts.route.severity is not Severity.CRITICAL else None
    if until is None:
        return None
    key = until.isoformat()
    return Batch(
        id=batch_id(way.channel, BatchKind.QUIET_HOURS, key),
        channel=way.channel,
        kind=BatchKind.QUIET_HOURS,
        key={"until": key},
        due=until,
    )


def _limit_id(facts: SendingFacts) -> str:
    return batch_id(facts.way.channel, BatchKind.LIMIT, facts.route.rule)


def _limit_batch(facts: SendingFacts, traffic: Traffic, at: datetime) -> Batch | None:
    """Return the summary that an alert is told in, where its rule rang often enough; one that is open takes it."""
    recent = traffic.recent.get((facts.route.rule, facts.way.channel), ())
    standing = traffic.batches.get(_limit_id(facts))
    is_open = standing is not None and standing.due is not None
    if len(recent) < facts.max_per_hour and not is_open:
        return None
    oldest = recent[-facts.max_per_hour] if len(recent) >= facts.max_per_hour else at
    return Batch(
        id=_limit_id(facts),
        channel=facts.way.channel,
        kind=BatchKind.LIMIT,
        key={"rule": facts.route.rule, "max_per_hour": facts.max_per_hour},
        due=oldest + HOUR,
    )


def _backlog_batch(channel: str, at: datetime) -> Batch:
    """Return the digest of what comes to a channel for which too much waits already."""
    return replace(backlog_batch(channel, at), due=at + HOUR)


def backlog_batch(channel: str, at: datetime) -> Batch:
    """Return the digest of what a channel is told late, due now."""
    return Batch(id=batch_id(channel, BatchKind.BACKLOG), channel=channel, kind=BatchKind.BACKLOG, key={}, due=at)


def fold_of(channel: ChannelSpec, at: datetime) -> Fold | None:
    """Return what becomes of old alerts when a channel works again: people are told of them in one digest."""
    if channel.kind in _ONE_BY_ONE:
        return None
    return Fold(batch=backlog_batch(channel.name, at), before=at - STALE)


#: What programs read, whatever its age.
_ONE_BY_ONE = frozenset({ChannelKind.WEBHOOK, ChannelKind.FILE, ChannelKind.PAGERDUTY})


def _group_batch(facts: SendingFacts, timing: Timing, traffic: Traffic, at: datetime) -> Batch | None:
    """Return the group that an alert waits in; None where it is told by itself at once."""
    key = _group_key(facts, timing)
    if not key:
        return None
    named = batch_id(facts.way.channel, BatchKind.GROUP, *key.values())
    return Batch(
        id=named,
        channel=facts.way.channel,
        kind=BatchKind.GROUP,
        key=key,
        due=_group_due(timing, traffic.batches.get(named), at),
    )


def _group_due(timing: Timing, standing: BatchStanding | None, at: datetime) -> datetime:
    if standing and standing.due:
        return standing.due
    soonest = at + timing.group_wait
    return max(soonest, standing.flushed + timing.group_interval) if standing and standing.flushed else soonest


def _group_key(facts: SendingFacts, timing: Timing) -> dict[str, str]:
    match timing.group_by:
        case GroupBy.RULE:
            return {"by": timing.group_by.value, "value": facts.route.rule}
        case GroupBy.STORY:
            return {"by": timing.group_by.value, "value": facts.story_id}
        case GroupBy.FEED:
            return {"by": timing.group_by.value, "value": facts.route.feed}
        case GroupBy.NONE:
            return {"by": timing.group_by.value, "value": facts.alert_id} if timing.group_wait else {}
