"""The doors between the pipeline and the outside world, as protocols.

Each edge implements one of them; `pipeline` knows only these. Expected failures come back as values of
`tocsin.model`; a `StorageError` is the one exception that may come through a door.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
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
    FeedReport,
    FeedSpec,
    FetchOutcome,
    KnownEntry,
    Message,
    MessageRecord,
    PollRecord,
    Totals,
    Validators,
)

T = TypeVar("T")


class Fetcher(Protocol):
    """Gets a feed's bytes."""

    async def fetch(self, feed: FeedSpec, validators: Validators, fingerprint: str | None) -> FetchOutcome:
        """Get what `feed` holds now, unless `validators` or `fingerprint` say that it is what we have."""
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

        New feeds are due at once. One whose location changed is as new: validators and fingerprint are forgotten and
        its next poll is a first poll; its entries stay known. One that is no longer configured is not polled. The
        waiting deliveries of channels that are no longer configured become dead, `channel_removed`; returned are their
        ids, each with its channel.
        """
        ...

    # polling

    async def feeds_due(self, now: datetime) -> bool:
        """Tell whether a configured feed is due that nobody holds."""
        ...

    async def claim_due_feeds(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, due_by: datetime
    ) -> Sequence[DueFeed]:
        """Lease up to `limit` configured feeds that are due by `due_by` and that nobody holds, longest due first."""
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

    async def commit_poll(self, record: PollRecord) -> Commit:
        """Store everything that a poll decided and give the lease back, in one transaction.

        The feed must still be leased to `record.owner`. A unique row that is there already (an entry, an alert)
        means that the decision is out of date: nothing is stored and CONFLICT comes back.
        """
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
