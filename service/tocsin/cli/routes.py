"""`tocsin routes test`: where an alert of given attributes would go, when, and why."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tocsin.alerts.envelope import timestamp
from tocsin.alerts.grouping import Sending, SendingFacts, decide_sending
from tocsin.alerts.routing import RouteFacts, facts_of, route_alert, routes_taking
from tocsin.cli.asked import asked_country, asked_language, asked_moment
from tocsin.cli.ending import Exit
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.cli.table import print_table
from tocsin.clock import utc_now
from tocsin.errors import DatabaseUnusable, UsageError
from tocsin.model import BatchKind, FeedKind, FeedSpec, JsonObject, Rule, Severity, Traffic, Way
from tocsin.plan import Plan
from tocsin.records import open_records
from tocsin.text.suggestions import suggestion

COLUMNS = ("channel", "when", "why", "route")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the alert would have, as the command line says it."""

    rule: str | None = None
    severity: str | None = None
    tags: Sequence[str] = ()
    feed: str | None = None
    feed_tags: Sequence[str] = ()
    language: str = ""
    country: str = ""
    at: str | None = None


def try_routes(asked: Asked, config: Path | None, *, json: bool) -> Exit:
    """Print where an alert would go; the exit status says whether a route takes it.

    Raises:
        UsageError: a name is none, or the time cannot be read.
    """
    settings = settings_for(config)
    plan = plan_for(settings)
    rule, feed = _rule(asked, plan), _feed(asked, plan)
    facts = facts_of(rule, feed, asked_language(asked.language) if asked.language else feed.language or "")
    at = asked_moment(asked.at, plan.timezone) if asked.at else utc_now()
    traffic = asyncio.run(_traffic(settings.database_url, at))
    ways = route_alert(facts, plan.routes, [channel.name for channel in plan.channels], rule.notify)
    found = [
        _Going(way=way, sending=_sending(facts, way, rule, traffic, at), route=_route(facts, way, plan)) for way in ways
    ]
    if json:
        for going in found:
            print_json(going.json(at))
    elif found:
        print_table(COLUMNS, (going.row(plan) for going in found))
    else:
        print("no route takes it: it would be dropped (no_route)")
    return Exit.FINE if found else Exit.FINDING


@dataclass(frozen=True, slots=True, kw_only=True)
class _Going:
    way: Way
    sending: Sending
    route: str

    def json(self, at: datetime) -> JsonObject:
        """Return it for programs."""
        due = self.sending.batch.due if self.sending.batch else at
        return {
            "channel": self.way.channel,
            "state": self.sending.state.value,
            "reason": self.sending.reason,
            "due": None if self.sending.state == "muted" else timestamp(due),
            "route": self.route,
        }

    def row(self, plan: Plan) -> Sequence[str]:
        """Return it for people."""
        return self.way.channel, self._when(plan), self._why(), self.route

    def _when(self, plan: Plan) -> str:
        if self.sending.state == "muted":
            return "not at all"
        batch = self.sending.batch
        return batch.due.astimezone(ZoneInfo(plan.timezone)).strftime("%a %d %b %H:%M:%S %Z") if batch else "at once"

    def _why(self) -> str:
        timing, batch = self.way.timing, self.sending.batch
        if self.sending.silence_id:
            return f"silence {self.sending.silence_id}"
        if batch is None or timing is None:
            return "the rule notifies this channel" if timing is None and self.route == "notify" else ""
        match batch.kind:
            case BatchKind.GROUP:
                return f"waits for others, by {timing.group_by.value}"
            case BatchKind.DIGEST:
                return f"digest {batch.key['cron']} ({batch.key['timezone']})"
            case BatchKind.QUIET_HOURS:
                return "quiet hours"
            case _:
                return batch.kind.value


def _sending(facts: RouteFacts, way: Way, rule: Rule, traffic: Traffic, at: datetime) -> Sending:
    asked = SendingFacts(route=facts, alert_id="", story_id="", way=way, max_per_hour=rule.max_per_hour)
    return decide_sending(asked, traffic, at)


def _route(facts: RouteFacts, way: Way, plan: Plan) -> str:
    """Return the place of the route that leads to a channel."""
    if way.timing is None:
        return "notify" if plan.routes else "no routes: every channel"
    taking = routes_taking(facts, plan.routes)
    return next((route.source for route in taking if way.channel in route.channels), "")


def _rule(asked: Asked, plan: Plan) -> Rule:
    """Return the rule that is named, or one with what is asked for and nothing else."""
    if asked.rule is not None and asked.rule not in plan.rule_named:
        raise UsageError(f"there is no rule {asked.rule!r}{suggestion(asked.rule, plan.rule_named)}")
    rule = plan.rule_named[asked.rule] if asked.rule else Rule(name="", key="", source="")
    if asked.severity:
        rule = replace(rule, severity=_severity(asked.severity))
    return replace(rule, tags=tuple(asked.tags)) if asked.tags else rule


def _severity(name: str) -> Severity:
    try:
        return Severity(name)
    except ValueError:
        raise UsageError(f"there is no severity {name!r}; there are: {', '.join(Severity)}") from None


def _feed(asked: Asked, plan: Plan) -> FeedSpec:
    if asked.feed is not None and asked.feed not in plan.feed_named:
        raise UsageError(f"there is no feed {asked.feed!r}{suggestion(asked.feed, plan.feed_named)}")
    feed = plan.feed_named[asked.feed] if asked.feed else FeedSpec(name="", kind=FeedKind.HTTP, location="")
    if asked.feed_tags:
        feed = replace(feed, tags=tuple(asked.feed_tags))
    return replace(feed, country=asked_country(asked.country)) if asked.country else feed


async def _traffic(url: str, at: datetime) -> Traffic:
    """Return what holds alerts by now; without a database, nothing does."""
    try:
        async with open_records(url) as store:
            return await store.traffic((), {}, at)
    except DatabaseUnusable:
        return Traffic()
