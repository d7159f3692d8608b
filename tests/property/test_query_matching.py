"""Laws of matching that hold for all rules and texts: a naive reading of the design agrees with the index."""

from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from support import naive_query
from support.made_up import ENTITIES, Maker, maker
from tocsin.model import Article, FeedSpec, Match, Rule
from tocsin.rules.index import RuleIndex

RULES, ARTICLES = 6, 3


@st.composite
def makers(draw: st.DrawFn) -> Maker:
    """Draw what makes articles and rules."""
    return maker(lambda options: draw(st.sampled_from(options)))


Found = dict[str, set[naive_query.Leaf] | None]


def found(matches: Iterable[Match]) -> Found:
    """Return the evidence of each rule that matches."""
    return {
        match.rule.key: {(item.field.value, item.start, item.end, item.term) for item in match.evidence}
        for match in matches
    }


def expected(rules: Sequence[Rule], read: Article, feed: FeedSpec | None) -> Found:
    """Return what a naive reading of the design finds."""
    reader = naive_query.Reader(read, feed, ENTITIES)
    leaves = {asked.key: reader.rule(asked) for asked in rules}
    return {key: evidence for key, evidence in leaves.items() if evidence is not None}


@settings(max_examples=400)
@given(st.data(), makers())
def test_rules_find_what_the_design_says(data: st.DataObject, make: Maker) -> None:
    """Many rules at once find in each article just what a naive reading of the design finds."""
    rules = make.rules(RULES)
    index = RuleIndex(rules, ENTITIES)
    for _ in range(ARTICLES):
        read, feed = make.article()
        assert found(index.match(read, feed)) == expected(rules, read, feed)
