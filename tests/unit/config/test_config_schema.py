"""Laws of the JSON Schema, and of the shipped configuration."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from tocsin.config.build import load_plan
from tocsin.config.schema import json_schema
from tocsin.model import FeedKind

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "config").glob("*.yaml"))


def test_the_shipped_schema_is_the_one_in_the_code() -> None:
    """`docs/schema/config.schema.json` is what `json_schema()` returns."""
    text = (ROOT / "docs" / "schema" / "config.schema.json").read_text(encoding="utf-8")
    assert text == json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def test_the_schema_is_one() -> None:
    """It is valid by draft 2020-12."""
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


def test_every_key_has_a_description_and_unknown_ones_are_refused() -> None:
    """An editor can explain each key, and mark those that do not exist."""
    schema = json_schema()
    definitions = [schema, *schema["$defs"].values()]
    bare = [
        (part["title"], key)
        for part in definitions
        for key, is_ in part["properties"].items()
        if not is_.get("description")
    ]
    assert not bare
    assert all(part["additionalProperties"] is False for part in definitions)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_shipped_configuration_answers_the_schema(path: Path) -> None:
    """An editor finds nothing wrong with the shipped files, and is led to the schema by their first line."""
    first, text = path.read_text(encoding="utf-8").split("\n", 1)
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert (path.parent / first.removeprefix(prefix)).resolve() == ROOT / "docs" / "schema" / "config.schema.json"
    jsonschema.validate(yaml.safe_load(text), json_schema())


@pytest.mark.parametrize(
    "text",
    [
        "feeds: [{name: a, path: x, langage: en}]",
        "rules: [{keywords: [a]}]",
        "channels: [{name: a, type: slak}]",
        "channels: [{name: a, type: console, url: x}]",
        "routes: [{match: {severity: [hot]}}]",
        "rules: [{name: a, keywords: []}]",
    ],
)
def test_the_schema_marks_mistakes(text: str) -> None:
    """What `tocsin check` refuses by shape, an editor marks too."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), json_schema())


def test_the_shipped_configuration_runs_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no variable, warns of nothing, rings on the console only, and watches the seeds and public feeds."""
    monkeypatch.chdir(ROOT)
    plan = load_plan(ROOT / "config", {})
    assert plan.warnings == ()
    assert [channel.kind.value for channel in plan.channels] == ["console"]
    assert [rule.name for rule in plan.rules] == ["Invasion", "Troops remain in Belarus"]
    assert [feed.location for feed in plan.feeds if feed.kind is FeedKind.DIRECTORY] == ["seeds"]
    assert len({feed.location for feed in plan.feeds if feed.kind is FeedKind.HTTP}) >= 10
    assert plan.secrets == frozenset()
