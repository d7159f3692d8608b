"""What the fast path reads that feedparser does not, and what it leaves to feedparser."""

from datetime import timedelta

import pytest

from tocsin.feeds.parse import parse_document
from tocsin.feeds.sitemaps import MOST_PARTS
from tocsin.feeds.strict import read_feed
from tocsin.feeds.xml import read_xml
from tocsin.model import Document, Entry, ParsedFeed, ParseFailed

URL = "https://herald.example/feeds/all.xml"
MODULES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    'xmlns:a="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def parse(body: str, seen: frozenset[str] = frozenset()) -> ParsedFeed:
    parsed = parse_document(Document(name=URL, body=body.encode()), seen)
    assert isinstance(parsed, ParsedFeed)
    return parsed


def rss(inside: str) -> str:
    return f'<rss version="2.0" {MODULES}><channel><title>The Example Herald</title>{inside}</channel></rss>'


def entry_of(item: str) -> Entry:
    return parse(rss(f"<item>{item}</item>")).entries[0]


def test_media_stands_in() -> None:
    """What media fields say is the entry's where it says nothing itself, and never where it does."""
    media = (
        "<media:group><media:title>A crane</media:title><media:description>It lifts.</media:description>"
        '<media:credit role="author">Ada Fictional</media:credit>'
        '<media:credit role="photographer">Ben</media:credit></media:group>'
    )
    bare = entry_of(media)
    assert (bare.title, bare.summary, bare.authors) == ("A crane", "It lifts.", ("Ada Fictional",))
    own = entry_of(f"{media}<title>One</title><description>Two</description><dc:creator>Cleo Pretend</dc:creator>")
    assert (own.title, own.summary, own.text, own.authors) == ("One", "Two", "Two", ("Cleo Pretend",))


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("<ttl>90</ttl>", timedelta(minutes=90)),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", timedelta(hours=6)),
        ("<ttl>90</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(minutes=90)),
        ("<ttl>999999</ttl>", timedelta(days=365)),
    ],
)
def test_courtesy(said: str, wait: timedelta | None) -> None:
    """A feed's wish to be left alone is the longest that it states, a year at most."""
    assert parse(rss(f"{said}<item><title>One</title></item>")).courtesy.at_least == wait


@pytest.mark.parametrize("relation", ["next", "prev-archive"])
def test_older_pages(relation: str) -> None:
    """The page of older entries is the next, or the archive before (RFC 5005), against the feed's address."""
    assert (
        parse(rss(f'<a:link rel="{relation}" href="?page=2"/><item><title>One</title></item>')).older == f"{URL}?page=2"
    )


@pytest.mark.parametrize(
    "body",
    [
        "<opml><body/></opml>",
        "<rss><item><title>One</title></item></rss>",
        "<rss><channel/></rss>",
        "<rss><channel/><channel/></rss>",
        "<feed xmlns='urn:of-nobody'><entry/></feed>",
        "<rss><channel><items><item><title>One</title></item></items></channel></rss>",
        "<feed xmlns='http://purl.org/atom/ns#'><entry><content mode='base64'>T25l</content></entry></feed>",
    ],
)
def test_unusual_shapes_are_left_to_feedparser(body: str) -> None:
    """A tree of another shape than the formats describe is given back unread."""
    root = read_xml(body.encode())
    assert root is not None
    assert read_feed(root, URL, frozenset()) is None


def test_entities_are_never_missing() -> None:
    """A tree in which an entity would be a hole is not read."""
    assert read_xml(b'<!DOCTYPE a [<!ENTITY e "x">]><a>1&e;2</a>') is None
    assert read_xml(b'<!DOCTYPE a PUBLIC "x" "https://a.example/dtd"><a>1&e;2</a>') is None
    assert read_xml(b"<!DOCTYPE a><a>1</a>") is not None


def test_an_index_lists_its_parts() -> None:
    """The parts of an index come the last changed first, those of unknown age last, fifty at most."""
    parts = [(f"/{number}.xml", f"<lastmod>2026-11-{number:02}</lastmod>") for number in range(1, 31)]
    parts += [(f"/old-{number}.xml", "") for number in range(30)]
    listed = "".join(f"<sitemap><loc>https://herald.example{path}</loc>{changed}</sitemap>" for path, changed in parts)
    parsed = parse(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</sitemapindex>')
    assert len(parsed.parts) == MOST_PARTS
    assert parsed.parts[:2] == ("https://herald.example/30.xml", "https://herald.example/29.xml")
    assert parsed.parts[30] == "https://herald.example/old-0.xml"
    assert parsed.problems == ("60 parts, of which the 50 last changed are read",)


def test_a_sitemap_without_news_is_none() -> None:
    """A sitemap that only lists addresses is refused in words."""
    body = (
        b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://a.example/</loc></url></urlset>"
    )
    parsed = parse_document(Document(name=URL, body=body))
    assert isinstance(parsed, ParseFailed)
    assert parsed.detail == "it is a sitemap without news"
