"""No text and no query makes matching slow: the work grows as the input does, counted in calls, not in seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from support.matching import article, entity, rule
from tocsin.model import Article, Context, Entity, Rule, Span, Term
from tocsin.rules.index import RuleIndex
from tocsin.rules.lint import asked_by, remarks_on_query
from tocsin.rules.parser import parse_query

#: How many times the work may be of what it is for half the input.
MOST = 2.3

GEORGIA = Entity(
    id="georgia",
    name="Georgia",
    type=entity("x", "x").type,
    context=Context(any=(Term(text="Tbilisi"),), none=(Term(text="Atlanta"),), within=5),
)


def _steps(work: Callable[[], object]) -> int:
    """Count the calls of functions, those written in C as well."""
    steps = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal steps
        steps += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return steps


def _asking(query: str) -> Rule:
    return Rule(name="rule", key="rule", source="rules.yaml:1", query=parse_query(query))


def _repeated(text: str) -> Callable[[int], Article]:
    return lambda times: article(text * times)


HOSTILE: dict[str, tuple[Rule, Callable[[int], Article]]] = {
    "NEAR, side by side": (_asking("alpha NEAR/100 beta"), _repeated("alpha x x beta ")),
    "NEAR, far apart": (_asking("alpha NEAR/100 beta"), lambda n: article("alpha " * n + "x " * 101 + "beta " * n)),
    "NEAR never in order": (_asking("alpha ONEAR/100 beta"), lambda n: article("beta " * n + "alpha " * n)),
    "NEAR never in order in a paragraph": (
        _asking("alpha ONEAR/p beta"), lambda n: article("beta " * n + "alpha " * n)
    ),
    "NEAR in order in a paragraph": (_asking("alpha ONEAR/p beta"), lambda n: article("alpha " * n + "beta " * n)),
    "NEAR far from long pairs": (
        _asking("gamma NEAR/5 (alpha NEAR/p beta)"), lambda n: article("alpha " * n + "beta " + "x " * 9 + "gamma " * n)
    ),
    "NEAR in the sentence behind long pairs": (
        _asking("gamma NEAR/s (alpha NEAR/p beta)"), lambda n: article("Alpha " * n + "beta. " + "Gamma " * n)
    ),
    "NEAR of one word": (_asking("alpha NEAR/100 alpha"), _repeated("alpha ")),
    "NEAR in a sentence": (_asking("alpha NEAR/s beta"), _repeated("Alpha x. Beta x. Alpha x beta. ")),
    "NEAR in a paragraph": (_asking("alpha NEAR/p beta"), _repeated("Alpha x.\n\nBeta x.\n\nAlpha x beta.\n\n")),
    "a chain of NEAR": (_asking("alpha NEAR/100 beta NEAR/100 alpha NEAR/100 beta"), _repeated("alpha x beta ")),
    "NOT NEAR": (_asking("alpha NOT NEAR/100 beta"), _repeated("alpha x x beta ")),
    "ATLEAST": (_asking('ATLEAST/50 (alpha OR "alpha alpha")'), _repeated("alpha ")),
    "a phrase of one word": (_asking('"alpha alpha alpha beta"'), _repeated("alpha ")),
    "a loose phrase": (rule("alpha beta gamma alpha"), _repeated("alpha beta gamma ")),
    "a loose phrase beside NEAR": (_asking('"alpha beta"~10 NEAR/50 gamma'), _repeated("alpha beta gamma ")),
    "an expression": (_asking(r"/(\pL+\s?)+q/"), _repeated("alpha beta ")),
    "an expression beside NEAR": (_asking(r"/[ab]\pL+/ NEAR/50 alpha"), _repeated("alpha beta ")),
    "an entity with a context": (rule(all_of=["georgia"]), _repeated("Georgia x Tbilisi x x x x x x Atlanta ")),
    "furniture": (
        _asking("alpha"), lambda n: article("alpha\n\n" * n, masked=[Span(7 * at, 7 * at + 5) for at in range(n)])
    ),
    "lines in capitals": (_asking("alpha"), _repeated("ALPHA BETA\n")),
    "one long word": (_asking("alpha OR alph* OR alpha~2"), lambda times: article("alpha" * times * 20)),
    "one long run": (_asking("alpha"), lambda times: article("a." * times * 5)),
    "new words": (_asking("alpha OR alph* OR alpha~2"), lambda n: article(" ".join(f"a{at:06}" for at in range(n)))),
    "elisions": (_asking("alpha"), _repeated("l'alpha d'beta ")),
    "a text without spaces": (_asking("北京 NEAR/5 上海"), _repeated("北京和上海之间")),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_linear_in_the_text(name: str) -> None:
    """Twice the text is no more than twice the work, with a little to spare."""
    asked, text = HOSTILE[name]

    def work(times: int) -> int:
        index, read = RuleIndex([asked], [GEORGIA]), text(times)
        index.match(text(1))
        return _steps(lambda: index.match(read))

    assert work(800) <= MOST * work(400) + 200


@pytest.mark.parametrize(
    "query",
    [
        lambda size: " OR ".join(f"alpha{n}" for n in range(size)),
        lambda size: " AND ".join(f'"alpha beta{n}"' for n in range(size)),
        lambda size: "alpha AND (" + " OR ".join(f"beta{n}* NEAR/5 gamma" for n in range(size)) + ")",
    ],
)
def test_work_is_linear_in_the_query(query: Callable[[int], str]) -> None:
    """Twice the query is no more than twice the work to compile it and to ask it, with a little to spare."""
    text = article("alpha beta1 gamma")

    def work(size: int) -> int:
        asked = _asking(query(size))
        return _steps(lambda: RuleIndex([asked], ()).match(text))

    work(1)
    assert work(400) <= MOST * work(200) + 200


def test_many_expressions_are_looked_for_together() -> None:
    """A thousand rules of an expression each are not asked one by one."""
    rules = [Rule(name=str(n), key=str(n), source="", query=parse_query(f"/ab{n}c+/")) for n in range(1000)]
    index = RuleIndex(rules, ())
    text = article("xyz ab7ccc xyz")
    index.match(text)
    assert _steps(lambda: index.match(text)) < len(rules)
    assert [match.rule.name for match in index.match(text)] == ["7"]


def test_relatives_are_looked_for_in_linear_time() -> None:
    """Twice as many words with relatives are no more than twice the work, with a little to spare."""

    def work(size: int) -> int:
        query = parse_query(" OR ".join(f"take OR word{n}" for n in range(size)))
        return _steps(lambda: list(remarks_on_query(query, asked_by((), query))))

    work(1)
    assert work(400) <= MOST * work(200) + 200
