"""`tocsin check`: the configuration's mistakes, its warnings, and the tests that its rules and entities carry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from tocsin.cli.ending import Exit, printable
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.errors import ConfigError, Problem
from tocsin.model import Article, Rule, RuleTest, TextKind
from tocsin.plan import Plan
from tocsin.rules.index import RuleIndex
from tocsin.text.detect import detect_language
from tocsin.text.language import DEFAULT

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What carries tests: a rule, or an entity by its id."""

    noun: Literal["rule", "entity"]
    name: str
    source: str
    rule: Rule  # the rule, or one that asks for the entity
    tests: tuple[RuleTest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """A test of a rule or an entity that did not hold."""

    subject: Subject
    test: RuleTest

    def __str__(self) -> str:
        said = _SAID[self.subject.noun][self.test.rings]
        return f"{self.subject.source}: {self.subject.noun} {self.subject.name!r} {said}: {self.test.text}"


_SAID = MappingProxyType(
    {
        "rule": MappingProxyType({True: "stays silent on", False: "rings on"}),
        "entity": MappingProxyType({True: "is not found in", False: "is found in"}),
    }
)


def check(config: Path | None, *, json: bool) -> Exit:
    """Print what is wrong with the configuration; 2 for a mistake, 1 for a test that fails."""
    settings = settings_for(config)
    try:
        plan = plan_for(settings)
    except ConfigError as error:
        for problem in error.problems:
            _print_problem("error", problem, json=json)
        return Exit.WRONG
    for level, problems in (("warning", plan.warnings), ("hint", plan.hints)):
        for problem in problems:
            _print_problem(level, problem, json=json)
    failed = list(failed_tests(plan))
    for failure in failed:
        _print_failure(failure, json=json)
    if not json:
        print(_summary(plan, failed))
    return Exit.FINDING if failed else Exit.FINE


def failed_tests(plan: Plan) -> Iterator[FailedTest]:
    """Run the tests of the enabled rules and of the entities; yield those that do not hold.

    Feeds, languages and sources are not asked. All are tried with one index: its words are compiled once a language.
    """
    subjects = [*_rules(plan), *_entities(plan)]
    index = RuleIndex((subject.rule for subject in subjects), plan.entities)
    for subject in subjects:
        for test in subject.tests:
            if _holds(subject.rule, test, index) is not test.rings:
                yield FailedTest(subject=subject, test=test)


def _holds(rule: Rule, test: RuleTest, index: RuleIndex) -> bool:
    """Tell whether one rule of an index rings on a test's text."""
    return bool(index.matching(_article(test.text, rule), applies=lambda other: other.key == rule.key))


def _rules(plan: Plan) -> Iterator[Subject]:
    for rule in plan.rules:
        if rule.tests:
            yield Subject(noun="rule", name=rule.name, source=rule.source, rule=rule, tests=rule.tests)


def _entities(plan: Plan) -> Iterator[Subject]:
    for entity in plan.entities:
        if entity.tests:
            asking = Rule(name=entity.id, key=f"@{entity.id}", source=entity.source, entities_any=(entity.id,))
            yield Subject(noun="entity", name=entity.id, source=entity.source, rule=asking, tests=entity.tests)


def language_of_test(text: str, languages: Sequence[str]) -> str:
    """Return the language that a test's text is read in: its own where it can be told and is one of the rule's.

    Else the first of the rule's languages, else English: a test is short, and often too short to tell.
    """
    detected = detect_language(text)
    if detected is not None and (not languages or detected in languages):
        return detected
    return languages[0] if languages else DEFAULT


def _article(text: str, rule: Rule) -> Article:
    """Take a test's text for a body."""
    return Article(
        id="test", feed="test", entry_id="test", url=None, canonical_url=None, title="", text=text,
        text_kind=TextKind.FULL, language=language_of_test(text, rule.languages), content_hash="", fetched=NEVER,
    )  # fmt: skip


def _print_failure(failure: FailedTest, *, json: bool) -> None:
    if json:
        print_json(
            {
                "level": "failed test",
                failure.subject.noun: failure.subject.name,
                "source": failure.subject.source,
                "rings": failure.test.rings,
                "text": failure.test.text,
            }
        )
    else:
        print(printable(f"failed test: {failure}"))


def _print_problem(level: str, problem: Problem, *, json: bool) -> None:
    if json:
        print_json(
            {
                "level": level,
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "path": problem.path,
                "message": problem.message,
            }
        )
    else:
        print(printable(str(problem) if level == "error" else f"{level}: {problem}"))


def _summary(plan: Plan, failed: Sequence[FailedTest]) -> str:
    counts = [(len(plan.feeds), "feed"), (len(plan.rules), "rule"), (len(plan.channels), "channel")]
    told = ", ".join(_count(number, noun) for number, noun in counts)
    return f"{told}: no mistakes; {', '.join(_passed(plan, failed))} passed"


def _passed(plan: Plan, failed: Sequence[FailedTest]) -> Iterator[str]:
    for noun, carriers in (("rule", plan.rules), ("entity", plan.entities)):
        tests = sum(len(carrier.tests) for carrier in carriers)
        if tests or noun == "rule":
            passed = tests - sum(failure.subject.noun == noun for failure in failed)
            yield f"{passed} of {_count(tests, f'{noun} test')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
