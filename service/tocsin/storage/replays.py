"""Stored articles, looked through again, and what is decided of them anew."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, tuple_

from tocsin.model import Decisions, MatchOutcome, StoredArticle
from tocsin.storage import decisions
from tocsin.storage.entries import VERSIONS, article_in
from tocsin.storage.statements import batches, serialise
from tocsin.storage.tables import alerts, article_versions, articles, fingerprints, matches, story_members


def since(connection: Connection, moment: datetime, after: StoredArticle | None, limit: int) -> Sequence[StoredArticle]:
    """Return the newest versions of articles first seen since then, oldest first."""
    wanted = (
        VERSIONS.add_columns(articles.c.first_seen)
        .where(article_versions.c.version == articles.c.version, articles.c.first_seen >= moment)
        .order_by(articles.c.first_seen, articles.c.id)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(tuple_(articles.c.first_seen, articles.c.id) > (after.first_seen, after.article.id))
    rows = connection.execute(wanted).all()
    rang: defaultdict[str, set[str]] = defaultdict(set)
    for batch in batches([row.id for row in rows]):
        told = (
            select(story_members.c.article_id, alerts.c.rule_name)
            .join(alerts, alerts.c.story_id == story_members.c.story_id)
            .where(story_members.c.article_id.in_(batch))
        )
        for article, rule in connection.execute(told):
            rang[article].add(rule)
    return [
        StoredArticle(
            article=article_in(row), version=row.version, first_seen=row.first_seen, rang=frozenset(rang[row.id])
        )
        for row in rows
    ]


def count(connection: Connection, moment: datetime) -> int:
    """Count the articles first seen since then."""
    return connection.scalar(select(func.count()).select_from(articles).where(articles.c.first_seen >= moment)) or 0


def commit(connection: Connection, decided: Decisions, now: datetime) -> None:
    """Store what was decided anew; what was dropped gives way, what rang or joined stays as it is.

    Raises:
        AlreadyStored: one of the alerts is there by now.
        Outdated: what the decisions build upon changed.
    """
    serialise(connection)
    keys = [(match.article_id, match.version, match.rule_key) for match in decided.matches]
    of_match = tuple_(matches.c.article_id, matches.c.version, matches.c.rule_key)
    for batch in batches(keys):
        connection.execute(delete(matches).where(of_match.in_(batch), matches.c.outcome == MatchOutcome.DROPPED))
    stored = select(matches.c.article_id, matches.c.version, matches.c.rule_key)
    kept = {tuple(key) for batch in batches(keys) for key in connection.execute(stored.where(of_match.in_(batch)))}
    versions = [(item.likeness.article_id, item.likeness.version) for item in decided.placements]
    of_version = tuple_(fingerprints.c.article_id, fingerprints.c.version)
    placed = {
        tuple(key)
        for batch in batches(versions)
        for key in connection.execute(
            select(fingerprints.c.article_id, fingerprints.c.version).where(of_version.in_(batch))
        )
    }
    new = replace(
        decided,
        placements=tuple(
            item for item in decided.placements if (item.likeness.article_id, item.likeness.version) not in placed
        ),
        matches=tuple(
            match for match in decided.matches if (match.article_id, match.version, match.rule_key) not in kept
        ),
    )
    decisions.store(connection, new, now)
