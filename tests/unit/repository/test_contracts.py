"""The import contracts: that they hold, that they see a violation, and that they cover every library."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]

#: Named in the project's dependencies, but imported by what we import.
INDIRECT = {"sniffio", "tzdata"}


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts on the tree below `root`."""
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "service"), "COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the service that may be spoilt."""
    shutil.copytree(ROOT / "service", tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copy: Path) -> None:
    """Every room imports only what it may."""
    checked = lint(copy)
    assert checked.returncode == 0, checked.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in checked.stdout


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("rules/lint.py", "import httpx", "httpx"),
        ("rules/lint.py", "import time", "purity"),
        ("rules/lint.py", "from tocsin.feeds import schedule", "rooms"),
        ("text/language.py", "from tocsin.rules import lint", "rooms"),
        ("storage/tables.py", "from tocsin.text import language", "edges"),
        ("storage/tables.py", "from tocsin.fetch import hosts", "rooms"),
        ("net/guard.py", "from tocsin.text import urls", "floor"),
        ("pipeline/polling.py", "from tocsin.storage import store", "rooms"),
        ("pipeline/polling.py", "from tocsin.net import guard", "pipeline"),
        ("cli/feeds.py", "from tocsin.storage import store", "commands"),
        ("model/__init__.py", "import pydantic", "pydantic"),
        ("feeds/article.py", "import feedparser", "feedparser"),
        ("rules/loose.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sqlalchemy", "sqlalchemy"),
    ],
)
def test_a_contract_sees_a_violation(copy: Path, room: str, line: str, contract: str) -> None:
    """An import that a room may not have, for types only too, breaks the contract about it."""
    file = copy / "service" / "tocsin" / room
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    checked = lint(copy)
    [name] = [item["name"] for item in CONTRACTS if item["id"] == contract]
    assert checked.returncode == 1
    assert f"{name} BROKEN" in checked.stdout


def libraries() -> set[str]:
    """Return the names of all that the service imports, the standard library and itself left out."""
    graph = grimp.build_graph("tocsin", include_external_packages=True, cache_dir=None)
    outside = {module for module in graph.modules if module.partition(".")[0] != "tocsin"}
    return outside - sys.stdlib_module_names


def test_every_library_has_its_room() -> None:
    """Each outside library that the service imports is named by a contract that says where it may be."""
    protected = {name for item in CONTRACTS if item["type"] == "protected" for name in item["protected_modules"]}
    assert libraries() == protected


def test_every_library_is_asked_for_by_name() -> None:
    """The project depends on each library that it imports, but for extras, and on no other but those it needs."""
    project = PROJECT["project"]
    named = {re.split(r"[\[<>=~ ]", line)[0] for line in project["dependencies"]}
    extras = {re.split(r"[\[<>=~ ]", line)[0] for extra in project["optional-dependencies"].values() for line in extra}
    providers = packages_distributions()
    imported = {provider.lower().replace("_", "-") for module in libraries() for provider in providers[module]}
    assert named - INDIRECT == imported - {"pydantic-core"} - extras
