"""How a match ends, row by row."""

from datetime import timedelta

import pytest

from support.nouns import NOON, article, feed
from tocsin.alerts.decide import MatchFacts, PollFacts, decide
from tocsin.model import Drop, DropReason, FirstPoll, Join, Ring

DAY = timedelta(days=1)
FRESH, OLD = NOON - timedelta(hours=1), NOON - 9 * DAY


def ends(*, rang=False, matched_before=False, channels=("desk",), published=FRESH, **poll):
    """Decide a match of an article in a feed that lets things ring for two days."""
    policy = poll.pop("policy", FirstPoll.SILENT)
    max_age = poll.pop("max_age", 2 * DAY)
    facts = {"at": NOON, "first_poll": False, "last_success": NOON - timedelta(minutes=30), **poll}
    return decide(
        MatchFacts(
            article=article(published=published),
            alert_id="alr_1",
            rang=rang,
            matched_before=matched_before,
            channels=frozenset(channels),
        ),
        PollFacts(feed=feed(first_poll=policy, max_age=max_age), **facts),
    )


def dropped(reason):
    return Drop(reason=reason)


RINGS = Ring(alert_id="alr_1")


@pytest.mark.parametrize(
    ("policy", "published", "end"),
    [
        (FirstPoll.SILENT, FRESH, dropped(DropReason.FIRST_POLL)),
        (FirstPoll.SILENT, OLD, dropped(DropReason.FIRST_POLL)),
        (FirstPoll.SILENT, None, dropped(DropReason.FIRST_POLL)),
        (FirstPoll.RECENT, FRESH, RINGS),
        (FirstPoll.RECENT, OLD, dropped(DropReason.TOO_OLD)),
        (FirstPoll.RECENT, None, dropped(DropReason.TOO_OLD)),
        (FirstPoll.ALL, FRESH, RINGS),
        (FirstPoll.ALL, OLD, RINGS),
        (FirstPoll.ALL, None, RINGS),
    ],
)
def test_a_first_poll_rings_what_its_policy_says(policy, published, end):
    """A first poll is silent, rings what is recent, or rings everything; an undated entry is not recent."""
    assert ends(policy=policy, published=published, first_poll=True, last_success=None) == end


@pytest.mark.parametrize(
    ("published", "last_success", "end"),
    [
        (FRESH, NOON - DAY, RINGS),
        (None, NOON - DAY, RINGS),
        (OLD, NOON - DAY, dropped(DropReason.TOO_OLD)),
        (OLD, OLD - DAY, RINGS),  # the feed was down: nobody could have seen it before
        (NOON - 2 * DAY, NOON - DAY, RINGS),  # to the second as old as may be
        (NOON - 2 * DAY - timedelta(seconds=1), NOON - DAY, dropped(DropReason.TOO_OLD)),
        (NOON + DAY, NOON - DAY, RINGS),  # from the future
    ],
)
def test_a_later_poll_drops_only_what_was_overtaken(published, last_success, end):
    """Too old is what is older than `max_age` and was published before the feed's last successful poll."""
    assert ends(published=published, last_success=last_success) == end


def test_without_a_limit_nothing_is_too_old():
    """A feed without `max_age` rings whatever comes."""
    assert ends(published=NOON - 9999 * DAY, max_age=None) == RINGS


@pytest.mark.parametrize("matched_before", [False, True])
@pytest.mark.parametrize("first_poll", [False, True])
@pytest.mark.parametrize("channels", [(), ("desk",)])
def test_an_alert_that_rang_is_joined(matched_before, first_poll, channels):
    """Once a rule rang for a story, every later match joins, whatever else is true."""
    end = ends(rang=True, matched_before=matched_before, first_poll=first_poll, channels=channels, published=OLD)
    assert end == Join(alert_id="alr_1")


def test_an_edit_of_what_matched_before_does_not_ring():
    """An edit rings only a rule that the stored version does not answer."""
    assert ends(matched_before=True) == dropped(DropReason.MATCHED_BEFORE)


def test_an_alert_without_a_way_is_dropped():
    """What no route takes is dropped, and says so; age is the earlier reason."""
    assert ends(channels=()) == dropped(DropReason.NO_ROUTE)
    assert ends(channels=(), published=OLD) == dropped(DropReason.TOO_OLD)
