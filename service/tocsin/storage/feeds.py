"""Feeds: who polls what until when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row as ResultRow
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model import DueFeed, Validators
from tocsin.storage.statements import NOBODY, Claim, free
from tocsin.storage.tables import feeds


async def any_due(connection: AsyncConnection, now: datetime) -> bool:
    """Tell whether a configured feed is due and free."""
    due = select(feeds.c.name).where(feeds.c.configured, feeds.c.due_at <= now, free(feeds, now)).limit(1)
    return await connection.scalar(due) is not None


async def claim(connection: AsyncConnection, claim: Claim) -> Sequence[DueFeed]:
    """Lease configured feeds that are due and free, longest due first."""
    due = (
        select(feeds)
        .where(feeds.c.configured, feeds.c.due_at <= claim.due_by, free(feeds, claim.now))
        .order_by(feeds.c.due_at, feeds.c.name)
        .limit(claim.limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await connection.execute(due)).all()
    ours = feeds.c.name.in_([row.name for row in rows])
    await connection.execute(update(feeds).where(ours).values(claim.taken))
    return [_due_feed(row, claim.owner) for row in rows]


async def release(connection: AsyncConnection, owner: str | None) -> None:
    """Give back the leases of `owner`, or everybody's."""
    held = feeds.c.lease_owner.is_not(None) if owner is None else feeds.c.lease_owner == owner
    await connection.execute(update(feeds).where(held).values(NOBODY))


def _due_feed(row: ResultRow[Any], owner: str) -> DueFeed:
    return DueFeed(
        name=row.name,
        owner=owner,
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        fingerprint=row.fingerprint,
        failures=row.failures,
        first_poll=row.first_polled_at is None,
        last_success=row.last_success_at,
        mean_gap=None if row.mean_gap_seconds is None else timedelta(seconds=row.mean_gap_seconds),
    )
