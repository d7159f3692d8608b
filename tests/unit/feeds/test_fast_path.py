"""The fast path and feedparser give the same answers on feeds that are well-formed.

Feeds are made up (tests/support/made_up_feeds.py): RSS, RDF, Atom 0.3 and 1.0, with the modules that news feeds use.
What the two read differently on purpose is not made up there; docs/decisions/0014-fast-path.md lists it.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.made_up_feeds import FORMATS, FeedMaker
from tocsin.feeds.loose import read_loosely
from tocsin.feeds.parse import parse_document
from tocsin.feeds.strict import read_feed
from tocsin.feeds.xml import read_xml
from tocsin.model import Document, Entry, ParsedFeed

MODULES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:media="http://search.yahoo.com/mrss/"'
)
URL = "https://herald.example/feeds/all.xml"


def both(text: str) -> tuple[ParsedFeed, ParsedFeed]:
    root = read_xml(text.encode(), "utf-8")
    assert root is not None, text
    fast, slow = read_feed(root, URL, frozenset()), read_loosely(text, len(text), URL)
    assert isinstance(fast, ParsedFeed), text
    assert isinstance(slow, ParsedFeed)
    return fast, slow


def undigested(feed: ParsedFeed) -> list[Entry]:
    return [replace(entry, digest="") for entry in feed.entries]


@pytest.mark.parametrize("kind", FORMATS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150)
def test_same_answers(kind: str, seed: int) -> None:
    """A well-formed feed gives the same entries and the same channel, read strictly or by feedparser."""
    fast, slow = both(FeedMaker(seed).feed(kind))
    assert undigested(fast) == undigested(slow)
    assert (fast.title, fast.url, fast.language, fast.older) == (slow.title, slow.url, slow.language, slow.older)
    assert fast.courtesy == slow.courtesy
    assert fast.problems == slow.problems


@pytest.mark.parametrize("kind", FORMATS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=30)
def test_known_entries_are_only_named(kind: str, seed: int) -> None:
    """Entries whose digest is known are not made again, the others are the same as without."""
    text = FeedMaker(seed).feed(kind)
    first = parse_document(Document(name=URL, body=text.encode()))
    assert isinstance(first, ParsedFeed)
    digests = [entry.digest for entry in first.entries]
    assert all(len(digest) == 16 for digest in digests)
    again = parse_document(Document(name=URL, body=text.encode()), frozenset(digests[:1]))
    assert isinstance(again, ParsedFeed)
    assert again.unchanged == tuple(digest for digest in digests if digest == digests[0])
    assert again.entries == tuple(entry for entry in first.entries if entry.digest != digests[0])


ITEM = "<item><title>One</title><link>/1</link><guid>1</guid><description>Ships.</description></item>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("One", "Two"),
        ("/1", "/2"),
        ("<guid>1", "<guid>2"),
        ("Ships.", "Ships!"),
        ("<title>", '<title xml:lang="de">'),
        ("<item>", '<item xml:base="https://b.example/">'),
        ("</item>", "<dc:creator>Ada</dc:creator></item>"),
        ("</item>", "<pubDate>2026-11-03</pubDate></item>"),
        ("</item>", "<category>Ports</category></item>"),
    ],
)
def test_a_change_changes_the_digest(before: str, after: str) -> None:
    """Whatever is said differently of an entry, or comes to it from outside, gives another digest."""
    changed = ITEM.replace(before, after)
    assert digest(changed) != digest(ITEM)
    assert digest(ITEM, "https://other.example/feed") != digest(ITEM)


def test_what_is_no_part_of_an_entry_keeps_its_digest() -> None:
    """A count of comments, white space between elements and the neighbours leave a digest as it is."""
    counted = ITEM.replace("</item>", "\n<slash:comments>7</slash:comments>\n</item>")
    assert digest(counted) == digest(ITEM)
    assert digest(ITEM + counted) == digest(ITEM)


def digest(items: str, name: str = URL) -> str:
    body = f"<rss version='2.0' {MODULES}><channel><title>T</title>{items}</channel></rss>".encode()
    parsed = parse_document(Document(name=name, body=body))
    assert isinstance(parsed, ParsedFeed)
    return parsed.entries[0].digest
