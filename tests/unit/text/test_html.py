"""HTML becomes the text that a reader sees."""

from datetime import UTC, datetime

import pytest

from tocsin.text.html import Link, html_to_text, read_links, read_page


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain\n  text", "plain text"),
        ("Fish &amp; chips &lt;b&gt; caf&eacute; &#8220;x&#8221;", "Fish & chips <b> café “x”"),
        ("&amp;amp; once", "&amp; once"),
        ("2 < 3 and 3 > 2", "2 < 3 and 3 > 2"),
        ("<p>One<p>Two", "One\n\nTwo"),
        ("<div><div><p>One</p></div></div><div>Two</div>", "One\n\nTwo"),
        ("before<p>One</p>after", "before\n\nOne\n\nafter"),
        ("one<br>two", "one\ntwo"),
        ("one<br><br/>two", "one\n\ntwo"),
        ("one<br> &nbsp; <br>\n<br>two", "one\n\ntwo"),
        ("<br>one<br>", "one"),
        ("a <b>bold</b>ness <i> spaced </i>", "a boldness spaced"),
        ("one\xa0two&nbsp;three", "one two three"),
        ("<ul><li>One<li>Two</ul>", "One\n\nTwo"),
        ("<table><tr><th>A</th><td>1</td></tr><tr><td>B</td><td>2</td></tr></table>", "A 1\n\nB 2"),
        ("<h2>Head</h2>text<blockquote>quote</blockquote>", "Head\n\ntext\n\nquote"),
        ("a<script>b</script><style>c</style><template>d</template><iframe>e</iframe>f", "af"),
        ("<noscript><p>Turn it on</p></noscript>text", "text"),
        ("<!-- no -->text<!-- <p>no</p> -->", "text"),
        ("<pre>one\n  two\n\nthree</pre>", "one\ntwo\n\nthree"),
        ("<p>&nbsp;</p><p> </p><p>x</p>", "x"),
        ("<p>bell&#7; nul&#0; half&#xD800;</p>", "bell nul\ufffd half\ufffd"),
        ("<p>cut <b", "cut"),
        ("</p></div>stray</b> ends", "stray ends"),
        ("<img src=x alt=y>caption<figcaption>more</figcaption>", "caption\n\nmore"),
        ("one<wbr>word", "oneword"),
    ],
)
def test_html_to_text(html: str, text: str) -> None:
    """Blocks part paragraphs, breaks end lines, entities are decoded once, what is not seen is not there."""
    assert html_to_text(html) == text


def test_deep_nesting() -> None:
    """Deep markup is walked without recursion."""
    assert html_to_text("<b><i>" * 2000 + "deep") == "deep"


PAGE = """<!DOCTYPE html><html lang="en-GB"><head><title>Harbour reopens | Gazette</title>
<meta property="og:title" content="Harbour reopens at last"><meta property="og:url" content="https://x.example/og">
<link rel="canonical" href="https://gazette.example/harbour">
<meta property="article:published_time" content="2026-11-03T08:30:00+02:00">
<meta name="author" content="Ada Fictional"><meta property="article:author" content="https://x.example/ada"></head>
<body><header><p>Test Gazette</p></header><nav><a>Home</a></nav>%s<footer>Imprint</footer></body></html>"""
STORY = (
    "<p>Ships are back, the port said on Tuesday.</p><aside>Related</aside><form>Subscribe</form><p>All of them.</p>"
)
READ = "Ships are back, the port said on Tuesday.\n\nAll of them."


def test_what_a_page_says_of_itself() -> None:
    """Language, date, address and names come from where pages put them; a profile's address is no name."""
    page = read_page(PAGE % STORY)
    assert page.language == "en-GB"
    assert page.published == datetime(2026, 11, 3, 6, 30, tzinfo=UTC)
    assert page.url == "https://gazette.example/harbour"
    assert page.authors == ("Ada Fictional",)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("<h1>Harbour <i>reopens</i></h1>", "Harbour reopens"),
        ("<h1> </h1><h1>Harbour</h1>", "Harbour"),
        ("<h1>One</h1><h1>Two</h1>", "Harbour reopens at last"),
        ("", "Harbour reopens at last"),
    ],
)
def test_title(body: str, title: str) -> None:
    """The only headline is the title; where it is not the only one, what the page tells others is."""
    assert read_page(PAGE % body).title == title


def test_title_of_a_bare_page() -> None:
    """A page without headline and shared title has its <title>; without that none."""
    assert read_page("<title>One</title><p>x").title == "One"
    assert read_page("<p>x").title is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<article>{STORY}</article>", READ),
        (f"<main>{STORY}</main><div>Most read</div>", READ),
        (f"<div>{STORY}</div>", READ),
        (f"<article>Teaser</article><article>Other</article><div>{STORY}</div>", f"Teaser\n\nOther\n\n{READ}"),
        (f"<article>Teaser</article><article>{STORY}</article>", READ),
    ],
)
def test_main_text(body: str, text: str) -> None:
    """The article that holds most of the page is its text; without one, the page without its furniture."""
    assert read_page(PAGE % body).text == text


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "windows-1251"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', "koi8-r"),
        ("", "utf-8"),
        ("", "utf-16"),
        ('<meta charset="iso-8859-1">', "utf-8"),
    ],
)
def test_bytes(head: str, encoding: str) -> None:
    """Bytes are read by mark, declaration or guess."""
    assert read_page(f"<html>{head}<p>Порт открыт".encode(encoding)).text == "Порт открыт"


def test_undeclared_cp1252() -> None:
    """Bytes that are no UTF-8 and declare nothing are cp1252."""
    assert read_page("<p>déjà “vu”".encode("cp1252")).text == "déjà “vu”"


def test_links_are_given_as_they_are_written() -> None:
    """Each link and anchor with an address comes in the page's order, with what it says of itself."""
    page = """
        <html><head><base href="/news/">
        <link REL="Alternate home" TYPE="Application/RSS+xml" title=" The  Herald " href=" rss.xml ">
        <link rel="icon"></head>
        <body><a name="top">Top</a><a href="?feed=atom"><b>Our</b> feed</a></body></html>
    """
    base, links = read_links(page.encode())
    assert base == "/news/"
    assert links == (
        Link(
            element="link",
            href="rss.xml",
            rel=frozenset({"alternate", "home"}),
            type="application/rss+xml",
            title="The Herald",
        ),
        Link(element="a", href="?feed=atom", title="Our feed"),
    )


def test_of_very_many_links_the_first_are_read() -> None:
    """A page of a hundred thousand links costs no more than the first 5000 of them."""
    base, links = read_links("<a href=x>y</a>" * 100_000)
    assert (base, len(links)) == (None, 5_000)
