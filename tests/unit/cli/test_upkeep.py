"""What `tocsin db backup` and `tocsin run --dry-run` do, and leave alone."""

import sqlite3
from contextlib import closing

import pytest

from support.commands import objects
from support.session import Session
from tocsin.cli.upkeep import _told

CONFIG = """
feeds: [{name: incoming, path: incoming}]
channels:
  - {name: archive, type: file, path: alerts.jsonl}
  - {name: hook, type: webhook, url: "https://hook.invalid/in"}
rules: [{name: Ferries, keywords: [ferry]}]
routes: [{channels: [archive, hook]}]
"""


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("config/tocsin.yaml", CONFIG)
    session.write("incoming/ferry.txt", "Ferries stay in port\n\nA gale keeps every ferry in the harbour.")
    return session


def test_a_dry_run_shows_and_stores_nothing(tocsin, tmp_path):
    """What would be sent is shown below its channel's name, nothing is sent, and the next run still rings."""
    for _ in range(2):
        dry = tocsin("run", "--once", "--dry-run")
        assert dry.returncode == 0, dry.stderr
        assert "would be sent to hook:" in dry.stdout
        assert "Ferries stay in port" in dry.stdout
        assert not (tmp_path / "alerts.jsonl").exists()
    tocsin("run", "--once")
    assert (tmp_path / "alerts.jsonl").read_text().count("\n") == 1
    assert tocsin("run", "--once", "--dry-run").stdout.count("would be sent to archive:") == 0


def test_a_dry_run_names_the_channel_right_above_each_message(tocsin):
    """Whatever is shown at the same time, each message stands below the name of its own channel."""
    for name in ("tram", "crane"):
        tocsin.write(f"incoming/{name}.txt", f"A {name} and a ferry\n\nThe ferry met a {name} off {name}port.")
    shown = tocsin("run", "--once", "--dry-run").stdout
    blocks = shown.strip().split("\n\n")
    assert len(blocks) == 6, shown
    assert all(block.startswith("would be sent to ") and block.count("would be sent") == 1 for block in blocks), shown


def test_a_backup_is_whole_and_never_written_over(tocsin, tmp_path):
    """The copy has every row and passes SQLite's check; a file that is there is left alone."""
    tocsin("run", "--once")
    done = tocsin("db", "backup", "copy.db")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM alerts").fetchone() == (1,)
    before = (tmp_path / "copy.db").read_bytes()
    assert tocsin("db", "backup", "copy.db").returncode == 2
    assert (tmp_path / "copy.db").read_bytes() == before


@pytest.mark.parametrize("command", [("alerts",), ("silence", "list"), ("db", "backup", "copy.db")])
def test_a_configuration_that_is_not_there_is_wrong_use(tocsin, command):
    """`--config` names a directory that is there, even for commands that only look at the database."""
    tocsin("run", "--once")
    done = tocsin(*command, "--config", "nowhere")
    assert (done.returncode, "no such directory" in done.stderr) == (2, True), done.stderr


def test_a_backup_can_be_run_on(tocsin, tmp_path):
    """A restored copy is a database like any other: what rang before does not ring again."""
    tocsin("run", "--once")
    tocsin("db", "backup", "copy.db")
    for file in (tmp_path / "data").iterdir():
        file.unlink()
    (tmp_path / "copy.db").rename(tmp_path / "data" / "tocsin.db")
    tocsin("run", "--once")
    assert len(objects(tocsin("alerts", "--json").stdout)) == 1


def test_without_a_database_there_is_no_backup(tocsin, tmp_path):
    """A missing database ends with 4, and no file is made."""
    assert tocsin("db", "backup", "copy.db").returncode == 4
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("arguments", [("db", "backup", "copy.db"), ("run", "--once", "--dry-run")])
def test_what_is_no_database_is_not_copied(tocsin, tmp_path, arguments):
    """A file that is no database ends a copy with 4, and is itself named, not the copy."""
    tocsin.write("data/tocsin.db", "no database at all " * 300)
    done = tocsin(*arguments)
    assert (done.returncode, "data/tocsin.db is not an SQLite database" in done.stderr) == (4, True), done.stderr
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "siem: delivered, answered 200 OK, 0.12 s"),
        ({"remote_id": "C1:1.2"}, "siem: delivered, answered 200 OK, 0.12 s, its id there: C1:1.2"),
        (
            {"status": 250, "detail": "taken", "recipient": "a@b.x"},
            "siem (a@b.x): delivered, taken, status 250, 0.12 s",
        ),
        ({"state": "waiting", "status": None, "detail": "", "seconds": None}, "siem: waiting"),
    ],
)
def test_a_tested_channel_is_told_of_by_what_it_answered(changes, told):
    """What `send-test` prints is what was answered, its status once, how long it took, and an id where there is one."""
    plain = {"channel": "siem", "recipient": "", "state": "delivered", "status": 200, "detail": "answered 200 OK"}
    assert _told({**plain, "remote_id": None, "seconds": 0.1234, **changes}) == told
