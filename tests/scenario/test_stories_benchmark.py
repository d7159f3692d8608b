"""The benchmark of stories, as users run it, whether or not what it is compared with is installed."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_tells_how_well_the_labels_were_met_and_scores_rewrites_apart() -> None:
    """The figures are of all pairs but rewrites, and our rule is as precise and finds as much as it should."""
    program = [sys.executable, str(ROOT / "benchmarks" / "stories.py"), "--json"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["pairs"] >= 400
    assert "rewrite" in told["kinds"]["Tocsin"]
    assert told["overall"]["Tocsin"]["precision"] >= 0.99
    assert told["overall"]["Tocsin"]["F1"] >= 0.98


def test_it_tells_what_the_index_costs_and_finds_what_was_planted() -> None:
    """Of made-up articles every planted copy is found, nothing else is, and time, memory and disk are told."""
    program = [sys.executable, str(ROOT / "benchmarks" / "window.py"), "--sizes", "450"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = [line for line in done.stdout.splitlines() if "Tocsin" in line]
    assert row.split()[-2:] == ["1.000", "1.000"]
    assert "kB of disk an article" in done.stdout


def test_it_looks_through_a_folder_of_texts() -> None:
    """Real texts are placed by date, and what was put together is listed with why."""
    folder = ROOT / "tests" / "corpus" / "stories" / "c"
    program = [sys.executable, str(ROOT / "benchmarks" / "window.py"), "--articles", str(folder)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, *listed = done.stdout.splitlines()
    articles, stories = (int(part.split()[0]) for part in first.split(", ")[:2])
    assert 60 < stories < articles
    assert sum(line.startswith("copy: ") for line in listed) >= 6
