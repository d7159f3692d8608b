"""Differences to a naive evaluator: `.venv/bin/python benchmarks/oracle.py [--pairs 200000] [--seed 1]`.

Makes rules and articles up, several rules for several articles at a time, and compares the rules that ring and their
evidence with what `tests/support/naive_query.py` finds. Every difference is printed; any makes the exit status 1.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.made_up import ENTITIES, maker
from support.naive_query import Leaf, Reader
from tocsin.model import Article, FeedSpec, Rule
from tocsin.model.query import nodes_of
from tocsin.rules.index import RuleIndex

RULES, ARTICLES = 10, 5
SHOWN = 10


def found(index: RuleIndex, read: Article, feed: FeedSpec | None) -> dict[str, set[Leaf]]:
    """Return the evidence of each rule that matches."""
    return {
        match.rule.key: {(item.field.value, item.start, item.end, item.term) for item in match.evidence}
        for match in index.match(read, feed)
    }


def expected(rules: Sequence[Rule], read: Article, feed: FeedSpec | None) -> dict[str, set[Leaf]]:
    """Return what the naive evaluator finds."""
    reader = Reader(read, feed, ENTITIES)
    return {rule.key: leaves for rule in rules if (leaves := reader.rule(rule)) is not None}


def tell(rule: Rule, read: Article, feed: FeedSpec | None, got: set[Leaf] | None, want: set[Leaf] | None) -> None:
    """Print a difference."""
    print(f"\n{rule}\n  {read}\n  {feed}")
    print(f"  only the index: {sorted((got or set()) - (want or set()))}")
    print(f"  only the naive evaluator: {sorted((want or set()) - (got or set()))}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200_000, help="of a rule and an article")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    choose = random.Random(asked.seed).choice
    begin = time.monotonic()
    pairs = matches = differences = 0
    kinds = Counter[str]()
    while pairs < asked.pairs:
        make = maker(choose)
        rules = make.rules(RULES)
        index = RuleIndex(rules, ENTITIES)
        for _ in range(ARTICLES):
            read, feed = make.article()
            got, want = found(index, read, feed), expected(rules, read, feed)
            pairs, matches = pairs + len(rules), matches + len(want)
            for rule in rules:
                if rule.key in want and rule.query is not None:
                    kinds.update({type(node).__name__ for node in nodes_of(rule.query)})
                if got.get(rule.key) != want.get(rule.key):
                    differences += 1
                    if differences <= SHOWN:
                        tell(rule, read, feed, got.get(rule.key), want.get(rule.key))
    print(f"{pairs} pairs of rule and article, {matches} matches, {differences} differences, seed {asked.seed}")
    print(f"matched queries with {', '.join(f'{kind} {number}' for kind, number in kinds.most_common())}")
    print(f"{time.monotonic() - begin:.0f} s")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
