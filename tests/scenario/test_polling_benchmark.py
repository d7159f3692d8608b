"""The benchmark of polling, as users run it: its quick form, which says little of speed but tries every part."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEASURED = {
    "plain, 10 % changed: times less processor time than feedparser, 16 threads",
    "plain, 10 % changed: times less processor time than feedparser, 32 threads",
    "plain: ms of processor time a 304",
    "hang: time for the others ÷ time without any that hangs",
    "stall: ms that the event loop is late, at worst",
    "memory: MiB, at most",
    "memory: MiB more in the second half",
}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_part_gives_its_figures_and_nobody_asks_for_more_than_what_changed() -> None:
    """All who poll ask each feed once a round and get in full what changed, and Tocsin stores every entry once."""
    program = [sys.executable, str(ROOT / "benchmarks" / "polling.py"), "--quick", "--schemes", "plain", "--json"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["odd"] == []
    assert {goal["name"] for goal in told["goals"] if goal["value"] is not None} == MEASURED
