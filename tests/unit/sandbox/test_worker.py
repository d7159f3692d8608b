"""The sandbox keeps its limits, and no call spoils the next."""

import asyncio
import gc
import os
import shutil
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tocsin.feeds.parse import parse_document
from tocsin.model import Document, ParsedFeed
from tocsin.ports import LimitExceeded
from tocsin.sandbox.worker import ProcessSandbox

MEMORY = 256 << 20


@pytest.fixture
async def sandbox() -> AsyncIterator[ProcessSandbox]:
    box = ProcessSandbox(seconds=5, memory_bytes=MEMORY)
    yield box
    await box.aclose()


@pytest.fixture
async def hasty() -> AsyncIterator[ProcessSandbox]:
    box = ProcessSandbox(seconds=0.3, memory_bytes=MEMORY)
    yield box
    await box.aclose()


def process_is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")


async def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until the condition holds, and tell whether it does."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return condition()


async def test_runs_elsewhere_and_reuses_the_worker(sandbox: ProcessSandbox) -> None:
    """A call runs in another process, and the next one in the same."""
    first = await sandbox.run(os.getpid)
    assert first != os.getpid()
    assert await sandbox.run(os.getpid) == first


async def test_time_bomb(hasty: ProcessSandbox) -> None:
    """A call that takes too long is stopped within its time, and the next run works."""
    await hasty.run(os.getpid)
    started = time.monotonic()
    with pytest.raises(LimitExceeded, match=r"more than 0\.3 s"):
        await hasty.run(time.sleep, 60)
    assert time.monotonic() - started < 2
    assert await hasty.run(len, "abc") == 3


async def test_memory_bomb(sandbox: ProcessSandbox) -> None:
    """A call that wants too much memory is stopped, and the next run works."""
    with pytest.raises(LimitExceeded, match="memory"):
        await sandbox.run(bytearray, MEMORY * 2)
    assert await sandbox.run(len, bytes(1000)) == 1000


async def test_dead_worker(sandbox: ProcessSandbox) -> None:
    """A process that dies in a call is a limit exceeded, and the next run starts afresh."""
    with pytest.raises(LimitExceeded, match="died"):
        await sandbox.run(os._exit, 3)
    assert await sandbox.run(len, "abc") == 3


async def test_worker_killed_while_idle(sandbox: ProcessSandbox) -> None:
    """A worker that the system kills between calls costs no call once its death is known."""
    pid = await sandbox.run(os.getpid)
    os.kill(pid, signal.SIGKILL)
    assert await until(lambda: not Path(f"/proc/{pid}").exists())
    await asyncio.sleep(0.1)
    assert await sandbox.run(os.getpid) != pid


async def test_exception_comes_through(sandbox: ProcessSandbox) -> None:
    """What the function raises is raised here, of its own class and words, with the trace as a note."""
    with pytest.raises(ValueError, match="invalid literal for int") as caught:
        await sandbox.run(int, "x")
    assert any("Traceback" in note for note in caught.value.__notes__)


async def test_a_timeout_of_the_function_is_no_limit(sandbox: ProcessSandbox) -> None:
    """An exception that looks like one of the sandbox's own stays the function's."""
    with pytest.raises(TimeoutError, match="mine"):
        await sandbox.run(exec, "raise TimeoutError('mine')")


async def test_exception_that_does_not_pickle(sandbox: ProcessSandbox) -> None:
    """An exception that cannot be taken apart comes as its words."""
    code = "class Odd(Exception):\n def __init__(self, *, why): super().__init__(why)\nraise Odd(why='for a reason')"
    with pytest.raises(RuntimeError, match="for a reason"):
        await sandbox.run(exec, code, {})


async def test_printing_spoils_no_answer(sandbox: ProcessSandbox) -> None:
    """A function that prints does not disturb the answers."""
    await sandbox.run(print, "noise" * 1000)
    assert await sandbox.run(len, "abc") == 3


async def test_big_documents_do_not_hold_up_the_loop(sandbox: ProcessSandbox) -> None:
    """While megabytes go there and back the event loop goes on."""
    await sandbox.run(len, "")
    longest, stop = 0.0, asyncio.Event()

    async def heartbeat() -> None:
        nonlocal longest
        while not stop.is_set():
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)

    task = asyncio.create_task(heartbeat())
    echoed = await sandbox.run(bytes, b"x" * 20_000_000)
    stop.set()
    await task
    assert len(echoed) == 20_000_000
    assert longest < 0.5


async def test_cancellation_kills_the_call(sandbox: ProcessSandbox) -> None:
    """A cancelled call's process is gone, and the next run works."""
    pid = await sandbox.run(os.getpid)
    call = asyncio.create_task(sandbox.run(time.sleep, 60))
    await asyncio.sleep(0.1)
    call.cancel()
    with suppress(asyncio.CancelledError):
        await call
    assert not process_is_alive(pid)
    assert await sandbox.run(len, "abc") == 3


async def test_nothing_is_left_behind() -> None:
    """After closing, no worker lives and nothing warns of open pipes, even with a call under way."""
    box = ProcessSandbox(seconds=5, memory_bytes=MEMORY)
    pid = await box.run(os.getpid)
    call = asyncio.create_task(box.run(time.sleep, 60))
    await asyncio.sleep(0.1)
    await box.aclose()
    with pytest.raises(LimitExceeded):
        await call
    assert not process_is_alive(pid)
    gc.collect()


async def test_limited_concurrency(sandbox: ProcessSandbox) -> None:
    """More calls than workers wait for their turn and all are answered."""
    answers = await asyncio.gather(*(sandbox.run(len, "x" * n) for n in range(20)))
    assert answers == list(range(20))
    assert len(sandbox._running) == 1


async def test_secrets_stay_outside(sandbox: ProcessSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker does not have the environment's secrets."""
    monkeypatch.setenv("TOCSIN_TEST_CANARY", "canary")
    assert await sandbox.run(os.getenv, "TOCSIN_TEST_CANARY") is None


async def test_parses_a_feed(sandbox: ProcessSandbox) -> None:
    """Documents go in and parsed feeds come out whole."""
    body = b"<rss version='2.0'><channel><title>Test Gazette</title><item><title>One</title></item></channel></rss>"
    parsed = await sandbox.run(parse_document, Document(name="https://gazette.example/rss", body=body))
    assert isinstance(parsed, ParsedFeed)
    assert [entry.title for entry in parsed.entries] == ["One"]


LIFE = """
import asyncio, os, sys, time
from tocsin.sandbox.worker import ProcessSandbox

async def main():
    box = ProcessSandbox(seconds=1)
    print(await box.run(os.getpid), flush=True)
    await (box.run(time.sleep, 600) if "busy" in sys.argv else asyncio.sleep(600))

try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
"""


@pytest.mark.parametrize(
    ("work", "blow"),
    [("idle", signal.SIGINT), ("busy", signal.SIGINT), ("idle", signal.SIGKILL), ("busy", signal.SIGKILL)],
)
async def test_ends_with_its_parent_and_says_nothing(work: str, blow: signal.Signals) -> None:
    """On Ctrl-C to the whole process group, or when the parent is killed, the worker goes without a word."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIFE, work, stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    assert parent.stdout is not None
    worker = int(await parent.stdout.readline())
    await asyncio.sleep(0.2)
    os.killpg(parent.pid, blow)
    _, errors = await parent.communicate()
    assert errors == b""
    assert await until(lambda: not process_is_alive(worker))


async def test_a_worker_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends before it is ready is a limit exceeded, and is gone."""
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    box = ProcessSandbox(seconds=5)
    with pytest.raises(LimitExceeded, match="did not start"):
        await box.run(len, "abc")
    assert not box._running
