"""Feeds that are made up: well-formed, of every format, of a seed. Outlets, names and words are invented.

`FeedMaker` makes small ones in which everything may be there or not, in any order, for comparing two ways to read them;
`made_up_feed` makes one as a publisher would, of a given size.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

FORMATS = ("rss", "rdf", "atom-1.0", "atom-0.3")
_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
_MODULES = (
    f'{_DC} xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)
_ATOM = 'xmlns:a="http://www.w3.org/2005/Atom"'
_WORDS = tuple(
    """harbour Reopens the ships, of — “quoted” Ёлка naïve 5 > 4 R&D Élan 東京 no. 100% ¿qué? council mayor said on
    Tuesday that Порт open again; weather bridge market and to a in""".split()
)
_PLAIN_WORDS = tuple(word for word in _WORDS if escape(word) == word)
_DATES = (
    "Tue, 03 Nov 2026 08:30:00 GMT",
    "Tue, 3 Nov 26 08:30:00 EST",
    "2026-11-03T08:30:00+02:00",
    "2026-11-03T08:30:00.25Z",
    "2026-11-03",
    "2026-11",
    "2026-11-03 08:30:00",
    "Tue Nov  3 08:30:00 2026",
    "yesterday",
    "0001-01-01T00:00:00Z",
)
_LINKS = (
    "https://herald.example/a?x=1&y=2",
    "/b/c",
    "d.html",
    "../e",
    "//cdn.example/f",
    "javascript:alert(1)",
    "?p=7",
)
_NAMES = ("Ada Fictional", "desk@herald.example (Ada Fictional)", "desk@herald.example", "Ben Ö. Invented")
_LANGUAGES = ("", "", "", ' xml:lang="uk"', ' xml:lang="en-GB"', ' xml:lang="pt_BR"')
_BASES = ("", "", "", ' xml:base="https://other.example/dir/"', ' xml:base="sub/"')
_XHTML = '<div xmlns="http://www.w3.org/1999/xhtml"><p>{}</p><hr/>more <em>words</em></div>'


class FeedMaker:
    """Makes feeds in which each element stands once at most, in any order. The same of the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def feed(self, kind: str) -> str:
        """Return a feed of one of the `FORMATS`."""
        language, base = self._one(_LANGUAGES), self._one(_BASES)
        title = f"<title>{escape(self._words())}</title>"
        match kind:
            case "rss":
                version = self._one(("0.91", "0.92", "2.0"))
                items = self._several(lambda: self._item("item"))
                start = f'<rss version="{version}" {_MODULES} {_ATOM}{language}{base}>'
                return f"{start}<channel>{self._channel()}{items}</channel></rss>"
            case "rdf":
                items = self._several(lambda: self._item('item rdf:about="https://herald.example/about"'))
                start = (
                    '<rdf:RDF xmlns="http://purl.org/rss/1.0/" '
                    f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" {_MODULES}{base}>'
                )
                return f"{start}<channel rdf:about='x'>{title}</channel>{items}</rdf:RDF>"
            case "atom-1.0":
                entries = self._several(lambda: self._entry("1.0"))
                desk = '<link href="https://herald.example/"/><author><name>The Desk</name></author>'
                return f'<feed xmlns="http://www.w3.org/2005/Atom"{language}{base}>{title}{desk}{entries}</feed>'
            case _:
                entries = self._several(lambda: self._entry("0.3"))
                return f'<feed version="0.3" xmlns="http://purl.org/atom/ns#"{language}{base}>{title}{entries}</feed>'

    def _one(self, choices: Sequence[str]) -> str:
        return self._random.choice(choices)

    def _words(self) -> str:
        return " ".join(self._random.choices(_WORDS, k=self._random.randint(1, 9)))

    def _several(self, make: Callable[[], str]) -> str:
        return "\n".join(make() for _ in range(self._random.randint(1, 4)))

    def _html(self) -> str:
        words = escape(self._words())
        parts = (
            words,
            f"<p>{words}</p>",
            f"<div><b>{words}</b><br/>next</div>",
            "<ul><li>one</li><li>two</li></ul>",
            '<a href="/relative?a=1&amp;b=2">link</a> &#8217; &eacute;',
            "<script>var a = 1;</script><img src='x.jpg'/>",
            "<table><tr><td>1</td><td>2</td></tr></table>",
        )
        return "".join(self._random.choices(parts, k=self._random.randint(1, 5)))

    def _plain(self) -> str:
        return self._one((self._words(), "spread\n  over lines\n\n and paragraphs"))

    def _tag(self, name: str, text: str, attributes: str = "") -> str:
        spaces = self._one(("", "\n  "))
        held = f"<![CDATA[{text}]]>" if self._random.random() < 0.5 else escape(text)
        return f"<{name}{attributes}>{spaces}{held}{spaces}</{name}>"

    def _some(self, parts: list[str]) -> str:
        self._random.shuffle(parts)
        return "".join(part for part in parts if self._random.random() < 0.6)

    def _channel(self) -> str:
        parts = [
            self._tag("language", self._one(("en", "en-us", "uk"))),
            self._tag("ttl", self._one(("60", "5", "soon"))),
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
            '<a:link rel="next" href="https://herald.example/feeds/all.xml?page=2"/>',
            "<image><title>A picture</title><url>https://herald.example/logo.png</url></image>",
        ]
        return f"{self._tag('title', self._words())}<link>https://herald.example/</link>{self._some(parts)}"

    def _item(self, start: str) -> str:
        says = self._one(("", ' isPermaLink="false"', ' isPermaLink="true"'))
        parts = [
            self._tag("title", self._one((self._words(), self._html()))),
            self._tag("link", self._one(_LINKS)),
            self._tag("guid", self._one((*_LINKS, "tag:1")), says),
            self._tag("description", self._one((self._html(), self._plain()))),
            self._tag("content:encoded", self._html()),
            self._tag("pubDate", self._one(_DATES)),
            self._tag("dc:date", self._one(_DATES)),
            self._tag("dc:creator", self._one(_NAMES)),
            self._tag("author", self._one(_NAMES)),
            self._tag("category", self._words()),
            self._tag("dc:subject", self._words()),
            self._tag("dc:language", self._one(("de", "fr-CA"))),
            "<slash:comments>5</slash:comments>",
            '<enclosure url="https://herald.example/a.mp3" type="audio/mpeg" length="1"/>',
            '<media:content url="https://herald.example/a.jpg"/>',
            self._tag("source", self._words(), ' url="https://other.example/feed"'),
        ]
        name = start.split(maxsplit=1)[0]
        return f"<{start}{self._one(_LANGUAGES)}{self._one(_BASES)}>{self._some(parts)}</{name}>"

    def _construct(self, name: str, version: str) -> str:
        """Return a text construct of Atom in one of its kinds."""
        xhtml = _XHTML.format(escape(self._words()))
        if version == "0.3":
            kinds = (
                self._tag(name, self._plain()),
                self._tag(name, self._html(), ' type="text/html" mode="escaped"'),
                f'<{name} type="application/xhtml+xml" mode="xml">{xhtml}</{name}>',
            )
        else:
            kinds = (
                self._tag(name, self._plain(), self._one(("", ' type="text"'))),
                self._tag(name, self._html(), ' type="html"'),
                f'<{name} type="xhtml">{xhtml}</{name}>',
            )
        return self._one(kinds)

    def _entry(self, version: str) -> str:
        published, updated = ("issued", "modified") if version == "0.3" else ("published", "updated")
        parts = [
            self._construct("title", version),
            f"<link rel='alternate' type='text/html' href={quoteattr(self._one(_LINKS))}/>",
            '<link rel="enclosure" href="https://herald.example/a.mp3"/>',
            self._tag("id", self._one(("tag:herald.example,2026:1", "https://herald.example/?p=1", "relative"))),
            self._construct("summary", version),
            self._construct("content", version),
            self._tag(published, self._one(_DATES)),
            self._tag(updated, self._one(_DATES)),
            "<author><name>Ada Fictional</name><email>ada@herald.example</email></author>",
            "<author><name>Ben Invented</name></author>",
            f"<category term={quoteattr(self._words())}/>",
            f"<category term='t' label={quoteattr(self._words())}/>",
        ]
        return f"<entry{self._one(_LANGUAGES)}{self._one(_BASES)}>{self._some(parts)}</entry>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a made-up publisher's feed is like."""

    kind: str  # rss or atom
    entries: int
    paragraphs: int  # in each entry's content; with none there is a summary only


def made_up_feed(seed: int, shape: Shape) -> str:
    """Return a feed as publishing systems write them, with HTML in CDATA or escaped."""
    maker = random.Random(seed)
    start = datetime(2026, 11, 3, 8, tzinfo=UTC)
    entries = [
        _article(maker, shape, number, start - timedelta(minutes=47 * number)) for number in range(shape.entries)
    ]
    if shape.kind == "atom":
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
            "<title>The Example Herald</title><id>tag:herald.example,2026:feed</id>"
            f"<updated>{start.isoformat()}</updated>"
            f'<link href="https://herald.example/"/>{"".join(entries)}</feed>'
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {_MODULES} {_ATOM}><channel>'
        "<title>The Example Herald</title><link>https://herald.example/</link><description>News</description>"
        f"<language>en-GB</language><ttl>15</ttl>{''.join(entries)}</channel></rss>"
    )


def _sentence(maker: random.Random) -> str:
    return f"{' '.join(maker.choices(_WORDS, k=maker.randint(6, 24)))}."


def _article(maker: random.Random, shape: Shape, number: int, at: datetime) -> str:
    title = " ".join(maker.choices(_PLAIN_WORDS, k=9))
    address = f"https://herald.example/news/{at:%Y/%m/%d}/{number}-{maker.randrange(10**8)}"
    summary = escape(" ".join(_sentence(maker) for _ in range(2)))
    tags = ("Politics", "Harbour", "Weather", "Business")[: maker.randint(0, 4)]
    html = "".join(_paragraph(maker, address, part) for part in range(shape.paragraphs))
    if shape.kind == "atom":
        content = f'<content type="html">{escape(html)}</content>' if html else ""
        terms = "".join(f'<category term="{tag}"/>' for tag in tags)
        return (
            f'<entry><title>{title}</title><link rel="alternate" type="text/html" href="{address}"/><id>{address}</id>'
            f"<published>{at.isoformat()}</published><updated>{at.isoformat()}</updated>{terms}"
            f"<author><name>Ada Fictional</name></author><summary>{summary}</summary>{content}</entry>\n"
        )
    content = f"<content:encoded><![CDATA[{html}]]></content:encoded>" if html else ""
    terms = "".join(f"<category><![CDATA[{tag}]]></category>" for tag in tags)
    return (
        f"<item>\n\t<title>{title}</title>\n\t<link>{address}</link>\n"
        "\t<dc:creator><![CDATA[Ada Fictional]]></dc:creator>\n"
        f'\t<pubDate>{format_datetime(at)}</pubDate>\n\t{terms}\n\t<guid isPermaLink="false">{address}</guid>\n'
        f"\t<description><![CDATA[<p>{summary}</p>]]></description>\n\t{content}\n"
        f'\t<slash:comments>{number}</slash:comments>\n\t<media:content url="{address}.jpg" medium="image"/>\n</item>\n'
    )


def _paragraph(maker: random.Random, address: str, part: int) -> str:
    text = " ".join(escape(_sentence(maker)) for _ in range(3))
    link = f'<a href="{address}/{part}" rel="noopener" target="_blank">{escape(_sentence(maker))}</a>'
    match part % 5:
        case 0:
            picture = (
                f'<figure><img src="{address}/{part}.jpg" alt="" width="640"/><figcaption>{text}</figcaption></figure>'
            )
            return f'{picture}<p class="lead"><strong>{text}</strong></p>\n'
        case 3:
            return f"<h2>{link}</h2><ul><li>{text}</li><li>{link}</li></ul>\n"
        case _:
            return f"<p>{text} {link} &nbsp;<em>{text}</em></p>\n"
