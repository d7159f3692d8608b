"""Which channels an alert goes to."""

from datetime import timedelta

import pytest

from support.nouns import feed, rule
from tocsin.alerts.routing import facts_of, route_alert
from tocsin.model import Route, RouteMatch, Severity, Timing, Way

ALL = ("desk", "duty", "siem")


def ways(*routes, language="en", **asked):
    """Route an alert of a critical rule on safety, from a feed of the coast."""
    plain = {"severity": Severity.CRITICAL, "tags": ("safety", "sea"), **asked}
    asking = rule(**plain)
    return tuple(way.channel for way in route_alert(facts_of(asking, feed(), language), routes, ALL, asking.notify))


def route(*channels, goes_on=False, routes=(), **match):
    wanted = {key: frozenset(value) for key, value in match.items()}
    return Route(match=RouteMatch(**wanted), channels=channels, goes_on=goes_on, routes=routes)


NEVER = {"rules": {"another"}}


def test_without_routes_every_alert_goes_everywhere():
    """No routes at all: every channel, each once, with those of `notify` among them."""
    assert ways() == ALL
    assert set(ways(notify=("siem",))) == set(ALL)


def test_the_first_route_that_matches_takes_it():
    """Routes are tried in order, and the first that matches is the last that is tried."""
    assert ways(route("siem", **NEVER), route("desk"), route("duty")) == ("desk",)


def test_a_route_may_go_on():
    """`continue` tries the routes after it as well, until one that does not go on."""
    assert ways(route("desk", goes_on=True), route("siem", **NEVER), route("duty"), route("siem")) == ("desk", "duty")


def test_a_channel_that_is_reached_twice_gets_one():
    """However many ways lead to a channel, it is named once."""
    assert ways(route("desk", goes_on=True), route("desk", "duty"), notify=("duty", "desk")) == ("duty", "desk")


def test_what_a_rule_notifies_waits_for_nothing():
    """A channel that a rule notifies is told at once, by whatever timing a route leads there too."""
    timed = Route(match=RouteMatch(), channels=("desk", "duty"), timing=Timing(group_wait=timedelta(minutes=1)))
    asking = rule(notify=("duty",))
    found = route_alert(facts_of(asking, feed(), "en"), [timed], ALL, asking.notify)
    assert found == (Way(channel="duty"), Way(channel="desk", timing=timed.timing))


def test_children_come_before_their_parent():
    """A child that matches replaces its parent's channels; where none does, the parent's count."""
    assert ways(route("desk", routes=(route("duty"),))) == ("duty",)
    assert ways(route("desk", routes=(route("duty", **NEVER),))) == ("desk",)


def test_a_route_without_channels_takes_only_what_its_children_take():
    """Where no child takes the alert, it goes on to the next route."""
    parent = route(routes=(route("duty", **NEVER), route("siem", languages={"ru"})))
    assert ways(parent, route("desk")) == ("desk",)
    assert ways(parent, route("desk"), language="ru") == ("siem",)


def test_a_child_that_goes_on_tries_its_siblings_only():
    """`continue` on a child goes on among its siblings; whether its parent goes on is the parent's to say."""
    children = (route("desk", goes_on=True), route("duty"))
    assert ways(route(routes=children), route("siem")) == ("desk", "duty")
    assert ways(route(routes=children, goes_on=True), route("siem")) == ALL


def test_what_no_route_takes_goes_nowhere():
    """Routes that do not match leave nothing but `notify`."""
    assert ways(route("desk", **NEVER)) == ()
    assert ways(route("desk", **NEVER), notify=("duty",)) == ("duty",)


@pytest.mark.parametrize(
    ("match", "taken"),
    [
        ({"rules": {"Harbour", "Other"}}, True),
        ({"rules": {"Other"}}, False),
        ({"severities": {Severity.HIGH, Severity.CRITICAL}}, True),
        ({"severities": {Severity.HIGH}}, False),
        ({"tags": {"sea", "mountains"}}, True),
        ({"tags": {"coast"}}, False),  # a tag of the feed is none of the rule
        ({"feeds": {"Herald"}}, True),
        ({"feeds": {"Tribune"}}, False),
        ({"feed_tags": {"coast"}}, True),
        ({"feed_tags": {"sea"}}, False),
        ({"languages": {"en", "uk"}}, True),
        ({"languages": {"uk"}}, False),
        ({"tags": {"sea"}, "languages": {"en"}, "feeds": {"Herald"}}, True),
        ({"tags": {"sea"}, "languages": {"uk"}}, False),
    ],
)
def test_a_match_asks_for_all_its_keys(match, taken):
    """In one key any value is enough; all keys must hold."""
    assert ways(route("desk", **match)) == (("desk",) if taken else ())
