"""What a configuration compiles to: one frozen value that a unit of work reads once and a reload swaps whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from tocsin.errors import Problem
from tocsin.model import ChannelSpec, Entity, FeedSpec, Route, Rule

Named = TypeVar("Named", FeedSpec, Rule, ChannelSpec)


def by_name(values: tuple[Named, ...]) -> Mapping[str, Named]:
    """Index values by their unique names."""
    return MappingProxyType({value.name: value for value in values})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Feeds, entities, rules, channels and routes as configured and checked against each other.

    `rules` holds the enabled ones. An empty `routes` sends every alert to every channel. `warnings` do not keep it
    from running. `secrets` are the strings that must never be printed.
    """

    feeds: tuple[FeedSpec, ...] = ()
    entities: tuple[Entity, ...] = ()
    rules: tuple[Rule, ...] = ()
    channels: tuple[ChannelSpec, ...] = ()
    routes: tuple[Route, ...] = ()
    timezone: str = "UTC"
    contact: str | None = None
    warnings: tuple[Problem, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def feed(self, name: str) -> FeedSpec | None:
        """Return the feed of that name."""
        return by_name(self.feeds).get(name)

    def channel(self, name: str) -> ChannelSpec | None:
        """Return the channel of that name."""
        return by_name(self.channels).get(name)

    def rule(self, name: str) -> Rule | None:
        """Return the enabled rule of that name."""
        return by_name(self.rules).get(name)
