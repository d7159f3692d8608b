"""The wiring: settings and a plan become an app.

Edges are constructed here, and in `records` and `documents` for commands that only look.
"""

import asyncio
import os
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from tocsin.alerts.retry import SCHEDULE
from tocsin.alerts.template import MessageTemplate
from tocsin.channels.apprise import AppriseChannel
from tocsin.channels.console import ConsoleChannel
from tocsin.channels.discord import DiscordChannel
from tocsin.channels.dry import DryChannel
from tocsin.channels.email import EmailChannel
from tocsin.channels.file import FileChannel
from tocsin.channels.ntfy import NtfyChannel
from tocsin.channels.pagerduty import PagerDutyChannel
from tocsin.channels.slack import SlackChannel
from tocsin.channels.teams import TeamsChannel
from tocsin.channels.telegram import TelegramChannel
from tocsin.channels.template import FillIn
from tocsin.channels.webhook import WebhookChannel
from tocsin.clock import utc_now
from tocsin.control import DatabaseLock, socket_path
from tocsin.errors import DatabaseFull, StorageError
from tocsin.fetch.client import user_agent
from tocsin.fetch.fetcher import open_fetcher
from tocsin.fetch.hosts import Politeness
from tocsin.fetch.ping import HttpPing
from tocsin.log import Event, Log, Veil
from tocsin.model import ChannelKind, ChannelSpec, DeadReason, FeedSpec, Rule
from tocsin.net.transport import CheckedTransport, tls_context
from tocsin.pipeline import Cell, Configuration, Pipeline, Tools
from tocsin.plan import Plan
from tocsin.ports import Channel, Fetcher, Ping, Runner, Store
from tocsin.rules.index import RuleIndex
from tocsin.runners.embedded import EmbeddedRunner
from tocsin.sandbox.worker import ProcessSandbox
from tocsin.storage.engines import caution, database_file
from tocsin.storage.migrate import check, make_parent, upgrade
from tocsin.storage.store import open_store

#: How many rules a reload changes where they are; with more, all are compiled anew, so many at a time.
FEW_RULES = 50
AT_A_TIME = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What a command works with. `database` is the file of an SQLite database, None for a server's."""

    cell: Cell
    store: Store
    pipeline: Pipeline
    runner: Runner
    log: Log
    owner: str
    database: Path | None
    reconfigure: Callable[[Plan], Awaitable[None]]

    @property
    def plan(self) -> Plan:
        """The plan of now: `reconfigure` puts another in its place."""
        return self.cell.configuration.plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What an app takes from outside, so that tests can give it something else."""

    clock: Callable[[], datetime] = utc_now
    output: TextIO = sys.stdout
    retry_schedule: Sequence[timedelta] = SCHEDULE
    store: Callable[[Store], Store] = lambda store: store
    tools: Callable[[Tools], Tools] = lambda tools: tools
    politeness: Politeness | None = None  # how gently servers are asked; None: as they should be
    dry_run: bool = False  # messages are shown, whatever their channels, and nobody is pinged
    patient: bool = True  # wait for room where the database is full, rather than give up


def bring_up_to_date(url: str) -> Sequence[str]:
    """Bring a database up to date, as `tocsin db upgrade` does; return the revisions applied, oldest first."""
    return upgrade(url)


def migrate_database(url: str, log: Log) -> None:
    """Make a database ready: an SQLite one is brought up to date, a server's must be (`tocsin db upgrade`)."""
    if database_file(url) is None:
        check(url)
        return
    for revision in bring_up_to_date(url):
        log.logger.info(Event.DATABASE_UPGRADED, detail=revision)


@asynccontextmanager
async def open_app(plan: Plan, database_url: str, log: Log, outside: Outside | None = None) -> AsyncIterator[App]:
    """Open an app that polls and delivers. It holds an SQLite database's lock as long as it is open.

    Raises:
        AlreadyRunning: another process polls and delivers on this SQLite file.
        DatabaseUnusable: the database is foreign, damaged or not up to date.
    """
    outside = outside or Outside()
    file = database_file(database_url)
    owner = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
    async with AsyncExitStack() as stack:
        if file is not None:
            make_parent(file)
        stack.enter_context(DatabaseLock(file) if file is not None else nullcontext())
        migrate_database(database_url, log)
        stored = await open_store(database_url)
        stack.push_async_callback(stored.aclose)
        store = outside.store(stored)
        # Whoever holds the lock of an SQLite file is alone: leases in it are those of the dead.
        await store.release_leases(None if file is not None else owner)
        wiring = Wiring(store=store, log=log, outside=outside, stack=stack)
        await wiring.store_rows(plan)
        cell = Cell(configuration=wiring.build(plan))
        sandbox = ProcessSandbox()
        stack.push_async_callback(sandbox.aclose)
        runner = EmbeddedRunner(on_trouble=Trouble(log))
        tools = Tools(
            cell=cell,
            store=store,
            sandbox=sandbox,
            journal=log.logger,
            clock=outside.clock,
            owner=owner,
            wake=runner.wake,
            retry_schedule=tuple(outside.retry_schedule),
            patient=outside.patient,
        )
        pipeline = Pipeline(outside.tools(tools))
        await pipeline.prepare()
        yield App(
            cell=cell,
            store=store,
            pipeline=pipeline,
            runner=runner,
            log=log,
            owner=owner,
            database=file,
            reconfigure=partial(wiring.reconfigure, cell),
        )


def tell_of_database(app: App) -> None:
    """Warn of what people should know of the database that a daemon works on."""
    if app.database is not None and (told := caution()):
        app.log.logger.warning(Event.DATABASE_CAUTIONED, detail=told)


def control_socket(database_url: str) -> Path | None:
    """Return where the daemon of a database can be asked; None where a server keeps the database."""
    file = database_file(database_url)
    return socket_path(file) if file is not None else None


def public_feeds(plan: Plan, veil: Veil) -> Sequence[FeedSpec]:
    """Return the feeds of a plan as they may be stored, without secrets in their URLs.

    A digest of host and path stands for what is hidden: another address is another feed, a renewed token is not.
    """
    return [replace(feed, location=_public_location(feed.location, veil)) for feed in plan.feeds]


def _public_location(location: str, veil: Veil) -> str:
    public = veil(location)
    if public == location:
        return location
    parts = urlsplit(location)
    return f"{public}#{sha256(f'{parts.hostname}{parts.path}'.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Net:
    """What all connections share, as long as `ca_file` and `contact` are the same."""

    asked: tuple[str | None, str | None]
    tls: ssl.SSLContext
    transport: CheckedTransport
    fetcher: Fetcher


class Wiring:
    """Builds what a plan asks for, and keeps of what was built before all that another plan asks for as well."""

    def __init__(self, *, store: Store, log: Log, outside: Outside, stack: AsyncExitStack) -> None:
        self._store = store
        self._log = log
        self._outside = outside
        self._stack = stack  # what still runs may use what was replaced: it is closed when all is
        self._net: _Net | None = None

    async def store_rows(self, plan: Plan) -> None:
        """Make the rows say what the plan says; tell of the deliveries that have no channel any more."""
        self._log.veil.learn(plan.secrets)
        channels = [channel.name for channel in plan.channels]
        now = self._outside.clock()
        dead = await self._store.apply_configuration(public_feeds(plan, self._log.veil), channels, now)
        for delivery, channel in dead.items():
            reason = DeadReason.CHANNEL_REMOVED.value
            self._log.logger.warning(Event.DELIVERY_DIED, delivery=delivery, channel=channel, reason=reason)

    def build(
        self, plan: Plan, *, index: RuleIndex | None = None, before: Configuration | None = None
    ) -> Configuration:
        """Build what a unit of work reads: the plan, its rules compiled, its channels open.

        Channels of `before` stay that are asked for in the same way: they know who waits for whom.

        Raises:
            OSError: the plan's `ca_file` cannot be read.
        """
        net = self._connect(plan)
        kept = before if before and before.fetcher is net.fetcher else None
        return Configuration(
            plan=plan,
            index=index or RuleIndex(plan.rules, plan.entities),
            channels={spec.name: self._channel(spec, net, kept) for spec in plan.channels},
            fetcher=net.fetcher,
            ping=self._ping(plan, net),
            public=self._log.veil,
        )

    def _ping(self, plan: Plan, net: _Net) -> Ping | None:
        if not plan.heartbeat or self._outside.dry_run:
            return None
        agent = user_agent(plan.contact)
        return HttpPing(
            plan.heartbeat, net.transport, user_agent=agent, allow_private=plan.allow_private, proxy=plan.proxy
        )

    def _connect(self, plan: Plan) -> _Net:
        asked = plan.ca_file, plan.contact
        if self._net is None or self._net.asked != asked:
            tls = tls_context(plan.ca_file)
            transport = CheckedTransport(tls=tls)
            self._stack.push_async_callback(transport.aclose)
            fetcher = open_fetcher(transport, plan.contact, self._outside.politeness)
            self._net = _Net(asked=asked, tls=tls, transport=transport, fetcher=fetcher)
        return self._net

    def _channel(self, spec: ChannelSpec, net: _Net, kept: Configuration | None) -> Channel:
        if kept and kept.plan.channel_named.get(spec.name) == spec:
            return kept.channels[spec.name]
        if self._outside.dry_run:
            return DryChannel(spec, self._outside.output)
        return open_channel(spec, net.transport, net.tls, self._outside.output)

    async def reconfigure(self, cell: Cell, plan: Plan) -> None:
        """Put another plan to work, between two claims and between two steps of the loop; what runs goes on.

        What is decided meanwhile is decided anew: see `Cell`.

        Raises:
            StorageError: the rows could not be changed; nothing has.
            OSError: the plan's `ca_file` cannot be read; nothing has changed.
        """
        before = cell.configuration
        old, new = _by_key(before.plan.rules), _by_key(plan.rules)
        removed, added = old.keys() - new.keys(), [rule for key, rule in new.items() if key not in old]
        few = before.plan.entities == plan.entities and len(removed) + len(added) <= FEW_RULES
        index = before.index if few else await _compiled(plan, before.index.languages)
        configuration = self.build(plan, index=index, before=before)
        async with cell.gate:
            await self.store_rows(plan)
            if few:
                index.replace_rules(removed, added)
                index.renew_rules(plan.rules)
            cell.configuration = configuration


def _by_key(rules: Iterable[Rule]) -> Mapping[str, Rule]:
    return {rule.key: rule for rule in rules}


async def _compiled(plan: Plan, languages: Iterable[str]) -> RuleIndex:
    """Compile the rules of a plan in these languages, some at a time, while other work goes on."""
    index = RuleIndex((), plan.entities)
    for language in languages:
        index.of_language(language)
    for begin in range(0, len(plan.rules), AT_A_TIME):
        index.replace_rules((), plan.rules[begin : begin + AT_A_TIME])
        await asyncio.sleep(0)
    return index


def open_channel(
    spec: ChannelSpec, transport: httpx.AsyncBaseTransport, tls: ssl.SSLContext, output: TextIO
) -> Channel:
    """Return the channel of a specification."""
    kinds: Mapping[ChannelKind, Callable[[], Channel]] = {
        ChannelKind.SLACK: lambda: SlackChannel(spec, transport),
        ChannelKind.EMAIL: lambda: EmailChannel(spec, tls),
        ChannelKind.WEBHOOK: lambda: WebhookChannel(spec, transport, clock=time.time, fill_in=_template_of(spec)),
        ChannelKind.TEAMS: lambda: TeamsChannel(spec, transport),
        ChannelKind.DISCORD: lambda: DiscordChannel(spec, transport),
        ChannelKind.TELEGRAM: lambda: TelegramChannel(spec, transport),
        ChannelKind.NTFY: lambda: NtfyChannel(spec, transport),
        ChannelKind.PAGERDUTY: lambda: PagerDutyChannel(spec, transport),
        ChannelKind.APPRISE: lambda: AppriseChannel(spec),
        ChannelKind.CONSOLE: lambda: ConsoleChannel(spec, output),
        ChannelKind.FILE: lambda: FileChannel(spec),
    }
    return kinds[spec.kind]()


def _template_of(spec: ChannelSpec) -> FillIn | None:
    return None if spec.template is None else MessageTemplate(spec.template).fill_in


class Trouble:
    """Tells what a runner's steps could not do, the same thing once a minute however often it is tried."""

    QUIET = timedelta(minutes=1)

    def __init__(self, log: Log, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._told: dict[str, float] = {}

    def __call__(self, trouble: Exception) -> None:
        """Tell of an exception that a step let through."""
        words, now = f"{type(trouble).__name__}: {trouble}", self._clock()
        if now - self._told.get(words, float("-inf")) < self.QUIET.total_seconds():
            return
        self._told = {told: at for told, at in self._told.items() if now - at < self.QUIET.total_seconds()}
        self._told[words] = now
        if isinstance(trouble, StorageError):
            event = Event.STORAGE_FULL if isinstance(trouble, DatabaseFull) else Event.STORAGE_FAILED
            self._log.logger.error(event, detail=str(trouble))
        else:
            self._log.logger.error(Event.STEP_CRASHED, step="run", exc_info=trouble)
