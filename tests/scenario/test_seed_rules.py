"""What rules find in the seed article, read as the shipped configuration reads it."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.matching import evidence, rule
from tocsin.config.build import load_plan
from tocsin.feeds.article import articles_of
from tocsin.feeds.parse import parse_document
from tocsin.model import Article, Document, Evidence, Field, ParsedFeed, Rule
from tocsin.text.paragraphs import sentence_at, sentences

ROOT = Path(__file__).parents[2]

Find = Callable[[Rule], Sequence[Evidence]]


@pytest.fixture(scope="module")
def find_and_article() -> tuple[Find, Article]:
    """Return what finds a rule's evidence in the seed, and the seed."""
    plan = load_plan(ROOT / "config", os.environ)
    feed = next(feed for feed in plan.feeds if feed.name == "seeds")
    (file,) = ROOT.joinpath("seeds").iterdir()
    parsed = parse_document(Document(name=file.name, body=file.read_bytes()))
    assert isinstance(parsed, ParsedFeed)
    (article,) = articles_of(parsed, feed, datetime(2026, 1, 1, tzinfo=UTC))
    assert isinstance(article, Article)
    return lambda asked: evidence(asked, article, plan.entities, feed), article


@pytest.fixture(scope="module")
def find(find_and_article: tuple[Find, Article]) -> Find:
    """Return what finds a rule's evidence in the seed."""
    return find_and_article[0]


def test_a_word_is_found_in_its_one_place(find: Find) -> None:
    """`invasion` stands in one place of the body: "invading" is another word."""
    assert [(item.field, item.text) for item in find(rule(query="invasion"))] == [(Field.BODY, "invasion")]


def test_an_exact_phrase_that_is_not_there_is_not_found(find: Find) -> None:
    """The words "troops remain in Belarus" stand nowhere side by side."""
    assert not find(rule(query='"troops remain in Belarus"'))
    assert not find(rule('"troops remain in Belarus"'))


def test_a_keyword_finds_the_sentence_that_says_it_in_other_words(find_and_article: tuple[Find, Article]) -> None:
    """The keyword `troops remain in Belarus` finds the forces that would remain there, all in one sentence."""
    find, article = find_and_article
    found = find(rule("troops remain in Belarus"))
    assert [(item.text, item.term) for item in found] == [
        ("Belarus", "Belarus"),
        ("forces", "troops"),
        ("remain", "remain"),
    ]
    sentence = sentence_at(sentences(article.text), found[0].start, found[-1].end)
    assert article.text[sentence.start : sentence.end].startswith("Earlier, fears of escalation mounted")
    assert article.text[sentence.start : sentence.end].count(".") == 1


def test_an_entity_is_found_spelt_out_and_as_its_acronym(find: Find) -> None:
    """`@osce` finds the name in full and the acronym."""
    assert {item.text for item in find(rule(query="@osce"))} == {
        "Organization for Security and Cooperation in Europe",
        "OSCE",
    }


def test_furniture_is_never_found(find_and_article: tuple[Find, Article]) -> None:
    """What stands in the appeal for donations only, and above the article, is not found, however it is asked for."""
    find, article = find_and_article
    assert "foreign agent" in article.text
    for query in ('"foreign agent"', "foreign-agent", "/foreign agent/", "donation*", "Support", '"Moscow Times"~3'):
        assert not find(rule(query=query)), query


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("inva*", ["invading", "invasion", "invading"]),
        ("@belarus NEAR/s @troops NEAR/s remain", ["Belarus", "forces", "remain"]),
        ("(ceasefire OR truce) NEAR/8 resum*", ["ceasefire", "resumption"]),
        ("title:talks AND NOT title:opinion", ["Talks"]),
        ('lead:"all-out war"', ["all-out war"]),
        ("tag:seed AND lang:en AND Kyiv NEAR/3 assault", ["assault", "Kyiv", "seed", "en"]),
        ("{AFP} NEAR/1 report*", ["AFP", "reporters", "AFP", "reporter"]),
        ("@zelenskyy", ["Volodymyr Zelenskiy", "Zelenskiy"]),
        ("ATLEAST/3 @zelenskyy", []),
        ("zelensky~1", ["Zelenskiy", "Zelenskiy"]),
        (r"/\d+,000 troops/", ["30,000 troops"]),
        ("build-up", ["build-up"]),
        ("U.S. ONEAR/0 secretary", ["U.S.", "Secretary"]),
    ],
)
def test_queries_find_what_a_reader_finds(find: Find, query: str, words: list[str]) -> None:
    """A query of each kind finds the words that a reader would point at."""
    assert [item.text for item in find(rule(query=query))] == words
