"""Measure what commands cost before they do anything: the processor time of each on next to nothing.

`python benchmarks/start.py --config config` runs each command several times, in a directory with one small text and an
empty database, and prints the median of processor and clock. Its processes are counted with the command. POSIX only.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEXT = "Sirens over the town\n\nA tocsin rang at noon in the harbour.\n"
PAGE = f"<html><title>Sirens</title><body><article><p>{TEXT}</p></article></body></html>"
TOCSIN = (sys.executable, "-c", "from tocsin.cli.main import entry; entry()")

#: What is run, and whether it is given the configuration.
COMMANDS = (
    (("--version",), False),
    (("match", "--help"), False),
    (("match", "tocsin", "small.txt"), False),
    (("match", "tocsin", "small.txt"), True),
    (("match", "tocsin", "small.html"), False),
    (("parse", "small.txt"), False),
    (("entities",), True),
    (("check",), True),
    (("healthcheck",), False),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("config"), metavar="DIR")
    parser.add_argument("--runs", type=int, default=7, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tocsin-start-") as name:
        directory = Path(name)
        (directory / "small.txt").write_text(TEXT, encoding="utf-8")
        (directory / "small.html").write_text(PAGE, encoding="utf-8")
        run(directory, "db", "upgrade")
        print(f"{'command':<44}{'processor':>10}{'clock':>8}")
        for words, configured in COMMANDS:
            given = ("--config", str(options.config.resolve())) if configured else ()
            runs = [run(directory, *words, *given) for _ in range(options.runs)]
            processor, clock = (statistics.median(times) for times in zip(*runs, strict=True))
            shown = " ".join([*words, *(["--config DIR"] if configured else [])])
            print(f"{shown:<44}{processor:>8.2f} s{clock:>6.2f} s", flush=True)
    return 0


def run(directory: Path, *words: str) -> tuple[float, float]:
    """Run a command to its end; return seconds of processor and clock."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    before, began = _processor(), time.monotonic()
    ended = subprocess.run([*TOCSIN, *words], cwd=directory, env=settings, capture_output=True, check=False)
    clock = time.monotonic() - began
    if ended.returncode > 1:
        raise SystemExit(f"{' '.join(words)}: {ended.stderr.decode()}")
    return _processor() - before, clock


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
