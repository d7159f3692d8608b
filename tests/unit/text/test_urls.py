"""Keys, owners and checks of web addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.text.urls import (
    TRACKING_PARAMETERS,
    article_key,
    canonical_url,
    http_url,
    registered_domain,
    request_host,
    request_url,
)

KEY = "https://gazette.example/news/harbour?id=7"


@pytest.mark.parametrize(
    "url",
    [
        "https://gazette.example/news/harbour?id=7",
        "http://gazette.example/news/harbour?id=7",
        "HTTPS://WWW.Gazette.Example/news/harbour/?id=7",
        "http://gazette.example:80/news/harbour?id=7",
        "https://gazette.example:443/news/harbour?id=7#comments",
        "https://m.gazette.example/news/harbour?id=7",
        "https://amp.gazette.example/news/harbour/amp/?id=7",
        "https://edition.gazette.example/news/harbour.amp?id=7",
        "https://www.m.gazette.example./news/harbour?id=7",
        "https://gazette.example/news/harbour?utm_source=feed&id=7&fbclid=x&UTM_Medium=rss&xtor=RSS-1",
        "https://reader@gazette.example/news/harbour?id=7",
        "  https://gazette.example/news/harbour?id=7\n",
        "https://mobile.gazette.example/news/harbour?id=7",
        "https://gazette.example/amp/news/harbour?id=7",
        "https://gazette.example/news/harbour/amp?id=7",
        "https://gazette.example/news/harbour?amp=1&id=7",
        "https://gazette.example/news/harbour?amp&id=7",
        "https://gazette.example/news/harbour?id=7&outputType=amp",
        "https://gazette.example/news/harbour?id=7&format=amp",
        "https://www.google.com/amp/s/gazette.example/news/harbour?id=7",
        "https://www.google.co.uk/amp/s/www.gazette.example/news/harbour/amp?id=7",
        "https://google.com/amp/gazette.example/news/harbour?id=7",
        "https://gazette-example.cdn.ampproject.org/c/s/gazette.example/news/harbour.amp?id=7",
        "https://gazette-example.cdn.ampproject.org/v/s/gazette.example/news/harbour?id=7&amp_js_v=0.1",
        "https://gazette.example/news/harbour/print?id=7",
        "https://gazette.example/news/harbour/print/?id=7",
        "https://gazette.example/news/harbour/pdf?id=7",
        "https://gazette.example/news/harbour?id=7&print=1",
        "https://gazette.example/news/harbour?print=true&id=7",
        "https://gazette.example/news/harbour?id=7&view=print",
        "https://gazette.example/news/harbour?id=7&at_medium=RSS&at_campaign=KARANGA",
        "https://gazette.example/news/harbour?id=7&gclid=1&msclkid=2&mc_cid=3",
        "https://gazette.example/news/harbour?id=7&_ga=2.1.1",
        "https://gazette.example/news/harbour?id=7&cmpid=rss&ftag=MSF",
        "https://gazette.example/news/harbour?id=7&srnd=premium&ref=home",
        "https://gazette.example/news/harbour//?id=7",
    ],
)
def test_same_page_same_key(url: str) -> None:
    """What leads to the same page has the same key."""
    assert canonical_url(url) == KEY


@pytest.mark.parametrize(
    "url",
    [
        "https://gazette.example/news/harbour?id=8",
        "https://gazette.example/news/Harbour?id=7",
        "https://gazette.example/news/harbour",
        "https://gazette.example/news/harbour?id=7&page=2",
        "https://gazette.example/news/harbour?cid=7",
        "https://gazette.example:8080/news/harbour?id=7",
        "https://sport.gazette.example/news/harbour?id=7",
        "https://gazette.example/news/harbour?id=7&story=6",
        "https://gazette.example/news/harbour?id=7&p=2",
        "https://gazette.example/news/harbour?id=7&view=comments",
        "https://gazette.example/news/harbour?id=7&format=long",
        "https://gazette.example/news/harbour?id=7&amp=2",
        "https://gazette.example/news/harbour?id=7&print=2",
        "https://gazette.example/news/harbour-print?id=7",
        "https://gazette.example/news/harbour/amplifier?id=7",
        "https://gazette.example/news/harbour.ampère?id=7",
        "https://gazette.example/print/news/harbour?id=7",
        "https://gazette.example/news/harbour/2?id=7",
        "https://gazette.example/news/?id=7",
        "https://blog.gazette.example/news/harbour?id=7",
        "https://news.gazette.example/news/harbour?id=7",
        "https://gazette.test/news/harbour?id=7",
        "https://www.google.com/search/s/gazette.example/news/harbour?id=7",
    ],
)
def test_other_page_other_key(url: str) -> None:
    """What may be another page has another key: two made one would be a report never seen."""
    assert canonical_url(url) not in (KEY, None)


@pytest.mark.parametrize("name", sorted(TRACKING_PARAMETERS))
def test_tracking_parameters(name: str) -> None:
    """A parameter that only says where a reader came from is dropped."""
    assert canonical_url(f"https://gazette.example/a?{name}=x&b=1") == "https://gazette.example/a?b=1"


def test_tracking_parameters_of_the_configuration() -> None:
    """Parameters that the configuration names are dropped too, whatever their capitals, and no others."""
    url = "https://gazette.example/a?Wave=9&b=1&waves=2"
    assert canonical_url(url, frozenset({"wave"})) == "https://gazette.example/a?b=1&waves=2"
    assert canonical_url(url) != canonical_url(url, frozenset({"wave"}))


@pytest.mark.parametrize("url", ["https://gazette.example", "https://www.gazette.example/?utm_source=rss"])
def test_a_front_page_is_the_address_of_no_article(url: str) -> None:
    """Entries that all lead to the front page have no address by which to know them."""
    assert article_key(url) is None


@pytest.mark.parametrize("url", ["https://gazette.example/a", "https://gazette.example/?id=7"])
def test_a_path_or_a_query_is_an_address(url: str) -> None:
    """What leads beyond the front page is known by its canonical URL."""
    assert article_key(url) == canonical_url(url)


@given(st.text(max_size=80), st.sampled_from(["https://gazette.example/", "http://m.x.example/amp/", ""]))
def test_a_key_is_its_own_key(text: str, start: str) -> None:
    """Whatever the URL, its key leads to the same key, and nothing is raised."""
    key = canonical_url(start + text)
    assert key is None or canonical_url(key) == key


def test_query_order_and_letters() -> None:
    """The order of parameters and the way letters are written do not matter."""
    assert canonical_url("https://x.example/é?b=2&a=ü&a=1") == canonical_url(
        "https://x.example/%C3%A9?a=1&a=%C3%BC&b=2"
    )
    assert canonical_url("https://порт.example/") == canonical_url("https://xn--n1abei.example")


@pytest.mark.parametrize(
    "url",
    ["", "gazette", "/a", "//gazette.example", "ftp://gazette.example", "mailto:a@b.example", "https://", "https://."],
)
def test_no_key(url: str) -> None:
    """What is no http or https URL has no key."""
    assert canonical_url(url) is None


@pytest.mark.parametrize(
    "url", ["https://[::1", "https://x:99999/", "https://x:y/", "https://\x00", "https://a]b/", "https:// /"]
)
def test_broken_urls(url: str) -> None:
    """A broken URL is answered, not raised over."""
    canonical_url(url)
    registered_domain(url)
    http_url(url)


@pytest.mark.parametrize("url", ["https://www.com/", "https://m.example", "https://amp.dev"])
def test_host_that_is_only_a_prefix(url: str) -> None:
    """A prefix that is all there is to the name is the name."""
    assert canonical_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://feeds.news.gazette.co.uk/rss", "gazette.co.uk"),
        ("https://gazette.example:8443/", "gazette.example"),
        ("https://ada.github.io/blog", "ada.github.io"),
        ("https://новости.порт.рф/", "порт.рф"),
        ("http://127.0.0.1:8000/feed", "127.0.0.1"),
        ("http://[::1]/feed", "::1"),
        ("http://localhost/feed", "localhost"),
        ("http://co.uk/", "co.uk"),
        ("seeds", ""),
    ],
)
def test_registered_domain(url: str, domain: str) -> None:
    """The outlet behind an address is who registered its domain."""
    assert registered_domain(url) == domain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" https://gazette.example/a ", "https://gazette.example/a"),
        ("https://gazette.example/a b", "https://gazette.example/a%20b"),
        ("https://gazette.example/порт", "https://gazette.example/порт"),
        ("https://gazette.example/a\r\nBcc: you@example.org", None),
        ("https://gazette.example/\u202ereversed", None),
        ("https://gazette.example/\u200b", None),
        ("https://user:secret@gazette.example/", None),
        ("https://user@gazette.example/", None),
        ("javascript:alert(1)", None),
        ("gazette.example/a", None),
    ],
)
def test_http_url(text: str, expected: str | None) -> None:
    """Only a whole http or https address without secrets and invisible characters can be linked to."""
    assert http_url(text) == expected


@pytest.mark.parametrize(
    ("url", "evened"),
    [
        ("HTTPS://Herald.EXAMPLE.:443?a=B#top", "https://herald.example/?a=B"),
        ("http://herald.example:8080/A%20b/", "http://herald.example:8080/A%20b/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[::1]:80/x", "http://[::1]/x"),
        ("ftp://Herald.example/", "ftp://Herald.example/"),
        ("https://", "https://"),
    ],
)
def test_urls_that_make_one_request_are_equal(url: str, evened: str) -> None:
    """What no server sees the difference of is evened, all else is left as it is."""
    assert request_url(url) == evened
    assert request_url(evened) == evened


def test_the_host_of_a_request_is_as_dns_knows_it() -> None:
    """Small letters, no trailing dot, ASCII; nothing where there is no host."""
    assert request_host("https://BÜCHER.example.:1/") == "xn--bcher-kva.example"
    assert request_host("http://[::1]:80/x") == "::1"
    assert request_host("file:///etc/hosts") == ""
