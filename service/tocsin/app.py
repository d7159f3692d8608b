"""The wiring: settings and a plan become an app.

Edges are constructed here, and in `records` and `documents` for commands that only look.
"""

import os
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from tocsin.alerts.retry import SCHEDULE
from tocsin.channels.console import ConsoleChannel
from tocsin.channels.email import EmailChannel
from tocsin.channels.file import FileChannel
from tocsin.channels.slack import SlackChannel
from tocsin.channels.webhook import WebhookChannel
from tocsin.clock import utc_now
from tocsin.control import DatabaseLock, socket_path
from tocsin.errors import DatabaseFull, StorageError
from tocsin.fetch.fetcher import open_fetcher
from tocsin.fetch.hosts import Politeness
from tocsin.log import Event, Log, Veil
from tocsin.model import ChannelKind, ChannelSpec, DeadReason, FeedSpec
from tocsin.net.transport import CheckedTransport, tls_context
from tocsin.pipeline import Configuration, Pipeline, Tools
from tocsin.plan import Plan
from tocsin.ports import Channel, Runner, Store
from tocsin.rules.index import RuleIndex
from tocsin.runners.embedded import EmbeddedRunner
from tocsin.sandbox.worker import ProcessSandbox
from tocsin.storage.engines import database_file
from tocsin.storage.migrate import check, make_parent, upgrade
from tocsin.storage.store import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What a command works with. `database` is the file of an SQLite database, None for a server's."""

    plan: Plan
    store: Store
    pipeline: Pipeline
    runner: Runner
    log: Log
    owner: str
    database: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What an app takes from outside, so that tests can give it something else."""

    clock: Callable[[], datetime] = utc_now
    output: TextIO = sys.stdout
    retry_schedule: Sequence[timedelta] = SCHEDULE
    store: Callable[[Store], Store] = lambda store: store
    politeness: Politeness | None = None  # how gently servers are asked; None: as they should be
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
        log.veil.learn(plan.secrets)
        dead = await store.apply_configuration(
            public_feeds(plan, log.veil), [channel.name for channel in plan.channels], outside.clock()
        )
        for delivery, channel in dead.items():
            reason = DeadReason.CHANNEL_REMOVED.value
            log.logger.warning(Event.DELIVERY_DIED, delivery=delivery, channel=channel, reason=reason)
        tls = tls_context(plan.ca_file)
        transport = CheckedTransport(tls=tls)
        stack.push_async_callback(transport.aclose)
        sandbox = ProcessSandbox()
        stack.push_async_callback(sandbox.aclose)
        runner = EmbeddedRunner(on_trouble=Trouble(log))
        tools = Tools(
            configuration=configure(plan, transport, tls, log.veil, outside.output),
            store=store,
            fetcher=open_fetcher(transport, plan.contact, outside.politeness),
            sandbox=sandbox,
            journal=log.logger,
            clock=outside.clock,
            owner=owner,
            wake=runner.wake,
            retry_schedule=tuple(outside.retry_schedule),
            patient=outside.patient,
        )
        pipeline = Pipeline(tools)
        yield App(plan=plan, store=store, pipeline=pipeline, runner=runner, log=log, owner=owner, database=file)


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


def configure(
    plan: Plan, transport: httpx.AsyncBaseTransport, tls: ssl.SSLContext, veil: Veil, output: TextIO
) -> Configuration:
    """Build what a unit of work reads: the plan, its rules compiled, its channels open."""
    return Configuration(
        plan=plan,
        index=RuleIndex(plan.rules, plan.entities),
        channels={spec.name: open_channel(spec, transport, tls, output) for spec in plan.channels},
        public=veil,
    )


def open_channel(
    spec: ChannelSpec, transport: httpx.AsyncBaseTransport, tls: ssl.SSLContext, output: TextIO
) -> Channel:
    """Return the channel of a specification."""
    kinds: Mapping[ChannelKind, Callable[[], Channel]] = {
        ChannelKind.SLACK: lambda: SlackChannel(spec, transport),
        ChannelKind.EMAIL: lambda: EmailChannel(spec, tls),
        ChannelKind.WEBHOOK: lambda: WebhookChannel(spec, transport, clock=time.time),
        ChannelKind.CONSOLE: lambda: ConsoleChannel(spec, output),
        ChannelKind.FILE: lambda: FileChannel(spec),
    }
    return kinds[spec.kind]()


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
