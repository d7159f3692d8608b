"""The store: the door of the room.

Each method is one transaction, which ends whole even where its caller is cancelled; what it does stands in the module
of its noun.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self

from tocsin.model import (
    AlertReport,
    Article,
    ArticleReport,
    Aside,
    AttemptRecord,
    Batch,
    ChannelStanding,
    ChannelToldRecord,
    ClaimedDelivery,
    Commit,
    CountedReport,
    Decisions,
    DeliveryReport,
    DeliveryState,
    DueBatch,
    DueFeed,
    DuePage,
    FeedReport,
    FeedSpec,
    FlushRecord,
    HeldAlert,
    KnownEntry,
    Likeness,
    MessageRecord,
    Neighbours,
    PageStanding,
    PollRecord,
    ReadRecord,
    Retention,
    Seen,
    Silence,
    SilenceReport,
    StoredArticle,
    StoryReport,
    StoryStanding,
    Tellings,
    ToldRecord,
    Totals,
    Traffic,
)
from tocsin.ports import DueWork, Pace, Verdict
from tocsin.storage import (
    aside,
    batches,
    channels,
    conditions,
    configuration,
    deliveries,
    due,
    entries,
    feeds,
    flushes,
    furniture,
    holds,
    journeys,
    leases,
    migrate,
    pages,
    polls,
    prune,
    replays,
    reports,
    setback,
    silences,
    stories,
)
from tocsin.storage.database import Database
from tocsin.storage.engines import parse_url
from tocsin.storage.failures import AlreadyStored, Outdated
from tocsin.storage.statements import Claim
from tocsin.storage.statements import batches as runs


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

    async def article_versions(self, numbers: Mapping[str, int]) -> Mapping[str, Article]:
        """Return the version of that number of each article."""
        return await self.database.look(entries.versions, numbers) if numbers else {}

    # when alerts are sent

    async def traffic(self, named: Sequence[str], limits: Mapping[tuple[str, str], int], now: datetime) -> Traffic:
        """Return what decides when alerts are sent."""
        return await self.database.look(batches.traffic, named, limits, now)

    async def open_batches(self, wanted: Sequence[Batch], now: datetime) -> None:
        """Have batches be due."""
        await self.database.change(batches.open_all, wanted, now)

    async def due_batches(self, now: datetime, *, grouped: bool = False) -> Sequence[DueBatch]:
        """Return the batches that are due."""
        return await self.database.look(batches.due, now, grouped=grouped)

    async def commit_flush(self, record: FlushRecord) -> bool:
        """Store what came of a batch."""
        return await self.database.change(flushes.flush, record)

    async def postpone_batch(self, batch: Batch, until: datetime) -> None:
        """Have a batch be due later."""
        await self.database.change(batches.postpone, batch, until)

    async def add_silence(self, silence: Silence) -> None:
        """Store a silence."""
        await self.database.change(silences.add, silence)

    async def end_silence(self, named: str, now: datetime) -> Silence | None:
        """End a silence now."""
        return await self.database.change(silences.end, named, now)

    async def muted_by(self, named: str) -> Mapping[str, Sequence[str]]:
        """Return the dispatches that a silence keeps."""
        return await self.database.look(silences.muted, named)

    async def release_muted(self, named: str, wanted: Sequence[Batch], now: datetime) -> None:
        """Have what a silence keeps wait in batches."""
        await self.database.change(batches.release_muted, named, wanted, now)

    async def articles_since(self, since: datetime, after: StoredArticle | None, limit: int) -> Sequence[StoredArticle]:
        """Return articles first seen since then."""
        return await self.database.look(replays.since, since, after, limit)

    async def count_articles(self, since: datetime) -> int:
        """Count the articles first seen since then."""
        return await self.database.look(replays.count, since)

    async def commit_replay(self, decisions: Decisions, now: datetime) -> Commit:
        """Store what was decided anew of stored articles, in one transaction."""
        try:
            await self.database.change(replays.commit, decisions, now)
        except (AlreadyStored, Outdated):
            return Commit.CONFLICT
        return Commit.DONE

    async def silence_reports(self) -> Sequence[SilenceReport]:
        """Return all silences."""
        return await self.database.look(silences.reports)

    async def commit_poll(self, record: PollRecord) -> Commit:
        """Store everything that a poll decided, in one transaction."""
        try:
            return await self.database.change(polls.commit, record)
        except Outdated:
            return Commit.CONFLICT

    async def page_standings(self, ids: Sequence[str]) -> Mapping[str, PageStanding]:
        """Return how far the pages of articles are."""
        return await self.database.look(pages.standings, ids) if ids else {}

    async def asides(self, articles: Sequence[str]) -> Mapping[str, Aside]:
        """Return what is known of articles that broke what was done with them."""
        return await self.database.look(aside.of, articles) if articles else {}

    async def put_aside(self, broken: Aside) -> Aside:
        """Count a try more that an article broke."""
        return await self.database.change(aside.put, broken)

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
        except Outdated:
            return Commit.CONFLICT

    # stories

    async def counted_reports(self, feed: str) -> Sequence[CountedReport]:
        """Return the last reports of a feed that its furniture is counted in."""
        return await self.database.look(furniture.counted, feed)

    async def neighbours(self, asked: Sequence[Likeness], window: timedelta) -> Neighbours:
        """Return what the index of stories holds near some articles."""
        return await self.database.look(stories.neighbours, asked, window)

    async def story_standings(self, ids: Sequence[str]) -> Mapping[str, StoryStanding]:
        """Return how stories stand."""
        return await self.database.look(stories.standings, ids) if ids else {}

    async def expire_holds(self, now: datetime) -> Sequence[HeldAlert]:
        """End the alerts that have waited for more outlets long enough."""
        return await self.database.change(holds.expire, now)

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

    async def channel_tellings(self, now: datetime) -> Sequence[ChannelStanding]:
        """Return the channels that people are to be told of by now."""
        return await self.database.look(channels.tellings, now)

    async def commit_channels_told(self, record: ChannelToldRecord) -> bool:
        """Store what is told of channels."""
        try:
            await self.database.change(deliveries.commit_told, record)
        except AlreadyStored:
            return False
        return True

    # delivering

    async def due_channels(self, now: datetime) -> Sequence[str]:
        """Return the channels that have a delivery due and not leased."""
        return await self.database.look(deliveries.due_channels, now)

    async def claim_due_deliveries(
        self,
        owner: str,
        channel: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        *,
        due_by: datetime,
        pace: Pace | None = None,
        untried_since: datetime | None = None,
    ) -> Sequence[ClaimedDelivery]:
        """Lease waiting deliveries of a channel that are due and that nobody holds."""
        claim = Claim(owner=owner, now=now, lease=lease, limit=limit, due_by=due_by)
        return await self.database.change(deliveries.claim, channel, claim, pace, untried_since)

    async def record_attempt(self, record: AttemptRecord, verdict: Verdict | None = None) -> bool:
        """Store a try with what was decided from it."""
        return await self.database.change(deliveries.record, record, verdict)

    async def channel_standing(self, name: str) -> ChannelStanding:
        """Return how a channel is doing."""
        return await self.database.look(channels.standing, name)

    async def failing_channels(self) -> Mapping[str, ChannelStanding]:
        """Return the channels whose breaker is open."""
        return await self.database.look(channels.failing)

    async def wake_channel(self, name: str, now: datetime) -> None:
        """Have a channel that fails be tried now."""
        await self.database.change(channels.wake, [name], now)

    async def retry_deliveries(self, named: str | None, of: Collection[str], now: datetime) -> Sequence[str]:
        """Have deliveries that wait or are dead be tried now, as if for the first time."""
        return await self.database.change(deliveries.try_again, named, of, now)

    async def drop_delivery(self, named: str, now: datetime) -> bool:
        """Give up a delivery by hand."""
        return await self.database.change(deliveries.drop, named, now)

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

    async def set_back(self, before: datetime, now: datetime) -> None:
        """Have everything wait no longer than it would have, had the clock not been set back."""
        await self.database.change(setback.set_back, before, now)

    async def claim_pruning(self, now: datetime) -> bool:
        """Take it upon us to take out what is old."""
        return await self.database.change(prune.claim, now)

    async def prune(self, keep: Retention, now: datetime) -> Mapping[str, int]:
        """Take out what is old and done with, in pieces."""
        old, taken = prune.Old(keep=keep, now=now), Counter[str]()
        for heap in prune.HEAPS:
            before = -1
            while taken.total() > before and (keys := await self.database.look(prune.find, heap, old)):
                before = taken.total()
                for piece in runs(keys, prune.AT_A_TIME):
                    while gone := await self.database.change(prune.take, heap, piece, old):
                        taken.update(gone)
        return taken

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

    async def story_reports(self, since: datetime | None) -> Sequence[StoryReport]:
        """Return the stories that an article joined since then."""
        return await self.database.look(journeys.story_reports, since)

    async def article_report(self, named: str) -> ArticleReport | None:
        """Return the journey of an article, or of the one that an alert rang on."""
        return await self.database.look(journeys.article_report, named)

    async def delivery_reports(self, message_id: str) -> Sequence[DeliveryReport]:
        """Return where each delivery of a message stands."""
        return await self.database.look(reports.delivery_reports, message_id)

    async def list_deliveries(
        self, state: DeliveryState | None, channel: str | None, limit: int
    ) -> Sequence[DeliveryReport]:
        """Return where the newest deliveries stand."""
        return await self.database.look(deliveries.listed, state, channel, limit)

    async def totals(self) -> Totals:
        """Return row counts by outcome."""
        return await self.database.look(
            reports.totals,
        )
