"""What README.md says, held against the service."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.pages import ROOT, blocks, first_cells, page, section
from tocsin.cli.check import failed_tests
from tocsin.cli.main import app, database
from tocsin.config.build import load_plan

TEXT = page("README.md")
TOCSIN = (sys.executable, "-c", "from tocsin.cli.main import entry; entry()")
ENVIRONMENT = {"SLACK_WEBHOOK_URL": "https://hooks.slack.example/services/T0/B0/fictional"}


def without_public_feeds(directory: Path) -> Path:
    """Copy the shipped configuration, but for the feeds that need a network."""
    directory.mkdir()
    for file in (ROOT / "config").glob("*.yaml"):
        (directory / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    feeds = yaml.safe_load((directory / "feeds.yaml").read_text(encoding="utf-8"))["feeds"]
    local = [feed for feed in feeds if "path" in feed]
    (directory / "feeds.yaml").write_text(yaml.safe_dump({"feeds": local}), encoding="utf-8")
    return directory


def test_the_alerts_shown_are_those_of_the_shipped_configuration(tmp_path: Path) -> None:
    """The first run on the seed prints exactly the alerts that the page shows, in whatever order."""
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    ran = subprocess.run(
        [*TOCSIN, "run", "--once", "--config", without_public_feeds(tmp_path / "config")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "service"), "TOCSIN_DATABASE_URL": "sqlite:///t.db"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    [shown] = blocks(section(TEXT, "What an alert looks like"), "text")
    assert sorted(ran.stdout.strip().split("\n\n")) == sorted(shown.strip().split("\n\n"))


def test_the_example_configuration_works(tmp_path: Path) -> None:
    """The configuration to begin with has no mistake and no warning, and its rule's tests hold."""
    example, _ = blocks(TEXT, "yaml")
    (tmp_path / "tocsin.yaml").write_text(example, encoding="utf-8")
    plan = load_plan(tmp_path, ENVIRONMENT)
    assert plan.warnings == ()
    assert [str(failure) for failure in failed_tests(plan)] == []
    assert [len(rule.tests) for rule in plan.rules] == [2]


def test_every_command_is_in_the_table() -> None:
    """The table names the commands that there are, and no other."""
    named = {re.sub(r"\W*tocsin ((db )?[a-z-]+).*", r"\1", cell) for cell in first_cells(section(TEXT, "Commands"))}
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    families = {group.name for group in app.registered_groups} - {"db"}
    assert named == commands | families | {f"db {command.name}" for command in database.registered_commands}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", TEXT, re.MULTILINE))))
def test_make_has_what_is_named(target: tuple[str, str]) -> None:
    """Every `make` target that the page names is explained by `make help`."""
    name = "".join(target)
    assert re.search(rf"^{name}:.*## \S", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
