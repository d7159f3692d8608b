"""The benchmark of matching, as users run it: its quick form, which times hardly anything but compares all answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPARED = (
    "Tocsin, evidence",
    "naive re",
    "in, then re",
    "FTS5",
    "FTS5, 100 at a time",
    "FTS5, 100, committed",
)


def test_engines_that_have_nothing_in_common_with_ours_give_the_same_answers() -> None:
    """On a hundred rules that all can say, loops of `re` and SQLite's index match the articles that ours matches."""
    program = [sys.executable, str(ROOT / "benchmarks" / "matching.py"), "--quick", "--json"]
    elsewhere = {"TOCSIN_TEST_POSTGRES", "LUCENE_MONITOR"}
    environment = {name: value for name, value in os.environ.items() if name not in elsewhere}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["differing"] == dict.fromkeys(COMPARED, 0)
    assert told["figures"]["matches an article, 100 rules"] > 0
