"""Compiles checked parts of a configuration into the plan; nothing can be wrong with them any more."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from types import MappingProxyType
from typing import Generic, TypeVar

from pydantic import SecretStr

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
    Dedup,
    DigestTimes,
    Entity,
    EntityType,
    FeedKind,
    FeedScope,
    FeedSpec,
    FirstPoll,
    FullText,
    Inhibition,
    Network,
    QuietHours,
    Retention,
    Route,
    RouteMatch,
    Rule,
    RuleTest,
    Surname,
    Timing,
)
from tocsin.model.query import Query
from tocsin.plan import Plan
from tocsin.rules.written import written

S_co = TypeVar("S_co", bound=Section, covariant=True)

DIRECTORY_INTERVAL = timedelta(seconds=2)
DEFAULT_MAX_AGE = timedelta(hours=48)
DEFAULT_TIMEOUT = timedelta(seconds=15)
SLACK_API = "https://slack.com/api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[S_co]):
    """A checked part of the configuration and where it stands."""

    value: S_co
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All checked parts, in the order of files and lines; `top` holds the keys that stand once, `places` where."""

    top: General
    places: Mapping[str, Source]
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
    own_secrets |= {top.heartbeat.get_secret_value()} if top.heartbeat else set()
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
        routes=tuple(_route(part.value, part.source, top, ABOVE) for part in parts.routes),
        inhibitions=tuple(Inhibition(rule=item.rule, hides=frozenset(item.hides)) for item in top.inhibit),
        retention=Retention(
            articles=top.retention.articles, deliveries=top.retention.deliveries, dead=top.retention.dead
        ),
        heartbeat=top.heartbeat.get_secret_value() if top.heartbeat else "",
        timezone=top.timezone,
        contact=top.contact,
        ops=tuple(dict.fromkeys(top.ops)),
        proxy=proxy_of(top),
        ca_file=top.ca_file,
        allow_private=top.defaults.allow_private,
        dedup=_dedup(top.dedup),
        secrets=secrets.union(secret for secret in own_secrets if len(secret) >= SHORTEST_SECRET),
    )


def _dedup(dedup: schema.DedupChoice) -> Dedup:
    return Dedup(
        window=dedup.window,
        containment=dedup.containment,
        lead=dedup.lead,
        strong=dedup.strong,
        tracking=frozenset(dedup.tracking_parameters),
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
        outlet=feed.outlet,
        tags=feed.tags,
        language=feed.language,
        country=feed.country or defaults.country,
        boilerplate=feed.boilerplate,
        timezone=top.timezone,
        tracking=frozenset(top.dedup.tracking_parameters),
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
        min_sources=rule.min_sources,
        on_update=rule.on_update,
        follow_up=rule.follow_up,
        max_per_hour=rule.max_per_hour,
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


def _channel(channel: schema.Channel, top: General) -> ChannelSpec:  # noqa: PLR0911 - one return a kind
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
            url = channel.url.get_secret_value() if channel.url else SLACK_API
            return replace(common, url=url, token=_shown(channel.token), target=channel.channel or "")
        case schema.EmailChannel():
            to = tuple(dict.fromkeys(channel.to))
            return replace(common, smtp=channel.smtp.text, sender=channel.sender, recipients=to)
        case schema.WebhookChannel():
            secrets = tuple(secret.get_secret_value() for secret in channel.secret)
            return replace(common, url=channel.url, secrets=secrets, form=channel.format, template=channel.template)
        case schema.TeamsChannel() | schema.DiscordChannel() | schema.AppriseChannel():
            return replace(common, url=channel.url.get_secret_value())
        case schema.TelegramChannel():
            return replace(common, url=channel.url, token=_shown(channel.token), target=channel.chat)
        case schema.NtfyChannel():
            return replace(common, url=channel.url, token=_shown(channel.token), target=channel.topic)
        case schema.PagerDutyChannel():
            return replace(common, url=channel.url, token=_shown(channel.key))
        case schema.FileChannel():
            return replace(common, path=channel.path)
        case _:
            return common


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _secrets(channel: schema.Channel) -> Iterator[str]:
    match channel:
        case schema.SlackChannel():
            yield _shown(channel.url)
            yield _shown(channel.token)
        case schema.WebhookChannel():
            yield from map(_shown, channel.secret)
        case schema.TeamsChannel() | schema.DiscordChannel() | schema.AppriseChannel():
            yield _shown(channel.url)
        case schema.TelegramChannel() | schema.NtfyChannel():
            yield _shown(channel.token)
        case schema.PagerDutyChannel():
            yield _shown(channel.key)
        case schema.EmailChannel():
            yield channel.smtp.text
            yield channel.smtp.password or ""


def _route(route: schema.Route, source: Source, top: General, above: "Above") -> Route:
    """Compile a route; what it does not say is as in the route above."""
    match = route.match
    here = _below(route, top, above)
    return Route(
        match=RouteMatch(
            rules=frozenset(match.rule),
            severities=frozenset(match.severity),
            tags=frozenset(match.tags),
            feeds=frozenset(match.feeds),
            feed_tags=frozenset(match.feed_tags),
            languages=frozenset(match.languages),
            countries=frozenset(match.countries),
        ),
        channels=here.channels,
        timing=here.timing,
        source=source.line,
        goes_on=route.goes_on,
        routes=tuple(
            _route(child, source.below("routes", number), top, here) for number, child in enumerate(route.routes)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """What a route has from the one above."""

    channels: tuple[str, ...] = ()
    timing: Timing = field(default_factory=Timing)


ABOVE = Above()


def _below(route: schema.Route, top: General, above: Above) -> Above:
    timing = above.timing
    if route.group_by:
        timing = replace(timing, group_by=route.group_by)
    if route.group_wait is not None:
        timing = replace(timing, group_wait=route.group_wait)
    if route.group_interval:
        timing = replace(timing, group_interval=route.group_interval)
    if route.digest:
        timing = replace(timing, digest=_digest_times(route.digest, top))
    if route.quiet_hours:
        timing = replace(timing, quiet_hours=_quiet_hours(route.quiet_hours, top))
    return Above(channels=tuple(dict.fromkeys(route.channels)) or above.channels, timing=timing)


def _digest_times(digest: schema.Digest, top: General) -> DigestTimes | None:
    if digest is schema.NO_DIGEST:
        return None
    return DigestTimes(cron=digest.cron, timezone=digest.timezone or top.timezone, empty=digest.empty)


def _quiet_hours(quiet: schema.Quiet, top: General) -> QuietHours | None:
    if quiet is schema.NO_QUIET_HOURS:
        return None
    week = tuple(schema.Weekday)
    days = frozenset(map(week.index, chain(*quiet.days))) or frozenset(range(len(week)))
    return QuietHours(start=quiet.start, end=quiet.end, timezone=quiet.timezone or top.timezone, days=days)
