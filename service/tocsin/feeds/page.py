"""The page behind an entry: when it is read, and the article that stands on it. The only importer of trafilatura.

`read_article_page` is a pure function of a document and runs in the sandbox. It fetches nothing, follows no link and
gets round no wall: a page that asks for consent, for a subscription or for a human reader is told as such.
"""

import regex

from tocsin.model import Article, Document, FeedSpec, FullText, PageFailed, PageOutcome, PageText, TextKind
from tocsin.text.clean import clean, clean_line
from tocsin.text.encodings import decode
from tocsin.text.html import read_page
from tocsin.text.tokens import words
from tocsin.text.urls import http_url

#: Words of a page below which it holds no article.
LEAST_WORDS = 60

#: Words of a feed's text from which it is taken for the whole.
ENOUGH_WORDS = 200

_CUT_END = regex.compile(r"(?:…|\.\.\.|\[&hellip;\])[\])\s»”\"']*\Z")
_MOST_COUNTED = 8_000  # code points


def wants_page(article: Article, feed: FeedSpec, *, body_needed: bool) -> bool:
    """Tell whether the page behind an article, as its feed gives it, is to be read.

    `body_needed`: a rule that listens to the feed looks at the body.
    """
    if feed.full_text is FullText.NEVER or not (article.url and http_url(article.url)):
        return False
    if _is_cut(article):
        return body_needed or feed.full_text is FullText.ALWAYS
    if feed.full_text is FullText.ALWAYS:
        return article.text_kind is not TextKind.FULL or _word_count(_shown(article)) < ENOUGH_WORDS
    return body_needed and article.text_kind is not TextKind.FULL and _word_count(_shown(article)) < ENOUGH_WORDS


def read_article_page(document: Document) -> PageText | PageFailed:
    """Return the article of a web page, or why there is none."""
    page = read_page(document.body)
    text = _article_text(clean(decode(document.body)))
    if _word_count(text) < LEAST_WORDS:
        return PageFailed(outcome=PageOutcome.SHORT, detail="hardly any text was found on the page")
    return PageText(
        text=text, title=clean_line(page.title or "") or None, language=page.language, canonical_url=page.url
    )


def _article_text(html: str) -> str:
    from trafilatura import bare_extraction, load_html  # noqa: PLC0415 - a sixth of a second, in the worker alone

    tree = load_html(html)
    found = bare_extraction(tree, fast=True, include_comments=False) if tree is not None else None
    lines = (found.text or "").split("\n") if found is not None and not isinstance(found, dict) else []
    return "\n\n".join(filter(None, map(str.strip, lines)))


def _shown(article: Article) -> str:
    """Return the text without its furniture."""
    pieces, start = [], 0
    for span in article.masked:
        pieces.append(article.text[start : span.start])
        start = max(start, span.end)
    return "".join((*pieces, article.text[start:])).strip()


def _is_cut(article: Article) -> bool:
    return bool(_CUT_END.search(_shown(article)))


def _word_count(text: str) -> int:
    return len(words(text[:_MOST_COUNTED], "en"))
