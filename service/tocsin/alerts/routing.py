"""Which channels an alert goes to, and by which timing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import cast

from tocsin.model import FeedSpec, JsonObject, Route, RouteMatch, Rule, Severity, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """What routes, and silences, can ask of an alert."""

    rule: str
    severity: Severity
    tags: AbstractSet[str]
    feed: str
    feed_tags: AbstractSet[str]
    language: str
    country: str


def facts_of(rule: Rule, feed: FeedSpec, language: str) -> RouteFacts:
    """Return what routes can ask of an alert of a rule on an article of a feed."""
    return RouteFacts(
        rule=rule.name,
        severity=rule.severity,
        tags=frozenset(rule.tags),
        feed=feed.name,
        feed_tags=frozenset(feed.tags),
        language=language,
        country=feed.country or "",
    )


def facts_told(data: JsonObject, feeds: Mapping[str, FeedSpec]) -> tuple[RouteFacts, str]:
    """Return what routes and silences can ask of an alert, from what it says, and the id of its story."""
    rule, article = cast("JsonObject", data["rule"]), cast("JsonObject", data["article"])
    feed = str(cast("JsonObject", article["feed"])["name"])
    spec = feeds.get(feed)
    facts = RouteFacts(
        rule=str(rule["name"]),
        severity=Severity(str(rule["severity"])),
        tags=frozenset(map(str, cast("Iterable[object]", rule["tags"]))),
        feed=feed,
        feed_tags=frozenset(spec.tags if spec else ()),
        language=str(article["language"] or "").partition("-")[0],
        country=(spec.country if spec else None) or "",
    )
    return facts, str(cast("JsonObject", data["story"])["id"])


def route_alert(
    facts: RouteFacts, routes: Sequence[Route], channels: Sequence[str], notify: Sequence[str]
) -> tuple[Way, ...]:
    """Return the ways of an alert, one for each channel: those that its rule notifies, then those of its routes.

    Where there are no routes at all, every alert goes to every one of `channels`. Empty: no route takes it.
    """
    routed = _taken(facts, routes) if routes else (Way(channel=name) for name in channels)
    first: dict[str, Way] = {}
    for way in (*(Way(channel=name) for name in notify), *routed):
        first.setdefault(way.channel, way)
    return tuple(first.values())


def routes_taking(facts: RouteFacts, routes: Sequence[Route]) -> Iterator[Route]:
    """Yield the innermost route that takes the alert, and those that follow while routes go on.

    A route without channels of its own takes only what one of its children takes.
    """
    for route in routes:
        if not takes(facts, route.match):
            continue
        taken = list(routes_taking(facts, route.routes)) or ([route] if route.channels else [])
        yield from taken
        if taken and not route.goes_on:
            return


def _taken(facts: RouteFacts, routes: Sequence[Route]) -> Iterator[Way]:
    for route in routes_taking(facts, routes):
        yield from (Way(channel=name, timing=route.timing) for name in route.channels)


def takes(facts: RouteFacts, match: RouteMatch) -> bool:
    """Tell whether an alert has all that is asked for."""
    asked: tuple[tuple[AbstractSet[str], AbstractSet[str]], ...] = (
        (match.rules, {facts.rule}),
        (match.severities, {facts.severity}),
        (match.tags, facts.tags),
        (match.feeds, {facts.feed}),
        (match.feed_tags, facts.feed_tags),
        (match.languages, {facts.language}),
        (match.countries, {facts.country}),
    )
    return all(not wanted or not wanted.isdisjoint(has) for wanted, has in asked)
