"""What people are told of stories and of articles: where they came from, and what became of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from tocsin.model import (
    Article,
    ArticleReport,
    AttemptReport,
    DeliveryTrace,
    Evidence,
    Field,
    HeldAlert,
    MatchRecord,
    MemberReport,
    StoryReport,
    VersionReport,
)
from tocsin.storage import entries, reports, stories
from tocsin.storage.statements import batches
from tocsin.storage.tables import (
    alerts,
    article_versions,
    articles,
    attempts,
    deliveries,
    dispatches,
    held_alerts,
    matches,
    message_dispatches,
    messages,
    pages,
    story_members,
)
from tocsin.storage.tables import entries as entry_table
from tocsin.storage.tables import stories as story_table


def story_reports(connection: Connection, since: datetime | None) -> Sequence[StoryReport]:
    """Return the stories that an article joined since then, the one that grew last first."""
    grew = func.max(story_members.c.joined_at)
    statement = select(story_members.c.story_id).group_by(story_members.c.story_id).order_by(grew.desc())
    ids = connection.scalars(statement if since is None else statement.having(grew >= since)).all()
    return [report for batch in batches(ids) for report in _story_reports(connection, batch)]


def _story_reports(connection: Connection, ids: Sequence[str]) -> Sequence[StoryReport]:
    known = {
        row.id: stories.story_record(row)
        for row in connection.execute(select(story_table).where(story_table.c.id.in_(ids)))
    }
    sources = stories.sources(connection, ids)
    why = {
        (row.story_id, row.article_id): row
        for row in connection.execute(select(story_members).where(story_members.c.story_id.in_(ids)))
    }
    rules: defaultdict[str, list[str]] = defaultdict(list)
    rung = select(alerts.c.story_id, alerts.c.rule_name).where(alerts.c.story_id.in_(ids)).order_by(alerts.c.rule_name)
    for story, rule in connection.execute(rung):
        rules[story].append(rule)
    return [
        StoryReport(
            story=known[story],
            members=tuple(
                MemberReport(
                    source=source,
                    verdict=why[story, source.article_id].verdict,
                    of=why[story, source.article_id].of_article,
                    score=why[story, source.article_id].score,
                    why=why[story, source.article_id].why,
                )
                for source in sources.get(story, ())
            ),
            rules=tuple(rules[story]),
        )
        for story in ids
    ]


def article_report(connection: Connection, named: str) -> ArticleReport | None:
    """Return the journey of an article, or of the one that an alert of that id rang on, or waits on."""
    article = _article_named(connection, named)
    known = connection.execute(select(articles).where(articles.c.id == article)).one_or_none()
    if known is None:
        return None
    names = select(entry_table.c.entry_id, entry_table.c.last_seen).where(entry_table.c.article_id == known.id)
    called = connection.execute(names.order_by(entry_table.c.first_seen, entry_table.c.entry_key)).all()
    page = connection.execute(select(pages).where(pages.c.article_id == known.id)).one_or_none()
    story = connection.scalar(select(story_members.c.story_id).where(story_members.c.article_id == known.id))
    told = reports.alerts_where(connection, alerts.c.story_id == story) if story else ()
    return ArticleReport(
        versions=_versions(connection, known.id),
        entries=tuple(row.entry_id for row in called),
        first_seen=known.first_seen,
        last_seen=max((row.last_seen for row in called), default=None),
        page=page.outcome if page else None,
        page_detail=page.detail if page else None,
        story=_story_reports(connection, [story])[0] if story else None,
        alerts=tuple(told),
        held=_held(connection, story),
        deliveries={named: _deliveries(connection, named) for named in _alerts_of(connection, story)},
    )


def _alerts_of(connection: Connection, story: str | None) -> Sequence[str]:
    of_story = select(alerts.c.id).where(alerts.c.story_id == story).order_by(alerts.c.created_at, alerts.c.id)
    return connection.scalars(of_story).all() if story else ()


def _deliveries(connection: Connection, alert: str) -> tuple[DeliveryTrace, ...]:
    """Return the messages about an alert on their ways, with every try, in the order in which they were put down."""
    statement = (
        select(deliveries, messages.c.kind)
        .join(messages, messages.c.id == deliveries.c.message_id)
        .join(message_dispatches, message_dispatches.c.message_id == messages.c.id)
        .join(dispatches, dispatches.c.id == message_dispatches.c.dispatch_id)
        .where(dispatches.c.alert_id == alert)
        .order_by(deliveries.c.created_at, deliveries.c.channel, deliveries.c.recipient)
    )
    return tuple(
        DeliveryTrace(
            id=row.id,
            kind=row.kind,
            channel=row.channel,
            recipient=row.recipient,
            state=row.state,
            reason=row.reason,
            due=row.due_at,
            tries=_tries(connection, row.id),
        )
        for row in connection.execute(statement)
    )


def _tries(connection: Connection, delivery: str) -> tuple[AttemptReport, ...]:
    tried = select(attempts).where(attempts.c.delivery_id == delivery).order_by(attempts.c.number)
    return tuple(
        AttemptReport(
            at=row.started_at,
            took=timedelta(milliseconds=row.took_ms),
            result=row.result,
            status=row.status,
            detail=row.detail,
        )
        for row in connection.execute(tried)
    )


def _article_named(connection: Connection, named: str) -> str:
    """Return the id of an article that is named by its own, or by that of an alert."""
    for table in (alerts, held_alerts):
        if found := connection.scalar(select(table.c.article_id).where(table.c.id == named)):
            return str(found)
    return named


def _held(connection: Connection, story: str | None) -> tuple[HeldAlert, ...]:
    return tuple(stories.held(connection, [story]).get(story, ())) if story else ()


def _versions(connection: Connection, article: str) -> tuple[VersionReport, ...]:
    numbers = connection.scalars(
        select(article_versions.c.version)
        .where(article_versions.c.article_id == article)
        .order_by(article_versions.c.version)
    ).all()
    found = _matches(connection, article)
    return tuple(
        VersionReport(article=said[article], version=number, matches=tuple(found.get(number, ())))
        for number in numbers
        if (said := _said(connection, article, number))
    )


def _said(connection: Connection, article: str, number: int) -> Mapping[str, Article]:
    return entries.versions(connection, {article: number})


def _matches(connection: Connection, article: str) -> Mapping[int, Sequence[MatchRecord]]:
    found: defaultdict[int, list[MatchRecord]] = defaultdict(list)
    of_article = select(matches).where(matches.c.article_id == article)
    for row in connection.execute(of_article.order_by(matches.c.version, matches.c.rule_name)):
        record = MatchRecord(
            article_id=row.article_id,
            version=row.version,
            rule_name=row.rule_name,
            rule_key=row.rule_key,
            outcome=row.outcome,
            reason=row.reason,
            alert_id=row.alert_id,
            evidence=tuple(
                Evidence(Field(field), start, end, text, term) for field, start, end, text, term in row.evidence
            ),
        )
        found[row.version].append(record)
    return found
