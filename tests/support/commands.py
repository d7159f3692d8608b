"""The commands as processes, as users run them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TOCSIN = Path(sys.executable).with_name("tocsin")


def objects(text: str) -> list[dict[str, Any]]:
    """Read output that must be one JSON object a line and nothing else."""
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(value, dict) for value in found)
    return found


def archived(tocsin: "Command") -> list[dict[str, Any]]:
    """Read what a file channel of the name `alerts.jsonl` wrote in a command's working directory."""
    file = tocsin.directory / "alerts.jsonl"
    return objects(file.read_text(encoding="utf-8")) if file.exists() else []


class Command:
    """Runs `tocsin` in a working directory, with an environment of its own."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.directory = directory
        self.environment = {**os.environ, **environment}

    def __call__(self, *arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; `given` is its standard input."""
        return subprocess.run(
            [TOCSIN, *arguments],
            cwd=self.directory,
            env={**self.environment, **environment},
            input=given,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    @contextmanager
    def started(self, *arguments: str, **environment: str) -> Iterator["Running"]:
        """Run a command in a process group of its own, as a shell does; what still runs at the end is killed."""
        with (
            (self.directory / "stdout").open("w+b") as out,
            (self.directory / "stderr").open("w+b") as err,
            subprocess.Popen(
                [TOCSIN, *arguments],
                cwd=self.directory,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            ) as process,
        ):
            running = Running(process, Path(out.name), Path(err.name))
            try:
                yield running
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


class Running:
    """A command that runs."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self._out = out
        self._err = err

    @property
    def out(self) -> str:
        """What it has written to standard output."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        """What it has written to standard error."""
        return self._err.read_text(encoding="utf-8", errors="replace")

    def until(self, condition: Callable[[], object], patience: float = 20.0) -> float:
        """Wait until `condition` holds while the process runs; return the seconds it took."""
        begin = time.monotonic()
        while not condition():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.err[-3000:]}"
            assert time.monotonic() - begin < patience, f"it did not happen: {self.out[-2000:]} {self.err[-3000:]}"
            time.sleep(0.02)
        return time.monotonic() - begin

    def ready(self) -> None:
        """Wait until the daemon says that it runs."""
        self.until(lambda: "daemon.started" in self.err)

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to the process, or to its whole group as a terminal does."""
        (os.killpg if group else os.kill)(self.process.pid, number)

    def ends(self, within: float = 20.0) -> int:
        """Return the exit status."""
        return self.process.wait(within)
