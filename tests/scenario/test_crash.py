"""The service is killed at random moments, and what it promised still holds; mutants show that this is looked at."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ENOUGH_FOR_A_MUTANT = ("--kills", "12", "--longest", "3")  # on a slow machine too

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def trial(directory: Path, *options: str) -> dict[str, object]:
    """Run a trial as a process of its own, as it forks."""
    command = [sys.executable, "-W", "error", "-m", "support.crash", str(directory), *options]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_fifty_kills_lose_and_add_nothing(tmp_path):
    """Killed at any moments, every alert is delivered at least once, copies have one id, and the database is whole."""
    found = trial(tmp_path, "--kills", "50", "--seed", "7")

    assert found["problems"] == []
    assert found["expected"] > 100


@pytest.mark.parametrize("store", ["split-poll", "mark-before-send"])
def test_a_mutant_loses_alerts(tmp_path, store):
    """A service that stores a poll in two transactions, or marks before it sends, is seen to lose alerts."""
    found = trial(tmp_path, *ENOUGH_FOR_A_MUTANT, "--seed", "7", "--store", store)

    assert found["lost"]
    assert found["problems"] == [f"{len(found['lost'])} alerts were lost"]
