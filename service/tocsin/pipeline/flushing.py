"""Telling together: groups, digests and what was held, whose time has come → what is sent of each → one transaction."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tocsin.alerts.grouping import digest_batch, released_batch, silence_of
from tocsin.alerts.ring import alert_message, digest_messages, group_messages
from tocsin.alerts.routing import facts_told
from tocsin.errors import StorageError
from tocsin.log import Event
from tocsin.model import (
    Batch,
    BatchKind,
    ChannelSpec,
    DueBatch,
    FlushRecord,
    GroupBy,
    MessageRecord,
    Route,
    WaitingAlert,
)
from tocsin.pipeline.tools import Configuration, Tools
from tocsin.plan import Plan

#: A digest without alerts whose slot is longer ago than this is of no use to anybody.
STALE = timedelta(hours=24)

#: How long a batch waits that breaks what tells it.
AFTER_A_CRASH = timedelta(minutes=10)


class Flushing:
    """The step that tells batches."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def prepare(self) -> None:
        """Have those digests be due that are sent without alerts too."""
        tools = self._tools
        now = tools.clock()
        wanted = list(_empty_digests(tools.configuration.plan, now))
        if wanted:
            await tools.store.open_batches(wanted, now)

    async def flush(self, *, grouped: bool = False) -> None:
        """Tell the batches that are due; with `grouped`, all groups that wait."""
        tools, configuration = self._tools, self._tools.configuration
        now = tools.clock()
        for due in await tools.store.due_batches(now, grouped=grouped):
            channel = configuration.plan.channel_named.get(due.batch.channel)
            if channel is None:
                continue  # its rows die when the configuration is applied
            try:
                await self._flush(configuration, due, channel, now)
            except StorageError as error:
                tools.journal.error(Event.STORAGE_FAILED, step="flush", channel=channel.name, detail=str(error))
                return
            except Exception:  # noqa: BLE001 - one that breaks waits, and stops no other
                tools.journal.exception(Event.STEP_CRASHED, step="flush", channel=channel.name)
                await tools.store.postpone_batch(due.batch, now + AFTER_A_CRASH)

    async def _flush(self, configuration: Configuration, due: DueBatch, channel: ChannelSpec, now: datetime) -> None:
        """Tell a batch, but for what is silenced by now."""
        tools = self._tools
        kept = await self._silenced(due, now)
        told = [alert for alert in due.alerts if alert.dispatch_id not in kept]
        record = FlushRecord(
            batch=due.batch,
            at=now,
            messages=_messages(due, told, channel, now),
            muted=tuple(kept.items()),
            next_due=_next_due(configuration.plan, due.batch, now),
        )
        stored = await tools.stored(lambda: tools.store.commit_flush(record), step="flush", channel=channel.name)
        if stored and record.messages:
            tools.journal.info(Event.BATCH_FLUSHED, channel=channel.name, reason=due.batch.kind.value, alerts=len(told))
            tools.wake()

    async def _silenced(self, due: DueBatch, now: datetime) -> dict[str, str]:
        """Return the dispatches of a batch that are silenced by now, each with its silence."""
        silences = (await self._tools.store.traffic((), {}, now)).silences if due.alerts else ()
        plan, kept = self._tools.configuration.plan, {}
        for alert in due.alerts if silences else ():
            facts, story = facts_told(alert.data, plan.feed_named)
            if silence := silence_of(facts, due.batch.channel, story, silences):
                kept[alert.dispatch_id] = silence.id
        return kept

    async def release(self, silence: str) -> int:
        """Have what an ended silence kept be sent after all; return how many alerts on their ways that are."""
        tools = self._tools
        now, kept = tools.clock(), await tools.store.muted_by(silence)
        await tools.store.release_muted(silence, [released_batch(name, silence, now) for name in kept], now)
        tools.wake()
        return sum(map(len, kept.values()))


def _messages(
    due: DueBatch, alerts: Sequence[WaitingAlert], channel: ChannelSpec, now: datetime
) -> tuple[MessageRecord, ...]:
    """Return what is told, nothing where nothing is."""
    batch = due.batch
    if alerts and batch.kind is BatchKind.GROUP:
        if batch.key["by"] == GroupBy.NONE:  # each by itself, only later: there is one
            [alert] = alerts
            return (alert_message(alert.alert_id, alert.data, alert.dispatch_id, channel, now),)
        return group_messages(batch.key, alerts, channel, now)
    is_wanted = batch.kind is BatchKind.DIGEST and not due.alerts and now - batch.due <= STALE
    return digest_messages(due, alerts, channel, now) if alerts or is_wanted else ()


def _next_due(plan: Plan, batch: Batch, now: datetime) -> datetime | None:
    """Return the next slot of a digest that is sent without alerts too."""
    return next((wanted.due for wanted in _empty_digests(plan, now) if wanted.id == batch.id), None)


def _empty_digests(plan: Plan, after: datetime) -> Iterator[Batch]:
    """Yield the digests that are sent without alerts too, each at its first slot after that time."""
    for route in _all(plan.routes):
        digest = route.timing.digest
        if digest and digest.empty:
            for channel in route.channels:
                yield digest_batch(channel, digest.cron, digest.timezone, after)


def _all(routes: Sequence[Route]) -> Iterator[Route]:
    for route in routes:
        yield route
        yield from _all(route.routes)
