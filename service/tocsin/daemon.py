"""The daemon: runs an app until it is told to stop, and answers commands meanwhile; and the same work done once."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from tocsin.alerts.ring import test_message
from tocsin.app import App
from tocsin.clock import utc_now
from tocsin.control import ControlServer, socket_path
from tocsin.errors import StorageError, UsageError
from tocsin.feeds.schedule import DIRECTORY_INTERVAL
from tocsin.log import Event
from tocsin.model import Delivered, DeliveryReport, DeliveryState, DueFeed, JsonObject
from tocsin.pipeline import MOST_POLLS, MOST_READS, MOST_SENDS, PATIENCE, PollEnd
from tocsin.ports import DueWork

#: What ends the daemon in good order. A hang-up does too: its terminal is gone, or its supervisor starts it again on
#: the configuration as it then is.
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

#: How long to wait for the first try of a test message: longer than any channel's time-out by default.
TEST_PATIENCE = timedelta(seconds=30)

#: How often `--once` looks again at a directory in which a file is still being written.
MOST_LOOKS = 10
BETWEEN_LOOKS = timedelta(seconds=1)

#: How long `--once` reads pages that no article waits for any more.
TIME_FOR_PAGES = timedelta(minutes=2)

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
EVERYTHING = 1_000_000


async def run_daemon(app: App) -> None:
    """Poll and deliver until SIGTERM, SIGINT or SIGHUP; then let what runs end, for some seconds."""
    log = app.log.logger
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_stopping_on_signals(app))
        if app.database is not None:
            handlers = {
                "send-test": lambda request: answer_send_test(app, request),
                "retry-feed": lambda request: answer_retry_feed(app, request),
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
        gc.freeze()  # rules and libraries stay for good: looking through them again and again would hold up the loop
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
    await app.pipeline.tell()
    accepted = await asyncio.gather(*(_deliver_all(app, channel.name, FOREVER) for channel in app.plan.channels))
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


async def _deliver_all(app: App, channel: str, due_by: datetime) -> bool:
    slots = asyncio.Semaphore(MOST_SENDS)
    claimed = await app.pipeline.claim_deliveries(channel, due_by, EVERYTHING)

    async def deliver(number: int) -> bool:
        async with slots:
            return isinstance(await app.pipeline.deliver(claimed[number]), Delivered)

    return all(await asyncio.gather(*map(deliver, range(len(claimed)))))


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
    await _deliver_all(app, channel, utc_now())  # what waits for a retry goes on waiting
    return [report_json(report) for report in await app.store.delivery_reports(message)]


async def put_test(app: App, channel: str) -> str:
    """Store a test message for a channel; return its id.

    Raises:
        UsageError: there is no such channel.
    """
    spec = app.plan.channel_named.get(channel)
    if spec is None:
        known = ", ".join(item.name for item in app.plan.channels) or "none"
        raise UsageError(f"there is no channel {channel!r}; there is: {known}")
    now = utc_now()
    message = test_message(spec, f"{app.owner} {now.isoformat()}", now)
    await app.store.add_message(message, now)
    return message.id


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
