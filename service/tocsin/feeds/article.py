"""From an entry, as its feed gives it, to an article: the normalised form that is stored, matched and told about."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

import regex

from tocsin.model import (
    Article,
    Boilerplate,
    Entry,
    FeedSpec,
    PageText,
    ParsedFeed,
    Skipped,
    SkipReason,
    Span,
    TextKind,
)
from tocsin.text.clean import clean_line
from tocsin.text.detect import MOST_READ, detect_language
from tocsin.text.language import primary
from tocsin.text.paragraphs import paragraphs
from tocsin.text.urls import canonical_url

_EVENED = str.maketrans({"…": "...", **dict.fromkeys("“”„«»″", '"'), **dict.fromkeys("‘’‚ʼ′", "'"), "\xa0": " "})
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})
_SPACE = regex.compile(r"\s+")


def articles_of(parsed: ParsedFeed, feed: FeedSpec, fetched: datetime) -> Iterator[Article | Skipped]:
    """Yield an article for each entry of a parsed document of `feed`, or why it becomes none.

    An id that the document gives to several entries that differ names none of them: there the content does.
    """
    contents: dict[str, set[tuple[str | None, str | None]]] = {}
    for entry in parsed.entries:
        contents.setdefault(entry.id, set()).add((entry.title, entry.text))
    for entry in parsed.entries:
        if len(contents[entry.id]) > 1:
            entry = replace(entry, id=f"{entry.id}#{_hash(entry.title or '', entry.text or '')[:16]}")  # noqa: PLW2901
        yield article_of(entry, feed, parsed.language, fetched)


def article_of(entry: Entry, feed: FeedSpec, feed_language: str | None, fetched: datetime) -> Article | Skipped:
    """Make an article of an entry of `feed`.

    The configured language counts most, then the entry's own, then that of the feed's document; where none is given,
    title and text tell it, or nothing does. What the feed's boilerplate names is masked, and so is a title that stands
    in the text, since it is matched by itself.
    """
    text = entry.text or ""
    masked = list(furniture(text, feed.boilerplate))
    title = entry.title or ""
    if entry.title_in_text and (found := _first_unmasked(text, masked)):
        title = clean_line(text[found.start : found.end])
        masked = sorted([*masked, found])
    if not title and not text.strip():
        return Skipped(entry_id=entry.id, reason=SkipReason.EMPTY)
    return Article(
        id="art_" + _hash(feed.name, entry.id)[:16],
        feed=feed.name,
        entry_id=entry.id,
        url=entry.url,
        canonical_url=canonical_url(entry.url) if entry.url else None,
        title=title,
        text=text,
        text_kind=entry.text_kind,
        language=_language(feed.language, entry.language, feed_language) or _detected(title, text, masked),
        content_hash=_hash(title, text)[:32],
        fetched=fetched,
        authors=entry.authors,
        published=entry.published,
        updated=entry.updated,
        summary=entry.summary,
        tags=entry.tags,
        masked=tuple(masked),
        digest=entry.digest,
    )


def with_page(article: Article, page: PageText, feed: FeedSpec, fetched: datetime) -> Article | None:
    """Return the article with the text of its page; None where the page says less than the feed does."""
    title = article.title or clean_line(page.title or "")
    masked = list(furniture(page.text, feed.boilerplate))
    if len(page.text) < len(article.text):
        return None
    return replace(
        article,
        title=title,
        text=page.text,
        text_kind=TextKind.FULL,
        language=article.language or _language(page.language) or _detected(title, page.text, masked),
        content_hash=_hash(title, page.text)[:32],
        fetched=fetched,
        masked=tuple(masked),
    )


def _language(*codes: str | None) -> str | None:
    """Return the first that is a language, and not a sign that it is unknown (ISO 639-2: und, mul, mis, zxx)."""
    return next((language for code in codes if (language := primary(code)) and language not in _NO_LANGUAGE), None)


def _detected(title: str, text: str, masked: Sequence[Span]) -> str | None:
    """Detect the language in the title and the first paragraphs that are not furniture."""
    read, start = [title], 0
    for span in (*masked, Span(len(text), len(text))):
        read.append(text[start : min(span.start, start + MOST_READ)])
        start = max(start, span.end)
    return detect_language("\n\n".join(filter(None, map(str.strip, read))))


def furniture(text: str, boilerplate: Sequence[Boilerplate]) -> Iterator[Span]:
    """Yield the paragraphs of `text` that are named as boilerplate, in order; the last may reach to the text's end.

    Compared are whole paragraphs, or their beginnings where the boilerplate drops what follows; case, white space,
    quotes and ellipses are evened.
    """
    if not boilerplate:
        return
    whole = {_evened(item.text) for item in boilerplate if not item.to_end}
    openings = tuple(_evened(item.text) for item in boilerplate if item.to_end)
    for span in paragraphs(text):
        paragraph = _evened(text[span.start : span.end])
        if openings and paragraph.startswith(openings):
            yield Span(span.start, len(text))
            return
        if paragraph in whole:
            yield span


def _evened(text: str) -> str:
    return _SPACE.sub(" ", text.translate(_EVENED)).strip().casefold()


def _first_unmasked(text: str, masked: Sequence[Span]) -> Span | None:
    return next(
        (span for span in paragraphs(text) if not any(hidden.start <= span.start < hidden.end for hidden in masked)),
        None,
    )


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
