"""How the programs of a benchmark talk: one JSON object a line, a question on standard input, its answer on output."""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import TextIO

Answers = Mapping[str, Callable[..., object]]
AsyncAnswers = Mapping[str, Callable[..., Awaitable[object]]]


def serve(answers: Answers) -> None:
    """Answer questions until there are no more."""
    output = _private_output()
    _tell(output, {"result": "ready"})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            _tell(output, {"result": answers[asked.pop("do")](**asked)})
        except Exception:  # noqa: BLE001 - told to whoever asked
            _tell(output, {"error": traceback.format_exc()})


async def serve_async(answers: AsyncAnswers) -> None:
    """Answer questions until there are no more, beside whatever else the event loop does."""
    output = _private_output()
    _tell(output, {"result": "ready"})
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        try:
            _tell(output, {"result": await answers[asked.pop("do")](**asked)})
        except Exception:  # noqa: BLE001
            _tell(output, {"error": traceback.format_exc()})


def _private_output() -> TextIO:
    """Keep standard output for answers: whatever else is printed goes to standard error."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return output


def _tell(output: TextIO, answer: object) -> None:
    output.write(json.dumps(answer) + "\n")
    output.flush()
