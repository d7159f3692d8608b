"""Limits, guards and choices of the parser that a small document cannot show."""

import json
import pickle
import time
from pathlib import Path

import pytest

from tocsin.feeds.entries import MOST_ENTRIES, MOST_LINK, MOST_TEXT, MOST_TITLE
from tocsin.feeds.loose import MOST_XML
from tocsin.feeds.parse import parse_document, parse_page
from tocsin.model import Document, FetchReason, ParsedFeed, ParseFailed, TextKind

URL = "https://gazette.example/feed.xml"


def parse(body: str | bytes, name: str = URL) -> ParsedFeed:
    parsed = parse_document(Document(name=name, body=body if isinstance(body, bytes) else body.encode()))
    assert isinstance(parsed, ParsedFeed)
    return parsed


def failure(body: str | bytes, name: str = URL) -> ParseFailed:
    parsed = parse_document(Document(name=name, body=body if isinstance(body, bytes) else body.encode()))
    assert isinstance(parsed, ParseFailed)
    return parsed


def rss(*items: str) -> str:
    return f"<rss version='2.0'><channel><title>Test Gazette</title>{''.join(items)}</channel></rss>"


def test_entries_are_limited() -> None:
    """The first 2,000 entries of a feed are read, the rest is counted in a problem."""
    parsed = parse(rss(*(f"<item><title>{n}</title></item>" for n in range(MOST_ENTRIES + 5))))
    assert [entry.title for entry in parsed.entries] == [str(n) for n in range(MOST_ENTRIES)]
    assert parsed.problems == ("2,005 entries, of which the first 2,000 are read",)


def test_json_entries_are_limited() -> None:
    """A JSON Feed has the same limit."""
    items = [{"id": n, "title": str(n)} for n in range(MOST_ENTRIES + 1)]
    parsed = parse(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}))
    assert len(parsed.entries) == MOST_ENTRIES
    assert parsed.problems == ("2,001 entries, of which the first 2,000 are read",)


def test_article_lines_are_not_limited() -> None:
    """A file of articles is the user's own and is read whole."""
    lines = "\n".join(json.dumps({"id": n, "title": "x"}) for n in range(MOST_ENTRIES + 5))
    assert len(parse(lines, "archive.jsonl").entries) == MOST_ENTRIES + 5


def test_fields_are_limited() -> None:
    """Long titles and texts are cut; a long link is dropped, for its beginning leads elsewhere; a long id is hashed."""
    long_link = "https://gazette.example/" + "x" * MOST_LINK
    parsed = parse(
        rss(
            f"<item><title>{'t' * 5000}</title><link>{long_link}</link><guid isPermaLink='false'>{'g' * 5000}</guid>"
            f"<description>{'d' * (MOST_TEXT + 100)}</description></item>"
        )
    )
    (entry,) = parsed.entries
    assert entry.title == "t" * MOST_TITLE
    assert entry.url is None
    assert entry.id.startswith("sha256:")
    assert entry.summary == entry.text == "d" * MOST_TEXT
    assert parsed.problems == (
        "entry 1: its link has 2,024 characters, more than 2,000, and is left out",
        "entry 1: its text is cut at 200,000 characters",
    )


def test_long_links_are_named() -> None:
    """Each format says which entry's link is left out for its length; a long link that is no address is not named."""
    record = {"id": "a", "title": "One", "url": "https://gazette.example/" + "x" * MOST_LINK}
    script = record | {"url": "javascript:" + "x" * MOST_LINK}
    said = "its link has 2,024 characters, more than 2,000, and is left out"
    feed = parse(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [script, record, "no item"]}))
    assert feed.problems == (f"item 2: {said}", "item 3: not a JSON object")
    assert parse(json.dumps(record), "article.json").problems == (f"the article: {said}",)
    assert parse(json.dumps(script) + "\n" + json.dumps(record), "a.jsonl").problems == (f"line 2: {said}",)


@pytest.mark.parametrize("name", ["article.json", "articles.jsonl", "page.html"])
def test_cyrillic_is_named(name: str) -> None:
    """Articles and pages in cp1251 are read as that, and it is said."""
    article = '{"title": "Вторжение началось"}' if name.startswith("article") else "<h1>Вторжение началось</h1>"
    parsed = parse(article.encode("cp1251"), name)
    assert [entry.title for entry in parsed.entries] == ["Вторжение началось"]
    assert parsed.problems == ("the document is not UTF-8 and names no encoding that fits; read as windows-1251",)


def test_big_document_is_refused() -> None:
    """What is too big for the parser is refused before it sees it."""
    failed = failure("<rss>" + "x" * MOST_XML)
    assert failed == ParseFailed(reason=FetchReason.PARSE_LIMIT, detail="it has 5,000,005 bytes, more than 5,000,000")


def test_attribute_bomb_is_refused() -> None:
    """An element with thousands of attributes, over which the parser would brood for a minute, is refused at once."""
    started = time.monotonic()
    failed = failure("<rss><item " + " ".join(f'a{n}="1"' for n in range(20_000)) + "/></rss>")
    assert failed.reason is FetchReason.PARSE_LIMIT
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"items": ' + "[" * 100_000,
        '{"title": ' + "9" * 5_000 + "}",
        "<rss>" + "<![CDATA[" * 20_000,
        "<rss>" + "&" * 20_000,
        "<rss>" + "<" * 20_000,
        "<rss><channel><item>" + "<!DOCTYPE" * 1_000,
        "<rss><channel><item><link rel='alternate' href='http://[::1'/></item></channel></rss>",
        "<![",
        "<!ENTITY",
    ],
)
def test_hostile_documents(body: str) -> None:
    """Documents made to break a parser end soon, as a value."""
    started = time.monotonic()
    assert isinstance(parse_document(Document(name=URL, body=body.encode())), ParsedFeed | ParseFailed)
    assert time.monotonic() - started < 3


def test_entities_do_not_explode() -> None:
    """Entities made of entities are not expanded."""
    levels = "\n".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    parsed = parse(f'<!DOCTYPE rss [\n<!ENTITY e0 "ha">\n{levels}\n]>\n' + rss("<item><title>&e8;</title></item>"))
    assert all(len(entry.title or "") < 100 for entry in parsed.entries)


def test_no_file_is_read(tmp_path: Path) -> None:
    """Neither a body that is a path nor an external entity makes the parser open a file."""
    secret = tmp_path / "secret"
    secret.write_text("canary", encoding="utf-8")
    assert failure(str(secret)).reason is FetchReason.NOT_A_FEED
    parsed = parse(
        f'<!DOCTYPE rss [\n<!ENTITY x SYSTEM "{secret.as_uri()}">\n]>\n' + rss("<item><title>a &x; b</title></item>")
    )
    assert "canary" not in repr(parsed)


def test_feedparser_sees_only_streams() -> None:
    """Feedparser is called in one place, and with a stream."""
    service = Path(__file__).parents[3] / "service" / "tocsin"
    sources = {path.relative_to(service).as_posix(): path.read_text(encoding="utf-8") for path in service.rglob("*.py")}
    calls = [(name, call) for name, text in sources.items() for call in text.split("feedparser.parse(")[1:]]
    assert [(name, call.lstrip().startswith("BytesIO(")) for name, call in calls] == [("feeds/loose.py", True)]


def test_passes_between_processes() -> None:
    """Documents and parsed feeds survive pickling, as the sandbox needs."""
    document = Document(name=URL, body=rss("<item><title>One</title></item>").encode())
    parsed = parse_document(pickle.loads(pickle.dumps(document)))
    assert pickle.loads(pickle.dumps(parsed)) == parsed


def test_text_keeps_its_offsets() -> None:
    """Where a word stands in a text file, it stands in the entry's text."""
    original = "\ufeffFirst\r\n\r\n  Second\x07 line\tä\x00\r\n".encode()
    (entry,) = parse(original, "note.txt").entries
    decoded = original.decode("utf-8-sig")
    assert entry.text is not None
    assert len(entry.text) == len(decoded)
    assert all(entry.text.index(word) == decoded.index(word) for word in ("First", "Second", "line", "ä"))
    assert (entry.id, entry.title, entry.text_kind) == ("note.txt", None, TextKind.FULL)


def test_lines_from_nowhere() -> None:
    """Articles a line are known by their content where the name tells nothing."""
    parsed = parse('{"id": "a", "title": "One"}\n{"id": "b", "title": "Two"}\n', "-")
    assert [entry.id for entry in parsed.entries] == ["a", "b"]


def test_an_ending_counts_only_for_files() -> None:
    """A URL that ends in .html or .txt may still be a feed; a page at a URL is none."""
    body = rss("<item><title>One</title></item>")
    assert [entry.title for entry in parse(body, "https://gazette.example/feed.txt").entries] == ["One"]
    assert [entry.title for entry in parse(body, "https://gazette.example/feed.html").entries] == ["One"]
    assert failure("<html><p>Hello</html>", "https://gazette.example/page.html").detail == (
        "it is an HTML page, not a feed"
    )


def test_page_at_an_address() -> None:
    """A page read as a page is known by its address, or by the one that it calls its own."""
    (entry,) = parse_page(Document(name="https://gazette.example/a", body=b"<h1>One</h1><p>Two")).entries
    assert (entry.id, entry.url, entry.title, entry.text) == (
        entry.url,
        "https://gazette.example/a",
        "One",
        "One\n\nTwo",
    )


@pytest.mark.parametrize("link", ["/a\r\nBcc: you@example.org", "/a\u202eb", "javascript:alert(1)", "http://[::1"])
def test_relative_links_of_files_are_checked(link: str) -> None:
    """A link that is kept as it stands cannot start a line, turn its neighbours or be a script."""
    (entry,) = parse(json.dumps({"id": "a", "title": "One", "url": link}), "article.json").entries
    assert entry.url is None


def test_json_bomb_in_a_line() -> None:
    """A line that nests too deeply costs only itself."""
    parsed = parse("[" * 100_000 + '\n{"title": "Two"}\n', "articles.jsonl")
    assert [entry.title for entry in parsed.entries] == ["Two"]
    assert parsed.problems == ("line 1: JSON that nests too deeply or has too long a number",)
