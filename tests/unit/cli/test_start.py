"""What commands load: those that only look start without what polls, stores and delivers."""

import re
import subprocess
import sys

import pytest

CONFIGURATION = """
feeds: [{name: incoming, path: .}]
rules: [{name: Ferries, keywords: [ferry]}]
channels: [{name: screen, type: console}]
"""

#: What polls, stores and delivers, and what a file's words can be looked for without.
HEAVY = {"aiosmtplib", "alembic", "apscheduler", "httpx", "jinja2", "sqlalchemy", "structlog"}


def loaded(directory, *words):
    """Return the top-level packages that a command has loaded when it ends."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from tocsin.cli.main import entry; entry()", *words],
        cwd=directory,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ended.returncode in {0, 1}, ended.stderr
    return set(re.findall(r"^import time:.*\| +(\w+)", ended.stderr, re.MULTILINE))


@pytest.fixture
def directory(tmp_path):
    """Return a directory with a small configuration and a text."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "tocsin.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "small.txt").write_text("Ferries stay in port", encoding="utf-8")
    (tmp_path / "small.opml").write_text("<opml><body/></opml>", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("match", "--help"),
        ("match", "ferry", "small.txt"),
        ("parse", "small.txt"),
        ("import-opml", "small.opml"),
        ("entities",),
        ("check",),
    ],
    ids=" ".join,
)
def test_what_only_looks_loads_little(directory, words):
    """A command that needs no database and no network loads no library for them."""
    packages = loaded(directory, *words)
    assert "tocsin" in packages
    assert not packages & HEAVY


def test_without_a_configuration_its_reader_is_not_loaded(directory):
    """`match` reads YAML only where there is some."""
    (directory / "config" / "tocsin.yaml").unlink()
    (directory / "config").rmdir()
    assert "yaml" not in loaded(directory, "match", "ferry", "small.txt")


def test_a_health_check_looks_without_what_migrates(directory):
    """`healthcheck` reads a database that is up to date without Alembic, and no rule."""
    from tocsin.storage.migrate import upgrade

    upgrade(f"sqlite:///{directory}/data/tocsin.db")
    packages = loaded(directory, "healthcheck")
    assert "sqlalchemy" in packages
    assert not packages & {"alembic", "regex", "rich", "yaml"}
