"""What it takes to load a configuration, to keep it in memory and to change a rule of it."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from peers.corpus import News
from peers.lucene import flat
from peers.ours import Ours, article_of, rule_of
from tocsin.config.build import load_plan
from tocsin.model import Query
from tocsin.rules.index import RuleIndex
from tocsin.rules.written import written


def loading(rules: Sequence[Query], article: News, rounds: int) -> dict[str, float]:
    """Return the seconds of the YAML loader alone, and of all until the first article in English is matched."""
    alone, whole, index = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rules.yaml")
        listed = [{"name": f"Rule {number}", "query": written(rule)} for number, rule in enumerate(rules)]
        shown = {"feeds": [{"name": "Here", "path": folder}], "channels": [{"name": "console", "type": "console"}]}
        file.write_text(yaml.dump({**shown, "rules": listed}, sort_keys=False, width=10_000))
        for _ in range(rounds):
            begin = time.process_time()
            yaml.load(file.read_text(), yaml.CSafeLoader)
            alone.append(time.process_time() - begin)
            begin = time.process_time()
            plan = load_plan(Path(folder), os.environ)
            planned = time.process_time()
            RuleIndex(plan.rules, plan.entities).match(article_of(article))
            whole.append(time.process_time() - begin)
            index.append(time.process_time() - planned)
    return {name: statistics.median(each) for name, each in (("yaml", alone), ("whole", whole), ("index", index))}


def memory(rules: Sequence[Query], articles: Sequence[News]) -> dict[str, float]:
    """Return the growth of a fresh process in bytes a rule: by its parsed query, and by the index of all."""
    with tempfile.TemporaryDirectory() as folder:
        queries, texts = Path(folder, "queries"), Path(folder, "articles")
        queries.write_text("".join(written(rule) + "\n" for rule in rules))
        texts.write_text("".join(f"{flat(news.title)}\t{flat(news.body)}\n" for news in articles))
        weigh = [sys.executable, str(Path(__file__).with_name("weigh.py")), str(queries), str(texts)]
        told = json.loads(subprocess.run(weigh, check=True, capture_output=True, text=True).stdout)
    return {name: told[name] / told["rules"] for name in ("queries", "index")}


def changing(ours: Ours, rules: Sequence[Query], articles: Sequence[News], rounds: int = 20) -> dict[str, float]:
    """Return the seconds to put a rule in the place of another, and those that the next article takes more."""
    changed, slower = [], []
    prepared = ours.prepared(articles)
    keys = {number: f"{number}" for number in range(len(rules))}
    for turn in range(rounds):
        number = turn * len(rules) // rounds
        rule = replace(rule_of(number, rules[(number + 1) % len(rules)]), key=f"{number}, changed")
        article = prepared[turn % len(prepared)]
        ours.index.match(article)
        begin = time.process_time()
        ours.index.match(article)
        warm = time.process_time()
        ours.index.replace_rules([keys[number]], [rule])
        replaced = time.process_time()
        ours.index.match(article)
        slower.append(time.process_time() - replaced - (warm - begin))
        changed.append(replaced - warm)
    return {"replace": statistics.median(changed), "next": max(0.0, statistics.median(slower))}
