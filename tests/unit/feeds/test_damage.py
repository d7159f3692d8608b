"""Damage costs nothing: a damaged feed gives the entries of the undamaged one.

Asked are all well-formed feeds of the corpus whose titles are plain, under each kind of damage of `support.damage`.
What they give undamaged is what `test_corpus` expects.
"""

from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

import feedparser
import pytest

from support.damage import CONTROL, DAMAGES, Damage, Reading, as_utf_8, has_plain_titles
from tocsin.feeds.parse import parse_document
from tocsin.model import Document, ParsedFeed

CORPUS = Path(__file__).parents[2] / "corpus" / "feeds"
URL = "https://gazette.example/feed.xml"
LEAST_SHARE = 0.99


@cache
def ours(body: bytes) -> Reading:
    parsed = parse_document(Document(name=URL, body=body))
    entries = parsed.entries if isinstance(parsed, ParsedFeed) else ()
    return Reading(titles=tuple(entry.title for entry in entries), links=tuple(entry.url for entry in entries))


@cache
def bare_feedparser(body: bytes) -> Reading:
    try:
        entries = feedparser.parse(BytesIO(body), response_headers={"content-location": URL}).entries
    except UnicodeEncodeError:  # it does not survive halves of characters
        entries = []
    return Reading(
        titles=tuple(entry.get("title") or None for entry in entries),
        links=tuple(entry.get("link") or None for entry in entries),
    )


def is_well_formed(body: bytes) -> bool:
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(body, True)
    except expat.ExpatError:
        return False
    return True


@cache
def feeds() -> tuple[str, ...]:
    """Return the well-formed feeds of the corpus in UTF-8 whose titles are plain."""
    return tuple(filter(None, map(well_formed, sorted(CORPUS.iterdir()))))


def well_formed(document: Path) -> str | None:
    """Return the document if it is one to be damaged, with a declaration that can be damaged."""
    try:
        text = as_utf_8(document.read_bytes().decode())
    except UnicodeDecodeError:
        return None
    body = text.encode()
    return text if is_well_formed(body) and has_plain_titles(text, ours(body).titles) else None


def spared(damage: Damage, parse: Callable[[bytes], Reading], texts: Sequence[str]) -> list[str]:
    """Return the feeds of which a parser finds after the damage what we find without it."""
    return [text for text in texts if damage.spares(text, ours(text.encode()), parse(damage.inflict(text)))]


def test_there_is_enough_to_damage() -> None:
    """The corpus has at least 100 feeds to be damaged, and there are at least 18 kinds of damage, no two alike."""
    assert len(feeds()) >= 100
    assert len({damage.name for damage in DAMAGES}) == len(DAMAGES) >= 18


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_is_done(damage: Damage) -> None:
    """Each kind of damage leaves no feed as it was."""
    assert all(damage.inflict(text) != text.encode() for text in feeds())


def test_damage_costs_nothing() -> None:
    """Of all feeds under all kinds of damage at least 99 % give every entry, title and link that they give without."""
    lost = {damage.name: len(feeds()) - len(spared(damage, ours, feeds())) for damage in (CONTROL, *DAMAGES)}
    asked = len(DAMAGES) * len(feeds())
    assert lost.pop(CONTROL.name) == 0
    assert sum(lost.values()) <= (1 - LEAST_SHARE) * asked, {name: number for name, number in lost.items() if number}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_feedparser_is_not_better(damage: Damage) -> None:
    """Of the feeds that feedparser reads as we do, no kind of damage leaves more to it than to us."""
    texts = [text for text in feeds() if bare_feedparser(text.encode()) == ours(text.encode())]
    by_us, by_it = (len(spared(damage, parse, texts)) for parse in (ours, bare_feedparser))
    assert by_us >= by_it
