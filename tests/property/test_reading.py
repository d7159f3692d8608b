"""Laws of reading that hold for all inputs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.feeds.parse import parse_document
from tocsin.model import Document, ParsedFeed, ParseFailed
from tocsin.text.clean import clean, clean_line
from tocsin.text.encodings import decode
from tocsin.text.html import html_to_text, read_page
from tocsin.text.urls import canonical_url, http_url, registered_domain

# All code points, lone surrogates among them, as JSON and broken decoders let them through.
ANY_TEXT = st.text(st.characters(), max_size=200)
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            "<p> </p> <br> <div> <b> </b> <li> <td> <pre> </pre> <script> </script> <template> <!-- --> &amp; &lt; "
            "&#0; &nbsp; <title> <rss> <channel> <item> </item> <guid> <link> </link> <entry> <![CDATA[ ]]> "
            "& < > {".split()
        ),
        st.text(max_size=10),
    ),
    max_size=30,
).map("".join)
PLAIN = st.text(st.characters(exclude_characters="<&"), max_size=200)
URLS = st.one_of(
    st.text(max_size=50),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["http://", "https://", "HTTPS://", "ftp://", "//", "https://[", "https://u:p@"]),
        st.text(st.sampled_from("awm.:-1é[]@%"), max_size=12),
        st.text(st.sampled_from("/a.mp%2fä? "), max_size=12),
        st.text(st.sampled_from("?&=utm_a1#é"), max_size=15),
    ),
)


@given(ANY_TEXT)
def test_clean_keeps_offsets(text: str) -> None:
    """Cleaning keeps the length, is done once, and leaves only text that can be stored and sent."""
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert clean(cleaned) == cleaned
    cleaned.encode()
    assert not any(ord(c) < 0x20 and c not in "\t\n\r" for c in cleaned)


@given(ANY_TEXT)
def test_clean_line_is_one_line(text: str) -> None:
    """A clean line has no line end, no blank at its ends, and is clean already."""
    line = clean_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip() == clean_line(line)


@given(st.one_of(ANY_TEXT, MARKUP))
def test_html_never_raises(html: str) -> None:
    """Whatever is called HTML gives paragraphs without empty ones, stray blanks or control characters."""
    text = html_to_text(html)
    assert text == clean(text)
    assert all(line == " ".join(line.split()) for line in text.split("\n"))
    assert "\n\n\n" not in text
    assert text == text.strip("\n")


@given(PLAIN)
def test_plain_text_goes_through_html_unharmed(text: str) -> None:
    """Text without markup keeps its words, and reading it again changes nothing."""
    once = html_to_text(text)
    assert once.split() == clean(text).split()
    assert html_to_text(once) == once


@given(st.one_of(st.binary(max_size=300), MARKUP.map(lambda html: html.encode("utf-8", "surrogatepass"))))
def test_pages_never_raise(body: bytes) -> None:
    """Whatever is called a page gives a page."""
    read_page(body)


@given(st.binary(max_size=200), st.lists(st.text(max_size=10) | st.sampled_from(["utf-16", "zip", "koi8-r", "gbk"])))
def test_decoding_never_fails(body: bytes, declared: list[str]) -> None:
    """Bytes become text that can be stored, whatever they are said to be."""
    clean(decode(body, declared)).encode()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_utf_8_is_always_read(text: str) -> None:
    """What is UTF-8 and begins with no other mark is read as UTF-8, declared or not."""
    if text.startswith("\ufeff") or "\x00" in text:
        return
    assert decode(text.encode()) == decode(text.encode(), ["utf-8"]) == decode(text.encode(), ["cp1252"]) == text


@given(URLS)
def test_urls_never_raise(url: str) -> None:
    """Keys are stable, and only web addresses have them."""
    key = canonical_url(url)
    registered_domain(url)
    http_url(url)
    assert key is None or (key.startswith("https://") and canonical_url(key) == key)


@given(
    body=st.one_of(st.binary(max_size=200), MARKUP.map(lambda text: f"<rss>{text}".encode("utf-8", "replace"))),
    name=st.sampled_from(["https://gazette.example/feed", "a.xml", "a.txt", "a.json", "a.jsonl", "a.html", "-", ""]),
)
def test_documents_never_raise(body: bytes, name: str) -> None:
    """Whatever is called a document gives a feed or a failure, of text that can be stored."""
    parsed = parse_document(Document(name=name, body=body))
    assert isinstance(parsed, ParsedFeed | ParseFailed)
    repr(parsed).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "title", "text", "items", "url", "authors", "name", "tags", "published", "version"]),
            inner,
        )
    ),
    max_leaves=15,
)


@pytest.mark.parametrize("name", ["https://gazette.example/feed.json", "a.json", "a.jsonl"])
@given(value=JSON)
def test_json_never_raises(name: str, value: object) -> None:
    """Whatever is JSON gives a feed or a failure, of text that can be stored."""
    parsed = parse_document(Document(name=name, body=json.dumps(value).encode()))
    repr(parsed).encode()
    if isinstance(parsed, ParsedFeed):
        for entry in parsed.entries:
            assert entry.id
            "".join(filter(None, (entry.id, entry.title, entry.text, entry.url, *entry.tags))).encode()
