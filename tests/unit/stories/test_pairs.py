"""The rule for stories, held against labelled pairs of reports in many hands."""

from collections import Counter

import pytest

from support.story_pairs import decide, pairs, reports, score
from tocsin.model import Dedup

KNOWN = reports()
PAIRS = pairs(KNOWN)

#: What no rule recovers without joining the reports of two days; they are stories of their own.
REWRITES = "rewrite"

#: Copies in which hardly anything was changed.
PLAIN = {"url only", "headline only", "credited", "shortwire"}


@pytest.fixture(scope="module")
def verdicts():
    """Return what is decided of each pair, furniture learnt."""
    return [decide(pair, Dedup()) for pair in PAIRS if pair.kind != REWRITES]


def told(verdicts):
    return "\n".join(str(verdict) for verdict in verdicts if not verdict.right)


def test_the_set_is_as_large_and_as_mixed_as_it_should_be():
    """There are 400 pairs and more of 60 base reports and more, and ten and more of each kind that decides."""
    bases = [report for report in KNOWN.values() if report.relation == "base"]
    assert len(bases) >= 60
    assert sum(pair.kind != REWRITES for pair in PAIRS) >= 400
    kinds = Counter(pair.kind for pair in PAIRS)
    assert {kind for kind, count in kinds.items() if count < 10} <= {"live"}
    lengths = sorted(len(report.text.split()) for report in bases)
    assert lengths[0] >= 140
    assert lengths[-1] >= 800


@pytest.mark.parametrize("held_out", [False, True])
def test_copies_are_found_and_nothing_else_is(verdicts, held_out):
    """Of pairs of both halves of the corpus, precision is 0.99 and more, and F1 0.98 and more."""
    found = [verdict for verdict in verdicts if verdict.pair.held_out is held_out]
    result = score(found)
    assert result.precision >= 0.99, told(found)
    assert result.f1 >= 0.98, told(found)


def test_no_other_story_is_lost(verdicts):
    """No follow-up, shared quote, template, digest, live page or report in the same furniture is taken for a copy."""
    wrong = [verdict for verdict in verdicts if not verdict.pair.same and verdict.joined]
    assert not wrong, told(wrong)


def test_plain_copies_are_all_found(verdicts):
    """Copies under another URL or headline, and the agency's own short form, all join."""
    wrong = [verdict for verdict in verdicts if verdict.pair.kind in PLAIN and not verdict.joined]
    assert not wrong, told(wrong)


def test_furniture_that_was_learnt_changes_nothing(verdicts):
    """A copy in an outlet's furniture is found as surely as without it, and two reports in the same one stay two."""
    wrong = [item for item in verdicts if item.pair.kind in {"wrapped", "cut and wrapped", "same furniture"}]
    assert all(verdict.right for verdict in wrong), told(wrong)


def test_a_pair_is_the_same_from_both_sides():
    """Which report comes first makes no difference to how alike two are."""
    for pair in PAIRS[::7]:
        there = decide(pair, Dedup())
        turned = type(pair)(kind=pair.kind, first=pair.second, second=pair.first, same=pair.same, held_out=False)
        assert decide(turned, Dedup()).joined is there.joined
