"""Whether an entry was seen before: by its id, else its canonical URL, else its title and text, in one feed.

Never by date: feeds publish late, back-date and leave dates out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tocsin.model import Article, Changed, EntryOutcome, KnownEntry, New, Seen, Skipped, SkipReason


def identify(
    articles: Sequence[Article], known: Sequence[KnownEntry], unchanged: Sequence[Seen] = ()
) -> Iterator[EntryOutcome]:
    """Yield for each article of one poll whether it is new, changed, seen, or stands twice in the poll.

    `unchanged` are entries of the same poll that need no looking at. A known article keeps the id under which it was
    first seen, whatever the feed calls it now. A URL that several entries of the poll share, or that belongs to an
    entry which the poll names by its id, tells nothing.
    """
    find = _Finder(articles, known, unchanged)
    told = {entry.article_id for entry in unchanged}
    for article in articles:
        entry = find(article)
        name = entry.article_id if entry else article.id
        if not told.isdisjoint((name, article.content_hash)):
            yield Skipped(entry_id=article.entry_id, reason=SkipReason.REPEATED)
            continue
        told |= {name, article.content_hash}
        yield _outcome(article, entry)


class _Finder:
    """Finds what is known of an article, layer by layer."""

    def __init__(self, articles: Sequence[Article], known: Sequence[KnownEntry], unchanged: Sequence[Seen]) -> None:
        self._by_id = {entry.entry_id: entry for entry in known}
        self._by_content = {entry.content_hash: entry for entry in known}
        uses = Counter(article.canonical_url for article in articles)
        uses.update(entry.canonical_url for entry in unchanged)
        named = {entry.article_id for entry in unchanged}
        named |= {entry.article_id for article in articles if (entry := self._by_id.get(article.entry_id))}
        self._by_url: dict[str | None, KnownEntry] = {
            entry.canonical_url: entry
            for entry in known
            if entry.canonical_url and uses[entry.canonical_url] == 1 and entry.article_id not in named
        }

    def __call__(self, article: Article) -> KnownEntry | None:
        return (
            self._by_id.get(article.entry_id)
            or self._by_url.get(article.canonical_url)
            or self._by_content.get(article.content_hash)
        )


def _outcome(article: Article, entry: KnownEntry | None) -> EntryOutcome:
    if entry is None:
        return New(article=article)
    if entry.content_hash == article.content_hash:
        return Seen(
            entry_id=article.entry_id,
            canonical_url=article.canonical_url,
            article_id=entry.article_id,
            digest=article.digest or None,
        )
    return Changed(
        article=replace(article, id=entry.article_id), version=entry.version + 1, first_seen=entry.first_seen
    )
