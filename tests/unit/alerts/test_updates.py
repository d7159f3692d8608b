"""Alerts that are told again."""

from dataclasses import replace

import jsonschema
import pytest

from corpus.hostile_titles import TITLES
from support.nouns import NOON, article, feed, rule
from tocsin.alerts.payload_schema import payload_schema
from tocsin.alerts.render import MOST_SOURCES, AlertFacts, StoryHead, render_alert, render_data
from tocsin.alerts.updates import (
    Growth,
    UpdateReason,
    decide_update,
    hears,
    outlets_of,
    render_update,
    renewed,
    renews,
)
from tocsin.model import ChannelKind, ChannelSpec, StoryRecord, StorySource

SCHEMA = jsonschema.Draft202012Validator(
    payload_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def source(outlet, title="Choir sings"):
    return StorySource(
        article_id=outlet, outlet=outlet, feed="harbour", url=None, title=title, published=None, seen=NOON
    )


def growth(before, after):
    """Return how a story grew from one count of outlets to another."""
    outlets = [source(f"Outlet {number}") for number in range(after)]
    return Growth(before=outlets[:before], added=outlets[before:])


def data(title="Choir sings"):
    item = article(title=title)
    facts = AlertFacts(
        id="alr_1",
        rule=rule(),
        story=StoryRecord(id="st_1", first_seen=NOON),
        article=item,
        feed=feed(),
        feed_url="https://harbour.example/feed",
        evidence=[],
        follows=StoryHead(id="st_0", title=title, url=None),
    )
    return {**render_data(facts), "delivery_id": "dlv_1"}


@pytest.mark.parametrize("reason", UpdateReason)
@pytest.mark.parametrize("title", ["Choir sings", *TITLES])
def test_every_update_is_of_the_schema(reason, title):
    """What is told again is what the schema says, for every reason and title, and so is the alert itself."""
    grown = Growth(before=[source("A")], added=[source("B", title)])
    SCHEMA.validate(render_alert(data(title), NOON))
    SCHEMA.validate(render_update(renewed(data(title), grown.after), grown, reason, 1, NOON))


def test_an_update_holds_a_hundred_articles_and_counts_all():
    """Of many articles that came the first hundred are in the payload, with how many there are."""
    update = render_update(data(), growth(1, 200), UpdateReason.SOURCES, 1, NOON)["data"]["update"]
    assert (len(update["added"]), update["added_total"], update["outlets"]) == (MOST_SOURCES, 199, 200)


def test_outlets_count_once():
    """An outlet is one, however its name is written, and stands where it came first."""
    assert outlets_of([source("Post"), source("Herald"), source("POST")]) == ("Post", "Herald")


@pytest.mark.parametrize(
    ("before", "after", "changed", "reason"),
    [
        (1, 1, False, None),
        (1, 2, False, UpdateReason.SOURCES),
        (4, 5, False, UpdateReason.FOLLOW_UP),
        (5, 6, False, UpdateReason.SOURCES),
        (3, 25, False, UpdateReason.FOLLOW_UP),
        (1, 1, True, UpdateReason.CHANGED),
    ],
)
def test_why_an_alert_is_told_again(before, after, changed, reason):
    """A change comes first, then a number that the rule names and the story passes, then any new outlet."""
    asked = replace(rule(), follow_up=(5, 20))
    assert decide_update(growth(before, after), asked, changed=changed) is reason


@pytest.mark.parametrize("kind", ChannelKind)
def test_people_hear_only_what_the_rule_asks_for(kind):
    """Of a new outlet alone programs are told, and who can change what was sent; of all else everybody."""
    channel, bot = ChannelSpec(name="desk", kind=kind), ChannelSpec(name="desk", kind=kind, token="xoxb-1")
    programs = {ChannelKind.WEBHOOK, ChannelKind.FILE}
    assert hears(channel, UpdateReason.SOURCES) is (kind in {*programs, ChannelKind.DISCORD, ChannelKind.TELEGRAM})
    assert hears(bot, UpdateReason.SOURCES) is (hears(channel, UpdateReason.SOURCES) or kind is ChannelKind.SLACK)
    assert hears(channel, UpdateReason.FOLLOW_UP)
    assert hears(channel, UpdateReason.CHANGED)


@pytest.mark.parametrize(
    ("reason", "grown", "slack", "mail"),
    [
        (UpdateReason.SOURCES, growth(2, 3), False, False),  # that is the edit itself
        (UpdateReason.FOLLOW_UP, growth(2, 3), True, False),
        (UpdateReason.CHANGED, growth(2, 3), True, False),
        (UpdateReason.CHANGED, growth(2, 2), False, False),
    ],
)
def test_what_is_told_anew_renews_the_first_message_too(reason, grown, slack, mail):
    """Where a message can be edited and outlets came, the first one names them, whatever else is said of them."""
    bot = ChannelSpec(name="bot", kind=ChannelKind.SLACK, token="xoxb")
    assert renews(bot, reason, grown) is slack
    assert renews(ChannelSpec(name="duty", kind=ChannelKind.EMAIL), reason, grown) is mail
