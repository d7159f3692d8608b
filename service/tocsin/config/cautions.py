"""Finds what runs but is probably not meant: the warnings of a configuration without mistakes."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain

from tocsin.config import schema
from tocsin.config.compile import Part, Parts
from tocsin.errors import Problem

POLITE_INTERVAL = timedelta(minutes=5)


def warnings_of(parts: Parts) -> Iterator[Problem]:
    """Yield the warnings about checked parts."""
    return chain(_hasty_feeds(parts), _shared_words(parts.entities), _unused_channels(parts), _leaky_routes(parts))


def _hasty_feeds(parts: Parts) -> Iterator[Problem]:
    """Warn of feeds polled more often than publishers like; one's own servers, in private networks, may be."""
    defaults = parts.top.defaults
    for part in parts.feeds:
        feed = part.value
        own = feed.allow_private or defaults.allow_private
        every = feed.every if "every" in feed.model_fields_set else defaults.every
        if feed.url and not own and every and every < POLITE_INTERVAL:
            yield part.source.problem("polled more often than every 5m: publishers may block us", "every")


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


def _unused_channels(parts: Parts) -> Iterator[Problem]:
    if not parts.routes:
        return  # every alert goes to every channel
    reached = {name for part in parts.routes for name in _channels_of(part.value)}
    reached |= {name for part in parts.rules for name in part.value.notify}
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
