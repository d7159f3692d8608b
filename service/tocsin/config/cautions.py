"""Finds what runs but is probably not meant: the warnings of a configuration without mistakes."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from types import MappingProxyType

from tocsin.config import schema
from tocsin.config.compile import Part, Parts
from tocsin.config.mistakes import Source
from tocsin.config.values import CronLine
from tocsin.errors import Problem
from tocsin.model import FeedSpec, GroupBy, Route, Rule, Timing
from tocsin.plan import Plan
from tocsin.text.suggestions import suggestion

POLITE_INTERVAL = timedelta(minutes=5)

#: Between two slots of a digest: the 29th of February is further away.
LONGEST_PAUSE = timedelta(days=366)

#: How many slots of a cron line are looked at, and from when: an hour's worth of minutes, or some of the next days.
MOST_SLOTS = 61
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def warnings_of(parts: Parts) -> Iterator[Problem]:
    """Yield the warnings about checked parts."""
    return chain(
        _hasty_feeds(parts),
        _unguarded_feeds(parts),
        _missing_directories(parts.feeds),
        _unheard_rules(parts),
        _shared_words(parts.entities),
        _tags_of_no_feed(parts),
        _unused_channels(parts),
        _leaky_routes(parts),
        _rules_that_hide_themselves(parts),
        _short_memory(parts),
    )


def waits_of(parts: Parts, plan: Plan) -> Iterator[Problem]:
    """Yield warnings about rules that wait for more outlets than there are, or follow up before they ring."""
    written = {part.value.name: part.source for part in parts.rules}
    for rule in plan.rules:
        outlets = _outlets_of(rule, plan.feeds)
        if outlets is not None and 0 < outlets < rule.min_sources:
            message = f"never reached: the feeds of this rule are of {outlets} outlet{'s' if outlets > 1 else ''}"
            yield written[rule.name].problem(message, "min_sources")
        for number, wanted in enumerate(rule.follow_up):
            if wanted <= rule.min_sources:
                message = "not above min_sources: so many outlets have it when the rule rings"
                yield written[rule.name].problem(message, "follow_up", number)


def timings_of(parts: Parts, plan: Plan) -> Iterator[Problem]:
    """Yield warnings about what routes say of when alerts are sent, and what has no effect in that."""
    for part, route in zip(parts.routes, plan.routes, strict=True):
        yield from _timings_of(part.source, part.value, route)


def _timings_of(source: Source, written: schema.Route, route: Route) -> Iterator[Problem]:
    if written.digest and route.timing.digest and _pauses_long(written.digest.cron):
        yield source.problem("more than a year may pass between two slots of this digest", "digest", "cron")
    for key in _TIMINGS:
        timings = list(_reached(written, route, key)) if _says(written, key) else []
        if timings and (message := _no_effect(key, timings)):
            yield source.key_problem(message, key)
    for number, (child, compiled) in enumerate(zip(written.routes, route.routes, strict=True)):
        yield from _timings_of(source.below("routes", number), child, compiled)


#: What a route may say, and what says nothing.
_TIMINGS: Mapping[str, object] = MappingProxyType(
    {
        "group_by": GroupBy.NONE,
        "group_wait": timedelta(0),
        "group_interval": None,
        "quiet_hours": schema.NO_QUIET_HOURS,
    }
)


def _says(route: schema.Route, key: str) -> bool:
    value = getattr(route, key)
    return value is not None and value != _TIMINGS[key]


def _reached(written: schema.Route, route: Route, key: str) -> Iterator[Timing]:
    """Yield the timings of a route and of those within it that a key of it is for."""
    if route.channels:
        yield route.timing
    for child, compiled in zip(written.routes, route.routes, strict=True):
        if getattr(child, key) is None:
            yield from _reached(child, compiled, key)


def _no_effect(key: str, timings: Iterable[Timing]) -> str:
    """Return why a key has no effect in any of the timings; empty where it has."""
    others = [timing for timing in timings if not timing.digest]
    if not others:
        return "without effect: the digest wins"
    if key not in {"group_wait", "group_interval"} or any(timing.group_by is not GroupBy.NONE for timing in others):
        return ""
    if key == "group_interval":
        return "without effect: group_by is none"
    return "nothing is grouped (group_by is none): each alert is only told later"


def _pauses_long(cron: str) -> bool:
    """Tell whether more than a year passes between slots; a leap year is looked at, and the one after it."""
    from tocsin.text.cron import next_slot  # noqa: PLC0415 - few configurations have one

    first = next_slot(cron, "UTC", NEW_YEAR)
    return next_slot(cron, "UTC", first) - first > LONGEST_PAUSE


def _rules_that_hide_themselves(parts: Parts) -> Iterator[Problem]:
    """Warn of what `inhibit` names and cannot do."""
    for number, item in enumerate(parts.top.inhibit):
        for place, hidden in enumerate(item.hides):
            if hidden == item.rule:
                yield parts.places["inhibit"].problem("a rule cannot hide itself", number, "hides", place)


def _short_memory(parts: Parts) -> Iterator[Problem]:
    """Warn where articles are forgotten before what copies them may come."""
    if parts.top.retention.articles < parts.top.dedup.window:
        message = "shorter than dedup.window: what copies an article that is gone rings again"
        yield parts.places["retention"].problem(message, "articles")


def _outlets_of(rule: Rule, feeds: Iterable[FeedSpec]) -> int | None:
    """Count the outlets whose articles a rule can see; None where a feed leaves it to its articles to say."""
    names = {feed.outlet for feed in feeds if rule.feeds is None or rule.feeds.covers(feed)}
    return None if None in names else len({name.casefold() for name in names if name})


def idle_for(parts: Parts) -> Iterator[str]:
    """Yield what the configuration as a whole lacks to do anything."""
    if not parts.feeds:
        yield "no feeds: nothing is watched"
    if not parts.rules:
        yield "no rules: nothing can ring"


def _hasty_feeds(parts: Parts) -> Iterator[Problem]:
    """Warn of feeds polled more often than publishers like; one's own servers, in private networks, may be."""
    defaults = parts.top.defaults
    for part in parts.feeds:
        feed = part.value
        own = feed.allow_private or defaults.allow_private
        every = feed.every if "every" in feed.model_fields_set else defaults.every
        if feed.url and not own and every and _shortest(every) < POLITE_INTERVAL:
            yield part.source.problem("polled more often than every 5m: publishers may block us", "every")


def _shortest(every: timedelta | CronLine) -> timedelta:
    if isinstance(every, timedelta):
        return every
    from tocsin.text.cron import next_slot  # noqa: PLC0415 - few configurations have one

    slots = [NEW_YEAR]
    while len(slots) <= MOST_SLOTS:
        slots.append(next_slot(every.text, "UTC", slots[-1]))
    return min(later - earlier for earlier, later in pairwise(slots[1:]))


def _unguarded_feeds(parts: Parts) -> Iterator[Problem]:
    """Warn of what anybody on the way to a feed could change or read."""
    for part in parts.feeds:
        feed = part.value
        if feed.insecure_tls:
            message = "the server's certificate is not checked: anybody on the way could be the server"
            yield part.source.problem(message, "insecure_tls")
        for key in filter(part.source.has, ("headers", "auth")):
            if (feed.url or "").lower().startswith("http:"):
                yield part.source.key_problem("sent where anybody on the way can read it: use https in the url", key)


def _missing_directories(feeds: Iterable[Part[schema.Feed]]) -> Iterator[Problem]:
    """Warn of directories that are not there, yet, or that we may not look at; relative to the working directory."""
    for part in feeds:
        path = part.value.path
        if path and not os.path.isdir(path):
            yield part.source.problem(f"there is no directory {path}; it is waited for", "path")


def _unheard_rules(parts: Parts) -> Iterator[Problem]:
    """Warn, at the first rule, where there is no channel at all."""
    if parts.feeds and parts.rules and not parts.channels:
        yield parts.rules[0].source.problem("no channels: every alert is dropped (no_route)")


def _shared_words(entities: Iterable[Part[schema.Entity]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for part in entities:
        for word, steps in _words(part.value):
            owner = first.setdefault(word.casefold(), part.value.id)
            if owner != part.value.id:
                message = f'also a word of the entity "{owner}": a keyword stands for that one'
                yield part.source.problem(message, *steps)


def _words(entity: schema.Entity) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    yield entity.name, ("name",)
    if entity.acronym:
        yield entity.acronym, ("acronym",)
    for index, alias in enumerate(entity.aliases):
        yield alias.text, ("aliases", index)


def _tags_of_no_feed(parts: Parts) -> Iterator[Problem]:
    """Warn of a tag that a rule or a route asks for and no feed has, yet."""
    tags = {tag for part in parts.feeds for tag in part.value.tags}
    for rule in parts.rules:
        for index, tag in enumerate(rule.value.feeds.tags if rule.value.feeds else ()):
            if tag not in tags:
                yield rule.source.problem(_no_feed_has(tag, tags), "feeds", "tags", index)
    for route in parts.routes:
        for steps, tag in _feed_tags_of(route.value):
            if tag not in tags:
                yield route.source.problem(_no_feed_has(tag, tags), *steps)


def _feed_tags_of(route: schema.Route) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, tag in enumerate(route.match.feed_tags):
        yield ("match", "feed_tags", index), tag
    for number, child in enumerate(route.routes):
        for steps, tag in _feed_tags_of(child):
            yield ("routes", number, *steps), tag


def _no_feed_has(tag: str, tags: Iterable[str]) -> str:
    return f'no feed has the tag "{tag}"{suggestion(tag, tags)}'


def _unused_channels(parts: Parts) -> Iterator[Problem]:
    if not parts.routes:
        return  # every alert goes to every channel
    reached = {name for part in parts.routes for name in _channels_of(part.value)}
    reached |= {name for part in parts.rules for name in part.value.notify}
    reached |= set(parts.top.ops)
    for part in parts.channels:
        if part.value.name not in reached:
            yield part.source.problem("no route and no rule sends anything here", "name")


def _channels_of(route: schema.Route) -> Iterator[str]:
    yield from route.channels
    for child in route.routes:
        yield from _channels_of(child)


def _leaky_routes(parts: Parts) -> Iterator[Problem]:
    """Warn where an alert may find no route: no top-level route takes everything."""
    if parts.routes and not any(_takes_all(part.value) for part in parts.routes):
        message = "no route takes the rest: an alert that matches none is dropped (end with a route without match)"
        yield parts.routes[-1].source.problem(message)


def _takes_all(route: schema.Route) -> bool:
    return route.match == schema.RouteMatch() and bool(route.channels)
