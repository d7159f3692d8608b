"""Finds where the feeds of a site may be: what its page names, what it links to, where feeds commonly are.

It fetches nothing, and whether there is a feed at an address is only known once that was read.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urljoin, urlsplit

from tocsin.model import Document, ParsedFeed
from tocsin.text.html import Link, read_links
from tocsin.text.urls import http_url, registered_domain, request_url

#: How many addresses of each kind are worth a request.
MOST_NAMED, MOST_LINKED = 8, 4

#: Where feeds commonly are, likeliest first.
COMMON_PATHS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json", "/news-sitemap.xml")

_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"})
#: Types that other documents have too: the address must look like a feed's.
_VAGUE_TYPES = frozenset({"application/json", "application/xml", "text/xml"})
_LIKE_A_FEED = re.compile(r"(?:^|[/._=?&-])(?:rss|atom|rdf|feeds?)(?:[0-9]*(?=$|[/._=?&-]))", re.IGNORECASE)
_COMMENTS = re.compile(r"\bcomments?\b|\bkommentare?\b|\bcommentaires?\b|\bcomentarios?\b", re.IGNORECASE)


class Hint(IntEnum):
    """Why there may be a feed at an address, the surest first."""

    GIVEN = 0  # it was asked for
    NAMED = 1  # the page names it as its feed
    LINKED = 2  # the page links to what looks like one
    COMMON = 3  # many sites have theirs there


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address at which there may be a feed."""

    url: str
    hint: Hint
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed that was read, with the address that it has for good."""

    url: str
    candidate: Candidate
    parsed: ParsedFeed


def feeds_of_page(page: Document) -> tuple[Candidate, ...]:
    """Return where a page says that its feeds are, then what it links to that looks like one; each address once.

    Feeds of comments come last among the named ones, other sites' last among the linked ones.
    """
    base, links = read_links(page.body)
    base = urljoin(page.name, base or "")
    named = (_candidate(link, base, Hint.NAMED) for link in links if _names_a_feed(link))
    linked = (_candidate(link, base, Hint.LINKED) for link in links if _looks_like_one(link, base))
    own = registered_domain(page.name)
    return tuple(
        _each_once(
            [
                *sorted(filter(None, named), key=_is_of_comments)[:MOST_NAMED],
                *sorted(filter(None, linked), key=lambda found: registered_domain(found.url) != own)[:MOST_LINKED],
            ]
        )
    )


def common_feeds(url: str) -> tuple[Candidate, ...]:
    """Return where feeds commonly are on the site of `url`, likeliest first; below its own path before all else."""
    path = urlsplit(url).path.rstrip("/")
    paths = (f"{path}/feed", *COMMON_PATHS) if path and not path.endswith((".html", ".htm", ".php")) else COMMON_PATHS
    return tuple(_each_once(Candidate(url=urljoin(url, path), hint=Hint.COMMON) for path in paths))


def likeliest_first(found: Iterable[FoundFeed]) -> Sequence[FoundFeed]:
    """Return feeds in the order in which one would choose them, those at one address once.

    Feeds of articles before those of comments and those with entries before empty ones; then as the page has them.
    """
    ordered = sorted(found, key=lambda feed: (not _holds_anything(feed), _is_about_comments(feed), feed.candidate.hint))
    first: dict[str, FoundFeed] = {}
    for feed in ordered:
        first.setdefault(request_url(feed.url), feed)
    return list(first.values())


def _each_once(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    seen: set[str] = set()
    for candidate in candidates:
        if (key := request_url(candidate.url)) not in seen:
            seen.add(key)
            yield candidate


def _candidate(link: Link, base: str, hint: Hint) -> Candidate | None:
    try:
        url = http_url(urljoin(base, link.href))
    except ValueError:  # a port or an address that is none
        return None
    return Candidate(url=url.partition("#")[0], hint=hint, title=link.title) if url else None


def _names_a_feed(link: Link) -> bool:
    if link.element != "link" or not link.rel & {"alternate", "feed"}:
        return False
    kind = link.type.partition(";")[0].strip()
    return kind in _FEED_TYPES or (kind in _VAGUE_TYPES and bool(_LIKE_A_FEED.search(link.href)))


def _looks_like_one(link: Link, base: str) -> bool:
    if link.element != "a":
        return False
    if link.type.partition(";")[0].strip() in _FEED_TYPES:
        return True
    try:
        parts = urlsplit(urljoin(base, link.href))
    except ValueError:
        return False
    return bool(_LIKE_A_FEED.search(f"{parts.path}?{parts.query}")) or parts.path.endswith("/news-sitemap.xml")


def _is_of_comments(candidate: Candidate) -> bool:
    return bool(_COMMENTS.search(candidate.title) or _COMMENTS.search(urlsplit(candidate.url).path))


def _is_about_comments(feed: FoundFeed) -> bool:
    return _is_of_comments(feed.candidate) or bool(_COMMENTS.search(feed.parsed.title or ""))


def _holds_anything(feed: FoundFeed) -> bool:
    return bool(feed.parsed.entries or feed.parsed.parts)
