"""What `parse` and `match` read: a file, a directory, standard input or a URL, as a feed of the configuration would."""

import asyncio
import sys
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import TypeGuard

from tocsin.documents import open_documents
from tocsin.feeds.parse import parse_document, parse_lines_from, parse_page
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

#: JSON lines are read piece by piece, anything else as a whole.
LINES = ".jsonl"

LARGEST = 64 * 1024 * 1024  # bytes of a document
LONGEST_LINE = 16 * 1024 * 1024  # bytes
PIECE = 256 * 1024  # bytes of JSON lines that are read at a time

_BLANK = b" \t\r\n\xef\xbb\xbf"
# UTF-16 and UTF-32 are not parted at the byte of a newline.
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document that was read, or why it could not be. `feed` is the configured one it belongs to, or a plain one.

    JSON lines come as several, each with the entries of some of them.
    """

    name: str
    feed: FeedSpec
    parsed: ParsedFeed | ParseFailed


async def read_sources(names: Sequence[str], plan: Plan) -> AsyncIterator[Source]:
    """Read sources one after the other, as they are asked for. A file that cannot be read is a failure with PATH.

    Where the next one is a file for the sandbox, it is parsed there while the caller looks at this one.
    """
    async with open_documents(plan) as (fetcher, sandbox):
        reading = _Reading(plan, fetcher, sandbox)
        ahead: asyncio.Task[Source] | None = None
        try:
            for place in reading.places(names):
                before = ahead
                ahead = asyncio.create_task(reading.document(place)) if _is_for_sandbox(place) else None
                if before is not None:
                    yield await before
                if ahead is None:
                    async for source in reading.sources(place):
                        yield source
            if ahead is not None:
                yield await ahead
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.wait([ahead])


def _is_for_sandbox(place: str | Source) -> TypeGuard[str]:
    """Tell whether there is one document to parse, in a file that can be read at any time, unlike a pipe."""
    if isinstance(place, Source) or http_url(place):
        return False
    return _ending_of(place) in ENDINGS - HARMLESS and Path(place).is_file()


class _Reading:
    """Reads what names stand for."""

    def __init__(self, plan: Plan, fetcher: Fetcher, sandbox: Sandbox) -> None:
        self._plan = plan
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._feeds = _DirectoryFeeds(plan)

    def places(self, names: Iterable[str]) -> Iterator[str | Source]:
        """Yield the URLs and files that names stand for, and what they are where they cannot be listed."""
        for name in names:
            try:
                yield from [name] if http_url(name) else _files(name)
            except OSError as error:
                yield Source(name=name, feed=self._feeds.of(name), parsed=_unreadable(error))

    async def sources(self, place: str | Source) -> AsyncIterator[Source]:
        """Yield all that a URL, a file or standard input holds."""
        if isinstance(place, Source):
            yield place
        elif http_url(place):
            yield await _read_url(place, self._plan, self._fetcher, self._sandbox)
        else:
            feed = self._feeds.of(place)
            with closing(_read(place)) as parts:
                for part in parts:
                    parsed = await _parse(part, self._sandbox) if isinstance(part, Document) else part
                    yield Source(name=place, feed=_called(feed, parsed), parsed=parsed)

    async def document(self, name: str) -> Source:
        """Return the one document that a file holds."""
        [source] = [source async for source in self.sources(name)]
        return source


def _called(feed: FeedSpec, parsed: ParsedFeed | ParseFailed) -> FeedSpec:
    """Call a feed that is not configured by the title that it gives itself."""
    if feed.location or isinstance(parsed, ParseFailed) or not parsed.title:
        return feed
    return replace(feed, name=parsed.title)


def _files(name: str) -> Sequence[str]:
    """Return the files that a name stands for; of a directory those that a directory feed would read."""
    path = Path(name)
    if name == STANDARD_INPUT or not path.is_dir():
        return [name]
    files = (file for file in sorted(path.iterdir()) if file.suffix.lower() in ENDINGS)
    return [str(file) for file in files if not file.name.startswith(".")]


def _read(name: str) -> Generator[Document | ParsedFeed | ParseFailed]:
    """Yield what a file holds: one document that is still to be parsed, or parsed JSON lines, piece by piece."""
    try:
        with _opened(name) as file:
            head = _head(file) if _ending_of(name) is None else b""
            ending = _ending_of(name) or ending_by(head)
            if ending == LINES:
                yield from _lines(file, head, Path(name).name)
            else:
                yield _whole(file, head, Path(name).name if _ending_of(name) else Path(name).name + ending)
    except OSError as error:
        yield _unreadable(error)


def _unreadable(error: OSError) -> ParseFailed:
    return ParseFailed(reason=FetchReason.PATH, detail=error.strerror or str(error))


def _opened(name: str) -> AbstractContextManager[BufferedReader]:
    if name != STANDARD_INPUT:
        return Path(name).open("rb")
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return nullcontext(sys.stdin.buffer)  # type: ignore[arg-type]


def _ending_of(name: str) -> str | None:
    """Return what a file's name says of what it holds, None where it says nothing."""
    ending = Path(name).suffix.lower()
    return ending if ending in ENDINGS else None


def _head(file: BufferedReader) -> bytes:
    """Read the first line that is not empty, whatever is behind it, or a bit of it where it is very long."""
    head = bytearray()
    while b"\n" not in head.lstrip(_BLANK) and len(head) < PIECE and (piece := file.read1(PIECE)):
        head += piece
    return bytes(head)


def ending_by(head: bytes) -> str:
    """Tell what a file holds by how it begins: JSON lines rather than one document that fills many."""
    text = head.strip(_BLANK)
    if text.startswith(b"{"):
        first, *rest = text.split(b"\n", 1)
        one_document = first.strip() == b"{" or (not rest and b'"items"' in first)
        return ".json" if one_document else LINES
    return {b"<": ".xml", b"[": ".json"}.get(text[:1], ".txt")


def _whole(file: BufferedReader, head: bytes, name: str) -> Document | ParseFailed:
    body = head + file.read(LARGEST + 1 - len(head))
    if len(body) > LARGEST:
        return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=f"it has more than {LARGEST:,} bytes")
    return Document(name=name, body=body)


def _lines(file: BufferedReader, head: bytes, name: str) -> Iterator[Document | ParsedFeed | ParseFailed]:
    head = head or file.read1(PIECE)
    if head.startswith(_WIDE):
        yield _whole(file, head, name)
        return
    read_any, told = False, ""
    for number, lines in pieces(file, head):
        if isinstance(lines, int):
            yield ParsedFeed(entries=(), problems=(f"line {number}: it has more than {lines:,} bytes",))
            continue
        parsed = parse_lines_from(Document(name=name, body=lines), number)
        first = parsed.problems[0] if parsed.problems else ""
        again = bool(told) and first == told  # it is of the whole file, like its encoding
        told = first
        yield replace(parsed, problems=parsed.problems[1:]) if again else parsed
        read_any = True
    if not read_any:
        yield Document(name=name, body=b"")


def pieces(file: BufferedReader, head: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield whole lines, as many as come at a time, with the number of the first.

    What comes is not waited for: a pipe may give a line a minute. Instead of a line that is too long, the limit.
    """
    waiting, number, skipping = bytearray(), 1, False
    piece = head or file.read1(PIECE)
    while piece:
        waiting += piece
        end = waiting.rfind(b"\n") + 1
        if skipping and end:
            begin = waiting.index(b"\n") + 1
            del waiting[:begin]
            number, end, skipping = number + 1, end - begin, False
        if end and waiting[:end].strip(_BLANK):
            yield number, bytes(waiting[:end])
        number += waiting.count(b"\n", 0, end)
        del waiting[:end]
        if skipping or len(waiting) > LONGEST_LINE:
            if not skipping:
                yield number, LONGEST_LINE
            skipping = True
            waiting.clear()
        piece = file.read1(PIECE)
    if not skipping and waiting.strip(_BLANK):
        yield number, bytes(waiting)


class _DirectoryFeeds:
    """The configured directory feeds, by directory."""

    def __init__(self, plan: Plan) -> None:
        self._feeds = {
            Path(feed.location).resolve(): feed for feed in reversed(plan.feeds) if feed.kind is FeedKind.DIRECTORY
        }
        self._directory: tuple[Path, FeedSpec | None] | None = None  # the last one; files come by directory

    def of(self, name: str) -> FeedSpec:
        """Return the feed in whose directory a file lies, else one that knows nothing of it."""
        feed = None if name == STANDARD_INPUT else self._of_directory(Path(name).parent)
        return feed or FeedSpec(name=name, kind=FeedKind.DIRECTORY, location="")

    def _of_directory(self, directory: Path) -> FeedSpec | None:
        if self._directory is None or self._directory[0] != directory:
            self._directory = directory, self._feeds.get(directory.resolve())
        return self._directory[1]


async def _parse(document: Document, sandbox: Sandbox) -> ParsedFeed | ParseFailed:
    if Path(document.name).suffix.lower() in HARMLESS:
        return parse_document(document)
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
        proxy=plan.proxy,
    )
    match await fetcher.fetch(feed, Validators(), None):
        case Fetched(documents=(document,)):
            return Source(name=url, feed=feed, parsed=await _parse(document, sandbox))
        case FetchFailed(reason=reason, detail=detail):
            return Source(name=url, feed=feed, parsed=ParseFailed(reason=reason, detail=detail))
        case Fetched() | NotModified():
            detail = "the server says that nothing changed, though it was not asked"
            return Source(name=url, feed=feed, parsed=ParseFailed(reason=FetchReason.HTTP_STATUS, detail=detail))
