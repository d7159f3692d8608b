"""A trial: a service that is killed again and again, then left alone, and what came of its alerts.

Each life is the real daemon on real rows, forked from a parent that has imported everything, and killed with SIGKILL
after a random time, or ended by a fault at a named point. The last life runs until all is quiet. What was published
and what arrived is known from the world, and is held against each other.
"""

import asyncio
import os
import signal
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select

from support.crash import faults, world
from support.crash.faults import Fault, Tripwire
from support.crash.processes import adopt_orphans, ended, fork, kill, reap
from support.crash.stores import STORES, WHOLE
from support.crash.world import AT_ONCE, FEEDS, GROUPED, HOOKS, Fate, History, Receipt, Ways
from tocsin.app import Outside, open_app
from tocsin.clock import utc_now
from tocsin.config.build import load_plan
from tocsin.daemon import run_daemon
from tocsin.errors import StorageError
from tocsin.fetch.hosts import Politeness
from tocsin.log import Event, Log
from tocsin.model import Totals
from tocsin.pipeline import MOST_SENDS
from tocsin.plan import Plan
from tocsin.ports import DueWork
from tocsin.storage.engines import database_file
from tocsin.storage.store import SqlStore, open_store
from tocsin.storage.tables import pages

RETRIES = (timedelta(seconds=0.2),) * 60  # so many that no delivery dies of bad luck
DRAIN = 9.0  # seconds that the service may take to end when it is asked to
GOING = 15.0  # seconds for what a killed life started to go away

CONFIGURATION = """
channels:
  - {{name: siem, type: webhook, url: "{url}{at_once}", timeout: 1s, allow_private: [127.0.0.0/8]}}
  - {{name: desk, type: webhook, url: "{url}{grouped}", timeout: 1s, allow_private: [127.0.0.0/8]}}
routes:
  - {{channels: [siem], continue: true}}
  - {{channels: [desk], group_by: feed, group_wait: 1s, group_interval: 1s}}
rules:
  - {{name: Invasion, keywords: [invasion], max_per_hour: 10000}}
feeds:
"""
FEED = """
  - name: Feed {number}
    url: "{url}"
    every: 1s
    first_poll: all
    full_text: auto
    allow_private: [127.0.0.0/8]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How often to kill what, with which luck. Files go to `directory`.

    `kills` lives of up to `longest` seconds end by chance, and one at each of the `faults`, all in a random order.
    """

    directory: Path
    database_url: str
    kills: int = 0
    faults: Sequence[Fault] = ()
    seed: int = 1
    store: str = WHOLE
    ways: Ways = field(default_factory=Ways)
    longest: float = 1.6
    patience: float = 120.0  # seconds for a life to come to its fault, and for the last one to become quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What came of a trial. Lists of reports are by number; `totals` are row counts by outcome."""

    kills: int
    seconds: float
    published: int
    expected: int
    pending: (
        int  # of these, rung by nothing yet: what rings stands on a page that is asked for once more, an hour later
    )
    lost: Sequence[int]
    unexpected: Sequence[int]
    copies: int
    excused: int  # copies that lost answers and kills can account for
    integrity: str
    totals: Mapping[str, Mapping[str, int]]
    fates: Mapping[str, int]
    problems: Sequence[str] = field(default_factory=list)  # all that broke a promise, in words


def run(trial: Trial) -> Findings:
    """Run a trial. The calling process must have no threads; it becomes the parent of all that the lives start."""
    adopt_orphans()
    with a_world(trial) as (outside, url):
        plan = load_plan(write_configuration(trial.directory, url), {})
        started = time.monotonic()
        early = [str(end) for end in ends(trial) if not live_and_die(trial, plan, end)]
        quiet, status = live_on(trial, plan, url)
        seconds = time.monotonic() - started
        left = reap(outside, GOING)
        return judged(
            trial,
            world.history(url),
            seconds,
            {
                f"lives did not end as they were to: {', '.join(early)}": bool(early),
                "the last life did not become quiet": not quiet,
                f"the last life ended with {status}": status != 0,
                f"{left} processes were left behind": left > 0,
                "a step crashed": Event.STEP_CRASHED.value in log_file(trial).read_text(),
            },
        )


# ---------------------------------------------------------------------------------------------------------------
# Lives


@contextmanager
def a_world(trial: Trial) -> Iterator[tuple[int, str]]:
    """Have a world in a process of its own; give its process id and URL."""
    ours, theirs = os.pipe()
    process = fork(lambda: world.serve(trial.seed, trial.ways, theirs))
    os.close(theirs)
    try:
        with os.fdopen(ours) as told:
            url = told.readline().strip()
        yield process, url
    finally:
        kill(process)


def write_configuration(directory: Path, url: str) -> Path:
    """Write a configuration for the world at `url`."""
    text = CONFIGURATION.format(url=url, at_once=AT_ONCE, grouped=GROUPED)
    text += "".join(FEED.format(url=world.feed_url(url, number), number=number) for number in range(FEEDS))
    place = directory / "config"
    place.mkdir()
    (place / "tocsin.yaml").write_text(text)
    return place


def log_file(trial: Trial) -> Path:
    """Return the log of all lives."""
    return trial.directory / "lives.log"


def ends(trial: Trial) -> Sequence[float | Fault]:
    """Return how each life is to end: after seconds, some too few to begin, most enough to work, or at a fault."""
    luck = Random(trial.seed)
    mixed = [*(luck.uniform(0.0, trial.longest) for _ in range(trial.kills)), *trial.faults]
    luck.shuffle(mixed)
    return mixed


def live_and_die(trial: Trial, plan: Plan, end: float | Fault) -> bool:
    """Live a life until its end; False where it ended in another way."""
    if isinstance(end, Fault):
        life = fork(lambda: live(trial, plan, end))
        status = ended(life, trial.patience)
        if status is None:
            kill(life)
        return status == faults.STATUS
    life = fork(lambda: live(trial, plan))
    time.sleep(end)
    return kill(life)


def live_on(trial: Trial, plan: Plan, url: str) -> tuple[bool, int | None]:
    """Live until nothing is new and nothing waits, then be asked to end; tell whether it came to that, and its end.

    This life is never a mutant's: what the others lost stays lost, and the rest is done sooner.
    """
    life = fork(lambda: live(replace(trial, store=WHOLE), plan))
    world.stop_publishing(url)
    deadline = time.monotonic() + trial.patience
    while not (quiet := world.is_settled(url) and is_done(trial.database_url)) and time.monotonic() < deadline:
        time.sleep(0.2)
    os.kill(life, signal.SIGTERM)
    status = ended(life, DRAIN)
    if status is None:
        kill(life)
    return quiet, status


def live(trial: Trial, plan: Plan, fault: Fault | None = None) -> None:
    """Be the daemon, as `tocsin run` is, until a fault."""
    outside = Outside(retry_schedule=RETRIES, store=STORES[trial.store], politeness=Politeness(gap=0))
    if fault:
        wire = Tripwire(fault)
        store = STORES[trial.store]
        outside = replace(outside, store=lambda opened: store(wire.around_store(opened)), tools=wire.around_tools)

    async def work(log: Log) -> None:
        async with open_app(plan, trial.database_url, log, outside) as app:
            await run_daemon(app)

    with log_file(trial).open("a") as lines, Log(level="info", style="json", stream=lines) as log:
        asyncio.run(work(log))


# ---------------------------------------------------------------------------------------------------------------
# Rows


def is_done(database_url: str) -> bool:
    """Tell whether no alert and no message waits, and no page but those that are tried again much later."""

    async def look() -> bool:
        async with await open_store(database_url, read_only=True) as store:
            work = await store.due_work(utc_now() + timedelta(minutes=5))
            counts = await store.totals()
            waiting = counts.dispatches.get("waiting") or counts.deliveries.get("waiting")
            return not waiting and work.isdisjoint({DueWork.PAGES, DueWork.LATE_PAGES})

    try:
        return asyncio.run(look())
    except StorageError:
        return False  # not yet made


def late_entries(database_url: str) -> set[int]:
    """Return the numbers of the entries that were decided upon without their pages, which are asked for once more."""

    async def look() -> set[int]:
        async with await open_store(database_url, read_only=True) as store:
            assert isinstance(store, SqlStore)
            with store.database.read() as connection:
                urls = connection.scalars(select(pages.c.url).where(pages.c.due_at.is_not(None)))
                return {int(url.rpartition("/")[2]) for url in urls}

    return asyncio.run(look())


def totals(database_url: str) -> Totals:
    """Return row counts by outcome."""

    async def look() -> Totals:
        async with await open_store(database_url, read_only=True) as store:
            return await store.totals()

    return asyncio.run(look())


def integrity(database_url: str) -> str:
    """Return what SQLite says of its file, "ok" where all is well; a server sees to that itself."""
    file = database_file(database_url)
    if file is None:
        return "ok"
    with closing(sqlite3.connect(file)) as connection:
        pages = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        keys = [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
    return "ok" if pages == ["ok"] and not keys else "; ".join(pages + keys)


# ---------------------------------------------------------------------------------------------------------------
# Judging


def judged(trial: Trial, history: History, seconds: float, suspicions: Mapping[str, bool]) -> Findings:
    """Hold what arrived against what was published."""
    expected = {item.report for item in history.items if item.rings}
    late = late_entries(trial.database_url)
    told = {receipt.report for receipt in history.receipts}
    pending = {item.report for item in history.items if item.number in late and item.report in expected - told}
    accepted = [receipt for receipt in history.receipts if receipt.fate.accepted]
    arrived = {(receipt.hook, receipt.report) for receipt in accepted if not receipt.update}
    lost = sorted({report for hook in HOOKS for report in expected - pending if (hook, report) not in arrived})
    unexpected = sorted({receipt.report for receipt in history.receipts} - expected)
    fates = Counter({receipt.request: receipt.fate for receipt in history.receipts}.values())
    copies = len({receipt.request for receipt in accepted}) - len({receipt.webhook_id for receipt in accepted})
    killed = trial.kills + len(trial.faults)
    excused = fates[Fate.CUT] + fates[Fate.LATE] + killed * MOST_SENDS * len(HOOKS)
    counts, whole = totals(trial.database_url), integrity(trial.database_url)
    suspicions = {
        f"{len(lost)} alerts were lost": bool(lost),
        f"{len(unexpected)} alerts were not expected": bool(unexpected),
        f"{copies} copies, where {excused} can be accounted for": copies > excused,
        f"the database is damaged: {whole}": whole != "ok",
        **dict.fromkeys((*told_apart(history.receipts), *unbalanced(counts)), True),
        **suspicions,
    }
    return Findings(
        kills=killed,
        seconds=seconds,
        published=len(history.items),
        expected=len(expected),
        pending=len(pending),
        lost=lost,
        unexpected=unexpected,
        copies=copies,
        excused=excused,
        integrity=whole,
        totals={noun: dict(getattr(counts, noun)) for noun in counts.__slots__},
        fates={fate.value: fates[fate] for fate in Fate},
        problems=[problem for problem, holds in suspicions.items() if holds],
    )


def told_apart(receipts: Sequence[Receipt]) -> Iterator[str]:
    """Yield where copies could not be known as such, or a story rang twice.

    A report has one alert, however many feeds carry it; an alert has one id and one body on each of its ways, for
    ever, and so has each of its updates.
    """
    rung = [receipt for receipt in receipts if not receipt.update]
    single = [receipt for receipt in receipts if receipt.hook != GROUPED]
    laws = (
        (receipts, ("report",), "alert"),
        (rung, ("alert", "hook"), "webhook_id"),
        (single, ("webhook_id",), "alert"),
        (receipts, ("webhook_id",), "digest"),
    )
    for told, one, other in laws:
        seen: defaultdict[object, set[object]] = defaultdict(set)
        for receipt in told:
            seen[tuple(getattr(receipt, name) for name in one)].add(getattr(receipt, other))
        several = sum(len(others) > 1 for others in seen.values())
        if several:
            yield f"{several} × one {one[0]} with more than one {other}"


def unbalanced(counts: Totals) -> Iterator[str]:
    """Yield the conservation laws that do not hold: a noun's rows are the sum of their outcomes."""
    for noun in counts.__slots__:
        outcomes = dict(getattr(counts, noun))
        every = outcomes.pop(noun)
        if every != sum(outcomes.values()):
            yield f"{noun}: {every} in all, but {outcomes}"
