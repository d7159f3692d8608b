"""What stands where in the repository, and what must not be in it."""

import ast
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tocsin.config.build import load_plan
from tocsin.model import FeedKind

ROOT = Path(__file__).parents[3]
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
LOCKS = [ROOT / "requirements" / "run.txt", ROOT / "requirements" / "dev.txt"]
FILES = {
    ".dockerignore",
    ".gitignore",
    "CHANGELOG.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "compose.yaml",
    "pyproject.toml",
}
FOLDERS = {".ci", "benchmarks", "config", "docs", "requirements", "seeds", "service", "tests"}

in_a_clone = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone: what is ours cannot be told")
by_name = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)


def tracked(*below: str) -> list[Path]:
    """Return the paths of what is in version control, so that a user's own files do not count."""
    listed = subprocess.run(["git", "ls-files", "-z", *below], cwd=ROOT, capture_output=True, check=True).stdout
    return [Path(os.fsdecode(name)) for name in listed.split(b"\0") if name]


@in_a_clone
def test_the_top_level_is_what_newcomers_are_told() -> None:
    """At the top there are the known files and folders and nothing else."""
    assert {path.parts[0] for path in tracked()} == FILES | FOLDERS


def test_every_module_says_what_it_is_for() -> None:
    """Every folder of `service/tocsin` that holds code is a package, and every module has a docstring."""
    package = ROOT / "service" / "tocsin"
    folders = {path.parent for path in package.rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)
    undescribed = [path for path in package.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert undescribed == []


@in_a_clone
def test_the_shipped_configuration_watches_the_shipped_seed() -> None:
    """The seed is one text file below a directory feed of `config/`, which also names eight public feeds or more."""
    plan = load_plan(ROOT / "config", {})
    assert tracked("seeds") == [Path("seeds/000_df2839bee4d5d229.txt")]
    assert [feed.location for feed in plan.feeds if feed.kind is FeedKind.DIRECTORY] == ["seeds"]
    public = [feed.location for feed in plan.feeds if feed.kind is FeedKind.HTTP]
    assert len(public) >= 8
    assert all(url.startswith("https://") for url in public)


@in_a_clone
def test_the_shipped_configuration_tells_editors_its_schema() -> None:
    """`config/` holds YAML only, and each file begins with the line that names its schema to an editor."""
    files = [ROOT / path for path in tracked("config")]
    assert {file.suffix for file in files} == {".yaml"}
    for file in files:
        line = file.read_text("utf-8").splitlines()[0]
        match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", line)
        assert match, file.name
        assert (file.parent / match[1]).resolve() == ROOT / "docs" / "schema" / "config.schema.json"


@pytest.mark.parametrize("name", [".ci/run", "requirements/compile"])
def test_a_script_can_be_run(name: str) -> None:
    """What is meant to be called by its name is executable and says what runs it."""
    script = ROOT / name
    assert script.stat().st_mode & stat.S_IXUSR
    assert script.read_text("utf-8").startswith("#!/")
    assert os.access(script, os.X_OK)


# the lock files


def requirements(lock: Path) -> list[str]:
    """Return the lock file's entries, each with its hashes on one line."""
    joined = lock.read_text("utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


@by_name
def test_every_library_is_locked_by_version_and_hash(lock: Path) -> None:
    """Each line of a lock file names one version and at least one SHA-256."""
    lines = requirements(lock)
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line


@by_name
def test_a_lock_file_names_no_place_to_install_from(lock: Path) -> None:
    """There is no index, no link and no host: they are the user's choice."""
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(index-url|extra-index-url|find-links|trusted-host))\b", text, re.MULTILINE)


def test_what_is_tested_is_what_is_run() -> None:
    """The development lock file holds all that the other holds, in the same versions."""
    run, dev = ({line.split(" ")[0] for line in requirements(lock)} for lock in LOCKS)
    assert run <= dev


# the tests


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT / "tests").as_posix())
def test_every_test_states_its_law(path: Path) -> None:
    """Each test file has a docstring, and each test in it one that ends as a sentence does."""
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the file"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            assert (ast.get_docstring(node) or "").endswith("."), node.name


def test_no_test_is_put_aside() -> None:
    """No test is skipped or expected to fail but where a condition of the machine says so."""
    marks = re.compile(r"@pytest\.mark\.(skip|xfail)\b|^\s*pytest\.(skip|xfail)\(", re.MULTILINE)
    aside = [path.name for path in TESTS if marks.search(path.read_text("utf-8"))]
    assert aside == []
