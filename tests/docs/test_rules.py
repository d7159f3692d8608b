"""The examples of docs/rules.md, executed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support.pages import blocks, page
from tocsin.cli.check import failed_tests
from tocsin.cli.main import app
from tocsin.config.build import load_plan
from tocsin.rules.loose import MOST_OPERANDS, SLACK
from tocsin.text.tokens import LONGEST_WORD

TEXT = page("docs/rules.md")
EXAMPLES = blocks(TEXT, "yaml")


def test_the_page_has_examples() -> None:
    """There is at least one example for keywords, names, entities and exclusion."""
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_does_what_it_says(example: str, tmp_path: Path) -> None:
    """Each example is a configuration without mistakes, each of its rules is shown ringing, and all its tests hold."""
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    (tmp_path / "rest.yaml").write_text(
        "feeds: [{name: somewhere, path: .}]\nchannels: [{name: somebody, type: console}]", encoding="utf-8"
    )
    plan = load_plan(tmp_path, {})
    assert plan.warnings == ()
    assert plan.rules
    assert all(any(test.rings for test in rule.tests) for rule in plan.rules)
    assert [str(failure) for failure in failed_tests(plan)] == []


def test_the_evidence_shown_is_what_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command on the page prints the evidence that stands below it."""
    [command] = blocks(TEXT, "sh")
    [shown] = blocks(TEXT, "json")
    _, said, _, keyword, _ = command.split('"')
    assert command.strip() == f'echo "{said}" | tocsin match --keywords "{keyword}" --json'
    monkeypatch.chdir(tmp_path)  # where there is no configuration
    result = CliRunner().invoke(app, ["match", "--keywords", keyword, "--json"], input=f"{said}\n")
    assert json.loads(result.stdout) == json.loads(shown)


def test_the_limits_are_those_of_the_code() -> None:
    """The numbers on the page are those that hold."""
    assert f"at most {SLACK} other words" in TEXT
    assert f"at most {MOST_OPERANDS} words besides stop words" in TEXT
    assert f"Words over {LONGEST_WORD} characters" in TEXT
