"""The store: the door of the room.

Each method is one transaction, which ends whole even where its caller is cancelled; what it does stands in the module
of its noun.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self

from tocsin.model import (
    AlertReport,
    Article,
    AttemptRecord,
    ClaimedDelivery,
    Commit,
    DeliveryReport,
    DueFeed,
    DuePage,
    FeedReport,
    FeedSpec,
    KnownEntry,
    MessageRecord,
    PageStanding,
    PollRecord,
    ReadRecord,
    Seen,
    Tellings,
    ToldRecord,
    Totals,
)
from tocsin.ports import DueWork
from tocsin.storage import (
    conditions,
    configuration,
    decisions,
    deliveries,
    due,
    entries,
    feeds,
    leases,
    migrate,
    pages,
    polls,
    reports,
)
from tocsin.storage.database import Database
from tocsin.storage.engines import parse_url
from tocsin.storage.failures import AlreadyStored
from tocsin.storage.statements import Claim


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
        """Close every connection, when the transactions that still run have ended."""
        await self.database.aclose()

    # what is configured

    async def apply_configuration(
        self, feeds: Sequence[FeedSpec], channels: Iterable[str], now: datetime
    ) -> Mapping[str, str]:
        """Make the rows say what is configured."""
        return await self.database.change(configuration.apply, feeds, frozenset(channels), now)

    # polling

    async def due_work(self, now: datetime) -> frozenset[DueWork]:
        """Return the kinds of work of which there is some due."""
        return await self.database.look(due.due_work, now)

    async def claim_due_feeds(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime, one_per_host: bool = True
    ) -> Sequence[DueFeed]:
        """Lease configured feeds that are due and that nobody holds."""
        claim = Claim(owner=owner, now=now, lease=lease, limit=limit, due_by=due_by)
        return await self.database.change(feeds.claim, claim, one_per_host=one_per_host)

    async def entry_digests(self, feed: str) -> Mapping[str, Seen]:
        """Return the digests of the entries that the last poll saw."""
        return await self.database.look(entries.digests, feed)

    async def known_entries(self, feed: str, articles: Sequence[Article]) -> Sequence[KnownEntry]:
        """Return what is known of entries that may be those of `articles`."""
        return await self.database.look(entries.known, feed, articles) if articles else ()

    async def stored_articles(self, ids: Sequence[str]) -> Mapping[str, Article]:
        """Return the newest stored version of each article."""
        return await self.database.look(entries.newest, ids) if ids else {}

    async def existing_alerts(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the alert ids that are stored."""
        return await self.database.look(decisions.existing_alerts, ids) if ids else frozenset()

    async def commit_poll(self, record: PollRecord) -> Commit:
        """Store everything that a poll decided, in one transaction."""
        try:
            return await self.database.change(polls.commit, record)
        except AlreadyStored:
            return Commit.CONFLICT

    async def page_standings(self, ids: Sequence[str]) -> Mapping[str, PageStanding]:
        """Return how far the pages of articles are."""
        return await self.database.look(pages.standings, ids) if ids else {}

    async def wake_feed(self, name: str, now: datetime) -> bool:
        """Have a feed polled now."""
        return await self.database.change(feeds.wake, name, now)

    # pages

    async def claim_due_pages(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime, late: bool = False
    ) -> Sequence[DuePage]:
        """Lease pages that are due and that nobody holds."""
        claim = Claim(owner=owner, now=now, lease=lease, limit=limit, due_by=due_by)
        return await self.database.change(pages.claim, claim, late=late)

    async def commit_read(self, record: ReadRecord) -> Commit:
        """Store what came of a page, in one transaction."""
        try:
            return await self.database.change(pages.commit, record)
        except AlreadyStored:
            return Commit.CONFLICT

    # telling people of conditions

    async def tellings(self, now: datetime) -> Tellings:
        """Return the conditions that are due to be told."""
        return await self.database.look(conditions.tellings, now)

    async def commit_told(self, record: ToldRecord) -> bool:
        """Store what is told of conditions."""
        try:
            await self.database.change(conditions.commit_told, record)
        except AlreadyStored:
            return False
        return True

    # delivering

    async def due_channels(self, now: datetime) -> Sequence[str]:
        """Return the channels that have a delivery due and not leased."""
        return await self.database.look(deliveries.due_channels, now)

    async def claim_due_deliveries(
        self, owner: str, channel: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime
    ) -> Sequence[ClaimedDelivery]:
        """Lease waiting deliveries of a channel that are due and that nobody holds."""
        claim = Claim(owner=owner, now=now, lease=lease, limit=limit, due_by=due_by)
        return await self.database.change(deliveries.claim, channel, claim)

    async def record_attempt(self, record: AttemptRecord) -> bool:
        """Store a try with what was decided from it."""
        return await self.database.change(deliveries.record, record)

    async def add_message(self, message: MessageRecord, now: datetime) -> None:
        """Store a message that no poll decided."""
        await self.database.change(deliveries.add_once, message, now)

    # keeping house

    async def release_leases(self, owner: str | None) -> None:
        """Give back every lease of `owner`, or everybody's."""
        await self.database.change(leases.release, owner)

    async def record_tick(self, owner: str, now: datetime) -> None:
        """Note that the daemon is alive."""
        await self.database.change(leases.record_tick, owner, now)

    # telling

    async def last_tick(self) -> datetime | None:
        """Return when a daemon last noted that it is alive."""
        return await self.database.look(leases.last_tick)

    async def feed_reports(self, now: datetime) -> Sequence[FeedReport]:
        """Return the health of each configured feed."""
        return await self.database.look(reports.feed_reports, now)

    async def alert_reports(self, since: datetime | None, rule: str | None) -> Sequence[AlertReport]:
        """Return alerts with their ways."""
        return await self.database.look(reports.alert_reports, since, rule)

    async def delivery_reports(self, message_id: str) -> Sequence[DeliveryReport]:
        """Return where each delivery of a message stands."""
        return await self.database.look(reports.delivery_reports, message_id)

    async def totals(self) -> Totals:
        """Return row counts by outcome."""
        return await self.database.look(
            reports.totals,
        )
