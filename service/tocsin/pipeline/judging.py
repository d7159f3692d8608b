"""From versions of articles to decisions: matched by all rules at once, put to their stories, decided one by one."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import assert_never, cast

from tocsin.alerts.decide import MatchFacts, PollFacts, decide
from tocsin.alerts.ids import alert_id
from tocsin.alerts.render import AlertFacts, StoryHead, outlet_of, render_data
from tocsin.alerts.ring import alert_record, held_record, update_messages
from tocsin.alerts.routing import facts_of, route_alert
from tocsin.alerts.updates import (
    Growth,
    UpdateReason,
    decide_update,
    hears,
    outlets_of,
    render_update,
    renewed,
    renews,
)
from tocsin.log import Event
from tocsin.model import (
    AlertRecord,
    AlertStanding,
    AlertUpdate,
    Article,
    Decisions,
    Drop,
    DropReason,
    FeedKind,
    FeedSpec,
    HeldAlert,
    Join,
    JsonObject,
    Match,
    MatchOutcome,
    MatchRecord,
    MessageRecord,
    PageOutcome,
    Placement,
    Ring,
    Rule,
    StorySource,
    StoryStanding,
    TextKind,
    WaitForSources,
    Way,
)
from tocsin.pipeline.aside import Spoils
from tocsin.pipeline.sending import Rung, Sent, send_all
from tocsin.pipeline.tools import Configuration, Tools
from tocsin.stories.cluster import placements
from tocsin.stories.fingerprint import is_material, likeness
from tocsin.text.language import language_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of an article whose matches are to be decided.

    `before` is the version that was decided upon last, None for a new article. `page` is what came of its page, if
    that was asked for. `shared_url`: its URL is that of other entries too, and tells nothing.
    """

    article: Article
    number: int
    before: Article | None = None
    page: PageOutcome | None = None
    shared_url: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A version with the rules that it answers; those of `matched_before` the version before it answers as well."""

    version: Version
    matches: Sequence[Match]
    matched_before: frozenset[str]


def listens(rule: Rule, feed: FeedSpec, language: str) -> bool:
    """Tell whether a rule listens to a feed and a language."""
    return (rule.feeds is None or rule.feeds.covers(feed)) and (not rule.languages or language in rule.languages)


async def judge(
    tools: Tools,
    configuration: Configuration,
    versions: Sequence[Version],
    poll: PollFacts,
    at: datetime,
    *,
    rules: frozenset[str] = frozenset(),
) -> Decisions:
    """Decide at that time how every match of the versions, all brought by one poll, ends, by the rows as they are.

    Only matches of `rules` are decided, by name; of all where none is named.

    Only what a rule matches is compared with other articles; of several that are one story, the earliest goes first.

    Raises:
        Poisoned: some of the articles break what is done with them; the others can be decided upon without them.
    """
    in_time = sorted(versions, key=lambda version: version.article.published or version.article.fetched)
    matched, spoils = [], Spoils()
    for version in in_time:
        with spoils.of(version.article.id):
            if (found := await _matched(configuration, poll.feed, version, rules)).matches:
                matched.append(found)
    spoils.settle(len(in_time))
    if not matched or tools.configuration is not configuration:  # then whoever asks decides anew
        return Decisions()
    placed, head = await _placed(tools, configuration, matched, poll.feed, at)
    stories = {placement.story.id: placement.story for placement in placed}
    followed = [story.follows for story in stories.values() if story.follows]
    standings = await tools.store.story_standings([*stories, *followed])
    facts = _Facts(
        configuration=configuration,
        poll=poll,
        at=at,
        placements={placement.likeness.article_id: placement for placement in placed},
        standings=standings,
        growths=_growths(matched, placed, standings, at),
        told=await _told(tools, matched, standings),
    )
    session = _Session(facts)
    session.decide(matched)
    sent = await send_all(tools, configuration, session.rung, standings, at)
    return session.decisions(head, sent)


def tell_decisions(tools: Tools, feed: FeedSpec, decisions: Decisions) -> None:
    """Log what rang, what waits or was told again, and what would have rung, had a route taken it."""
    for alert in decisions.alerts:
        tools.journal.info(
            Event.ALERT_RANG,
            alert=alert.id,
            rule=alert.rule_name,
            story=alert.story_id,
            article=alert.article_id,
            feed=feed.name,
        )
    for held in decisions.held:
        tools.journal.info(
            Event.ALERT_POSTPONED, alert=held.id, rule=held.rule_name, story=held.story_id, due=held.until
        )
    for held_id, reason in decisions.ended:
        tools.journal.warning(Event.ALERT_DROPPED, alert=held_id, reason=reason.value, feed=feed.name)
    for update in decisions.updates:
        if update.reason:
            tools.journal.info(Event.ALERT_UPDATED, alert=update.alert_id, reason=update.reason, feed=feed.name)
    for match in decisions.matches:
        if match.reason is DropReason.NO_ROUTE:
            tools.journal.warning(
                Event.ALERT_DROPPED,
                rule=match.rule_name,
                article=match.article_id,
                feed=feed.name,
                reason=match.reason.value,
            )


# ---------------------------------------------------------------------------------------------------------------
# What is known


async def _matched(configuration: Configuration, feed: FeedSpec, version: Version, rules: frozenset[str]) -> Matched:
    """Match a version, and the one before it where that makes a difference, to tell what the edit brought."""
    found = await _match(configuration, feed, version.article)
    matches = [match for match in found if match.rule.name in rules] if rules else found
    old = await _match(configuration, feed, version.before) if matches and version.before else ()
    return Matched(version=version, matches=matches, matched_before=frozenset(match.rule.name for match in old))


async def _match(configuration: Configuration, feed: FeedSpec, article: Article) -> Sequence[Match]:
    await asyncio.sleep(0)  # a feed of thousands must not hold up what else is due
    language = language_of(article.language)
    return configuration.index.match(article, feed, partial(listens, feed=feed, language=language))


async def _placed(
    tools: Tools, configuration: Configuration, matched: Sequence[Matched], feed: FeedSpec, at: datetime
) -> tuple[Sequence[Placement], int]:
    """Return the story of each version, and up to which row of the index that was decided."""
    dedup = configuration.plan.dedup
    asked, spoils = [], Spoils()
    for found in matched:
        await asyncio.sleep(0)
        version = found.version
        with spoils.of(version.article.id):
            outlet = outlet_of(version.article, feed)
            asked.append(likeness(version.article, version.number, outlet, shared_url=version.shared_url))
    spoils.settle(len(matched))
    neighbours = await tools.store.neighbours(asked, dedup.window)
    placed = []
    for placement in placements(asked, neighbours, dedup, at):
        placed.append(placement)
        await asyncio.sleep(0)
    return placed, neighbours.head


def _growths(
    matched: Sequence[Matched], placed: Sequence[Placement], standings: Mapping[str, StoryStanding], at: datetime
) -> Mapping[str, Growth]:
    """Return the articles of each story before, and those that come to it now."""
    articles = {found.version.article.id: found.version.article for found in matched}
    added: defaultdict[str, dict[str, StorySource]] = defaultdict(dict)
    for placement in placed:
        article = articles[placement.likeness.article_id]
        added[placement.story.id][article.id] = StorySource(
            article_id=article.id,
            outlet=placement.likeness.outlet,
            feed=article.feed,
            url=article.url,
            title=article.title,
            published=article.published,
            seen=at,
        )
    before = {story: standings[story].sources if story in standings else () for story in added}
    for story, sources in before.items():
        for source in sources:
            added[story].pop(source.article_id, None)
    return {story: Growth(before=before[story], added=tuple(added[story].values())) for story in added}


async def _told(
    tools: Tools, matched: Sequence[Matched], standings: Mapping[str, StoryStanding]
) -> Mapping[tuple[str, int], Article]:
    """Return the versions that alerts told last, of articles that were edited now; by article and number."""
    edited = {found.version.article.id for found in matched if found.version.before}
    alerts = [alert for standing in standings.values() for alert in standing.alerts if alert.article_id in edited]
    told: dict[tuple[str, int], Article] = {}
    for alert in alerts:  # few: an article has one alert for a rule
        if (alert.article_id, alert.version) not in told:
            found = await tools.store.article_versions({alert.article_id: alert.version})
            told |= {(article, alert.version): version for article, version in found.items()}
    return told


# ---------------------------------------------------------------------------------------------------------------
# What is decided


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """All that the matches of one poll are decided by.

    `placements` are by the ids of the articles, `standings` and `growths` by those of the stories. `told` are the
    versions that alerts of edited articles told last.
    """

    configuration: Configuration
    poll: PollFacts
    at: datetime
    placements: Mapping[str, Placement]
    standings: Mapping[str, StoryStanding]
    growths: Mapping[str, Growth]
    told: Mapping[tuple[str, int], Article]

    def standing(self, story: str) -> StoryStanding:
        """Return how a story stood before the poll."""
        return self.standings.get(story, StoryStanding())

    def head_of(self, story: str | None) -> StoryHead | None:
        """Return what names a story that others follow: its first article."""
        if story is None:
            return None
        sources = self.growths[story].after if story in self.growths else self.standing(story).sources
        return StoryHead(id=story, title=sources[0].title, url=sources[0].url) if sources else None


@dataclass(slots=True)
class _Session:
    """Decides match by match, and keeps what was decided: an alert that one match rang, the next one joins."""

    facts: _Facts
    outlets: dict[str, int] = field(default_factory=dict)  # how many have each story
    rang: set[str] = field(default_factory=set)
    matches: list[MatchRecord] = field(default_factory=list)
    rung: list[Rung] = field(default_factory=list)
    held: dict[str, HeldAlert] = field(default_factory=dict)
    waited: set[str] = field(default_factory=set)  # that waits since an earlier poll
    released: list[str] = field(default_factory=list)
    ended: list[tuple[str, DropReason]] = field(default_factory=list)
    updates: list[AlertUpdate] = field(default_factory=list)
    messages: list[MessageRecord] = field(default_factory=list)

    def decide(self, matched: Sequence[Matched]) -> None:
        """Decide on all matches, and on what their stories' other alerts make of them."""
        for story in self.facts.growths:
            self._look_at(story)
        spoils = Spoils()
        for found in matched:
            with spoils.of(found.version.article.id):
                for match in found.matches:
                    self.matches.append(self._decide_match(found, match))
        spoils.settle(len(matched))
        edited = {found.version.article.id: found for found in matched}
        for story, growth in self.facts.growths.items():
            for alert in self.facts.standing(story).alerts:
                self._update(alert, growth, edited.get(alert.article_id))

    def decisions(self, head: int, sent: Sent) -> Decisions:
        """Return all that was decided, with when and where what rang is sent."""
        return Decisions(
            placements=tuple(self.facts.placements.values()),
            head=head,
            matches=tuple(self.matches),
            alerts=tuple(item.alert for item in self.rung),
            held=tuple(self.held.values()),
            released=tuple(self.released),
            ended=tuple(self.ended),
            updates=tuple(self.updates),
            batches=sent.batches,
            dispatches=sent.dispatches,
            messages=(*sent.messages, *self.messages),
        )

    def _look_at(self, story: str) -> None:
        """Note what a story's alerts are up to, and ring those that waited for what it has by now."""
        standing, sources = self.facts.standing(story), self.facts.growths[story].after
        self.outlets[story] = len(outlets_of(sources))
        self.rang.update(alert.id for alert in standing.alerts)
        plan = self.facts.configuration.plan
        for held in standing.held:
            rule = plan.rule_named.get(held.rule_name)
            if rule is None or rule.key != held.rule_key:
                self.ended.append((held.id, DropReason.RULE_CHANGED))
            elif self.outlets[story] < rule.min_sources:
                self.waited.add(held.id)
            elif (rung := self._rung_of_held(rule, held, sources)).ways:
                self.rung.append(rung)
                self.released.append(held.id)
                self.rang.add(held.id)
            else:
                self.ended.append((held.id, DropReason.NO_ROUTE))

    def _rung_of_held(self, rule: Rule, held: HeldAlert, sources: Sequence[StorySource]) -> Rung:
        """Return an alert that waited, with its ways by the routes of today; its feed may be gone by now."""
        article = cast("JsonObject", held.data["article"])
        name = str(cast("JsonObject", article["feed"])["name"])
        feed = self.facts.configuration.plan.feed_named.get(name)
        feed = feed or FeedSpec(name=name, kind=FeedKind.HTTP, location="")
        return self._rung(held_record(held, sources), rule, feed, cast("str | None", article["language"]))

    def _rung(self, alert: AlertRecord, rule: Rule, feed: FeedSpec, language: str | None) -> Rung:
        return Rung(
            alert=alert,
            rule=rule,
            route=facts_of(rule, feed, language_of(language)),
            ways=self._ways(rule, feed, language),
        )

    def _ways(self, rule: Rule, feed: FeedSpec, language: str | None) -> tuple[Way, ...]:
        plan = self.facts.configuration.plan
        facts = facts_of(rule, feed, language_of(language))
        return route_alert(facts, plan.routes, [channel.name for channel in plan.channels], rule.notify)

    def _decide_match(self, found: Matched, match: Match) -> MatchRecord:
        """Decide how a match ends, and put down the alert where it rings one."""
        article, rule, poll = found.version.article, match.rule, self.facts.poll
        story = self.facts.placements[article.id].story
        named = alert_id(rule.name, story.id)
        ways = self._ways(rule, poll.feed, article.language)
        decision = decide(
            MatchFacts(
                article=article,
                alert_id=named,
                rang=named in self.rang,
                matched_before=rule.name in found.matched_before,
                channels=frozenset(way.channel for way in ways),
                outlets=self.outlets[story.id],
                min_sources=rule.min_sources,
            ),
            poll,
        )
        match decision:
            case Ring():
                alert = alert_record(self._alert_facts(found.version, match), found.version.number)
                self.rung.append(self._rung(alert, rule, poll.feed, article.language))
                self.rang.add(named)
                return _match_record(found.version, match, MatchOutcome.RUNG, alert=named)
            case Join():
                return _match_record(found.version, match, MatchOutcome.JOINED, alert=named)
            case WaitForSources():
                self._hold(found.version, match, named)
                return _match_record(found.version, match, MatchOutcome.WAITING)
            case Drop(reason=reason):
                return _match_record(found.version, match, MatchOutcome.DROPPED, reason=reason)
            case _:
                assert_never(decision)

    def _alert_facts(self, version: Version, match: Match) -> AlertFacts:
        configuration, feed = self.facts.configuration, self.facts.poll.feed
        story = self.facts.placements[version.article.id].story
        return AlertFacts(
            id=alert_id(match.rule.name, story.id),
            rule=match.rule,
            story=story,
            article=version.article,
            feed=feed,
            feed_url=configuration.public(feed.location),
            evidence=match.evidence,
            page=version.page,
            sources=self.facts.growths[story.id].after,
            follows=self.facts.head_of(story.follows),
        )

    def _hold(self, version: Version, match: Match, named: str) -> None:
        """Have an alert wait for more outlets, from the first article on that would have rung it."""
        if named in self.held or named in self.waited:
            return
        self.held[named] = HeldAlert(
            id=named,
            rule_name=match.rule.name,
            rule_key=match.rule.key,
            story_id=self.facts.placements[version.article.id].story.id,
            article_id=version.article.id,
            version=version.number,
            data=render_data(self._alert_facts(version, match)),
            until=self.facts.at + self.facts.configuration.plan.dedup.window,
        )

    # ------------------------------------------------------------------------------------------------------------
    # Alerts that rang before

    def _update(self, alert: AlertStanding, growth: Growth, found: Matched | None) -> None:
        """Renew an alert whose story grew, or whose article was edited, and tell those who want to know."""
        plan = self.facts.configuration.plan
        rule = plan.rule_named.get(alert.rule_name)
        edit = self._edit(alert, rule, found) if found else None
        if not growth.added and edit is None:
            return
        reason = decide_update(growth, rule, changed=edit is not None and edit.data is not None)
        data = edit.data if edit and edit.data else alert.data
        change = AlertUpdate(
            alert_id=alert.id,
            number=alert.updates + 1,
            article_id=alert.article_id,
            version=edit.version if edit else alert.version,
            data=renewed(data, growth.after),
            reason=reason,
        )
        self.updates.append(change)
        if reason:
            specs = [spec for name in alert.channels if (spec := plan.channel_named.get(name))]
            payload = render_update(change.data, growth, reason, change.number, self.facts.at)
            hearing = [spec for spec in specs if hears(spec, reason)]
            self.messages += update_messages(alert.id, payload, change.number, hearing)
            renewal = render_update(change.data, growth, UpdateReason.SOURCES, change.number, self.facts.at)
            renewing = [spec for spec in specs if renews(spec, reason, growth)]
            self.messages += update_messages(alert.id, renewal, change.number, renewing, renewal=True)

    def _edit(self, alert: AlertStanding, rule: Rule | None, found: Matched) -> "_Edit | None":
        """Return what an edit makes of the article that an alert told of; None where that is as it was.

        A page that comes after the summary was told adds much, and is no edit: it is what later ones are held against.
        """
        article, told = found.version.article, self.facts.told.get((alert.article_id, alert.version))
        if told is None:
            return None
        if article.text_kind is TextKind.FULL and told.text_kind is not TextKind.FULL:
            return _Edit(version=found.version.number)
        match = next((match for match in found.matches if match.rule.name == alert.rule_name), None)
        if rule and rule.on_update and match and is_material(article, told):
            return _Edit(version=found.version.number, data=render_data(self._alert_facts(found.version, match)))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """A version that takes the place of the one that an alert told of; `data` is what is told of it, if anything."""

    version: int
    data: JsonObject | None = None


def _match_record(
    version: Version,
    match: Match,
    outcome: MatchOutcome,
    *,
    alert: str | None = None,
    reason: DropReason | None = None,
) -> MatchRecord:
    return MatchRecord(
        article_id=version.article.id,
        version=version.number,
        rule_name=match.rule.name,
        rule_key=match.rule.key,
        outcome=outcome,
        reason=reason,
        alert_id=alert,
        evidence=match.evidence,
    )
