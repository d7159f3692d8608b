"""Precision and recall of ambiguous names, a mention: `.venv/bin/python benchmarks/names.py [--articles FILE.jsonl]`.

Reads labelled mentions (`{"text", "mentions": [{"start", "end", "entity" or null}]}` a line; all files of
tests/corpus/names where none is named) and the entities of tests/corpus/names/entities.yaml, and runs the rules
`@entity` over each text, with more and more of what an entity may say: any case, its case, the words that must not
stand around it, those of which one must, and both.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tocsin.config.build import load_plan
from tocsin.model import Article, Context, Entity, Rule, Surname, TextKind
from tocsin.rules.index import RuleIndex

CORPUS = Path("tests/corpus/names")


@dataclass(frozen=True)
class Mention:
    """A labelled mention; `entity` is None where the words mean something else."""

    start: int
    end: int
    entity: str | None

    def overlaps(self, start: int, end: int) -> bool:
        return self.start < end and start < self.end


@dataclass(frozen=True)
class Text:
    """A text and its labelled mentions."""

    text: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True)
class Score:
    """Found mentions that are right, found ones that are wrong, and right ones that were missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def read_texts(file: Path) -> list[Text]:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Text(row["text"], tuple(Mention(**mention) for mention in row["mentions"])) for row in rows]


def variants(entities: Iterable[Entity]) -> dict[str, list[Entity]]:
    """Return the entities with more and more of what they say."""
    full = list(entities)
    bare = [replace(entity, context=None, surname=Surname.ALONE) for entity in full]
    return {
        "any case": [replace(entity, case_sensitive=False) for entity in bare],
        "case": bare,
        "case, none": [_with(entity, any_=False, none=True) for entity in full],
        "case, any": [_with(entity, any_=True, none=False) for entity in full],
        "case, any, none": full,
    }


def _with(entity: Entity, *, any_: bool, none: bool) -> Entity:
    if entity.context is None:
        return entity
    said = entity.context
    context = Context(any=said.any if any_ else (), none=said.none if none else (), within=said.within)
    return replace(entity, context=context)


def index_of(entities: Sequence[Entity]) -> RuleIndex:
    rules = [Rule(name=entity.id, key=entity.id, source="", entities_any=(entity.id,)) for entity in entities]
    return RuleIndex(rules, entities)


def article_of(text: str) -> Article:
    never = datetime(2000, 1, 1, tzinfo=UTC)
    return Article(
        id="", feed="", entry_id="", url=None, canonical_url=None, title="", text=text, text_kind=TextKind.FULL,
        language="en", content_hash="", fetched=never,
    )  # fmt: skip


def found_in(text: Text, index: RuleIndex) -> set[tuple[int, int, str]]:
    """Return where which entity was found."""
    return {
        (evidence.start, evidence.end, match.rule.name)
        for match in index.match(article_of(text.text))
        for evidence in match.evidence
    }


def score(texts: Iterable[Text], index: RuleIndex, *, told: bool = False) -> Score:
    """Count over the labelled mentions of all texts; `told`: print what is wrong and what was missed."""
    right = wrong = missed = 0
    for text in texts:
        found = found_in(text, index)
        labelled = [mention for mention in text.mentions if mention.entity is not None]
        hit = [m for m in labelled if any(m.overlaps(start, end) and name == m.entity for start, end, name in found)]
        stray = [
            (start, end, name)
            for start, end, name in found
            if (over := [mention for mention in text.mentions if mention.overlaps(start, end)])
            and all(mention.entity != name for mention in over)
        ]
        right, wrong, missed = right + len(hit), wrong + len(stray), missed + len(labelled) - len(hit)
        if told:
            for start, end, name in sorted(stray):
                print(f"  wrong  @{name} {text.text[start:end]!r}: {text.text}")
            for mention in labelled:
                if mention not in hit:
                    print(f"  missed @{mention.entity} {text.text[mention.start : mention.end]!r}: {text.text}")
    return Score(right, wrong, missed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, metavar="FILE.jsonl", help="only these labelled mentions")
    parser.add_argument("--told", action="store_true", help="print what is wrong or missed with both lists")
    asked = parser.parse_args()
    steps = variants(load_plan(CORPUS, {}).entities)
    for file in [asked.articles] if asked.articles else sorted(CORPUS.glob("*.jsonl")):
        texts = read_texts(file)
        mentions = [mention for text in texts for mention in text.mentions]
        meant = sum(mention.entity is not None for mention in mentions)
        print(f"{file}: {len(mentions)} mentions, {meant} of them meant")
        for name, entities in steps.items():
            result = score(texts, index_of(entities))
            print(f"  {name:16} precision {result.precision:.2f}  recall {result.recall:.2f}")
        if asked.told:
            score(texts, index_of(steps["case, any, none"]), told=True)


if __name__ == "__main__":
    main()
