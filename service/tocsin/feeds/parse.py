"""Turns documents into entries: RSS, Atom, RDF, news sitemaps, JSON Feed, articles, pages and texts.

It is a pure function of a document and runs in the sandbox: it trusts nothing it reads, opens no file and follows no
link. It finds no article in a feed's page, and judges no entry: what the feed says is what it gives.

Whoever only hands the function to the sandbox needs none of the readers: each is imported when it is first used.
"""

# ruff: noqa: PLC0415 - see above

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tocsin.model import Document, FetchReason, ParsedFeed, ParseFailed

if TYPE_CHECKING:
    from tocsin.feeds.xml import Element

Parsed: TypeAlias = ParsedFeed | ParseFailed

MOST_UNPACKED = 10_000_000  # bytes

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(rb"<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([\w.:-]+)")
_DECLARATION_WITHIN = 1024  # bytes
_MAY_BE_UTF_8 = re.compile(
    r"utf-?8|us-ascii|latin-?1|iso-8859-\d+|windows-125\d", re.IGNORECASE
)  # and is, if it can be
_C1 = re.compile(b"\xc2[\x80-\x9f]")  # in UTF-8; with DEL, the control characters that XML lets through
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


def parse_document(document: Document, seen: frozenset[str] = frozenset()) -> Parsed:
    """Read a document by its content, and where it is a file by the ending of its name too.

    A URL must hold a feed, a news sitemap or articles as JSON, gzipped perhaps; files may also be a text, a page or
    JSON lines. Entries keep the document's order; those whose digest is in `seen` are only named. What is none of
    these comes back as NOT_A_FEED, what would take too long as PARSE_LIMIT.
    """
    unpacked = _unpacked(document)
    if isinstance(unpacked, ParseFailed):
        return unpacked
    if not unpacked.body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        return _failed("it is empty")
    read = _reader(unpacked)
    return _telling_of_cuts(_read_xml(unpacked, seen) if read is None else read(unpacked))


def parse_page(document: Document) -> ParsedFeed:
    """Read a web page as its one entry."""
    from tocsin.feeds.entries import build_entry
    from tocsin.text.clean import clean_line
    from tocsin.text.html import read_page
    from tocsin.text.urls import http_url

    page, at_url = read_page(document.body), http_url(document.name)
    entry = build_entry(
        own_id=None if at_url else document.name,
        url=page.url or at_url,
        title=page.title,
        content=page.text,
        published=page.published,
        authors=page.authors,
        language=page.language,
    )
    first = clean_line(page.text.partition("\n\n")[0]).casefold()
    is_repeated = bool(page.title) and first == clean_line(page.title or "").casefold()
    return ParsedFeed(
        entries=(replace(entry, title_repeated=is_repeated),), problems=(page.problem,) if page.problem else ()
    )


def parse_lines_from(document: Document, first: int) -> ParsedFeed:
    """Read a part of a file of JSON lines, whose first line has that number in the file."""
    from tocsin.feeds.records import parse_lines
    from tocsin.text.encodings import decode_noting

    decoded = decode_noting(document.body)
    parsed = parse_lines(decoded.text, document.name, first)
    return replace(parsed, problems=(decoded.problem, *parsed.problems)) if decoded.problem else parsed


def _unpacked(document: Document) -> Document | ParseFailed:
    """Return the document with its body unpacked, if it is gzipped: a file of that kind, not an encoding on the way."""
    if not document.body.startswith(_GZIP):
        return document
    try:
        body = zlib.decompressobj(wbits=31).decompress(document.body, MOST_UNPACKED + 1)
    except zlib.error:
        return _failed("it is gzip that cannot be unpacked")
    if len(body) > MOST_UNPACKED:
        detail = f"it has more than {MOST_UNPACKED:,} bytes when it is unpacked"
        return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=detail)
    return replace(document, body=body)


def _reader(document: Document) -> Callable[[Document], Parsed] | None:
    """Return what reads a document; None for XML, of which what was seen need not be read again."""
    is_url = document.name.lower().startswith(("http://", "https://"))
    ending = "" if is_url else PurePath(document.name).suffix.lower()
    match ending:
        case ".txt":
            return _parse_text
        case ".html" | ".htm":
            return parse_page
        case ".jsonl":
            return _parse_lines
        case _ if document.body.lstrip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe")[:1] in (b"{", b"["):
            return _parse_json
        case _:
            return None


def _parse_text(document: Document) -> Parsed:
    """Read a text as one entry; offsets are those of the file, so nothing is moved."""
    from tocsin.feeds.entries import build_entry
    from tocsin.text.clean import clean
    from tocsin.text.encodings import decode_noting

    decoded = decode_noting(document.body)
    entry = build_entry(own_id=document.name, url=None, title=None, content=clean(decoded.text))
    return _with_problem(decoded.problem, ParsedFeed(entries=(replace(entry, title_in_text=True),)))


def _parse_lines(document: Document) -> Parsed:
    return parse_lines_from(document, 1)


def _parse_json(document: Document) -> Parsed:
    from tocsin.feeds.records import parse_json
    from tocsin.text.encodings import decode_noting

    decoded = decode_noting(document.body)
    return _with_problem(decoded.problem, parse_json(decoded.text, document.name))


def _read_xml(document: Document, seen: frozenset[str]) -> Parsed:
    """Read RSS, Atom, RDF or a sitemap: strictly, else repaired and strictly, else by feedparser."""
    declared = _declared(document)
    root = _root(document.body) if all(map(_MAY_BE_UTF_8.fullmatch, declared)) else None
    parsed = _read_strictly(root, document.name, seen)
    return _read_decoded(document, declared, seen) if parsed is None else parsed


def _read_decoded(document: Document, declared: Sequence[str], seen: frozenset[str]) -> Parsed:
    """Read what is not simply well-formed UTF-8 of a known shape."""
    from tocsin.feeds.loose import read_loosely
    from tocsin.text.encodings import decode_noting

    decoded = decode_noting(document.body, declared)
    readable = _readable(decoded.text)
    parsed = _read_strictly(readable.root, document.name, seen)
    if parsed is None:
        parsed = read_loosely(readable.text, len(document.body), document.name)
    if readable.found:
        parsed = _with_problem(f"the document is not well-formed: {readable.found}", parsed)
    return _with_problem(decoded.problem, parsed)


def _declared(document: Document) -> Sequence[str]:
    """Return the encodings that a document is said to be in: by its server first, then by itself."""
    in_header = (match.group(1) for match in _CHARSET.finditer(document.content_type or ""))
    in_document = (match.group(1).decode() for match in _DECLARATION.finditer(document.body[:_DECLARATION_WITHIN]))
    return (*in_header, *in_document)


class _Readable(NamedTuple):
    """A document as it is best read: its text, its root if that is well-formed, and what was wrong with it."""

    text: str
    root: "Element | None"
    found: str | None = None


def _readable(text: str) -> _Readable:
    """Return a document as it stands where it is well-formed or cannot be made so, else the repaired one."""
    from tocsin.feeds.repair import repaired

    root = _root(text.encode())
    if root is not None:
        return _Readable(text, root)
    for with_tags in (False, True):
        document = repaired(text, with_tags=with_tags)
        if document and (root := _root(document.text.encode())) is not None:
            return _Readable(document.text, root, document.found)
    return _Readable(text, None)


def _read_strictly(root: "Element | None", name: str, seen: frozenset[str]) -> Parsed | None:
    """Read what is well-formed and of a known shape; None for anything else."""
    from tocsin.feeds.sitemaps import read_sitemap
    from tocsin.feeds.strict import read_feed

    return None if root is None else read_sitemap(root, name, seen) or read_feed(root, name, seen)


def _root(body: bytes) -> "Element | None":
    """Return the root of a document that is well-formed UTF-8 without control characters."""
    from tocsin.feeds.xml import read_xml

    if b"\x7f" in body or _C1.search(body):
        return None
    return read_xml(body.removeprefix(_BOM).lstrip(b" \t\r\n"), "utf-8")


def _with_problem(problem: str | None, parsed: Parsed) -> Parsed:
    """Return what was parsed with what was wrong with the whole document first."""
    if problem is None or isinstance(parsed, ParseFailed):
        return parsed
    return replace(parsed, problems=(problem, *parsed.problems))


def _telling_of_cuts(parsed: Parsed) -> Parsed:
    """Return what was parsed with a word on each text that is as long as a text may be: it was longer, most likely."""
    if isinstance(parsed, ParseFailed) or not parsed.entries:
        return parsed
    from tocsin.feeds.entries import MOST_TEXT

    cut = tuple(
        f"entry {number}: its text is cut at {MOST_TEXT:,} characters"
        for number, entry in enumerate(parsed.entries, start=1)
        if entry.text and len(entry.text) == MOST_TEXT
    )
    return replace(parsed, problems=(*parsed.problems, *cut)) if cut else parsed


def _failed(detail: str) -> ParseFailed:
    return ParseFailed(reason=FetchReason.NOT_A_FEED, detail=detail)
