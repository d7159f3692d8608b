"""Reads feeds that are not well-formed, or of unusual shape, by feedparser: the only importer of it.

It is slow, and forgiving: what is in pieces still gives its entries. Only ever a stream is handed over, for given bytes
or a string feedparser opens files and addresses of that name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import TypeAlias
from xml.sax import SAXException

import feedparser

from tocsin.feeds.drafts import HTML_TYPES, Channel, Draft, Marked, at_least, feed_of, moment_in
from tocsin.feeds.entries import MOST_ENTRIES, MOST_TITLE
from tocsin.feeds.repair import possible_reference, readable
from tocsin.model import Courtesy, FetchReason, ParsedFeed, ParseFailed
from tocsin.text.clean import REPLACEMENT, clean_line
from tocsin.text.urls import http_url

Fields: TypeAlias = Mapping[str, object]

MOST_XML = 5_000_000  # bytes; beyond, and with that many attributes, feedparser takes minutes
MOST_ATTRIBUTES = 2_000

_TAG = re.compile(r"<[a-zA-Z][^<>]*")
_BASE = re.compile(r"(\s(?:xml:)?)base(\s*=)", re.IGNORECASE)  # feedparser takes either
_NUMBER_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[<>]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_DOCTYPE_WITHIN = 100_000  # code points
_LONG_AUTHOR = re.compile(  # feedparser looks for addresses in time that grows with the square of the length
    r"(<(?:[\w-]{1,30}:)?(?:author|creator|managingeditor|webmaster|publisher|owner|name|email)\b[^<>]*>"
    r"(?:<!\[CDATA\[)?[^<>]{300})[^<>]+",
    re.IGNORECASE,
)
_HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HTML_START_WITHIN = 1_000  # code points
_MAILBOX = re.compile(r"[^\s()<>@]+@[^\s()<>@]+\s*(?:\((?P<comment>[^()]*)\))?|(?P<phrase>[^<>@]*)<[^<>@]*@[^<>@]*>")
_CUT_DOMAIN = re.compile(r"\.[A-Za-z]{4}\Z")
_CUT_MAILBOX = re.compile(r"[A-Za-z]+\s*\((?P<comment>[^()]*)|(?P<phrase>[^<>]*)<[A-Za-z]+>|[a-z]+")

# What feedparser is known to raise on documents made to break it.
_PARSER_ERRORS = (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def read_loosely(text: str, size: int, name: str) -> ParsedFeed | ParseFailed:
    """Read what may be a feed; `size` is that of its document in bytes.

    What is none comes back as NOT_A_FEED, what would take too long as PARSE_LIMIT.
    """
    if size > MOST_XML:
        return _too_much(f"it has {size:,} bytes, more than {MOST_XML:,}")
    text = _bearable(text)
    if any(tag.group().count("=") > MOST_ATTRIBUTES for tag in _TAG.finditer(text)):
        return _too_much(f"an element has more than {MOST_ATTRIBUTES:,} attributes")
    try:
        parsed = _read_whole(text, http_url(name))
    except _PARSER_ERRORS as error:
        return _not_a_feed(f"the parser gave up: {_words_of(error)}")
    if not parsed["entries"] and not parsed["version"]:
        return _not_a_feed(_what_else(text))
    return _feed(parsed, name)


def _not_a_feed(detail: str) -> ParseFailed:
    return ParseFailed(reason=FetchReason.NOT_A_FEED, detail=detail)


def _too_much(detail: str) -> ParseFailed:
    return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=detail)


def _bearable(text: str) -> str:
    """Take out of a text what no XML may hold, and what feedparser broods over: entities of entities, long authors."""
    text = _NUMBER_REFERENCE.sub(_possible_reference, readable(text))
    doctype = _DOCTYPE.search(text, 0, _DOCTYPE_WITHIN)
    if doctype and doctype[0].count("<!ENTITY") > 1 and doctype[0].count("&") > 1:
        text = text[: doctype.start()] + text[doctype.end() :]
    return _LONG_AUTHOR.sub(r"\1", text)


def _possible_reference(reference: re.Match[str]) -> str:
    hexadecimal, decimal = reference.groups()
    return reference[0] if possible_reference(hexadecimal, decimal) != REPLACEMENT else REPLACEMENT


def _read_whole(text: str, address: str | None) -> Fields:
    """Parse a feed. Where it has an xml:base, feedparser resolves ids too: they are taken of a reading without one."""
    without_base = _BASE.sub(r"\1none\2", text)
    if without_base == text:
        return _feedparser(text)
    parsed = _feedparser(text, address)  # unless it knows one for the whole, a base is in force beyond its element
    entries, bare = _list(parsed["entries"]), _list(_feedparser(without_base)["entries"])
    if len(entries) != len(bare):
        return parsed
    pairs = zip(entries, bare, strict=True)
    return {**_fields(parsed), "entries": [{**fields, "id": _string(own, "id")} for fields, own in pairs]}


def _feedparser(text: str, address: str | None = None) -> Fields:
    """Parse text that is already decoded; relative links are resolved against `address`, if there is one."""
    headers = {"content-type": "application/xml; charset=utf-8"} | ({"content-location": address} if address else {})
    parsed: Fields = feedparser.parse(
        BytesIO(text.encode()), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
    )
    return parsed


def _what_else(text: str) -> str:
    if _HTML_START.search(text, 0, _HTML_START_WITHIN) and "<opml" not in text[:_HTML_START_WITHIN]:
        return "it is an HTML page, not a feed"
    return "it is neither RSS, Atom, RDF nor JSON Feed"


def _feed(parsed: Fields, name: str) -> ParsedFeed:
    channel, entries = _fields(parsed["feed"]), _whole_entries(parsed)
    is_atom = str(parsed["version"]).startswith("atom")
    stated = Channel(
        name=name,
        is_atom=is_atom,
        title=_marked(channel, "title"),
        link=_link(channel) or "",
        language=clean_line(_string(channel, "language")) or None,
        courtesy=_courtesy(channel),
        older=_link(channel, "next") or _link(channel, "prev-archive") or "",
    )
    inherited = _authors(channel, is_atom=True) if is_atom else []
    drafts = (_draft(fields, inherited, is_atom=is_atom) for fields in entries[:MOST_ENTRIES])
    feed = feed_of(stated, drafts, len(entries), seen=None)
    return replace(feed, problems=(*_problems(parsed), *feed.problems))


def _courtesy(channel: Fields) -> Courtesy:
    """Return the pace that a feed asks for; of its hours and days feedparser keeps but the last, so they are none."""
    said = (_string(channel, key) for key in ("ttl", "sy_updateperiod", "sy_updatefrequency"))
    return Courtesy(at_least=at_least(*said))


def _whole_entries(parsed: Fields) -> list[Fields]:
    """Return the entries, without a last one of which a cut document holds nothing but its opening."""
    entries = _list(parsed["entries"])
    is_stub = parsed["bozo"] and entries and not any(map(entries[-1].get, ("id", "link", "title", "summary")))
    return entries[:-1] if is_stub else entries


def _problems(parsed: Fields) -> Iterable[str]:
    if parsed["bozo"]:
        yield f"the document is not well-formed: {_words_of(parsed.get('bozo_exception'))}"


def _words_of(error: object) -> str:
    """Return what an XML parser complains of; its line would be that of the document as it was handed over."""
    words = error.getMessage() if isinstance(error, SAXException) else str(error)
    return clean_line(str(words))[:200]


def _draft(fields: Fields, inherited: list[str], *, is_atom: bool) -> Draft:
    published, updated = moment_in(_string(fields, "published")), moment_in(_string(fields, "updated"))
    if not is_atom and published is None:  # RSS and RDF: dc:date, which feedparser calls an update
        published, updated = updated, None
    authors = _authors(fields, is_atom=is_atom)
    if is_atom and not authors:
        authors = _authors(_fields(fields.get("source")), is_atom=True) or inherited
    tags = (_string(tag, "label") or _string(tag, "term") for tag in _list(fields.get("tags")))
    return Draft(
        id=_string(fields, "id"),
        link=_entry_link(fields, is_atom=is_atom),
        title=_marked(fields, "title"),
        summary=_marked(fields, "summary") if fields.get("summary_detail") else None,  # else a copy of the content
        contents=tuple(map(_part, _list(fields.get("content")))),
        published=published,
        updated=updated,
        authors=tuple(authors),
        language=_string(fields, "language"),
        tags=tuple(filter(None, tags)),
    )


def _marked(fields: Fields, key: str) -> Marked | None:
    """Return a text: its value, and what its detail says of it."""
    if key not in fields:
        return None
    return _part({**_fields(fields.get(f"{key}_detail")), "value": fields[key]})


def _part(detail: Fields) -> Marked:
    return Marked(_string(detail, "value"), _string(detail, "type"), _string(detail, "language"))


def _link(fields: Fields, relation: str = "alternate") -> str | None:
    """Return the address of the page that the channel or entry is about: its first HTML alternate, else its first."""
    links = [link for link in _list(fields.get("links")) if link.get("rel") == relation and link.get("href")]
    links.sort(key=lambda link: link.get("type") not in HTML_TYPES)
    return next((_string(link, "href") for link in links), None)


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


# feedparser's values are dictionaries that warn, guess and rename on access: they are copied to plain ones.


def _fields(value: object) -> Fields:
    return dict(value) if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Fields]:
    return [_fields(item) for item in value] if isinstance(value, list) else []


def _string(fields: Fields, key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""
