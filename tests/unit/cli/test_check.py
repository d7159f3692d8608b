"""Laws of the tests that rules and entities carry, and of what `check` prints."""

import json
from pathlib import Path

import pytest

from tocsin.cli.check import check, failed_tests, language_of_test
from tocsin.cli.ending import Exit
from tocsin.config.build import load_plan
from tocsin.plan import Plan

BASE = "channels: [{name: desk, type: console}]\nfeeds: [{name: here, path: ., tags: [sea]}]\n"


@pytest.fixture
def plan_of(tmp_path: Path):
    def plan_of(text: str) -> Plan:
        (tmp_path / "a.yaml").write_text(BASE + text, encoding="utf-8")
        return load_plan(tmp_path, {})

    return plan_of


def test_each_test_is_tried_on_its_own_rule_only(plan_of) -> None:
    """What another rule or an entity finds in a text counts for nothing."""
    plan = plan_of("""
entities:
  - {id: ships, name: ships, type: concept, tests: [{silent: A fire.}, {rings: A fire.}]}
rules:
  - {name: fire, keywords: [fire], tests: [{rings: A fire.}, {silent: The ships.}]}
  - {name: ships, keywords: [ships], tests: [{rings: A fire.}, {silent: The ships sail.}]}
""")
    assert [str(failure) for failure in failed_tests(plan)] == [
        "a.yaml:8: rule 'ships' stays silent on: A fire.",
        "a.yaml:8: rule 'ships' rings on: The ships sail.",
        "a.yaml:5: entity 'ships' is not found in: A fire.",
    ]


def test_an_entity_is_found_with_its_conditions(plan_of) -> None:
    """The tests of an entity ask for a mention that counts: its surname's rule and its context are asked."""
    plan = plan_of("""
entities:
  - id: poseidon
    name: Octavia Poseidon
    type: person
    surname: never
    context: {none: [film]}
    tests:
      - rings: Octavia Poseidon spoke.
      - silent: Poseidon spoke.
      - silent: The film of Octavia Poseidon.
""")
    assert list(failed_tests(plan)) == []


def test_feeds_and_languages_of_a_rule_are_not_asked(plan_of) -> None:
    """A rule for some feeds and languages is tried on its tests all the same."""
    plan = plan_of("""
rules:
  - name: fire
    keywords: [fire]
    feeds: {tags: [sea]}
    languages: [de]
    tests: [{rings: There was a fire in the old harbour on Monday morning.}]
""")
    assert list(failed_tests(plan)) == []


ENGLISH = "The harbour was closed on Monday after a fire had broken out on one of the ships."
RUSSIAN = "В понедельник порт закрыли после того, как на одном из кораблей начался пожар."


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        (RUSSIAN, (), "ru"),
        (RUSSIAN, ("uk", "ru"), "ru"),
        (RUSSIAN, ("uk",), "uk"),
        (ENGLISH, (), "en"),
        (ENGLISH, ("de", "fr"), "de"),
        ("Atlantis", (), "en"),
        ("Atlantis", ("uk", "en"), "uk"),
    ],
)
def test_a_text_is_in_its_own_language_if_the_rule_has_it(text: str, languages: tuple[str, ...], expected: str) -> None:
    """Else in the first of the rule's, else in English: what is too short to tell, or not expected."""
    assert language_of_test(text, languages) == expected


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def printed(text: str, *, as_json: bool = False) -> tuple[Exit, list[str]]:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a.yaml").write_text(BASE + text, encoding="utf-8")
        ended = check(tmp_path, json=as_json)
        return ended, capsys.readouterr().out.splitlines()

    return printed


WARNED = "rules: [{name: a, keywords: [invasion]}, {name: b, keywords: [fire], tests: [{rings: fire}, {silent: x}]}]\n"


def test_warnings_and_hints_do_not_change_the_exit_status(printed) -> None:
    """Both are printed with their places and levels; 0 all the same."""
    unfound = '"invasion" does not find "invade": write inva* in a query, or name both'
    assert printed(WARNED) == (
        Exit.FINE,
        [
            f"warning: a.yaml:3:30: rules.0.keywords.0: {unfound}",
            "hint: a.yaml:3:16: rules.0.name: give it tests: a text that it rings on, and one that it does not",
            "1 feed, 2 rules, 1 channel: no mistakes; 2 of 2 rule tests passed",
        ],
    )


def test_as_json_each_finding_is_a_line_with_its_level(printed) -> None:
    """Warnings, hints and failed tests of rules and entities can be told apart."""
    text = WARNED + "entities: [{id: ships, name: ships, type: concept, tests: [{rings: A fire.}]}]\n"
    ended, lines = printed(text, as_json=True)
    found = [json.loads(line) for line in lines]
    assert ended is Exit.FINDING
    assert [(each["level"], each.get("line"), each.get("column")) for each in found] == [
        ("warning", 3, 30),
        ("hint", 3, 16),
        ("failed test", None, None),
    ]
    assert found[2] == {
        "level": "failed test",
        "entity": "ships",
        "source": "a.yaml:4",
        "rings": True,
        "text": "A fire.",
    }


def test_the_tests_of_entities_are_counted_by_themselves(printed) -> None:
    """The summary says how many of each kind passed."""
    text = "entities: [{id: ships, name: ships, type: concept, tests: [{rings: A ship.}, {rings: A fire.}]}]\n"
    ended, lines = printed(WARNED + text)
    assert ended is Exit.FINDING
    assert lines[-1].endswith("no mistakes; 2 of 2 rule tests, 1 of 2 entity tests passed")
