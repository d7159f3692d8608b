"""Polling a feed: fetch → parse → articles → known? → matches → decisions → one transaction.

One request serves every feed of the same source; each decides for itself what the answer means to it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from tocsin.alerts.decide import PollFacts, may_ring
from tocsin.errors import StorageError
from tocsin.feeds.health import HealthFacts, Overlap, conditions_of, overlap_of, state_of
from tocsin.feeds.memory import (
    ReadFacts,
    after_failure,
    after_reading,
    after_unchanged,
    asks_unconditionally,
    proven_address,
)
from tocsin.feeds.page import wants_page
from tocsin.feeds.schedule import next_poll
from tocsin.log import Event
from tocsin.model import (
    Article,
    Changed,
    Commit,
    CountedReport,
    DueFeed,
    EntryOutcome,
    FeedKind,
    FeedMemory,
    FeedPart,
    FeedSpec,
    FeedState,
    Fetched,
    FetchFailed,
    FetchOutcome,
    FetchReason,
    KnownEntry,
    New,
    NotModified,
    PageRecord,
    PollRecord,
    Seen,
    Skipped,
    SkipReason,
    Validators,
)
from tocsin.pipeline.aside import Poisoned, is_aside, put_aside
from tocsin.pipeline.gathering import Gathering
from tocsin.pipeline.judging import Version, judge, listens, tell_decisions
from tocsin.pipeline.tools import Configuration, Tools, busy_until, tell_spared
from tocsin.rules.fields import reads_body
from tocsin.stories.boilerplate import mask_furniture
from tocsin.stories.identity import identify
from tocsin.text.language import language_of
from tocsin.text.urls import request_host

#: How many pages of older entries are read where a feed went on faster than we looked (RFC 5005).
MOST_OLDER = 3

#: How long story and ring wait for a page.
PATIENCE = timedelta(seconds=30)

#: A page is not asked for again before that.
PAGE_PAUSE = timedelta(hours=1)

_UNKNOWN = Validators()
_OURS = FetchFailed(reason=FetchReason.INTERNAL, detail="an error of Tocsin's own; the log has its trace")


@dataclass(frozen=True, slots=True, kw_only=True)
class PollEnd:
    """How a poll ended, for whoever polls once.

    `refused`: by the database, whose reason the log has. `host_is_busy`: it wants none of its feeds to be asked for.
    """

    committed: bool
    unsettled: bool = False
    refused: bool = False
    host_is_busy: bool = False


_Answered: TypeAlias = Fetched | NotModified


class Polling:
    """The step that polls a feed."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def poll(self, due: DueFeed) -> PollEnd:
        """Fetch a feed, and decide for it and for its twins what their articles ring."""
        tools, configuration = self._tools, self._tools.configuration
        feed = configuration.plan.feed_named.get(due.name)
        if feed is None:  # configured by another daemon on this database
            return PollEnd(committed=False)
        now = tools.clock()
        proven = (proven_address(member.memory, now) for member in (due, *due.twins))
        address = next(filter(None, proven), None)  # a new feed of an old address is where its twin moved
        known, fingerprint = _to_ask_with(due, now)
        try:
            outcome = await tools.fetcher.fetch(feed, known, fingerprint, address=address)
        except Exception:  # noqa: BLE001 - the top of a step
            tools.journal.exception(Event.STEP_CRASHED, step="poll", feed=feed.name)
            outcome = _OURS
        unconditional = known == _UNKNOWN
        ends = [
            await self._take(configuration, member, outcome, unconditional=unconditional)
            for member in (due, *due.twins)
        ]
        return PollEnd(
            committed=all(end.committed for end in ends),
            unsettled=any(end.unsettled for end in ends),
            refused=any(end.refused for end in ends),
            host_is_busy=isinstance(outcome, FetchFailed) and outcome.busy_host is not None,
        )

    async def _take(
        self, configuration: Configuration, due: DueFeed, outcome: FetchOutcome, *, unconditional: bool
    ) -> PollEnd:
        """Decide and store what an answer means to one feed."""
        feed = configuration.plan.feed_named.get(due.name)
        if feed is None:
            return PollEnd(committed=False)
        try:
            return await _Poll(self._tools, configuration, feed, due, unconditional=unconditional).take(outcome)
        except StorageError as error:
            self._tools.journal.error(Event.STORAGE_FAILED, step="poll", feed=feed.name, detail=str(error))
            return PollEnd(committed=False, refused=True)
        except Exception:  # noqa: BLE001 - the top of a step
            self._tools.journal.exception(Event.STEP_CRASHED, step="poll", feed=feed.name)
            return await _Poll(self._tools, configuration, feed, due, unconditional=False).fail(_OURS)


class _Poll:
    """One poll of one feed."""

    def __init__(
        self, tools: Tools, configuration: Configuration, feed: FeedSpec, due: DueFeed, *, unconditional: bool
    ) -> None:
        self._tools = tools
        self._configuration = configuration
        self._feed = feed
        self._due = due
        self._unconditional = unconditional
        self._fresh: Mapping[str, Article] = {}
        self._poisoned: dict[str, tuple[Article, str]] = {}  # by the ids, with the traces

    async def take(self, outcome: FetchOutcome) -> PollEnd:
        """Store what an answer means."""
        answered = _as_known(self._staying(outcome), self._due.memory)
        match answered:
            case FetchFailed():
                return await self.fail(answered)
            case NotModified() if not self._due.parts:
                return await self._keep(answered)
            case NotModified() | Fetched():
                return await self._read_and_decide(answered)
            case _:
                assert_never(answered)

    def _staying(self, outcome: FetchOutcome) -> FetchOutcome:
        """Return an outcome that moves no feed with secrets: they are for the address that they were written for."""
        is_secret = self._feed.headers or self._configuration.public(self._feed.location) != self._feed.location
        if isinstance(outcome, FetchFailed) or not is_secret:
            return outcome
        return replace(outcome, answer=replace(outcome.answer, moved_to=None))

    async def fail(self, failure: FetchFailed) -> PollEnd:
        """Store that the feed could not be had."""
        tools, now = self._tools, self._tools.clock()
        failure = replace(failure, detail=self._configuration.public(failure.detail))
        memory = after_failure(self._due.memory, failure, now)
        record = self._record(now, memory, failure=failure)
        end = await self._commit(record)
        tools.journal.warning(
            Event.FEED_FAILED,
            feed=self._feed.name,
            reason=failure.reason,
            detail=failure.detail,
            failures=memory.failures,
            next_poll=record.next_poll,
        )
        return end

    async def _keep(self, answer: NotModified, reading: Gathering | None = None) -> PollEnd:
        """Store that nothing is new, in none of the parts that were asked for either."""
        now = self._tools.clock()
        memory = after_unchanged(self._due.memory, answer, now, unconditional=self._unconditional)
        record = self._record(now, memory, answer=answer, overlap=Overlap.KEPT)
        record = replace(record, not_modified=not answer.same_body, received=answer.received)
        if reading:
            record = self._with_what_was_read(record, reading)
        end = await self._commit(record)
        if end.committed:
            self._tell(record)
        return end

    # ------------------------------------------------------------------------------------------------------------
    # Reading

    async def _read_and_decide(self, answer: _Answered) -> PollEnd:
        """Read what came, and decide upon it."""
        seen = await self._tools.store.entry_digests(self._feed.name)
        gathering = Gathering(self._tools, self._feed, self._due.parts, seen)
        failed = await gathering.read(answer.documents if isinstance(answer, Fetched) else ())
        single = isinstance(answer, Fetched) and [document.name for document in answer.documents] == [answer.url]
        if failed and single:
            return await self.fail(FetchFailed(reason=failed.reason, detail=failed.detail))
        if gathering.is_empty and gathering.failure and not gathering.kept:
            return await self.fail(gathering.failure)
        for problem in (*(answer.problems if isinstance(answer, Fetched) else ()), *gathering.problems):
            public = self._configuration.public(problem)
            self._tools.journal.warning(Event.ENTRY_SKIPPED, feed=self._feed.name, problem=public)
        if gathering.is_empty and isinstance(answer, NotModified):
            return await self._keep(answer, gathering)
        return await self._decide_and_commit(answer, gathering)

    # ------------------------------------------------------------------------------------------------------------
    # Deciding

    async def _decide_and_commit(self, answer: _Answered, reading: Gathering) -> PollEnd:
        overlap = await self._overlap(answer, reading)
        for _ in range(MOST_OLDER):
            if overlap is not Overlap.GAP or reading.older is None:
                break
            await reading.read_older()
            overlap = await self._overlap(answer, reading)
        record: PollRecord | None = None

        async def decide() -> Commit:
            nonlocal record
            self._catch_up()
            record = await self._decide_without_poison(answer, reading, overlap)
            if self._tools.configuration is not self._configuration:
                return Commit.CONFLICT  # rules or routes changed meanwhile
            return await self._store(record)

        end = await self._tools.settled(decide)
        assert record is not None  # noqa: S101 - it was decided at least once
        if end is Commit.DONE:
            self._tell(record)
            for article, trace in self._poisoned.values():
                await put_aside(self._tools, article, trace, record.at)
            if record.decisions.messages or record.pages:
                self._tools.wake()
        else:
            self._tools.journal.warning(Event.LEASE_LOST, step="poll", feed=self._feed.name, outcome=end.value)
        unsettled = isinstance(answer, Fetched) and bool(answer.unsettled)
        return PollEnd(committed=end is Commit.DONE, unsettled=unsettled)

    def _catch_up(self) -> None:
        """Take the configuration of now; a feed that it does not have any more is decided upon as it was."""
        self._configuration = self._tools.configuration
        self._feed = self._configuration.plan.feed_named.get(self._feed.name, self._feed)

    async def _overlap(self, answer: _Answered, reading: Gathering) -> Overlap:
        """Tell what the entries say of those of the last poll."""
        partial = isinstance(answer, Fetched) and answer.partial
        can_tell = self._feed.kind is FeedKind.HTTP and self._due.memory.last_new is not None
        if not can_tell or partial or not reading.whole:
            return Overlap.UNKNOWN
        if reading.unchanged or len(reading.articles) < 2:
            return Overlap.KEPT
        known = await self._tools.store.known_entries(self._feed.name, reading.articles)
        return overlap_of(reading.articles, known)

    async def _decide_without_poison(self, answer: _Answered, reading: Gathering, overlap: Overlap) -> PollRecord:
        """Decide, without the articles that break that."""
        self._poisoned = {}
        while True:
            try:
                return await self._decide(answer, reading, overlap)
            except Poisoned as poison:  # others than before: those are left out
                self._poisoned |= {id_: (self._fresh[id_], trace) for id_, trace in poison.traces.items()}

    async def _decide(self, answer: _Answered, reading: Gathering, overlap: Overlap) -> PollRecord:
        """Decide what a poll changes, by the rows as they are now."""
        tools, feed, now = self._tools, self._feed, self._tools.clock()
        unchanged = tuple(reading.unchanged.values())
        known = await tools.store.known_entries(feed.name, reading.articles)
        stored = await self._stored(reading.articles, known)
        outcomes = tuple(identify(reading.articles, known, unchanged, stored))
        fresh, reports = await self._masked([entry for entry in outcomes if isinstance(entry, New | Changed)])
        fresh, left = await self._sound(fresh)
        reports = tuple(report for report in reports if report.article_id not in left)
        entries: list[EntryOutcome] = [entry for entry in reading.entries if isinstance(entry, Skipped)]
        entries += [entry for entry in outcomes if not isinstance(entry, New | Changed)]
        entries += fresh
        entries += left.values()
        memory = self._after_reading(answer, reading, entries, now)
        if self._poisoned:  # they are tried again, and so are to be given again
            memory = replace(memory, validators=_UNKNOWN, fingerprint=None)
        shared = _shared(reading.articles)
        pages = await self._pages(fresh, shared, now)
        poll = self._facts(now)
        versions = _versions(fresh, pages, stored, shared)
        decisions = await judge(tools, self._configuration, versions, poll, now)
        published = tuple(reading.published)
        record = self._record(
            now,
            memory,
            answer=answer,
            overlap=overlap,
            published=published,
            ids_repeated=reading.ids_repeated,
        )
        record = replace(record, received=answer.received)
        return replace(
            self._with_what_was_read(record, reading),
            entries=(*entries, *unchanged),
            pages=tuple(pages.values()),
            reports=reports,
            decisions=decisions,
        )

    def _with_what_was_read(self, record: PollRecord, reading: Gathering) -> PollRecord:
        """Add to a record what came of the documents besides the feed's own."""
        return replace(
            record,
            received=record.received + reading.received,
            parts=self._parts(reading),
            busy=busy_until(reading.busy, record.at) or record.busy,
        )

    def _parts(self, reading: Gathering) -> tuple[FeedPart, ...] | None:
        """Return what is known of the parts from now on, None where there never was one."""
        if self._poisoned:  # all of them are to be given again
            return tuple(FeedPart(url=part.url) for part in reading.parts)
        return tuple(reading.parts) if reading.parts or self._due.parts else None

    def _after_reading(
        self, answer: _Answered, reading: Gathering, entries: Sequence[EntryOutcome], now: datetime
    ) -> FeedMemory:
        new = sum(isinstance(entry, New) for entry in entries)
        dates = (
            *(article.published for article in reading.articles),
            *(entry.published for entry in reading.unchanged.values()),
        )
        facts = ReadFacts(courtesy=reading.courtesy, published=dates, new=new)
        memory = self._due.memory
        if isinstance(answer, Fetched):
            return after_reading(memory, answer, facts, now, unconditional=self._unconditional)
        kept = after_unchanged(memory, answer, now, unconditional=self._unconditional)
        return replace(kept, last_new=now if new else kept.last_new, last_changed=now)

    async def _sound(self, fresh: Sequence[New | Changed]) -> tuple[list[New | Changed], Mapping[str, Seen | Skipped]]:
        """Part fresh entries into those to be decided upon and those left out, by the ids of their articles.

        An edit that is left out is not stored either: the article stays as it was.
        """
        self._fresh = {entry.article.id: entry.article for entry in fresh}
        known = await self._tools.store.asides(sorted(self._fresh))
        left: dict[str, Seen | Skipped] = {}
        for entry in fresh:
            article = entry.article
            if article.id in self._poisoned or is_aside(article, known):
                left[article.id] = _left_out(entry)
        return [entry for entry in fresh if entry.article.id not in left], left

    async def _stored(self, articles: Sequence[Article], known: Sequence[KnownEntry]) -> Mapping[str, Article]:
        """Return the newest stored versions of articles that may have been edited."""
        contents = {article.content_hash for article in articles}
        edited = {entry.article_id for entry in known if entry.content_hash not in contents}
        return await self._tools.store.stored_articles(sorted(edited))

    async def _masked(self, fresh: Sequence[New | Changed]) -> tuple[list[New | Changed], tuple[CountedReport, ...]]:
        """Return fresh entries, the earliest first, without the feed's furniture, and the reports to be counted."""
        if not fresh:
            return [], ()
        in_time = sorted(fresh, key=lambda entry: entry.article.published or entry.article.fetched)
        counted = await self._tools.store.counted_reports(self._feed.name)
        furnished = mask_furniture([entry.article for entry in in_time], counted)
        tell_spared(self._tools, self._feed, furnished)
        masked = zip(in_time, furnished.articles, strict=True)
        return [replace(entry, article=article) for entry, article in masked], furnished.reports

    async def _pages(
        self, fresh: Sequence[New | Changed], shared: AbstractSet[str | None], now: datetime
    ) -> Mapping[str, PageRecord]:
        """Return the pages that are to be read for articles, by the articles' ids.

        An edited article has its page read again if it was read before, but not at once. One that waits for its page
        goes on waiting whatever the edit says: nothing was decided upon it yet.
        """
        edited = [entry.article.id for entry in fresh if isinstance(entry, Changed)]
        standings = await self._tools.store.page_standings(edited)
        pages: dict[str, PageRecord] = {}
        for entry in fresh:
            article, standing = entry.article, standings.get(entry.article.id)
            waits = standing is not None and standing.waiting
            if not waits and not (self._wants_page(article, now) and (isinstance(entry, New) or standing)):
                continue
            due = now if standing is None or standing.waiting else max(now, standing.at + PAGE_PAUSE)
            pages[article.id] = PageRecord(
                article_id=article.id,
                version=entry.version if isinstance(entry, Changed) else 1,
                url=article.url or "",
                host=request_host(article.url or ""),
                due=due + timedelta(microseconds=len(pages)),  # in the order of the feed
                decide_by=now + PATIENCE if due == now else None,
                polled=now,
                last_success=self._due.memory.last_success,
                shared_url=article.canonical_url in shared,
            )
        return pages

    def _wants_page(self, article: Article, now: datetime) -> bool:
        if not may_ring(article, self._facts(now)):
            return False
        language = language_of(article.language)
        rules = (rule for rule in self._configuration.plan.rules if listens(rule, self._feed, language))
        return wants_page(article, self._feed, body_needed=any(map(reads_body, rules)))

    def _facts(self, now: datetime) -> PollFacts:
        due = self._due
        return PollFacts(feed=self._feed, at=now, first_poll=due.first_poll, last_success=due.memory.last_success)

    # ------------------------------------------------------------------------------------------------------------
    # Storing and telling

    def _record(
        self,
        now: datetime,
        memory: FeedMemory,
        *,
        failure: FetchFailed | None = None,
        answer: _Answered | None = None,
        overlap: Overlap = Overlap.UNKNOWN,
        published: tuple[datetime | None, ...] = (),
        ids_repeated: bool | None = None,
    ) -> PollRecord:
        """Return the record of a poll that decides nothing but the feed's own row."""
        due, retry_after = self._due, failure.retry_after if failure else None
        pacing = next_poll(self._feed, memory, now, retry_after=retry_after, network_down=due.network_down)
        conditions = conditions_of(
            HealthFacts(
                feed=self._feed,
                memory=memory,
                now=now,
                held=due.conditions,
                failure=failure,
                overlap=overlap,
                clock_offset=answer.answer.clock_offset if answer else None,
                published=published,
                ids_repeated=ids_repeated,
                fetched=isinstance(answer, Fetched),
            )
        )
        gone = any(condition.state is FeedState.GONE for condition in conditions)
        is_http = self._feed.kind is FeedKind.HTTP
        return PollRecord(
            feed=self._feed.name,
            owner=due.owner,
            at=now,
            next_poll=None if gone else pacing.at,
            state=state_of(conditions),
            memory=replace(memory, not_before=pacing.not_before),
            conditions=conditions,
            reason=failure.reason if failure else None,
            detail=failure.detail if failure else next((found.detail for found in conditions), None),
            reached=is_http and (failure is None or failure.status is not None),
            busy=busy_until(failure, now),
        )

    async def _commit(self, record: PollRecord) -> PollEnd:
        end = await self._store(record)
        if end is not Commit.DONE:
            self._tools.journal.warning(Event.LEASE_LOST, step="poll", feed=self._feed.name, outcome=end.value)
        return PollEnd(committed=end is Commit.DONE)

    async def _store(self, record: PollRecord) -> Commit:
        store = self._tools.store
        return await self._tools.stored(lambda: store.commit_poll(record), step="poll", feed=record.feed)

    def _tell(self, record: PollRecord) -> None:
        kinds = [type(entry) for entry in record.entries]
        recovered = self._due.memory.failures > 0
        tell = (
            self._tools.journal.info
            if kinds.count(New) or kinds.count(Changed) or recovered
            else self._tools.journal.debug
        )
        tell(
            Event.FEED_RECOVERED if recovered else Event.FEED_POLLED,
            feed=self._feed.name,
            entries=len(kinds),
            new=kinds.count(New),
            changed=kinds.count(Changed),
            skipped=kinds.count(Skipped),
            matches=len(record.decisions.matches),
            rung=len(record.decisions.alerts),
            next_poll=record.next_poll,
        )
        tell_decisions(self._tools, self._feed, record.decisions)


def _versions(
    fresh: Sequence[New | Changed],
    pages: Mapping[str, PageRecord],
    stored: Mapping[str, Article],
    shared: AbstractSet[str | None],
) -> Sequence[Version]:
    """Return the versions to decide upon now, an edited one with the version before; others wait for their pages."""
    waiting = {page.article_id for page in pages.values() if page.decide_by is not None}
    return [
        Version(
            article=entry.article,
            number=entry.version if isinstance(entry, Changed) else 1,
            before=stored.get(entry.article.id) if isinstance(entry, Changed) else None,
            shared_url=entry.article.canonical_url in shared,
        )
        for entry in fresh
        if entry.article.id not in waiting
    ]


def _left_out(entry: New | Changed) -> Seen | Skipped:
    """Return what becomes of an entry that breaks what is done with it: nothing, and nothing is known of its text."""
    article = entry.article
    if isinstance(entry, New):
        return Skipped(entry_id=article.entry_id, reason=SkipReason.POISON)
    return Seen(entry_id=article.entry_id, canonical_url=article.canonical_url, article_id=article.id)


def _shared(articles: Sequence[Article]) -> AbstractSet[str | None]:
    """Return the URLs that several entries of a poll have: those of front pages, mostly."""
    uses = Counter(article.canonical_url for article in articles)
    return {url for url, count in uses.items() if count > 1}


def _to_ask_with(due: DueFeed, now: datetime) -> tuple[Validators, str | None]:
    """Return the validators and the fingerprint to fetch with: those that serve the feed and all its twins."""
    members = (due, *due.twins)
    memory = due.memory
    alike = all(
        (member.memory.validators, member.memory.fingerprint) == (memory.validators, memory.fingerprint)
        for member in members
    )
    if not alike:
        return _UNKNOWN, None
    if due.first_poll or any(asks_unconditionally(member.memory, now) for member in members):
        return _UNKNOWN, memory.fingerprint
    return memory.validators, memory.fingerprint


def _as_known(outcome: FetchOutcome, memory: FeedMemory) -> FetchOutcome:
    """Return what an answer means to a feed that may have that body already."""
    if isinstance(outcome, Fetched) and outcome.fingerprint == memory.fingerprint and not outcome.unsettled:
        return NotModified(
            validators=outcome.validators, received=outcome.received, same_body=True, answer=outcome.answer
        )
    return outcome
