"""The service is killed at random moments and at named points, and what it promised still holds.

Mutants that break a promise show that this is looked at. `benchmarks/crash.py` kills more often, and at more passings.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PATIENCE = 600  # seconds, on a slow machine too

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE + 20)]


def trial(directory: Path, *options: str) -> dict[str, object]:
    """Run a trial as a process of its own, as it forks."""
    command = [sys.executable, "-W", "error", "-m", "support.crash", str(directory), *options]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lasting(found: dict[str, object]) -> bool:
    """Tell whether every promise was kept, where there was one to keep."""
    assert found["problems"] == []
    assert (found["lost"], found["unexpected"]) == ([], [])
    return found["expected"] > 50


def test_two_hundred_kills_lose_and_add_nothing(tmp_path):
    """Killed at any moments, every alert is delivered at least once, copies have one id, and the database is whole."""
    assert lasting(trial(tmp_path, "--kills", "182", "--sweep", "2", "--longest", "1.2", "--seed", "7"))


@pytest.mark.skipif("TOCSIN_TEST_POSTGRES" not in os.environ, reason="TOCSIN_TEST_POSTGRES names no server")
def test_sixty_kills_lose_and_add_nothing_on_a_server(tmp_path):
    """It is the same on PostgreSQL."""
    options = ("--database", "postgresql", "--store", "short-leases")
    assert lasting(trial(tmp_path, *options, "--kills", "42", "--sweep", "2", "--longest", "1.2", "--seed", "7"))


@pytest.mark.parametrize(
    ("store", "fault"),
    [("split-poll", "tx-end:1"), ("validators-first", "tx-end:1"), ("mark-before-send", "marked:1")],
)
def test_a_mutant_loses_alerts(tmp_path, store, fault):
    """A service that stores a poll in two transactions, in either order, or marks before it sends, loses alerts."""
    found = trial(tmp_path, "--store", store, "--fault", fault, "--plain")

    assert found["lost"]
    assert found["problems"] == [f"{len(found['lost'])} alerts were lost"]


@pytest.mark.parametrize("fault", ["tx-end:1", "marked:1"])
def test_the_service_loses_nothing_there(tmp_path, fault):
    """Where mutants lose alerts, in the world in which they do, the service itself loses none."""
    assert trial(tmp_path, "--fault", fault, "--plain")["problems"] == []
