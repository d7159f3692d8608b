"""Why a rule matches an article or does not."""

from hypothesis import given
from hypothesis import strategies as st

from support.nouns import article, feed, rule
from tocsin.config.values import read_query
from tocsin.model import Entity, EntityType, FeedScope, Term
from tocsin.rules.diagnosis import diagnose

PORT = Entity(id="port", name="Northport", type=EntityType.PLACE)
WORDS = ("ferry", "harbour", "tram", "gale", "podcast")


def found(diagnosis):
    return {finding.asked: (finding.is_wanted, finding.is_found) for finding in diagnosis.findings}


def test_each_part_is_looked_for_by_itself():
    """Every part says whether it must be there and whether it is."""
    asked = rule(
        keywords=(Term(text="ferry"), Term(text="tram")),
        query=read_query("gale AND NOT title:podcast"),
        entities_all=("port",),
        exclude=(Term(text="drill"),),
    )
    item = article(title="A gale", text="A gale keeps every ferry in Northport. This was a drill.")
    diagnosis = diagnose(asked, [PORT], item, feed())
    assert not diagnosis.matches
    assert found(diagnosis) == {
        "ferry": (True, True),
        "tram": (True, False),
        "gale": (True, True),
        "title:podcast": (False, False),
        "@port": (True, True),
        "drill": (False, True),
    }


def test_who_a_rule_does_not_listen_to_is_said():
    """Feed and language are told apart from the words."""
    asked = rule(keywords=(Term(text="ferry"),), feeds=FeedScope(names=frozenset({"another"})), languages=("de",))
    diagnosis = diagnose(asked, [], article(text="The ferry.", language="en"), feed())
    assert (diagnosis.hears_feed, diagnosis.hears_language) == (False, False)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True), st.lists(st.sampled_from(WORDS)))
def test_a_conjunction_matches_where_all_of_it_is_as_wanted(wanted, there):
    """A rule of words joined by AND matches exactly where every finding is as wanted."""
    asked = rule(keywords=(), query=read_query(" AND ".join(wanted)))
    diagnosis = diagnose(asked, [], article(title="Report", text=" and ".join(there) or "nothing"), feed())
    assert diagnosis.matches is all(finding.is_found is finding.is_wanted for finding in diagnosis.findings)
