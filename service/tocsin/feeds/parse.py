"""Turns documents into entries: RSS, Atom, RDF, JSON Feed, articles, pages and texts. The only importer of feedparser.

It is a pure function of a document and runs in the sandbox: it trusts nothing it reads, opens no file and follows no
link. It finds no article in a feed's page, and judges no entry: what the feed says is what it gives.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import PurePath
from time import struct_time
from typing import TypeAlias
from xml.sax import SAXException

import feedparser

from tocsin.feeds.entries import (
    MOST_ENTRIES,
    MOST_TEXT,
    MOST_TITLE,
    build_entry,
    link_from,
    link_problem,
    plain_paragraphs,
)
from tocsin.feeds.records import parse_json, parse_lines
from tocsin.model import Document, Entry, FetchReason, ParsedFeed, ParseFailed
from tocsin.text.clean import REPLACEMENT, clean, clean_line
from tocsin.text.dates import plausible
from tocsin.text.encodings import Decoded, decode_noting
from tocsin.text.html import html_to_text, read_page
from tocsin.text.urls import http_url

Fields: TypeAlias = Mapping[str, object]
Parsed: TypeAlias = ParsedFeed | ParseFailed

MOST_XML = 5_000_000  # bytes; beyond, and with that many attributes, feedparser takes minutes
MOST_ATTRIBUTES = 2_000

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(rb"<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([\w.:-]+)")
_DECLARATION_WITHIN = 1024  # bytes
_TAG = re.compile(r"<[a-zA-Z][^<>]*")
_BASE = re.compile(r"(\s(?:xml:)?)base(\s*=)", re.IGNORECASE)  # feedparser takes either
_NUMBER_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HTML_START_WITHIN = 1_000  # code points
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_HTML_TAG = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|q|small|span|strong|sub|sup|table|u|ul)\b"
    r"[^<>]*>",
    re.IGNORECASE,
)
_MAILBOX = re.compile(r"[^\s()<>@]+@[^\s()<>@]+\s*(?:\((?P<comment>[^()]*)\))?|(?P<phrase>[^<>@]*)<[^<>@]*@[^<>@]*>")
_CUT_DOMAIN = re.compile(r"\.[A-Za-z]{4}\Z")
_CUT_MAILBOX = re.compile(r"[A-Za-z]+\s*\((?P<comment>[^()]*)|(?P<phrase>[^<>]*)<[A-Za-z]+>|[a-z]+")
_BREAK_END = re.compile(r"(<br\b[^<>]*>)</br>", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)

# What feedparser is known to raise on documents made to break it.
_PARSER_ERRORS = (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def parse_document(document: Document, seen: frozenset[str] = frozenset()) -> Parsed:  # noqa: ARG001 - soon
    """Read a document by its content, and where it is a file by the ending of its name too.

    A URL must hold a feed or articles as JSON; files may also be a text, a page or JSON lines. Entries keep the
    document's order. What is none of these comes back as NOT_A_FEED, what would take too long as PARSE_LIMIT.
    """
    if not document.body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        return _not_a_feed("it is empty")
    return _telling_of_cuts(_reader(document)(document))


def parse_page(document: Document) -> ParsedFeed:
    """Read a web page as its one entry."""
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
    return ParsedFeed(entries=(entry,), problems=(page.problem,) if page.problem else ())


def _reader(document: Document) -> Callable[[Document], Parsed]:
    ending = "" if http_url(document.name) else PurePath(document.name).suffix.lower()
    match ending:
        case ".txt":
            return _parse_text
        case ".html" | ".htm":
            return parse_page
        case ".jsonl":
            return _parse_lines
        case _ if document.body.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"{", b"["):
            return _parse_json
        case _:
            return _parse_xml


def _parse_text(document: Document) -> Parsed:
    """Read a text as one entry; offsets are those of the file, so nothing is moved."""
    decoded = decode_noting(document.body)
    entry = build_entry(own_id=document.name, url=None, title=None, content=clean(decoded.text))
    return _with_problem(decoded.problem, ParsedFeed(entries=(replace(entry, title_in_text=True),)))


def parse_lines_from(document: Document, first: int) -> ParsedFeed:
    """Read a part of a file of JSON lines, whose first line has that number in the file."""
    decoded = decode_noting(document.body)
    parsed = parse_lines(decoded.text, document.name, first)
    return replace(parsed, problems=(decoded.problem, *parsed.problems)) if decoded.problem else parsed


def _parse_lines(document: Document) -> Parsed:
    return parse_lines_from(document, 1)


def _parse_json(document: Document) -> Parsed:
    decoded = decode_noting(document.body)
    return _with_problem(decoded.problem, parse_json(decoded.text, document.name))


def _with_problem(problem: str | None, parsed: Parsed) -> Parsed:
    """Return what was parsed with what was wrong with the whole document first."""
    if problem is None or isinstance(parsed, ParseFailed):
        return parsed
    return replace(parsed, problems=(problem, *parsed.problems))


def _telling_of_cuts(parsed: Parsed) -> Parsed:
    """Return what was parsed with a word on each text that is as long as a text may be: it was longer, most likely."""
    if isinstance(parsed, ParseFailed):
        return parsed
    cut = tuple(
        f"entry {number}: its text is cut at {MOST_TEXT:,} characters"
        for number, entry in enumerate(parsed.entries, start=1)
        if entry.text and len(entry.text) == MOST_TEXT
    )
    return replace(parsed, problems=(*parsed.problems, *cut)) if cut else parsed


def _not_a_feed(detail: str) -> ParseFailed:
    return ParseFailed(reason=FetchReason.NOT_A_FEED, detail=detail)


def _too_much(detail: str) -> ParseFailed:
    return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=detail)


# ---------------------------------------------------------------------------------------------------------------
# RSS, Atom and RDF


def _parse_xml(document: Document) -> Parsed:
    if len(document.body) > MOST_XML:
        return _too_much(f"it has {len(document.body):,} bytes, more than {MOST_XML:,}")
    decoded = _decoded_xml(document)
    text = _readable_xml(decoded.text)
    if any(tag.group().count("=") > MOST_ATTRIBUTES for tag in _TAG.finditer(text)):
        return _too_much(f"an element has more than {MOST_ATTRIBUTES:,} attributes")
    try:
        parsed = _with_own_ids(_feedparser(text), text)
    except _PARSER_ERRORS as error:
        return _not_a_feed(f"the parser gave up: {_words_of(error)}")
    if not parsed["entries"] and not parsed["version"]:
        return _not_a_feed(_what_else(text))
    return _with_problem(decoded.problem, _feed(parsed, document.name))


def _feedparser(text: str) -> Fields:
    """Parse text that is already decoded.

    Only ever a stream: given bytes or a string, feedparser opens files and addresses of that name. It is told no base:
    it would resolve ids too, as it does where the document holds one.
    """
    parsed: Fields = feedparser.parse(
        BytesIO(text.encode()),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    return parsed


def _with_own_ids(parsed: Fields, text: str) -> Fields:
    """Undo what xml:base did to the ids: take those of a second reading that sees none."""
    without_base = _BASE.sub(r"\1none\2", text)
    if without_base == text:
        return parsed
    entries, bare = _list(parsed["entries"]), _list(_feedparser(without_base)["entries"])
    if len(entries) != len(bare):
        return parsed
    pairs = zip(entries, bare, strict=True)
    return {**_fields(parsed), "entries": [{**fields, "id": _string(own, "id")} for fields, own in pairs]}


def _decoded_xml(document: Document) -> Decoded:
    in_header = (match.group(1) for match in _CHARSET.finditer(document.content_type or ""))
    in_document = (match.group(1).decode() for match in _DECLARATION.finditer(document.body[:_DECLARATION_WITHIN]))
    return decode_noting(document.body, (*in_header, *in_document))


def _readable_xml(text: str) -> str:
    """Take out what no XML may hold, so that one bad byte does not cost strict parsing."""
    text = text.replace("\0", "").lstrip("\ufeff \t\r\n")
    return _NUMBER_REFERENCE.sub(_possible_reference, clean(text.replace("\r\n", "\n")))


def _possible_reference(reference: re.Match[str]) -> str:
    """Return a numeric character reference as it stands if XML 1.0 (2.2) knows its character, else U+FFFD."""
    hexadecimal, decimal = reference.groups()
    if len(hexadecimal or decimal) > 12:  # leading zeros included; longer ones make even int() refuse
        return REPLACEMENT
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    is_control = code < 0x20 and code not in (0x9, 0xA, 0xD)
    is_known = not is_control and code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)
    return reference.group() if is_known else REPLACEMENT


def _what_else(text: str) -> str:
    if _HTML_START.search(text, 0, _HTML_START_WITHIN):
        return "it is an HTML page, not a feed"
    return "it is neither RSS, Atom, RDF nor JSON Feed"


def _feed(parsed: Fields, name: str) -> ParsedFeed:
    channel, entries = _fields(parsed["feed"]), _whole_entries(parsed)
    is_atom = str(parsed["version"]).startswith("atom")
    language = clean_line(_string(channel, "language")) or None
    return ParsedFeed(
        entries=tuple(_entry(fields, name, language, is_atom=is_atom) for fields in entries[:MOST_ENTRIES]),
        title=_title(channel, is_atom=is_atom),
        url=link_from(_link(channel) or "", name),
        language=language,
        problems=tuple(_problems(parsed, entries, name, is_atom=is_atom)),
    )


def _whole_entries(parsed: Fields) -> list[Fields]:
    """Return the entries, without a last one of which a cut document holds nothing but its opening."""
    entries = _list(parsed["entries"])
    is_stub = parsed["bozo"] and entries and not any(map(entries[-1].get, ("id", "link", "title", "summary")))
    return entries[:-1] if is_stub else entries


def _problems(parsed: Fields, entries: list[Fields], name: str, *, is_atom: bool) -> Iterable[str]:
    if parsed["bozo"]:
        yield f"the document is not well-formed: {_words_of(parsed.get('bozo_exception'))}"
    for number, fields in enumerate(entries[:MOST_ENTRIES], start=1):
        if problem := link_problem(_entry_link(fields, is_atom=is_atom), name):
            yield f"entry {number}: {problem}"
    if len(entries) > MOST_ENTRIES:
        yield f"{len(entries):,} entries, of which the first {MOST_ENTRIES:,} are read"


def _words_of(error: object) -> str:
    """Return what an XML parser complains of; its line would be that of the document as it was handed over."""
    words = error.getMessage() if isinstance(error, SAXException) else str(error)
    return clean_line(str(words))[:200]


def _entry(fields: Fields, name: str, channel_language: str | None, *, is_atom: bool) -> Entry:
    published, updated = _time(fields, "published_parsed"), _time(fields, "updated_parsed")
    if not is_atom and published is None:  # RSS and RDF: dc:date, which feedparser calls an update
        published, updated = updated, None
    content = max((_body(part) for part in _list(fields.get("content"))), key=len, default="")
    return build_entry(
        own_id=_string(fields, "id"),
        url=link_from(_entry_link(fields, is_atom=is_atom), name),
        title=_title(fields, is_atom=is_atom),
        content=content,
        summary=_summary(fields),
        published=published,
        updated=updated,
        authors=_authors(fields, is_atom=is_atom),
        language=_language(fields, channel_language),
        tags=[_string(tag, "label") or _string(tag, "term") for tag in _list(fields.get("tags"))],
    )


def _title(fields: Fields, *, is_atom: bool) -> str | None:
    """Return the title on one line.

    Atom says whether a title is HTML (RFC 4287, 3.1.1). RSS does not: it is where it looks like it.
    """
    value, kind = _string(fields, "title"), _string(_fields(fields.get("title_detail")), "type")
    looks_like_html = not is_atom and (_HTML_TAG.search(value) or _REFERENCE.search(value))
    is_html = kind in _HTML_TYPES or looks_like_html
    return clean_line(html_to_text(value) if is_html else value) or None


def _summary(fields: Fields) -> str:
    """Return the summary; one without a detail is feedparser's copy of the content."""
    detail = _fields(fields.get("summary_detail"))
    return _body({**detail, "value": fields.get("summary")}) if detail else ""


def _body(detail: Fields) -> str:
    """Return a summary or content as text; plain text that holds HTML tags was meant to be HTML."""
    value, kind = _string(detail, "value"), _string(detail, "type")
    if kind in _HTML_TYPES or _HTML_TAG.search(value):
        return html_to_text(_BREAK_END.sub(r"\1", value))  # feedparser writes <br/> so, which browsers read as two
    return plain_paragraphs(value) if kind.startswith("text/") else ""


def _link(fields: Fields) -> str | None:
    """Return the address of the page that the channel or entry is about: its first HTML alternate, else its first."""
    alternates = [link for link in _list(fields.get("links")) if link.get("rel") == "alternate" and link.get("href")]
    alternates.sort(key=lambda link: link.get("type") not in _HTML_TYPES)
    return next((_string(link, "href") for link in alternates), None)


def _entry_link(fields: Fields, *, is_atom: bool) -> str:
    return _link(fields) or ("" if is_atom else _permalink(fields))


def _permalink(fields: Fields) -> str:
    """Return the RSS guid where it is an address and not said to be none (RSS 2.0, guid)."""
    return http_url(_string(fields, "id")) or "" if fields.get("guidislink") else ""


def _authors(fields: Fields, *, is_atom: bool) -> list[str]:
    """Return the authors' names.

    RSS writes `mail@example.org (Name)`, of which feedparser makes no name where the domain ends in a long word.
    """
    names = [_author_name(author, is_atom=is_atom) for author in _list(fields.get("authors"))]
    mailbox = _MAILBOX.fullmatch(_string(fields, "author")[:MOST_TITLE])
    if mailbox and names:  # of several authors, feedparser keeps the last as it stands
        names[-1] = mailbox["comment"] or mailbox["phrase"] or ""
    return [name for name in names if "@" not in name]


def _author_name(author: Fields, *, is_atom: bool) -> str:
    """Return a name without the end of a mail address, of which feedparser knows no more than `mail@example.muse`."""
    name, mail = _string(author, "name")[:MOST_TITLE], _string(author, "email")
    is_cut = not is_atom and _CUT_DOMAIN.search(mail)
    mailbox = _CUT_MAILBOX.fullmatch(name) if is_cut else None
    return mailbox["comment"] or mailbox["phrase"] or "" if mailbox else name


def _language(fields: Fields, channel_language: str | None) -> str | None:
    """Return the language that an entry states, by dc:language or xml:lang; an inherited one is the channel's."""
    parts = (_fields(fields.get("title_detail")), *_list(fields.get("content")), _fields(fields.get("summary_detail")))
    stated = (_string(part, "language") for part in parts)
    nearest = next((language for language in stated if language and language != channel_language), None)
    return _string(fields, "language") or nearest


def _time(fields: Fields, key: str) -> datetime | None:
    """Return a date that feedparser has read: a tuple in UTC."""
    value = fields.get(key)
    if not isinstance(value, struct_time):
        return None
    try:
        return plausible(datetime(*value[:5], min(value.tm_sec, 59), tzinfo=UTC))  # a leap second
    except ValueError:
        return None


# feedparser's values are dictionaries that warn, guess and rename on access: they are copied to plain ones.


def _fields(value: object) -> Fields:
    return dict(value) if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Fields]:
    return [_fields(item) for item in value] if isinstance(value, list) else []


def _string(fields: Fields, key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""
