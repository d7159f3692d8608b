"""Precision and recall of one story, one alert: `.venv/bin/python benchmarks/stories.py [--told] [--json]`.

Decides the labelled pairs of reports that tests/support/story_pairs.py makes of tests/corpus/stories, as the service
does, and prints what was right by the kind of pair. Beside it, where they are installed, MinHash-LSH (datasketch) and
the cosine of TF-IDF (scikit-learn, at the threshold that is best on these very pairs). Both are asked within the same
window of time, and are given title and text as published: they know nothing of furniture. Rewrites are scored apart.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from tables import print_table

from support.story_pairs import Pair, Report, decide, pairs, reports
from tocsin.model import Dedup

DEDUP = Dedup()
OURS = "Tocsin"
REWRITES = "rewrite"
THRESHOLDS = (0.3, 0.5, 0.7)

Joined = list[bool]


def minhash(asked: Sequence[Pair]) -> Iterator[tuple[str, Joined]]:
    """Yield what MinHash-LSH joins at each threshold, by runs of five words, with 128 permutations."""
    datasketch: Any = import_module("datasketch")

    def hashed(report: Report) -> Any:
        words = told(report).casefold().split()
        found = datasketch.MinHash(num_perm=128)
        found.update_batch([" ".join(words[at : at + 5]).encode() for at in range(max(len(words) - 4, 1))])
        return found

    texts = [(hashed(pair.first), hashed(pair.second)) for pair in asked]
    for threshold in THRESHOLDS:
        joined = []
        for pair, (first, second) in zip(asked, texts, strict=True):
            index = datasketch.MinHashLSH(threshold=threshold, num_perm=128)
            index.insert("first", first)
            joined.append(bool(index.query(second)) and in_window(pair))
        yield f"MinHash-LSH {threshold}", joined


def tfidf(asked: Sequence[Pair]) -> Iterator[tuple[str, Joined]]:
    """Yield what the cosine of TF-IDF joins, at the threshold of the best F1 on the pairs without rewrites."""
    text: Any = import_module("sklearn.feature_extraction.text")
    texts = sorted({told(report) for pair in asked for report in (pair.first, pair.second)})
    weights = text.TfidfVectorizer(sublinear_tf=True).fit(texts)
    first, second = (weights.transform([told(report) for report in side]) for side in zip(*sides(asked), strict=True))
    alike = [float(value) for value in first.multiply(second).sum(axis=1).A1]
    edges = sorted({0.0, *alike, 1.1})
    scored = [pair.kind != REWRITES for pair in asked]

    def joined_at(threshold: float) -> Joined:
        return [value >= threshold and in_window(pair) for pair, value in zip(asked, alike, strict=True)]

    best = max(((low + high) / 2 for low, high in pairwise(edges)), key=lambda at: f1(asked, joined_at(at), scored))
    yield f"TF-IDF {best:.2f}", joined_at(best)


def told(report: Report) -> str:
    return f"{report.title}\n\n{report.text}"


def sides(asked: Sequence[Pair]) -> list[tuple[Report, Report]]:
    return [(pair.first, pair.second) for pair in asked]


def in_window(pair: Pair) -> bool:
    return abs(pair.first.published - pair.second.published) <= DEDUP.window


def figures(asked: Sequence[Pair], joined: Joined, counted: Sequence[bool]) -> dict[str, float]:
    """Return precision, recall and F1, 0 to 1, of the pairs that are counted."""
    kept = [(pair.same, found) for pair, found, count in zip(asked, joined, counted, strict=True) if count]
    right = sum(same and found for same, found in kept)
    precision = right / (sum(found for _, found in kept) or 1)
    recall = right / (sum(same for same, _ in kept) or 1)
    return {"precision": precision, "recall": recall, "F1": 2 * precision * recall / ((precision + recall) or 1)}


def f1(asked: Sequence[Pair], joined: Joined, counted: Sequence[bool]) -> float:
    return figures(asked, joined, counted)["F1"]


def by_kind(asked: Sequence[Pair], joined: Joined) -> dict[str, float]:
    """Return the share of the pairs of each kind that were decided as they are labelled."""
    right: dict[str, list[bool]] = {}
    for pair, found in zip(asked, joined, strict=True):
        right.setdefault(pair.kind, []).append(found is pair.same)
    return {kind: sum(each) / len(each) for kind, each in sorted(right.items())}


def share(value: float) -> str:
    """Return a share with the digits that tell one miss among a thousand from none."""
    return f"{value:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--told", action="store_true", help="print the pairs that our rule gets wrong")
    parser.add_argument("--json", action="store_true", help="print the figures for programs")
    given = parser.parse_args()
    asked = pairs(reports())
    verdicts = [decide(pair, DEDUP) for pair in asked]
    found = {OURS: [verdict.joined for verdict in verdicts]}
    peers: tuple[Callable[[Sequence[Pair]], Iterator[tuple[str, Joined]]], ...] = (minhash, tfidf)
    for peer in peers:
        try:
            found |= dict(peer(asked))
        except ModuleNotFoundError as missing:
            print(f"{missing.name} is not installed: {peer.__name__} is left out", file=sys.stderr)
    scored = [pair.kind != REWRITES for pair in asked]
    overall = {name: figures(asked, joined, scored) for name, joined in found.items()}
    kinds = {name: by_kind(asked, joined) for name, joined in found.items()}
    if given.json:
        print(json.dumps({"pairs": sum(scored), "overall": overall, "kinds": kinds}))
        return
    print(f"{sum(scored):,} pairs, and {len(asked) - sum(scored)} rewrites apart")
    head = ("", *next(iter(overall.values())))
    print_table("Without rewrites", [head, *((name, *map(share, row.values())) for name, row in overall.items())])
    counts = {kind: sum(pair.kind == kind for pair in asked) for kind in kinds[OURS]}
    rows = [(kind, f"{counts[kind]}", *(share(row[kind]) for row in kinds.values())) for kind in counts]
    print_table("Decided as labelled, by kind", [("kind", "pairs", *found), *rows])
    if given.told:
        print("", *(str(verdict) for verdict in verdicts if not verdict.right), sep="\n")


if __name__ == "__main__":
    main()
