"""Laws of finding where feeds may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.feeds.discovery import (
    MOST_LINKED,
    MOST_NAMED,
    Candidate,
    FoundFeed,
    Hint,
    common_feeds,
    feeds_of_page,
    likeliest_first,
)
from tocsin.model import Document, Entry, ParsedFeed

HOME = "https://herald.example/news/index.html"


def of_page(html: str, url: str = HOME) -> list[tuple[str, Hint]]:
    page = Document(name=url, body=html.encode())
    return [(candidate.url, candidate.hint) for candidate in feeds_of_page(page)]


def named(html: str, url: str = HOME) -> list[str]:
    return [found for found, hint in of_page(html, url) if hint is Hint.NAMED]


def linked(html: str, url: str = HOME) -> list[str]:
    return [found for found, hint in of_page(html, url) if hint is Hint.LINKED]


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="alternate" type="application/rss+xml" href="/feed">',
        "<LINK REL='Alternate' TYPE='application/ATOM+xml; charset=utf-8' HREF='/feed'>",
        "<link rel='alternate home' type=application/feed+json href=/feed>",
        "<link href='//herald.example/feed#top' type='application/rdf+xml' rel='feed'>",
        "<link rel=alternate type=text/xml href='../feed'>",
        "<base href='https://herald.example/a/b'><link rel=alternate type=application/rss+xml href='../feed'>",
    ],
)
def test_a_page_names_its_feeds(link: str) -> None:
    """A link to an alternate of a feed's type is one, however it is written, its address made absolute."""
    assert named(f"<html><head>{link}</head><body>News</body></html>") == ["https://herald.example/feed"]


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="stylesheet" type="application/rss+xml" href="/feed">',
        '<link rel="alternate" type="text/html" hreflang="de" href="/de/feed">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">',
        '<link rel="alternate" type="application/rss+xml">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:feed()">',
        '<link rel="alternate" type="application/rss+xml" href="https://desk:secret@herald.example/feed">',
        '<link rel="alternate" type="application/rss+xml" href="https://[::1/feed">',
        '<link rel="alternate" type="application/rss+xml" href="https://herald.example:99999/feed">',
    ],
)
def test_what_is_no_feed_is_not_named(link: str) -> None:
    """Other types, other relations and addresses that cannot be asked are passed over."""
    assert named(f"<html><head>{link}</head><body>News</body></html>") == []


def test_feeds_of_comments_come_last() -> None:
    """The order is the page's, but what is for comments is behind the rest."""
    page = """
        <link rel=alternate type=application/rss+xml title="Herald » Comments Feed" href=/a>
        <link rel=alternate type=application/rss+xml title="Herald" href=/comments/feed>
        <link rel=alternate type=application/rss+xml title="Herald" href=/b>
        <link rel=alternate type=application/atom+xml title="Herald" href=/c>
    """
    paths = ["b", "c", "a", "comments/feed"]
    assert named(page) == [f"https://herald.example/{path}" for path in paths]


@pytest.mark.parametrize(
    ("href", "like"),
    [
        ("/rss", True),
        ("/en/rss.xml", True),
        ("/index.php?format=feed&type=rss", True),
        ("/feeds/all.atom", True),
        ("https://feeds.example/herald/rss2", True),
        ("/news-sitemap.xml", True),
        ("/feedback", False),
        ("/embarrassing", False),
        ("/newsfeeder", False),
        ("/atomic-age", False),
        ("mailto:feed@herald.example", False),
        ("https://[/rss", False),
    ],
)
def test_a_link_looks_like_a_feed_by_whole_words(href: str, like: bool) -> None:
    """Words of an address count as a whole: rss, atom, rdf, feed, feeds."""
    assert bool(linked(f"<a href='{href}'>Follow us</a>")) is like


def test_links_to_other_sites_come_last() -> None:
    """What is on the site's own domain is asked before what is elsewhere, and what the page names before both."""
    page = """
        <a href="https://reader.example/add/feed/1">Add to your reader</a> <a href="https://rss.herald.example/rss">RSS</a>
        <link rel=alternate type=application/rss+xml href="/feed">
    """
    assert of_page(page) == [
        ("https://herald.example/feed", Hint.NAMED),
        ("https://rss.herald.example/rss", Hint.LINKED),
        ("https://reader.example/add/feed/1", Hint.LINKED),
    ]


def test_each_address_is_asked_once_and_few_are() -> None:
    """Spellings of one address are one candidate, and a page that names a hundred feeds is asked for some of them."""
    link = "<link rel=alternate type=application/rss+xml href="
    assert named(f"{link}/feed>{link}HTTPS://HERALD.example:443/feed>") == ["https://herald.example/feed"]
    many = "".join(f"{link}/{number}><a href='/rss/{number}'>RSS</a>" for number in range(100))
    assert (len(named(many)), len(linked(many))) == (MOST_NAMED, MOST_LINKED)


def test_common_places_are_those_of_the_site() -> None:
    """Below the page's own path first, then at the root, each once and all of them of the site."""
    urls = [candidate.url for candidate in common_feeds("https://herald.example/blog/?page=1#top")]
    assert urls[:3] == [f"https://herald.example/{path}" for path in ("blog/feed", "feed", "rss")]
    assert urls[-1] == "https://herald.example/news-sitemap.xml"
    root = [candidate.url for candidate in common_feeds(HOME)]
    assert root[0] == "https://herald.example/feed"
    assert len(set(root)) == len(root)


def found(url: str, hint: Hint = Hint.NAMED, title: str = "", entries: int = 1) -> FoundFeed:
    parsed = ParsedFeed(entries=tuple(Entry(id=str(number)) for number in range(entries)), title=title)
    return FoundFeed(url=url, candidate=Candidate(url=url, hint=hint, title=title), parsed=parsed)


def test_the_likeliest_feed_comes_first() -> None:
    """Articles before comments, something before nothing, the page's order among equals, each address once."""
    feeds = [
        found("https://herald.example/empty", entries=0),
        found("https://herald.example/talk", title="Comments on the Herald"),
        found("https://herald.example/rss"),
        found("https://herald.example/atom"),
        found("https://HERALD.example/rss#again"),
    ]
    urls = [feed.url.rpartition("/")[2] for feed in likeliest_first(feeds)]
    assert urls == ["rss", "atom", "talk", "empty"]


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_page_breaks_the_search(html: str, href: str) -> None:
    """Whatever a page holds, only http(s) addresses without credentials come out."""
    page = f"{html}<link rel=alternate type=application/rss+xml href='{href}'><a href='{href}/rss'>x</a>"
    for url, _ in of_page(page):
        assert url.startswith(("http://", "https://"))
        assert "@" not in url.split("/")[2]
