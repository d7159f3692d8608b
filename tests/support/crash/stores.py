"""Stores for a service that is killed: the real one, and mutants that lose alerts.

With a mutant a trial must fail; so it proves that it would see what it looks for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, update

from tocsin.model import (
    Attempt,
    AttemptRecord,
    AttemptResult,
    ClaimedDelivery,
    Commit,
    Decisions,
    Delivered,
    DeliveryState,
    DueFeed,
    DuePage,
    PollRecord,
)
from tocsin.ports import Store, Verdict
from tocsin.storage.store import SqlStore
from tocsin.storage.tables import deliveries, feeds

SHORT_LEASE = timedelta(seconds=3)


class ShortLeases(SqlStore):
    """The real store, where a dead owner's rows come free soon: on a server's database nobody may clear them."""

    async def claim_due_feeds(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime, one_per_host: bool = True
    ) -> Sequence[DueFeed]:
        """Claim for a short time."""
        lease = min(lease, SHORT_LEASE)
        return await super().claim_due_feeds(owner, now, lease, limit, due_by=due_by, one_per_host=one_per_host)

    async def claim_due_pages(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime, late: bool = False
    ) -> Sequence[DuePage]:
        """Claim for a short time."""
        return await super().claim_due_pages(owner, now, min(lease, SHORT_LEASE), limit, due_by=due_by, late=late)

    async def claim_due_deliveries(
        self, owner: str, channel: str, now: datetime, lease: timedelta, limit: int, **how: Any
    ) -> Sequence[ClaimedDelivery]:
        """Claim for a short time."""
        return await super().claim_due_deliveries(owner, channel, now, min(lease, SHORT_LEASE), limit, **how)


class SplitPoll(ShortLeases):
    """Mutant: a poll's articles and validators in one transaction, its alerts in the next."""

    async def commit_poll(self, record: PollRecord) -> Commit:
        """Store a poll in two steps."""
        decided = record.decisions
        first = Decisions(placements=decided.placements, head=decided.head)
        end = await super().commit_poll(replace(record, decisions=first))
        if end is not Commit.DONE or not decided.matches:
            return end
        await _hold(self, feeds, record.feed, record.owner)
        return await super().commit_poll(
            replace(record, entries=(), pages=(), decisions=replace(decided, placements=()))
        )


class ValidatorsFirst(ShortLeases):
    """Mutant: a poll's validators in one transaction, its articles with all that they ring in the next."""

    async def commit_poll(self, record: PollRecord) -> Commit:
        """Store a poll in two steps."""
        if not record.entries:
            return await super().commit_poll(record)
        end = await super().commit_poll(replace(record, entries=(), pages=(), reports=(), decisions=Decisions()))
        if end is not Commit.DONE:
            return end
        await _hold(self, feeds, record.feed, record.owner)
        return await super().commit_poll(record)


class MarkBeforeSend(ShortLeases):
    """Mutant: a delivery is recorded as delivered before it is sent, and put back where sending failed."""

    async def claim_due_deliveries(
        self, owner: str, channel: str, now: datetime, lease: timedelta, limit: int, **how: Any
    ) -> Sequence[ClaimedDelivery]:
        """Claim, and take for granted that it will work."""
        claimed = await super().claim_due_deliveries(owner, channel, now, lease, limit, **how)
        for delivery in claimed:
            await super().record_attempt(
                AttemptRecord(
                    delivery_id=delivery.id,
                    owner=owner,
                    started=now,
                    took=timedelta(0),
                    attempt=Attempt(result=AttemptResult.SENT),
                    decision=Delivered(),
                )
            )
        return claimed

    async def record_attempt(self, record: AttemptRecord, verdict: Verdict | None = None) -> bool:
        """Put back what was not delivered after all."""
        if isinstance(record.decision, Delivered):
            return True
        again = {"state": DeliveryState.WAITING, "due_at": record.started}
        await _hold(self, deliveries, record.delivery_id, record.owner, **again)
        return await super().record_attempt(record, verdict)


async def _hold(store: SqlStore, table: Table, key: str, owner: str, **values: object) -> None:
    """Lease a row by force."""
    (primary,) = table.primary_key.columns
    with store.database.write() as connection:
        row = update(table).where(primary == key)
        connection.execute(row.values(lease_owner=owner, **values))


def _over(kind: type[SqlStore]) -> Callable[[Store], Store]:
    def wrapped(store: Store) -> Store:
        assert isinstance(store, SqlStore)
        return kind(store.database)

    return wrapped


WHOLE = "whole"

#: By the names under which they are asked for.
STORES: Mapping[str, Callable[[Store], Store]] = MappingProxyType(
    {
        WHOLE: lambda store: store,
        "short-leases": _over(ShortLeases),
        "split-poll": _over(SplitPoll),
        "validators-first": _over(ValidatorsFirst),
        "mark-before-send": _over(MarkBeforeSend),
    }
)
