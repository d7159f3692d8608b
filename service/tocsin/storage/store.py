"""The store: the door of the room. Each method is one transaction; what it does stands in the module of its noun."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import func, select

from tocsin.model import (
    AlertReport,
    Article,
    AttemptRecord,
    ClaimedDelivery,
    Commit,
    DeliveryReport,
    DueFeed,
    FeedReport,
    FeedSpec,
    KnownEntry,
    MessageRecord,
    PollRecord,
    Totals,
)
from tocsin.storage import configuration, deliveries, entries, feeds, migrate, polls, reports
from tocsin.storage.database import Database
from tocsin.storage.engines import parse_url
from tocsin.storage.failures import AlreadyStored
from tocsin.storage.statements import Claim, insert_or, serialise
from tocsin.storage.tables import ticks


async def open_store(url: str, *, read_only: bool = False) -> "SqlStore":
    """Open the store of a database that `migrate.upgrade` has brought up to date.

    Raises:
        DatabaseUnusable: there is no such database, or it is not ours, or not of this version.
    """
    await asyncio.to_thread(migrate.require_current, url)
    return SqlStore(Database(parse_url(url), read_only=read_only))


class SqlStore:
    """`ports.Store` on SQLite or PostgreSQL; the semantics of each method are told there."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self.database.aclose()

    # what is configured

    async def apply_configuration(self, feeds: Sequence[FeedSpec], channels: Iterable[str], now: datetime) -> None:
        """Make the rows say what is configured."""
        async with self.database.write() as connection:
            await serialise(connection)
            await configuration.configure_feeds(connection, feeds, now)
            await deliveries.bury_without_channel(connection, frozenset(channels), now)

    # polling

    async def feeds_due(self, now: datetime) -> bool:
        """Tell whether a configured feed is due that nobody holds."""
        async with self.database.read() as connection:
            return await feeds.any_due(connection, now)

    async def claim_due_feeds(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime
    ) -> Sequence[DueFeed]:
        """Lease configured feeds that are due and that nobody holds."""
        claim = Claim(owner=owner, now=now, lease=lease, limit=limit, due_by=due_by)
        async with self.database.write() as connection:
            return await feeds.claim(connection, claim)

    async def known_entries(self, feed: str, articles: Sequence[Article]) -> Sequence[KnownEntry]:
        """Return what is known of entries that may be those of `articles`."""
        async with self.database.read() as connection:
            return await entries.known(connection, feed, articles)

    async def stored_articles(self, ids: Sequence[str]) -> Mapping[str, Article]:
        """Return the newest stored version of each article."""
        async with self.database.read() as connection:
            return await entries.newest(connection, ids)

    async def existing_alerts(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the alert ids that are stored."""
        async with self.database.read() as connection:
            return await polls.existing_alerts(connection, ids)

    async def commit_poll(self, record: PollRecord) -> Commit:
        """Store everything that a poll decided, in one transaction."""
        try:
            async with self.database.write() as connection:
                await serialise(connection)
                return await polls.commit(connection, record)
        except AlreadyStored:
            return Commit.CONFLICT

    # delivering

    async def due_channels(self, now: datetime) -> Sequence[str]:
        """Return the channels that have a delivery due and not leased."""
        async with self.database.read() as connection:
            return await deliveries.due_channels(connection, now)

    async def claim_due_deliveries(
        self, owner: str, channel: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime
    ) -> Sequence[ClaimedDelivery]:
        """Lease waiting deliveries of a channel that are due and that nobody holds."""
        claim = Claim(owner=owner, now=now, lease=lease, limit=limit, due_by=due_by)
        async with self.database.write() as connection:
            return await deliveries.claim(connection, channel, claim)

    async def record_attempt(self, record: AttemptRecord) -> bool:
        """Store a try with what was decided from it."""
        async with self.database.write() as connection:
            return await deliveries.record(connection, record)

    async def add_message(self, message: MessageRecord, now: datetime) -> None:
        """Store a message that no poll decided."""
        async with self.database.write() as connection:
            await deliveries.add_once(connection, message, now)

    # keeping house

    async def release_leases(self, owner: str | None) -> None:
        """Give back every lease of `owner`, or everybody's."""
        async with self.database.write() as connection:
            await feeds.release(connection, owner)
            await deliveries.release(connection, owner)

    async def record_tick(self, owner: str, now: datetime) -> None:
        """Note that the daemon is alive."""
        async with self.database.write() as connection:
            statement = insert_or(connection, ticks).values(owner=owner, at=now)
            again = statement.on_conflict_do_update(index_elements=[ticks.c.owner], set_={"at": now})
            await connection.execute(again)

    # telling

    async def last_tick(self) -> datetime | None:
        """Return when a daemon last noted that it is alive."""
        async with self.database.read() as connection:
            last: datetime | None = await connection.scalar(select(func.max(ticks.c.at)))
            return last

    async def feed_reports(self, now: datetime) -> Sequence[FeedReport]:
        """Return the health of each configured feed."""
        async with self.database.read() as connection:
            return await reports.feed_reports(connection, now)

    async def alert_reports(self, since: datetime | None, rule: str | None) -> Sequence[AlertReport]:
        """Return alerts with their ways."""
        async with self.database.read() as connection:
            return await reports.alert_reports(connection, since, rule)

    async def delivery_reports(self, message_id: str) -> Sequence[DeliveryReport]:
        """Return where each delivery of a message stands."""
        async with self.database.read() as connection:
            return await reports.delivery_reports(connection, message_id)

    async def totals(self) -> Totals:
        """Return row counts by outcome."""
        async with self.database.read() as connection:
            return await reports.totals(connection)
