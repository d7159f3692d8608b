"""Processes that are forked from a warm parent, killed, and never left behind.

The parent must have no threads: it forks. On Linux a child dies with its parent, and what a killed child started
itself becomes the parent's own child, so that it can be told whether it went away.
"""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36  # prctl(2)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose parent dies."""
    _prctl(SET_CHILD_SUBREAPER, 1)


def fork(work: Callable[[], None]) -> int:
    """Do `work` in a child that ends with it, with status 0, or 1 where it raised; return the child's id."""
    if child := os.fork():
        return child
    status = 1
    try:
        _prctl(SET_PDEATHSIG, signal.SIGKILL)
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - nothing of the parent's may run in the child
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def kill(child: int) -> bool:
    """Kill a child at once; False where it had ended by itself."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def ended(child: int, within: float) -> int | None:
    """Wait for a child to end; return its exit status, None where it did not."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    return None


def reap(apart_from: int, within: float) -> int:
    """Wait for all children but one to end; return how many did not."""
    deadline = time.monotonic() + within
    while (left := _children() - {apart_from}) and time.monotonic() < deadline:
        for child in left:
            with suppress(ChildProcessError):
                os.waitpid(child, os.WNOHANG)
        time.sleep(0.05)
    return len(left)


def _children() -> set[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), 0, 0, 0)
