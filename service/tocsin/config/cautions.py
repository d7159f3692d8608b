"""Finds what runs but is probably not meant: the warnings of a configuration without mistakes."""

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise

from tocsin.config import schema
from tocsin.config.compile import Part, Parts
from tocsin.config.values import CronLine
from tocsin.errors import Problem
from tocsin.text.suggestions import suggestion

POLITE_INTERVAL = timedelta(minutes=5)

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
    )


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
