"""Compiles checked parts of a configuration into the plan; nothing can be wrong with them any more."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Generic, TypeVar

from tocsin.config import schema
from tocsin.config.mistakes import Source
from tocsin.config.queries import NamedQuery
from tocsin.config.requests import credentials_in, headers_of, host_of, proxy_of, source_of
from tocsin.config.schema import CaseRule, Defaults, General, Section
from tocsin.config.values import CronLine
from tocsin.config.yamlfile import SHORTEST_SECRET
from tocsin.model import (
    ChannelSpec,
    Context,
    Entity,
    EntityType,
    FeedKind,
    FeedScope,
    FeedSpec,
    FirstPoll,
    FullText,
    Network,
    Route,
    RouteMatch,
    Rule,
    RuleTest,
    Surname,
)
from tocsin.model.query import Query
from tocsin.plan import Plan
from tocsin.rules.written import written
from tocsin.text.urls import registered_domain

S_co = TypeVar("S_co", bound=Section, covariant=True)

DIRECTORY_INTERVAL = timedelta(seconds=2)
DEFAULT_MAX_AGE = timedelta(hours=48)
DEFAULT_TIMEOUT = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[S_co]):
    """A checked part of the configuration and where it stands."""

    value: S_co
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All checked parts, in the order of files and lines; `top` holds the keys that stand once."""

    top: General
    feeds: tuple[Part[schema.Feed], ...]
    entities: tuple[Part[schema.Entity], ...]
    rules: tuple[Part[schema.Rule], ...]
    channels: tuple[Part[schema.Channel], ...]
    routes: tuple[Part[schema.Route], ...]
    named: tuple[NamedQuery, ...] = ()  # parts of queries
    resolved: Mapping[str, Query]  # those of them, by their names, with their own parts put in
    queries: Mapping[str, Query]  # those of the rules, by the rules' names, with their parts put in


def compile_plan(parts: Parts, secrets: frozenset[str]) -> Plan:
    """Compile checked parts; `secrets` are the strings that came from the environment and from files."""
    top = parts.top
    own_secrets = {secret for part in parts.channels for secret in _secrets(part.value)}
    own_secrets.update(*(credentials_in(section) for section in (top, *_values(parts.feeds), *_values(parts.channels))))
    return Plan(
        feeds=tuple(_feed(part.value, top) for part in parts.feeds),
        entities=tuple(_entity(part.value, part.source.line) for part in parts.entities),
        rules=tuple(
            _rule(part.value, parts.queries.get(part.value.name), part.source.line)
            for part in parts.rules
            if part.value.enabled
        ),
        queries=MappingProxyType({part.name: part.query for part in parts.named if part.query is not None}),
        channels=tuple(_channel(part.value, top) for part in parts.channels),
        routes=tuple(_route(part.value) for part in parts.routes),
        timezone=top.timezone,
        contact=top.contact,
        ops=tuple(dict.fromkeys(top.ops)),
        proxy=proxy_of(top),
        ca_file=top.ca_file,
        allow_private=top.defaults.allow_private,
        secrets=secrets.union(secret for secret in own_secrets if len(secret) >= SHORTEST_SECRET),
    )


def _values(parts: Iterable[Part[S_co]]) -> Iterator[S_co]:
    return (part.value for part in parts)


def _joined(defaults: Defaults, own: tuple[Network, ...]) -> tuple[Network, ...]:
    return tuple(dict.fromkeys((*defaults.allow_private, *own)))


def _feed(feed: schema.Feed, top: General) -> FeedSpec:
    defaults = top.defaults
    common = FeedSpec(
        name=feed.name,
        kind=FeedKind.HTTP if feed.url else FeedKind.DIRECTORY,
        location=feed.url or feed.path or "",
        outlet=feed.outlet or (registered_domain(feed.url) if feed.url else None),
        tags=feed.tags,
        language=feed.language,
        country=feed.country or defaults.country,
        boilerplate=feed.boilerplate,
        timezone=top.timezone,
        allow_private=_joined(defaults, feed.allow_private),
    )
    spec = _as_http_feed(common, feed, top) if feed.url else _as_directory(common, feed)
    return replace(spec, source=source_of(spec), host=host_of(spec))


def _paced(spec: FeedSpec, pace: timedelta | CronLine | None) -> FeedSpec:
    return replace(spec, cron=pace.text) if isinstance(pace, CronLine) else replace(spec, every=pace)


def _as_directory(common: FeedSpec, feed: schema.Feed) -> FeedSpec:
    return replace(
        _paced(common, feed.every or DIRECTORY_INTERVAL),
        full_text=feed.full_text or FullText.NEVER,
        max_age=feed.max_age,
        first_poll=feed.first_poll or FirstPoll.ALL,
    )


def _as_http_feed(common: FeedSpec, feed: schema.Feed, top: General) -> FeedSpec:
    defaults = top.defaults
    every_is_given = "every" in feed.model_fields_set  # `auto` is None, and not the same as nothing
    return replace(
        _paced(common, feed.every if every_is_given else defaults.every),
        full_text=feed.full_text or defaults.full_text,
        headers=headers_of(feed),
        proxy=proxy_of(feed, top),
        insecure_tls=feed.insecure_tls,
        max_age=feed.max_age or defaults.max_age or DEFAULT_MAX_AGE,
        first_poll=feed.first_poll or defaults.first_poll or FirstPoll.SILENT,
    )


def _entity(entity: schema.Entity, source: str) -> Entity:
    case = entity.case or (CaseRule.INSENSITIVE if entity.type is EntityType.CONCEPT else CaseRule.SENSITIVE)
    return Entity(
        id=entity.id,
        name=entity.name,
        type=entity.type,
        aliases=entity.aliases,
        acronym=entity.acronym,
        case_sensitive=case is CaseRule.SENSITIVE,
        forms=tuple(entity.forms.items()) if entity.forms else (),
        surname=entity.surname or Surname.AFTER_FULL,
        context=_context(entity.context) if entity.context else None,
        tests=_tests(entity.tests),
        source=source,
    )


def _context(context: schema.Context) -> Context:
    return Context(any=context.any, none=context.none, within=context.within)


def _tests(tests: Iterable[schema.RuleTest]) -> tuple[RuleTest, ...]:
    return tuple(RuleTest(text=test.rings or test.silent or "", rings=bool(test.rings)) for test in tests)


def _rule(rule: schema.Rule, query: Query | None, source: str) -> Rule:
    entities = rule.entities or schema.EntityChoice.model_construct()
    return Rule(
        name=rule.name,
        key=f"{rule.name}#{_fingerprint(rule, query)}",
        source=source,
        keywords=rule.keywords,
        query=query,
        entities_any=entities.any,
        entities_all=entities.all,
        exclude=rule.exclude,
        feeds=FeedScope(names=frozenset(rule.feeds.names), tags=frozenset(rule.feeds.tags)) if rule.feeds else None,
        languages=tuple(dict.fromkeys(rule.languages)),
        severity=rule.severity,
        tags=rule.tags,
        notify=tuple(dict.fromkeys(rule.notify)),
        tests=_tests(rule.tests),
    )


def _fingerprint(rule: schema.Rule, query: Query | None) -> str:
    """Return 12 hex digits of what a rule asks for, whatever the order in which its lists are written."""
    asked = {
        "keywords": _ordered(rule.keywords),
        "any": _ordered(rule.entities.any if rule.entities else ()),
        "all": _ordered(rule.entities.all if rule.entities else ()),
        "exclude": _ordered(rule.exclude),
        "feeds": _ordered(rule.feeds.names if rule.feeds else ()),
        "feed_tags": _ordered(rule.feeds.tags if rule.feeds else ()),
        "languages": _ordered(rule.languages),
    }
    if query is not None:  # a rule without one keeps the key that it had before there were any
        asked["query"] = [written(query)]
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _ordered(values: Iterable[object]) -> list[str]:
    return sorted({str(value) for value in values})


def _channel(channel: schema.Channel, top: General) -> ChannelSpec:
    common = ChannelSpec(
        name=channel.name,
        kind=schema.kind_of(channel),
        allow_private=_joined(top.defaults, channel.allow_private),
        proxy=proxy_of(channel, top),
        timeout=channel.timeout or DEFAULT_TIMEOUT,
        timezone=top.timezone,
    )
    match channel:
        case schema.SlackChannel():
            return replace(common, url=channel.url.get_secret_value())
        case schema.EmailChannel():
            to = tuple(dict.fromkeys(channel.to))
            return replace(common, smtp=channel.smtp.text, sender=channel.sender, recipients=to)
        case schema.WebhookChannel():
            secret = channel.secret.get_secret_value() if channel.secret else ""
            return replace(common, url=channel.url, secret=secret)
        case schema.FileChannel():
            return replace(common, path=channel.path)
        case _:
            return common


def _secrets(channel: schema.Channel) -> Iterator[str]:
    match channel:
        case schema.SlackChannel():
            yield channel.url.get_secret_value()
        case schema.WebhookChannel() if channel.secret:
            yield channel.secret.get_secret_value()
        case schema.EmailChannel():
            yield channel.smtp.text
            yield channel.smtp.password or ""


def _route(route: schema.Route) -> Route:
    match = route.match
    return Route(
        match=RouteMatch(
            rules=frozenset(match.rule),
            severities=frozenset(match.severity),
            tags=frozenset(match.tags),
            feeds=frozenset(match.feeds),
            feed_tags=frozenset(match.feed_tags),
            languages=frozenset(match.languages),
        ),
        channels=tuple(dict.fromkeys(route.channels)),
        goes_on=route.goes_on,
        routes=tuple(map(_route, route.routes)),
    )
