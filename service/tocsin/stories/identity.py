"""Whether an entry was seen before: by its id, else its canonical URL, else its title and text, in one feed.

Never by date: feeds publish late, back-date and leave dates out. Nor does an id alone decide where a feed uses it
again: what says something else under another title is another article.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType

from tocsin.model import Article, Changed, EntryOutcome, KnownEntry, New, Seen, Skipped, SkipReason
from tocsin.text.alike import alike_words

_NOTHING_STORED: Mapping[str, Article] = MappingProxyType({})

# Two texts have as much in common as the shares of the shorter one's words, and runs of three words, that are in both.
_TELLING = 4  # letters; shorter words stand in every text
_RUN = 3
_LIKE_TITLE, _LIKE_TEXT = 0.5, 0.3
_LONG, _HARDLY = 80, 0.1  # words; of runs
_CHANCE = 0.2  # of the words of a text stand in another one by chance


def identify(
    articles: Sequence[Article],
    known: Sequence[KnownEntry],
    unchanged: Sequence[Seen] = (),
    stored: Mapping[str, Article] = _NOTHING_STORED,
) -> Iterator[EntryOutcome]:
    """Yield for each article of one poll whether it is new, changed, seen, or stands twice in the poll.

    `unchanged` are entries of the same poll that need no looking at. `stored` are the newest versions, by id, of known
    articles that the poll may say something else of. A known article keeps the id under which it was first seen,
    whatever the feed calls it now. A URL that several entries of the poll share, or that belongs to an entry which the
    poll names by its id, tells nothing. An id that stands for something else by now names a new article.
    """
    find = _Finder(articles, known, unchanged, stored)
    told = {entry.article_id for entry in unchanged}
    for article in articles:
        outcome = find(article)
        name = outcome.article_id if isinstance(outcome, Seen) else outcome.article.id
        if not told.isdisjoint((name, article.content_hash)):
            yield Skipped(entry_id=article.entry_id, reason=SkipReason.REPEATED)
            continue
        told |= {name, article.content_hash}
        yield outcome


class _Finder:
    """Finds what is known of an article, layer by layer."""

    def __init__(
        self,
        articles: Sequence[Article],
        known: Sequence[KnownEntry],
        unchanged: Sequence[Seen],
        stored: Mapping[str, Article],
    ) -> None:
        self._stored = stored
        self._by_id = {entry.entry_id: entry for entry in known}
        self._by_content = {entry.content_hash: entry for entry in known}
        self._reused = {article.entry_id for article in articles if self._is_reused(article)}
        uses = Counter(article.canonical_url for article in articles)
        uses.update(entry.canonical_url for entry in unchanged)
        named = {entry.article_id for entry in unchanged}
        named |= {
            entry.article_id
            for article in articles
            if article.entry_id not in self._reused and (entry := self._by_id.get(article.entry_id))
        }
        self._by_url: dict[str | None, KnownEntry] = {
            entry.canonical_url: entry
            for entry in known
            if entry.canonical_url and uses[entry.canonical_url] == 1 and entry.article_id not in named
        }

    def __call__(self, article: Article) -> New | Changed | Seen:
        """Return what an article is to what is known."""
        if article.entry_id not in self._reused:
            entry = (
                self._by_id.get(article.entry_id)
                or self._by_url.get(article.canonical_url)
                or self._by_content.get(article.content_hash)
            )
            return _outcome(article, entry)
        entry = self._by_content.get(article.content_hash)
        former = self._by_id[article.entry_id].article_id
        return _outcome(article, entry) if entry else New(article=_renamed(article, former), reused=True)

    def _is_reused(self, article: Article) -> bool:
        """Tell whether an id that is known names something else by now."""
        entry = self._by_id.get(article.entry_id)
        before = self._stored.get(entry.article_id) if entry else None
        if entry is None or before is None or entry.content_hash == article.content_hash:
            return False
        return is_another(article, before)


def is_another(article: Article, before: Article) -> bool:
    """Tell whether what has one id is another article: by its title and its text, both.

    At the same address only where they have nothing in common: editors rewrite headlines and summaries. At another one
    long texts decide alone: what shares hardly a run of words is another article, whatever columns are called.
    """
    titles = _Words.of(article.title), _Words.of(before.title)
    texts = _Words.of(article.text), _Words.of(before.text)
    in_runs = texts[0].run_share(texts[1])
    urls = article.canonical_url, before.canonical_url
    if None not in urls and urls[0] != urls[1] and min(texts[0].count, texts[1].count) >= _LONG:
        return in_runs < _HARDLY
    if article.title == before.title:
        return False
    if None not in urls and urls[0] == urls[1]:
        return titles[0].share(titles[1]) == 0 and in_runs == 0 and texts[0].share(texts[1]) < _CHANCE
    return titles[0].share(titles[1]) < _LIKE_TITLE and in_runs < _LIKE_TEXT


class _Words:
    """The telling words of a text, and its runs of words."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.count = len(keys)
        self._words = {key for key in keys if len(key) >= _TELLING}
        self._runs = {tuple(keys[at : at + _RUN]) for at in range(max(len(keys) - _RUN + 1, 1))}

    @classmethod
    def of(cls, text: str) -> "_Words":
        """Take a text apart."""
        return cls([word.key for word in alike_words(text)])

    def share(self, other: "_Words") -> float:
        """Return how much of the telling words of the one that has fewer the other has, 0 to 1."""
        return _share(self._words, other._words)

    def run_share(self, other: "_Words") -> float:
        """Return how much of the runs of words of the one that has fewer the other has, 0 to 1."""
        return _share(self._runs, other._runs)


def _share(ours: AbstractSet[object], theirs: AbstractSet[object]) -> float:
    return len(ours & theirs) / (min(len(ours), len(theirs)) or 1)


def _renamed(article: Article, former: str) -> Article:
    """Give an article an id of its own, since that of its entry names another one, `former`.

    That is in the new id: a feed that goes back and forth between two articles makes further ones, not the same again.
    """
    name = f"{article.feed}\0{article.entry_id}#{former}#{article.content_hash}"
    return replace(article, id="art_" + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16])


def _outcome(article: Article, entry: KnownEntry | None) -> New | Changed | Seen:
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
