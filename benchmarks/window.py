"""What the index of stories costs: `.venv/bin/python benchmarks/window.py [--sizes 1000 10000] [--articles FOLDER]`.

Fills an index with made-up articles (or with those of a folder: texts as in tests/corpus/stories, or JSON lines
`{"id", "title", "url", "published", "text", "feed"}`), one in twenty a cut copy of an earlier one. Of the last articles
of each size it takes the time: fingerprint, look-up, decision and the commit's share, on the real SQLite store. Beside
it MinHash-LSH (datasketch) with the same texts in memory, where it is installed. Disk is that of the database without
the texts. `--articles` prints the pairs that were put together instead of how many planted ones were found.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from sqlalchemy import Connection, insert
from tables import Goal, print_table, shown

from support.nouns import article
from support.story_pairs import reports
from tocsin.model import Article, Decisions, Dedup, FeedKind, Likeness, Placement, StoryVerdict
from tocsin.storage import stories
from tocsin.storage.migrate import upgrade
from tocsin.storage.store import SqlStore, open_store
from tocsin.storage.tables import articles, feeds
from tocsin.stories.cluster import place
from tocsin.stories.fingerprint import likeness
from tocsin.text.dates import parse_time

DEDUP = Dedup()
BEGUN = datetime(2031, 3, 1, tzinfo=UTC)
SIZES = (1_000, 10_000)
MEASURED = 400  # the last articles of a size
BATCH = 200  # placed in one transaction while the index is filled
COPIED, RECENT = 0.05, 500
PHRASES, EVERY = 300, 60  # phrases that many articles have, one in so many words
MEDIAN, SPREAD, SHORTEST, LONGEST = 450, 0.5, 150, 1_000  # words, log-normal
PEER = 0.5  # threshold of MinHash-LSH


class Placed(NamedTuple):
    """What became of an article."""

    article: str
    story: str
    copy: bool
    near: str | None  # the article that it copies, or the story that it follows
    why: str

    @classmethod
    def of(cls, item: Placement) -> "Placed":
        near, is_copy = item.of or item.story.follows, item.verdict is StoryVerdict.COPY
        return cls(item.likeness.article_id, item.story.id, is_copy, near, item.why)


@dataclass(slots=True)
class Found:
    """What became of the articles of one size. Times are in milliseconds an article."""

    placed: list[Placed] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0


def made_up(count: int) -> Iterator[tuple[Article, str | None]]:
    """Yield so many articles, each with the id of the one that it copies, if any."""
    luck, known = Random(count), reports()
    words = [word for report in known.values() for word in report.text.split()]
    phrases = [" ".join(luck.choices(words, k=8)) for _ in range(PHRASES)]
    texts: list[tuple[str, str]] = []
    for number in range(count):
        name, original = f"art_{number}", None
        if texts and luck.random() < COPIED:
            original, text = luck.choice(texts[-RECENT:])
            told = text.split()
            text = " ".join(told[: max(len(told) * 2 // 3, 80)])
        else:
            size = min(max(int(luck.lognormvariate(0, SPREAD) * MEDIAN), SHORTEST), LONGEST)
            pieces = [" ".join(luck.choices(words, k=EVERY)) for _ in range(size // EVERY + 1)]
            text = " ".join(f"{piece} {luck.choice(phrases)}" for piece in pieces)
            texts.append((name, text))
        at = BEGUN + timedelta(seconds=number * 3)
        url = f"https://outlet{number % 997}.example/{number}"
        feed = f"feed {number % 500}"
        made = article(id=name, feed=feed, entry_id=name, title=f"Report {number}", text=text, published=at)
        yield replace(made, fetched=at, url=url, canonical_url=url), original


def real(folder: Path) -> Iterator[tuple[Article, str | None]]:
    """Yield the articles of a folder, the earliest first."""
    found = [
        replace(
            article(id=stem, feed=report.outlet, title=report.title, text=report.text, published=report.published),
            url=report.url,
            canonical_url=report.url,
        )
        for stem, report in reports(folder).items()
    ]
    for path in sorted(folder.rglob("*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            told = json.loads(line)
            at = parse_time(str(told.get("published"))) or BEGUN
            name = f"{path.stem}-{told.get('id', number)}"
            url = told.get("url")
            said = {"title": told.get("title", ""), "text": told.get("text", ""), "published": at}
            found.append(replace(article(id=name, feed=told.get("feed") or "one", **said), url=url, canonical_url=url))
    for item in sorted(found, key=lambda item: item.published or BEGUN):
        yield replace(item, fetched=item.published or BEGUN), None


# ---------------------------------------------------------------------------------------------------------------
# Ours


async def ours(asked: Sequence[Article], file: Path) -> Found:
    """Place articles in the index of a new database, as polls do; take the time of the last ones."""
    url, found = f"sqlite:///{file}", Found(steps={"fingerprint": [], "look-up": [], "decision": [], "commit": []})
    upgrade(url)
    async with await open_store(url) as store:
        await store.database.change(_add_feed)
        begun = time.perf_counter()
        first = max(len(asked) - MEASURED, 0)
        for start in range(0, first, BATCH):
            await _placed(store, asked[start : min(start + BATCH, first)], found, None)
        for item in asked[first:]:
            await _placed(store, [item], found, found.steps)
        found.seconds = time.perf_counter() - begun
    return found


async def _placed(
    store: SqlStore, batch: Sequence[Article], found: Found, steps: dict[str, list[float]] | None
) -> None:
    times = [time.perf_counter()]
    asked: list[Likeness] = [likeness(item, 1, item.feed) for item in batch]
    times.append(time.perf_counter())
    near = await store.neighbours(asked, DEDUP.window)
    times.append(time.perf_counter())
    placements = place(asked, near, DEDUP, batch[-1].fetched)
    times.append(time.perf_counter())
    await store.database.change(_commit, Decisions(placements=placements, head=near.head), batch)
    times.append(time.perf_counter())
    found.placed += map(Placed.of, placements)
    for step, (before, after) in zip(steps or {}, pairwise(times), strict=False):
        (steps or {})[step].append((after - before) * 1000)


def _add_feed(connection: Connection) -> None:
    at = BEGUN
    counts = dict.fromkeys(("failures", "polls", "not_modified", "received", "entries_new"), 0)
    row = {"name": "one", "location": "one", "kind": FeedKind.DIRECTORY, "configured": True, "state": "ok", **counts}
    connection.execute(insert(feeds).values(**row, due_at=at, created_at=at))


def _commit(connection: Connection, decided: Decisions, batch: Sequence[Article]) -> None:
    rows = [
        {
            "id": item.id,
            "feed": "one",
            "entry_id": item.id,
            "first_seen": item.fetched,
            "version": 1,
            "content_hash": "",
        }
        for item in batch
    ]
    connection.execute(insert(articles), rows)
    stories.place(connection, decided, batch[-1].fetched)


# ---------------------------------------------------------------------------------------------------------------
# Beside it


def minhash(asked: Sequence[Article]) -> tuple[list[str | None], list[float], float]:
    """Return what MinHash-LSH takes each article for, its milliseconds for the last ones, and the MiB of its index."""
    datasketch: Any = import_module("datasketch")
    before, index = resident(), datasketch.MinHashLSH(threshold=PEER, num_perm=128)
    joined: list[str | None] = []
    times: list[float] = []
    for item in asked:
        begun = time.perf_counter()
        words = item.text.casefold().split()
        hashed = datasketch.MinHash(num_perm=128)
        hashed.update_batch([" ".join(words[at : at + 5]).encode() for at in range(max(len(words) - 4, 1))])
        near = index.query(hashed)
        joined.append(min(near, default=None))
        index.insert(item.id, hashed)
        times.append((time.perf_counter() - begun) * 1000)
    return joined, times[-MEASURED:], resident() - before


def resident() -> float:
    """Return the MiB of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def quality(joined: Sequence[bool], copies: Sequence[bool], right: Sequence[bool]) -> tuple[str, str]:
    """Return precision and recall of the planted copies: found in the story of what they copy."""
    hits = sum(right)
    return f"{hits / (sum(joined) or 1):.3f}", f"{hits / (sum(copies) or 1):.3f}"


# ---------------------------------------------------------------------------------------------------------------


def measure(size: int) -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Measure one size; return the rows to print, and our figures by name."""
    asked, originals = zip(*made_up(size), strict=True)
    with tempfile.TemporaryDirectory(prefix="tocsin-window-") as name:
        file, before = Path(name) / "tocsin.db", resident()
        found = asyncio.run(ours(asked, file))
        memory = resident() - before
        disk = sum(path.stat().st_size for path in Path(name).iterdir()) / size
    story = {item.article: item.story for item in found.placed}
    joined = [item.copy for item in found.placed]
    right = [bool(of) and story[item.id] == story[of] for item, of in zip(asked, originals, strict=True)]
    total = [sum(times) for times in zip(*found.steps.values(), strict=True)]
    figures = {"ms": statistics.median(total), "disk": disk}
    each = {step: statistics.median(times) for step, times in found.steps.items()}
    parts = ", ".join(f"{step} {shown(value)}" for step, value in each.items())
    rows = [
        (
            f"{size:,}",
            "Tocsin",
            shown(figures["ms"]),
            shown(statistics.quantiles(total, n=100)[98]),
            shown(memory),
            shown(disk / 1000),
            *quality(joined, [bool(of) for of in originals], right),
        ),
        ("", f"({parts} ms; {size / found.seconds:,.0f} articles a second in all)", "", "", "", "", "", ""),
    ]
    try:
        near, times, held = minhash(asked)
    except ModuleNotFoundError as missing:
        print(f"{missing.name} is not installed: MinHash-LSH is left out", file=sys.stderr)
    else:
        hit = [bool(of) and of == found_one for of, found_one in zip(originals, near, strict=True)]
        high = statistics.quantiles(times, n=100)[98]
        told = quality([one is not None for one in near], [bool(of) for of in originals], hit)
        rows.append((f"{size:,}", "MinHash-LSH", shown(statistics.median(times)), shown(high), shown(held), "–", *told))
    return rows, figures


def look_through(folder: Path) -> None:
    """Print what becomes of the articles of a folder."""
    asked = [item for item, _ in real(folder)]
    with tempfile.TemporaryDirectory(prefix="tocsin-window-") as name:
        found = asyncio.run(ours(asked, Path(name) / "tocsin.db"))
    opened = sum(not item.copy for item in found.placed)
    follow = sum(not item.copy and item.near is not None for item in found.placed)
    speed = len(asked) / found.seconds
    print(f"{len(asked):,} articles, {opened:,} stories, {follow:,} follow-ups, {speed:,.0f} articles a second")
    for item in found.placed:
        if item.near:
            print(f"{'copy' if item.copy else 'follow-up'}: {item.article} / {item.near}: {item.why}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--articles", type=Path)
    given = parser.parse_args()
    if given.articles:
        look_through(given.articles)
        return
    head = ("window", "", "ms, median", "99th", "MiB", "kB on disk", "precision", "recall")
    rows, figures = [head], {"ms": 0.0, "disk": 0.0}
    for size in given.sizes:
        more, figures = measure(size)
        rows += more
    print_table("An article that a rule matched", rows)
    goals = (Goal("ms an article", 10, figures["ms"]), Goal("kB of disk an article", 4, figures["disk"] / 1000))
    print_table(f"Goals, at {given.sizes[-1]:,}", [goal.row for goal in goals])


if __name__ == "__main__":
    main()
