"""Reading the page behind an entry: claim → fetch → extract → decide → one transaction.

Story and ring wait for a page no longer than until its time is over; then what the feed gives decides, and the page
counts as a new version of the article when it comes.
"""

import asyncio
from datetime import datetime, timedelta

from tocsin.alerts.decide import PollFacts
from tocsin.errors import StorageError
from tocsin.feeds.article import with_page
from tocsin.feeds.page import read_article_page
from tocsin.log import Event
from tocsin.model import (
    Changed,
    Commit,
    CountedReport,
    Decisions,
    DuePage,
    FeedSpec,
    PageFailed,
    PageOutcome,
    PageText,
    ReadRecord,
)
from tocsin.pipeline.aside import MOST_TRIES, Poisoned, put_aside
from tocsin.pipeline.judging import Version, judge, tell_decisions
from tocsin.pipeline.tools import Configuration, Tools, busy_until, tell_spared
from tocsin.ports import LimitExceeded
from tocsin.stories.boilerplate import mask_furniture

#: Waits after a page could not be had; what is there and cannot be read is not asked for again.
RETRIES = (timedelta(hours=1), timedelta(hours=4))


class PageReading:
    """The step that reads a page, or decides without it."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def read(self, due: DuePage) -> bool:
        """Read a page and decide upon its article; tell whether that was stored."""
        feed = self._tools.configuration.plan.feed_named.get(due.feed)
        if feed is None:  # configured by another daemon on this database
            return False
        try:
            return await self._decide(feed, due, await self._page(feed, due))
        except StorageError as error:
            self._tools.journal.error(Event.STORAGE_FAILED, step="page", article=due.article.id, detail=str(error))
            return False
        except Exception:  # noqa: BLE001 - the top of a step
            self._tools.journal.exception(Event.STEP_CRASHED, step="page", article=due.article.id)
            return await self._without(feed, due, "an error of Tocsin's own; the log has its trace")

    async def _without(self, feed: FeedSpec, due: DuePage, detail: str) -> bool:
        """Decide by what the feed gives, when the page itself cannot be dealt with."""
        try:
            return await self._decide(feed, due, PageFailed(outcome=PageOutcome.FAILED, detail=detail))
        except Poisoned as poison:
            return await self._put_aside(due, poison)
        except Exception:  # noqa: BLE001 - nothing is lost: the row is tried again when its lease ends
            self._tools.journal.exception(Event.STEP_CRASHED, step="page", article=due.article.id)
            return False

    async def _put_aside(self, due: DuePage, poison: Poisoned) -> bool:
        """Count a try, and after the last one decide nothing upon the article, for good; tell whether that was it."""
        now = self._tools.clock()
        (trace,) = poison.traces.values()
        aside = await put_aside(self._tools, due.article, trace, now)
        if aside.tries < MOST_TRIES:
            return False  # it is tried again when its lease ends
        record = ReadRecord(
            article_id=due.article.id,
            owner=due.owner,
            at=now,
            outcome=PageOutcome.FAILED,
            detail="an error of Tocsin's own; the article is put aside",
            due=None,
            decides=not due.decided,
        )
        return await self._store(record) is Commit.DONE

    async def _page(self, feed: FeedSpec, due: DuePage) -> PageText | PageFailed:
        """Return the text of the page, or why there is none in the time that is left."""
        left = None if due.decided else (due.decide_by - self._tools.clock()).total_seconds()
        if left is not None and left <= 0:
            return PageFailed(outcome=PageOutcome.LATE, detail="its turn did not come in time")
        try:
            async with asyncio.timeout(left):
                return await self._read(feed, due)
        except TimeoutError:
            return PageFailed(outcome=PageOutcome.LATE, detail="it did not come in time", retry_after=RETRIES[0])

    async def _read(self, feed: FeedSpec, due: DuePage) -> PageText | PageFailed:
        fetched = await self._tools.fetcher.fetch_page(feed, due.url)
        if isinstance(fetched, PageFailed):
            return fetched
        try:
            return await self._tools.sandbox.run(read_article_page, fetched.document)
        except LimitExceeded as limit:
            return PageFailed(outcome=PageOutcome.FAILED, detail=f"the page could not be read: {limit}")

    # ------------------------------------------------------------------------------------------------------------

    async def _decide(self, feed: FeedSpec, due: DuePage, page: PageText | PageFailed) -> bool:
        record: ReadRecord | None = None

        async def decide() -> Commit:
            nonlocal record
            configuration = self._tools.configuration
            record = await self._record(configuration, feed, due, page)
            if self._tools.configuration is not configuration:
                return Commit.CONFLICT  # rules or routes changed meanwhile
            return await self._store(record)

        end = await self._tools.settled(decide)
        if end is Commit.DONE and record is not None:
            self._tell(feed, due, record)
            return True
        self._tools.journal.warning(Event.LEASE_LOST, step="page", article=due.article.id, outcome=end.value)
        return False

    async def _record(
        self, configuration: Configuration, feed: FeedSpec, due: DuePage, page: PageText | PageFailed
    ) -> ReadRecord:
        now = self._tools.clock()
        found, reports = await self._found(feed, due, page, now)
        failure = page if isinstance(page, PageFailed) else None
        if failure is None and found is None:
            failure = PageFailed(outcome=PageOutcome.SHORT, detail="the page says less than the feed")
        outcome = failure.outcome if failure else PageOutcome.READ
        decisions = Decisions()
        if found or not due.decided:
            version = _version(due, found, outcome)
            decisions = await judge(self._tools, configuration, [version], _facts(feed, due), now)
        return ReadRecord(
            article_id=due.article.id,
            owner=due.owner,
            at=now,
            outcome=outcome,
            detail=configuration.public(failure.detail) if failure else None,
            due=_next_try(due, failure, now),
            found=found,
            decides=not due.decided,
            busy=busy_until(failure, now),
            reports=reports,
            decisions=decisions,
        )

    async def _found(
        self, feed: FeedSpec, due: DuePage, page: PageText | PageFailed, now: datetime
    ) -> tuple[Changed | None, tuple[CountedReport, ...]]:
        """Return the next version of the article and the report to be counted, unless the page adds nothing to it."""
        article = with_page(due.article, page, feed, now) if isinstance(page, PageText) else None
        if article is None or article.content_hash == due.article.content_hash:
            return None, ()
        furnished = mask_furniture([article], await self._tools.store.counted_reports(feed.name))
        tell_spared(self._tools, feed, furnished)
        (masked,) = furnished.articles
        return Changed(article=masked, version=due.version + 1, first_seen=due.first_seen), furnished.reports

    async def _store(self, record: ReadRecord) -> Commit:
        store = self._tools.store
        return await self._tools.stored(lambda: store.commit_read(record), step="page", article=record.article_id)

    def _tell(self, feed: FeedSpec, due: DuePage, record: ReadRecord) -> None:
        self._tools.journal.info(
            Event.PAGE_FETCHED if record.found else Event.PAGE_MISSED,
            feed=feed.name,
            article=due.article.id,
            outcome=record.outcome.value,
            detail=record.detail,
            matches=len(record.decisions.matches),
            rung=len(record.decisions.alerts),
            due=record.due,
        )
        tell_decisions(self._tools, feed, record.decisions)
        if record.decisions.messages:
            self._tools.wake()


def _version(due: DuePage, found: Changed | None, outcome: PageOutcome) -> Version:
    """Return the version to decide upon: the page's, or, while the article waits, what the feed gives.

    One that waits is compared with what was decided upon before it; one that does not, with what decided instead.
    """
    return Version(
        article=found.article if found else due.article,
        number=found.version if found else due.version,
        before=due.article if due.decided else due.before,
        page=outcome,
        shared_url=due.shared_url,
    )


def _facts(feed: FeedSpec, due: DuePage) -> PollFacts:
    """Return what was known when the article was polled: waiting makes nothing older."""
    return PollFacts(feed=feed, at=due.polled, first_poll=due.last_success is None, last_success=due.last_success)


def _next_try(due: DuePage, failure: PageFailed | None, now: datetime) -> datetime | None:
    match failure:
        case PageFailed(outcome=PageOutcome.LATE, retry_after=None):
            return now  # it was never asked for
        case PageFailed(outcome=PageOutcome.LATE | PageOutcome.FAILED) if due.attempts < len(RETRIES):
            wait = max(RETRIES[due.attempts], failure.retry_after or timedelta())
            return now + wait
        case _:
            return None
