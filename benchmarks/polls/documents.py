"""Feeds of outlets that do not exist: equal for equal seeds, a window of entries that moves with each version.

A small feed has 30 entries and 46 to 78 kB. A third are Atom, a third RSS with all text in the description, a third RSS
with a summary and `content:encoded`. A large one has some thousand entries and 2.5 MB, and may be damaged. Texts are
sentences of the made-up language of `peers.corpus`, drawn anew for each entry, so that no two entries are copies.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from functools import cached_property
from html import escape

from peers.corpus import Newsroom

WINDOW = 30
SMALLEST, LARGEST = 46_000, 78_000  # bytes of a small feed
LARGE_ENTRY = 2_500  # bytes of each entry of a large one
AN_UPDATE = 2  # entries that a new version brings
SENTENCES = 20_000
RARE = 50  # one entry in so many holds the word that a rule looks for
WORD = "Quillmark"


class Damage(StrEnum):
    """What is wrong with a document."""

    NONE = "none"
    AMPERSANDS = "ampersands"  # bare, in every title: what can be repaired
    TORN = "torn"  # an element closed by another's name in every tenth entry, and cut off at the end


class Wire:
    """Writes the feeds. `began`: when a feed's first version was complete; `large`: entries of a large one."""

    def __init__(self, seed: int, began: datetime, large: int) -> None:
        self._seed = seed
        self._large = large
        self._began = began

    @cached_property
    def _sentences(self) -> Sequence[str]:
        newsroom, sentences = Newsroom(self._seed), []
        while len(sentences) < SENTENCES:
            sentences += newsroom.article(2_000).body.replace("\n\n", " ").split(". ")
        return [f"{sentence.rstrip('.')}." for sentence in sentences]

    def small(self, feed: int, version: int) -> bytes:
        """Return a feed of ordinary size."""
        size = SMALLEST + random.Random(feed).randrange(LARGEST - SMALLEST)
        return self._document(feed, version, WINDOW, size).encode()

    def large(self, feed: int, version: int, damage: Damage) -> bytes:
        """Return a feed that is as large as they come."""
        text = self._document(feed, version, self._large, self._large * LARGE_ENTRY)
        match damage:
            case Damage.AMPERSANDS:
                text = text.replace("<title>", "<title>Law & order: ")
            case Damage.TORN:
                text = _torn(text)
        return text.encode()

    def published(self, number: int, window: int) -> datetime:
        """Return when an entry was published: one an hour, the first version's newest when it all began."""
        return self._began + timedelta(hours=number - window)

    def _document(self, feed: int, version: int, window: int, size: int) -> str:
        newest = window + AN_UPDATE * version
        write = (_atom, _plain_rss, _full_rss)[feed % 3]
        entries = (self._entry(feed, number, window, size // window) for number in range(newest, newest - window, -1))
        return write(feed, list(entries))

    def _entry(self, feed: int, number: int, window: int, size: int) -> "_Entry":
        chance = random.Random(f"{self._seed} {feed} {number}")
        paragraphs, length = [], 700  # what is not text
        while length < size:
            paragraph = " ".join(chance.choices(self._sentences, k=chance.randint(1, 3)))
            paragraphs.append(paragraph)
            length += len(paragraph) + 15
        if chance.randrange(RARE) == 0:
            paragraphs.insert(1, f"The {WORD} was named in the report.")
        title = " ".join(chance.choice(self._sentences).split()[:8]).rstrip(".")
        return _Entry(feed, number, f"{title} {number}", paragraphs, self.published(number, window))


class _Entry:
    def __init__(self, feed: int, number: int, title: str, paragraphs: Sequence[str], at: datetime) -> None:
        self.url = f"https://feed{feed}.example/{number}/{title.lower().replace(' ', '-')}"
        self.title = escape(title)
        self.summary = paragraphs[0]
        self.html = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        self.html += f'\n<p><img src="/{number}.jpg" alt=""/> <a href="{self.url}?utm_source=rss">Read on</a></p>'
        self.at = at
        self.author = f"Reporter {number % 7}"


def _plain_rss(feed: int, entries: Sequence[_Entry]) -> str:
    return _rss(feed, (f"{_item(entry)}<description>{escape(entry.html)}</description></item>\n" for entry in entries))


def _full_rss(feed: int, entries: Sequence[_Entry]) -> str:
    texts = (
        f"{_item(entry)}<description>{entry.summary}</description>"
        f"<content:encoded><![CDATA[{entry.html}]]></content:encoded></item>\n"
        for entry in entries
    )
    return _rss(feed, texts)


def _rss(feed: int, items: "Sequence[str] | object") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>The Example Herald {feed}</title><link>https://feed{feed}.example/</link><language>en</language>\n"
        f"<description>News that never happened</description>\n{''.join(items)}</channel></rss>\n"  # type: ignore[arg-type]
    )


def _item(entry: _Entry) -> str:
    return (
        f"<item><title>{entry.title}</title><link>{entry.url}</link>"
        f'<guid isPermaLink="true">{entry.url}</guid><pubDate>{format_datetime(entry.at)}</pubDate>'
        f"<dc:creator>{entry.author}</dc:creator><category>news</category>"
    )


def _atom(feed: int, entries: Sequence[_Entry]) -> str:
    texts = (
        f"<entry><title>{entry.title}</title><id>{entry.url}</id>"
        f'<link rel="alternate" type="text/html" href="{entry.url}"/>'
        f"<published>{entry.at.isoformat()}</published><updated>{entry.at.isoformat()}</updated>"
        f'<author><name>{entry.author}</name></author><content type="html">{escape(entry.html)}</content></entry>\n'
        for entry in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f"<title>The Example Courier {feed}</title><id>https://feed{feed}.example/</id>"
        f"<updated>{entries[0].at.isoformat()}</updated>\n{''.join(texts)}</feed>\n"
    )


def _torn(text: str) -> str:
    parts = text.split("</title>")
    broken = ("</titel>" if at % 10 == 5 else "</title>" for at in range(len(parts) - 1))
    whole = "".join(part for pair in zip(parts, [*broken, ""], strict=True) for part in pair)
    return whole[:-1_000]


def beginning() -> datetime:
    """Return now, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
