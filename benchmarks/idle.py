"""Measure an idle daemon: start to ready, memory and processor time.

`python benchmarks/idle.py --config config` starts `tocsin run` with a database of its own, waits for its
`daemon.started`, leaves it alone for a while and prints a small table. Linux only: the figures come from /proc, and
cover the daemon and its worker processes.
"""

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
READY = "daemon.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process and its descendants use at one moment."""

    rss: int  # bytes
    processor: float  # seconds since they began
    processes: int


def main() -> int:
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="tocsin-idle-") as directory:
        started = time.monotonic()
        with daemon(options, directory) as process:
            if not wait_until_ready(process, timeout=options.timeout):
                print(f"{READY} was not logged", file=sys.stderr)
                return 1
            ready = time.monotonic() - started
            first = usage(process.pid)
            time.sleep(options.seconds)
            last = usage(process.pid)
            stopped = stop(process)
    report(options, ready, first, last, stopped)
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure an idle daemon.")
    parser.add_argument("--config", type=Path, default=Path("config"), help="directory of the configuration")
    parser.add_argument("--seconds", type=float, default=30, help="how long to leave it alone")
    parser.add_argument("--timeout", type=float, default=60, help="how long to wait for its start")
    parser.add_argument("--tocsin", default=str(Path(sys.executable).with_name("tocsin")), help="the program")
    return parser.parse_args()


@contextmanager
def daemon(options: argparse.Namespace, directory: str) -> Iterator[subprocess.Popen[str]]:
    """Run `tocsin run` on a new database, and see that it ends."""
    environment = {
        **os.environ,
        "TOCSIN_DATABASE_URL": f"sqlite:///{directory}/tocsin.db",
        "TOCSIN_LOG_FORMAT": "json",
        "TOCSIN_LOG_LEVEL": "info",
    }
    command = [options.tocsin, "run", "--config", str(options.config)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_ready(process: subprocess.Popen[str], *, timeout: float) -> bool:
    """Wait for the log to tell of the start; it is read to its end meanwhile, so that it never blocks."""
    told: queue.Queue[bool] = queue.Queue()
    assert process.stderr is not None
    threading.Thread(target=read_log, args=(process.stderr, told), daemon=True).start()
    with suppress(queue.Empty):
        return told.get(timeout=timeout)
    return False


def read_log(stream: IO[str], told: queue.Queue[bool]) -> None:
    for line in stream:
        if is_ready(line):
            told.put(True)
    told.put(False)  # it ended


def is_ready(line: str) -> bool:
    with suppress(ValueError):
        fields = json.loads(line)
        return isinstance(fields, dict) and fields.get("event") == READY
    return False


def usage(pid: int) -> Usage:
    """Sum up a process and its descendants."""
    family = list(descendants(pid))
    return Usage(rss=sum(map(resident, family)), processor=sum(map(processor_time, family)), processes=len(family))


def descendants(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from descendants(int(child))


def resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def processor_time(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / CLOCK_TICKS


def stop(process: subprocess.Popen[str]) -> float:
    """Ask it to end, and return the seconds that took."""
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(15)
    return time.monotonic() - asked


def report(options: argparse.Namespace, ready: float, first: Usage, last: Usage, stopped: float) -> None:
    idle = 100 * (last.processor - first.processor) / options.seconds
    rows = {
        "start to ready": f"{ready:.2f} s",
        "memory (RSS) when ready": f"{first.rss / 1e6:.0f} MB",
        f"memory (RSS) after {options.seconds:g} s": f"{last.rss / 1e6:.0f} MB in {last.processes} process(es)",
        "processor meanwhile": f"{idle:.2f} % of one core",
        "SIGTERM to exit": f"{stopped:.2f} s",
    }
    for name, value in rows.items():
        print(f"{name:<28}{value}")


if __name__ == "__main__":
    sys.exit(main())
