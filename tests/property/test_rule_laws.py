"""Laws of keywords that hold for all rules and texts: a naive reading of the design agrees with the index."""

from collections.abc import Sequence

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support import naive_query
from support.matching import article, entity, term
from tocsin.model import Article, EntityType, Field, Rule, Span, Term
from tocsin.rules.index import RuleIndex
from tocsin.text.paragraphs import paragraphs

ENTITIES = (
    entity("belarus", "Belarus", ["Belarusian", "New Belarus"]),
    entity("troops", "troops", ['"forces"', "soldiers", "military personnel", "war"], kind=EntityType.CONCEPT),
    entity("union", "Union of New Apple", ["Apple Union", "Union"], kind=EntityType.ORG, acronym="OSCE"),
    entity("usa", "Columbia", acronym="US"),
    entity("harrow", "Harrow", ["New Harrow"], case_sensitive=False),
)
WORDS = """war wars invade invaded invading soldier soldiers force forces forced military personnel troops apple Apple
    Apples union Union Unions New new Belarus belarus BELARUS Belarusian Belarusians Harrow harrow Harrows Columbia
    OSCE Osce osce WHO who Who US us U.S. INVADE the The of in not without cafe café Café x y""".split()
ASKED = [word for word in WORDS if word not in {"x", "y"}]

WORD = st.sampled_from(WORDS)
FILLING = st.integers(1, 11).map(lambda size: " ".join("xy"[place % 2] for place in range(size)))
PIECE = st.one_of(
    WORD, WORD, WORD, st.sampled_from(["military personnel", "New Belarus", "Union of New Apple"]), FILLING
)
LINE = st.builds(
    lambda pieces, ending, shouted: (" ".join(pieces) + ending).upper() if shouted else " ".join(pieces) + ending,
    st.lists(PIECE, max_size=6),
    st.sampled_from(["", "?", ", x", " —"]),
    st.sampled_from([False, False, False, True]),
)
TEXT = st.lists(LINE, max_size=5).flatmap(
    lambda lines: st.lists(st.sampled_from(["\n", "\n\n", "\n \n"]), min_size=len(lines), max_size=len(lines)).map(
        lambda ends: "".join(map("".join, zip(lines, ends, strict=True)))
    )
)
PLAIN_TERM = st.lists(st.sampled_from(ASKED), min_size=1, max_size=4).map(lambda words: Term(text=" ".join(words)))
EXACT_TERM = st.lists(st.sampled_from(ASKED), min_size=1, max_size=3).map(lambda words: term(f'"{" ".join(words)}"'))
NEAR_TERM = st.sampled_from(
    [
        "troops in Belarus",
        "war in the Union",
        "soldiers war",
        "war war",
        "New Belarus Union",
        "invade Apple Union",
        "US",
    ]
).map(term)
TERM = st.one_of(PLAIN_TERM, NEAR_TERM, EXACT_TERM)
IDS = st.lists(st.sampled_from([item.id for item in ENTITIES]), max_size=2, unique=True).map(tuple)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    """Draw an article; some of its paragraphs are furniture."""
    text = draw(TEXT)
    hidden = [span for span in paragraphs(text) if draw(st.sampled_from([False, False, False, True]))]
    return article(text, title=draw(LINE), masked=hidden)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Draw a rule that asks for something."""
    keywords = tuple(draw(st.lists(TERM, max_size=2)))
    any_of, all_of = draw(st.one_of(st.just(((), ())), st.tuples(IDS, IDS)))
    assume(keywords or any_of or all_of)
    return Rule(
        name="rule",
        key="rule",
        source="rules.yaml:1",
        keywords=keywords,
        entities_any=any_of,
        entities_all=all_of,
        exclude=tuple(draw(st.lists(TERM, max_size=1))),
    )


def _numbered(asked: Sequence[Rule]) -> list[Rule]:
    return [
        Rule(
            name=str(number),
            key=str(number),
            source=rule.source,
            keywords=rule.keywords,
            entities_any=rule.entities_any,
            entities_all=rule.entities_all,
            exclude=rule.exclude,
        )
        for number, rule in enumerate(asked)
    ]


@settings(max_examples=400)
@given(rules(), articles())
def test_rules_find_what_the_design_says(rule: Rule, read: Article) -> None:
    """A rule finds just what a naive reading of the design finds, over all combinations of mentions."""
    match = next(iter(RuleIndex([rule], ENTITIES).match(read)), None)
    found = None if match is None else {(item.field.value, item.start, item.end, item.term) for item in match.evidence}
    assert found == naive_query.Reader(read, None, ENTITIES).rule(rule)


@given(st.lists(rules(), min_size=1, max_size=4), articles())
def test_rules_do_not_disturb_each_other(asked: list[Rule], read: Article) -> None:
    """All rules together match as each of them alone, in their order."""
    numbered = _numbered(asked)
    alone = [match for rule in numbered for match in RuleIndex([rule], ENTITIES).match(read)]
    index = RuleIndex(numbered, ENTITIES)
    assert list(index.match(read)) == alone
    assert list(index.match(read)) == alone  # what was learnt from an article changes nothing


MASKS = st.lists(st.tuples(st.integers(0, 80), st.integers(1, 40)), max_size=4).map(
    lambda masks: [Span(start, start + size) for start, size in masks]
)


@given(st.lists(rules(), min_size=1, max_size=3), articles(), MASKS)
def test_evidence_is_what_stands_there(asked: list[Rule], read: Article, masks: list[Span]) -> None:
    """Evidence is in the order of the text, each once; it says what stands there, and begins outside furniture."""
    read = article(read.text, title=read.title, masked=masks)
    for match in RuleIndex(_numbered(asked), ENTITIES).match(read):
        order = [(item.field is Field.BODY, item.start, item.end, item.term) for item in match.evidence]
        assert order == sorted(set(order))
        assert order
        for item in match.evidence:
            text = read.title if item.field is Field.TITLE else read.text
            assert text[item.start : item.end] == item.text
            hidden = item.field is Field.BODY and any(span.start <= item.start < span.end for span in masks)
            assert not hidden
