"""The process inside: reads calls from standard input, runs them, writes what came of them to standard output.

Started as `python -m tocsin.sandbox.child MEMORY_BYTES SECONDS`. A frame is eight bytes of length, big-endian, and a
pickle: a call is `(function, arguments)`, an answer `(Ending, value)`; an empty frame says that it is ready. It ends
with its parent: idle by the end of its input, at work by an alarm.
"""

import os
import pickle
import resource
import signal
import sys
import traceback
from enum import IntEnum
from typing import BinaryIO

LENGTH_BYTES = 8
_GRACE = 1.0  # seconds that the parent has to kill it before it does so itself


class Ending(IntEnum):
    """How a call ended."""

    RETURNED = 0
    RAISED = 1
    OUT_OF_MEMORY = 2


def framed(payload: bytes) -> bytes:
    """Put the length before a payload."""
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


def main(memory_bytes: int, seconds: float) -> None:
    """Answer calls until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    calls, answers = sys.stdin.buffer, _private_output()
    _send(answers, b"")
    while length := calls.read(LENGTH_BYTES):
        request = calls.read(int.from_bytes(length, "big"))
        signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE)
        _send(answers, _answer(request))
        signal.setitimer(signal.ITIMER_REAL, 0)


def _send(answers: BinaryIO, payload: bytes) -> None:
    answers.write(framed(payload))
    answers.flush()


def _private_output() -> BinaryIO:
    """Keep standard output for answers, so that a function that prints spoils none."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _answer(request: bytes) -> bytes:
    """Run a call; whatever the function does is an answer, so this is the one place here that catches everything."""
    try:
        function, arguments = pickle.loads(request)  # noqa: S301 - written by our own parent
        return pickle.dumps((Ending.RETURNED.value, function(*arguments)), pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return pickle.dumps((Ending.OUT_OF_MEMORY.value, None))
    except Exception as error:  # noqa: BLE001
        return _raised(error)


def _raised(error: Exception) -> bytes:
    """Send an exception with the trace that its pickle would lose, or its words if it cannot be taken apart."""
    error.add_note(traceback.format_exc().rstrip())
    try:
        payload = pickle.dumps((Ending.RAISED.value, error))
        pickle.loads(payload)  # noqa: S301 - an exception with an __init__ of its own may not come back
    except Exception:  # noqa: BLE001
        return pickle.dumps((Ending.RAISED.value, RuntimeError("".join(traceback.format_exception(error)))))
    return payload


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
