"""What loading a configuration of many rules costs: `.venv/bin/python benchmarks/loading.py [--rules 10000]`.

Writes a configuration of so many rules with keywords, queries and entities, and times reading it whole (places,
schema, queries, warnings), and that with the index of one language built, beside reading the same file with PyYAML's C
loader alone: ratios of processor time, since the machine may be busy. The best of several rounds counts.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from tocsin.config.build import load_plan
from tocsin.rules.index import RuleIndex

ROUNDS = 3
SYLLABLES = "ba dor fin gal hem jur kol lam mer nov pal quin ros sel tur vak wes yor zan brel".split()


def best(*works: Callable[[], object]) -> list[float]:
    """Return the shortest processor time of each of several pieces of work, in seconds; their rounds take turns."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, took, strict=True):
            begin = time.process_time()
            work()
            times.append(time.process_time() - begin)
    return [min(times) for times in took]


def index(directory: Path) -> None:
    plan = load_plan(directory, {})
    RuleIndex(plan.rules, plan.entities).of_language("en")


def configuration(rules: int, *, queries: bool = True) -> str:
    """Return a configuration of so many rules, the same one for the same number."""
    chance = random.Random(0)
    vocabulary = ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(5000)]
    entities = "".join(
        f"  - {{id: e{number}, name: {name.title()}, type: place, aliases: [{name.title()}ian]}}\n"
        for number, name in enumerate(vocabulary[:200])
    )
    written = "".join(_rule(number, chance, vocabulary, queries=queries) for number in range(rules))
    return f"entities:\n{entities}rules:\n{written}"


def _rule(number: int, chance: random.Random, vocabulary: list[str], *, queries: bool) -> str:
    a, b, c, d, e, f = chance.choices(vocabulary, k=6)
    asked = f"    keywords: [{a} {b}, {c}, '\"{d} {e}\"']\n"
    if queries and number % 2:
        asked = (
            "    query: |\n"
            f'      (({a} OR {b[:5]}*) NEAR/8 ({c} OR "{d} {e}"))   # in between\n'
            f"      AND @e{chance.randrange(200)}\n"
            f"      AND NOT title:({f} OR podcast)\n"
        )
    return f"  - name: Rule {number}\n{asked}    languages: [en]\n    severity: high\n    tags: [desk]\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--keywords-only", action="store_true")
    asked = parser.parse_args()
    text = configuration(asked.rules, queries=not asked.keywords_only)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "rules.yaml").write_text(text, encoding="utf-8")
        base, whole, indexed = best(
            lambda: yaml.load(text, Loader=yaml.CSafeLoader),
            lambda: load_plan(Path(name), {}),
            lambda: index(Path(name)),
        )
    print(f"{asked.rules} rules, {len(text) / 1e6:.1f} MB")
    for what, took in (("yaml.load, CSafeLoader", base), ("load_plan", whole), ("and its index", indexed)):
        print(f"{what:24} {took:6.2f} s {took / base:5.1f}×")


if __name__ == "__main__":
    main()
