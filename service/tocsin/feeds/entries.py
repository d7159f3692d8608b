"""What makes an entry, whatever format it comes in: its identity, its link, its text kind and its limits.

Formats read their own fields and hand them over here; nothing here knows one of them.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from tocsin.model import Entry, TextKind
from tocsin.text.clean import clean, clean_line
from tocsin.text.urls import http_url

MOST_ENTRIES = 2_000
MOST_TITLE = 1_000  # code points, as the next two
MOST_TEXT = 200_000
MOST_LINK = 2_000
_EMPTY_LINE = re.compile(r"\n\s*\n")


def build_entry(
    *,
    own_id: str | None,
    url: str | None,
    title: str | None,
    content: str | None = None,
    summary: str | None = None,
    stand_in: str | None = None,
    published: datetime | None = None,
    updated: datetime | None = None,
    authors: Sequence[str] = (),
    language: str | None = None,
    tags: Sequence[str] = (),
    digest: str = "",
) -> Entry:
    """Make an entry from clean parts within the limits.

    The id is the entry's own, else its URL, else `stand_in`, else a hash of title and text.
    """
    text, kind = _fullest(content or None, summary or None)
    return Entry(
        id=_short_id(own_id or "") or url or stand_in or _hash(f"{title or ''}\n{text or ''}"),
        url=url,
        title=title[:MOST_TITLE] or None if title else None,
        published=published,
        updated=updated,
        authors=_distinct(authors),
        summary=summary[:MOST_TEXT] if summary else None,
        text=text[:MOST_TEXT] if text else None,
        text_kind=kind,
        language=clean_line(language or "")[:MOST_TITLE] or None,
        tags=_distinct(tags),
        digest=digest,
    )


def link_from(href: str, base: str) -> str | None:
    """Return where an entry points, absolute against `base` (the document's name); None for what is no web address.

    A local file has no base: a relative link is kept as it stands. One that is too long is none: its beginning leads
    elsewhere.
    """
    link = _resolved(href, base)
    return link if link and len(link) <= MOST_LINK else None


def link_problem(href: str, base: str) -> str | None:
    """Return what is wrong with a link that `link_from` leaves out for its length alone."""
    if len(href) + len(base) < MOST_LINK // 3:  # what is escaped becomes three
        return None
    link = _resolved(href, base)
    if not link or len(link) <= MOST_LINK:
        return None
    return f"its link has {len(link):,} characters, more than {MOST_LINK:,}, and is left out"


def _resolved(href: str, base: str) -> str | None:
    href = href.strip()
    if not href:
        return None
    base_url = http_url(base)
    try:
        joined = urljoin(base_url or "", href)
        is_relative = not base_url and not urlsplit(href).scheme
    except ValueError:
        return None
    return joined if is_relative and joined == clean_line(joined) else http_url(joined)


def plain_paragraphs(text: str) -> str:
    """Return plain text with its paragraphs parted by one empty line and all other white space as single blanks."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in _EMPTY_LINE.split(clean(text.replace("\r", ""))))
    return "\n\n".join(filter(None, paragraphs))


def _fullest(content: str | None, summary: str | None) -> tuple[str | None, TextKind]:
    """Return the fuller of the two and what it is; what only repeats the summary is a summary."""
    if content and content != summary and len(content) >= len(summary or ""):
        return content, TextKind.FULL
    return (summary, TextKind.SUMMARY) if summary else (None, TextKind.TITLE)


def _short_id(own_id: str) -> str:
    """Return the id on one line; one that is too long to be kept, as its hash."""
    line = clean_line(own_id)
    return line if len(line) <= MOST_LINK else _hash(line)


def _hash(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    lines = (clean_line(name)[:MOST_TITLE] for name in names)
    return tuple(dict.fromkeys(filter(None, lines)))
