"""The examples of docs/configuration.md, executed."""

import re
from pathlib import Path

import pytest
import yaml

from support.messages import SENTENCE, message, notice
from tocsin.alerts.template import MessageTemplate
from tocsin.channels.webhook import template_values
from tocsin.config.build import load_plan
from tocsin.config.schema import CHANNELS, ConfigFile, Section
from tocsin.errors import ConfigError

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
ENVIRONMENT = {
    "SLACK_WEBHOOK_URL": "https://hooks.slack.example/services/T0/B0/fictional",
    "PROXY_PASSWORD": "a-fictional-password",
    "FEED_KEY": "a-fictional-key",
    "LETTER_PASSWORD": "another-fictional-password",
    "SMTP_URL": "smtps://tocsin:fictional@mail.example",
    "WEBHOOK_SECRET": "a-fictional-secret-of-some-length",
    "WEBHOOK_SECRET_OF_LAST_YEAR": "another-fictional-secret-of-some-length",
    "HEARTBEAT_ID": "a-fictional-id",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def test_the_examples_are_one_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All YAML on the page together compiles without a mistake and, its directory being there, without a warning."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "incoming").mkdir()
    for number, block in enumerate(blocks("yaml")):
        (tmp_path / f"{number}.yaml").write_text(block, encoding="utf-8")
    plan = load_plan(tmp_path, ENVIRONMENT)
    assert plan.warnings == ()
    assert (len(plan.feeds), len(plan.entities), len(plan.channels), len(plan.routes)) == (4, 4, 7, 5)
    assert [rule.name for rule in plan.rules] == ["Harbour fire", "Ships off Atlantis", "Storm damage"]


def test_the_template_shown_fits_every_message() -> None:
    """The example of a template makes what it promises of an alert and of a digest, and keeps its number."""
    [example] = [block for block in blocks("yaml") if "template:" in block]
    form = MessageTemplate(yaml.safe_load(example)["channels"][0]["template"])
    alone, digest = message(), message(notice(excerpts=(), url=None, items=(notice(), notice()), more=3))
    assert form.fill_in(template_values(alone)) == {
        "column": 3,
        "title": "[critical] Talks fail, invasion begins",
        "link": alone.notice.url,
        "labels": ["Invasion", "tocsin"],
        "text": f"{SENTENCE}\n\n",
    }
    line = "- Talks fail, invasion begins (The Example Herald)\n"
    assert form.fill_in(template_values(digest))["text"] == f"{line}{line}and 3 more\n"


def test_the_mistakes_shown_are_those_that_are_told(tmp_path: Path) -> None:
    """The error listing on the page is what such a file gives."""
    (tmp_path / "channels.yaml").write_text("channels: [{name: desk, type: console}]\n")
    (tmp_path / "rules.yaml").write_text(
        "rules:\n  - querry: fire\n    name: Fire\n    notify: [dest]\n    keywords: [fire]\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path, {})
    assert [f"{caught.value}\n"] == blocks("text")


def _keys(section: type[Section]) -> set[str]:
    nested = {section.below(key) for key in section.known_keys()} - {None, section}
    return set(section.known_keys()).union(*(_keys(part) for part in nested if part))


def test_every_key_is_explained() -> None:
    """There is no key that the page does not name."""
    prose = re.sub(r"^```.*?^```$", "", TEXT, flags=re.DOTALL | re.MULTILINE)
    keys = _keys(ConfigFile).union(*map(_keys, CHANNELS.values()))
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]+)`", prose))))
    assert keys - named == set()
