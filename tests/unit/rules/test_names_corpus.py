"""How well contexts tell namesakes apart, on the labelled mentions of tests/corpus/names.

The contexts were written with the first file at hand, and never changed for the second.
"""

import json
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from support.matching import article, rule
from tocsin.config.build import load_plan
from tocsin.rules.index import RuleIndex

CORPUS = Path(__file__).parents[2] / "corpus" / "names"


@cache
def entities():
    """Return the entities of the corpus."""
    return load_plan(CORPUS, {}).entities


def judged(file):
    """Yield for each labelled mention and each entity whether it is meant there, and whether it was found there."""
    rules = [rule(any_of=[known.id], name=known.id) for known in entities()]
    index = RuleIndex(rules, entities())
    for line in (CORPUS / file).read_text(encoding="utf-8").splitlines():
        labelled = json.loads(line)
        found = {match.rule.name: match.evidence for match in index.match(article(labelled["text"]))}
        for mention, known in product(labelled["mentions"], entities()):
            spans = found.get(known.id, ())
            hit = any(item.start < mention["end"] and mention["start"] < item.end for item in spans)
            yield mention["entity"] == known.id, hit


@pytest.mark.parametrize("file", ["first.jsonl", "second.jsonl"])
def test_contexts_tell_namesakes_apart(file):
    """Of what is found nine in ten are meant, and of what is meant 85 in 100 are found."""
    pairs = list(judged(file))
    right = pairs.count((True, True))
    assert right / (right + pairs.count((False, True))) >= 0.90
    assert right / (right + pairs.count((True, False))) >= 0.85


@pytest.mark.parametrize("file", ["first.jsonl", "second.jsonl"])
def test_labels_are_where_they_say(file):
    """A labelled mention names an entity of the corpus or none, and lies within its text on whole words."""
    for line in (CORPUS / file).read_text(encoding="utf-8").splitlines():
        labelled = json.loads(line)
        for mention in labelled["mentions"]:
            start, end = mention["start"], mention["end"]
            assert labelled["text"][start:end].strip() == labelled["text"][start:end] != ""
            assert mention["entity"] is None or mention["entity"] in {known.id for known in entities()}
