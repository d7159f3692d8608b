"""Reads news sitemaps and their indexes (sitemaps.org; the news extension of 2008).

A sitemap that knows no news is none of ours: it lists addresses, and says nothing of what is there.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from tocsin.feeds.drafts import Channel, Draft, Marked, feed_of, moment_in
from tocsin.feeds.entries import MOST_ENTRIES, link_from
from tocsin.feeds.xml import Element
from tocsin.model import FetchReason, ParsedFeed, ParseFailed

MOST_PARTS = 50
_NEWS = "{http://www.google.com/schemas/sitemap-news/"
_NEVER = datetime.min.replace(tzinfo=UTC)


def read_sitemap(root: Element, name: str, seen: frozenset[str]) -> ParsedFeed | ParseFailed | None:
    """Read a sitemap by the root of its tree: entries from its news, parts from an index; None for anything else."""
    match _local(root):
        case "urlset":
            return _urls(root, name, seen)
        case "sitemapindex":
            return _index(root, name)
        case _:
            return None


def _urls(root: Element, name: str, seen: frozenset[str]) -> ParsedFeed | ParseFailed:
    found = [(url, news) for url in root if _local(url) == "url" and (news := _news(url)) is not None]
    if not found and len(root):
        return ParseFailed(reason=FetchReason.NOT_A_FEED, detail="it is a sitemap without news")
    outlets = {outlet for _, news in found if (outlet := _said(news, "publication", "name"))}
    title = Marked(next(iter(outlets)), "text/plain") if len(outlets) == 1 else None
    drafts = (_draft(url, news) for url, news in found[:MOST_ENTRIES])
    return feed_of(Channel(name=name, is_atom=False, title=title), drafts, len(found), seen=seen)


def _draft(url: Element, news: Element) -> Draft:
    return Draft(
        link=_said(url, "loc"),
        title=Marked(_said(news, "title"), "text/plain"),
        published=moment_in(_said(news, "publication_date")),
        updated=moment_in(_said(url, "lastmod")),
        language=_said(news, "publication", "language"),
        tags=tuple(filter(None, map(str.strip, _said(news, "keywords").split(",")))),
    )


def _index(root: Element, name: str) -> ParsedFeed:
    """Return the documents that an index lists: the last changed first, those of unknown age last, as they stand."""
    listed = [
        (moment_in(_said(part, "lastmod")) or _NEVER, _said(part, "loc")) for part in root if _local(part) == "sitemap"
    ]
    listed.sort(key=lambda part: part[0], reverse=True)
    addresses = dict.fromkeys(filter(None, (link_from(address, name) for _, address in listed)))
    more = len(addresses) - MOST_PARTS
    problems = (f"{len(addresses):,} parts, of which the {MOST_PARTS} last changed are read",) if more > 0 else ()
    return ParsedFeed(entries=(), parts=tuple(addresses)[:MOST_PARTS], problems=problems)


def _news(url: Element) -> Element | None:
    return next((child for child in url if str(child.tag).startswith(_NEWS) and _local(child) == "news"), None)


def _said(element: Element, *path: str) -> str:
    """Return the text at the end of a path of local names; empty where there is none."""
    for step in path:
        below = next((child for child in element if _local(child) == step), None)
        if below is None:
            return ""
        element = below
    return "".join(_texts(element)).strip()


def _texts(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield child.tail or ""


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
