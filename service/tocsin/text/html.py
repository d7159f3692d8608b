"""Turns HTML into plain text in paragraphs, and web pages into articles. The only importer of selectolax.

It renders nothing and resolves no links; what readers do not see (scripts, templates, fallbacks) is left out. Deeply
nested markup takes quadratic time in the parser: what comes from outside is read in the sandbox.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tocsin.text.clean import clean, clean_line
from tocsin.text.dates import parse_time
from tocsin.text.encodings import Decoded, decode_noting
from tocsin.text.urls import http_url

# Marks put between pieces of text; they cannot stand in the text itself, `clean` takes control characters away.
_LINE, _PARAGRAPH = "\x01", "\x02"
_MARKS_TOGETHER = re.compile(rf"[{_LINE}{_PARAGRAPH}][ {_LINE}{_PARAGRAPH}]*")
_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section summary table
    tbody tfoot thead tr ul
    """.split()
)
_MARKS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(_BLOCKS, _PARAGRAPH) | dict.fromkeys(("td", "th", "option", "img"), " ")
)
_UNSEEN = frozenset(
    """
    audio canvas datalist head iframe math noembed noframes noscript object rp rt script style svg template title video
    """.split()
)
# Most fragments are read without a walk: marks are put before the tags of blocks, and the text is taken as a whole. Not
# where a mark could land in another place than its tag (tables, selections), the text is taken as it stands, or a
# reference stands for a control character, which may be a mark.
_WALKED = frozenset(
    """
    body caption form frameset head html listing optgroup option plaintext pre select table tbody td textarea tfoot th
    thead tr xmp
    """.split()
)
_TAG_NAME = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]*)")
_CONTROL_REFERENCE = re.compile(
    r"&#(?:0*(?:\d|[12]\d|3[01]|12[7-9]|1[345]\d)(?!\d)|[xX]0*(?:1?[0-9a-fA-F]|[7-9][0-9a-fA-F])(?![0-9a-fA-F]))"
)
_MARKED_TAGS: Mapping[str, str] = MappingProxyType(
    {f"{end}{name}": f"{_PARAGRAPH}<{end}{name}" for name in _BLOCKS - _WALKED for end in ("", "/")}
    | {"br": f"{_LINE}<br", "img": " <img"}
)
_ARTICLE_FURNITURE = frozenset({"aside", "button", "dialog", "footer", "form", "nav"})
_PAGE_FURNITURE = _ARTICLE_FURNITURE | {"header"}
_CHARSET = re.compile(rb"<meta[^>]{1,500}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_CHARSET_WITHIN = 2048  # bytes; browsers look at 1024
_MOST_LINKS = 5_000
_MOST_CONTAINERS = 50  # article elements looked at in one page

_PUBLISHED = (
    ('meta[property="article:published_time"]', "content"),
    ('meta[itemprop="datePublished"]', "content"),
    ('time[itemprop="datePublished"]', "datetime"),
    ("article time[datetime]", "datetime"),
)
_AUTHORS = 'meta[name="author"], meta[property="article:author"]'
_ADDRESSES = (('link[rel="canonical"]', "href"), ('meta[property="og:url"]', "content"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A web page read as an article.

    `url` is the address that the page calls its own, `problem` what is wrong with its encoding.
    """

    title: str | None
    language: str | None
    text: str
    published: datetime | None
    url: str | None
    authors: tuple[str, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A `link` or `a` element with an address, as it is written; `rel` and `type` in small letters."""

    element: str
    href: str
    rel: frozenset[str] = frozenset()
    type: str = ""
    title: str = ""  # what it says of itself, or its text


def html_to_text(html: str) -> str:
    """Return the text of an HTML fragment: paragraphs parted by one empty line, lines by one newline.

    Block elements, list items and table rows are paragraphs; one `<br>` ends a line, two end a paragraph; cells are
    parted by a blank. Entities are decoded once; each run of white space is one blank.
    """
    if "<" not in html and "&" not in html:
        return _laid_out(clean(html))
    html = clean(html.replace("\r", "\n"))
    names: set[str] = set()
    marked = _TAG_NAME.sub(partial(_marked_tag, names), html)
    if names.isdisjoint(_WALKED) and not ("&#" in html and _CONTROL_REFERENCE.search(html)):
        return _flowing_text(marked, has_unseen=not names.isdisjoint(_UNSEEN))
    tree = LexborHTMLParser(html, scripting=True)
    return _text(tree.body or tree.root, frozenset())


def _flowing_text(marked: str, *, has_unseen: bool) -> str:
    """Return the text of a fragment in which nothing stands elsewhere than it is written, its blocks marked."""
    tree = LexborHTMLParser(marked, scripting=True)
    if has_unseen:
        tree.strip_tags(sorted(_UNSEEN))
    return _laid_out(tree.body.text()) if tree.body else ""


def _marked_tag(names: set[str], tag: re.Match[str]) -> str:
    """Return the beginning of a tag with its mark, and note its name."""
    name = tag[1].lower()
    names.add(name)
    return _MARKED_TAGS.get(name, tag[0])


def read_page(html: bytes | str) -> Page:
    """Read a web page: its title, its main text and what it says of itself. Bytes may be in any encoding."""
    decoded = Decoded(text=html) if isinstance(html, str) else _decoded(html)
    tree = _tree(decoded.text)
    return Page(
        title=_title(tree),
        language=_attribute(tree, "html[lang]", "lang"),
        text=_main_text(tree),
        published=_published(tree),
        url=next(filter(None, (http_url(_attribute(tree, *place) or "") for place in _ADDRESSES)), None),
        authors=_authors(tree),
        problem=decoded.problem,
    )


def read_links(html: bytes | str) -> tuple[str | None, tuple[Link, ...]]:
    """Return the address that a page's relative links begin at, where it names one, and its first 5000 links."""
    tree = _tree(html if isinstance(html, str) else _decoded(html).text)
    nodes = tree.css("link[href], a[href]")[:_MOST_LINKS]
    return _attribute(tree, "base[href]", "href"), tuple(map(_link, nodes))


def _link(node: LexborNode) -> Link:
    written = {name: clean_line(value or "") for name, value in node.attributes.items()}
    return Link(
        element=node.tag or "",
        href=written["href"],
        rel=frozenset(written.get("rel", "").lower().split()),
        type=written.get("type", "").lower(),
        title=written.get("title") or clean_line(_text(node, frozenset())),
    )


def _tree(html: str) -> LexborHTMLParser:
    # As with scripting on, a <noscript> in the head is one text and does not end the head.
    return LexborHTMLParser(clean(html.replace("\r", "\n")), scripting=True)


def _decoded(html: bytes) -> Decoded:
    declared = (match.group(1).decode("ascii", "replace") for match in _CHARSET.finditer(html[:_CHARSET_WITHIN]))
    return decode_noting(html, declared)


def _walk(root: LexborNode, left_out: frozenset[str]) -> Iterator[tuple[LexborNode, bool]]:
    """Visit the nodes below `root` in order, each twice: entering (True) and leaving. Not recursive: trees are deep."""
    node: LexborNode | None = root
    depth = 0
    while node is not None:
        yield node, True
        child = None if node.tag in left_out else node.first_child
        if child is not None:
            node, depth = child, depth + 1
            continue
        yield node, False
        while depth and node is not None and node.next is None:
            node, depth = node.parent, depth - 1
            if node is not None:
                yield node, False
        node = node.next if depth and node is not None else None


def _pieces(root: LexborNode, left_out: frozenset[str]) -> Iterator[str]:
    """Yield the texts below `root` and the marks between them."""
    verbatim = 0
    for node, entering in _walk(root, _UNSEEN | left_out):
        tag = node.tag or ""
        verbatim += (tag == "pre") * (1 if entering else -1)
        if tag in _MARKS:
            yield _MARKS[tag]
        elif entering and tag == "br":
            yield _LINE
        elif entering and (text := node.text_content):
            yield clean(text).replace("\n", _LINE) if verbatim else clean(text)


def _text(root: LexborNode | None, left_out: frozenset[str]) -> str:
    return _laid_out("".join(_pieces(root, left_out))) if root is not None else ""


def _laid_out(marked: str) -> str:
    """Turn marks into newlines, collapse the white space between them, and leave out what is empty."""
    text = " ".join(marked.split()).replace(f" {_PARAGRAPH}", _PARAGRAPH).replace(f" {_LINE}", _LINE)
    return _MARKS_TOGETHER.sub(_line_end, text).strip(" \n")


def _line_end(marks: re.Match[str]) -> str:
    return "\n\n" if _PARAGRAPH in marks[0] or marks[0].count(_LINE) > 1 else "\n"


def _main_text(tree: LexborHTMLParser) -> str:
    """Return the longest <article> or <main> if it holds most of the page's text, else the page without furniture."""
    whole = _text(tree.body, _PAGE_FURNITURE)
    containers = tree.css('article, main, [role="main"]')[:_MOST_CONTAINERS]
    best = max((_text(container, _ARTICLE_FURNITURE) for container in containers), key=len, default="")
    return best if len(best) * 2 > len(whole) else whole


def _title(tree: LexborHTMLParser) -> str | None:
    """Return the only headline of the first order; where there is none or are several, what the head says."""
    headlines = list(filter(None, (clean_line(_text(node, frozenset())) for node in tree.css("h1"))))
    if len(headlines) == 1:
        return headlines[0]
    in_head = tree.css_first("head title")
    shared = _attribute(tree, 'meta[property="og:title"]', "content")
    return shared or (clean_line(in_head.text()) if in_head else "") or next(iter(headlines), None)


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str | None:
    """Return the attribute of the first element found, on one line; None where it is missing or empty."""
    node = tree.css_first(selector)
    return clean_line(node.attributes.get(name) or "") or None if node else None


def _published(tree: LexborHTMLParser) -> datetime | None:
    stated = (_attribute(tree, *place) for place in _PUBLISHED)
    return next(filter(None, (parse_time(text) for text in stated if text)), None)


def _authors(tree: LexborHTMLParser) -> tuple[str, ...]:
    """Return the names of the authors; some pages give addresses of profiles instead, which are none."""
    names = (clean_line(node.attributes.get("content") or "") for node in tree.css(_AUTHORS))
    return tuple(dict.fromkeys(name for name in names if name and "://" not in name))
