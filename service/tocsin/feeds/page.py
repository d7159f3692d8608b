"""The page behind an entry: when it is read, and the article that stands on it. The only importer of trafilatura.

`read_article_page` is a pure function of a document and runs in the sandbox, which ends what takes too long. It fetches
nothing, follows no link and gets round no wall: a page that asks for something first is told as such.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

import regex

from tocsin.feeds.article import shown_text
from tocsin.feeds.entries import MOST_TEXT, MOST_TITLE
from tocsin.feeds.names import CHALLENGE_SCRIPTS, Name, names_of
from tocsin.feeds.walls import Face, wall_before
from tocsin.model import Article, Document, FeedSpec, FullText, PageFailed, PageOutcome, PageText, TextKind
from tocsin.text.clean import clean, clean_line
from tocsin.text.encodings import decode
from tocsin.text.urls import http_url
from tocsin.text.wordcount import word_count

#: Words of a feed's text from which it is taken for the whole article.
ENOUGH_WORDS = 200

_MOST_COUNTED = 8_000  # code points, more than so many words have
_CUT_END = regex.compile(
    r"""(?xi) (?: … | \.\.\. | \[ \s* (?:…|\.\.\.|more|\+) \s* \] ) [\s\])»”"'›→>]* \Z
      | (?: (?:\A|\n|[.!?…:»”"'\[(\])]) \s* | \s (?=(?-i:\p{Lu})) ) (?:
          (?:read|see|view|learn)\ (?:more|on|the\ full\ (?:article|story)) | continue\ reading
          | full\ (?:article|story) | weiterlesen | mehr\ lesen | zum\ artikel | lire\ la\ suite | lire\ plus
          | en\ savoir\ plus | leer\ más | seguir\ leyendo | sigue\ leyendo | leggi\ tutto | continua\ a\ leggere
          | czytaj\ (?:dalej|więcej|całość) | читать\ (?:далее|дальше|полностью) | подробнее | читати\ (?:далі|більше)
          | докладніше | детальніше | lees\ (?:verder|meer) | ler\ mais | continue\ lendo
          | 続きを読む | 阅读全文 | 閱讀全文
        ) [\s\])»”"'›→>….:]* \Z"""
)
#: What WordPress puts below each entry of its feeds.
_SIGNATURE = regex.compile(r"\n\nThe (?:post|article) [^\n]{1,500} (?:appeared first|first appeared) on [^\n]{1,300}\Z")

_CHARSET = regex.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", regex.IGNORECASE)
_META = regex.compile(r"<meta[^>]{1,500}>", regex.IGNORECASE)
_CHARSET_WITHIN = 2_048  # bytes; browsers look at 1,024
_HTML = regex.compile(
    r"<(?:!doctype html|html|head|body|meta|title|div|p|article|main|section|table)\b", regex.IGNORECASE
)
_OTHER = regex.compile(
    r"\s*(?:[{\[%]|(?:<\?xml[^>]*>\s*)?<(?:rss|feed|rdf:rdf|urlset|sitemapindex|svg)\b)", regex.IGNORECASE
)
_HTML_WITHIN = 5_000  # code points; some sites print warnings first
_TAG = regex.compile(r"<[a-zA-Z][^<>]*+")
_MOST_TAGS = 100_000  # five times what long live blogs have
_MOST_ATTRIBUTES = 2_000  # of one element; 100,000 take libxml2 a minute and a half


def wants_page(article: Article, feed: FeedSpec, *, body_needed: bool) -> bool:
    """Tell whether the page behind an article, as its feed gives it, is to be read.

    `body_needed`: a rule that listens to the feed looks at the body. Pages on request are read where the feed gives
    less than an article: a text that is cut, or a summary that is short. A short text that its feed calls the whole
    is not asked for again, unless pages are always wanted. Furniture does not count.
    """
    if feed.full_text is FullText.NEVER or not (article.url and http_url(article.url)):
        return False
    text = shown_text(article)
    if feed.full_text is FullText.AUTO:
        is_whole = article.text_kind is TextKind.FULL or _has_enough(text)
        return body_needed and (not is_whole or _is_cut(text))
    return article.text_kind is not TextKind.FULL or not _has_enough(text) or _is_cut(text)


def _has_enough(text: str) -> bool:
    return word_count(text[:_MOST_COUNTED]) >= ENOUGH_WORDS


def _is_cut(text: str) -> bool:
    """Tell whether a text ends with a sign that there is more of it."""
    return bool(_CUT_END.search(_SIGNATURE.sub("", text)[-300:]))


def read_article_page(document: Document) -> PageText | PageFailed:
    """Return the article of a web page, or why there is none.

    The encoding is the one that the answer names, or the page, if it can be true. `document.name` is where the page
    was found in the end.
    """
    html = _decoded(document)
    if _OTHER.match(html) or not _HTML.search(html, 0, _HTML_WITHIN):
        return PageFailed(outcome=PageOutcome.NOT_A_PAGE, detail="it is not HTML")
    if too_much := _too_much(html):
        return PageFailed(outcome=PageOutcome.FAILED, detail=too_much)
    tree = _tree(html)
    if tree is None:
        return PageFailed(outcome=PageOutcome.SHORT, detail="the page is empty")
    seen = _look(tree)
    _make_ready(seen)
    text = _article_text(tree)[:MOST_TEXT]
    return wall_before(seen.face(document.name), text) or PageText(
        text=text, title=seen.title, language=seen.language, canonical_url=seen.address
    )


def _too_much(html: str) -> str | None:
    """Return what of a page would take the parser minutes; what takes it seconds is the sandbox's business."""
    if html.count("<") > _MOST_TAGS:
        return f"the page has more than {_MOST_TAGS:,} tags"
    if any(tag[0].count("=") > _MOST_ATTRIBUTES for tag in _TAG.finditer(html)):
        return f"an element of the page has more than {_MOST_ATTRIBUTES:,} attributes"
    return None


def _decoded(document: Document) -> str:
    head = document.body[:_CHARSET_WITHIN].decode("ascii", "replace")
    declared = (document.content_type or "", *(tag[0] for tag in _META.finditer(head)))
    names = (match[1] for text in declared for match in _CHARSET.finditer(text))
    return clean(decode(document.body, names)).lstrip("\ufeff")


# ---------------------------------------------------------------------------------------------------------------
# What a page says of itself


class _Element(Protocol):
    """An element of the tree that trafilatura reads: lxml's, of which only one module knows more."""

    tag: object
    text: str | None
    tail: str | None

    def get(self, key: str) -> str | None: ...

    def drop_tree(self) -> None: ...

    def iter(self) -> "Iterator[_Element]": ...

    def __iter__(self) -> "Iterator[_Element]": ...


_UNSEEN = frozenset({"script", "style", "template", "noscript", "title", "textarea", "select", "svg"})
_LOOKED_AT = frozenset({"html", "meta", "link", "title", "script", "iframe", "input", "p", "div", "h1"})
_SENTENCE = 60  # code points
_INLINE = frozenset(
    {"a", "abbr", "b", "br", "cite", "code", "em", "i", "mark", "q", "span", "strong", "sub", "sup", "u"}
)
_WHOLES = frozenset({"html", "body", "main", "article"})
_MOST_ASKED = 2_000  # code points of an appeal; what has more is no box
_MOST_HEADINGS = 4
_MOST_JSON = 500_000  # code points
_MOST_SCRIPT = 20_000  # code points of another script
_MOST_NODES = 10_000  # of one script's JSON
_ARTICLE_TYPE = regex.compile(r"(?:article|blogposting|liveblogposting|reportage\w*)\Z", regex.IGNORECASE)
_FALSE = frozenset({"false", "no", "0", "locked", "http://schema.org/false", "https://schema.org/false"})
_TRUE = frozenset({"true", "yes", "1", "free", "http://schema.org/true", "https://schema.org/true"})
_TIERS = ("isaccessibleforfree", "article:content_tier")


@dataclass(slots=True)
class _Seen:
    """What was seen of a page on one walk through its elements."""

    meta: dict[str, str] = field(default_factory=dict)  # the first of each name
    titles: list[str] = field(default_factory=list)
    headlines: list[str] = field(default_factory=list)  # of the first order
    pieces: list[str] = field(default_factory=list)
    html_language: str = ""
    canonical: str = ""
    free: list[bool] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    is_article: bool = False
    has_password: bool = False
    names: Name = Name.NOTHING
    appeals: list[_Element] = field(default_factory=list)
    divisions: list[_Element] = field(default_factory=list)  # that are used as paragraphs
    in_paragraphs: int = 0  # code points

    @property
    def title(self) -> str | None:
        """Return the only headline of the first order, else the title that the page has for others, else its own."""
        only = self.headlines[0] if len(self.headlines) == 1 else ""
        candidates = (only, self.meta.get("og:title", ""), *self.titles, *self.headlines)
        return next((line[:MOST_TITLE] for line in map(clean_line, candidates) if line), None)

    @property
    def language(self) -> str | None:
        stated = (self.html_language, self.meta.get("og:locale"), self.meta.get("content-language"))
        return next((language for language in map(clean_line, filter(None, stated)) if language), None)

    @property
    def address(self) -> str | None:
        return next(filter(None, map(http_url, (self.canonical, self.meta.get("og:url", "")))), None)

    def face(self, url: str) -> Face:
        return Face(
            url=url,
            headings=[*self.titles, *self.headlines][:_MOST_HEADINGS],
            pieces=self.pieces,
            names=self.names,
            is_article=self.is_article or self.meta.get("og:type", "").lower() == "article",
            has_password=self.has_password,
            is_free=None if not self.free else all(self.free),
            stated_words=max(self.words, default=None),
        )


def _look(root: _Element) -> _Seen:
    seen = _Seen()
    for element in root.iter():
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if tag in _LOOKED_AT:
            _look_at(element, tag, seen)
        for names in map(names_of, filter(None, (element.get("id"), element.get("class")))):
            if names is not Name.NOTHING:
                _look_at_names(names, element, seen)
        if tag not in _UNSEEN and element.text:
            seen.pieces.append(element.text)
        if element.tail:
            seen.pieces.append(element.tail)
    for name in _TIERS:
        _note_tier(seen.meta.get(name), seen)
    return seen


def _look_at(element: _Element, tag: str, seen: _Seen) -> None:
    match tag:
        case "html":
            seen.html_language = element.get("lang") or element.get("xml:lang") or ""
        case "meta" | "link":
            _look_at_head(element, tag, seen)
        case "title":
            seen.titles.append(clean_line(element.text or ""))
        case "script" | "iframe":
            _look_at_script(element, seen)
        case "input":
            seen.has_password |= (element.get("type") or "").lower() == "password"
        case "p" | "div":
            _look_at_block(element, tag, seen)
        case "h1" if len(seen.headlines) < _MOST_HEADINGS and (line := _line_of(element)):
            seen.headlines.append(line)
        case _:
            pass


def _look_at_block(element: _Element, tag: str, seen: _Seen) -> None:
    """Note a paragraph of a sentence or more, and a division that is one: it holds no other block."""
    length = len((element.text or "").strip())
    if length >= _SENTENCE and tag == "p":
        seen.in_paragraphs += length
    elif length >= _SENTENCE and all(part.tag in _INLINE for part in element):
        seen.divisions.append(element)


def _look_at_head(element: _Element, tag: str, seen: _Seen) -> None:
    if tag == "link":
        if "canonical" in (element.get("rel") or "").lower().split():
            seen.canonical = seen.canonical or element.get("href") or ""
        return
    name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
    if name and (content := element.get("content")):
        seen.meta.setdefault(name.lower(), content)


def _look_at_script(element: _Element, seen: _Seen) -> None:
    text = element.text or ""
    if "ld+json" in (element.get("type") or ""):
        _look_at_json(text[:_MOST_JSON], seen)
    elif CHALLENGE_SCRIPTS.search(text[:_MOST_SCRIPT]) or CHALLENGE_SCRIPTS.search(element.get("src") or ""):
        seen.names |= Name.CHALLENGE


def _look_at_names(names: Name, element: _Element, seen: _Seen) -> None:
    if Name.APPEAL in names and element.tag not in _WHOLES and len(_line_of(element)) <= _MOST_ASKED:
        seen.appeals.append(element)
    if Name.WALL in names and not _is_wall(element):
        names &= ~Name.WALL
    seen.names |= names


def _is_wall(element: _Element) -> bool:
    """Tell whether an element named as a wall is one: empty ones wait on every page, long ones are what is behind."""
    return 3 <= word_count(_line_of(element)[:2_000]) <= 150


def _line_of(element: _Element) -> str:
    pieces = [element.text or ""]
    for part in element.iter():
        if part is not element:
            pieces += [part.text or "" if part.tag not in _UNSEEN else "", part.tail or ""]
    return clean_line(" ".join(pieces))


def _look_at_json(text: str, seen: _Seen) -> None:
    """Note what schema.org's terms say of the article: that it is one, whether it is free, how long it is."""
    try:
        waiting: list[object] = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        match waiting.pop():
            case dict() as node:
                _look_at_node(node, seen)
                waiting += node.values()
            case list() as nodes:
                waiting += nodes
            case _:
                pass


def _look_at_node(node: Mapping[str, object], seen: _Seen) -> None:
    kinds = node.get("@type")
    seen.is_article |= any(_ARTICLE_TYPE.search(str(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds]))
    _note_tier(node.get("isAccessibleForFree"), seen)
    stated = str(node.get("wordCount", ""))
    if stated.isascii() and stated.isdigit() and len(stated) < 7:
        seen.words.append(int(stated))


def _note_tier(value: object, seen: _Seen) -> None:
    word = str(value).strip().lower()
    if word in _FALSE or word in _TRUE:
        seen.free.append(word in _TRUE)


# ---------------------------------------------------------------------------------------------------------------
# The article


_BLOCKS = frozenset({"p", "head", "quote", "list", "item", "table", "row", "code", "div", "ab"})

_PARAGRAPH, _LINE = "\x02", "\x01"  # they cannot stand in the text, `clean` took control characters away
_SENTENCE_LINE = regex.compile(rf"(?<=[.!?…。！？][\"'”’»)\]]{{0,2}}\s*){_LINE}")
_PARAGRAPH_END = regex.compile(rf"{_PARAGRAPH}|{_LINE}\s*{_LINE}")


def _tree(html: str) -> _Element | None:
    from trafilatura import load_html  # noqa: PLC0415 - takes a sixth of a second, in the worker alone

    return cast("_Element | None", load_html(html))


def _article_text(tree: _Element) -> str:
    """Return the article as trafilatura finds it, paragraphs parted by an empty line."""
    from trafilatura import bare_extraction  # noqa: PLC0415

    found = bare_extraction(tree, fast=True, include_comments=False)  # type: ignore[arg-type]
    body = None if found is None or isinstance(found, dict) else found.body
    return "" if body is None else _laid_out("".join(_pieces(cast("_Element", body))))


def _make_ready(seen: _Seen) -> None:
    """Take out the boxes that ask for money, and make paragraphs of divisions where a page has no others.

    An appeal without a box of its own is the feed's boilerplate.
    """
    for appeal in seen.appeals:
        appeal.drop_tree()
    if sum(len(division.text or "") for division in seen.divisions) > seen.in_paragraphs:
        for division in seen.divisions:
            division.tag = "p"


def _pieces(element: _Element) -> Iterator[str]:
    """Yield the texts below an element and the marks between them. The parser keeps no more than 255 levels."""
    mark = _PARAGRAPH if element.tag in _BLOCKS else {"cell": " ", "lb": _LINE}.get(str(element.tag), "")
    yield mark
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""
    yield mark if element.tag != "lb" else ""


def _laid_out(marked: str) -> str:
    """Turn marks into newlines. A line that ends a sentence ends a paragraph: of two breaks trafilatura leaves one."""
    paragraphs: Sequence[str] = [
        "\n".join(filter(None, (" ".join(line.split()) for line in paragraph.split(_LINE))))
        for paragraph in _PARAGRAPH_END.split(_SENTENCE_LINE.sub(_PARAGRAPH, marked))
    ]
    return "\n\n".join(filter(None, paragraphs))
