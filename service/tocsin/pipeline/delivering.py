"""Delivering a message: claim, as many as the channel may be sent → notice → send → decide → record."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.alerts.grouping import fold_of
from tocsin.alerts.ids import thread_of
from tocsin.alerts.pace import decide_allowance, decide_standing, pace_of
from tocsin.alerts.render import render_notice
from tocsin.alerts.retry import decide_retry
from tocsin.errors import StorageError
from tocsin.log import Event
from tocsin.model import (
    Allowance,
    Attempt,
    AttemptDecision,
    AttemptRecord,
    AttemptResult,
    ChannelStanding,
    ClaimedDelivery,
    Dead,
    DeadReason,
    Delivered,
    Fold,
    Message,
    RetryAt,
)
from tocsin.pipeline.tools import Configuration, Tools

#: How long a delivery is ours: longer than a try can take, so that nobody else begins it meanwhile.
SEND_LEASE = timedelta(minutes=2)

#: Ends that say nothing of the channel.
_OUR_OWN = frozenset({DeadReason.CHANNEL_REMOVED, DeadReason.UNRENDERABLE})


class Delivering:
    """The step that tries a delivery once."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._tried: set[str] = set()  # those that are being tried now

    async def claim(
        self, channel: str, due_by: datetime, limit: int, untried_since: datetime | None = None
    ) -> Sequence[ClaimedDelivery]:
        """Lease deliveries of a channel that are due by then, as many as it may be sent now."""
        tools, now = self._tools, self._tools.clock()
        spec = tools.configuration.plan.channel_named.get(channel)
        every = pace_of(spec.kind) if spec else timedelta()

        def pace(standing: ChannelStanding) -> Allowance:
            return decide_allowance(standing, limit, now, every=every, due_by=due_by, lease=SEND_LEASE)

        claimed = await tools.store.claim_due_deliveries(
            tools.owner, channel, now, SEND_LEASE, limit, due_by=due_by, pace=pace, untried_since=untried_since
        )
        if claimed and every:  # the next one may go before the next tick
            asyncio.get_running_loop().call_later(every.total_seconds(), tools.wake)
        # A clock that was set forward ends leases of what is still at work.
        return [delivery for delivery in claimed if delivery.id not in self._tried]

    async def deliver(self, claimed: ClaimedDelivery) -> AttemptDecision | None:
        """Try a delivery once and store what came of it; None where that could not be stored."""
        self._tried.add(claimed.id)
        try:
            return await self._deliver(claimed)
        finally:
            self._tried.discard(claimed.id)

    async def _deliver(self, claimed: ClaimedDelivery) -> AttemptDecision | None:
        configuration = self._tools.configuration
        started = self._tools.clock()
        try:
            attempt, decision = await self._try(configuration, claimed)
            record = AttemptRecord(
                delivery_id=claimed.id,
                owner=self._tools.owner,
                started=started,
                took=self._tools.clock() - started,
                attempt=replace(attempt, detail=configuration.public(attempt.detail)),
                decision=decision,
                fold=_fold(configuration, claimed.channel, self._tools.clock()),
            )
            verdict = _Verdict(record, self._tools.retry_schedule, probe=claimed.probe)
            stored = await self._tools.stored(
                lambda: self._tools.store.record_attempt(record, verdict.of_channel),
                step="deliver",
                delivery=claimed.id,
                channel=claimed.channel,
            )
        except StorageError as error:
            self._tools.journal.error(Event.STORAGE_FAILED, step="deliver", delivery=claimed.id, detail=str(error))
            return None
        self._tell_attempt(claimed, record)
        self._tell_channel(verdict)
        if not stored:
            self._tools.journal.warning(Event.LEASE_LOST, step="deliver", delivery=claimed.id, channel=claimed.channel)
        return decision if stored else None

    async def _try(self, configuration: Configuration, claimed: ClaimedDelivery) -> tuple[Attempt, AttemptDecision]:
        spec, channel = (
            configuration.plan.channel_named.get(claimed.channel),
            configuration.channels.get(claimed.channel),
        )
        if spec is None or channel is None:
            gone = Attempt(result=AttemptResult.GONE, detail="the channel is not configured")
            return gone, Dead(reason=DeadReason.CHANNEL_REMOVED)
        try:
            message = _message(claimed, spec.timezone)
        except Exception:  # noqa: BLE001 - a message that breaks must not stop the others
            self._tools.journal.exception(
                Event.STEP_CRASHED, step="render", delivery=claimed.id, channel=claimed.channel
            )
            unsayable = Attempt(result=AttemptResult.GONE, detail="the message could not be put into words")
            return unsayable, Dead(reason=DeadReason.UNRENDERABLE)
        try:
            attempt = await channel.send(message)
        except Exception:  # noqa: BLE001 - nor a channel
            self._tools.journal.exception(Event.STEP_CRASHED, step="send", delivery=claimed.id, channel=claimed.channel)
            attempt = Attempt(result=AttemptResult.RETRY, detail="an error of Tocsin's own; the log has its trace")
        decision = decide_retry(
            attempt,
            delivery_id=claimed.id,
            attempts=claimed.attempts,
            refusals=claimed.refusals,
            now=self._tools.clock(),
            schedule=self._tools.retry_schedule,
            probe=claimed.probe,
        )
        return attempt, decision

    def _tell_attempt(self, claimed: ClaimedDelivery, record: AttemptRecord) -> None:
        tell = self._tools.journal.info if isinstance(record.decision, Delivered) else self._tools.journal.warning
        tell(
            Event.DELIVERY_DIED if isinstance(record.decision, Dead) else Event.DELIVERY_ATTEMPTED,
            delivery=claimed.id,
            channel=claimed.channel,
            outcome=record.attempt.result.value,
            status=record.attempt.status,
            detail=record.attempt.detail,
            attempt=claimed.attempts + 1,
            took=round(record.took.total_seconds(), 3),
            due=record.decision.at if isinstance(record.decision, RetryAt) else None,
        )

    def _tell_channel(self, verdict: "_Verdict") -> None:
        before, after = verdict.before, verdict.after
        if before is None or after is None:
            return
        journal = self._tools.journal.bind(channel=after.name)
        if after.open_since and not before.open_since:
            journal.warning(Event.CHANNEL_FAILED, detail=after.detail, failures=after.failures, due=after.probe_at)
        if before.open_since and not after.open_since:
            journal.info(Event.CHANNEL_RECOVERED)
            self._tools.wake()  # all that waited is due
        if after.held_until != before.held_until:
            journal.warning(Event.CHANNEL_HELD, due=after.held_until)


class _Verdict:
    """Decides how a channel stands after a try, and remembers how it did and does."""

    def __init__(self, record: AttemptRecord, schedule: tuple[timedelta, ...], *, probe: bool) -> None:
        self._record = record
        self._schedule = schedule
        self._probe = probe
        self.before: ChannelStanding | None = None
        self.after: ChannelStanding | None = None
        ours = isinstance(record.decision, Dead) and record.decision.reason in _OUR_OWN
        self.of_channel = None if ours else self._decide

    def _decide(self, standing: ChannelStanding) -> ChannelStanding:
        record = self._record
        self.before = standing
        self.after = decide_standing(
            standing,
            record.attempt,
            record.decision,
            record.started + record.took,
            probe=self._probe,
            schedule=self._schedule,
        )
        return self.after


def _fold(configuration: Configuration, channel: str, now: datetime) -> Fold | None:
    spec = configuration.plan.channel_named.get(channel)
    return fold_of(spec, now) if spec else None


def _message(claimed: ClaimedDelivery, timezone: str) -> Message:
    return Message(
        delivery_id=claimed.id,
        recipient=claimed.recipient,
        payload=claimed.payload,
        notice=render_notice(claimed.payload, timezone),
        created=claimed.created,
        story_id=thread_of(claimed.payload) or claimed.id,
        earlier=claimed.earlier,
    )
