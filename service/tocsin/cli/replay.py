"""`tocsin replay`: what the rules of a configuration would have rung over the stored articles."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from tocsin.alerts.envelope import timestamp
from tocsin.alerts.render import outlet_of
from tocsin.app import Outside, open_app
from tocsin.cli.asked import asked_duration
from tocsin.cli.ending import Exit
from tocsin.cli.frame import plan_for, print_json, run_until_interrupted, settings_for
from tocsin.cli.log import log_for
from tocsin.cli.progress import Progress
from tocsin.cli.table import print_table, shortened
from tocsin.clock import utc_now
from tocsin.config.build import load_plan
from tocsin.config.settings import LogLevel, Settings
from tocsin.errors import UsageError
from tocsin.model import Dedup, FeedSpec, JsonObject, Match, Rule, StoredArticle
from tocsin.pipeline.judging import listens
from tocsin.pipeline.replaying import feed_of, stored_since
from tocsin.plan import Plan
from tocsin.ports import Store
from tocsin.records import open_records
from tocsin.rules.index import RuleIndex
from tocsin.stories.cluster import place
from tocsin.stories.fingerprint import likeness
from tocsin.stories.shelf import Shelf
from tocsin.text.language import language_of
from tocsin.text.suggestions import suggestion

COLUMNS = ("", "rule", "published", "outlet", "title", "article")
LONGEST_TITLE = 80
TIME = "%d %b %Y %H:%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be replayed: since when, of which rule, against which other configuration."""

    since: str
    rule: str | None = None
    against: Path | None = None
    send: bool = False


def replay(asked: Asked, config: Path | None, *, json: bool) -> Exit:
    """Print what would have rung; the exit status says whether anything would.

    Raises:
        UsageError: there is no such rule, or what is asked for does not go together.
    """
    settings = settings_for(config)
    plan = plan_for(settings)
    _check(asked, plan)
    since = utc_now() - asked_duration(asked.since)
    if asked.send:
        return asyncio.run(_send(settings, plan, asked, since, json=json))
    return run_until_interrupted(_look(settings, plan, asked, since, json=json))


def _check(asked: Asked, plan: Plan) -> None:
    if asked.rule is not None and asked.rule not in plan.rule_named:
        raise UsageError(f"there is no rule {asked.rule!r}{suggestion(asked.rule, plan.rule_named)}")
    if asked.send and asked.against:
        raise UsageError("--send and --against do not go together")


# ---------------------------------------------------------------------------------------------------------------
# Looking


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What would have rung: a rule on the first article of a story. `change` is + or - against another configuration.

    `rang`: it did.
    """

    rule: str
    stored: StoredArticle
    outlet: str
    rang: bool
    change: str = ""

    @property
    def json(self) -> JsonObject:
        """The line for programs."""
        article = self.stored.article
        return {
            "change": {"+": "gained", "-": "lost", "": None}[self.change],
            "rule": self.rule,
            "rang": self.rang,
            "article": article.id,
            "title": article.title,
            "url": article.url,
            "outlet": self.outlet,
            "published": article.published and timestamp(article.published),
        }

    @property
    def row(self) -> Sequence[str]:
        """The cells for people."""
        article = self.stored.article
        return (
            self.change or ("rang" if self.rang else "new"),
            self.rule,
            article.published.strftime(TIME) if article.published else "-",
            self.outlet,
            shortened(article.title, LONGEST_TITLE),
            article.id,
        )


@dataclass(slots=True)
class Rules:
    """The rules of a configuration, and the stories that they have rung for."""

    plan: Plan
    names: frozenset[str]
    index: RuleIndex = field(init=False)
    _shelf: Shelf = field(default_factory=Shelf)
    _rung: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        rules = [rule for rule in self.plan.rules if not self.names or rule.name in self.names]
        self.index = RuleIndex(rules, self.plan.entities)

    def look_at(self, stored: StoredArticle) -> Iterator[Rung]:
        """Yield what rings on an article: each rule once for a story."""
        feed = feed_of(stored, self.plan)
        matches = self._matches(stored, feed)
        if not matches:
            return
        outlet = outlet_of(stored.article, feed)
        story = self._story(stored, outlet, self.plan.dedup)
        for match in matches:
            if (match.rule.name, story) not in self._rung:
                self._rung.add((match.rule.name, story))
                rang = match.rule.name in stored.rang
                yield Rung(rule=match.rule.name, stored=stored, outlet=outlet, rang=rang)

    def _matches(self, stored: StoredArticle, feed: FeedSpec) -> Sequence[Match]:
        hears = partial(_hears, feed=feed, language=language_of(stored.article.language))
        return self.index.match(stored.article, feed, hears)

    def _story(self, stored: StoredArticle, outlet: str, dedup: Dedup) -> str:
        asked = likeness(stored.article, stored.version, outlet)
        [placement] = place([asked], self._shelf.neighbours([asked], dedup.window), dedup, stored.first_seen)
        self._shelf.add([placement])
        return placement.story.id


def _hears(rule: Rule, *, feed: FeedSpec, language: str) -> bool:
    return listens(rule, feed, language)


async def _look(settings: Settings, plan: Plan, asked: Asked, since: datetime, *, json: bool) -> Exit:
    names = frozenset({asked.rule} if asked.rule else ())
    ours = Rules(plan, names)
    theirs = Rules(load_plan(asked.against, os.environ), names) if asked.against else None
    rows, found = [], False
    async with open_records(settings.database_url) as store:
        async for stored in _shown(store, since):
            for rung in _changes(ours, theirs, stored):
                found = True
                if json:
                    print_json(rung.json)
                else:
                    rows.append(rung.row)
    if rows:
        print_table(COLUMNS, rows)
    elif not json:
        print("nothing would have rung" if theirs is None else "no difference")
    return Exit.FINE if found else Exit.FINDING


def _changes(ours: Rules, theirs: Rules | None, stored: StoredArticle) -> Iterator[Rung]:
    """Yield what rings on an article; against other rules, what is gained and lost."""
    here = {rung.rule: rung for rung in ours.look_at(stored)}
    if theirs is None:
        yield from here.values()
        return
    there = {rung.rule: rung for rung in theirs.look_at(stored)}
    yield from _marked(here, there, "+")
    yield from _marked(there, here, "-")


def _marked(some: Mapping[str, Rung], others: Mapping[str, Rung], change: str) -> Iterator[Rung]:
    for rule, rung in some.items():
        if rule not in others:
            yield Rung(rule=rule, stored=rung.stored, outlet=rung.outlet, rang=rung.rang, change=change)


async def _shown(store: Store, since: datetime) -> AsyncIterator[StoredArticle]:
    """Yield the stored articles, and show on a terminal how far it is."""
    progress, total = Progress(), await store.count_articles(since)
    try:
        done = 0
        async for stored in stored_since(store, since):
            done += 1
            progress.tell(partial(_how_far, done, total))
            yield stored
    finally:
        progress.clear()


def _how_far(done: int, total: int) -> str:
    return f"{done:,} of {total:,} articles ({100 * done // max(total, 1)} %)"


# ---------------------------------------------------------------------------------------------------------------
# Sending


async def _send(settings: Settings, plan: Plan, asked: Asked, since: datetime, *, json: bool) -> Exit:
    """Ring what never rang; the deliveries are rows for the daemon or the next run."""
    names, found = frozenset({asked.rule} if asked.rule else ()), 0
    with log_for(settings.model_copy(update={"log_level": LogLevel.WARNING}), plan.secrets) as log:
        async with open_app(plan, settings.database_url, log, Outside()) as app:
            async for stored in _shown(app.store, since):
                for alert in await app.pipeline.replay(stored, names):
                    found += 1
                    if json:
                        print_json({"alert_id": alert.id, "rule": alert.rule_name, "article": alert.article_id})
    if not json:
        alerts = "1 alert is" if found == 1 else f"{found} alerts are"
        print(f"{alerts} sent when Tocsin runs next" if found else "nothing that did not ring before")
    return Exit.FINE if found else Exit.FINDING
