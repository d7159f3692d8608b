"""`tocsin explain`: what became of an article, from its feed to the channels, as far as it is stored."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import cast

from tocsin.alerts.envelope import timestamp
from tocsin.cli.ending import Exit, complain
from tocsin.cli.frame import plan_if_any, print_json, settings_for
from tocsin.cli.stories import TIME, indented, outlets_of, story_json, story_lines
from tocsin.cli.table import shortened
from tocsin.errors import UsageError
from tocsin.feeds.article import furniture
from tocsin.model import (
    AlertReport,
    Article,
    ArticleReport,
    DeliveryTrace,
    DropReason,
    Evidence,
    FeedKind,
    FeedSpec,
    HeldAlert,
    JsonObject,
    MatchOutcome,
    MatchRecord,
    PageOutcome,
    VersionReport,
)
from tocsin.plan import Plan
from tocsin.records import open_records
from tocsin.rules.diagnosis import Diagnosis, diagnose
from tocsin.rules.index import RuleIndex
from tocsin.stories.boilerplate import MaskReason, mask_reasons
from tocsin.text.language import language_of
from tocsin.text.suggestions import suggestion
from tocsin.text.wordcount import word_count

LONGEST_PARAGRAPH = 100
MOST_MENTIONS = 5  # of a match
MOST_IDS = 3  # of an article in its feed; some feeds give another each time

PAGES = {
    PageOutcome.READ: "read",
    PageOutcome.LATE: "did not come in time",
    PageOutcome.ROBOTS: "the site's robots.txt keeps us out",
    PageOutcome.CONSENT: "asks for consent first",
    PageOutcome.PAYWALL: "shows its text to subscribers only",
    PageOutcome.SHORT: "hardly any text, or less than the feed gives",
    PageOutcome.NOT_A_PAGE: "no HTML",
    PageOutcome.FAILED: "could not be had",
}
OUTCOMES = {
    MatchOutcome.RUNG: "rang",
    MatchOutcome.JOINED: "joined an alert of its story",
    MatchOutcome.WAITING: "waits until more outlets have the story",
    MatchOutcome.DROPPED: "rang nothing",
}
REASONS = {
    DropReason.FIRST_POLL: "it was there when its feed was read for the first time",
    DropReason.TOO_OLD: "it was published too long ago (`max_age`)",
    DropReason.MATCHED_BEFORE: "an earlier version of it matched this rule already",
    DropReason.TOO_FEW_SOURCES: "not enough outlets had the story in time (`min_sources`)",
    DropReason.RULE_CHANGED: "its rule was changed, or went, while it waited for more outlets",
    DropReason.NO_ROUTE: "no route and no `notify` takes it to a channel",
}


def explain(named: str, rule: str | None, config: Path | None, *, json: bool) -> Exit:
    """Print the journey of an article, named by its id or by that of an alert; without a configuration, as stored.

    Raises:
        UsageError: there is no rule of the name that is asked about.
    """
    settings, plan = settings_for(config), plan_if_any(config)
    if rule is not None and rule not in plan.rule_named:
        raise UsageError(f"there is no rule {rule!r}{suggestion(rule, plan.rule_named)}")

    async def work() -> ArticleReport | None:
        async with open_records(settings.database_url) as store:
            return await store.article_report(named)

    report = asyncio.run(work())
    if report is None:
        complain(f"there is no article and no alert of the id {named}")
        return Exit.FINDING
    if json:
        print_json(_json(report, plan) | ({"rule": _diagnosis_json(report, plan, rule)} if rule else {}))
    else:
        for line in (*_lines(report, plan), *(_diagnosis_lines(report, plan, rule) if rule else ())):
            print(indented(line))
    return Exit.FINE


def hidden_in(article: Article, plan: Plan) -> list[tuple[str, MaskReason]]:
    """Return the parts of a text that are neither matched nor compared, and why, by the configuration of today."""
    feed = plan.feed_named.get(article.feed)
    configured = furniture(article.text, feed.boilerplate) if feed else ()
    return [(article.text[span.start : span.end], why) for span, why in mask_reasons(article, configured)]


# ---------------------------------------------------------------------------------------------------------------
# For people


def _lines(report: ArticleReport, plan: Plan) -> Iterator[str]:
    newest = report.versions[-1].article
    yield f"article {newest.id}: {newest.title}"
    if newest.url:
        yield f"  {newest.url}"
    yield f"  from the feed {newest.feed}, as {_ids(report.entries or (newest.entry_id,))}"
    yield f"  {_times(report, newest)}"
    yield f"  language: {newest.language or 'not known'}"
    if report.page is not None:
        yield f"  page: {PAGES[report.page]}{f' ({report.page_detail})' if report.page_detail else ''}"
    for version in report.versions:
        yield from _version_lines(version, plan)
    yield from _tried_lines(newest, plan)
    if report.story is None:
        yield "in no story: only articles that match a rule are put to one"
    else:
        yield from story_lines(report.story)
    for alert in report.alerts:
        yield from _alert_lines(alert)
        for trace in report.deliveries.get(str(alert.data["alert_id"]), ()):
            yield from _delivery_lines(trace)
    for held in report.held:
        yield f"alert {held.id} of {held.rule_name} waits for more outlets until {_time(held.until)}"
        yield f"  {_so_far(held, report, plan)}"


def _ids(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - MOST_IDS} more" if len(entries) > MOST_IDS else ""
    return ", ".join(shortened(entry, LONGEST_PARAGRAPH) for entry in entries[:MOST_IDS]) + more


def _times(report: ArticleReport, newest: Article) -> str:
    published = f"published {_time(newest.published)}, " if newest.published else ""
    last = f", last seen {_time(report.last_seen)}" if report.last_seen else ""
    return f"{published}first seen {_time(report.first_seen)}{last}"


def _time(moment: datetime) -> str:
    return moment.strftime(TIME)


def _version_lines(version: VersionReport, plan: Plan) -> Iterator[str]:
    article = version.article
    words = f"{article.text_kind.value}, {word_count(article.text)} words"
    yield f"version {version.version}, fetched {_time(article.fetched)}: {words}"
    if article.title_masked:
        yield f"  taken out: the title ({MaskReason.REPEATED})"
    for paragraph, why in hidden_in(article, plan):
        yield f'  taken out: "{shortened(paragraph, LONGEST_PARAGRAPH)}" ({why})'
    if not version.matches:
        yield "  matched no rule"
    for match in version.matches:
        yield f"  {match.rule_name}: {_outcome(match)}"
        yield f"    {_mentions(match.evidence)}"


def _mentions(evidence: Sequence[Evidence]) -> str:
    """Return how many mentions there are, and the words of the first."""
    words = dict.fromkeys(f'"{shortened(found.text, LONGEST_PARAGRAPH)}" ({found.field.value})' for found in evidence)
    shown = ", ".join([*words][:MOST_MENTIONS]) + (", …" if len(words) > MOST_MENTIONS else "")
    return f"{len(evidence)} mention{'' if len(evidence) == 1 else 's'}{': ' if words else ''}{shown}"


def _outcome(match: MatchRecord) -> str:
    reason = f": {REASONS[match.reason]}" if match.reason else ""
    alert = f" ({match.alert_id})" if match.alert_id else ""
    return f"{OUTCOMES[match.outcome]}{reason}{alert}"


def _alert_lines(alert: AlertReport) -> Iterator[str]:
    rule = cast("JsonObject", alert.data["rule"])["name"]
    yield f"alert {alert.data['alert_id']} of {rule}, {_time(alert.created)}"
    for way in alert.dispatches:
        reason = f", {way.reason}" if way.reason else ""
        yield f"  {way.channel}: {way.state.value}{reason}, {_time(way.at)}"


def _delivery_lines(trace: DeliveryTrace) -> Iterator[str]:
    to = f"{trace.channel} ({trace.recipient})" if trace.recipient else trace.channel
    reason = f", {trace.reason}" if trace.reason else ""
    due = f", next try {_time(trace.due)}" if trace.due else ""
    yield f"  {trace.kind.value} to {to}: {trace.state.value}{reason}{due} ({trace.id})"
    for number, tried in enumerate(trace.tries, start=1):
        yield f"    try {number}, {_time(tried.at)}: {tried.result.value}, {tried.detail}"


def _tried_lines(article: Article, plan: Plan) -> Iterator[str]:
    """Yield how many of today's rules matched, and why the others did not."""
    if not plan.rules:
        return
    feed = plan.feed_named.get(article.feed) or FeedSpec(name=article.feed, kind=FeedKind.HTTP, location="")
    language = language_of(article.language)
    deaf = [rule for rule in plan.rules if rule.feeds is not None and not rule.feeds.covers(feed)]
    foreign = [rule for rule in plan.rules if rule not in deaf and rule.languages and language not in rule.languages]
    tried = [rule for rule in plan.rules if rule not in deaf and rule not in foreign]
    found = len(RuleIndex(tried, plan.entities).matching(article, feed))
    counts = (
        (found, "match"),
        (len(tried) - found, "do not find what they ask for"),
        (len(deaf), "do not listen to this feed"),
        (len(foreign), "not to this language"),
    )
    told = ", ".join(f"{count} {words}" for count, words in counts if count)
    yield f"of {len(plan.rules)} rules of today: {told} (--rule NAME says why)"


def _diagnosis(report: ArticleReport, plan: Plan, name: str) -> Diagnosis:
    article = report.versions[-1].article
    feed = plan.feed_named.get(article.feed) or FeedSpec(name=article.feed, kind=FeedKind.HTTP, location="")
    return diagnose(plan.rule_named[name], plan.entities, article, feed)


def _diagnosis_lines(report: ArticleReport, plan: Plan, name: str) -> Iterator[str]:
    """Yield why a rule of today matches the newest version, or does not."""
    diagnosis = _diagnosis(report, plan, name)
    is_heard = diagnosis.hears_feed and diagnosis.hears_language
    yield f"rule {name}, as it is today: {'matches' if diagnosis.matches and is_heard else 'does not match'}"
    if not diagnosis.hears_feed:
        yield f"  it does not listen to the feed {report.versions[-1].article.feed}"
    if not diagnosis.hears_language:
        yield f"  it does not listen to the language {report.versions[-1].article.language or 'that is not known'}"
    for finding in diagnosis.findings:
        is_right = finding.is_found is finding.is_wanted
        wish = f"one of the {finding.one_of}" if finding.one_of else "must be" if finding.is_wanted else "must not be"
        found = "is there" if finding.is_found else "is not there"
        yield f"  {'+' if is_right else '-'} {finding.asked}: {found} ({wish})"


def _diagnosis_json(report: ArticleReport, plan: Plan, name: str) -> JsonObject:
    diagnosis = _diagnosis(report, plan, name)
    return {
        "name": name,
        "matches": diagnosis.matches and diagnosis.hears_feed and diagnosis.hears_language,
        "hears_feed": diagnosis.hears_feed,
        "hears_language": diagnosis.hears_language,
        "parts": [asdict(finding) for finding in diagnosis.findings],
    }


def _so_far(held: HeldAlert, report: ArticleReport, plan: Plan) -> str:
    """Return how many outlets have the story of an alert that waits, and how many its rule asks for, if it is there."""
    outlets = outlets_of(report.story) if report.story else 0
    asked = next((rule.min_sources for rule in plan.rules if rule.key == held.rule_key), None)
    return f"{outlets} of {asked} so far" if asked else f"{outlets} so far"


# ---------------------------------------------------------------------------------------------------------------
# For programs


def _json(report: ArticleReport, plan: Plan) -> dict[str, object]:
    newest = report.versions[-1].article
    return {
        "id": newest.id,
        "feed": newest.feed,
        "entries": list(report.entries),
        "url": newest.url,
        "title": newest.title,
        "language": newest.language,
        "published": timestamp(newest.published) if newest.published else None,
        "first_seen": timestamp(report.first_seen),
        "last_seen": timestamp(report.last_seen) if report.last_seen else None,
        "page": report.page.value if report.page else None,
        "page_detail": report.page_detail,
        "versions": [_version_json(version, plan) for version in report.versions],
        "story": story_json(report.story) if report.story else None,
        "alerts": [_alert_json(alert) for alert in report.alerts],
        "held": [_held_json(held) for held in report.held],
        "deliveries": [_delivery_json(trace, alert) for alert, traces in report.deliveries.items() for trace in traces],
    }


def _version_json(version: VersionReport, plan: Plan) -> JsonObject:
    article = version.article
    return {
        "version": version.version,
        "title": article.title,
        "text_kind": article.text_kind.value,
        "fetched": timestamp(article.fetched),
        "title_masked": article.title_masked,
        "masked": [{"text": text, "why": why.value} for text, why in hidden_in(article, plan)],
        "matches": [_match_json(match) for match in version.matches],
    }


def _match_json(match: MatchRecord) -> JsonObject:
    return {
        "rule": match.rule_name,
        "outcome": match.outcome.value,
        "reason": match.reason.value if match.reason else None,
        "alert_id": match.alert_id,
        "evidence": [{**found._asdict(), "field": found.field.value} for found in match.evidence],
    }


def _alert_json(alert: AlertReport) -> JsonObject:
    ways = [
        {"channel": way.channel, "state": way.state.value, "reason": way.reason, "at": timestamp(way.at)}
        for way in alert.dispatches
    ]
    rule = cast("JsonObject", alert.data["rule"])["name"]
    return {"id": alert.data["alert_id"], "rule": rule, "created": timestamp(alert.created), "dispatches": ways}


def _delivery_json(trace: DeliveryTrace, alert: str) -> JsonObject:
    return {
        "delivery_id": trace.id,
        "alert_id": alert,
        "type": trace.kind.value,
        "channel": trace.channel,
        "recipient": trace.recipient,
        "state": trace.state.value,
        "reason": trace.reason,
        "due": timestamp(trace.due) if trace.due else None,
        "tries": [
            {
                "at": timestamp(tried.at),
                "seconds": tried.took.total_seconds(),
                "result": tried.result.value,
                "status": tried.status,
                "detail": tried.detail,
            }
            for tried in trace.tries
        ],
    }


def _held_json(held: HeldAlert) -> JsonObject:
    return {"id": held.id, "rule": held.rule_name, "until": timestamp(held.until)}
