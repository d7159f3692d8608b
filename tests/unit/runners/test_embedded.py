"""The embedded runner: every claimed unit once, lanes apart, nothing in vain."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from tocsin.errors import StorageError
from tocsin.runners.embedded import EmbeddedRunner

SLOW_TICK = timedelta(seconds=30)


class FakeSteps:
    """Lanes of numbered units; a unit runs `behaviour`, by default nothing."""

    def __init__(self, behaviours=None, widths=None):
        self.behaviours = behaviours or {}
        self.widths = widths or {}
        self.waiting = Counter()
        self.claimed = Counter()
        self.ran = Counter()
        self.running = Counter()
        self.peak = Counter()
        self.looks = 0
        self.claims = Counter()
        self.beats = 0
        self.look_fails = None
        self.claim_fails = {}

    async def due_lanes(self):
        self.looks += 1
        if self.look_fails:
            raise self.look_fails
        return {lane: self.widths.get(lane, 2) for lane, count in self.waiting.items() if count}

    async def claim(self, lane, limit):
        self.claims[lane] += 1
        await asyncio.sleep(0)
        if lane in self.claim_fails:
            raise self.claim_fails[lane]
        count = min(limit, self.waiting[lane])
        self.waiting[lane] -= count
        units = [(lane, self.claimed[lane] + number) for number in range(count)]
        self.claimed[lane] += count
        return [lambda unit=unit: self._unit(unit) for unit in units]

    async def _unit(self, unit):
        lane, _ = unit
        self.ran[unit] += 1
        self.running[lane] += 1
        self.peak[lane] = max(self.peak[lane], self.running[lane])
        try:
            await self.behaviours.get(lane, asyncio.sleep)(0)
        finally:
            self.running[lane] -= 1

    async def beat(self):
        self.beats += 1


@asynccontextmanager
async def running(steps, **options):
    troubles = []
    runner = EmbeddedRunner(on_trouble=troubles.append, **options)
    task = asyncio.create_task(runner.run(steps))
    try:
        await asyncio.sleep(0.01)
        yield runner, troubles
    finally:
        runner.stop()
        runner.stop()
        await asyncio.wait_for(task, 2)


async def until(condition, seconds=2.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def short(_):
    await asyncio.sleep(0.001)


async def forever(_):
    await asyncio.Event().wait()


async def test_every_claimed_unit_runs_exactly_once_and_within_its_lanes_width():
    """Claimed = run, each once, never more at a time than the lane is wide, without waiting for ticks in between."""
    steps = FakeSteps(behaviours={"feeds": short}, widths={"feeds": 5, "desk": 1})
    steps.waiting.update(feeds=200, desk=50)
    async with running(steps, tick=SLOW_TICK) as (_, troubles):
        await until(lambda: steps.ran.total() == 250)
        await asyncio.sleep(0.05)
    assert set(steps.ran.values()) == {1}
    assert steps.claimed == Counter(feeds=200, desk=50)
    assert steps.peak["feeds"] == 5
    assert steps.peak["desk"] == 1
    assert steps.looks == 1
    assert troubles == []


async def test_a_hanging_lane_uses_only_its_own_slots():
    """Where one lane's units hang, the others' run, and it holds no more than its own width."""
    steps = FakeSteps(behaviours={"hanging": forever}, widths={"hanging": 3})
    steps.waiting.update(hanging=10, good=20)
    async with running(steps, tick=timedelta(seconds=0.02)):
        await until(lambda: sum(lane == "good" for lane, _ in steps.ran) == 20)
        await asyncio.sleep(0.1)
        assert steps.running["hanging"] == 3
        steps.waiting["good"] += 1
        await until(lambda: sum(lane == "good" for lane, _ in steps.ran) == 21)


async def test_a_hanging_claim_holds_up_its_own_lane_only():
    """A claim that does not come back delays no other lane."""
    steps = FakeSteps()
    claim = steps.claim

    async def hang(lane, limit):
        return await (forever(0) if lane == "hanging" else claim(lane, limit))

    steps.claim = hang
    steps.waiting.update(hanging=1, good=5)
    async with running(steps, tick=timedelta(seconds=0.02)):
        await until(lambda: steps.ran.total() == 5)


async def test_a_lane_with_free_slots_takes_new_work_while_others_of_its_units_run():
    """One long unit does not keep the rest of its lane from working."""
    steps = FakeSteps(widths={"feeds": 2})
    first = asyncio.Event()

    async def long_if_first(_):
        if not first.is_set():
            first.set()
            await forever(_)

    steps.behaviours["feeds"] = long_if_first
    steps.waiting["feeds"] = 1
    async with running(steps, tick=timedelta(seconds=0.02)):
        await until(first.is_set)
        steps.waiting["feeds"] += 6
        await until(lambda: steps.ran.total() == 7)


async def test_a_wake_is_answered_at_once():
    """Work that is announced by `wake` starts within 0.2 s, whatever the tick."""
    steps = FakeSteps()
    async with running(steps, tick=SLOW_TICK) as (runner, _):
        await until(lambda: steps.looks == 1)
        steps.waiting["feeds"] = 1
        runner.wake()
        await until(lambda: steps.ran.total() == 1, seconds=0.2)


async def test_ticks_find_work_without_a_wake():
    """Work that nobody announced starts at the next tick."""
    steps = FakeSteps()
    async with running(steps, tick=timedelta(seconds=0.05)):
        await until(lambda: steps.looks >= 1)
        steps.waiting["feeds"] = 1
        await until(lambda: steps.ran.total() == 1, seconds=0.5)


async def test_idle_costs_one_look_a_tick():
    """With nothing due it looks once a tick and claims nothing."""
    steps = FakeSteps()
    async with running(steps, tick=timedelta(seconds=0.1)):
        await asyncio.sleep(0.55)
        assert 3 <= steps.looks <= 8
    assert steps.claims.total() == 0


async def test_it_beats_at_the_start_and_then_regularly():
    """The first beat comes at once, the next ones at their interval, not with every tick."""
    steps = FakeSteps()
    async with running(steps, tick=timedelta(seconds=0.02), beat=timedelta(seconds=0.2)):
        assert steps.beats == 1
        await asyncio.sleep(0.5)
        assert 2 <= steps.beats <= 4


async def test_ticks_survive_a_clock_that_is_set_back():
    """With the wall clock a day back, work is still found within a few ticks."""

    class Yesterday(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=1)

    steps = FakeSteps()
    async with running(steps, tick=timedelta(seconds=0.05)):
        await until(lambda: steps.looks >= 2)
        with patch("apscheduler.schedulers.base.datetime", Yesterday):
            await asyncio.sleep(0.12)
            steps.waiting["feeds"] = 1
            await until(lambda: steps.ran.total() == 1, seconds=1)
    assert datetime.now(UTC) > Yesterday.now(UTC)


@pytest.mark.parametrize("trouble", [StorageError("gone"), ZeroDivisionError()])
async def test_trouble_is_told_and_the_loop_goes_on(trouble):
    """What looking, claiming or a unit raises is told, at most once a tick, and work goes on when it is over."""

    async def fail(_):
        raise trouble

    steps = FakeSteps(behaviours={"bad": fail})
    steps.waiting.update(bad=1, good=3)
    steps.claim_fails["unclaimable"] = trouble
    steps.waiting["unclaimable"] = 1
    async with running(steps, tick=timedelta(seconds=0.1)) as (_, troubles):
        await until(lambda: len(troubles) >= 2)
        assert steps.ran.total() == 4
        steps.look_fails = trouble
        await asyncio.sleep(0.25)
        assert 4 <= len(troubles) <= 7
        steps.look_fails = None
        steps.claim_fails.clear()
        await until(lambda: steps.claimed["unclaimable"] == 1)
    assert set(troubles) == {trouble}


async def test_a_failed_unit_does_not_make_its_lane_hot():
    """A lane whose every unit fails takes no more than its width a tick."""

    async def fail(_):
        raise ZeroDivisionError

    steps = FakeSteps(behaviours={"bad": fail}, widths={"bad": 2})
    steps.waiting["bad"] = 10_000
    async with running(steps, tick=timedelta(seconds=0.1)) as (_, troubles):
        await asyncio.sleep(0.35)
    assert 2 <= len(troubles) <= 12


async def test_stop_lets_running_units_end_and_claims_no_more():
    """Within the grace what runs ends by itself, nothing is claimed, and `run` returns as soon as it has."""
    ended = []
    go_on = asyncio.Event()

    async def finish(_):
        await go_on.wait()
        ended.append(1)

    steps = FakeSteps(behaviours={"feeds": finish}, widths={"feeds": 2})
    steps.waiting["feeds"] = 10
    runner = EmbeddedRunner(on_trouble=pytest.fail, tick=timedelta(seconds=0.02))
    task = asyncio.create_task(runner.run(steps))
    await until(lambda: steps.running["feeds"] == 2)
    runner.stop()
    await asyncio.sleep(0.05)
    assert not task.done()
    go_on.set()
    await asyncio.wait_for(task, 0.2)
    assert (len(ended), steps.claimed["feeds"]) == (2, 2)


async def test_units_that_were_being_claimed_at_the_stop_are_not_lost():
    """A claim that comes back after `stop` has its units run."""
    steps = FakeSteps()
    claiming, let_go = asyncio.Event(), asyncio.Event()
    claim = steps.claim

    async def slow(lane, limit):
        claiming.set()
        await let_go.wait()
        return await claim(lane, limit)

    steps.claim = slow
    steps.waiting["feeds"] = 2
    runner = EmbeddedRunner(on_trouble=pytest.fail)
    task = asyncio.create_task(runner.run(steps))
    await claiming.wait()
    runner.stop()
    let_go.set()
    await asyncio.wait_for(task, 1)
    assert steps.ran.total() == steps.claimed["feeds"] == 2


@pytest.mark.parametrize("hanging", ["unit", "claim", "due_lanes", "beat"])
async def test_what_hangs_is_given_up_after_the_grace(hanging):
    """Whatever hangs, `run` returns once the grace is over, and a second `stop` does not wait for it."""
    for stops, least, most in [(1, 0.2, 0.5), (2, 0.0, 0.1)]:
        steps = FakeSteps(behaviours={"feeds": forever} if hanging == "unit" else {})
        steps.waiting["feeds"] = 1
        if hanging != "unit":
            setattr(steps, hanging, lambda *_: forever(0))
        runner = EmbeddedRunner(on_trouble=pytest.fail, grace=timedelta(seconds=0.2))
        task = asyncio.create_task(runner.run(steps))
        await asyncio.sleep(0.03)
        started = asyncio.get_running_loop().time()
        for _ in range(stops):
            runner.stop()
        await asyncio.wait_for(task, 2)
        assert least - 0.02 <= asyncio.get_running_loop().time() - started <= most


async def test_stopping_is_safe_at_any_time():
    """`stop` before the start, again and after the end does nothing bad."""
    runner = EmbeddedRunner(on_trouble=pytest.fail)
    runner.stop()
    await asyncio.wait_for(runner.run(FakeSteps()), 0.5)
    runner.stop()
    runner.stop()


async def test_an_idle_daemon_stops_at_once():
    """With nothing running, `stop` ends `run` in no time."""
    steps = FakeSteps()
    runner = EmbeddedRunner(on_trouble=pytest.fail)
    task = asyncio.create_task(runner.run(steps))
    await until(lambda: steps.looks == 1)
    runner.stop()
    await asyncio.wait_for(task, 0.1)


async def test_cancelling_run_cancels_its_units():
    """A caller that cancels `run` leaves nothing running behind."""
    steps = FakeSteps(behaviours={"feeds": forever})
    steps.waiting["feeds"] = 2
    runner = EmbeddedRunner(on_trouble=pytest.fail)
    task = asyncio.create_task(runner.run(steps))
    await until(lambda: steps.running["feeds"] == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps.running["feeds"] == 0
    runner.stop()
