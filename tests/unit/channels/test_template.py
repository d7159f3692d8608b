"""Filling in a user's template beside the loop."""

import asyncio
import threading

import pytest

from tocsin.channels import template
from tocsin.channels.template import filled_in


async def test_what_is_filled_in_is_returned():
    """The values go in, in a thread of its own, and what is made of them comes out."""
    threads = []

    def fill_in(values, _stopped):
        threads.append(threading.current_thread())
        return {"text": values["a"]}

    assert await filled_in(fill_in, {"a": "b"}) == {"text": "b"}
    assert threads[0] is not threading.current_thread()
    assert threads[0].daemon


async def test_a_failure_is_told_to_who_waits():
    """What a template raises comes out as it is."""

    def fill_in(_values, _stopped):
        raise ValueError("there is no headline")

    with pytest.raises(ValueError, match=r"^there is no headline$"):
        await filled_in(fill_in, {})


async def test_one_that_takes_too_long_is_left_and_told_so(monkeypatch):
    """A template without end fails, keeps nobody waiting meanwhile, and learns that nobody waits for it."""
    monkeypatch.setattr(template, "PATIENCE", 0.05)
    begun, ended = threading.Event(), threading.Event()
    ticks = 0

    def fill_in(_values, stopped):
        begun.set()
        while not stopped():
            ended.wait(0.001)
        ended.set()
        return {}

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    other = asyncio.create_task(tick())
    with pytest.raises(ValueError, match=r"^the template takes longer than 0\.05 s$"):
        await filled_in(fill_in, {})
    other.cancel()
    assert begun.is_set()
    assert ticks > 1
    assert await asyncio.to_thread(ended.wait, 10)
