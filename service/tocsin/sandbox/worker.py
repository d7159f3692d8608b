"""Runs pure functions in worker processes with limits, and kills those that exceed them.

The worker is an own small program (`child`) rather than a pool of the standard library or anyio's: those load the
parent's main module again, share its terminal (so that Ctrl-C reaches them), inherit its environment with all secrets,
and go on working when the parent is killed.
"""

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from typing import TypeVar, cast

from tocsin.ports import LimitExceeded
from tocsin.sandbox.child import LENGTH_BYTES, Ending, framed

T = TypeVar("T")

_STARTING = 60.0  # seconds that an interpreter may take to start on a busy machine
_PASSED_ON = frozenset({"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV"})
_PASSED_ON_PREFIXES = ("PYTHON", "COVERAGE_")


class ProcessSandbox:
    """Implements `ports.Sandbox`. Workers start when first needed, are used again, and are gone after `aclose`.

    `seconds` is the time for one call, loading the function's module included; `memory_bytes` is the address space of
    a worker (RLIMIT_AS), about 200 MB of which an idle one may have mapped; `workers` is how many calls run at a time.
    """

    def __init__(self, seconds: float = 10, memory_bytes: int = 1 << 30, workers: int = 1) -> None:
        self._seconds = seconds
        self._command = (sys.executable, "-m", "tocsin.sandbox.child", str(memory_bytes), str(seconds))
        self._turns = asyncio.Semaphore(workers)
        self._idle: list[Process] = []
        self._running: set[Process] = set()

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Return `function(*arguments)`, run in a worker; function, arguments and result must pickle.

        Raises:
            LimitExceeded: it took too long or too much memory, or the process died; the next run starts afresh.
            Exception: what the function itself raised, its trace there as a note.
        """
        request = framed(pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL))
        async with self._turns:
            ending, value = pickle.loads(await self._ask(request))  # noqa: S301 - written by our own child
        match Ending(ending):
            case Ending.RETURNED:
                return cast("T", value)
            case Ending.RAISED:
                raise value
            case Ending.OUT_OF_MEMORY:
                raise LimitExceeded("it took too much memory")

    async def aclose(self) -> None:
        """Kill all workers and wait until they are gone; calls that still run end with LimitExceeded."""
        await asyncio.gather(*map(self._discard, tuple(self._running)))

    async def _ask(self, request: bytes) -> bytes:
        """Have one worker answer; one that did not is never used again."""
        worker = await self._ready_worker()
        try:
            async with asyncio.timeout(self._seconds):
                await _write(worker, request)
                answer = await _read(worker)
        except TimeoutError:
            await self._discard(worker)
            raise LimitExceeded(f"it took more than {self._seconds:g} s") from None
        except (EOFError, OSError):
            await self._discard(worker)
            raise LimitExceeded("its process died") from None
        except asyncio.CancelledError:
            await asyncio.shield(self._discard(worker))
            raise
        self._idle.append(worker)
        return answer

    async def _ready_worker(self) -> Process:
        while self._idle:
            worker = self._idle.pop()
            if worker.returncode is None:
                return worker
            await self._discard(worker)
        return await self._start()

    async def _start(self) -> Process:
        """Start a worker, in a session of its own (no Ctrl-C) and without the secrets of our environment."""
        environment = {name: value for name, value in os.environ.items() if _is_passed_on(name)}
        worker = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True, env=environment
        )
        self._running.add(worker)
        try:
            async with asyncio.timeout(_STARTING):
                await _read(worker)
        except (EOFError, OSError) as error:  # TimeoutError among them
            await self._discard(worker)
            raise LimitExceeded("its process did not start") from error
        except asyncio.CancelledError:
            await asyncio.shield(self._discard(worker))
            raise
        return worker

    async def _discard(self, worker: Process) -> None:
        """Kill a worker and reap it."""
        self._running.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        if worker.returncode is None:
            worker.kill()
        # `wait` waits for the pipes too, so what is left is read; a call that still runs reads it itself.
        await asyncio.gather(worker.communicate(), return_exceptions=True)
        await worker.wait()


def _is_passed_on(name: str) -> bool:
    return name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)


async def _write(worker: Process, frame: bytes) -> None:
    assert worker.stdin is not None  # noqa: S101 - it was asked for as a pipe
    worker.stdin.write(frame)
    await worker.stdin.drain()


async def _read(worker: Process) -> bytes:
    assert worker.stdout is not None  # noqa: S101
    length = await worker.stdout.readexactly(LENGTH_BYTES)
    return await worker.stdout.readexactly(int.from_bytes(length, "big"))
