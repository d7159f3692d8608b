"""From versions of articles to decisions: matched by all rules at once, decided one by one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import assert_never

from tocsin.alerts.decide import MatchFacts, PollFacts, decide
from tocsin.alerts.ids import alert_id
from tocsin.alerts.render import AlertFacts
from tocsin.alerts.ring import Ringing, ring
from tocsin.alerts.routing import RouteFacts, route_alert
from tocsin.log import Event
from tocsin.model import (
    Article,
    Decisions,
    Drop,
    DropReason,
    FeedSpec,
    Join,
    Match,
    MatchOutcome,
    MatchRecord,
    PageOutcome,
    Ring,
    Rule,
    StoryRecord,
)
from tocsin.pipeline.tools import Configuration, Tools
from tocsin.text.language import language_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of an article whose matches are to be decided.

    `before` is the version that was decided upon last, None for a new article, which `opens` its story. `page` is what
    came of its page, if that was asked for.
    """

    article: Article
    number: int
    story: StoryRecord
    opens: bool
    before: Article | None = None
    page: PageOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMatch:
    """A match of a version, before it is decided how it ends."""

    version: Version
    match: Match
    matched_before: bool

    @property
    def alert_id(self) -> str:
        """The id of the alert that it would ring."""
        return alert_id(self.match.rule.name, self.version.story.id)


def listens(rule: Rule, feed: FeedSpec, language: str) -> bool:
    """Tell whether a rule listens to a feed and a language."""
    return (rule.feeds is None or rule.feeds.covers(feed)) and (not rule.languages or language in rule.languages)


async def judge(
    tools: Tools, configuration: Configuration, versions: Sequence[Version], poll: PollFacts, at: datetime
) -> Decisions:
    """Decide at that time how every match of the versions, all brought by one poll, ends, by the rows as they are."""
    found = [item for version in versions for item in await _matches(configuration, poll.feed, version)]
    rang = await tools.store.existing_alerts([item.alert_id for item in found])
    decided = [_decide_match(configuration, item, poll, at, rang=item.alert_id in rang) for item in found]
    ringing = [rung for _, rung in decided if rung is not None]
    return Decisions(
        stories=tuple((version.story, version.article.id) for version in versions if version.opens),
        matches=tuple(record for record, _ in decided),
        alerts=tuple(item.alert for item in ringing),
        dispatches=tuple(dispatch for item in ringing for dispatch in item.dispatches),
        messages=tuple(message for item in ringing for message in item.messages),
    )


def tell_decisions(tools: Tools, feed: FeedSpec, decisions: Decisions) -> None:
    """Log what rang, and what would have, had a route taken it."""
    for alert in decisions.alerts:
        tools.journal.info(
            Event.ALERT_RANG,
            alert=alert.id,
            rule=alert.rule_name,
            story=alert.story_id,
            article=alert.article_id,
            feed=feed.name,
        )
    for match in decisions.matches:
        if match.reason is DropReason.NO_ROUTE:
            tools.journal.warning(
                Event.ALERT_DROPPED,
                rule=match.rule_name,
                article=match.article_id,
                feed=feed.name,
                reason=match.reason.value,
            )


async def _matches(configuration: Configuration, feed: FeedSpec, version: Version) -> Sequence[FoundMatch]:
    """Match a version, and the one before it, to tell what the edit brought."""
    old = await _match(configuration, feed, version.before) if version.before else ()
    matched_before = {match.rule.name for match in old}
    return [
        FoundMatch(version=version, match=match, matched_before=match.rule.name in matched_before)
        for match in await _match(configuration, feed, version.article)
    ]


async def _match(configuration: Configuration, feed: FeedSpec, article: Article) -> Sequence[Match]:
    await asyncio.sleep(0)  # a feed of thousands must not hold up what else is due
    language = language_of(article.language)
    return configuration.index.match(article, feed, partial(listens, feed=feed, language=language))


def _decide_match(
    configuration: Configuration, found: FoundMatch, poll: PollFacts, at: datetime, *, rang: bool
) -> tuple[MatchRecord, Ringing | None]:
    """Decide how a match ends, and put down the alert where it rings one."""
    plan, article, rule = configuration.plan, found.version.article, found.match.rule
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
                story=found.version.story,
                article=article,
                feed=poll.feed,
                feed_url=configuration.public(poll.feed.location),
                evidence=found.match.evidence,
                page=found.version.page,
            )
            channels = [plan.channel_named[name] for name in ways]
            return _match_record(found, MatchOutcome.RUNG), ring(facts, found.version.number, channels, at)
        case Join():
            return _match_record(found, MatchOutcome.JOINED), None
        case Drop(reason=reason):
            return _match_record(found, MatchOutcome.DROPPED, reason), None
        case _:
            assert_never(decision)


def _match_record(found: FoundMatch, outcome: MatchOutcome, reason: DropReason | None = None) -> MatchRecord:
    return MatchRecord(
        article_id=found.version.article.id,
        version=found.version.number,
        rule_name=found.match.rule.name,
        rule_key=found.match.rule.key,
        outcome=outcome,
        reason=reason,
        alert_id=None if reason else found.alert_id,
        evidence=found.match.evidence,
    )
