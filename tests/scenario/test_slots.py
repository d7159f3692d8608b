"""Timers that outlive a killed process, and digests in the nights in which clocks change: real daemons."""

import json
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from support.commands import Command

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
FERRY = "Ferries stay in port\n\nA gale keeps every ferry in the harbour."


@pytest.fixture
def tocsin(tmp_path):
    """Return the command in a working directory of its own."""
    (tmp_path / "incoming").mkdir()
    (tmp_path / "config").mkdir()
    return Command(tmp_path)


def told(directory, kind):
    """Return the ids of what was told of a kind: a copy has the same."""
    file = directory / "alerts.jsonl"
    payloads = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return {payload["data"]["delivery_id"]: payload for payload in payloads if payload["type"] == kind}


def test_a_group_that_waits_survives_the_death_of_the_daemon(tocsin, tmp_path):
    """Killed while a group waits, the next daemon tells it at its time and not before, once."""
    (tmp_path / "config" / "tocsin.yaml").write_text("""
feeds: [{name: incoming, path: incoming}]
rules: [{name: Ferries, keywords: [ferry]}]
channels: [{name: archive, type: file, path: alerts.jsonl}]
routes: [{channels: archive, group_by: rule, group_wait: 8s}]
""")
    with tocsin.started("run") as daemon:
        (tmp_path / "incoming" / "ferry.txt").write_text(FERRY)
        daemon.until(lambda: "alert.rang" in daemon.err, patience=30)
        rang = time.monotonic()
        daemon.process.kill()
    assert told(tmp_path, "alert.group") == {}
    with tocsin.started("run") as daemon:
        daemon.until(lambda: told(tmp_path, "alert.group"), patience=30)
        assert time.monotonic() - rang >= 7  # the clock of the row and ours are read at different moments
        (group,) = told(tmp_path, "alert.group").values()
        assert group["data"]["alerts_total"] == 1


@pytest.mark.slow
@pytest.mark.skipif(FAKETIME is None, reason="needs libfaketime (Debian: libfaketime)")
@pytest.mark.parametrize(
    ("zone", "cron", "slot", "again"),
    [
        ("Europe/Berlin", "30 2 * * *", "2026-03-29T01:00", "2026-03-29T01:30"),  # 02:30 is left out
        ("Europe/Berlin", "30 2 * * *", "2026-10-25T00:30", "2026-10-25T01:30"),
        ("America/New_York", "30 1 * * *", "2026-11-01T05:30", "2026-11-01T06:30"),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T14:45", "2026-04-04T15:15"),
    ],
)
def test_a_night_of_a_clock_change_has_one_slot(tmp_path, zone, cron, slot, again):
    """A slot at a time that is left out, or that comes twice, has one digest, by the clock of a real daemon."""
    (tmp_path / "incoming").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "tocsin.yaml").write_text(f"""
feeds: [{{name: incoming, path: incoming}}]
rules: [{{name: Ferries, keywords: [ferry]}}]
channels: [{{name: archive, type: file, path: alerts.jsonl}}]
routes: [{{channels: archive, digest: {{cron: "{cron}", timezone: {zone}, empty: true}}}}]
""")
    with Command(tmp_path, **clock(slot, timedelta(minutes=6))).started("run") as daemon:
        daemon.until(lambda: told(tmp_path, "digest.ready"), patience=60)
    (digest,) = told(tmp_path, "digest.ready").values()
    assert slot <= digest["timestamp"] < again
    with Command(tmp_path, **clock(again, timedelta(minutes=1))).started("run") as daemon:
        daemon.until(lambda: "daemon.started" in daemon.err, patience=60)
        time.sleep(6)  # two minutes of the daemon's clock
    assert len(told(tmp_path, "digest.ready")) == 1


def clock(moment, before):
    """Have a process begin so long before a moment of UTC; its clock is twenty times as fast as ours."""
    begin = datetime.fromisoformat(moment) - before
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": f"@{begin:%Y-%m-%d %H:%M:%S} x20",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }
