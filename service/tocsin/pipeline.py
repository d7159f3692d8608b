"""The steps, in their order: the only module that knows how an article travels.

    poll     fetch → parse → articles → known? → matches → decisions → one transaction
    deliver  claim → notice → send → decide → record

What is decided is decided in the pure rooms; what is done is done behind the ports. A step handles its own failures:
whatever happens, its rows stay as they were or say what happened.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar, Unpack, assert_never

from tocsin.alerts.decide import MatchFacts, PollFacts, decide
from tocsin.alerts.ids import alert_id
from tocsin.alerts.render import AlertFacts, render_notice
from tocsin.alerts.retry import SCHEDULE, decide_retry
from tocsin.alerts.ring import Ringing, ring
from tocsin.alerts.routing import RouteFacts, route_alert
from tocsin.errors import DatabaseFull, StorageError
from tocsin.feeds.article import articles_of
from tocsin.feeds.parse import parse_document
from tocsin.feeds.schedule import mean_gap, next_poll
from tocsin.log import Details, Event, Logger
from tocsin.model import (
    Article,
    Attempt,
    AttemptDecision,
    AttemptRecord,
    AttemptResult,
    Changed,
    ClaimedDelivery,
    Commit,
    Dead,
    DeadReason,
    Delivered,
    Document,
    Drop,
    DropReason,
    DueFeed,
    EntryOutcome,
    FeedSpec,
    FeedState,
    Fetched,
    FetchFailed,
    FetchReason,
    Join,
    Match,
    MatchOutcome,
    MatchRecord,
    Message,
    New,
    NotModified,
    ParsedFeed,
    ParseFailed,
    PollRecord,
    RetryAt,
    Ring,
    Rule,
    Skipped,
    StoryRecord,
)
from tocsin.plan import Plan
from tocsin.ports import Channel, Fetcher, LimitExceeded, Sandbox, Store, Work
from tocsin.rules.index import RuleIndex
from tocsin.stories.cluster import story_of
from tocsin.stories.identity import identify
from tocsin.text.language import language_of

T = TypeVar("T")

POLLS = "polls"  # the lane of feeds; each channel is a lane of its own, by the name "to <channel>"
MOST_POLLS = 32
MOST_SENDS = 4  # at a time, to one channel

#: How long a unit of work is ours. Longer than it can take, so that nobody else begins it while it runs.
POLL_LEASE = timedelta(minutes=2)
SEND_LEASE = timedelta(minutes=2)

#: How often a poll decides anew when the rows changed under it.
MOST_DECISIONS = 5

#: How often a full database is tried again.
ROOM_CHECK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a unit of work reads once: the plan and what is built from it."""

    plan: Plan
    index: RuleIndex
    channels: Mapping[str, Channel]
    public: Callable[[str], str]  # takes secrets out of a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a poll read: the articles of all documents, what was wrong with some, and what is not written out yet."""

    entries: Sequence[Article | Skipped]
    problems: Sequence[str]
    unsettled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PollEnd:
    """How a poll ended, for whoever polls once. `refused`: by the database, whose reason the log has."""

    committed: bool
    unsettled: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMatch:
    """A match of one version of an article, before it is decided how it ends."""

    article: Article
    version: int
    story: StoryRecord
    match: Match
    matched_before: bool

    @property
    def alert_id(self) -> str:
        """The id of the alert that it would ring."""
        return alert_id(self.match.rule.name, self.story.id)


class Pipeline:
    """The steps over one set of ports; implements `tocsin.ports.Steps`."""

    def __init__(
        self,
        *,
        configuration: Configuration,
        store: Store,
        fetcher: Fetcher,
        sandbox: Sandbox,
        logger: Logger,
        clock: Callable[[], datetime],
        owner: str,
        wake: Callable[[], None],
        retry_schedule: tuple[timedelta, ...] = SCHEDULE,
        patient: bool = True,
    ) -> None:
        self._configuration = configuration
        self._store = store
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._log = logger
        self._clock = clock
        self._owner = owner
        self._wake = wake
        self._retry_schedule = retry_schedule
        self._patient = patient  # a unit of work that the database has no room for waits for some

    # ------------------------------------------------------------------------------------------------------------
    # What a runner drives

    async def due_lanes(self) -> Mapping[str, int]:
        """Return the lanes that have work due, each with how many units may run in it at a time."""
        now = self._clock()
        lanes = {lane_of(channel): MOST_SENDS for channel in await self._store.due_channels(now)}
        if await self._store.feeds_due(now):
            lanes[POLLS] = MOST_POLLS
        return lanes

    async def claim(self, lane: str, limit: int) -> Sequence[Work]:
        """Claim up to `limit` units of work of a lane."""
        now = self._clock()
        if lane == POLLS:
            return [partial(self.poll_feed, due) for due in await self.claim_feeds(now, limit)]
        return [partial(self.deliver, item) for item in await self.claim_deliveries(channel_of(lane), now, limit)]

    async def beat(self) -> None:
        """Note that the daemon is alive."""
        await self._store.record_tick(self._owner, self._clock())

    async def claim_feeds(self, due_by: datetime, limit: int) -> Sequence[DueFeed]:
        """Lease feeds that are due by then."""
        return await self._store.claim_due_feeds(self._owner, self._clock(), POLL_LEASE, limit, due_by=due_by)

    async def claim_deliveries(self, channel: str, due_by: datetime, limit: int) -> Sequence[ClaimedDelivery]:
        """Lease deliveries of a channel that are due by then."""
        now = self._clock()
        return await self._store.claim_due_deliveries(self._owner, channel, now, SEND_LEASE, limit, due_by=due_by)

    # ------------------------------------------------------------------------------------------------------------
    # poll

    async def poll_feed(self, due: DueFeed) -> PollEnd:
        """Fetch a feed, decide what its articles ring, and store all of it in one transaction."""
        configuration = self._configuration
        feed = configuration.plan.feed_named.get(due.name)
        if feed is None:  # configured by another daemon on this database
            return PollEnd(committed=False)
        try:
            return await self._poll(configuration, feed, due)
        except StorageError as error:
            self._log.error(Event.STORAGE_FAILED, step="poll", feed=feed.name, detail=str(error))
            return PollEnd(committed=False, refused=True)
        except Exception:  # noqa: BLE001 - the top of a step
            self._log.exception(Event.STEP_CRASHED, step="poll", feed=feed.name)
            failure = FetchFailed(reason=FetchReason.INTERNAL, detail="an error of Tocsin's own; the log has its trace")
            return await self._commit_failure(configuration, feed, due, failure)

    async def _poll(self, configuration: Configuration, feed: FeedSpec, due: DueFeed) -> PollEnd:
        outcome = await self._fetcher.fetch(feed, due.validators, due.fingerprint)
        match outcome:
            case FetchFailed():
                return await self._commit_failure(configuration, feed, due, outcome)
            case NotModified():
                record = self._unchanged(feed, due, outcome)
                end = await self._commit(feed, record)
                if end.committed:
                    self._tell_poll(feed, due, record)
                return end
            case Fetched():
                reading = await self._read(feed, outcome)
                if isinstance(reading, ParseFailed):
                    failure = FetchFailed(reason=reading.reason, detail=reading.detail)
                    return await self._commit_failure(configuration, feed, due, failure)
                return await self._commit_reading(configuration, feed, due, outcome, reading)
            case _:
                assert_never(outcome)

    async def _read(self, feed: FeedSpec, fetched: Fetched) -> Reading | ParseFailed:
        """Parse every document; a feed of one document that cannot be read is a failure, one file of many is not."""
        entries: list[Article | Skipped] = []
        problems = list(fetched.problems)
        now = self._clock()
        for document in fetched.documents:
            parsed = await self._parse(document)
            if isinstance(parsed, ParseFailed):
                if len(fetched.documents) == 1 and document.name == fetched.url:
                    return parsed
                problems.append(f"{document.name}: {parsed.detail}")
                continue
            entries += articles_of(parsed, feed, now)
            problems += (f"{document.name}: {problem}" for problem in parsed.problems)
        return Reading(entries=entries, problems=problems, unsettled=bool(fetched.unsettled))

    async def _parse(self, document: Document) -> ParsedFeed | ParseFailed:
        try:
            return await self._sandbox.run(parse_document, document)
        except LimitExceeded as limit:
            return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=str(limit))

    async def _commit_reading(
        self, configuration: Configuration, feed: FeedSpec, due: DueFeed, fetched: Fetched, reading: Reading
    ) -> PollEnd:
        for problem in reading.problems:
            self._log.warning(Event.ENTRY_SKIPPED, feed=feed.name, problem=configuration.public(problem))
        record = await self._decide(configuration, feed, due, fetched, reading)
        end = await self._store_poll(record)
        for _ in range(MOST_DECISIONS):
            if end is not Commit.CONFLICT:
                break
            record = await self._decide(configuration, feed, due, fetched, reading)
            end = await self._store_poll(record)
        if end is Commit.DONE:
            self._tell_poll(feed, due, record)
            if record.messages:
                self._wake()
        else:
            self._log.warning(Event.LEASE_LOST, step="poll", feed=feed.name, outcome=end.value)
        return PollEnd(committed=end is Commit.DONE, unsettled=reading.unsettled)

    async def _decide(
        self, configuration: Configuration, feed: FeedSpec, due: DueFeed, fetched: Fetched, reading: Reading
    ) -> PollRecord:
        """Decide what a poll changes, by the rows as they are now."""
        now = self._clock()
        articles = [entry for entry in reading.entries if isinstance(entry, Article)]
        known = await self._store.known_entries(feed.name, articles)
        entries: list[EntryOutcome] = [entry for entry in reading.entries if isinstance(entry, Skipped)]
        entries += identify(articles, known)
        fresh = [entry for entry in entries if isinstance(entry, New | Changed)]
        poll = PollFacts(feed=feed, at=now, first_poll=due.first_poll, last_success=due.last_success)
        found = await self._match_all(configuration, feed, fresh)
        rang = await self._store.existing_alerts([item.alert_id for item in found])
        decided = [_decide_match(configuration, item, poll, rang=item.alert_id in rang) for item in found]
        ringing = [rung for _, rung in decided if rung is not None]
        gap = mean_gap((article.published for article in articles), now) or due.mean_gap
        return PollRecord(
            feed=feed.name,
            owner=due.owner,
            at=now,
            next_poll=next_poll(feed, now, gap=gap, failures=0),
            state=FeedState.OK,
            failures=0,
            validators=fetched.validators,
            fingerprint=fetched.fingerprint,
            mean_gap=gap,
            received=fetched.received,
            entries=tuple(entries),
            stories=tuple((story_of(entry), entry.article.id) for entry in fresh if isinstance(entry, New)),
            matches=tuple(record for record, _ in decided),
            alerts=tuple(item.alert for item in ringing),
            dispatches=tuple(dispatch for item in ringing for dispatch in item.dispatches),
            messages=tuple(message for item in ringing for message in item.messages),
        )

    async def _match_all(
        self, configuration: Configuration, feed: FeedSpec, fresh: Sequence[New | Changed]
    ) -> Sequence[FoundMatch]:
        """Match every new version, and of an edited article the one before, to tell what the edit brought."""
        edited = [entry.article.id for entry in fresh if isinstance(entry, Changed)]
        before = await self._store.stored_articles(edited)
        found: list[FoundMatch] = []
        for entry in fresh:
            old = before.get(entry.article.id)
            matched_before = {match.rule.name for match in await self._match(configuration, feed, old)} if old else ()
            found += (
                FoundMatch(
                    article=entry.article,
                    version=entry.version if isinstance(entry, Changed) else 1,
                    story=story_of(entry),
                    match=match,
                    matched_before=match.rule.name in matched_before,
                )
                for match in await self._match(configuration, feed, entry.article)
            )
        return found

    async def _match(self, configuration: Configuration, feed: FeedSpec, article: Article) -> Sequence[Match]:
        await asyncio.sleep(0)  # a feed of thousands must not hold up what else is due
        language = language_of(article.language)
        return configuration.index.match(article, feed, partial(listens, feed=feed, language=language))

    def _unchanged(self, feed: FeedSpec, due: DueFeed, answer: NotModified) -> PollRecord:
        now = self._clock()
        return PollRecord(
            feed=feed.name,
            owner=due.owner,
            at=now,
            next_poll=next_poll(feed, now, gap=due.mean_gap, failures=0),
            state=FeedState.OK,
            failures=0,
            validators=answer.validators,
            not_modified=True,
            mean_gap=due.mean_gap,
            received=answer.received,
        )

    async def _commit_failure(
        self, configuration: Configuration, feed: FeedSpec, due: DueFeed, failure: FetchFailed
    ) -> PollEnd:
        now, failures = self._clock(), due.failures + 1
        detail = configuration.public(failure.detail)
        record = PollRecord(
            feed=feed.name,
            owner=due.owner,
            at=now,
            next_poll=next_poll(feed, now, gap=due.mean_gap, failures=failures, retry_after=failure.retry_after),
            state=FeedState.FAILING,
            failures=failures,
            reason=failure.reason,
            detail=detail,
            mean_gap=due.mean_gap,
        )
        end = await self._commit(feed, record)
        self._log.warning(
            Event.FEED_FAILED,
            feed=feed.name,
            reason=failure.reason,
            detail=detail,
            failures=failures,
            next_poll=record.next_poll,
        )
        return end

    async def _commit(self, feed: FeedSpec, record: PollRecord) -> PollEnd:
        """Store a poll that decided nothing but the feed's own row."""
        end = await self._store_poll(record)
        if end is not Commit.DONE:
            self._log.warning(Event.LEASE_LOST, step="poll", feed=feed.name, outcome=end.value)
        return PollEnd(committed=end is Commit.DONE)

    async def _store_poll(self, record: PollRecord) -> Commit:
        return await self._stored(lambda: self._store.commit_poll(record), step="poll", feed=record.feed)

    def _tell_poll(self, feed: FeedSpec, due: DueFeed, record: PollRecord) -> None:
        kinds = [type(entry) for entry in record.entries]
        tell = self._log.info if kinds.count(New) or kinds.count(Changed) or due.failures else self._log.debug
        tell(
            Event.FEED_RECOVERED if due.failures else Event.FEED_POLLED,
            feed=feed.name,
            entries=len(kinds),
            new=kinds.count(New),
            changed=kinds.count(Changed),
            skipped=kinds.count(Skipped),
            matches=len(record.matches),
            rung=len(record.alerts),
            next_poll=record.next_poll,
        )
        for alert in record.alerts:
            self._log.info(
                Event.ALERT_RANG,
                alert=alert.id,
                rule=alert.rule_name,
                story=alert.story_id,
                article=alert.article_id,
                feed=feed.name,
            )
        for match in record.matches:
            if match.reason is DropReason.NO_ROUTE:
                self._log.warning(
                    Event.ALERT_DROPPED,
                    rule=match.rule_name,
                    article=match.article_id,
                    feed=feed.name,
                    reason=match.reason.value,
                )

    # ------------------------------------------------------------------------------------------------------------
    # deliver

    async def deliver(self, claimed: ClaimedDelivery) -> AttemptDecision | None:
        """Try a delivery once and store what came of it; None where that could not be stored."""
        configuration = self._configuration
        started = self._clock()
        try:
            attempt, decision = await self._try(configuration, claimed)
            record = AttemptRecord(
                delivery_id=claimed.id,
                owner=self._owner,
                started=started,
                took=self._clock() - started,
                attempt=replace(attempt, detail=configuration.public(attempt.detail)),
                decision=decision,
            )
            stored = await self._stored(
                lambda: self._store.record_attempt(record), step="deliver", delivery=claimed.id, channel=claimed.channel
            )
        except StorageError as error:
            self._log.error(Event.STORAGE_FAILED, step="deliver", delivery=claimed.id, detail=str(error))
            return None
        self._tell_attempt(claimed, record)
        if not stored:
            self._log.warning(Event.LEASE_LOST, step="deliver", delivery=claimed.id, channel=claimed.channel)
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
            self._log.exception(Event.STEP_CRASHED, step="render", delivery=claimed.id, channel=claimed.channel)
            unsayable = Attempt(result=AttemptResult.GONE, detail="the message could not be put into words")
            return unsayable, Dead(reason=DeadReason.UNRENDERABLE)
        try:
            attempt = await channel.send(message)
        except Exception:  # noqa: BLE001 - nor a channel
            self._log.exception(Event.STEP_CRASHED, step="send", delivery=claimed.id, channel=claimed.channel)
            attempt = Attempt(result=AttemptResult.RETRY, detail="an error of Tocsin's own; the log has its trace")
        decision = decide_retry(
            attempt,
            delivery_id=claimed.id,
            attempts=claimed.attempts,
            refusals=claimed.refusals,
            now=self._clock(),
            schedule=self._retry_schedule,
        )
        return attempt, decision

    def _tell_attempt(self, claimed: ClaimedDelivery, record: AttemptRecord) -> None:
        tell = self._log.info if isinstance(record.decision, Delivered) else self._log.warning
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

    # ------------------------------------------------------------------------------------------------------------
    # Storing

    async def _stored(self, store: Callable[[], Awaitable[T]], **about: Unpack[Details]) -> T:
        """Store what a unit of work came to; where the database is full, wait for room.

        The work is not done again for that: a message sent again would be a copy. A unit that waits keeps its slot,
        so that soon nothing more is fetched or sent that could not be stored.
        """
        tell, full = self._log.bind(**about), False
        while True:
            try:
                stored = await store()
            except DatabaseFull as error:
                if not self._patient:
                    raise
                if not full:
                    tell.error(Event.STORAGE_FULL, detail=str(error))
                full = True
                await asyncio.sleep(ROOM_CHECK.total_seconds())
            else:
                if full:
                    tell.info(Event.STORAGE_RECOVERED)
                return stored


def lane_of(channel: str) -> str:
    """Return the lane of a channel."""
    return f"to {channel}"


def channel_of(lane: str) -> str:
    """Return the channel of a lane."""
    return lane.removeprefix("to ")


def listens(rule: Rule, feed: FeedSpec, language: str) -> bool:
    """Tell whether a rule listens to a feed and a language."""
    return (rule.feeds is None or rule.feeds.covers(feed)) and (not rule.languages or language in rule.languages)


def _decide_match(
    configuration: Configuration, found: FoundMatch, poll: PollFacts, *, rang: bool
) -> tuple[MatchRecord, Ringing | None]:
    """Decide how a match ends, and put down the alert where it rings one."""
    plan, article, rule = configuration.plan, found.article, found.match.rule
    route = RouteFacts(rule=rule, feed=poll.feed, language=language_of(article.language))
    ways = route_alert(route, plan.routes, [channel.name for channel in plan.channels])
    decision = decide(
        MatchFacts(
            article=article,
            alert_id=found.alert_id,
            rang=rang,
            matched_before=found.matched_before,
            channels=frozenset(ways),
        ),
        poll,
    )
    match decision:
        case Ring():
            facts = AlertFacts(
                id=found.alert_id,
                rule=rule,
                story=found.story,
                article=article,
                feed=poll.feed,
                feed_url=configuration.public(poll.feed.location),
                evidence=found.match.evidence,
            )
            channels = [plan.channel_named[name] for name in ways]
            return _match_record(found, MatchOutcome.RUNG), ring(facts, found.version, channels, poll.at)
        case Join():
            return _match_record(found, MatchOutcome.JOINED), None
        case Drop(reason=reason):
            return _match_record(found, MatchOutcome.DROPPED, reason), None
        case _:
            assert_never(decision)


def _match_record(found: FoundMatch, outcome: MatchOutcome, reason: DropReason | None = None) -> MatchRecord:
    return MatchRecord(
        article_id=found.article.id,
        version=found.version,
        rule_name=found.match.rule.name,
        rule_key=found.match.rule.key,
        outcome=outcome,
        reason=reason,
        alert_id=None if reason else found.alert_id,
        evidence=found.match.evidence,
    )


def _message(claimed: ClaimedDelivery, timezone: str) -> Message:
    story = claimed.payload["data"]
    story_id = story["story"]["id"] if isinstance(story, dict) and "story" in story else claimed.id
    return Message(
        delivery_id=claimed.id,
        recipient=claimed.recipient,
        payload=claimed.payload,
        notice=render_notice(claimed.payload, timezone),
        created=claimed.created,
        story_id=story_id,
    )
