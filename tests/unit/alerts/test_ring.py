"""What an alert that rings puts down."""

import pytest

from support.nouns import NOON, article, feed, rule
from tocsin.alerts.grouping import Sending
from tocsin.alerts.ids import alert_id, delivery_id, dispatch_id, message_id, thread_of
from tocsin.alerts.render import AlertFacts
from tocsin.alerts.ring import alert_message, alert_record, dispatch_record, held_record, update_messages
from tocsin.alerts.ring import test_message as message_of_test
from tocsin.model import ChannelKind, ChannelSpec, DispatchState, HeldAlert, MessageKind, StoryRecord, StorySource
from tocsin.stories.cluster import story_id

MAIL = ChannelSpec(name="duty", kind=ChannelKind.EMAIL, recipients=("a@example.org", "b@example.org"))
HOOK = ChannelSpec(name="siem", kind=ChannelKind.WEBHOOK)


def rung(**changes):
    item = article(**changes)
    story = StoryRecord(id=story_id(item.id), first_seen=item.fetched)
    facts = AlertFacts(
        id=alert_id("Harbour", story.id),
        rule=rule(),
        story=story,
        article=item,
        feed=feed(),
        feed_url="https://herald.example.org/rss",
        evidence=(),
    )
    return alert_record(facts, 1)


def sent(alert):
    """Return the messages of an alert that is sent at once."""
    ways = [(channel, dispatch_record(alert, channel.name, Sending())) for channel in (MAIL, HOOK)]
    return [alert_message(alert.id, alert.data, dispatch.id, channel, NOON) for channel, dispatch in ways]


def test_every_recipient_has_a_delivery_of_its_own():
    """An alert is one dispatch and one message for each channel, and one delivery for each recipient."""
    alert = rung()
    messages = sent(alert)
    assert dispatch_record(alert, "duty", Sending()).state is DispatchState.WAITING
    assert [[way.recipient for way in message.deliveries] for message in messages] == [list(MAIL.recipients), [""]]
    assert [message.dispatches for message in messages] == [(dispatch_id(alert.id, at),) for at in ("duty", "siem")]
    ids = [way.id for message in messages for way in message.deliveries]
    assert len(set(ids)) == 3


def test_ids_are_the_same_on_every_machine():
    """Ids are hashes of what is told and to whom: fixed values, which receivers remember."""
    assert alert_id("Harbour", "sto_1") == "alr_e43c70898f88c441"
    assert dispatch_id("alr_1", "desk") == "dsp_adc526109341e709"
    assert message_id("desk", MessageKind.ALERT, "alr_1") == "msg_0ac4cafb8deb37bdbe5326c0b4f42b06"
    assert delivery_id("desk", "", MessageKind.ALERT, "alr_1") == "dlv_46ce5e170323535f13f79e3d6321b009"


def test_an_edited_or_refetched_article_rings_the_same_ids():
    """What an article says and when it was fetched are no part of any id: a lost database rings the same alert."""
    first, again = rung(), rung(title="Ferries sail", content_hash="hash-2")
    assert again.id == first.id
    assert [message.deliveries for message in sent(again)] == [message.deliveries for message in sent(first)]


@pytest.mark.parametrize("make", [alert_id, dispatch_id])
def test_parts_of_an_id_do_not_run_together(make):
    """Two names that join to the same text have ids of their own."""
    assert make("ab", "c") != make("a", "bc")


def test_every_test_of_a_channel_is_a_message_of_its_own():
    """Two tests of a channel do not count as one told twice; each recipient of the channel gets it."""
    first, second = message_of_test(MAIL, "one", NOON), message_of_test(MAIL, "two", NOON)
    assert first.id != second.id
    assert {way.id for way in first.deliveries}.isdisjoint(way.id for way in second.deliveries)
    assert [way.recipient for way in first.deliveries] == list(MAIL.recipients)
    assert first.kind is MessageKind.TEST
    assert first.dispatches == ()


def test_messages_on_one_thing_are_one_thread() -> None:
    """Alerts of a story share its thread, and a condition's end that of its beginning; a test is about nothing."""
    began = {"type": "ops.feed.silent", "data": {"state": "silent", "since": "2026-03-01", "feed": {"name": "Herald"}}}
    ended = {"type": "ops.feed.silent", "data": {**began["data"], "change": "ended"}}
    other = {"type": "ops.feed.silent", "data": {**began["data"], "feed": {"name": "Tribune"}}}
    assert thread_of({"data": {"story": {"id": "sto_1"}}}) == "sto_1"
    assert thread_of(began) == thread_of(ended) != thread_of(other)
    assert thread_of({"data": {"channel": "desk"}}) == ""


def test_the_trouble_of_a_channel_is_one_thread() -> None:
    """What is told of a channel from its trouble's beginning to its end is one thread, and another channel's is not."""
    since = {"since": "2026-03-01", "channel": {"name": "desk"}}
    gave_up, ended = ({"data": {**since, "state": f"channel-{state}"}} for state in ("gave-up", "failing"))
    other = {"data": {**ended["data"], "channel": {"name": "duty"}}}
    assert thread_of(gave_up) == thread_of(ended) != thread_of(other)


SOURCES = tuple(
    StorySource(
        article_id=f"art_{number}",
        outlet=outlet,
        feed="Herald",
        url=f"https://{outlet}.example/1",
        title="Ferries stay in port",
        published=NOON,
        seen=NOON,
    )
    for number, outlet in enumerate(("herald", "post"), start=1)
)


def test_an_alert_that_waited_rings_with_all_that_have_its_story():
    """What rings after a wait says what it would have said at once, and names every outlet by now."""
    data = rung().data
    held = HeldAlert(
        id="alr_1",
        rule_name="Harbour",
        rule_key="Harbour#1",
        story_id="sto_1",
        article_id="art_1",
        version=1,
        data=data,
        until=NOON,
    )
    alert = held_record(held, SOURCES)
    assert [source["outlet"] for source in alert.data["story"]["sources"]] == ["herald", "post"]
    assert {**alert.data, "story": None} == {**data, "story": None}
    assert sent(alert)[0].payload["data"] == alert.data


def test_each_update_is_a_message_of_its_own():
    """Updates of an alert differ in their ids by number, not over repeats, and belong to the alert's dispatch."""
    payload = {"type": "alert.updated", "data": {}}
    first, again, second = (update_messages("alr_1", payload, number, [MAIL])[0] for number in (1, 1, 2))
    assert first == again
    assert first.kind is MessageKind.UPDATED
    ids = {first.id, second.id, *(item.id for message in (first, second) for item in message.deliveries)}
    assert len(ids) == 2 + 2 * len(MAIL.recipients)
    assert first.dispatches == second.dispatches


def test_a_renewal_is_a_message_of_its_own():
    """What is told anew in an update and what renews the first message have ids of their own, the same at each try."""
    anew, renewal = (update_messages("alr_1", {}, 1, [MAIL], renewal=renewal) for renewal in (False, True))
    assert len({message.id for message in (*anew, *renewal)}) == 2
    assert update_messages("alr_1", {}, 1, [MAIL], renewal=True) == renewal


def test_messages_of_a_story_and_of_those_that_follow_it_belong_together():
    """A follow-up is threaded under the first story of its row; what older versions stored, under its own."""
    assert thread_of({"data": {"story": {"id": "sto_3", "thread": "sto_1"}}}) == "sto_1"
    assert thread_of({"data": {"story": {"id": "sto_3"}}}) == "sto_3"
