"""Delivering a message: claim → notice → send → decide → record."""

from dataclasses import replace

from tocsin.alerts.ids import thread_of
from tocsin.alerts.render import render_notice
from tocsin.alerts.retry import decide_retry
from tocsin.errors import StorageError
from tocsin.log import Event
from tocsin.model import (
    Attempt,
    AttemptDecision,
    AttemptRecord,
    AttemptResult,
    ClaimedDelivery,
    Dead,
    DeadReason,
    Delivered,
    Message,
    RetryAt,
)
from tocsin.pipeline.tools import Configuration, Tools


class Delivering:
    """The step that tries a delivery once."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def deliver(self, claimed: ClaimedDelivery) -> AttemptDecision | None:
        """Try a delivery once and store what came of it; None where that could not be stored."""
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
            )
            stored = await self._tools.stored(
                lambda: self._tools.store.record_attempt(record),
                step="deliver",
                delivery=claimed.id,
                channel=claimed.channel,
            )
        except StorageError as error:
            self._tools.journal.error(Event.STORAGE_FAILED, step="deliver", delivery=claimed.id, detail=str(error))
            return None
        self._tell_attempt(claimed, record)
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


def _message(claimed: ClaimedDelivery, timezone: str) -> Message:
    return Message(
        delivery_id=claimed.id,
        recipient=claimed.recipient,
        payload=claimed.payload,
        notice=render_notice(claimed.payload, timezone),
        created=claimed.created,
        story_id=thread_of(claimed.payload) or claimed.id,
    )
