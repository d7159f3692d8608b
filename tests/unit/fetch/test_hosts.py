"""Politeness, with a clock that the test turns."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tocsin.fetch.hosts import HostBusy, Hosts, Politeness


class Turns:
    """Hosts on a clock that goes on only where somebody sleeps; `starts` are what was asked, and when."""

    def __init__(self, **politeness):
        self.now = 100.0
        self.starts = []
        self.hosts = Hosts(Politeness(clock=lambda: self.now, sleep=self.sleep, **politeness))

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)

    async def ask(self, host, address=None, *, gap=0.0, until=None):
        async with self.hosts.turn(host, address, gap=gap):
            self.starts.append((host, self.now))
            if until:
                await until.wait()


async def settled():
    """Let everybody go as far as they can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_starts_at_a_host_are_a_gap_apart():
    """A host is asked again when the gap is over, another host at once."""
    turns = Turns(gap=1.0)
    await turns.ask("a")
    await turns.ask("b")
    await turns.ask("a")
    await turns.ask("a")
    assert turns.starts == [("a", 100.0), ("b", 100.0), ("a", 101.0), ("a", 102.0)]


async def test_starts_at_an_address_are_a_gap_apart():
    """Names that share an address share its gap."""
    turns = Turns(gap=1.0)
    await turns.ask("a", "192.0.2.1")
    await turns.ask("b", "192.0.2.1")
    await turns.ask("c", "192.0.2.2")
    assert turns.starts == [("a", 100.0), ("b", 101.0), ("c", 101.0)]


async def test_a_time_that_is_over_anyway_is_not_waited_for():
    """The gap lies between starts: a long answer uses it up."""
    turns = Turns(gap=1.0)
    await turns.ask("a")
    turns.now += 5
    await turns.ask("a")
    assert turns.starts == [("a", 100.0), ("a", 105.0)]


async def test_a_host_may_ask_for_a_longer_gap_for_itself():
    """What a host asks for lengthens its own gap, never shortens it, and holds up no other at its address."""
    turns = Turns(gap=1.0)
    await turns.ask("a", "192.0.2.1")
    await turns.ask("b", "192.0.2.1", gap=10.0)
    await turns.ask("a", "192.0.2.1", gap=0.1)
    await turns.ask("b", "192.0.2.1", gap=10.0)
    assert turns.starts == [("a", 100.0), ("b", 101.0), ("a", 102.0), ("b", 111.0)]


@pytest.mark.parametrize("shared", ["host", "address"])
async def test_one_request_in_flight_per_host_and_per_address(shared):
    """While one request is at work, nobody else asks the same name or the same address."""
    turns, done = Turns(gap=0.0), asyncio.Event()
    names = ("a", "a") if shared == "host" else ("a", "b")
    addresses = ("192.0.2.1", "192.0.2.2") if shared == "host" else ("192.0.2.1", "192.0.2.1")
    asked = [asyncio.ensure_future(turns.ask(*both, until=done)) for both in zip(names, addresses, strict=True)]
    await settled()
    assert len(turns.starts) == 1
    done.set()
    await asyncio.gather(*asked)
    assert len(turns.starts) == 2


async def test_no_more_than_so_many_in_all():
    """There is a bound on the requests at work, and whoever is done makes room for the next."""
    turns, done = Turns(in_flight=3), asyncio.Event()
    asked = [asyncio.ensure_future(turns.ask(f"h{n}", until=done)) for n in range(5)]
    await settled()
    assert len(turns.starts) == 3
    done.set()
    await asyncio.gather(*asked)
    assert len(turns.starts) == 5


async def test_a_host_that_hangs_holds_only_its_own_places():
    """Everybody else is asked although requests wait for a host that hangs, more of them than there are places."""
    turns, never = Turns(gap=0.0, in_flight=2), asyncio.Event()
    hanging = [asyncio.ensure_future(turns.ask("slow", until=never)) for _ in range(10)]
    await settled()
    await asyncio.gather(*(turns.ask(f"h{n}") for n in range(99)))
    assert len(turns.starts) == 100
    for one in hanging:
        one.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_whoever_waits_too_long_is_told():
    """A turn that does not come is given up, and leaves the way free for the others."""
    turns, done = Turns(gap=0.0, patience=0.01), asyncio.Event()
    first = asyncio.ensure_future(turns.ask("a", until=done))
    await settled()
    with pytest.raises(HostBusy):
        await turns.ask("a")
    done.set()
    await first
    await turns.ask("a")
    assert len(turns.starts) == 2


async def test_whoever_gives_up_leaves_no_trace():
    """A request that is cancelled, waiting or at work, keeps nobody from asking."""
    turns, never = Turns(gap=0.0, in_flight=1), asyncio.Event()
    given_up = [asyncio.ensure_future(turns.ask("a", "192.0.2.1", until=never)) for _ in range(3)]
    await settled()
    for one in given_up:
        one.cancel()
        await asyncio.gather(one, return_exceptions=True)
    await turns.ask("a", "192.0.2.1")


async def test_hosts_of_long_ago_are_forgotten():
    """What is kept grows with the hosts of the last minute, not with all that ever were; who is at work is kept."""
    turns, done = Turns(gap=1.0), asyncio.Event()
    async with AsyncExitStack() as held:
        await held.enter_async_context(turns.hosts.turn("at work", None))
        for number in range(20_000):
            turns.now += 0.1
            await turns.ask(f"h{number}")
        assert len(turns.hosts._places) < 2_500
        waiting = asyncio.ensure_future(turns.ask("at work", until=done))
        await settled()
        assert turns.starts[-1][0] == "h19999"
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
