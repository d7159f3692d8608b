"""Reads JSON: JSON Feed 1.0 and 1.1 (jsonfeed.org), one article as an object, articles as JSON lines.

A mistake costs what it stands in: a value, or the record where its words are wrong, never its neighbours.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tocsin.feeds.entries import MOST_ENTRIES, build_entry, link_from, link_problem, plain_paragraphs
from tocsin.model import Entry, FetchReason, JsonObject, ParsedFeed, ParseFailed
from tocsin.text.clean import clean, clean_line
from tocsin.text.dates import parse_time
from tocsin.text.html import html_to_text

_ARTICLE_KEYS = frozenset({"title", "text", "summary"})


class BadRecordError(ValueError):
    """A record that cannot be read; the message says why."""


def parse_json(text: str, name: str) -> ParsedFeed | ParseFailed:
    """Read a JSON Feed, one article, or articles one a line. `name` is the document's URL or file name."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        is_lines = error.msg == "Extra data" and error.lineno > 1
        return parse_lines(text, name) if is_lines else _failed(f"not valid JSON: {error}")
    except (RecursionError, ValueError):
        return _failed("JSON that nests too deeply or has too long a number")
    if isinstance(value, Mapping) and isinstance(value.get("items"), list):
        return _feed(value, value["items"], name)
    if isinstance(value, Mapping) and not _ARTICLE_KEYS.isdisjoint(value):
        return _single_article(value, name)
    return _failed("JSON, but neither a JSON Feed nor an article")


def parse_lines(text: str, name: str, first: int = 1) -> ParsedFeed:
    """Read articles as JSON lines. A line that cannot be read becomes a problem with its number, the rest is read.

    `first` is the number of the first line, where the text is a part of a file.
    """
    entries: list[Entry] = []
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), start=first):  # not splitlines: a JSON string may hold U+2028
        if not line.strip():
            continue
        try:
            record = _object(line)
            entries.append(_article(record, f"{name}#{number}", name))
        except BadRecordError as error:
            problems.append(f"line {number}: {error}")
        else:
            problems += _link_problems(f"line {number}", _string(record, "url"), name)
    return ParsedFeed(entries=tuple(entries), problems=tuple(problems))


def _failed(detail: str) -> ParseFailed:
    return ParseFailed(reason=FetchReason.NOT_A_FEED, detail=detail)


def _object(line: str) -> JsonObject:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadRecordError(f"not valid JSON: {error.msg} at column {error.colno}") from None
    except (RecursionError, ValueError):
        raise BadRecordError("JSON that nests too deeply or has too long a number") from None
    if not isinstance(value, Mapping):
        raise BadRecordError("not a JSON object")
    return value


def _single_article(record: JsonObject, name: str) -> ParsedFeed | ParseFailed:
    try:
        entry = _article(record, name, name)
    except BadRecordError as error:
        return _failed(str(error))
    return ParsedFeed(entries=(entry,), problems=tuple(_link_problems("the article", _string(record, "url"), name)))


def _link_problems(where: str, href: str, name: str) -> list[str]:
    problem = link_problem(href, name)
    return [f"{where}: {problem}"] if problem else []


def _article(record: JsonObject, stand_in: str, name: str) -> Entry:
    """Read an article; its title and text are taken as they stand, so that offsets are those of the input."""
    for key in ("title", "text"):
        if not isinstance(record.get(key), str | None):
            raise BadRecordError(f'"{key}" is not a string')
    entry = build_entry(
        own_id=_id(record),
        stand_in=stand_in,
        url=link_from(_string(record, "url"), name),
        title=clean(_string(record, "title")),
        content=clean(_string(record, "text")),
        summary=clean(_string(record, "summary")),
        published=parse_time(_string(record, "published")),
        updated=parse_time(_string(record, "updated")),
        authors=_names(record, "authors"),
        language=_string(record, "language"),
        tags=_names(record, "tags"),
    )
    return replace(entry, feed=_feed_name(record))


def _feed_name(record: JsonObject) -> str | None:
    """Return what the feed of an article is called: a name, or an object with a `title`, as `parse --json` has it."""
    value = record.get("feed")
    name = value.get("title") if isinstance(value, Mapping) else value
    return (clean_line(name) or None) if isinstance(name, str) else None


def _feed(record: JsonObject, items: list[object], name: str) -> ParsedFeed:
    entries: list[Entry] = []
    problems: list[str] = []
    inherited = _authors(record)
    for number, item in enumerate(items[:MOST_ENTRIES], start=1):
        try:
            entries.append(_item(item, name, inherited))
        except BadRecordError as error:
            problems.append(f"item {number}: {error}")
        else:
            problems += _link_problems(f"item {number}", _item_link(item), name)
    if len(items) > MOST_ENTRIES:
        problems.append(f"{len(items):,} entries, of which the first {MOST_ENTRIES:,} are read")
    return ParsedFeed(
        entries=tuple(entries),
        title=clean_line(_string(record, "title")) or None,
        url=link_from(_string(record, "home_page_url"), name),
        language=clean_line(_string(record, "language")) or None,
        older=link_from(_string(record, "next_url"), name),
        problems=tuple(problems),
    )


def _item(item: object, name: str, inherited: list[str]) -> Entry:
    """Read an item of a JSON Feed (version 1.1, "Items"); the feed's authors are those of items that name none."""
    if not isinstance(item, Mapping):
        raise BadRecordError("not a JSON object")
    html, plain = _string(item, "content_html"), _string(item, "content_text")
    return build_entry(
        own_id=_id(item),
        url=link_from(_item_link(item), name),
        title=clean_line(_string(item, "title")),
        content=html_to_text(html) if html else plain_paragraphs(plain),
        summary=plain_paragraphs(_string(item, "summary")),
        published=parse_time(_string(item, "date_published")),
        updated=parse_time(_string(item, "date_modified")),
        authors=_authors(item) or inherited,
        language=_string(item, "language"),
        tags=_names(item, "tags"),
    )


def _authors(record: JsonObject) -> list[str]:
    """Return the authors of a feed or an item; `author` is that of version 1.0."""
    return _names(record, "authors") or _names(record, "author")


def _item_link(item: object) -> str:
    return _string(item, "url") or _string(item, "external_url") if isinstance(item, Mapping) else ""


def _string(record: JsonObject, key: str) -> str:
    """Return a string; a missing one, or a value of another type, is empty: it must not cost the rest."""
    value = record.get(key)
    return value if isinstance(value, str) else ""


def _id(record: JsonObject) -> str:
    """Return the id; a number is as good as its digits."""
    value = record.get("id")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _string(record, "id")


def _names(record: JsonObject, key: str) -> list[str]:
    """Return a list of names that may be written as one name, a list, or objects with a `name`."""
    value = record.get(key)
    return list(_each_name(value if isinstance(value, list) else [value]))


def _each_name(values: list[object]) -> Iterator[str]:
    for value in values:
        name = value.get("name") if isinstance(value, Mapping) else value
        if isinstance(name, str):
            yield name
