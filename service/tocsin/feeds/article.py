"""From an entry, as its feed gives it, to an article: the normalised form that is stored, matched and told about."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice

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
from tocsin.text.urls import article_key, registered_domain
from tocsin.text.wordcount import word_count

_EVENED = str.maketrans({"…": "...", **dict.fromkeys("“”„«»″", '"'), **dict.fromkeys("‘’‚ʼ′", "'"), "\xa0": " "})
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})
_OF_CONTENT = regex.compile(r"#[0-9a-f]{16}\Z")  # what is added to an id that names nothing
_SPACE = regex.compile(r"\s+")
_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|[\p{L}\p{M}\p{N}]+")

_TITLE_WITHIN = 5  # paragraphs of a page; some have a line or two before their headline

#: How far the clock of a publisher may be ahead of ours.
AHEAD = timedelta(minutes=10)


def articles_of(
    parsed: ParsedFeed, feed: FeedSpec, fetched: datetime, unchanged: AbstractSet[str] = frozenset()
) -> Iterator[Article | Skipped]:
    """Yield an article for each entry of a parsed document of `feed`, or why it becomes none.

    An id that the document gives to several entries that differ names none of them: there the content does.
    `unchanged` are the ids, as given out here before, of entries that stand in the document and not in `parsed`.
    """
    contents: dict[str, set[tuple[str | None, str | None]]] = {}
    for entry in parsed.entries:
        contents.setdefault(entry.id, set()).add((entry.title, entry.text))
    taken = {_OF_CONTENT.sub("", name) for name in unchanged}
    for entry in parsed.entries:
        if len(contents[entry.id]) > 1 or entry.id in taken:
            entry = replace(entry, id=f"{entry.id}#{_hash(entry.title or '', entry.text or '')[:16]}")  # noqa: PLW2901
        yield article_of(entry, feed, parsed.language, fetched)


def repeats_ids(parsed: ParsedFeed, unchanged: AbstractSet[str] = frozenset()) -> bool:
    """Tell whether a document gives one id to entries that differ; `unchanged` are the ids of its entries left out."""
    first: dict[str, tuple[str | None, str | None]] = {}
    taken = {_OF_CONTENT.sub("", name) for name in unchanged}
    return taken != unchanged or any(
        entry.id in taken or first.setdefault(entry.id, (entry.title, entry.text)) != (entry.title, entry.text)
        for entry in parsed.entries
    )


def article_of(entry: Entry, feed: FeedSpec, feed_language: str | None, fetched: datetime) -> Article | Skipped:
    """Make an article of an entry of `feed`.

    The configured language counts most, then the entry's own, then that of the feed's document; where none is given,
    title and text tell it, or nothing does. What the feed's boilerplate names is masked, and so is a title that stands
    in the text, since it is matched by itself. A date that has not come yet counts as none.
    """
    text = entry.text or ""
    masked = list(furniture(text, feed.boilerplate))
    title = entry.title or ""
    if entry.title_in_text and (found := next(_unmasked(text, masked), None)):
        title = clean_line(text[found.start : found.end])
        masked = sorted([*masked, found])
    elif entry.title_repeated:
        masked = _with_title(text, masked, title)
    if not title and not text.strip():
        return Skipped(entry_id=entry.id, reason=SkipReason.EMPTY)
    return Article(
        id="art_" + _hash(feed.name, entry.id)[:16],
        feed=feed.name,
        entry_id=entry.id,
        url=entry.url,
        canonical_url=article_key(entry.url, feed.tracking) if entry.url else None,
        title=title,
        text=text,
        text_kind=entry.text_kind,
        language=_language(feed.language, entry.language, feed_language) or _detected(title, text, masked),
        content_hash=_hash(title, text)[:32],
        fetched=fetched,
        authors=entry.authors,
        published=_in_time(entry.published, fetched),
        updated=_in_time(entry.updated, fetched),
        summary=entry.summary,
        tags=entry.tags,
        masked=tuple(masked),
        digest=entry.digest,
    )


def with_page(article: Article, page: PageText, feed: FeedSpec, fetched: datetime) -> Article | None:
    """Return the next version of `article`, with the text of its page; None where the page says less than the feed.

    The feed's title stays, and what its text says that stands nowhere on the page (a standfirst, mostly) stays too, as
    the first paragraph: a page takes nothing away. `fetched` is when the page was.
    """
    given = shown_text(article)
    if word_count(page.text) < word_count(given):
        return None
    title = article.title or clean_line(page.title or "")
    text = page.text if _stands_in(given, page.text) else f"{given}\n\n{page.text}"
    of_page = len(text) - len(page.text)
    masked = _with_title(text, list(furniture(text, feed.boilerplate)), title, start=of_page, within=_TITLE_WITHIN)
    return replace(
        article,
        title=title,
        text=text,
        text_kind=TextKind.FULL,
        language=article.language or _language(page.language) or _detected(title, text, masked),
        canonical_url=_canonical(article.url, page.canonical_url, feed) or article.canonical_url,
        content_hash=_hash(title, text)[:32],
        fetched=fetched,
        masked=tuple(masked),
    )


def shown_text(article: Article) -> str:
    """Return the text of an article without its furniture."""
    pieces, start = [], 0
    for span in (*article.masked, Span(len(article.text), len(article.text))):
        pieces.append(article.text[start : span.start].strip())
        start = max(start, span.end)
    return "\n\n".join(filter(None, pieces))


def _stands_in(summary: str, text: str) -> bool:
    """Tell whether a text says what a summary of it does: half of its triples of words, or all of one that is cut."""
    told = [word.casefold() for word in _WORD.findall(text)]
    asked = [word.casefold() for word in _WORD.findall(summary)]
    size = min(3, len(asked))
    there = set(zip(*(told[at:] for at in range(size)), strict=False))
    triples = list(zip(*(asked[at:] for at in range(size)), strict=False))
    return sum(triple in there for triple in triples) * 2 >= len(triples)


def _canonical(url: str | None, named: str | None, feed: FeedSpec) -> str | None:
    """Return the key of the address that a page names as its own, if it can be: on its site, and not a front page.

    Pages that all name one address would be taken for one article.
    """
    if not url or not named or registered_domain(url) != registered_domain(named):
        return None
    return article_key(named, feed.tracking)


def _with_title(text: str, masked: list[Span], title: str, *, start: int = 0, within: int = 1) -> list[Span]:
    """Mask the paragraph that says the title again, if it is one of the first so many from `start` on."""
    of_title = _evened(title)
    for found in islice(_unmasked(text, masked, start), within):
        if of_title and _evened(text[found.start : found.end]) == of_title:
            return sorted([*masked, found])
    return masked


def _in_time(moment: datetime | None, fetched: datetime) -> datetime | None:
    """Return a time, or None for one that has not come yet: its clock or zone is wrong."""
    return moment if moment is not None and moment <= fetched + AHEAD else None


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


def _unmasked(text: str, masked: Sequence[Span], start: int = 0) -> Iterator[Span]:
    """Yield the paragraphs from `start` on that are no furniture."""
    for span in paragraphs(text):
        if span.start >= start and not any(hidden.start <= span.start < hidden.end for hidden in masked):
            yield span


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
