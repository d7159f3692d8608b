"""What an alert that rings puts down."""

import pytest

from support.nouns import NOON, article, feed, rule
from tocsin.alerts.ids import alert_id, delivery_id, dispatch_id, message_id, thread_of
from tocsin.alerts.render import AlertFacts
from tocsin.alerts.ring import ring
from tocsin.alerts.ring import test_message as message_of_test
from tocsin.model import ChannelKind, ChannelSpec, DispatchState, MessageKind, New
from tocsin.stories.cluster import story_of

MAIL = ChannelSpec(name="duty", kind=ChannelKind.EMAIL, recipients=("a@example.org", "b@example.org"))
HOOK = ChannelSpec(name="siem", kind=ChannelKind.WEBHOOK)


def rung(**changes):
    item = article(**changes)
    story = story_of(New(article=item))
    facts = AlertFacts(
        id=alert_id("Harbour", story.id),
        rule=rule(),
        story=story,
        article=item,
        feed=feed(),
        feed_url="https://herald.example.org/rss",
        evidence=(),
    )
    return ring(facts, 1, [MAIL, HOOK], NOON)


def test_every_recipient_has_a_delivery_of_its_own():
    """An alert is one dispatch and one message for each channel, and one delivery for each recipient."""
    rows = rung()
    assert [dispatch.channel for dispatch in rows.dispatches] == ["duty", "siem"]
    assert {dispatch.state for dispatch in rows.dispatches} == {DispatchState.WAITING}
    assert [[way.recipient for way in message.deliveries] for message in rows.messages] == [list(MAIL.recipients), [""]]
    assert [message.dispatches for message in rows.messages] == [(dispatch.id,) for dispatch in rows.dispatches]
    ids = [way.id for message in rows.messages for way in message.deliveries]
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
    assert again.alert.id == first.alert.id
    assert [message.deliveries for message in again.messages] == [message.deliveries for message in first.messages]


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
