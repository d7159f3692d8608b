"""The requirements with what their tests say: `.venv/bin/python benchmarks/requirements.py [--only D-,R-] [--json]`.

Runs the tests that docs/requirements.md names and prints a line for each requirement and test: passed, failed or
skipped, and in how many cases. What a benchmark holds is named and not run. Exits with 1 where a test fails.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tables import print_table

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"[A-Z]-?\d")
PASSED, SKIPPED, FAILED = "passed", "skipped", "FAILED"


class Requirement(NamedTuple):
    """A row of the page: its number, what is asked for, and the names of the tests and programs that hold it."""

    number: str
    asked: str
    tests: Sequence[str]
    programs: Sequence[str]


def requirements(text: str) -> list[Requirement]:
    """Read the tables of the page."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and NUMBER.match(cells[0]) and len(cells) >= 3:
            tests, programs = (re.findall(rf"`({kind}[^`]*)`", cells[-1]) for kind in ("test_", "benchmarks/"))
            found.append(Requirement(cells[0], cells[1], tests, programs))
    return found


def places(names: set[str]) -> dict[str, list[str]]:
    """Return the files that have tests of these names, as pytest is told them."""
    there = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            if name in names:
                there[name].append(f"{path.relative_to(ROOT)}::{name}")
    return there


def outcomes(named: Sequence[str]) -> Mapping[str, Counter[str]]:
    """Run tests and return how many cases of each ended how, by the name of the test."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--numprocesses=2", f"--junitxml={report}", *named]
        subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr)
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for case in ET.parse(report).iter("testcase"):
            kinds = {child.tag for child in case}
            ended = FAILED if kinds & {"failure", "error"} else SKIPPED if "skipped" in kinds else PASSED
            found[case.attrib["name"].partition("[")[0]][ended] += 1
    return found


def told(cases: Mapping[str, int]) -> str:
    """Say how the cases of a test ended."""
    return ", ".join(f"{count} {ended}" for ended, count in sorted(cases.items())) or "not run"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="how the numbers begin: D-,R-")
    parser.add_argument("--json", action="store_true", help="print the table for programs")
    options = parser.parse_args()
    wanted = tuple(options.only.split(","))
    asked = requirements((ROOT / "docs" / "requirements.md").read_text(encoding="utf-8"))
    asked = [item for item in asked if item.number.startswith(wanted)]
    there = places({name for item in asked for name in item.tests})
    ended = outcomes([place for found in there.values() for place in found])
    rows = [(item.number, name, told(ended.get(name, {}))) for item in asked for name in item.tests]
    rows += [(item.number, name, "a program of its own") for item in asked for name in item.programs]
    rows.sort(key=lambda row: [found.number for found in asked].index(row[0]))
    if options.json:
        for number, name, result in rows:
            print(json.dumps({"requirement": number, "held_by": name, "result": result}))
    else:
        width = max(len(item.number) for item in asked)
        print_table("requirements", [(f"{number:{width}}  {name}", result) for number, name, result in rows])
    return int(any(FAILED in cases for cases in ended.values()))


if __name__ == "__main__":
    sys.exit(main())
