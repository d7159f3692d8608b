"""The page behind an entry: when it is read, what is found on it, and what stands before it.

`tests/corpus/pages/NAME.html` is a page in the layout of a kind of site, `NAME.expected.json` its law and what comes of
it: `page`, or `failed`, where it was found (`document`) and its `content_type`.
"""

import json
import subprocess
import sys
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nouns import NOON, article, feed, rule
from support.shingles import mean, score
from tocsin.config.build import load_plan
from tocsin.feeds.article import shown_text, with_page
from tocsin.feeds.page import ENOUGH_WORDS, read_article_page, wants_page
from tocsin.feeds.walls import LEAST_WORDS
from tocsin.model import Boilerplate, Document, FullText, PageFailed, PageOutcome, PageText, Span, Term, TextKind
from tocsin.ports import LimitExceeded
from tocsin.rules.index import RuleIndex
from tocsin.sandbox.worker import ProcessSandbox

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "tests" / "corpus" / "pages"
EXPECTED = ".expected.json"
NAMES = sorted(path.name.removesuffix(EXPECTED) for path in CORPUS.glob(f"*{EXPECTED}"))
URL = "https://herald.example.org/1"
STORM = "All ferries were cancelled on Tuesday after a storm tore three mooring posts out of the old quay. "


def expectation(name: str) -> Any:
    return json.loads((CORPUS / (name + EXPECTED)).read_text(encoding="utf-8"))


PAGES = [name for name in NAMES if "page" in expectation(name)]
WALLS = [name for name in NAMES if "failed" in expectation(name)]


def read(name: str) -> PageText | PageFailed:
    expected = expectation(name)
    body = (CORPUS / f"{name}.html").read_bytes()
    return read_article_page(Document(name=expected["document"], body=body, content_type=expected.get("content_type")))


def page(html: str, *, name: str = URL) -> PageText | PageFailed:
    return read_article_page(Document(name=name, body=html.encode()))


def matched(name: str) -> str:
    """Return what rules see of a page of the corpus: its text without the title that stands in it again."""
    found = read(name)
    assert isinstance(found, PageText)
    told = with_page(article(title=found.title, text=""), found, feed(), NOON)
    assert told is not None
    return shown_text(told)


# ---------------------------------------------------------------------------------------------------------------
# The corpus


@pytest.mark.parametrize("name", PAGES)
def test_the_article_of_a_page_is_found(name: str) -> None:
    """Of a page of the corpus nearly all that is matched is its article, all of which is there, and it is known."""
    expected, found = expectation(name), read(name)
    assert isinstance(found, PageText)
    told = expected["page"]
    assert (found.title, found.language, found.canonical_url) == (
        told["title"],
        told["language"],
        told["canonical_url"],
    )
    text = matched(name)
    measured = score("\n\n".join(told["paragraphs"]), text)
    assert measured.recall > 0.99
    assert measured.precision > 0.93
    assert [words for words in expected.get("without", ()) if words in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_paragraphs_of_a_page_stay_apart(name: str) -> None:
    """Each paragraph of an article is a paragraph of what is found, so that nothing is matched across two."""
    assert set(expectation(name)["page"]["paragraphs"]) <= set(matched(name).split("\n\n"))


@pytest.mark.parametrize("name", WALLS)
def test_what_stands_before_an_article_is_told(name: str) -> None:
    """A page of the corpus that shows no article says why, in words for people too."""
    found = read(name)
    assert isinstance(found, PageFailed)
    assert found.outcome == expectation(name)["failed"]
    assert found.detail


def test_of_all_pages_of_the_corpus_the_articles_are_found() -> None:
    """The F1 of four words in a row is 0.98 or better over the whole corpus."""
    texts = ("\n\n".join(expectation(name)["page"]["paragraphs"]) for name in PAGES)
    assert mean([score(text, matched(name)) for text, name in zip(texts, PAGES, strict=True)]).f1 >= 0.98


def test_the_corpus_is_whole() -> None:
    """Each page has its expectation and states its law in a sentence; there are forty or more, walls of each kind."""
    pages = sorted(path.stem for path in CORPUS.glob("*.html"))
    assert pages == NAMES
    assert len(pages) >= 40
    assert all(expectation(name)["law"].endswith(".") for name in NAMES)
    kinds = {PageOutcome.CONSENT, PageOutcome.PAYWALL, PageOutcome.SHORT, PageOutcome.FAILED, PageOutcome.NOT_A_PAGE}
    assert {expectation(name)["failed"] for name in WALLS} == kinds


# ---------------------------------------------------------------------------------------------------------------
# Reading


def test_a_page_of_few_words_holds_no_article() -> None:
    """Fewer than 60 words are no article, 60 are; the title that stands above them does not count less."""
    few, enough = ("word " * (LEAST_WORDS - 1)).strip(), ("word " * LEAST_WORDS).strip()
    told = page(f"<html><body><article><p>{few}</p></article></body></html>")
    assert isinstance(told, PageFailed)
    assert told.outcome is PageOutcome.SHORT
    assert isinstance(page(f"<html><body><article><p>{enough}</p></article></body></html>"), PageText)


@pytest.mark.parametrize(("character", "count"), [("港", 120), ("น", 300)])
def test_languages_without_blanks_count_in_proportion(character: str, count: int) -> None:
    """Where no blanks part words, as many characters as sixty words have are enough, and half of them are not."""
    html = "<html><body><article><p>{}</p><p>{}</p></article></body></html>"
    assert isinstance(page(html.format(character * (count // 2), character * (count // 2 + 5))), PageText)
    assert isinstance(page(html.format(character * (count // 4), character * (count // 4))), PageFailed)


def test_warnings_before_the_page_are_passed_over() -> None:
    """What a site's programs print before the page keeps nobody from reading it."""
    told = page(
        f"Notice: undefined index\n<!DOCTYPE html><html><body><article><p>{STORM * 5}</p></article></body></html>"
    )
    assert isinstance(told, PageText)
    assert STORM.strip() in told.text


@pytest.mark.parametrize("tag", ["<p>x y z", "<tr><td>a</td></tr>", "a<br>", "<"])
def test_pages_of_too_many_elements_are_refused(tag: str) -> None:
    """A page of more than 100,000 tags is refused before it is parsed, one of a fifth of them is not."""
    refused = page("<html><body>" + tag * 100_001)
    assert isinstance(refused, PageFailed)
    assert refused.outcome is PageOutcome.FAILED
    assert "tags" in refused.detail
    taken = page("<html><body>" + tag * 5_000)
    assert isinstance(taken, PageText) or "tags" not in taken.detail


@pytest.mark.parametrize("body", [b"", b"   ", b"\x00\x01\x02", b"plain words", b"<html></html>", b"<", b"<p>"])
def test_what_holds_nothing_is_told(body: bytes) -> None:
    """An empty body, or one without markup, is no page or holds no text; it is never an error."""
    told = read_article_page(Document(name=URL, body=body))
    assert isinstance(told, PageFailed)
    assert told.outcome in {PageOutcome.NOT_A_PAGE, PageOutcome.SHORT}


def test_markup_that_makes_parsers_slow_is_refused() -> None:
    """An element with thousands of attributes is refused before it is parsed."""
    told = page("<html><body><p " + " ".join(f"a{at}=1" for at in range(3_000)) + ">x</p></body></html>")
    assert isinstance(told, PageFailed)
    assert told.outcome is PageOutcome.FAILED


hostile = st.lists(
    st.sampled_from(
        "<p> </p> <div> </div> <h1> <script type='application/ld+json'>{\"@type\":[ </script> <title> <meta charset=x> "
        "<meta property='og:title' content='&#0;'> <br> <table> <tr> <td> <!-- --> <![CDATA[ ]]> &amp; &#xD800; <a "
        "href='//[::1'> <link rel=canonical href='http://[x'> \x00 \x0b \u202e \ud800 words and more 港 <html> <body> "
        "<input type=password> <article> </article> <svg> <noscript> <b class=paywall> subscribe".split(" ")
    ),
    max_size=60,
)


@given(hostile)
def test_whatever_a_page_holds_is_read_or_told(pieces: list[str]) -> None:
    """No page raises; what is read is clean text that can be stored."""
    html = "<html>" + " ".join(pieces) + "</html>"
    told = read_article_page(Document(name=URL, body=html.encode("utf-8", "surrogatepass")))
    if isinstance(told, PageText):
        told.text.encode()
        assert not any(ord(character) < 32 and character != "\n" for character in told.text)


BOMBS = {
    "deep nesting": "<html><body>" + "<div>" * 200_000 + "<p>x",
    "two million angle brackets": "<html><body>" + "<" * 2_000_000,
    "one huge table": "<html><body><table>" + "<tr><td>a</td><td>b c</td></tr>" * 60_000 + "</table>",
    "unclosed paragraphs": "<html><body>" + "<p>x y z" * 200_000,
    "unclosed bold": "<html><body><p>" + "<b>" * 300_000,
    "many breaks": "<html><body><p>" + "a<br>" * 300_000,
    "open tags": "<html><body>" + "<a b='" * 300_000,
    "meta": "<html><head>" + "<meta" * 400_000,
    "json without end": "<html><script type='application/ld+json'>" + "[" * 1_900_000 + "</script><body><p>x",
    "one word": "<html><body><article><p>" + "x" * 2_000_000,
    "phrases begun": "<html><body><article><p>" + "subscribe we and our il vous reste " * 50_000,
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_ends_and_the_next_page_is_read(name: str) -> None:
    """A page made to keep us busy is read, told or stopped within the sandbox's limits; the next one is read."""
    sandbox = ProcessSandbox(seconds=10)
    try:
        document = Document(name=URL, body=BOMBS[name].encode())
        with suppress(LimitExceeded):
            assert isinstance(await sandbox.run(read_article_page, document), PageText | PageFailed)
        next_page = Document(name=URL, body=(CORPUS / "wordpress_post.html").read_bytes())
        assert isinstance(await sandbox.run(read_article_page, next_page), PageText)
    finally:
        await sandbox.aclose()


def test_nothing_is_loaded_before_a_page_is_read() -> None:
    """Asking whether a page is wanted loads no trafilatura: the daemon itself reads none."""
    code = "import sys; from tocsin.feeds.page import wants_page; print({'trafilatura', 'lxml'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


# ---------------------------------------------------------------------------------------------------------------
# When a page is wanted

SHORT = "The storm closed the harbour."
LONG = "word " * ENOUGH_WORDS


@pytest.mark.parametrize("mode", FullText)
@pytest.mark.parametrize("kind", TextKind)
@pytest.mark.parametrize("needed", [True, False])
def test_when_a_page_is_wanted(mode: FullText, kind: TextKind, *, needed: bool) -> None:
    """Never; on request where a rule needs the body and the text is short and not called full; or always."""
    spec = feed(full_text=mode)
    told = article(text=SHORT if kind is not TextKind.TITLE else "", text_kind=kind)
    expected = {
        FullText.NEVER: False,
        FullText.AUTO: needed and kind is not TextKind.FULL,
        FullText.ALWAYS: True,
    }[mode]
    assert wants_page(told, spec, body_needed=needed) is expected


def test_a_long_text_is_enough() -> None:
    """A summary of 200 words is taken for the article; pages that are always wanted are wanted for it too."""
    told = article(text=LONG, text_kind=TextKind.SUMMARY)
    assert not wants_page(told, feed(full_text=FullText.AUTO), body_needed=True)
    assert wants_page(article(text=LONG[5:]), feed(full_text=FullText.AUTO), body_needed=True)
    assert wants_page(told, feed(full_text=FullText.ALWAYS), body_needed=False)
    full = article(text=LONG, text_kind=TextKind.FULL)
    assert not wants_page(full, feed(full_text=FullText.ALWAYS), body_needed=True)


@pytest.mark.parametrize(
    "end",
    [
        "…",
        "...",
        " […]",
        " [...]",
        " (…)",
        " Read more",
        "… Read more »",
        "\n\nContinue reading →",
        " Weiterlesen …",
        " Lire la suite",
        " Seguir leyendo",
        " Leggi tutto",
        " Czytaj dalej",
        " Читать далее",
        " Читати далі",
        " […]\n\nThe post Ferries stay in port appeared first on The Example Herald.",
    ],
)
def test_a_text_that_is_cut_is_not_enough(end: str) -> None:
    """However long, and whatever its feed calls it, a text that ends with a sign of more has its page read."""
    for kind in (TextKind.SUMMARY, TextKind.FULL):
        told = article(text=LONG + end, text_kind=kind)
        assert wants_page(told, feed(full_text=FullText.AUTO), body_needed=True)
        assert not wants_page(told, feed(full_text=FullText.AUTO), body_needed=False)


@pytest.mark.parametrize("end", [".", " We could not read more.", " … and so on.", " he said he would see more of it"])
def test_a_text_that_ends_is_whole(end: str) -> None:
    """Words that only look like the sign of more do not have a page read."""
    told = article(text=LONG + end, text_kind=TextKind.FULL)
    assert not wants_page(told, feed(full_text=FullText.AUTO), body_needed=True)


def test_furniture_is_no_text() -> None:
    """What is masked neither makes a text long nor ends it."""
    text = f"{SHORT}\n\n{LONG}"
    told = article(text=text, masked=(Span(len(SHORT) + 2, len(text)),))
    assert wants_page(told, feed(full_text=FullText.AUTO), body_needed=True)
    ended = article(text=f"{LONG}…\n\nSupport us.", masked=(Span(len(LONG) + 3, len(LONG) + 14),))
    assert wants_page(ended, feed(full_text=FullText.AUTO), body_needed=True)


@pytest.mark.parametrize("url", [None, "", "seeds/storm.txt", "ftp://example.org/1", "https://user:word@example.org/1"])
def test_without_an_address_there_is_no_page(url: str | None) -> None:
    """Only http and https addresses without credentials have a page."""
    assert not wants_page(article(url=url), feed(full_text=FullText.ALWAYS), body_needed=True)


# ---------------------------------------------------------------------------------------------------------------
# The seed's case


def test_an_appeal_that_the_feed_names_is_masked_on_its_pages() -> None:
    """What stands bare among an article's paragraphs is read, and masked where the feed's boilerplate names it."""
    found = read("appeal_bare")
    assert isinstance(found, PageText)
    assert "foreign agent" in found.text
    named = feed(boilerplate=(Boilerplate(text="Dear reader, we have a small favour to ask", to_end=True),))
    told = with_page(article(), found, named, NOON)
    assert told is not None
    assert "foreign agent" not in shown_text(told)
    assert "foreign agent" in told.text


SEED = ROOT / "seeds" / "000_df2839bee4d5d229.txt"
TOPICS = ("harbour", "mine", "school", "museum", "bridge")


def seed_page(number: int, paragraphs: list[str]) -> Document:
    """Make a page of the seed's source: its banner and its appeal stand bare among the article's paragraphs."""
    lines = [line for line in SEED.read_text(encoding="utf-8").split("\n\n") if line.strip()]
    appeal = next(at for at, line in enumerate(lines) if line.startswith("… we have a small favor"))
    body = "".join(f"<p>{escape(line)}</p>" for line in [lines[0], *paragraphs, *lines[appeal:]])
    html = f"<html lang=en><head><title>Report {number}</title></head><body><article>{body}</article></body></html>"
    return Document(name=f"https://seed.example/{number}", body=html.encode())


def test_the_seeds_appeal_rings_no_bell_but_news_of_the_law_does() -> None:
    """On twenty pages of the seed's source, "foreign agent" matches the one that is about the law, and no other."""
    plan = load_plan(ROOT / "config", {})
    source = plan.feed_named["The Moscow Times"]
    index = RuleIndex([rule(keywords=(Term(text="foreign agent", exact=True),))], ())
    told = []
    for number in range(20):
        topic, law = TOPICS[number % 5], number == 7
        said = (
            f"Report {number} of the {topic} says that {'a foreign agent law' if law else 'a new roof'} was voted on. "
        )
        found = read_article_page(seed_page(number, [said, f"In the {topic} nobody had time for questions. " * 12]))
        assert isinstance(found, PageText)
        version = with_page(article(title=f"Report {number}", text=""), found, source, NOON)
        assert version is not None
        assert "branded as a" in version.text
        told += [number] * bool(index.match(version, source))
    assert told == [7]
