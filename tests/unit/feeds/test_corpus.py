"""Every document of the corpus gives what stands beside it.

`tests/corpus/feeds/NAME` is the document, its law in the comment at its head; `NAME.expected.json` says what comes of
it: `feed` (values that are not given are left out; sets are sorted, durations are seconds) or `failed`, what it is
called if not `document`, and its `content_type`. Documents that can hold no comment have their `law` there.

What is no law is not compared: the digest of an entry, and the words in which an XML parser complains.
"""

import dataclasses
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tocsin.feeds.parse import parse_document
from tocsin.model import Document, ParseFailed

CORPUS = Path(__file__).parents[2] / "corpus" / "feeds"
EXPECTED = ".expected.json"
NAMES = sorted(path.name.removesuffix(EXPECTED) for path in CORPUS.glob(f"*{EXPECTED}"))
NO_LAW = frozenset({"digest"})
NOT_WELL_FORMED = "the document is not well-formed"


def plain(value: Any) -> Any:
    """Return a value as JSON would hold it, without what a dataclass leaves at its default."""
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case tuple():
            return [plain(item) for item in value]
        case frozenset():
            return sorted(plain(item) for item in value)
        case str() if value.startswith(f"{NOT_WELL_FORMED}: "):
            return NOT_WELL_FORMED
        case _ if dataclasses.is_dataclass(value):
            fields = [field for field in dataclasses.fields(value) if field.name not in NO_LAW]
            given = {field.name: plain(getattr(value, field.name)) for field in fields}
            defaults = {field.name: plain(field.default) for field in fields}
            return {name: item for name, item in given.items() if item not in (defaults[name], [])}
        case _:
            return value


@pytest.mark.parametrize("name", NAMES)
def test_document(name: str) -> None:
    """A document of the corpus gives exactly what is expected of it."""
    expected = json.loads((CORPUS / (name + EXPECTED)).read_text(encoding="utf-8"))
    document = Document(
        name=expected.get("document", "https://gazette.example/feed.xml"),
        body=(CORPUS / name).read_bytes(),
        content_type=expected.get("content_type"),
    )
    parsed = parse_document(document)
    assert plain(parsed) == expected["failed" if isinstance(parsed, ParseFailed) else "feed"]


def test_corpus_is_whole() -> None:
    """Each document has its expectation and states its law."""
    documents = sorted(path.name for path in CORPUS.iterdir() if not path.name.endswith(EXPECTED))
    assert documents == NAMES
    for name in NAMES:
        expected = json.loads((CORPUS / (name + EXPECTED)).read_text(encoding="utf-8"))
        assert "law" in expected or b"<!--" in (CORPUS / name).read_bytes().replace(b"\x00", b"")
