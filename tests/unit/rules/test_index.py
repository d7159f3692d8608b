"""All rules together: which are tried, in which order, and what is kept for each language."""

from dataclasses import replace
from itertools import permutations

import pytest

from support.matching import article, entity, evidence, found, rule
from tocsin.model import Field, Rule, Span
from tocsin.rules.index import AT_ONCE, EARLY, RuleIndex
from tocsin.rules.parser import parse_query

AVALON = entity("avalon", "Avalon", ["Old Avalon"])


def test_matches_are_in_the_order_of_the_rules() -> None:
    """Matches come in the order of the rules, each with its rule."""
    rules = [rule("beta", name="b"), rule("nothing", name="n"), rule("alpha", name="a")]
    assert [match.rule for match in RuleIndex(rules, ()).match(article("alpha beta"))] == [rules[0], rules[2]]


def test_only_rules_that_apply_are_tried() -> None:
    """A rule that does not apply does not match."""
    rules = [rule("alpha", name="a"), rule("alpha", name="b")]

    def applies(asked: Rule) -> bool:
        return asked.name == "b"

    assert [match.rule.name for match in RuleIndex(rules, ()).match(article("alpha"), applies=applies)] == ["b"]


def test_evidence_names_field_place_and_term() -> None:
    """Evidence says in which field it stands, where, and which part of the rule it answers, the title first."""
    asked = rule("Avalon talks", all_of=["avalon"])
    items = evidence(asked, article("Talks in Old Avalon", title="Avalon’s talks"), [AVALON])
    assert [(item.field, item.start, item.end, item.text, item.term) for item in items] == [
        (Field.TITLE, 0, 6, "Avalon", "@avalon"),
        (Field.TITLE, 0, 6, "Avalon", "Avalon"),
        (Field.TITLE, 9, 14, "talks", "talks"),
        (Field.BODY, 0, 5, "Talks", "talks"),
        (Field.BODY, 9, 19, "Old Avalon", "@avalon"),
        (Field.BODY, 9, 19, "Old Avalon", "Avalon"),
    ]


def test_offsets_count_code_points() -> None:
    """Offsets are code points of the text as it stands, whatever folding does to its length."""
    text = "🔥🔥 Straße ﬁne cafe\u0301 İ U.S. invasion"
    (item,) = evidence(rule("invasion"), article(text))
    assert (item.start, item.end) == (text.index("invasion"), len(text))


@pytest.mark.parametrize("masked", [[Span(0, 13), Span(2, 4)], [Span(2, 4), Span(0, 13)], [Span(0, 5), Span(6, 13)]])
def test_furniture_is_never_matched(masked: list[Span]) -> None:
    """Masked words are not matched, also where masks lie in one another or out of order."""
    text = "alpha beta x.\n\nalpha gamma"
    assert [item.start for item in evidence(rule("alpha", "beta"), article(text, masked=masked))] == [15]


def test_a_title_that_is_furniture_is_never_matched() -> None:
    """Words of a masked title make no match and are no evidence; the text is matched as ever."""
    told = replace(article("alpha gamma", title="alpha beta"), title_masked=True)
    assert found(rule("beta"), told) == []
    assert [item.field for item in evidence(rule("alpha"), told)] == [Field.BODY]


def test_furniture_parts_no_words() -> None:
    """Masked words are not among the other words of a loose phrase."""
    text = "alpha " + "x " * 20 + "beta"
    assert found(rule("alpha beta"), article(text)) == []
    assert found(rule("alpha beta"), article(text, masked=[Span(6, 30)])) == ["alpha", "beta"]


@pytest.mark.parametrize(("title", "text"), [("", ""), ("", "…"), ("invasion", ""), ("", "invasion")])
def test_an_empty_field_is_no_obstacle(title: str, text: str) -> None:
    """An article without a title or without a text is matched by what it has."""
    assert found(rule("invasion"), article(text, title=title)) == ["invasion"] * (title + text).count("invasion")


def test_languages_of_which_nothing_is_known_share_one_index() -> None:
    """Made-up languages cost nothing: a feed may name as many as it likes."""
    index = RuleIndex([rule("vita")], ())
    for language in ["xa", "xb", "xc", "xd", "en", "uk"]:
        assert index.match(article("vita", language=language))
    assert len(index._by_language) == 3


def test_a_vocabulary_that_is_full_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A memo that is full is emptied, and what is found stays the same."""
    monkeypatch.setattr("tocsin.rules.vocabulary.MEMO_SIZE", 2)
    index = RuleIndex([rule("alpha")], ())
    for _ in range(2):
        (match,) = index.match(article("alpha one two three four alpha"))
        assert [item.start for item in match.evidence] == [0, 25]


def test_runs_too_long_to_be_kept_are_forgotten_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Articles of nothing but long runs of other words do not make the index grow."""
    monkeypatch.setattr("tocsin.rules.vocabulary.MEMO_SIZE", 2)
    index = RuleIndex([rule("alpha")], ())
    for _ in range(9):
        assert not index.match(article("xx.yy." * 20))
    assert len(index.of_language("en")._compiler.text.several) < 4


def test_a_vocabulary_never_starts_anew_while_an_article_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A memo that the words of one field fill is kept until the other fields of the article are read."""
    monkeypatch.setattr("tocsin.rules.vocabulary.MEMO_SIZE", 2)
    query = parse_query("author:Marrow AND url:alpha AND feed:gazette AND tag:beta")
    index = RuleIndex([Rule(name="rule", key="rule", source="", query=query)], ())
    text = article(
        "x", authors=["Ada Marrow of the Gazette"], url="https://example.org/alpha/x", feed="The Gazette", tags=["beta"]
    )
    assert [found.rule.name for _ in range(3) for found in index.match(text)] == ["rule"] * 3


@pytest.mark.parametrize("missing", ["alpha", "beta", "gamma", "delta"])
def test_what_a_rule_needs_it_needs_whole(missing: str) -> None:
    """A rule of several words that are joined by AND is not found where one of them is missing, whichever it is."""
    words = ["alpha", "beta", "gamma", "delta"]
    index = RuleIndex([rule(query=" AND ".join(words))], ())
    assert index.matching(article(" ".join(words)))
    assert not index.matching(article(" ".join(word for word in words if word != missing)))


def test_filing_rules_anew_changes_no_answer() -> None:
    """What is learnt of how often words stand in articles moves rules about, and never changes what matches."""
    words = [f"{first}{second}" for first in ("alpha", "beta", "gamma") for second in "abcdef"]
    queries = [f"({one} OR {other}) AND {third}" for one, other, third in permutations(words[:7], 3)]
    rules = [Rule(name=str(n), key=str(n), source="", query=parse_query(query)) for n, query in enumerate(queries)]
    index = RuleIndex(rules, ())
    texts = [" ".join(words[start : start + 5]) for start in range(14)]
    before = [index.matching(article(text)) for text in texts]
    places = [entry.places for entry in index.of_language("en")._entries.values()]
    for number in range(EARLY + len(rules) // AT_ONCE + 2):
        index.matching(article(texts[number % 3]))
    assert [entry.places for entry in index.of_language("en")._entries.values()] != places
    assert [index.matching(article(text)) for text in texts] == before


@pytest.mark.parametrize(("gone", "come", "left"), [("", "e", "abcde"), ("b", "", "acd"), ("b", "e", "acde")])
def test_rules_that_come_and_go_while_rules_are_filed_anew(
    gone: str, come: str, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that comes in the midst of filing is found from then on, one that goes is not, however far it got."""
    monkeypatch.setattr("tocsin.rules.index.EARLY", 3)
    monkeypatch.setattr("tocsin.rules.index.AT_ONCE", 1)
    text = article("alpha beta")
    for at in range(12):
        index = RuleIndex([rule(query="alpha AND beta", name=name) for name in "abcd"], ())
        for number in range(16):
            assert index.matching(article("alpha")) == []
            if number == at:
                index.replace_rules(gone, [rule("beta", name=name) for name in come])
            assert [found.name for found in index.matching(text)] == list("abcd" if number < at else left)


def test_a_rule_takes_the_place_of_one_that_has_its_key() -> None:
    """Where a rule is added whose key is there, the one before is gone."""
    index = RuleIndex([rule("alpha", name="a"), rule("alpha", name="b")], ())
    assert index.matching(article("alpha"))
    index.replace_rules((), [rule("beta", name="a")])
    assert [[found.name for found in index.matching(article(text))] for text in ("alpha", "beta")] == [["b"], ["a"]]


def test_expressions_are_not_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An expression that is not looked for in every article is tried where the rest is there, whatever was learnt."""
    monkeypatch.setattr("tocsin.rules.index.EARLY", 3)
    index = RuleIndex([rule(query="alpha AND /be+ta/")], ())
    assert [bool(index.matching(article("alpha beeeta"))) for _ in range(40)] == [True] * 40


def test_an_expression_that_comes_later_is_looked_for() -> None:
    """A rule of an expression that is added to others is found in the next article."""
    index = RuleIndex([rule(query="/al+pha/", name="a")], ())
    assert len(index.matching(article("alpha beta"))) == 1
    index.replace_rules((), [rule(query="/be+ta/", name="b")])
    assert [found.name for found in index.matching(article("alpha beta"))] == ["a", "b"]


def test_an_entity_that_is_asked_for_later_is_found_by_words_read_before() -> None:
    """Words that other rules asked for, and that were read, tell of an entity as soon as a rule asks for it."""
    harrow = entity("harrow", "Harrow", case_sensitive=False)
    index = RuleIndex([rule(query="Harrow", name="word")], [harrow])
    assert [found.name for found in index.matching(article("Harrow"))] == ["word"]
    index.replace_rules((), [rule(any_of=["harrow"], name="entity")])
    assert [found.name for found in index.matching(article("Harrow"))] == ["word", "entity"]


def test_what_gone_rules_asked_for_is_forgotten() -> None:
    """Rules that come and go for ever leave no more behind than there are rules, or a thousand."""
    index = RuleIndex([rule("alpha")], ())
    for number in range(2100):
        index.matching(article("alpha"))
        index.replace_rules([str(number - 1)] if number else [], [rule(f"beta{number}", name=str(number))])
    assert len(index.of_language("en")._compiler.frequencies._guesses) < 1100


def test_an_acronym_goes_before_a_name() -> None:
    """Of two entities, one by its acronym and one by its name, a keyword names that which is written as it is."""
    known = [entity("person", "Us", case_sensitive=False), entity("country", "Freedonia", acronym="US")]
    assert found(rule("US"), article("Freedonia"), known) == ["Freedonia"]
    assert found(rule("Us"), article("Freedonia"), known) == []


def test_a_rule_that_asks_the_same_is_renewed_where_it_is() -> None:
    """A rule whose severity or place changed is what comes with matches from then on, in its place among the others."""
    first, second = rule("alpha", name="a"), rule("beta", name="b")
    index = RuleIndex([first, second], ())
    assert index.matching(article("alpha beta")) == [first, second]
    renewed = replace(first, source="elsewhere.yaml:7", tags=("new",))
    index.renew_rules([second, renewed])
    assert index.matching(article("alpha beta")) == [renewed, second]
    assert index.languages == ("en",)
    assert index.matching(article("alpha beta", language="de")) == [renewed, second]
