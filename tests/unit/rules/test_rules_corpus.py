"""Every sentence on keywords, queries, names, text and evidence, on texts in many languages: `tests/corpus/rules`.

A row asks (`find` a keyword or several, `query` with its `parts`, `any` and `all` entities, `exclude`) something of an
article (`in` its text, `title`, `authors`, `tags`, `url`, `language`; `furniture` is a part of the text that is masked,
`words_before` so many words stand before it) of a feed (`feed`, `feed_tags`, `country`), and says which words are
evidence (`gives`) and, where it matters, which part of the rule found them (`terms`) and in which field (`fields`); or
that the query is a mistake, and a part of what is said of it (`refuses`).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.matching import article, context, entity, evidence, feed, rule
from tocsin.errors import QueryError
from tocsin.model import Article, Context, Entity, EntityType, FeedSpec, Field, Span
from tocsin.rules.parser import parse_query

CORPUS = sorted(Path(__file__).parents[2].joinpath("corpus", "rules").glob("*.yaml"))
FEWEST_ROWS = 800


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
    if "context" in item:
        options["context"] = _context(item["context"])
    kind = EntityType(item.get("kind", "place"))
    return entity(item["id"], item["name"], item.get("aliases", ()), kind=kind, **options)


def _context(item: Mapping[str, Any]) -> Context:
    return context(any_of=item.get("any", ()), none_of=item.get("none", ()), within=item.get("within", 25))


def _keywords(row: Mapping[str, Any]) -> list[str]:
    asked = row.get("find", [])
    return [str(keyword) for keyword in (asked if isinstance(asked, list) else [asked])]


def _article(row: Mapping[str, Any]) -> tuple[Article, FeedSpec]:
    text = "x " * row.get("words_before", 0) + row["in"]
    at = text.find(row["furniture"]) if "furniture" in row else 0
    source = feed(row.get("feed", "feed"), tags=row.get("feed_tags", ()), country=row.get("country"))
    read = article(
        text,
        title=row.get("title", ""),
        language=row["language"],
        masked=[Span(at, at + len(row["furniture"]))] if "furniture" in row else [],
        authors=row.get("authors", ()),
        url=row.get("url"),
        tags=row.get("tags", ()),
        feed=source.name,
    )
    return read, source


@pytest.mark.parametrize(("row", "entities"), list(_rows()))
def test_rules_corpus(row: Mapping[str, Any], entities: list[Entity]) -> None:
    """A rule finds exactly the words that the corpus names, where they stand; or is refused for what it names."""
    if "refuses" in row:
        with pytest.raises(QueryError, match=re.escape(row["refuses"])):
            parse_query(row["query"])
        return
    asked = rule(
        *_keywords(row),
        exclude=row.get("exclude", ()),
        any_of=row.get("any", ()),
        all_of=row.get("all", ()),
        languages=row.get("languages", ()),
        query=row.get("query"),
        parts=row.get("parts"),
    )
    read, source = _article(row)
    found = evidence(asked, read, entities, source)
    assert [item.text for item in found] == row["gives"]
    assert [item.term for item in found] == row.get("terms", [item.term for item in found])
    assert [item.field for item in found] == row.get("fields", [item.field for item in found])
    for item in found:
        if item.field in {Field.TITLE, Field.BODY}:
            text = read.title if item.field is Field.TITLE else read.text
            assert text[item.start : item.end] == item.text


def test_rules_corpus_is_read() -> None:
    """The corpus is where the test looks for it, whole."""
    assert len(list(_rows())) >= FEWEST_ROWS
