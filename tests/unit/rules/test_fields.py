"""Which fields of an article a rule looks at."""

import pytest

from support.nouns import rule
from tocsin.model import Term
from tocsin.model.query import And, EntityRef, Fielded, Near, Not, Or, Scope, Word
from tocsin.rules.fields import reads_body
from tocsin.rules.parser import parse_query

TEXTLESS = [
    "title:storm",
    "title:(storm AND NOT ferry)",
    'title:"closed harbour" OR url:storm',
    "author:writer AND lang:en",
    "feed:herald AND tag:coast",
    "country:ua AND title:(storm NEAR/5 harbour)",
    "title:(ATLEAST/2 storm)",
    "title:stor*",
]
READING = [
    "storm",
    "title:storm OR storm",
    "title:storm AND NOT ferry",
    "body:storm",
    "lead:storm AND lang:en",
    "title:@belarus",
    "author:@belarus",
    "/CVE-\\d+/",
    "title:(storm) AND (url:a OR (feed:b AND harbour))",
]


@pytest.mark.parametrize("query", TEXTLESS)
def test_a_rule_on_other_fields_does_not_read_the_body(query: str) -> None:
    """A rule of which every term is asked of title, author, URL, feed, tag or code has no use for the text."""
    assert not reads_body(rule(query=parse_query(query)))


@pytest.mark.parametrize("query", READING)
def test_one_term_on_the_body_is_enough(query: str) -> None:
    """A term without a field, of body or lead, wherever it stands, or any entity makes a rule read the text."""
    assert reads_body(rule(query=parse_query(query)))


@pytest.mark.parametrize(
    "asked",
    [
        {"keywords": (Term(text="storm"),)},
        {"exclude": (Term(text="storm"),)},
        {"entities_any": ("belarus",)},
        {"entities_all": ("belarus",)},
    ],
)
def test_lists_read_the_body(asked: dict[str, object]) -> None:
    """Keywords, exclusions and entities are looked for in title and body, whatever the query asks."""
    assert reads_body(rule(query=parse_query("title:storm"), **asked))
    assert reads_body(rule(**asked))


def test_a_rule_that_asks_for_nothing_reads_nothing() -> None:
    """Without any condition there is nothing to be read."""
    assert not reads_body(rule())


def test_the_deepest_query_is_walked() -> None:
    """A query nested deeper than Python calls is no matter."""
    query = Fielded(Scope.TITLE, Word("storm"))
    for _ in range(5_000):
        query = And((query, Not(Fielded(Scope.URL, Word("x")))))
    assert not reads_body(rule(query=query))
    assert reads_body(rule(query=Or((query, Near(Word("a"), EntityRef("b"), 5)))))
