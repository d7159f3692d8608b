"""The doors between the pipeline and the outside world, as protocols.

Each edge implements one of them; `pipeline` knows only these. Expected failures come back as values of
`tocsin.model`; a `StorageError` is the one exception that may come through a door.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

from tocsin.model import (
    AlertReport,
    Article,
    Attempt,
    AttemptRecord,
    ClaimedDelivery,
    Commit,
    DeliveryReport,
    DueFeed,
    DuePage,
    FeedReport,
    FeedSpec,
    FetchOutcome,
    KnownEntry,
    Message,
    MessageRecord,
    PageFailed,
    PageFetched,
    PageStanding,
    PollRecord,
    ReadRecord,
    Seen,
    Tellings,
    ToldRecord,
    Totals,
    Validators,
)

T = TypeVar("T")


class Fetcher(Protocol):
    """Gets the bytes of feeds and of the pages that they point to, politely and within bounds."""

    async def fetch(
        self, feed: FeedSpec, validators: Validators, fingerprint: str | None, *, address: str | None = None
    ) -> FetchOutcome:
        """Get what `feed` holds now, unless `validators` or `fingerprint` say that it is what we have.

        `address` is asked in place of the feed's own URL: where it is by now, or another document of it.
        """
        ...

    async def fetch_page(self, feed: FeedSpec, url: str) -> PageFetched | PageFailed:
        """Get the page behind an entry of `feed`, if its site's robots.txt lets us."""
        ...


class LimitExceeded(Exception):
    """A sandboxed function took more time or memory than it may and was stopped."""


class Sandbox(Protocol):
    """Runs pure functions in a process that can be killed."""

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Return `function(*arguments)`, run elsewhere.

        Raises:
            LimitExceeded: it took too long or too much memory, or the process died; the next run starts afresh.
        """
        ...


class Channel(Protocol):
    """A way out to people or programs."""

    async def send(self, message: Message) -> Attempt:
        """Try once to send `message` to its recipient; never raises for what a receiver or the network does."""
        ...


class DueWork(StrEnum):
    """Kinds of work that rows say is due, besides deliveries."""

    FEEDS = "feeds"
    PAGES = "pages"
    LATE_PAGES = "late pages"  # articles that have waited for their page long enough
    TELLINGS = "tellings"


class Store(Protocol):
    """What is remembered, and the only place where units of work become durable.

    Each method is one transaction. Every one raises `StorageError` (`DatabaseFull` where there is no room) and then
    has stored nothing.
    """

    # what is configured

    async def apply_configuration(
        self, feeds: Sequence[FeedSpec], channels: Iterable[str], now: datetime
    ) -> Mapping[str, str]:
        """Make the rows say what is configured.

        New feeds are due at once; more than a few that are due together are spread over a tenth of their intervals.
        One whose location changed is as new: what it remembered is forgotten and its next poll is a first poll; its
        entries stay known. One whose pace was changed is due as soon as its server allows, and forgets nothing. One
        that is no longer configured is not polled. The
        waiting deliveries of channels that are no longer configured become dead, `channel_removed`; returned are their
        ids, each with its channel.
        """
        ...

    # polling

    async def due_work(self, now: datetime) -> frozenset[DueWork]:
        """Return the kinds of work of which there is some that is due and that nobody holds."""
        ...

    async def claim_due_feeds(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime, one_per_host: bool = True
    ) -> Sequence[DueFeed]:
        """Lease up to `limit` configured feeds that are due by `due_by` and that nobody holds, longest due first.

        Feeds of one source count as one: whoever gets one, gets its twins. With `one_per_host`, a host of which a feed
        is leased already gives none, any other one. A host that asked for patience gives none.
        """
        ...

    async def entry_digests(self, feed: str) -> Mapping[str, Seen]:
        """Return the digests of the entries that the last poll of `feed` saw, each with what is known of its entry."""
        ...

    async def known_entries(self, feed: str, articles: Sequence[Article]) -> Sequence[KnownEntry]:
        """Return the entries of `feed` that share an id, a canonical URL or a content hash with one of `articles`."""
        ...

    async def stored_articles(self, ids: Sequence[str]) -> Mapping[str, Article]:
        """Return the newest stored version of each article, by id; unknown ids are left out."""
        ...

    async def existing_alerts(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the alert ids that are stored."""
        ...

    async def page_standings(self, ids: Sequence[str]) -> Mapping[str, PageStanding]:
        """Return how far the pages of articles are; articles of which none is to be read are left out."""
        ...

    async def commit_poll(self, record: PollRecord) -> Commit:
        """Store everything that a poll decided and give the lease back, in one transaction.

        The feed must still be leased to `record.owner`. A unique row that is there already (an entry, an alert)
        means that the decision is out of date: nothing is stored and CONFLICT comes back.
        """
        ...

    async def wake_feed(self, name: str, now: datetime) -> bool:
        """Have a feed polled now, one that is gone too; False where none of that name is configured."""
        ...

    # pages

    async def claim_due_pages(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime, late: bool = False
    ) -> Sequence[DuePage]:
        """Lease up to `limit` pages that are due by `due_by` and that nobody holds, one per host, longest due first.

        With `late`, those instead whose article still waits for its decision although its time was over by `due_by`.
        """
        ...

    async def commit_read(self, record: ReadRecord) -> Commit:
        """Store what came of a page and give its lease back, in one transaction; as `commit_poll`."""
        ...

    # telling people of conditions

    async def tellings(self, now: datetime) -> Tellings:
        """Return the conditions that are due to be told."""
        ...

    async def commit_told(self, record: ToldRecord) -> bool:
        """Store what is told of conditions; False, and nothing is stored, where one of them was told by another."""
        ...

    # delivering

    async def due_channels(self, now: datetime) -> Sequence[str]:
        """Return the channels that have a delivery due and not leased."""
        ...

    async def claim_due_deliveries(
        self, owner: str, channel: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime
    ) -> Sequence[ClaimedDelivery]:
        """Lease up to `limit` of the channel's waiting deliveries that are due by `due_by`, longest due first."""
        ...

    async def record_attempt(self, record: AttemptRecord) -> bool:
        """Store a try with what was decided from it, its dispatches' states with it, and give the lease back.

        Returns False and stores nothing where the delivery is no longer leased to `record.owner`.
        """
        ...

    async def add_message(self, message: MessageRecord, now: datetime) -> None:
        """Store a message that no poll decided (a test), due now. One that is there already is left alone."""
        ...

    # keeping house

    async def release_leases(self, owner: str | None) -> None:
        """Give back every lease of `owner`; None: everybody's, for a daemon that knows itself alone."""
        ...

    async def record_tick(self, owner: str, now: datetime) -> None:
        """Note that the daemon is alive."""
        ...

    # telling

    async def last_tick(self) -> datetime | None:
        """Return when a daemon last noted that it is alive."""
        ...

    async def feed_reports(self, now: datetime) -> Sequence[FeedReport]:
        """Return the health of each configured feed, by name."""
        ...

    async def alert_reports(self, since: datetime | None, rule: str | None) -> Sequence[AlertReport]:
        """Return the alerts created since then, of one rule where named, oldest first."""
        ...

    async def delivery_reports(self, message_id: str) -> Sequence[DeliveryReport]:
        """Return where each delivery of a message stands."""
        ...

    async def totals(self) -> Totals:
        """Return row counts by outcome, for the conservation laws."""
        ...


Work: TypeAlias = Callable[[], Awaitable[object]]


class Steps(Protocol):
    """What a runner drives: the pipeline's units of work, in lanes that do not hold each other up."""

    async def due_lanes(self) -> Mapping[str, int]:
        """Return the lanes that have work due, each with how many units may run in it at a time."""
        ...

    async def claim(self, lane: str, limit: int) -> Sequence[Work]:
        """Claim up to `limit` units of work of a lane. Each unit handles its own failures."""
        ...

    async def beat(self) -> None:
        """Note that the daemon is alive."""
        ...


class Runner(Protocol):
    """Runs the steps when they are due, until it is stopped."""

    async def run(self, steps: Steps) -> None:
        """Run until `stop` is called and what was running has ended or was given up."""
        ...

    def wake(self) -> None:
        """Look for due work now; there may be some before the next tick."""
        ...

    def stop(self) -> None:
        """Claim nothing any more; let what runs end, for a few seconds."""
        ...
