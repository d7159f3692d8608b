"""What `tocsin silence` and `tocsin routes test` do and print."""

import json

import pytest

from support.commands import objects
from support.session import Session

CONFIG = """
timezone: Europe/Kyiv
feeds: [{name: incoming, path: incoming}]
rules:
  - {name: Ferries, keywords: [ferry], tags: [sea]}
  - {name: Trams, keywords: [tram], severity: critical, notify: duty}
channels: [{name: archive, type: file, path: alerts.jsonl}, {name: duty, type: file, path: duty.jsonl}]
routes:
  - {match: {tags: sea}, channels: archive, digest: {cron: "0 7 * * *"}}
  - {channels: archive, group_by: rule, group_wait: 1h, quiet_hours: {from: "22:00", to: "07:00"}}
"""


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("config/tocsin.yaml", CONFIG)
    (tmp_path / "incoming").mkdir()
    return session


def told(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_silence_keeps_from_its_command_to_its_end(tocsin, tmp_path):
    """What `silence add` names is kept, `silence list` counts it, and `silence end --release` sends it after all."""
    (added,) = objects(
        tocsin("silence", "add", "--rule", "Trams", "--for", "2h", "--comment", "a drill", "--json").stdout
    )
    tocsin.write("incoming/tram.txt", "Trams stand still\n\nEvery tram stands still in Northport.")
    assert tocsin("run", "--once").returncode == 0
    (listed,) = objects(tocsin("silence", "list", "--json").stdout)
    assert (listed["id"], listed["state"], listed["muted"]) == (added["id"], "holds", 2)
    assert listed["match"] == {"rules": ["Trams"]}
    assert "a drill" in tocsin("silence", "list").stdout
    assert told(tmp_path / "duty.jsonl") == []
    (ended,) = objects(tocsin("silence", "end", added["id"], "--release", "--json").stdout)
    assert ended == {"id": added["id"], "released": 2}
    assert tocsin("run", "--once").returncode == 0
    (digest,) = told(tmp_path / "duty.jsonl")
    assert digest["data"]["reason"] == "silence_ended"


def test_an_alert_can_be_silenced_by_its_id(tocsin):
    """`--alert` stands for the rule and the story of an alert."""
    tocsin.write("incoming/tram.txt", "Trams stand still\n\nEvery tram stands still in Northport.")
    tocsin("run", "--once")
    (alert,) = objects(tocsin("alerts", "--json").stdout)
    (added,) = objects(tocsin("silence", "add", "--alert", alert["alert_id"], "--for", "1d", "--json").stdout)
    assert added["match"] == {"rules": ["Trams"], "stories": [alert["story"]["id"]]}


def test_a_silence_ends_by_the_clocks_of_the_zone(tocsin):
    """`--until` without an offset is a time in the configuration's zone, whatever that of the machine is."""
    (added,) = objects(tocsin("silence", "add", "--rule", "Trams", "--until", "2099-01-10T18:00", "--json").stdout)
    assert added["ends"] == "2099-01-10T16:00:00Z"


def test_a_silence_takes_codes_as_the_configuration_does(tocsin):
    """A language is silenced with or without its region, as routes match it."""
    (added,) = objects(tocsin("silence", "add", "--language", "en-GB", "--for", "1h", "--json").stdout)
    assert added["match"] == {"languages": ["en"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "--for", "1h"], "what is to be silent"),
        (["add", "--rule", "Trams"], "how long"),
        (["add", "--rule", "Tram", "--for", "1h"], "did you mean"),
        (["add", "--rule", "Trams", "--until", "yesterday"], "no time"),
        (["add", "--rule", "Trams", "--until", "2020-01-01"], "is over"),
        (["add", "--rule", "Trams", "--until", "9999-12-31T23:59-05:00"], "no time"),
        (["add", "--rule", "Trams", "--for", "0s"], "is over"),
        (["add", "--rule", "Trams", "--for", "999999w"], "hundred years"),
        (["add", "--language", "english", "--for", "1h"], "language code"),
        (["add", "--country", "Iceland", "--for", "1h"], "country code"),
        (["add", "--alert", "alr_0", "--for", "1h"], "no alert"),
        (["end", "sil_0"], "no silence"),
    ],
)
def test_a_silence_that_cannot_be_is_refused(tocsin, arguments, words):
    """Wrong use ends with 2 and says what is the matter, and nothing is kept."""
    tocsin("run", "--once")
    done = tocsin("silence", *arguments)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert objects(tocsin("silence", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--rule", "Ferries", "--at", "2026-03-02T12:00"], [("archive", "digest", "2026-03-03T05:00:00Z")]),
        (
            ["--rule", "Trams", "--at", "2026-03-02T23:00"],
            [("duty", None, "2026-03-02T21:00:00Z"), ("archive", "group", "2026-03-02T22:00:00Z")],
        ),
        (["--severity", "high", "--at", "2026-03-02T23:00"], [("archive", "quiet_hours", "2026-03-03T05:00:00Z")]),
    ],
)
def test_routes_say_where_when_and_why(tocsin, arguments, expected):
    """`routes test` shows each channel with what an alert waits for and until when, by the clocks of the zone."""
    found = objects(tocsin("routes", "test", *arguments, "--json").stdout)
    assert [(way["channel"], way["reason"], way["due"]) for way in found] == expected
    assert tocsin("routes", "test", *arguments).stdout.count("\n") == 1 + len(expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--at", "0001-01-01T00:00"], "no time"),
        (["--language", "english"], "language code"),
        (["--country", "Iceland"], "country code"),
    ],
)
def test_routes_are_not_asked_for_what_no_alert_has(tocsin, arguments, words):
    """Wrong use of `routes test` ends with 2 and says what is the matter."""
    done = tocsin("routes", "test", *arguments)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_an_alert_that_no_route_takes_is_a_finding(tocsin):
    """Where no route takes an alert, the exit status is 1."""
    tocsin.write(
        "config/tocsin.yaml",
        CONFIG.replace("  - {channels: archive, group_by", "  - {match: {severity: info}, channels: archive, group_by"),
    )
    done = tocsin("routes", "test", "--severity", "high")
    assert (done.returncode, "no_route" in done.stdout) == (1, True)
