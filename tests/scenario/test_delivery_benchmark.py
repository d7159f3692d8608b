"""The benchmark of delivering, as users run it: its quick form, which says little of speed but tries every part."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEASURED = {
    "alone: seconds, p50",
    "alone: seconds, p99",
    "stream of 100 a second: seconds, p50",
    "stream of 100 a second: seconds, p99",
    "dead: seconds later, at worst",
}
OTHERS = {
    "pace: alerts a second, the whole path",
    "pace: alerts a second, from the first acceptance to the last",
    "pace: ms of processor time an alert",
    "pace: MiB, at most",
    "stream: MiB, at most",
}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_part_gives_its_figures_and_nothing_comes_twice() -> None:
    """A daemon that only the benchmark looks at delivers every alert once, and each goal has its figure."""
    program = [sys.executable, str(ROOT / "benchmarks" / "delivery.py"), "--quick", "--json"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["odd"] == []
    assert {goal["name"] for goal in told["goals"] if goal["value"] is not None} == MEASURED
    assert {name for name in OTHERS if told["figures"][name] > 0} == OTHERS
