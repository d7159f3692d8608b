"""One suite over both databases: SQLite always, PostgreSQL where TOCSIN_TEST_POSTGRES names a server."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from tests.contract.storage.desk import Desk, hash_of, shingled

from tocsin.model import (
    AlertRecord,
    Article,
    Attempt,
    AttemptDecision,
    AttemptRecord,
    AttemptResult,
    ClaimedDelivery,
    Commit,
    Condition,
    Decisions,
    DeliveryRecord,
    DispatchRecord,
    DispatchState,
    DueFeed,
    DuePage,
    Evidence,
    FeedKind,
    FeedMemory,
    FeedPart,
    FeedSpec,
    FeedState,
    Field,
    Likeness,
    MatchOutcome,
    MatchRecord,
    MessageKind,
    MessageRecord,
    New,
    PageOutcome,
    PageRecord,
    Placement,
    PollRecord,
    ReadRecord,
    Span,
    StoryRecord,
    StoryVerdict,
    TextKind,
)
from tocsin.model.stories import HASHES
from tocsin.storage.migrate import upgrade
from tocsin.storage.store import SqlStore, open_store

NOON = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)
LEASE = timedelta(minutes=5)
PATIENCE = timedelta(seconds=30)


@pytest.fixture
def sqlite_url(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'tocsin.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request) -> str:
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def database_url(empty_url) -> str:
    upgrade(empty_url)
    return empty_url


@pytest.fixture
def migrated(sqlite_url) -> None:
    upgrade(sqlite_url)


@pytest.fixture
async def store(database_url) -> AsyncIterator[SqlStore]:
    async with await open_store(database_url) as opened:
        yield opened


@pytest.fixture
def make() -> type["Make"]:
    return Make


@pytest.fixture
def desk(store) -> Desk:
    return Desk(store, Make)


class Make:
    """Builds values of the model around one story: the mayor of an invented town opens a bridge."""

    NOON = NOON
    LEASE = LEASE
    PATIENCE = PATIENCE

    @staticmethod
    def feed(name: str = "Harbour Gazette", location: str = "", **changes: object) -> FeedSpec:
        """Build a feed, by itself at a host of its own; one request serves those of equal locations."""
        location = location or f"https://{name.lower().replace(' ', '-')}.example/rss"
        feed = FeedSpec(
            name=name,
            kind=FeedKind.HTTP,
            location=location,
            outlet="gazette.example",
            source=f"source {location}",
            host=urlsplit(location).hostname or "",
        )
        return replace(feed, **changes)  # type: ignore[arg-type]

    @staticmethod
    def article(entry_id: str = "bridge-1", *, feed: str = "Harbour Gazette", **changes: object) -> Article:
        article = Article(
            id=f"{feed}/{entry_id}",
            feed=feed,
            entry_id=entry_id,
            url=f"https://gazette.example/{entry_id}?from=rss",
            canonical_url=f"https://gazette.example/{entry_id}",
            title="Міст відкрито 🌉",
            text="The mayor of Ostwick opened the bridge.\n\nSubscribe to the Gazette!",
            text_kind=TextKind.FULL,
            language="en",
            content_hash=f"hash of {entry_id}",
            fetched=NOON,
            authors=("Ada Example", "Бо Приклад"),
            published=NOON - timedelta(hours=1),
            updated=None,
            summary="A bridge.",
            tags=("ostwick",),
            masked=(Span(41, 66),),
        )
        return replace(article, **changes)  # type: ignore[arg-type]

    @staticmethod
    def memory(**changes: object) -> FeedMemory:
        """Build what a feed remembers that was read at noon."""
        return replace(FeedMemory(first_success=NOON, last_success=NOON), **changes)  # type: ignore[arg-type]

    @classmethod
    def poll(cls, **changes: object) -> PollRecord:
        record = PollRecord(
            feed="Harbour Gazette",
            owner="first",
            at=NOON,
            next_poll=NOON + timedelta(minutes=10),
            state=FeedState.OK,
            memory=cls.memory(),
        )
        return replace(record, **changes)  # type: ignore[arg-type]

    @staticmethod
    def condition(state: FeedState = FeedState.SILENT, **changes: object) -> Condition:
        condition = Condition(state=state, detail=f"it is {state}", tell_at=NOON)
        return replace(condition, **changes)  # type: ignore[arg-type]

    @classmethod
    def decisions(
        cls, article: Article, version: int = 1, *, channel: str = "desk", to: tuple[str, ...] = ("",)
    ) -> Decisions:
        """Build the decision that a version of `article` rings for the rule "Bridges" on one channel."""
        alert = f"alert of {article.id}"
        dispatch = f"{alert} to {channel}"
        data = {"alert_id": alert, "article": {"title": article.title}, "note": "NUL \x00, half a pair \ud83c"}
        return Decisions(
            placements=(cls.placement(article, version),),
            matches=(cls.match(article, alert, version),),
            alerts=(
                AlertRecord(
                    id=alert,
                    rule_name="Bridges",
                    rule_key="Bridges:1",
                    story_id=f"story of {article.id}",
                    article_id=article.id,
                    version=version,
                    data=data,
                ),
            ),
            dispatches=(DispatchRecord(id=dispatch, alert_id=alert, channel=channel, state=DispatchState.WAITING),),
            messages=(cls.message(dispatch, channel=channel, to=to, data=data),),
        )

    @staticmethod
    def likeness(article: Article, version: int = 1, **changes: object) -> Likeness:
        """Build what is compared of an article: shingles that no other article has."""
        own = {(hash_of(article.id) + number) % HASHES for number in range(40)}
        likeness = Likeness(
            article_id=article.id,
            version=version,
            feed=article.feed,
            outlet=article.feed,
            at=article.published or article.fetched,
            canonical_url=None,
            wording="",
            fingerprint=shingled(own),
        )
        return replace(likeness, **changes)  # type: ignore[arg-type]

    @classmethod
    def placement(cls, article: Article, version: int = 1, **changes: object) -> Placement:
        """Build the placement of an article that opens its story."""
        placement = Placement(
            likeness=cls.likeness(article, version),
            story=StoryRecord(id=f"story of {article.id}", first_seen=NOON),
            verdict=StoryVerdict.NEW,
            why="like nothing before it",
        )
        return replace(placement, **changes)  # type: ignore[arg-type]

    @classmethod
    def ringing(cls, article: Article, *, channel: str = "desk", to: tuple[str, ...] = ("",)) -> PollRecord:
        """Build the poll in which `article` is new and rings for the rule "Bridges" on one channel."""
        decisions = cls.decisions(article, channel=channel, to=to)
        return cls.poll(feed=article.feed, entries=(New(article=article),), decisions=decisions)

    @staticmethod
    def deciding(record: PollRecord, **changes: object) -> PollRecord:
        """Change what a poll decided."""
        return replace(record, decisions=replace(record.decisions, **changes))  # type: ignore[arg-type]

    @staticmethod
    def match(article: Article, alert: str, version: int = 1) -> MatchRecord:
        return MatchRecord(
            article_id=article.id,
            version=version,
            rule_name="Bridges",
            rule_key="Bridges:1",
            outcome=MatchOutcome.RUNG,
            reason=None,
            alert_id=alert,
            evidence=(Evidence(field=Field.BODY, start=32, end=38, text="bridge", term="bridge"),),
        )

    @staticmethod
    def message(dispatch: str = "", *, channel: str = "desk", to: tuple[str, ...] = ("",), data=None) -> MessageRecord:
        name = f"message of {dispatch or channel}"
        return MessageRecord(
            id=name,
            kind=MessageKind.ALERT if dispatch else MessageKind.TEST,
            channel=channel,
            payload={"type": "alert.matched", "data": data or {}},
            deliveries=tuple(DeliveryRecord(id=f"{name} for {who}", recipient=who) for who in to),
            dispatches=(dispatch,) if dispatch else (),
        )

    @staticmethod
    def parts(names: str) -> tuple[FeedPart, ...]:
        """Build the documents of an index, one for each letter."""
        return tuple(FeedPart(url=f"https://gazette.example/{name}", fingerprint=name) for name in names)

    @staticmethod
    def page(article: Article, **changes: object) -> PageRecord:
        """Build the page of `article`, due at noon, for which it waits half a minute."""
        page = PageRecord(
            article_id=article.id,
            version=1,
            url=article.url or "",
            host=urlsplit(article.url or "").hostname or "",
            due=NOON,
            decide_by=NOON + PATIENCE,
            polled=NOON,
            last_success=None,
        )
        return replace(page, **changes)  # type: ignore[arg-type]

    @staticmethod
    def read(article: Article, **changes: object) -> ReadRecord:
        """Build the look at the page of `article` that brought nothing and was the last."""
        read = ReadRecord(
            article_id=article.id,
            owner="first",
            at=NOON,
            outcome=PageOutcome.CONSENT,
            detail="the page asks for consent first",
            due=None,
            decides=True,
        )
        return replace(read, **changes)  # type: ignore[arg-type]

    @staticmethod
    def attempt(
        delivery: ClaimedDelivery, decision: AttemptDecision, owner: str = "first", **attempt: object
    ) -> AttemptRecord:
        return AttemptRecord(
            delivery_id=delivery.id,
            owner=owner,
            started=NOON + timedelta(seconds=1),
            took=timedelta(milliseconds=250),
            attempt=Attempt(**{"result": AttemptResult.SENT, **attempt}),
            decision=decision,
        )

    @staticmethod
    async def leased(store: SqlStore, owner: str = "first", now: datetime = NOON, limit: int = 10) -> list[DueFeed]:
        return list(await store.claim_due_feeds(owner, now, LEASE, limit, due_by=now))

    @staticmethod
    async def leased_pages(
        store: SqlStore, owner: str = "first", now: datetime = NOON, *, limit: int = 10, late: bool = False
    ) -> list[DuePage]:
        return list(await store.claim_due_pages(owner, now, LEASE, limit, due_by=now, late=late))

    @staticmethod
    async def claimed(
        store: SqlStore, channel: str = "desk", owner: str = "first", now: datetime = NOON, limit: int = 10
    ) -> list[ClaimedDelivery]:
        return list(await store.claim_due_deliveries(owner, channel, now, LEASE, limit, due_by=now))

    @classmethod
    async def rung(cls, store: SqlStore, *, channel: str = "desk", to: tuple[str, ...] = ("",)) -> Article:
        """Store one article that rang; its message is due on one channel."""
        article = cls.article()
        await store.apply_configuration([cls.feed()], [channel], NOON)
        await cls.leased(store)
        assert await store.commit_poll(cls.ringing(article, channel=channel, to=to)) is Commit.DONE
        return article

    @classmethod
    async def polled(cls, store: SqlStore, record: PollRecord) -> None:
        """Claim the feed of a poll, which must be due, and commit the poll."""
        now = record.at
        assert record.feed in [due.name for due in await cls.leased(store, record.owner, now, limit=100)]
        assert await store.commit_poll(record) is Commit.DONE

    @classmethod
    async def waiting(cls, store: SqlStore, *articles: Article, **changes: object) -> None:
        """Store new articles of one feed that wait for their pages."""
        pages = tuple(cls.page(article, **changes) for article in articles)
        await store.apply_configuration([cls.feed(articles[0].feed)], ["desk"], NOON)
        await cls.polled(store, cls.poll(entries=tuple(New(article=article) for article in articles), pages=pages))
