"""`tocsin check`: the configuration's mistakes, its warnings, and the tests that its rules carry."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tocsin.cli.ending import Exit, printable
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.errors import ConfigError, Problem
from tocsin.model import Article, Rule, RuleTest, TextKind
from tocsin.plan import Plan
from tocsin.rules.index import RuleIndex
from tocsin.text.language import language_of

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """A rule's test that did not hold."""

    rule: Rule
    test: RuleTest

    def __str__(self) -> str:
        said = "stays silent on" if self.test.rings else "rings on"
        return f"{self.rule.source}: rule {self.rule.name!r} {said}: {self.test.text}"


def check(config: Path | None, *, json: bool) -> Exit:
    """Print what is wrong with the configuration; 2 for a mistake, 1 for a rule test that fails."""
    settings = settings_for(config)
    try:
        plan = plan_for(settings)
    except ConfigError as error:
        for problem in error.problems:
            _print_problem("error", problem, json=json)
        return Exit.WRONG
    for warning in plan.warnings:
        _print_problem("warning", warning, json=json)
    failed = list(failed_tests(plan))
    for failure in failed:
        if json:
            print_json(
                {
                    "level": "failed test",
                    "rule": failure.rule.name,
                    "source": failure.rule.source,
                    "rings": failure.test.rings,
                    "text": failure.test.text,
                }
            )
        else:
            print(printable(f"failed test: {failure}"))
    if not json:
        print(_summary(plan, len(failed)))
    return Exit.FINDING if failed else Exit.FINE


def failed_tests(plan: Plan) -> Iterator[FailedTest]:
    """Run the tests of the enabled rules, each against its own rule; yield those that do not hold."""
    for rule in plan.rules:
        index = RuleIndex([rule], plan.entities)
        for test in rule.tests:
            if bool(index.match(_article(test.text, rule))) is not test.rings:
                yield FailedTest(rule=rule, test=test)


def _article(text: str, rule: Rule) -> Article:
    """Take a test's text for a body. It is in the rule's language, where it names one, else in English."""
    return Article(
        id="test", feed="test", entry_id="test", url=None, canonical_url=None, title="", text=text,
        text_kind=TextKind.FULL, language=language_of(*rule.languages), content_hash="", fetched=NEVER,
    )  # fmt: skip


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
        print(printable(f"warning: {problem}" if level == "warning" else str(problem)))


def _summary(plan: Plan, failed: int) -> str:
    counts = [(len(plan.feeds), "feed"), (len(plan.rules), "rule"), (len(plan.channels), "channel")]
    tests = sum(len(rule.tests) for rule in plan.rules)
    told = ", ".join(_count(number, noun) for number, noun in counts)
    return f"{told}: no mistakes; {tests - failed} of {_count(tests, 'rule test')} passed"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
