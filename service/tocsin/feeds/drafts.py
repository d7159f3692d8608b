"""What a document says of an entry, before its HTML is read; and the entry that comes of it.

RSS, Atom and RDF are read in two ways, strictly and by feedparser: both end here, so that one document cannot mean two
things.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from html.entities import html5
from types import MappingProxyType
from typing import NamedTuple

from tocsin.feeds.entries import MOST_ENTRIES, build_entry, link_from, link_problem, plain_paragraphs
from tocsin.model import Courtesy, Entry, ParsedFeed
from tocsin.text.clean import clean_line
from tocsin.text.dates import parse_time
from tocsin.text.html import html_to_text

READING = "1"  # part of each digest: another number has every entry read again, for what is read here has changed
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

# Elements of HTML that text in feeds is seen to hold; what is in angle brackets and none of these may be a word.
_HTML_NAMES = frozenset(
    """
    a abbr b big blockquote br center cite code dd del div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img
    ins kbd li mark ol p pre q s section small span strike strong sub sup table tbody td th tr tt u ul
    """.split()
)
_HTML_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_HTML_NAMES))})\b[^<>]*>", re.IGNORECASE)
_END_OR_REFERENCE = re.compile(r"</[a-z][a-z0-9]*>|&#?\w{1,31};", re.IGNORECASE)
_TAG_NAME = re.compile(r"</?(\w{1,20})")
_REFERENCE_NAME = re.compile(r"&(\w{1,31};)")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_BREAK_END = re.compile(r"(<br\b[^<>]*>)</br>", re.IGNORECASE)
_PERIODS: Mapping[str, timedelta] = MappingProxyType(
    {
        "hourly": timedelta(hours=1),
        "daily": timedelta(days=1),
        "weekly": timedelta(weeks=1),
        "monthly": timedelta(days=30),
        "yearly": timedelta(days=365),
    }
)
UNASKED = Courtesy()
_LONGEST = timedelta(days=365)
_PART, _FIELD = "\x1e", "\x1f"  # in no text of a document that can be read


class Marked(NamedTuple):
    """A text as a document gives it: `kind` is its media type, `language` the one in force there (empty for none)."""

    value: str
    kind: str
    language: str = ""


@dataclass(slots=True, kw_only=True)
class Draft:
    """An entry as its document states it. `link` is resolved against xml:base, not against the document's own URL."""

    id: str = ""
    link: str = ""
    title: Marked | None = None
    summary: Marked | None = None
    contents: tuple[Marked, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    language: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a feed states of itself, and `name`: the URL or file name of its document."""

    name: str
    is_atom: bool
    title: Marked | None = None
    link: str = ""
    language: str | None = None
    courtesy: Courtesy = UNASKED
    older: str = ""


def feed_of(channel: Channel, drafts: Iterable[Draft], count: int, *, seen: frozenset[str] | None) -> ParsedFeed:
    """Make a feed of the first drafts, `count` being all. With `seen`, entries get digests; known ones are not made."""
    entries: list[Entry] = []
    unchanged: list[str] = []
    problems: list[str] = []
    for number, draft in enumerate(drafts, start=1):
        digest = "" if seen is None else digest_of(draft, channel)
        if digest and seen and digest in seen:
            unchanged.append(digest)
            continue
        entries.append(_entry_of(draft, channel, digest))
        if problem := link_problem(draft.link, channel.name):
            problems.append(f"entry {number}: {problem}")
    if count > MOST_ENTRIES:
        problems.append(f"{count:,} entries, of which the first {MOST_ENTRIES:,} are read")
    return ParsedFeed(
        entries=tuple(entries),
        unchanged=tuple(unchanged),
        title=_title_of(channel.title, is_atom=channel.is_atom),
        url=link_from(channel.link, channel.name),
        language=channel.language,
        courtesy=channel.courtesy,
        older=link_from(channel.older, channel.name),
        problems=tuple(problems),
    )


def moment_in(text: str) -> datetime | None:
    """Return the time that a feed gives to the second; None where it gives none."""
    moment = parse_time(text)
    return moment.replace(microsecond=0) if moment else None


def digest_of(draft: Draft, channel: Channel) -> str:
    """Return 16 hex digits that are equal where the document states the same of an entry, what it inherits included."""
    base = "" if draft.link.startswith(("https://", "http://")) else channel.name
    said = _FIELD.join(_stated(draft, channel, base))
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _stated(draft: Draft, channel: Channel, base: str) -> Iterator[str]:
    yield READING
    yield base
    yield "atom" if channel.is_atom else "rss"
    yield channel.language or ""
    yield draft.id
    yield draft.link
    yield _PART.join(draft.title or ())
    yield _PART.join(draft.summary or ())
    yield from map(_PART.join, draft.contents)
    yield f"{draft.published}{_PART}{draft.updated}"
    yield draft.language
    yield _PART.join(draft.authors)
    yield _PART.join(draft.tags)


def _entry_of(draft: Draft, channel: Channel, digest: str) -> Entry:
    return build_entry(
        own_id=draft.id,
        url=link_from(draft.link, channel.name),
        title=_title_of(draft.title, is_atom=channel.is_atom),
        content=max(map(_body, draft.contents), key=len, default=""),
        summary=_body(draft.summary) if draft.summary else "",
        published=draft.published,
        updated=draft.updated,
        authors=draft.authors,
        language=draft.language or _stated_language(draft, channel.language),
        tags=draft.tags,
        digest=digest,
    )


def looks_like_html(text: str) -> bool:
    """Tell whether text that calls itself plain is HTML: it has end tags or references, and none that HTML has not."""
    return (
        _END_OR_REFERENCE.search(text) is not None
        and all(name.lower() in _HTML_NAMES for name in _TAG_NAME.findall(text))
        and all(name in html5 for name in _REFERENCE_NAME.findall(text))
    )


def at_least(ttl: str, period: str, frequency: str) -> timedelta | None:
    """Return how long a feed wants to be left alone: the longer of `ttl`, in minutes, and its share of a period."""
    minutes, often = number_in(ttl), number_in(frequency or "1")
    waits = [timedelta(minutes=minutes)] if minutes else []
    if often and (period or frequency) and (period.lower() or "daily") in _PERIODS:
        waits.append(_PERIODS[period.lower() or "daily"] / often)
    return min(max(waits), _LONGEST) if waits else None


def number_in(text: str) -> int | None:
    """Return a small whole number, or None."""
    return int(text) if text.isdecimal() and len(text) <= 6 else None


def _title_of(title: Marked | None, *, is_atom: bool) -> str | None:
    """Return the title on one line.

    Atom says whether a title is HTML (RFC 4287, 3.1.1). RSS does not: it is where it looks like it.
    """
    if title is None:
        return None
    is_html = title.kind in HTML_TYPES or (not is_atom and _may_be_html(title.value))
    return clean_line(html_to_text(title.value) if is_html else title.value) or None


def _may_be_html(title: str) -> bool:
    has_tag = "<" in title and _HTML_TAG.search(title)
    return bool(has_tag or ("&" in title and _REFERENCE.search(title)))


def _body(text: Marked) -> str:
    """Return a summary or content as text; plain text that holds HTML tags was meant to be HTML."""
    value, kind = text.value, text.kind
    if kind in HTML_TYPES or ("<" in value and _HTML_TAG.search(value)):
        return html_to_text(_BREAK_END.sub(r"\1", value) if "</br" in value else value)  # browsers read it as two
    return plain_paragraphs(value) if kind.startswith("text/") else ""


def _stated_language(draft: Draft, channel_language: str | None) -> str | None:
    """Return the language of the nearest part that states one; an inherited one is the channel's."""
    parts = (draft.title, *draft.contents, draft.summary)
    stated = (part.language for part in parts if part)
    return next((language for language in stated if language and language != channel_language), None)
