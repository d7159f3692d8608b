"""Entries and articles: what a feed calls its articles, and what they said in each version."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, tuple_, union, update
from sqlalchemy import Row as ResultRow

from tocsin.model import Article, Changed, EntryOutcome, KnownEntry, New, Seen, Span
from tocsin.storage.statements import Row, batches, insert_all, insert_or
from tocsin.storage.tables import article_versions, articles, entries, feeds

Version = tuple[Article, int]

#: A feed that had nothing new for so long is noted to have carried its entries all the while.
QUIET = timedelta(days=1)


VERSIONS = select(articles.c.id, articles.c.feed, articles.c.entry_id, article_versions).join(
    article_versions, article_versions.c.article_id == articles.c.id
)


def key_of(text: str) -> str:
    """Return what stands for an entry's id or URL in indexes: a digest, as PostgreSQL indexes nothing beyond 2.7 kB."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


# ---------------------------------------------------------------------------------------------------------------
# Looking


def known(connection: Connection, feed: str, candidates: Sequence[Article]) -> Sequence[KnownEntry]:
    """Return the entries of `feed` that share an id, a canonical URL or a content hash with a candidate."""
    found: dict[str, KnownEntry] = {}
    for batch in batches(candidates):
        rows = connection.execute(_sharing(feed, batch))
        found.update((row.entry_id, KnownEntry(**row._mapping)) for row in rows)
    return tuple(found.values())


def newest(connection: Connection, ids: Sequence[str]) -> Mapping[str, Article]:
    """Return the newest version of each article that is stored."""
    found: dict[str, Article] = {}
    for batch in batches(ids):
        newest_ones = articles.c.id.in_(batch) & (article_versions.c.version == articles.c.version)
        rows = connection.execute(VERSIONS.where(newest_ones))
        found.update((row.id, article_in(row)) for row in rows)
    return found


def versions(connection: Connection, numbers: Mapping[str, int]) -> Mapping[str, Article]:
    """Return the version of that number of each article that has it."""
    found: dict[str, Article] = {}
    for batch in batches(list(numbers.items())):
        wanted = tuple_(articles.c.id, article_versions.c.version).in_(batch)
        of_these = articles.c.id.in_([article for article, _ in batch])  # SQLite uses no index for the pairs alone
        rows = connection.execute(VERSIONS.where(of_these, wanted))
        found.update((row.id, article_in(row)) for row in rows)
    return found


def digests(connection: Connection, feed: str) -> Mapping[str, Seen]:
    """Return what the last reading of a feed saw, by digest; entries of which none is known are left out."""
    of_feed = entries.c.feed == feed
    last = select(func.max(entries.c.last_seen)).where(of_feed).scalar_subquery()
    newest = articles.c.version == article_versions.c.version
    statement = (
        select(entries, article_versions.c.published)
        .join(articles, articles.c.id == entries.c.article_id)
        .join(article_versions, (article_versions.c.article_id == articles.c.id) & newest)
        .where(of_feed, entries.c.last_seen == last, entries.c.digest.is_not(None))
    )
    return {
        row.digest: Seen(
            entry_id=row.entry_id,
            canonical_url=row.canonical_url,
            article_id=row.article_id,
            digest=row.digest,
            published=row.published,
        )
        for row in connection.execute(statement)
    }


def _sharing(feed: str, candidates: Iterable[Article]) -> Select[Any]:
    """Build the query as a union, so that each of the three ways uses its own index."""
    named = select(entries.c.entry_key).where(entries.c.feed == feed)
    keys = union(
        named.where(entries.c.entry_key.in_({key_of(article.entry_id) for article in candidates})),
        named.where(entries.c.url_key.in_({key_of(a.canonical_url) for a in candidates if a.canonical_url})),
        named.join(articles, articles.c.id == entries.c.article_id).where(
            articles.c.feed == feed, articles.c.content_hash.in_({article.content_hash for article in candidates})
        ),
    ).subquery()
    return (
        select(
            entries.c.entry_id,
            entries.c.canonical_url,
            entries.c.article_id,
            articles.c.version,
            articles.c.content_hash,
            articles.c.first_seen,
        )
        .join(articles, articles.c.id == entries.c.article_id)
        .where(entries.c.feed == feed, entries.c.entry_key.in_(select(keys)))
        .order_by(entries.c.first_seen, entries.c.entry_key)
    )


def article_in(row: ResultRow[Any]) -> Article:
    """Return the article of a row of `VERSIONS`."""
    return Article(
        id=row.id,
        feed=row.feed,
        entry_id=row.entry_id,
        url=row.url,
        canonical_url=row.canonical_url,
        title=row.title,
        text=row.text,
        text_kind=row.text_kind,
        language=row.language,
        content_hash=row.content_hash,
        fetched=row.fetched_at,
        authors=tuple(row.authors),
        published=row.published,
        updated=row.updated,
        summary=row.summary,
        tags=tuple(row.tags),
        masked=tuple(Span(start, end) for start, end in row.masked),
        title_masked=row.title_masked,
    )


# ---------------------------------------------------------------------------------------------------------------
# Storing


def store(connection: Connection, outcomes: Sequence[EntryOutcome], feed: str, at: datetime) -> None:
    """Store the articles of new entries, the next versions of changed ones, and that the others were seen."""
    opened = [outcome for outcome in outcomes if isinstance(outcome, New)]
    new = [outcome.article for outcome in opened]
    reused = [outcome.article for outcome in opened if outcome.reused]
    changed = [(outcome.article, outcome.version) for outcome in outcomes if isinstance(outcome, Changed)]
    seen = [outcome for outcome in outcomes if isinstance(outcome, Seen)]
    first: list[Version] = [(article, 1) for article in new]
    insert_all(connection, articles, [_article_row(article, at) for article in new])
    insert_all(connection, article_versions, [_version_row(*version) for version in chain(first, changed)])
    _renew(connection, changed)
    _take_over(connection, reused, feed)
    insert_all(connection, entries, [_entry_row(_seen(article), feed, at) for article in new])
    _touch(connection, [*(_seen(article) for article, _ in changed), *seen], feed, at)


def note_carried(connection: Connection, feed: str) -> None:
    """Note until when a feed carried the entries of its last reading: it has said since then that nothing is new.

    Without that, what leaves a feed that is quiet for months would be taken for gone as long.
    """
    newest = select(func.max(entries.c.last_seen)).where(entries.c.feed == feed).scalar_subquery()
    row = connection.execute(select(feeds.c.last_success_at, newest.label("newest")).where(feeds.c.name == feed)).one()
    if row.newest and row.last_success_at and row.last_success_at - row.newest > QUIET:
        last = (entries.c.feed == feed) & (entries.c.last_seen == row.newest)
        connection.execute(update(entries).where(last).values(last_seen=row.last_success_at))


def _take_over(connection: Connection, reused: Sequence[Article], feed: str) -> None:
    """Forget that ids named other articles, which the feed has reused them from."""
    for batch in batches([key_of(article.entry_id) for article in reused]):
        connection.execute(delete(entries).where(entries.c.feed == feed, entries.c.entry_key.in_(batch)))


def add_version(connection: Connection, found: Changed) -> None:
    """Store the next version of an article, which its feed did not bring: what the feed says is as it was."""
    insert_all(connection, article_versions, [_version_row(found.article, found.version)])
    renewed = update(articles).where(articles.c.id == found.article.id)
    connection.execute(renewed.values(version=found.version))


def _renew(connection: Connection, changed: Sequence[Version]) -> None:
    """Point articles to their next version."""
    if changed:
        rows = [
            {"of": article.id, "version": version, "entry_id": article.entry_id, "content_hash": article.content_hash}
            for article, version in changed
        ]
        connection.execute(update(articles).where(articles.c.id == bindparam("of")), rows)


def _touch(connection: Connection, seen: Sequence[Seen], feed: str, at: datetime) -> None:
    """Note that entries are still in their feed, under a new name where the feed renamed them.

    A name keeps the article it stood for first, and the last URL it had: forgetting either could ring twice.
    """
    if not seen:
        return
    statement = insert_or(connection, entries)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[entries.c.feed, entries.c.entry_key],
        set_={
            "last_seen": new.last_seen,
            "digest": new.digest,
            "url_key": func.coalesce(new.url_key, entries.c.url_key),
            "canonical_url": func.coalesce(new.canonical_url, entries.c.canonical_url),
        },
        where=entries.c.article_id == new.article_id,
    )
    connection.execute(statement, [_entry_row(entry, feed, at) for entry in seen])


def _seen(article: Article) -> Seen:
    return Seen(
        entry_id=article.entry_id,
        canonical_url=article.canonical_url,
        article_id=article.id,
        digest=article.digest or None,
    )


def _entry_row(entry: Seen, feed: str, at: datetime) -> Row:
    return {
        "feed": feed,
        "entry_key": key_of(entry.entry_id),
        "url_key": key_of(entry.canonical_url) if entry.canonical_url else None,
        "entry_id": entry.entry_id,
        "canonical_url": entry.canonical_url,
        "article_id": entry.article_id,
        "first_seen": at,
        "last_seen": at,
        "digest": entry.digest,
    }


def _article_row(article: Article, at: datetime) -> Row:
    return {
        "id": article.id,
        "feed": article.feed,
        "entry_id": article.entry_id,
        "first_seen": at,
        "version": 1,
        "content_hash": article.content_hash,
    }


def _version_row(article: Article, version: int) -> Row:
    return {
        "article_id": article.id,
        "version": version,
        "title": article.title,
        "text": article.text,
        "text_kind": article.text_kind,
        "language": article.language,
        "masked": [(span.start, span.end) for span in article.masked],
        "authors": article.authors,
        "tags": article.tags,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "summary": article.summary,
        "published": article.published,
        "updated": article.updated,
        "fetched_at": article.fetched,
        "content_hash": article.content_hash,
        "title_masked": article.title_masked,
    }
