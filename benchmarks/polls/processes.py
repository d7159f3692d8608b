"""The processes of a benchmark as their parent sees them: questions, processor time and memory. Linux only."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from idle import descendants, resident

HERE = Path(__file__).parent.parent
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 900.0  # seconds that an answer may take


class Failed(Exception):
    """A process could not do what it was asked to do, or ended."""


class Program:
    """A module of this folder, run by a Python of its own (`python`), that answers questions; see `lines`."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
        errors: Path | None = None,
    ) -> None:
        self._name = module
        errors_to = errors.open("wb") if errors else None
        inherited = os.environ.get("PYTHONPATH")
        path = os.pathsep.join([str(HERE), *([inherited] if inherited else [])])
        self._process = subprocess.Popen(
            [python, "-m", f"polls.{module}", *arguments],
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors_to,
            text=True,
        )
        self._answer(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, what: str, *, patience: float = PATIENCE, **about: object) -> object:
        """Have it do something, and return what came of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **about}) + "\n")
        self._process.stdin.flush()
        return self._answer(patience)

    def close(self) -> None:
        """Let it end in good order, or kill it."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def processor_time(self) -> float:
        """Return the seconds that it and its children have computed, those that have ended too."""
        return sum(map(_processor_time, self._family()))

    def memory(self) -> int:
        """Return the bytes of it and its children that are in memory; what they share counts more than once."""
        return sum(map(resident, self._family()))

    def memories(self) -> Sequence[int]:
        """Return the bytes of it, and of each of its children, that are in memory."""
        return [resident(pid) for pid in self._family()]

    def highest_memory(self) -> int:
        """Return the sum of the most that it, and each of its children, ever had in memory: not at one time."""
        return sum(map(_peak, self._family()))

    def _family(self) -> Sequence[int]:
        while True:  # one that ends while we look
            with suppress(FileNotFoundError, ProcessLookupError):
                return list(descendants(self._process.pid))

    def _answer(self, patience: float) -> object:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], patience)
        if not ready:
            raise Failed(f"{self._name} did not answer within {patience:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"{self._name} ended with status {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{self._name}: {answer['error']}")
        return answer["result"]


def _processor_time(pid: int) -> float:
    """Return the user and system time of a process and of those of its children that it has waited for."""
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / CLOCK_TICKS
    return 0.0


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
