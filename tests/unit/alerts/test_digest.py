"""What is told together, and in how many messages."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nouns import NOON
from tocsin.alerts.digest import MOST_ALERTS
from tocsin.alerts.render import render_notice
from tocsin.alerts.ring import digest_messages, group_messages
from tocsin.channels.webhook import body
from tocsin.model import (
    LARGEST_WEBHOOK_BODY,
    Batch,
    BatchKind,
    ChannelKind,
    ChannelSpec,
    DueBatch,
    Message,
    MessageRecord,
    Notice,
    Severity,
    WaitingAlert,
    WebhookForm,
)

HOOK = ChannelSpec(name="siem", kind=ChannelKind.WEBHOOK)
CHAT = ChannelSpec(name="chat", kind=ChannelKind.WEBHOOK, template={"text": "{{ notice.headline }}"})
FILE = ChannelSpec(name="archive", kind=ChannelKind.FILE)
DESK = ChannelSpec(name="desk", kind=ChannelKind.SLACK)
SOURCE = {"outlet": "Herald", "feed": "Herald", "url": None, "title": "Ferries", "published": None}
KEY = {"by": "feed", "value": "Herald"}


def waiting(number: int, title: str = "Ferries stay in port", mentions: int = 1, rule: str = "Ferries") -> WaitingAlert:
    """Make an alert that waits, as a rule rang it whose words stand so often in the article."""
    found = {
        "field": "body",
        "start": 0,
        "end": 7,
        "text": "ferries",
        "term": "ferries",
        "snippet": title,
        "snippet_start": 0,
    }
    article = {
        "id": f"art_{number}",
        "url": f"https://herald.example.org/{number}",
        "title": title,
        "summary": None,
        "authors": [],
        "published": None,
        "fetched": "2026-03-01T12:00:00Z",
        "language": "en",
        "text_kind": "full",
        "feed": {"name": "Herald", "url": None},
    }
    data = {
        "schema_version": 1,
        "alert_id": f"alr_{number}",
        "rule": {"name": rule, "severity": "normal", "tags": [], "source": "rules.yaml:2"},
        "story": {"id": f"sto_{number}", "first_seen": "2026-03-01T12:00:00Z", "sources": [SOURCE]},
        "article": article,
        "evidence": [found] * mentions,
    }
    return WaitingAlert(dispatch_id=f"dsp_{number}", alert_id=f"alr_{number}", rule_name=rule, created=NOON, data=data)


def due(alerts: list[WaitingAlert]) -> DueBatch:
    """Make the batch of what the quiet hours held."""
    key = {"until": "2026-03-01T12:00:00+00:00"}
    batch = Batch(id="bat_1", channel="siem", kind=BatchKind.QUIET_HOURS, key=key, due=NOON)
    return DueBatch(batch=batch, opened=NOON, alerts=tuple(alerts))


def posted(record: MessageRecord, form: WebhookForm) -> dict[str, object]:
    """Return the data of the body that a webhook is sent."""
    [way] = record.deliveries
    notice = render_notice(record.payload, "UTC")
    sent = Message(delivery_id=way.id, recipient="", payload=record.payload, notice=notice, created=NOON, story_id="")
    content = body(sent, form)
    assert len(content) <= LARGEST_WEBHOOK_BODY
    return json.loads(content)["data"]


ALERTS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(["Ferries stay in port", "в порту " * 60]), st.integers(0, 5)),
    min_size=1,
    max_size=60,
)


@given(ALERTS, st.sampled_from(WebhookForm))
def test_a_webhook_is_sent_every_alert_of_a_group_and_of_a_digest(shapes, form):
    """Of any alerts, each comes to a program once, in order within its rule, in bodies of at most 20 kB."""
    alerts = [waiting(number, title, mentions, f"Rule {rule}") for number, (mentions, title, rule) in enumerate(shapes)]
    for records in (group_messages(KEY, alerts, HOOK, NOON), digest_messages(due(alerts), alerts, HOOK, NOON)):
        data = [posted(record, form) for record in records]
        told = [alert["alert_id"] for part in data for alert in part["alerts"]]
        assert sorted(told) == sorted(alert.alert_id for alert in alerts)
        assert [part["alerts_total"] for part in data] == [len(part["alerts"]) for part in data]
        assert [way for record in records for way in record.dispatches] == [alert.dispatch_id for alert in alerts]
        assert len({record.id for record in records}) == len({part["delivery_id"] for part in data}) == len(records)


@pytest.mark.parametrize("channel", [DESK, CHAT])
def test_people_are_told_in_one_message(channel):
    """However many alerts there are, people have one message, whose count is exact."""
    alerts = [waiting(number) for number in range(300)]
    [record] = group_messages(KEY, alerts, channel, NOON)
    assert record.payload["data"]["alerts_total"] == len(record.dispatches) == 300


def test_a_file_holds_long_digests_whole():
    """A file has as many alerts a line as a payload holds, and goes on in the next."""
    alerts = [waiting(number) for number in range(MOST_ALERTS + 1)]
    records = digest_messages(due(alerts), alerts, FILE, NOON)
    assert [len(record.payload["data"]["alerts"]) for record in records] == [MOST_ALERTS, 1]


def test_the_first_message_of_a_digest_has_the_id_of_its_slot():
    """What a batch holds changes nothing of the id of its first message; the next ones differ."""
    few, many = [waiting(1)], [waiting(number) for number in range(50)]
    [alone], [first, *others] = (digest_messages(due(alerts), alerts, HOOK, NOON) for alerts in (few, many))
    assert alone.id == first.id
    assert others
    assert first.id not in {record.id for record in others}


def grouped(alerts: list[WaitingAlert]) -> Notice:
    """Return what people are shown of a group."""
    [record] = group_messages(KEY, alerts, DESK, NOON)
    return render_notice(record.payload, "UTC")


def test_people_are_shown_alerts_of_every_rule():
    """Of two hundred alerts those that people are shown are of all rules, however many one of them rang."""
    alerts = [waiting(number, rule="Ferries") for number in range(190)]
    alerts += [waiting(190 + number, rule="Strikes") for number in range(10)]
    [record] = digest_messages(due(alerts), alerts, DESK, NOON)
    shown = render_notice(record.payload, "UTC")
    assert Counter(item.rule for item in shown.items) == {"Ferries": 40, "Strikes": 10}
    assert shown.more == 150
    assert [item.alert_id for item in shown.items][:2] == ["alr_0", "alr_1"]


def test_a_group_counts_what_it_does_not_show():
    """Counts and severity of a group are those of all its alerts, also where people are shown fifty of them."""
    alerts = [waiting(number) for number in range(199)]
    gravest = waiting(199)
    gravest = replace(gravest, data={**gravest.data, "rule": {**gravest.data["rule"], "severity": "critical"}})
    shown = grouped([*alerts, gravest])
    assert (shown.counts, shown.more, shown.severity) == ((("Ferries", 200),), 150, Severity.CRITICAL)


def test_a_flood_is_told_in_plain_words():
    """A summary of what a rule rang beyond its limit says how many, of which rule, and after how many."""
    batch = Batch(
        id="bat_1", channel="desk", kind=BatchKind.LIMIT, key={"rule": "Ferries", "max_per_hour": 30}, due=NOON
    )
    for count, headline in ((1, "1 more alert of Ferries, after 30 in an hour"), (2, "2 more alerts of Ferries, ")):
        alerts = [waiting(number) for number in range(count)]
        held = DueBatch(batch=batch, opened=NOON, alerts=tuple(alerts))
        [record] = digest_messages(held, alerts, DESK, NOON)
        assert render_notice(record.payload, "UTC").headline.startswith(headline)
