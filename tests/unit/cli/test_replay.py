"""What `tocsin replay` shows and sends."""

import json

import pytest

from support.commands import objects
from support.session import Session

CONFIG = """
feeds: [{name: incoming, path: incoming}]
channels: [{name: archive, type: file, path: alerts.jsonl}]
rules:
  - {name: Ferries, keywords: [ferry]}
"""
TRAMS = CONFIG + "  - {name: Trams, keywords: [tram]}\n"


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands where a ferry rang, and a tram, with a copy, did not: there was no rule for it."""
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("config/tocsin.yaml", CONFIG)
    session.write("incoming/ferry.txt", "Ferries stay in port\n\nA gale keeps every ferry in the harbour.")
    text = (
        "Every tram stands still in Northport since the current failed at noon, and nobody knows for how long it will."
    )
    session.write("incoming/tram.txt", f"Trams stand still\n\n{text}")
    session.write("incoming/copy.txt", f"No rides today\n\n{text}")
    assert session("run", "--once").returncode == 0
    return session


def told(path):
    return [json.loads(line)["data"]["rule"]["name"] for line in path.read_text().splitlines()]


def test_what_rang_and_what_would_have_is_shown_once_a_story(tocsin, tmp_path):
    """Each rule is shown once for a story, with whether it rang; nothing is sent and nothing stored."""
    tocsin.write("config/tocsin.yaml", TRAMS)
    shown = objects(tocsin("replay", "--since", "1d", "--json").stdout)
    assert sorted((item["rule"], item["rang"]) for item in shown) == [("Ferries", True), ("Trams", False)]
    assert "Trams" in tocsin("replay").stdout
    assert objects(tocsin("replay", "--rule", "Ferries", "--json").stdout) == [
        item for item in shown if item["rule"] == "Ferries"
    ]
    tocsin("run", "--once")
    assert told(tmp_path / "alerts.jsonl") == ["Ferries"]


def test_a_changed_configuration_is_held_against_another(tocsin):
    """`--against` lists what rings by one configuration only; two that ring alike differ in nothing."""
    tocsin.write("old/tocsin.yaml", CONFIG)
    tocsin.write(
        "config/tocsin.yaml", TRAMS.replace("- {name: Ferries, keywords: [ferry]}", "- {name: Buses, keywords: [bus]}")
    )
    shown = objects(tocsin("replay", "--against", "old", "--json").stdout)
    assert sorted((item["change"], item["rule"]) for item in shown) == [("gained", "Trams"), ("lost", "Ferries")]
    same = tocsin("replay", "--against", "config")
    assert (same.returncode, same.stdout) == (1, "no difference\n")


def test_what_never_rang_is_sent_once(tocsin, tmp_path):
    """`--send` rings what never rang, and again sends nothing: no id is sent twice."""
    tocsin.write("config/tocsin.yaml", TRAMS)
    assert len(objects(tocsin("replay", "--send", "--json").stdout)) == 1
    again = tocsin("replay", "--send")
    assert (again.returncode, again.stdout) == (1, "nothing that did not ring before\n")
    for _ in range(2):
        assert tocsin("run", "--once").returncode == 0
    assert told(tmp_path / "alerts.jsonl") == ["Ferries", "Trams"]


def test_what_cannot_be_replayed_is_refused(tocsin):
    """A rule that is not there, and what does not go together, end with 2."""
    assert tocsin("replay", "--rule", "Ferry").returncode == 2
    assert tocsin("replay", "--send", "--against", "config").returncode == 2
