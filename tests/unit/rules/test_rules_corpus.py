"""Every sentence on keywords, names, text and evidence, on texts in many languages: `tests/corpus/rules`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.matching import article, entity, evidence, rule
from tocsin.model import Entity, EntityType, Field

CORPUS = sorted(Path(__file__).parents[2].joinpath("corpus", "rules").glob("*.yaml"))
FEWEST_ROWS = 120


def _rows() -> Iterator[Any]:
    for file in CORPUS:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        entities = [_entity(item) for item in content.get("entities", _TROOPS)]
        for law, rows in content["laws"].items():
            for number, row in enumerate(rows, start=1):
                yield pytest.param(
                    {"language": content["language"], **row}, entities, id=f"{file.stem}: {law} {number}"
                )


_TROOPS: list[dict[str, Any]] = [
    {"id": "belarus", "name": "Belarus", "aliases": ["Belarusian"]},
    {
        "id": "troops",
        "name": "troops",
        "kind": "concept",
        "aliases": ['"forces"', "soldiers", "servicemen", "military personnel"],
    },
]


def _entity(item: Mapping[str, Any]) -> Entity:
    options = {key: value for key, value in item.items() if key not in {"id", "name", "aliases", "kind"}}
    kind = EntityType(item.get("kind", "place"))
    return entity(item["id"], item["name"], item.get("aliases", ()), kind=kind, **options)


def _keywords(row: Mapping[str, Any]) -> list[str]:
    asked = row.get("find", [])
    return [str(keyword) for keyword in (asked if isinstance(asked, list) else [asked])]


@pytest.mark.parametrize(("row", "entities"), list(_rows()))
def test_rules_corpus(row: Mapping[str, Any], entities: list[Entity]) -> None:
    """A rule finds exactly the words that the corpus names, where they stand."""
    asked = rule(
        *_keywords(row),
        exclude=row.get("exclude", ()),
        any_of=row.get("any", ()),
        all_of=row.get("all", ()),
        languages=row.get("languages", ()),
    )
    read = article(row["in"], title=row.get("title", ""), language=row["language"])
    found = evidence(asked, read, entities)
    assert [item.text for item in found] == row["gives"]
    for item in found:
        text = read.title if item.field is Field.TITLE else read.text
        assert text[item.start : item.end] == item.text


def test_rules_corpus_is_read() -> None:
    """The corpus is where the test looks for it, whole."""
    assert len(list(_rows())) >= FEWEST_ROWS
