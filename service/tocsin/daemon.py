"""The daemon: runs an app until it is told to stop, and answers commands meanwhile; and the same work done once."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import cast

from tocsin.alerts.pace import is_kept_waiting
from tocsin.alerts.ring import test_message
from tocsin.app import App, tell_of_database
from tocsin.clock import utc_now
from tocsin.config.build import DirectoryState, directory_state, load_plan
from tocsin.control import ControlServer, socket_path
from tocsin.errors import ConfigError, StorageError, UsageError
from tocsin.feeds.schedule import DIRECTORY_INTERVAL
from tocsin.log import Event, Logger
from tocsin.model import (
    ChannelSpec,
    ChannelStanding,
    Delivered,
    DeliveryReport,
    DeliveryState,
    DueFeed,
    JsonObject,
    RouteMatch,
    Severity,
    Silence,
)
from tocsin.pipeline import MOST_POLLS, MOST_READS, MOST_SENDS, PATIENCE, PollEnd
from tocsin.plan import Plan
from tocsin.ports import DueWork

#: What ends the daemon in good order.
STOPPING = (signal.SIGTERM, signal.SIGINT)

#: How often to look whether a file of the configuration changed, and for how long nothing more must change before it
#: is read: who copies many files is not to be met halfway.
BETWEEN_GLANCES = timedelta(seconds=5)
STILLNESS = timedelta(seconds=0.5)

#: How long to wait for the first try of a test message: longer than any channel's time-out by default.
TEST_PATIENCE = timedelta(seconds=30)

#: How often `--once` looks again at a directory in which a file is still being written.
MOST_LOOKS = 10
BETWEEN_LOOKS = timedelta(seconds=1)

#: How long `--once` reads pages that no article waits for any more.
TIME_FOR_PAGES = timedelta(minutes=2)

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
EVERYTHING = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A configuration directory, and how its files stood when they were read."""

    directory: Path
    state: DirectoryState


async def run_daemon(app: App, watched: Watched | None = None) -> None:
    """Poll and deliver until SIGTERM or SIGINT; then let what runs end, for some seconds.

    Where a directory is watched, a change in it or a SIGHUP puts the configuration to work as it then is.
    """
    log = app.log.logger
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_stopping_on_signals(app))
        if watched is not None:
            await stack.enter_async_context(_reloading(Reloads(app, watched)))
        if app.database is not None:
            handlers = {
                "send-test": lambda request: answer_send_test(app, request),
                "retry-feed": lambda request: answer_retry_feed(app, request),
                "add-silence": lambda request: answer_add_silence(app, request),
                "end-silence": lambda request: answer_end_silence(app, request),
                "retry-deliveries": lambda request: answer_retry_deliveries(app, request),
                "drop-delivery": lambda request: answer_drop_delivery(app, request),
            }
            await stack.enter_async_context(ControlServer(socket_path(app.database), handlers))
        log.info(
            Event.DAEMON_STARTED,
            version=version("tocsin"),
            pid=os.getpid(),
            feeds=len(app.plan.feeds),
            rules=len(app.plan.rules),
            channels=len(app.plan.channels),
        )
        tell_of_database(app)
        settle_memory()
        await app.runner.run(app.pipeline)
        await app.store.release_leases(app.owner)
        log.info(Event.DAEMON_STOPPED, pid=os.getpid())


@asynccontextmanager
async def _stopping_on_signals(app: App) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        app.log.logger.info(Event.STOP_REQUESTED, signal=number.name)
        app.runner.stop()

    for number in STOPPING:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)


def settle_memory() -> None:
    """Keep what stays for good, rules and libraries, from being looked through again and again: that holds up all."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


# ---------------------------------------------------------------------------------------------------------------
# Reloading


class Reloads:
    """Puts the configuration to work as it stands in its directory. One with mistakes is told, and changes nothing."""

    def __init__(self, app: App, watched: Watched, *, between: timedelta = BETWEEN_GLANCES) -> None:
        self._app = app
        self._directory = watched.directory
        self._state: DirectoryState | None = watched.state
        self._between = between.total_seconds()
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Read the configuration now, whether a file changed or not."""
        self._asked.set()

    async def watch(self) -> None:
        """Reload whenever a file changed or somebody asked, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._between):
                    await self._asked.wait()
            try:
                await self._glance()
            except Exception:  # the top of a step: what runs goes on as it was
                self._app.log.logger.exception(Event.STEP_CRASHED, step="reload")

    async def _glance(self) -> None:
        asked = self._asked.is_set()
        self._asked.clear()
        state = await asyncio.to_thread(directory_state, self._directory)
        if not asked and state == self._state:
            return
        while not asked and (later := await self._later()) != state:
            state = later
        self._state = state  # what changes while it is read is met by the next glance
        await self.reload()

    async def _later(self) -> DirectoryState:
        await asyncio.sleep(STILLNESS.total_seconds())
        return await asyncio.to_thread(directory_state, self._directory)

    async def reload(self) -> None:
        """Read and check the whole configuration, and put it to work if it has no mistake."""
        journal, config = self._app.log.logger, str(self._directory)
        try:
            plan = await asyncio.to_thread(load_plan, self._directory, os.environ)
            await self._app.reconfigure(plan)
            await self._app.pipeline.prepare()
        except ConfigError as error:
            journal.error(Event.CONFIG_REFUSED, config=config, problems=[str(problem) for problem in error.problems])
        except OSError as error:
            journal.error(Event.CONFIG_REFUSED, config=config, problems=[str(error)])
        except StorageError as error:
            self._state = None  # it is right, and not stored yet
            journal.error(Event.STORAGE_FAILED, step="reload", detail=str(error))
        else:
            tell_warnings(journal, plan)
            journal.info(
                Event.CONFIG_RELOADED,
                config=config,
                feeds=len(plan.feeds),
                rules=len(plan.rules),
                channels=len(plan.channels),
            )
            self._app.runner.wake()
            settle_memory()


def tell_warnings(journal: Logger, plan: Plan) -> None:
    """Log what is not wrong with a configuration, but worth a look."""
    for warning in plan.warnings:
        journal.warning(Event.CONFIG_WARNED, problem=str(warning))


@asynccontextmanager
async def _reloading(reloads: Reloads) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    watching = asyncio.create_task(reloads.watch(), name="reloads")
    loop.add_signal_handler(signal.SIGHUP, reloads.ask)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


# ---------------------------------------------------------------------------------------------------------------
# Once


async def run_once(app: App) -> bool:
    """Poll every feed once and try every waiting delivery once; tell whether all of them were accepted.

    What could not be stored is left to whoever runs next.

    Raises:
        StorageError: something could not be stored, and is to be done by another run.
    """
    try:
        return await _do_all(app)
    finally:
        with suppress(StorageError):  # a lease that cannot be given back ends by itself
            await app.store.release_leases(app.owner)


async def _do_all(app: App) -> bool:
    last = ends = await _poll_all(app, FOREVER)
    for _ in range(MOST_LOOKS):
        if not any(end.unsettled for end in last):
            break
        await asyncio.sleep(BETWEEN_LOOKS.total_seconds())
        last = await _poll_all(app, utc_now() + 2 * DIRECTORY_INTERVAL)
        ends = [*ends, *last]
    await _read_pages(app)
    await app.pipeline.expire()
    await app.pipeline.flush(grouped=True)
    await app.pipeline.tell()
    accepted = await asyncio.gather(*(_deliver_all(app, channel.name, FOREVER) for channel in app.plan.channels))
    await app.pipeline.prune()
    if any(end.refused for end in ends):
        raise StorageError("the database refused what was polled; the log says why, and the next run polls it again")
    return all(accepted)


async def _poll_all(app: App, due_by: datetime) -> Sequence[PollEnd]:
    """Poll what is due by then, the feeds of one host one after the other: a slow one holds one slot."""
    slots = asyncio.Semaphore(MOST_POLLS)
    hosts: dict[str, list[DueFeed]] = {}
    for due in await app.pipeline.claim_feeds(due_by, EVERYTHING, one_per_host=False):
        feed = app.plan.feed_named.get(due.name)
        hosts.setdefault(feed.host if feed else due.name, []).append(due)

    async def poll(host: str) -> Sequence[PollEnd]:
        ends: list[PollEnd] = []
        for due in hosts[host]:
            async with slots:
                ends.append(await app.pipeline.poll_feed(due))
            if ends[-1].host_is_busy:
                break  # it wants to be left alone; the next run asks for the others
        return ends

    return [end for ends in await asyncio.gather(*map(poll, hosts)) for end in ends]


async def _read_pages(app: App) -> None:
    """Read the pages that are due, those that earlier runs left too, and decide without those that come too late.

    A slow page holds up no other. What is still due after a while is left to the next run, but for articles that wait.
    """
    running: set[asyncio.Task[bool]] = set()
    until = utc_now() + TIME_FOR_PAGES
    while True:
        now = utc_now()
        pages = [*await app.pipeline.claim_pages(now, MOST_READS, late=True)]
        if now < until:
            pages += await app.pipeline.claim_pages(now, max(MOST_READS - len(running), 0))
        running |= {asyncio.create_task(app.pipeline.read_page(page)) for page in pages}
        waiting = DueWork.LATE_PAGES in await app.store.due_work(now + PATIENCE)
        if not (running or waiting):
            return
        _, running = await asyncio.wait(
            running or {asyncio.create_task(asyncio.sleep(0.2, result=True))},
            timeout=0.2,
            return_when=asyncio.FIRST_COMPLETED,
        )


async def retry_feed(app: App, name: str) -> bool:
    """Have a feed polled now, be it gone or failing; False where there is none of that name."""
    return await app.store.wake_feed(name, utc_now())


async def answer_retry_feed(app: App, request: JsonObject) -> JsonObject:
    """Answer the command `feeds retry`."""
    name = str(request.get("feed"))
    found = await retry_feed(app, name)
    app.runner.wake()
    app.log.logger.info(Event.COMMAND_ANSWERED, command="feeds retry", feed=name)
    return {"found": found}


async def add_silence(app: App, silence: Silence) -> None:
    """Keep what a silence matches from being sent."""
    await app.store.add_silence(silence)
    app.log.logger.info(Event.SILENCE_STARTED, silence=silence.id, due=silence.ends)


async def end_silence(app: App, named: str, *, release: bool) -> JsonObject:
    """End a silence, and have what it kept be sent where that is asked for; tell whether there is one, and how much."""
    ended = await app.store.end_silence(named, utc_now())
    released = await app.pipeline.release(named) if ended and release else 0
    if ended:
        app.log.logger.info(Event.SILENCE_ENDED, silence=named, alerts=released)
    return {"found": ended is not None, "released": released}


async def answer_add_silence(app: App, request: JsonObject) -> JsonObject:
    """Answer the command `silence add`."""
    await add_silence(app, read_silence(request.get("silence")))
    return {}


async def answer_end_silence(app: App, request: JsonObject) -> JsonObject:
    """Answer the command `silence end`."""
    return await end_silence(app, str(request.get("silence")), release=bool(request.get("release")))


def read_silence(asked: object) -> Silence:
    """Read a silence as `silence add` sends it.

    Raises:
        UsageError: it is none.
    """
    match asked:
        case {
            "id": str(named),
            "starts": str(starts),
            "ends": str(ends),
            "match": {**matched},
            "comment": str(comment),
            "author": str(author),
        }:
            values = {str(key): frozenset(map(str, cast("list[object]", value))) for key, value in matched.items()}
            channels, stories = values.pop("channels", frozenset()), values.pop("stories", frozenset())
            severities = frozenset(map(Severity, values.pop("severities", frozenset())))
            return Silence(
                id=named,
                match=RouteMatch(severities=severities, **values),
                starts=datetime.fromisoformat(starts),
                ends=datetime.fromisoformat(ends),
                channels=channels,
                stories=stories,
                comment=comment,
                author=author,
                created=utc_now(),
            )
        case _:
            raise UsageError("that is no silence")


async def retry_deliveries(app: App, named: str | None, channel: str | None) -> Sequence[str]:
    """Have a delivery, or all, those of one channel where named, be tried now as if for the first time.

    Returns the ids of those that are. Of all are left out those of channels that are not configured any more.

    Raises:
        UsageError: there is no such channel.
    """
    of = {item.name for item in app.plan.channels} if channel is None else {channel_named(app, channel).name}
    return await app.store.retry_deliveries(named, of, app.pipeline.now())


async def answer_retry_deliveries(app: App, request: JsonObject) -> JsonObject:
    """Answer the command `deliveries retry`."""
    named, channel = (value if isinstance(value, str) else None for value in map(request.get, ("delivery", "channel")))
    found = await retry_deliveries(app, named, channel)
    app.runner.wake()
    app.log.logger.info(Event.COMMAND_ANSWERED, command="deliveries retry", delivery=named or "all")
    return {"found": len(found)}


async def drop_delivery(app: App, named: str) -> bool:
    """Give up a delivery that waits or is dead; False where there is none of that id."""
    return await app.store.drop_delivery(named, app.pipeline.now())


async def answer_drop_delivery(app: App, request: JsonObject) -> JsonObject:
    """Answer the command `deliveries drop`."""
    named = str(request.get("delivery"))
    found = await drop_delivery(app, named)
    app.log.logger.info(Event.COMMAND_ANSWERED, command="deliveries drop", delivery=named)
    return {"found": found}


async def _deliver_all(app: App, channel: str, due_by: datetime) -> bool:
    """Try everything of a channel that is due by then once, at its pace; tell whether all of it was accepted.

    Where the channel turns out to fail, or asks for patience, the rest goes on waiting.
    """
    begun, accepted = app.pipeline.now(), True
    while True:
        claimed = await app.pipeline.claim_deliveries(channel, due_by, MOST_SENDS, untried_since=begun)
        if claimed:
            ends = await asyncio.gather(*map(app.pipeline.deliver, claimed))
            accepted = accepted and all(isinstance(end, Delivered) for end in ends)
        standing = await app.store.channel_standing(channel)
        if (claimed and standing.open_since) or not (claimed or await _paced(standing, app.pipeline.now())):
            return accepted and not await _left_waiting(app, channel, due_by)


async def _paced(standing: ChannelStanding, now: datetime) -> bool:
    """Wait until the next message may be sent to a channel, if that is all that it waits for; tell whether it was."""
    if standing.paced_until is None or standing.paced_until <= now or is_kept_waiting(standing, now):
        return False
    await asyncio.sleep((standing.paced_until - now).total_seconds())
    return True


async def _left_waiting(app: App, channel: str, due_by: datetime) -> bool:
    waiting = await app.store.list_deliveries(DeliveryState.WAITING, channel, EVERYTHING)
    return any(report.due and report.due <= due_by for report in waiting)


# ---------------------------------------------------------------------------------------------------------------
# A test of a channel


async def answer_send_test(app: App, request: JsonObject) -> JsonObject:
    """Answer the command `send-test`: put a test message down, and tell how its first tries went."""
    message = await put_test(app, str(request.get("channel")))
    app.runner.wake()
    reports = await _first_tries(app, message)
    app.log.logger.info(Event.COMMAND_ANSWERED, command="send-test", channel=str(request.get("channel")))
    return {"deliveries": [report_json(report) for report in reports]}


async def send_test(app: App, channel: str) -> Sequence[JsonObject]:
    """Send a test message where no daemon runs, and tell how it went."""
    message = await put_test(app, channel)
    await _deliver_all(app, channel, app.pipeline.now())  # what waits for a retry goes on waiting
    return [report_json(report) for report in await app.store.delivery_reports(message)]


async def put_test(app: App, channel: str) -> str:
    """Store a test message for a channel; return its id.

    Raises:
        UsageError: there is no such channel.
    """
    spec, now = channel_named(app, channel), app.pipeline.now()
    message = test_message(spec, f"{app.owner} {now.isoformat()}", now)
    await app.store.add_message(message, now)
    await app.store.wake_channel(channel, now)
    return message.id


def channel_named(app: App, channel: str) -> ChannelSpec:
    """Return a channel that is configured.

    Raises:
        UsageError: there is no such channel.
    """
    spec = app.plan.channel_named.get(channel)
    if spec is None:
        known = ", ".join(item.name for item in app.plan.channels) or "none"
        raise UsageError(f"there is no channel {channel!r}; there is: {known}")
    return spec


async def _first_tries(app: App, message: str) -> Sequence[DeliveryReport]:
    async with asyncio.timeout(None) as patience:
        patience.reschedule(asyncio.get_running_loop().time() + TEST_PATIENCE.total_seconds())
        while True:
            reports = await app.store.delivery_reports(message)
            if all(report.attempts or report.state is not DeliveryState.WAITING for report in reports):
                return reports
            await asyncio.sleep(0.05)


def report_json(report: DeliveryReport) -> JsonObject:
    """Return where a delivery stands, as `send-test --json` prints it."""
    return {
        "delivery_id": report.id,
        "channel": report.channel,
        "recipient": report.recipient,
        "state": report.state.value,
        "reason": report.reason,
        "status": report.last_status,
        "detail": report.last_detail,
        "remote_id": report.remote_id,
        "seconds": report.took.total_seconds() if report.took is not None else None,
    }
