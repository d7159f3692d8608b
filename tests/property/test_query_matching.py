"""Laws of matching that hold for all rules and texts: a naive reading of the design agrees with the index."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import naive_query
from support.made_up import ENTITIES, Chooser, Maker, SmallMaker, maker, small_maker
from tocsin.model import Article, FeedSpec, Field, Match, Rule
from tocsin.rules.index import RuleIndex

RULES = 6


def chooser(draw: st.DrawFn) -> Chooser:
    """Let hypothesis choose."""
    return lambda options: draw(st.sampled_from(options))


@st.composite
def makers(draw: st.DrawFn) -> Maker:
    """Draw what makes articles and rules."""
    return maker(chooser(draw))


@st.composite
def small_makers(draw: st.DrawFn) -> SmallMaker:
    """Draw what makes articles and queries in which case does not matter."""
    return small_maker(chooser(draw))


Found = Mapping[str, set[naive_query.Leaf]]


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


# In all at least 5,000 pairs of rule and article; `benchmarks/oracle.py` tries any number.
@pytest.mark.timeout(600)
@settings(max_examples=160)
@given(makers())
def test_rules_find_what_the_design_says(make: Maker) -> None:
    """Many rules at once find in each article just what a naive reading of the design finds."""
    rules = make.rules(8)
    index = RuleIndex(rules, ENTITIES)
    for _ in range(4):
        read, feed = make.article()
        matches = index.match(read, feed)
        assert found(matches) == expected(rules, read, feed)
        assert list(index.matching(read, feed)) == [match.rule for match in matches]


@given(makers())
def test_rules_do_not_disturb_each_other(make: Maker) -> None:
    """All rules together match as each of them alone, in their order, whatever was read before."""
    rules, (read, feed) = make.rules(RULES), make.article()
    alone = [match for asked in rules for match in RuleIndex([asked], ENTITIES).match(read, feed)]
    index = RuleIndex(rules, ENTITIES)
    assert list(index.match(read, feed)) == alone
    index.match(*make.article())
    assert list(index.match(read, feed)) == alone


@given(makers())
def test_rules_that_do_not_apply_are_left_out(make: Maker) -> None:
    """Of the rules that match only those that apply are told."""
    rules, (read, feed) = make.rules(RULES), make.article()
    every = RuleIndex(rules, ENTITIES).match(read, feed)
    some = RuleIndex(rules, ENTITIES).match(read, feed, lambda asked: int(asked.key) % 2 == 0)
    assert list(some) == [match for match in every if int(match.rule.key) % 2 == 0]


@given(makers())
def test_evidence_is_what_stands_there(make: Maker) -> None:
    """Evidence is in the order of field, place and term, each once; it says what stands there, outside furniture."""
    rules, (read, feed) = make.rules(RULES), make.article()
    fields = list(Field)
    for match in RuleIndex(rules, ENTITIES).match(read, feed):
        order = [(fields.index(item.field), item.start, item.end, item.term) for item in match.evidence]
        assert order == sorted(set(order))
        assert order
        for item in match.evidence:
            if item.field is Field.BODY:
                assert not any(span.start <= item.start < span.end for span in read.masked)
            if item.field in {Field.TITLE, Field.BODY}:
                text = read.title if item.field is Field.TITLE else read.text
                assert text[item.start : item.end] == item.text


@given(st.data(), makers())
def test_replaced_rules_are_as_new_ones(data: st.DataObject, make: Maker) -> None:
    """After any rules went and came, the index answers as one that is built anew."""
    known = {asked.key: asked for asked in make.rules(RULES)}
    index = RuleIndex(known.values(), ENTITIES)
    for round_ in range(data.draw(st.integers(1, 4))):
        read, feed = make.article()
        index.match(read, feed)
        gone = data.draw(st.lists(st.sampled_from(sorted(known)), unique=True) if known else st.just([]))
        come = [make.rule(f"{round_}.{number}") for number in range(data.draw(st.integers(0, 3)))]
        known = {key: asked for key, asked in known.items() if key not in gone} | {asked.key: asked for asked in come}
        index.replace_rules(gone, come)
        anew = RuleIndex(known.values(), ENTITIES)
        for again, source in ((read, feed), make.article()):
            assert index.match(again, source) == anew.match(again, source)


# Invariances: what does not change what is read changes nothing that is found.


def with_signs(text: str, sign: str) -> str:
    """Put a sign between all letters that stand side by side."""
    return re.sub(r"(?<=[^\W\d_])(?=[^\W\d_])", sign, text)


CHANGES: Mapping[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "curly apostrophes": lambda text: text.replace("'", "’"),
    "apostrophes that are letters": lambda text: text.replace("'", "ʼ"),
    "composed accents": lambda text: unicodedata.normalize("NFC", text),
    "decomposed accents": lambda text: unicodedata.normalize("NFD", text),
    "soft hyphens": lambda text: with_signs(text, "\u00ad"),
    "zero-width spaces": lambda text: with_signs(text, "\u200b"),
    "line breaks": lambda text: re.sub(r"(?<=\S) (?=\S)", "\n", text),
    "other blanks": lambda text: text.replace(" ", "\t\u00a0"),
}


def evened(text: str) -> str:
    """Take back all that the changes do."""
    visible = re.sub("[\u00ad\u200b]", "", re.sub("[’ʼ]", "'", text))
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", visible).casefold())


def words(rules: Sequence[Rule], read: Article, feed: FeedSpec | None) -> Mapping[str, list[tuple[str, str, str]]]:
    """Return the words that each rule finds, evened."""
    matches = RuleIndex(rules, ENTITIES).match(read, feed)
    return {
        match.rule.key: [(item.field, evened(item.text), item.term) for item in match.evidence] for match in matches
    }


@pytest.mark.parametrize("change", CHANGES)
@settings(max_examples=50)
@given(small_makers())
def test_what_is_not_read_changes_nothing(change: str, make: SmallMaker) -> None:
    """Case, kinds of apostrophe, composed accents, invisible characters and white space change no match and no word."""
    rules, (read, feed) = make.rules(RULES), make.article()
    change_text = CHANGES[change]
    changed = replace(read, title=change_text(read.title), text=change_text(read.text), masked=())
    assert words(rules, changed, feed) == words(rules, replace(read, masked=()), feed)
