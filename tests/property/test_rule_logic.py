"""What is said of a rule without an article holds for every article."""

from collections.abc import Iterator
from itertools import product

from hypothesis import assume, given
from hypothesis import strategies as st

from support.nouns import article
from tocsin.errors import QueryError
from tocsin.model import Article, Rule, Term
from tocsin.model.query import (
    And,
    AtLeast,
    Fielded,
    Loose,
    Near,
    Not,
    NotNear,
    Or,
    Phrase,
    Query,
    Scope,
    Unit,
    Wildcard,
    Word,
)
from tocsin.rules.checks import check_query
from tocsin.rules.index import RuleIndex
from tocsin.rules.logic import meaning_of, never_holds, query_of

NOTHING: frozenset[str] = frozenset()
VOCABULARY = ("harbour", "fire", "smoke")
TEXT_SCOPES = (Scope.TITLE, Scope.BODY, Scope.LEAD)
CODES = st.sampled_from(["en", "de", "uk"]).map(Word)
WORDS = st.sampled_from(VOCABULARY).map(Word)


def joined(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return several.map(And) | several.map(Or) | inner.map(Not)


def fielded(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    return st.builds(Fielded, st.sampled_from(TEXT_SCOPES), inner)


LANGUAGE = st.builds(Fielded, st.just(Scope.LANG), CODES | st.lists(CODES, min_size=2, max_size=2).map(tuple).map(Or))
BOOLEANS = st.recursive(WORDS | fielded(st.recursive(WORDS, joined, max_leaves=3)) | LANGUAGE, joined, max_leaves=10)


Facts = dict[tuple[str, Scope], bool]


def situations() -> Iterator[tuple[Facts, str]]:
    """Yield every way in which the words can stand in title, body and lead, in each language."""
    places = [(title, body, lead) for title, body, lead in product((False, True), repeat=3) if body or not lead]
    for stands in product(places, repeat=len(VOCABULARY)):
        facts = {
            (word, scope): there
            for word, where in zip(VOCABULARY, stands, strict=True)
            for scope, there in zip(TEXT_SCOPES, where, strict=True)
        }
        for language in ("en", "de", "uk"):
            yield facts, language


SITUATIONS = list(situations())


def holds(query: Query, facts: Facts, language: str, scope: Scope | None = None) -> bool:
    """Evaluate AND, OR, NOT, fields and words as plainly as can be."""
    match query:
        case And(children=children):
            return all(holds(child, facts, language, scope) for child in children)
        case Or(children=children):
            return any(holds(child, facts, language, scope) for child in children)
        case Not(child=child):
            return not holds(child, facts, language, scope)
        case Fielded(scope=Scope.LANG, child=Or(children=codes)):
            return language in {code.text for code in codes if isinstance(code, Word)}
        case Fielded(scope=Scope.LANG, child=Word(text=code)):
            return language == code
        case Fielded(scope=inner, child=child):
            return holds(child, facts, language, inner)
        case Word(text=word) if scope is not None:
            return facts[word, scope]
        case Word(text=word):
            return facts[word, Scope.TITLE] or facts[word, Scope.BODY]
        case _:
            raise AssertionError(query)


@given(BOOLEANS, st.sets(st.sampled_from(["en", "de", "uk"]), max_size=2))
def test_what_is_said_never_to_hold_holds_in_no_situation(query: Query, languages: set[str]) -> None:
    """A query that is said to be a contradiction is one, whatever stands in title and body, in any language."""
    if never_holds(query, languages, NOTHING):
        asked = [(facts, language) for facts, language in SITUATIONS if not languages or language in languages]
        assert not any(holds(query, facts, language) for facts, language in asked)


LITERALS = st.one_of(WORDS, st.builds(Fielded, st.sampled_from(TEXT_SCOPES), WORDS), LANGUAGE)


@given(st.lists(LITERALS | LITERALS.map(Not), min_size=2, max_size=5).map(tuple).map(And))
def test_a_contradiction_between_terms_is_seen(query: And) -> None:
    """Among terms joined by AND alone, what cannot be is always said; but for fields that only together say a whole."""
    whole = any(isinstance(child, Not) and isinstance(child.child, Fielded) for child in query.children)
    if not any(holds(query, facts, language) for facts, language in SITUATIONS):
        assert never_holds(query, (), NOTHING) or whole


@given(BOOLEANS, BOOLEANS)
def test_queries_of_one_meaning_hold_together(one: Query, other: Query) -> None:
    """Two queries with equal meanings hold in the same situations."""
    if meaning_of(one) == meaning_of(other):
        assert all(holds(one, *situation) == holds(other, *situation) for situation in SITUATIONS)


@st.composite
def rewritten(draw: st.DrawFn, query: Query) -> Query:
    """Write a query in another way: another order, more brackets, things said twice."""
    match query:
        case And(children=children) | Or(children=children):
            new = draw(st.permutations([draw(rewritten(child)) for child in children]))
            kind = And if isinstance(query, And) else Or
            if draw(st.booleans()):
                new = [*new, draw(st.sampled_from(new))]
            if draw(st.booleans()) and len(new) > 2:
                new = [kind(tuple(new[:2])), *new[2:]]
            return kind(tuple(new))
        case Not(child=child):
            return Not(draw(rewritten(child)))
        case Fielded(scope=scope, child=And(children=children)) if draw(st.booleans()):
            return And(tuple(Fielded(scope, child) for child in children))
        case _:
            return query


@given(st.data())
def test_order_brackets_and_repetition_do_not_change_the_meaning(data: st.DataObject) -> None:
    """However a query is ordered and bracketed, and whatever it repeats, its meaning is the same value."""
    query = data.draw(BOOLEANS)
    assert meaning_of(query) == meaning_of(data.draw(rewritten(query)))


# ---------------------------------------------------------------------------------------------------------------
# Against the matcher itself, with all that a query may hold

SMALL = st.sampled_from(["harbour", "fire", "Fire"])
TERMS = st.one_of(
    SMALL.map(Word),
    st.just(Wildcard("har*")),
    st.sampled_from(["harbour fire", "fire", "the fire harbour"]).map(Phrase),
    st.builds(Loose, st.sampled_from(["harbour fire", "fire the harbour"]), st.just(10)),
)
NEARS = st.builds(
    Near, TERMS | fielded(TERMS), TERMS | fielded(TERMS), st.sampled_from([0, 3, Unit.SENTENCE]), st.booleans()
)
NOT_NEARS = st.builds(NotNear, TERMS, TERMS, st.just(2))
AT_LEAST = st.builds(AtLeast, st.integers(1, 2), TERMS)
COUNTED = NEARS | NOT_NEARS | AT_LEAST | TERMS
QUERIES = st.recursive(COUNTED | LANGUAGE | fielded(TERMS), joined, max_leaves=6)
TITLES = ["", "Fire", "harbour fire", "The fire harbour, fire"]
BODIES = [
    "",
    "The fire.",
    "harbour",
    "harbour fire",
    "A fire in the old harbour. Harbour fire.",
    "fires",
    "Fires the harbour",
]
ARTICLES: list[Article] = [
    article(title=title, text=body, language=language)
    for title, body, language in product(TITLES, BODIES, ("en", "de", "uk"))
]


def is_right(query: Query) -> bool:
    try:
        check_query(query)
    except QueryError:
        return False
    return True


@given(
    st.none() | QUERIES,
    st.lists(
        st.sampled_from([Term(text="fire"), Term(text="harbour fire"), Term(text="fire", exact=True)]), max_size=2
    ),
    st.lists(st.sampled_from([Term(text="fire"), Term(text="harbour"), Term(text="the fire", exact=True)]), max_size=1),
)
def test_a_rule_that_is_said_never_to_ring_never_does(
    query: Query | None, keywords: list[Term], exclude: list[Term]
) -> None:
    """No article rings a rule that is said to contradict itself, whatever its query is made of."""
    assume(is_right(query) if query is not None else keywords)
    rule = Rule(name="r", key="r", source="", keywords=tuple(keywords), query=query, exclude=tuple(exclude))
    if never_holds(query_of(rule, NOTHING), (), NOTHING):
        index = RuleIndex([rule], ())
        assert [one for one in ARTICLES if index.matching(one)] == []
