"""Where warnings and hints about words are told."""

from collections.abc import Callable

import pytest

from tocsin.config.remarks import MOST_HINTS

BASE = "channels: [{name: desk, type: console}]\nfeeds: [{name: here, path: ., tags: [x]}]\n"
TESTED = "tests: [{rings: x}, {silent: y}]"


@pytest.fixture
def told(load) -> Callable[..., list[str]]:
    """Return the warnings about a configuration."""
    return lambda text: list(map(str, load(text, BASE).warnings))


def test_a_warning_about_a_keyword_stands_at_its_word(told) -> None:
    """The column is that of the word, within quotes and behind other words; the rest of the rule is looked at too."""
    text = """
        rules:
          - name: a
            keywords: [fire, '"EU"', "troops  invasion", Рoссия]
            exclude: [drill, 'the Рoссия']
          - name: b
            keywords: [invasion, invading]
          - name: c
            keywords: [invasion]
            query: inva* AND harbour
          - name: d
            keywords: [invasion]
            languages: [de]
    """
    short = "one or two letters stand for much else: write query: {EU} for just these, in just this case"
    mixed = '"Рoссия" mixes Latin and Cyrillic letters, and finds only what mixes them alike: type it anew'
    assert told(text) == [
        f"a.yaml:4:24: rules.0.keywords.1: {short}",
        'a.yaml:4:39: rules.0.keywords.2: "invasion" does not find "invade": write inva* in a query, or name both',
        f"a.yaml:4:50: rules.0.keywords.3: {mixed}",
        f"a.yaml:5:27: rules.0.exclude.1: {mixed}",
    ]


def test_a_warning_about_a_query_stands_at_its_term_once(told) -> None:
    """In a block, the line and column are those of the term; a word that is said twice is told of once."""
    text = """
        rules:
          - name: a
            query: |
              (invasion OR fire)
              AND (smoke OR invasion)   # again
              AND title:EU
    """
    short = "one or two letters stand for much else: write {EU} for just these, in just this case"
    assert told(text) == [
        'a.yaml:5:8: rules.0.query: "invasion" does not find "invade": write inva* in a query, or name both',
        f"a.yaml:7:17: rules.0.query: {short}",
    ]


def test_a_warning_about_a_part_stands_at_the_part(told) -> None:
    """A named part is warned about where it stands, however many rules use it, and where none does."""
    text = """
        queries:
          attack: (invasion OR fire)
          unused: EU AND fire
        rules:
          - {name: a, query: $attack AND harbour}
          - {name: b, query: $attack AND port}
    """
    assert [line.split(" ")[0] for line in told(text)] == ["a.yaml:3:12:", "a.yaml:4:11:"]


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("query: fire AND NOT fire", "1:26: rules.0.query"),
        ("keywords: [fire], exclude: [fire]", "1:46: rules.0.exclude"),
        ("query: fire AND lang:en, languages: de", "1:26: rules.0.query"),
    ],
)
def test_a_rule_that_cannot_ring_is_a_warning(told, rule: str, place: str) -> None:
    """What it asks for and excludes is told at the query, else at `exclude`."""
    expected = f"a.yaml:{place}: this rule can never ring: some of what it asks for excludes the rest"
    assert told(f"rules: [{{name: a, {rule}}}]") == [expected]


def test_a_rule_that_asks_for_the_same_as_another_is_a_warning_at_its_name(told) -> None:
    """Other feeds or languages make another rule; severity, tags and tests do not; disabled ones are none."""
    text = """
        rules:
          - {name: a, keywords: [fire, smoke], languages: [en, de]}
          - {name: b, query: smoke OR fire, languages: [de, en], severity: high}
          - {name: c, keywords: [fire, smoke], languages: [en]}
          - {name: d, keywords: [fire, smoke], languages: [en, de], feeds: {tags: [x]}}
          - {name: e, keywords: [fire, smoke], languages: [en, de], enabled: no}
          - {name: f, keywords: [fire], exclude: [smoke]}
          - {name: g, query: fire AND NOT smoke}
    """
    assert told(text) == [
        'a.yaml:4:12: rules.1.name: asks for the same as the rule "a" (a.yaml:3)',
        'a.yaml:9:12: rules.6.name: asks for the same as the rule "f" (a.yaml:8)',
    ]


def test_an_alias_that_means_much_else_is_a_warning(told) -> None:
    """It is not where the entity is a concept, or says what must stand around it."""
    text = """
        entities:
          - {id: may, name: Octavia May, type: person, aliases: [Madam Secretary, May, Octavia]}
          - {id: tribe, name: Tribe, type: concept, aliases: [family]}
          - {id: port, name: Port Amber, type: place, aliases: [Port], context: {any: [sea]}}
          - {id: isle, name: Isle Amber, type: place, aliases: [May], context: {none: [June]}}
          - {id: loud, name: Loud Union, type: org, aliases: [US], case: insensitive}
        rules: [{name: a, keywords: [fire]}]
    """
    lines = told(text)
    assert [line.split(" ")[0] for line in lines if "also a word" not in line] == [
        "a.yaml:3:75:",
        "a.yaml:6:57:",
        "a.yaml:7:55:",
    ]


def test_two_alphabets_in_a_word_are_told_everywhere_in_an_entity(told) -> None:
    """Name, acronym, aliases, forms and context are looked at."""
    text = """
        entities:
          - id: a
            name: Rоссия
            acronym: РF
            aliases: [the Rоссия]
            forms: {uk: Rосія}
            context: {any: [sea, Rека], none: [Зeмля]}
        rules: [{name: a, keywords: [fire]}]
    """
    assert [line.split(" ")[0] for line in told(text)] == [
        "a.yaml:4:11:",
        "a.yaml:5:14:",
        "a.yaml:6:19:",
        "a.yaml:7:17:",
        "a.yaml:8:26:",
        "a.yaml:8:40:",
    ]


def test_a_rule_without_tests_of_both_kinds_is_a_hint(load) -> None:
    """A hint is no warning; disabled rules have none."""
    plan = load(
        f"""
        rules:
          - {{name: a, keywords: [fire], {TESTED}}}
          - {{name: b, keywords: [smoke], tests: [{{rings: x}}]}}
          - {{name: c, keywords: [alarm], enabled: no}}
        """,
        BASE,
    )
    message = "give it tests: a text that it rings on, and one that it does not"
    assert list(map(str, plan.hints)) == [f"a.yaml:4:12: rules.1.name: {message}"]
    assert plan.warnings == ()


def test_many_rules_without_tests_are_one_hint(load) -> None:
    """From a number on they are counted, not listed."""

    def hints(number: int) -> list[str]:
        rules = "".join(f"  - {{name: r{count}, keywords: [word{count}]}}\n" for count in range(number))
        return list(map(str, load("rules:\n" + rules, BASE).hints))

    assert len(hints(MOST_HINTS)) == MOST_HINTS
    assert hints(MOST_HINTS + 1) == [
        f"a.yaml:2:5: rules.0: {MOST_HINTS + 1} rules, this the first, lack tests: a text each that rings, and one not"
    ]
