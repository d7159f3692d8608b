"""What `parse` and `match` read: a file, a directory, standard input or a URL, as a feed of the configuration would."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.app import open_reading
from tocsin.feeds.parse import parse_document, parse_page
from tocsin.model import (
    Document,
    FeedKind,
    FeedSpec,
    Fetched,
    FetchFailed,
    FetchReason,
    NotModified,
    ParsedFeed,
    ParseFailed,
    Validators,
)
from tocsin.plan import Plan
from tocsin.ports import Fetcher, LimitExceeded, Sandbox
from tocsin.text.urls import http_url, registered_domain

STANDARD_INPUT = "-"

#: Endings that a directory feed reads.
ENDINGS = frozenset({".txt", ".html", ".htm", ".xml", ".rss", ".atom", ".json", ".jsonl"})

#: Endings of documents that are read in this process: their readers take time linear in their size.
HARMLESS = frozenset({".txt", ".jsonl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document that was read, or why it could not be. `feed` is the configured one it belongs to, or a plain one."""

    name: str
    feed: FeedSpec
    parsed: ParsedFeed | ParseFailed


async def read_sources(names: Sequence[str], plan: Plan) -> AsyncIterator[Source]:
    """Read sources one after the other, as they are asked for. A file that cannot be read is a failure with PATH."""
    async with open_reading(plan) as (fetcher, sandbox):
        for name in names:
            if http_url(name):
                yield await _read_url(name, plan, fetcher, sandbox)
                continue
            for file, document in _documents(name):
                parsed = document if isinstance(document, ParseFailed) else await _parse(document, sandbox)
                yield Source(name=file, feed=_feed_of(file, plan), parsed=parsed)


def _documents(name: str) -> Iterator[tuple[str, Document | ParseFailed]]:
    """Yield the files that a name stands for, each with its document as a directory feed would know it."""
    if name == STANDARD_INPUT:
        body = sys.stdin.buffer.read()
        yield name, Document(name=STANDARD_INPUT + _ending(body), body=body)
        return
    path = Path(name)
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError as error:
        yield name, _unreadable(error)
        return
    for file in files:
        if file is path or (file.suffix.lower() in ENDINGS and not file.name.startswith(".")):
            yield str(file), _document(file)


def _document(file: Path) -> Document | ParseFailed:
    try:
        return Document(name=file.name, body=file.read_bytes())
    except OSError as error:
        return _unreadable(error)


def _unreadable(error: OSError) -> ParseFailed:
    return ParseFailed(reason=FetchReason.PATH, detail=error.strerror or str(error))


def _ending(body: bytes) -> str:
    """Tell what standard input holds by how it begins: JSON lines rather than one document that fills many."""
    text = body.strip(b" \t\r\n\xef\xbb\xbf")
    if text.startswith(b"{"):
        first, *rest = text.split(b"\n", 1)
        one_document = first.strip() == b"{" or (not rest and b'"items"' in first)
        return ".json" if one_document else ".jsonl"
    return {b"<": ".xml", b"[": ".json"}.get(text[:1], ".txt")


def _feed_of(name: str, plan: Plan) -> FeedSpec:
    """Return the configured directory feed in which a file lies, else one that knows nothing of it."""
    if name != STANDARD_INPUT:
        directory = Path(name).resolve().parent
        for feed in plan.feeds:
            if feed.kind is FeedKind.DIRECTORY and Path(feed.location).resolve() == directory:
                return feed
    return FeedSpec(name=name, kind=FeedKind.DIRECTORY, location="")


async def _parse(document: Document, sandbox: Sandbox) -> ParsedFeed | ParseFailed:
    if Path(document.name).suffix.lower() in HARMLESS:
        return await asyncio.to_thread(parse_document, document)
    try:
        parsed = await sandbox.run(parse_document, document)
        if isinstance(parsed, ParseFailed) and parsed.reason is FetchReason.NOT_A_FEED and _is_html(document):
            return await sandbox.run(parse_page, document)
    except LimitExceeded as limit:
        return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=str(limit))
    return parsed


def _is_html(document: Document) -> bool:
    opening = document.body[:1000].lower()
    return b"<html" in opening or b"<!doctype html" in opening


async def _read_url(url: str, plan: Plan, fetcher: Fetcher, sandbox: Sandbox) -> Source:
    """Fetch a URL, as the configured feed of that address would."""
    feed = next((feed for feed in plan.feeds if feed.location == url), None) or FeedSpec(
        name=url,
        kind=FeedKind.HTTP,
        location=url,
        outlet=registered_domain(url),
        allow_private=plan.allow_private,
    )
    match await fetcher.fetch(feed, Validators(), None):
        case Fetched(documents=(document,)):
            return Source(name=url, feed=feed, parsed=await _parse(document, sandbox))
        case FetchFailed(reason=reason, detail=detail):
            return Source(name=url, feed=feed, parsed=ParseFailed(reason=reason, detail=detail))
        case Fetched() | NotModified():
            detail = "the server says that nothing changed, though it was not asked"
            return Source(name=url, feed=feed, parsed=ParseFailed(reason=FetchReason.HTTP_STATUS, detail=detail))
