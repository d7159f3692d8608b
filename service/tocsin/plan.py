"""What a configuration compiles to: one frozen value that a unit of work reads once and a reload swaps whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from tocsin.errors import Problem
from tocsin.model import ChannelSpec, Dedup, Entity, FeedSpec, Inhibition, Network, Retention, Route, Rule
from tocsin.model.query import Query

Named = TypeVar("Named", FeedSpec, ChannelSpec, Rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Feeds, entities, rules, channels and routes as configured and checked against each other.

    `rules` holds the enabled ones. `queries` are the named parts as written: they may name each other. An empty
    `routes` sends every alert to every channel. `ops` are the channels that the service reports on itself through.
    `allow_private` is that of `defaults` and `proxy` the one of all, which feeds and channels have in theirs; `ca_file`
    names authorities to be trusted besides the usual ones. `dedup` says when articles are one story, `retention`
    how long rows are kept. `heartbeat` is a URL to be asked as long as all is well, empty for none. `warnings` do not
    keep it from running, `hints` are less than these. `secrets` are the strings that must never be printed.
    """

    feeds: tuple[FeedSpec, ...] = ()
    entities: tuple[Entity, ...] = ()
    rules: tuple[Rule, ...] = ()
    queries: Mapping[str, Query] = field(default_factory=dict)
    channels: tuple[ChannelSpec, ...] = ()
    routes: tuple[Route, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    retention: Retention = field(default_factory=Retention)
    heartbeat: str = field(default="", repr=False)
    timezone: str = "UTC"
    contact: str | None = None
    ops: tuple[str, ...] = ()
    proxy: str = field(default="", repr=False)
    ca_file: str | None = None
    allow_private: tuple[Network, ...] = ()
    dedup: Dedup = field(default_factory=Dedup)
    warnings: tuple[Problem, ...] = ()
    hints: tuple[Problem, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    feed_named: Mapping[str, FeedSpec] = field(init=False, repr=False, compare=False)
    channel_named: Mapping[str, ChannelSpec] = field(init=False, repr=False, compare=False)
    rule_named: Mapping[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "feed_named", _by_name(self.feeds))
        object.__setattr__(self, "channel_named", _by_name(self.channels))
        object.__setattr__(self, "rule_named", _by_name(self.rules))


def _by_name(values: tuple[Named, ...]) -> Mapping[str, Named]:
    return MappingProxyType({value.name: value for value in values})
