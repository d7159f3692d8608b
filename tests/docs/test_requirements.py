"""What docs/requirements.md says, held against the tests and benchmarks that there are."""

import re

from support.pages import ROOT, page

TEXT = page("docs/requirements.md")


def test_every_test_that_is_named_is_there() -> None:
    """A requirement is held by tests that exist, under the names that they have."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", tests))
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert named <= there


def test_every_benchmark_that_is_named_is_there() -> None:
    """A goal is measured by a program that exists and is described."""
    described = page("benchmarks/README.md")
    for name in set(re.findall(r"`(benchmarks/\w+\.py)", TEXT)):
        assert (ROOT / name).is_file()
        assert name in described


def test_every_requirement_has_what_holds_it() -> None:
    """No row of the tables is without a test or a benchmark."""
    rows = [line for line in TEXT.splitlines() if re.match(r"\| [RPTNSDO]-?\d", line)]
    assert len(rows) == 87
    assert all("`" in row.rsplit("|", 2)[1] for row in rows)
