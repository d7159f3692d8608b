"""Which channels an alert goes to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tocsin.model import FeedSpec, Route, RouteMatch, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """What routes can ask of an alert."""

    rule: Rule
    feed: FeedSpec
    language: str


def route_alert(facts: RouteFacts, routes: Sequence[Route], channels: Sequence[str]) -> tuple[str, ...]:
    """Return the channels of an alert, each once: those of its routes, then those that its rule notifies.

    Where there are no routes at all, every alert goes to every one of `channels`. Empty: no route takes it.
    """
    routed = list(_taken(facts, routes, inherited=())) if routes else channels
    return tuple(dict.fromkeys((*routed, *facts.rule.notify)))


def _taken(facts: RouteFacts, routes: Sequence[Route], inherited: tuple[str, ...]) -> Iterator[str]:
    """Yield the channels of the first route that takes the alert, and of the following while routes go on.

    A route without channels of its own takes only what one of its children takes.
    """
    for route in routes:
        if not _takes(facts, route.match):
            continue
        channels = route.channels or inherited
        taken = list(_taken(facts, route.routes, channels)) or channels
        yield from taken
        if taken and not route.goes_on:
            return


def _takes(facts: RouteFacts, match: RouteMatch) -> bool:
    asked = (
        (match.rules, {facts.rule.name}),
        (match.severities, {facts.rule.severity}),
        (match.tags, facts.rule.tags),
        (match.feeds, {facts.feed.name}),
        (match.feed_tags, facts.feed.tags),
        (match.languages, {facts.language}),
    )
    return all(not wanted or not wanted.isdisjoint(has) for wanted, has in asked)
