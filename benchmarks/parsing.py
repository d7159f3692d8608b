"""Reading feeds beside feedparser: `.venv/bin/python benchmarks/parsing.py`.

Feeds are made up of a seed, from 2 kB to 2.5 MB, or read from `--articles FOLDER`. All ways to read a feed take turns
on each, and each is asked several times; the least processor time counts. README.md says what is compared with what.
"""

import argparse
import gc
import math
import random
import sys
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from statistics import NormalDist, median

import feedparser

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from tables import print_table

from support.damage import CONTROL, DAMAGES, Damage, Reading, as_utf_8
from support.made_up_feeds import Shape, made_up_feed
from tocsin.feeds.loose import read_loosely
from tocsin.feeds.parse import parse_document
from tocsin.feeds.repair import repaired
from tocsin.feeds.xml import read_xml
from tocsin.model import Document, ParsedFeed

URL = "https://herald.example/feeds/all.xml"
MEDIAN, SPREAD, SMALLEST, LARGEST = 78_000, 1.25, 2_000, 2_500_000  # bytes; the spread is that of a log-normal


def made_up(count: int, seed: int) -> list[bytes]:
    """Make feeds whose sizes are spread as those of real ones; half of them RSS, a third with summaries only."""
    sizes = NormalDist(math.log(MEDIAN), SPREAD)
    feeds = [sized(seed + number, math.exp(sizes.inv_cdf((number + 0.5) / count))) for number in range(count - 2)]
    return [*feeds, sized(seed, SMALLEST), sized(seed + 1, LARGEST)]


def sized(seed: int, wanted: float) -> bytes:
    wanted = min(max(wanted, SMALLEST), LARGEST)
    kind, paragraphs = ("rss", "atom")[seed % 2], (0, 4, 8)[seed % 3] if wanted > 5 * SMALLEST else 0
    one = len(made_up_feed(seed, Shape(kind=kind, entries=10, paragraphs=paragraphs)).encode()) / 10
    entries = max(round(wanted / one), 1)
    return made_up_feed(seed, Shape(kind=kind, entries=min(entries, 2_000), paragraphs=paragraphs)).encode()


# ---------------------------------------------------------------------------------------------------------------
# The ways to read a feed


def by_feedparser(body: bytes, **options: bool) -> object:
    return feedparser.parse(BytesIO(body), response_headers={"content-location": URL}, **options)


def by_feedparser_plainly(body: bytes) -> object:
    return by_feedparser(body, sanitize_html=False, resolve_relative_uris=False)


def by_tocsin(body: bytes) -> object:
    return parse_document(Document(name=URL, body=body))


def by_fallback(body: bytes) -> object:
    return read_loosely(body.decode("utf-8", "replace"), len(body), URL)


class WithoutText:
    """Our reading without making texts of HTML, which feedparser does not do: all entries are known by their digest."""

    def __init__(self, feeds: list[bytes]) -> None:
        self._digests = {body: digests(body) for body in feeds}

    def __call__(self, body: bytes) -> object:
        return parse_document(Document(name=URL, body=body), self._digests[body])


class OneNew:
    """Our reading of a feed of which all entries but the first are known."""

    def __init__(self, feeds: list[bytes]) -> None:
        self._digests = {body: frozenset(list(digests(body))[1:]) for body in feeds}

    def __call__(self, body: bytes) -> object:
        return parse_document(Document(name=URL, body=body), self._digests[body])


def digests(body: bytes) -> frozenset[str]:
    parsed = parse_document(Document(name=URL, body=body))
    return frozenset(entry.digest for entry in parsed.entries) if isinstance(parsed, ParsedFeed) else frozenset()


def measured(ways: Mapping[str, Callable[[bytes], object]], feeds: list[bytes], rounds: int) -> dict[str, list[float]]:
    """Return the least processor seconds of each way for each feed."""
    best = {name: [math.inf] * len(feeds) for name in ways}
    order = random.Random(0)
    for number, body in enumerate(feeds):
        for _ in range(rounds):
            for name in order.sample(sorted(ways), len(ways)):
                gc.collect()
                begun = time.process_time()
                ways[name](body)
                best[name][number] = min(best[name][number], time.process_time() - begun)
    return best


def speed(feeds: list[bytes], rounds: int) -> None:
    """Print how long each way takes, and how often feedparser's time that is."""
    ways: dict[str, Callable[[bytes], object]] = {
        "feedparser.parse": by_feedparser,
        "feedparser, nothing sanitised or resolved": by_feedparser_plainly,
        "Tocsin, all entries new": by_tocsin,
        "Tocsin, one entry new": OneNew(feeds),
        "Tocsin, no entry new": WithoutText(feeds),
        "Tocsin's fallback alone": by_fallback,
    }
    times = measured(ways, feeds, rounds)
    size = sum(map(len, feeds))
    whole, plain = sum(times["feedparser.parse"]), sum(times["feedparser, nothing sanitised or resolved"])
    rows = [
        [name, *figures_of(of, size), f"1/{whole / sum(of):.1f}", f"1/{plain / sum(of):.1f}"]
        for name, of in times.items()
    ]
    head = ["", "CPU s", "MB/s", "median ms", "max ms", "of feedparser", "of it plainly"]
    print_table(
        f"{len(feeds)} feeds, {size / 1e6:.1f} MB, median {median(map(len, feeds)) / 1e3:.0f} kB", [head, *rows]
    )


def figures_of(times: list[float], size: int) -> list[str]:
    return [
        f"{sum(times):.2f}",
        f"{size / sum(times) / 1e6:.1f}",
        f"{median(times) * 1e3:.1f}",
        f"{max(times) * 1e3:.0f}",
    ]


# ---------------------------------------------------------------------------------------------------------------
# Damage


def reading_of(parsed: object) -> Reading:
    entries = parsed.entries if isinstance(parsed, ParsedFeed) else ()
    return Reading(titles=tuple(entry.title for entry in entries), links=tuple(entry.url for entry in entries))


def reading_of_feedparser(body: bytes) -> Reading:
    try:
        entries = feedparser.parse(BytesIO(body), response_headers={"content-location": URL}).entries
    except UnicodeEncodeError:
        entries = []
    titles = tuple(" ".join(entry.get("title", "").split()) or None for entry in entries)
    return Reading(titles=titles, links=tuple(entry.get("link") or None for entry in entries))


def path_of(body: bytes) -> str:
    """Say which of the ways read a document."""
    if read_xml(body, "utf-8") is not None:
        return "as it stands"
    for way, with_tags in (("repaired", False), ("with tags repaired", True)):
        document = repaired(body.decode("utf-8", "replace"), with_tags=with_tags)
        if document and read_xml(document.text.encode(), "utf-8") is not None:
            return way
    return "by feedparser"


def damaged(feeds: list[bytes]) -> None:
    """Print the share of feeds that still give all their entries, titles and links, by kind of damage."""
    texts = [as_utf_8(body.decode()) for body in feeds if len(body) < MEDIAN * 3]
    rows = [row_of(damage, texts) for damage in (CONTROL, *DAMAGES)]
    head = ["", "feedparser", "Tocsin", "read"]
    print_table(f"{len(texts)} feeds under each kind of damage: share that lost nothing", [head, *rows])


def row_of(damage: Damage, texts: list[str]) -> list[str]:
    kept = {"feedparser": 0, "Tocsin": 0}
    paths: set[str] = set()
    for text in texts:
        body = damage.inflict(text)
        before = reading_of(by_tocsin(text.encode()))
        kept["Tocsin"] += damage.spares(text, before, reading_of(by_tocsin(body)))
        kept["feedparser"] += damage.spares(text, before, reading_of_feedparser(body))
        paths.add(path_of(body))
    return [damage.name, *(f"{share / len(texts):.0%}" for share in kept.values()), ", ".join(sorted(paths))]


# ---------------------------------------------------------------------------------------------------------------
# Documents made to take long (the study's first table of attacks)


def hostile() -> Mapping[str, bytes]:
    def rss(inside: str) -> bytes:
        return f'<rss version="2.0"><channel><title>t</title>{inside}</channel></rss>'.encode()

    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    many = " ".join(f'a{n}="1"' for n in range(100_000))
    return {
        "100,000 attributes": rss(f"<item {many}><title>x</title></item>"),
        "100,000 attributes, damaged": rss(f"<item {many}><title>x</b></item>"),
        "author of 40 kB": rss(f"<item><author>a@{'a.' * 20_000}!</author></item>"),
        "author of 40 kB, damaged": rss(f"<item><author>a@{'a.' * 20_000}!</author></b></item>"),
        "100 authors of 5 kB, damaged": rss(f"<item><author>a@{'a.' * 2_500}!</author></item>" * 100 + "</b>"),
        "100,000 entries": rss("<item><title>x</title><link>https://a.example/</link></item>" * 100_000),
        "2 MB of <": rss(f"<item><description>{'<' * 2_000_000}</description></item>"),
        "2 MB of &": rss(f"<item><description>{'&' * 2_000_000}</description></item>"),
        "200,000 nested tags": rss(f"<item><description>{'<b>' * 200_000}{'</b>' * 200_000}</description></item>"),
        "200,000 nested tags, escaped": rss(f"<item><description>{'&lt;b>' * 200_000}</description></item>"),
        "4.9 MB of comment": rss(f"<!-- {'x' * 4_900_000} --><item><title>x</title></item>"),
        "4.9 MB of attribute": rss(f"<item a='{'x' * 4_900_000}'><title>x</title></item>"),
        "billion laughs": f'<!DOCTYPE rss [<!ENTITY e0 "ha">{levels}]>'.encode()
        + rss("<item><title>&e9;</title></item>"),
        "quadratic blow-up": f'<!DOCTYPE rss [<!ENTITY e "{"x" * 50_000}">]>'.encode()
        + rss(f"<item><description>{'&e;' * 50_000}</description></item>"),
        "100,000 unclosed CDATA": rss(f"<item><description>{'<![CDATA[' * 100_000}"),
        "100,000 unclosed comments": rss(f"<item><description>{'<!--' * 100_000}"),
        "JSON 100,000 deep": b'{"items": ' + b"[" * 100_000,
    }


def attacks() -> None:
    rows = []
    for name, body in hostile().items():
        begun = time.process_time()
        parsed = by_tocsin(body)
        took = time.process_time() - begun
        made = f"{len(parsed.entries):,} entries" if isinstance(parsed, ParsedFeed) else getattr(parsed, "detail", "")
        rows.append([name, f"{len(body) / 1e6:.1f}", f"{took:.2f}", made[:60]])
    print_table("Documents made to take long", [["", "MB", "CPU s", "came to"], *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=40, help="how many are made up")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--articles", type=Path, metavar="FOLDER", help="real feeds instead of made-up ones")
    parser.add_argument("--only", default="speed,damage,attacks")
    asked = parser.parse_args()
    if asked.articles:
        feeds = [path.read_bytes() for path in sorted(asked.articles.rglob("*")) if path.is_file()]
    else:
        feeds = made_up(asked.feeds, asked.seed)
    parts = asked.only.split(",")
    if "speed" in parts:
        speed(feeds, asked.rounds)
    if "damage" in parts:
        damaged(feeds[:20])
    if "attacks" in parts:
        attacks()


if __name__ == "__main__":
    main()
