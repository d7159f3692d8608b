"""What people are told of conditions."""

import json
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest

from support.nouns import NOON, feed
from tocsin.alerts.ops import PATIENCE, decide_tellings
from tocsin.alerts.payload_schema import payload_schema
from tocsin.alerts.render import render_notice
from tocsin.alerts.reports import WORDINGS
from tocsin.channels.console import printed
from tocsin.model import (
    ChannelKind,
    ChannelSpec,
    FeedKind,
    FeedState,
    FetchReason,
    MessageKind,
    OpenCondition,
    Severity,
    Tellings,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SCHEMA = jsonschema.Draft202012Validator(
    payload_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
DESK = ChannelSpec(name="desk", kind=ChannelKind.SLACK)
DUTY = ChannelSpec(name="duty", kind=ChannelKind.EMAIL, recipients=("a@example.org", "b@example.org"))
FEEDS = {
    name: feed(name=name, host=host)
    for name, host in (("Herald", "herald.example"), ("Gazette", "gazette.example"), ("Courier", "courier.example"))
}


def condition(state=FeedState.SILENT, name="Herald", **changes):
    plain = OpenCondition(
        feed=name, state=state, since=NOON - HOUR, until=None, detail="nothing new for 3 days", told=False
    )
    return replace(plain, **changes)


def unreachable(name="Herald", since=15 * MINUTE, **changes):
    return condition(
        FeedState.FAILING, name, since=NOON - since, detail="no such host", reason=FetchReason.DNS, **changes
    )


def outage(**changes):
    detail = "3 of 3 feeds failed and none was read"
    return condition(FeedState.NETWORK_DOWN, "", **{"detail": detail, "told": True, **changes})


def decide(*due, channels=(DESK,), at=NOON, feeds=3, hosts=3, lost=0, **changes):
    tellings = Tellings(due=due, http_feeds=feeds, hosts=hosts, unreachable=lost, **changes)
    return decide_tellings(tellings, channels, FEEDS, at)


def told(record):
    """Return what the messages of a record say: type and change."""
    return [(message.payload["type"], message.payload["data"]["change"]) for message in record.messages]


def notice_of(item, timezone="UTC"):
    [message] = decide(item).messages
    return render_notice(json.loads(json.dumps(message.payload)), timezone)


# ---------------------------------------------------------------------------------------------------------------
# One feed


def test_a_condition_is_told_to_each_channel_once():
    """A condition that begins is one message a channel, with a delivery for each recipient."""
    record = decide(condition(), channels=(DESK, DUTY))
    assert [message.channel for message in record.messages] == ["desk", "duty"]
    assert [len(message.deliveries) for message in record.messages] == [1, 2]
    assert {message.kind for message in record.messages} == {MessageKind.OPS}
    assert record.told == (condition(),)
    assert (record.at, record.postponed, record.begun) == (NOON, (), None)


def test_beginning_and_end_are_messages_of_their_own():
    """A condition that was told is told once more when it ends, under another id."""
    began, ended = decide(condition()), decide(condition(told=True, until=NOON))
    assert told(began) == [("ops.feed.silent", "began")]
    assert told(ended) == [("ops.feed.silent", "ended")]
    assert began.messages[0].id != ended.messages[0].id


def test_what_was_not_told_has_no_end():
    """A condition that ended before people were told of it is done with, and nobody is told."""
    ended = condition(until=NOON)
    record = decide(ended)
    assert (record.told, record.messages) == ((ended,), ())


def test_ids_are_the_same_at_each_try():
    """A message about a condition has the same ids whenever it is decided; another beginning has others."""
    first, second = decide(condition()).messages, decide(condition(), at=NOON + HOUR).messages
    assert [(message.id, message.deliveries) for message in first] == [
        (message.id, message.deliveries) for message in second
    ]
    others = {decide(item).messages[0].id for item in (condition(since=NOON), condition(name="Gazette"))}
    assert not others & {first[0].id}


def test_without_channels_nothing_is_written():
    """Where there is no channel a condition is done with all the same."""
    assert decide(condition(), channels=()).told == (condition(),)


def test_being_read_again_is_said_once():
    """A feed that was lost or gone and is read again is told of as read again, in one message."""
    ends = [condition(state, told=True, until=NOON) for state in (FeedState.LOST, FeedState.FAILING, FeedState.GONE)]
    record = decide(*ends)
    assert told(record) == [("ops.feed.failing", "ended")]
    assert record.told == tuple(ends)
    assert told(decide(ends[2])) == [("ops.feed.gone", "ended")]


def test_what_stays_open_until_it_is_over_is_told_of_every_end():
    """PagerDuty, which holds an incident for each condition, is told of ends that one message to people covers."""
    ends = [condition(state, told=True, until=NOON) for state in (FeedState.LOST, FeedState.FAILING)]
    on_call = ChannelSpec(name="on-call", kind=ChannelKind.PAGERDUTY)
    record = decide(*ends, channels=(DESK, on_call))
    assert [(message.channel, message.payload["type"]) for message in record.messages] == [
        ("on-call", "ops.feed.lost"),
        ("desk", "ops.feed.failing"),
        ("on-call", "ops.feed.failing"),
    ]


# ---------------------------------------------------------------------------------------------------------------
# The network


def test_a_feed_that_cannot_be_reached_is_given_three_hours():
    """While other feeds are reached, one that is not is looked at again three hours after it began, and told then."""
    item = unreachable()
    record = decide(item, lost=1)
    assert (record.told, record.messages) == ((), ())
    assert record.postponed == ((item, item.since + PATIENCE),)
    assert told(decide(unreachable(since=PATIENCE), lost=1)) == [("ops.feed.failing", "began")]


def test_an_outage_is_one_message():
    """When no feed can be reached that is one message, and the feeds' own wait."""
    items = [unreachable(name) for name in FEEDS]
    record = decide(*items, lost=3)
    assert told(record) == [("ops.network_down", "began")]
    assert record.begun.state is FeedState.NETWORK_DOWN
    assert record.messages[0].payload["data"]["feeds"] == 3
    assert {when for _, when in record.postponed} == {NOON + PATIENCE}
    assert record.told == ()


def test_an_outage_that_is_known_is_not_told_again():
    """While the outage lasts the feeds' own messages wait, and nothing more is told of it."""
    record = decide(*(unreachable(name, 9 * HOUR) for name in FEEDS), lost=3, network_down=outage())
    assert (record.messages, record.begun, record.told) == ((), None, ())
    assert len(record.postponed) == 3


def test_the_end_of_an_outage_is_one_message():
    """When the network is back that is one message; feeds that still fail are told of by themselves when it is time."""
    record = decide(outage(until=NOON), unreachable(since=9 * HOUR), lost=1)
    assert told(record) == [("ops.network_down", "ended"), ("ops.feed.failing", "began")]


@pytest.mark.parametrize(
    ("changes", "down"),
    [
        ({"lost": 3}, True),
        ({"lost": 2}, False),
        ({"lost": 3, "hosts": 1}, False),
        ({"lost": 1, "feeds": 1}, False),
        # some were not asked since: nothing was read since the first of these failed
        ({"lost": 2, "last_reached": NOON - HOUR}, True),
        ({"lost": 2, "last_reached": NOON - MINUTE}, False),
        ({"lost": 2, "feeds": 5, "last_reached": NOON - HOUR}, False),
    ],
)
def test_what_makes_an_outage(changes, down):
    """It is an outage of ours where none of several hosts can be reached, or most failed and none was read since."""
    record = decide(unreachable(), unreachable("Gazette"), **changes)
    assert (record.begun is not None) is down


def test_what_was_read_since_the_first_failure_is_no_outage():
    """Two feeds that fail one after the other, with another one read in between, are two feeds that fail."""
    due = unreachable(), unreachable("Gazette", since=HOUR)
    assert decide(*due, lost=2, last_reached=NOON - 30 * MINUTE).begun is None
    assert decide(*due, lost=2, last_reached=NOON - 2 * HOUR).begun is not None


def test_a_hiccup_is_no_outage():
    """An outage is told once a feed has been unreachable for long enough to be looked at, not at the first error."""
    assert decide(condition(), lost=3).begun is None


def test_an_outage_freezes_nothing_else():
    """What is told of feeds for other reasons is told during an outage too."""
    others = [
        condition(),
        condition(FeedState.FAILING, reason=FetchReason.HTTP_STATUS),
        unreachable(until=NOON, told=True),
    ]
    record = decide(*others, lost=3, network_down=outage())
    assert len(record.messages) == 3


# ---------------------------------------------------------------------------------------------------------------
# What is said


@pytest.mark.parametrize("state", WORDINGS)
@pytest.mark.parametrize("until", [None, NOON])
def test_every_condition_has_words_and_fits_the_schema(state, until):
    """Each condition's payload is valid, and its notice has a headline, a severity and, at the beginning, advice."""
    name = "" if state == FeedState.NETWORK_DOWN else "Herald"
    item = condition(FeedState(state), name, until=until, told=until is not None, last_success=NOON - HOUR)
    [message] = decide(item).messages
    payload = {**message.payload, "data": {**message.payload["data"], "delivery_id": "dlv_1"}}
    SCHEMA.validate(payload)
    notice = render_notice(payload, "Europe/Kyiv")
    assert "{" not in notice.headline
    assert ("Herald" in notice.headline) is bool(name)
    assert bool(notice.excerpts) is (until is None)
    assert (notice.severity is Severity.INFO) or until is None
    assert notice.headline in printed(notice, colour=False)


def test_every_state_that_can_be_told_has_words():
    """All conditions have words of their own."""
    assert set(WORDINGS) == set(FeedState) - {FeedState.NEW, FeedState.OK}


@pytest.mark.parametrize(
    ("item", "headline"),
    [
        (
            condition(detail="nothing new for 3 days (usually every 2 hours)"),
            "Herald has had nothing new for 3 days (usually every 2 hours)",
        ),
        (
            condition(FeedState.FAILING, detail="herald.example answered 404 (Not Found)"),
            "Herald cannot be read: herald.example answered 404 (Not Found), since 01 Mar 2026 13:00 EET",
        ),
        (condition(FeedState.FAILING, until=NOON + 4 * HOUR, told=True), "Herald is read again, after 5 hours"),
        (
            condition(FeedState.MOVED, detail="moved for good to https://herald.example.com/rss"),
            "Herald moved for good to https://herald.example.com/rss",
        ),
        (outage(told=False), "No feed can be reached: 3 of 3 feeds failed and none was read"),
        (outage(until=NOON), "Feeds can be reached again, after 1 hour"),
    ],
)
def test_headlines_say_it_all(item, headline):
    """A headline says which feed, what is the matter and since when, in the reader's time."""
    assert notice_of(item, "Europe/Kyiv").headline == headline


def test_facts_name_the_feed_and_its_times():
    """Facts give what to look for and when it goes on; at the end, what it was and how long."""
    facts = dict(notice_of(condition(last_success=NOON - HOUR, next_poll=NOON + HOUR)).facts)
    assert facts == {"Feed": "Herald", "Last read": "01 Mar 2026 11:00 UTC", "Next try": "01 Mar 2026 13:00 UTC"}
    ended = dict(notice_of(condition(until=NOON, told=True)).facts)
    assert ended["It was"] == "nothing new for 3 days"
    assert (ended["Since"], ended["Until"]) == ("01 Mar 2026 11:00 UTC", "01 Mar 2026 12:00 UTC")


def test_a_directory_has_no_url():
    """A feed that is a directory, or is not configured any more, is told of without a URL."""
    here = {"seeds": feed(name="seeds", kind=FeedKind.DIRECTORY, location="seeds")}
    for name in ("seeds", "Removed"):
        tellings = Tellings(due=(condition(name=name),), http_feeds=0, hosts=0, unreachable=0)
        [message] = decide_tellings(tellings, [DESK], here, NOON).messages
        assert message.payload["data"]["feed"] == {"name": name, "url": None}


def test_a_hostile_detail_stays_in_its_place():
    """What a server says can neither break a line nor be taken for one of our placeholders."""
    notice = notice_of(condition(FeedState.FAILING, detail="{since} \n {0} \x1b[31m {feed}"))
    assert "\n" not in notice.headline
    assert "{since}" in notice.headline
    assert "\x1b" not in notice.headline


def test_a_condition_of_a_later_version_is_still_told():
    """A payload whose kind this version does not know is valid, and is shown by its own words."""
    [message] = decide(condition()).messages
    data = {
        **message.payload["data"],
        "state": "feverish",
        "detail": "it runs hot",
        "delivery_id": "dlv_1",
        "more": [1],
    }
    later = {**message.payload, "type": "ops.feed.feverish", "data": data}
    SCHEMA.validate(later)
    assert render_notice(later, "UTC").headline == "Herald: it runs hot"
    bare = {"type": "ops.disk_full", "timestamp": "2026-03-01T12:00:00Z", "data": {"detail": "no room"}}
    assert render_notice(bare, "UTC").headline == "Tocsin: no room"
