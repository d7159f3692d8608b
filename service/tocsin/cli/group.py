"""`tocsin group`: which articles are one story, by the code and the thresholds that the daemon has."""

import sys
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from tocsin.alerts.render import outlet_of
from tocsin.cli.ending import Exit, complain
from tocsin.cli.frame import plan_if_any, print_json, run_until_interrupted
from tocsin.cli.progress import Progress
from tocsin.cli.sources import STANDARD_INPUT, Source, read_sources
from tocsin.cli.table import print_table
from tocsin.clock import utc_now
from tocsin.feeds.article import article_of
from tocsin.model import (
    Article,
    Changed,
    CountedReport,
    Dedup,
    Entry,
    EntryOutcome,
    FeedKind,
    FeedSpec,
    FetchReason,
    JsonObject,
    KnownEntry,
    New,
    ParseFailed,
    Seen,
    Skipped,
    StoryRecord,
    StoryVerdict,
)
from tocsin.model.stories import MOST_REPORTS
from tocsin.plan import Plan
from tocsin.stories.boilerplate import mask_furniture
from tocsin.stories.cluster import place, story_id
from tocsin.stories.fingerprint import likeness
from tocsin.stories.identity import identify
from tocsin.stories.shelf import Shelf

_REMEMBERED = 20_000  # articles; of more, those are forgotten that nothing to come can be like


def group(files: list[str], config: Path | None, *, json: bool) -> Exit:
    """Print which articles are one story: with `json` a line for each article, else a table, when all are read.

    A file that cannot be read does not keep the others from being read; it makes the status 2.
    """
    grouping = _Grouping(plan_if_any(config), json=json)

    async def work() -> None:
        async for source in read_sources(files or [STANDARD_INPUT], grouping.plan):
            grouping.look_through(source)

    try:
        run_until_interrupted(work())
    finally:
        grouping.progress.clear()
    grouping.print_stories()
    return Exit.WRONG if grouping.is_unreadable else Exit.FINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Where an article was put. `of` is an id as the input has it."""

    entry: Entry
    feed: str
    story: StoryRecord
    verdict: StoryVerdict
    why: str
    of: str | None = None
    score: float | None = None

    @property
    def json(self) -> JsonObject:
        """The line for programs."""
        line: JsonObject = {
            "id": self.entry.id,
            "story": self.story.id,
            "verdict": self.verdict.value,
            "of": self.of,
            "score": self.score,
            "why": self.why,
        }
        return {**line, "follows": self.story.follows} if self.story.follows else line

    @property
    def row(self) -> tuple[str, ...]:
        """The cells for people, that of the story aside."""
        published = f"{self.entry.published:%Y-%m-%d %H:%M}" if self.entry.published else "-"
        return self.verdict.value, published, self.feed, self.entry.title or self.entry.id, self.why


class _Grouping:
    """Reads sources, groups what they hold and prints it."""

    def __init__(self, plan: Plan, *, json: bool) -> None:
        self.plan = plan
        self.progress = Progress()
        self.is_unreadable = False
        self._feeds = {feed.name: feed for feed in plan.feeds}
        self._stories = Stories(plan.dedup)
        self._json = json
        self._now = utc_now()
        self._articles = 0
        self._members: dict[str, list[tuple[str, ...]]] = {}  # the rows of each story, for people

    def look_through(self, source: Source) -> None:
        """Group what a source holds, and have it on its way before the next one is read."""
        if isinstance(source.parsed, ParseFailed):
            self._complain(source, source.parsed.detail)
            self.is_unreadable |= source.parsed.reason is FetchReason.PATH
            return
        for problem in source.parsed.problems:
            self._complain(source, problem)
        for entry in source.parsed.entries:
            self._tell(self._stories.put(entry, self._feed_of(entry, source), self._now))
            self.progress.tell(lambda: f"{self._articles:,} articles: {source.name}")
        sys.stdout.flush()

    def print_stories(self) -> None:
        """Print the stories for people; each is named in its first row."""
        rows = [
            (story if not number else "", *row)
            for story, members in self._members.items()
            for number, row in enumerate(members)
        ]
        if rows:
            print_table(("Story", "Verdict", "Published", "Feed", "Article", "Why"), rows)

    def _feed_of(self, entry: Entry, source: Source) -> FeedSpec:
        """Return the feed that an article names, as it is configured, if it is; else that of its file."""
        if entry.feed is None or entry.feed == source.feed.name:
            return source.feed
        return self._feeds.get(entry.feed) or FeedSpec(name=entry.feed, kind=FeedKind.DIRECTORY, location="")

    def _tell(self, grouped: Grouped) -> None:
        self._articles += 1
        if self._json:
            self.progress.clear()
            print_json(grouped.json)
        else:
            self._members.setdefault(grouped.story.id, []).append(grouped.row)

    def _complain(self, source: Source, problem: str) -> None:
        self.progress.clear()
        complain(f"{source.name}: {problem}")


class Stories:
    """Puts articles to stories, one after the other, as a daemon would that polls them so and matches them all."""

    def __init__(self, dedup: Dedup) -> None:
        self._dedup = dedup
        self._shelf = Shelf()
        self._known = _Known()
        self._furniture: dict[str, _Furniture] = {}
        self._newest = datetime.min.replace(tzinfo=UTC)

    def put(self, entry: Entry, feed: FeedSpec, now: datetime) -> Grouped:
        """Group an article of a feed. What is published later than `now` is taken to be read then."""
        article = article_of(entry, feed, None, max(now, entry.published or now))
        if isinstance(article, Skipped):
            story = StoryRecord(id=story_id(f"{feed.name}\0{entry.id}"), first_seen=now)
            why = "it has neither title nor text"
            return Grouped(entry=entry, feed=feed.name, story=story, verdict=StoryVerdict.NEW, why=why)
        match self._known.identify(article):
            case Seen(article_id=known):
                return self._seen(entry, feed, known)
            case Changed(article=article, version=version):
                return self._placed(entry, feed, article, version)
            case New(article=article, reused=reused):
                return self._placed(entry, feed, article, 1, shared_url=reused)
            case outcome:
                raise AssertionError(outcome)  # no article stands twice among one

    def _seen(self, entry: Entry, feed: FeedSpec, article_id: str) -> Grouped:
        return Grouped(
            entry=entry,
            feed=feed.name,
            story=self._known.story(article_id),
            verdict=StoryVerdict.COPY,
            why="seen before: the same title and text",
            of=self._known.name(article_id),
            score=1.0,
        )

    def _placed(
        self, entry: Entry, feed: FeedSpec, article: Article, version: int, *, shared_url: bool = False
    ) -> Grouped:
        article = self._furniture.setdefault(feed.name, _Furniture()).mask(article)
        asked = likeness(article, version, outlet_of(article, feed), shared_url=shared_url)
        near = self._shelf.neighbours([asked], self._dedup.window)
        [placement] = place([asked], near, self._dedup, article.fetched)
        like = article.id if placement.verdict is StoryVerdict.UPDATE else placement.of
        of = self._known.name(like) if like else None
        self._shelf.add([placement])
        self._known.add(article, version, placement.story, entry.id)
        self._newest = max(self._newest, asked.at)
        self._shelf.forget(self._newest - self._dedup.window, but=_REMEMBERED)
        return Grouped(
            entry=entry,
            feed=feed.name,
            story=placement.story,
            verdict=placement.verdict,
            why=placement.why,
            of=of,
            score=placement.score,
        )


class _Furniture:
    """What repeats itself in a feed, learnt an article at a time."""

    def __init__(self) -> None:
        self._reports: deque[CountedReport] = deque(maxlen=MOST_REPORTS)
        self._counted = 0

    def mask(self, article: Article) -> Article:
        """Count an article, and return it with what its feed was found to repeat masked."""
        furnished = mask_furniture([article], tuple(self._reports))
        for report in furnished.reports:
            self._count(report)
        return furnished.articles[0]

    def _count(self, report: CountedReport) -> None:
        if report.number is None:
            self._counted += 1
            self._reports.append(replace(report, number=self._counted))
            return
        for place_of, known in enumerate(self._reports):
            if known.number == report.number:
                self._reports[place_of] = report


@dataclass(slots=True, kw_only=True)
class _KnownArticle:
    """An article as it was last seen. `name` is its id in the input, `keys` what it is found by."""

    article: Article
    version: int
    story: StoryRecord
    name: str
    keys: set[tuple[str, str, str]] = field(default_factory=set)

    def entry(self) -> KnownEntry:
        """Return what identity asks of it."""
        return KnownEntry(
            entry_id=self.article.entry_id,
            canonical_url=self.article.canonical_url,
            article_id=self.article.id,
            version=self.version,
            content_hash=self.article.content_hash,
            first_seen=self.story.first_seen,
        )


class _Known:
    """The articles that were read last, as identity finds them."""

    def __init__(self) -> None:
        self._articles: OrderedDict[str, _KnownArticle] = OrderedDict()
        self._by_key: dict[tuple[str, str, str], str] = {}

    def name(self, article_id: str) -> str:
        """Return what the input calls an article."""
        return self._articles[article_id].name if article_id in self._articles else article_id

    def story(self, article_id: str) -> StoryRecord:
        """Return the story of an article that is known."""
        return self._articles[article_id].story

    def identify(self, article: Article) -> EntryOutcome:
        """Tell whether an article is new, changed or seen."""
        ids = dict.fromkeys(self._by_key[key] for key in _keys(article) if key in self._by_key)
        known = [self._articles[article_id] for article_id in ids]
        stored = {found.article.id: found.article for found in known}
        [outcome] = identify([article], [found.entry() for found in known], stored=stored)
        return outcome

    def add(self, article: Article, version: int, story: StoryRecord, name: str) -> None:
        """Remember an article, and forget the oldest of too many."""
        known = self._articles.setdefault(
            article.id, _KnownArticle(article=article, version=version, story=story, name=name)
        )
        known.article, known.version = article, version
        known.keys |= set(_keys(article))
        self._by_key |= dict.fromkeys(known.keys, article.id)
        if len(self._articles) > 2 * _REMEMBERED:
            _, gone = self._articles.popitem(last=False)
            for key in gone.keys:
                if self._by_key.get(key) == gone.article.id:
                    del self._by_key[key]


def _keys(article: Article) -> Iterator[tuple[str, str, str]]:
    """Yield what an article is found by within its feed."""
    yield article.feed, "id", article.entry_id
    yield article.feed, "content", article.content_hash
    if article.canonical_url:
        yield article.feed, "url", article.canonical_url
