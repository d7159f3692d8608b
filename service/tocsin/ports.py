"""The doors between the pipeline and the outside world, as protocols.

Each edge implements one of them; `pipeline` knows only these. Expected failures come back as values of
`tocsin.model`; a `StorageError` is the one exception that may come through a door.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

from tocsin.model import (
    AlertReport,
    Allowance,
    Article,
    ArticleReport,
    Aside,
    Attempt,
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
    FetchOutcome,
    FlushRecord,
    HeldAlert,
    KnownEntry,
    Likeness,
    Message,
    MessageRecord,
    Neighbours,
    PageFailed,
    PageFetched,
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
    Validators,
)

T = TypeVar("T")
Pace: TypeAlias = Callable[[ChannelStanding], Allowance]
Verdict: TypeAlias = Callable[[ChannelStanding], ChannelStanding]


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


class Ping(Protocol):
    """A sign of life to somebody outside."""

    async def ping(self) -> str | None:
        """Give a sign; return what kept it from being taken, None where nothing did."""
        ...


class DueWork(StrEnum):
    """Kinds of work that rows say is due, besides deliveries."""

    FEEDS = "feeds"
    PAGES = "pages"
    LATE_PAGES = "late pages"  # articles that have waited for their page long enough
    TELLINGS = "tellings"
    HOLDS = "holds"  # alerts that have waited for more outlets long enough
    BATCHES = "batches"  # groups, digests and what was held, whose time has come
    CHORES = "chores"  # what is old is to be taken out


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

    async def article_versions(self, numbers: Mapping[str, int]) -> Mapping[str, Article]:
        """Return the version of that number of each article, by its id; those that are not stored are left out."""
        ...

    # stories

    async def counted_reports(self, feed: str) -> Sequence[CountedReport]:
        """Return the last reports of a feed that its furniture is counted in, oldest first."""
        ...

    async def neighbours(self, asked: Sequence[Likeness], window: timedelta) -> Neighbours:
        """Return what the index of stories holds near some articles, all of it as of one moment.

        Near is what shares two of the fingerprint's keys, the canonical URL or the wording, and lies within `window`
        (what has the same URL, anywhere in the index); hashes of more than 200 stories count for nothing. At most 20
        that share keys are returned for each, those that share most first, and of equals the oldest. An article is not
        near itself.
        """
        ...

    async def story_standings(self, ids: Sequence[str]) -> Mapping[str, StoryStanding]:
        """Return how stories stand, by id; unknown ids are left out."""
        ...

    async def expire_holds(self, now: datetime) -> Sequence[HeldAlert]:
        """End the alerts that have waited for more outlets long enough: their matches are dropped; return them."""
        ...

    async def page_standings(self, ids: Sequence[str]) -> Mapping[str, PageStanding]:
        """Return how far the pages of articles are; articles of which none is to be read are left out."""
        ...

    async def commit_poll(self, record: PollRecord) -> Commit:
        """Store everything that a poll decided and give the lease back, in one transaction.

        The feed must still be leased to `record.owner`. A unique row that is there already (an entry, an alert), a
        newer row of the index of stories that shares a key, a URL, a wording or a story with what is placed, and an
        alert that was updated or released meanwhile mean that the decision is out of date: nothing is stored and
        CONFLICT comes back.
        """
        ...

    async def asides(self, articles: Sequence[str]) -> Mapping[str, Aside]:
        """Return what is known of articles that broke what was done with them, by their ids; others are left out."""
        ...

    async def put_aside(self, aside: Aside) -> Aside:
        """Count a try more that an article broke, the first one where its text is another; return how it stands."""
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

    # when alerts are sent

    async def traffic(self, batches: Sequence[str], limits: Mapping[tuple[str, str], int], now: datetime) -> Traffic:
        """Return what decides when alerts are sent: silences, how batches stand, and how often rules rang lately.

        `limits` are the rules and channels asked for, each with the most times that matter.
        """
        ...

    async def open_batches(self, batches: Sequence[Batch], now: datetime) -> None:
        """Have batches be due, those without alerts too; one in which something waits stays due when it was."""
        ...

    async def due_batches(self, now: datetime, *, grouped: bool = False) -> Sequence[DueBatch]:
        """Return the batches that are due, and, with `grouped`, all groups in which something waits."""
        ...

    async def commit_flush(self, record: FlushRecord) -> bool:
        """Store what came of a batch; False, and nothing is stored, where it is not as it was when it was looked at."""
        ...

    async def postpone_batch(self, batch: Batch, until: datetime) -> None:
        """Have a batch be due later than it was when it was looked at; what waits in it goes on waiting."""
        ...

    async def add_silence(self, silence: Silence) -> None:
        """Store a silence."""
        ...

    async def end_silence(self, named: str, now: datetime) -> Silence | None:
        """End a silence now, if it has not ended yet; None where there is none of that id."""
        ...

    async def muted_by(self, named: str) -> Mapping[str, Sequence[str]]:
        """Return the ids of the dispatches that a silence keeps, by channel."""
        ...

    async def release_muted(self, named: str, batches: Sequence[Batch], now: datetime) -> None:
        """Have what a silence keeps of each batch's channel wait in that batch."""
        ...

    # telling people of conditions

    async def tellings(self, now: datetime) -> Tellings:
        """Return the conditions that are due to be told."""
        ...

    async def commit_told(self, record: ToldRecord) -> bool:
        """Store what is told of conditions; False, and nothing is stored, where one of them was told by another."""
        ...

    async def channel_tellings(self, now: datetime) -> Sequence[ChannelStanding]:
        """Return the channels that people are to be told of by now."""
        ...

    async def commit_channels_told(self, record: ChannelToldRecord) -> bool:
        """Store what is told of channels; False, and nothing is stored, where one of them is not as it was."""
        ...

    # delivering

    async def due_channels(self, now: datetime) -> Sequence[str]:
        """Return the channels that have a delivery due and not leased, and that nothing keeps from being sent to."""
        ...

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
        """Lease up to `limit` of the channel's waiting deliveries that are due by `due_by`, longest due first.

        `pace` decides, from how the channel stands, how many of them at most, and how it stands then. With
        `untried_since`, those only that nobody tried since then. An update is not leased before all that its recipient
        is to be told of its alert before has arrived or was given up.
        """
        ...

    async def record_attempt(self, record: AttemptRecord, verdict: Verdict | None = None) -> bool:
        """Store a try with what was decided from it, its dispatches' states with it, and give the lease back.

        `verdict` decides how the channel stands after it. Where it fails or is to be left alone, all that waits for it
        says so; where its breaker closes, all that waits is due, in the order in which it was decided. Returns False
        and stores nothing where the delivery is no longer leased to `record.owner`.
        """
        ...

    async def channel_standing(self, name: str) -> ChannelStanding:
        """Return how a channel is doing."""
        ...

    async def failing_channels(self) -> Mapping[str, ChannelStanding]:
        """Return the channels whose breaker is open, by name."""
        ...

    async def wake_channel(self, name: str, now: datetime) -> None:
        """Have a channel whose breaker is open be tried now."""
        ...

    async def retry_deliveries(self, named: str | None, of: Collection[str], now: datetime) -> Sequence[str]:
        """Have a delivery that waits or is dead, or all of these channels, be tried now as if for the first time.

        Returns the ids of those that are; channels whose breaker is open are tried now.
        """
        ...

    async def drop_delivery(self, named: str, now: datetime) -> bool:
        """Give up a delivery that waits or is dead, as somebody wants it; False where there is none of that id."""
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

    async def set_back(self, before: datetime, now: datetime) -> None:
        """Have everything wait no longer than it would have, had the clock not gone from `before` back to `now`."""
        ...

    async def claim_pruning(self, now: datetime) -> bool:
        """Take it upon us to take out what is old, which is due once an hour; False where it is not due."""
        ...

    async def prune(self, keep: Retention, now: datetime) -> Mapping[str, int]:
        """Take out what is older than that and done with; return the rows by table.

        This is not one transaction but many small ones, so that others need not wait; what was taken out stays so.
        """
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

    async def articles_since(self, since: datetime, after: StoredArticle | None, limit: int) -> Sequence[StoredArticle]:
        """Return up to `limit` articles first seen since then, oldest first, those that come `after` one."""
        ...

    async def count_articles(self, since: datetime) -> int:
        """Count the articles first seen since then."""
        ...

    async def commit_replay(self, decisions: Decisions, now: datetime) -> Commit:
        """Store what was decided anew of articles that are stored: matches that were dropped give way, others stay."""
        ...

    async def silence_reports(self) -> Sequence[SilenceReport]:
        """Return all silences, the newest first."""
        ...

    async def story_reports(self, since: datetime | None) -> Sequence[StoryReport]:
        """Return the stories that an article joined since then, the one that grew last first."""
        ...

    async def article_report(self, named: str) -> ArticleReport | None:
        """Return the journey of an article, or of the one that an alert of that id rang on; None for an unknown id."""
        ...

    async def delivery_reports(self, message_id: str) -> Sequence[DeliveryReport]:
        """Return where each delivery of a message stands."""
        ...

    async def list_deliveries(
        self, state: DeliveryState | None, channel: str | None, limit: int
    ) -> Sequence[DeliveryReport]:
        """Return where the newest deliveries stand, of one state and of one channel where named, oldest first."""
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
