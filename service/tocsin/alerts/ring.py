"""What an alert that rings puts down: itself, its way to each channel, and what each recipient is to be sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.alerts.digest import parts, render_digest, render_group
from tocsin.alerts.envelope import timestamp
from tocsin.alerts.grouping import Sending
from tocsin.alerts.ids import delivery_id, dispatch_id, message_id
from tocsin.alerts.render import AlertFacts, render_alert, render_data, render_test
from tocsin.alerts.updates import renewed
from tocsin.model import (
    AlertRecord,
    ChannelSpec,
    DeliveryRecord,
    DispatchRecord,
    DueBatch,
    HeldAlert,
    JsonObject,
    MessageKind,
    MessageRecord,
    StorySource,
    WaitingAlert,
)


def alert_record(facts: AlertFacts, version: int) -> AlertRecord:
    """Put down an alert that rings on a version of its article."""
    return AlertRecord(
        id=facts.id,
        rule_name=facts.rule.name,
        rule_key=facts.rule.key,
        story_id=facts.story.id,
        article_id=facts.article.id,
        version=version,
        data=render_data(facts),
    )


def held_record(held: HeldAlert, sources: Sequence[StorySource]) -> AlertRecord:
    """Put down an alert that waited for more outlets, with all that have its story by now."""
    return AlertRecord(
        id=held.id,
        rule_name=held.rule_name,
        rule_key=held.rule_key,
        story_id=held.story_id,
        article_id=held.article_id,
        version=held.version,
        data=renewed(held.data, sources),
    )


def dispatch_record(alert: AlertRecord, channel: str, sending: Sending) -> DispatchRecord:
    """Put down an alert's way to a channel."""
    return DispatchRecord(
        id=dispatch_id(alert.id, channel),
        alert_id=alert.id,
        channel=channel,
        state=sending.state,
        reason=sending.reason,
        rule_name=alert.rule_name,
        counted=sending.counted,
        batch_id=sending.batch.id if sending.batch else None,
        silence_id=sending.silence_id,
    )


def alert_message(alert_id: str, data: JsonObject, dispatch: str, channel: ChannelSpec, at: datetime) -> MessageRecord:
    """Put down what a channel is sent of one alert."""
    return _message(channel, MessageKind.ALERT, alert_id, render_alert(data, at), dispatches=(dispatch,))


def group_messages(
    key: JsonObject, alerts: Sequence[WaitingAlert], channel: ChannelSpec, at: datetime
) -> tuple[MessageRecord, ...]:
    """Put down what a channel is sent of a group; each message is named by its alerts."""
    whole = render_group(key, alerts, at)
    return tuple(
        _message(
            channel,
            MessageKind.GROUP,
            "\0".join(sorted(alert.alert_id for alert in part)),
            render_group(key, part, at),
            dispatches=tuple(alert.dispatch_id for alert in part),
        )
        for part in parts(alerts, channel, whole)
    )


def digest_messages(
    due: DueBatch, alerts: Sequence[WaitingAlert], channel: ChannelSpec, at: datetime
) -> tuple[MessageRecord, ...]:
    """Put down what a channel is sent of some of the alerts of a batch, oldest first.

    A message is named by the batch, by when that was due and, from the second on, by its number.
    """
    told = f"{due.batch.id}\0{timestamp(due.batch.due)}"
    whole = render_digest(due, alerts, channel.timezone, at)
    return tuple(
        _message(
            channel,
            MessageKind.DIGEST,
            told if number == 1 else f"{told}\0{number}",
            render_digest(due, part, channel.timezone, at),
            dispatches=tuple(alert.dispatch_id for alert in part),
        )
        for number, part in enumerate(parts(alerts, channel, whole), start=1)
    )


def update_messages(
    alert: str, payload: JsonObject, number: int, channels: Iterable[ChannelSpec], *, renewal: bool = False
) -> tuple[MessageRecord, ...]:
    """Put down what is told again of an alert that rang, named by its id; `number` counts its updates.

    A `renewal` is the second message of an update: it changes the first one of the alert where that stands.
    """
    told = f"{alert}\0{number}\0renewal" if renewal else f"{alert}\0{number}"
    return tuple(
        _message(
            channel,
            MessageKind.UPDATED,
            told,
            payload,
            dispatches=(dispatch_id(alert, channel.name),),
        )
        for channel in channels
    )


def test_message(channel: ChannelSpec, told: str, at: datetime) -> MessageRecord:
    """Put down a test of a channel; `told` tells it from every other test."""
    return _message(channel, MessageKind.TEST, told, render_test(channel.name, at))


def ops_message(channel: ChannelSpec, told: str, payload: JsonObject) -> MessageRecord:
    """Put down a report of the service on itself; `told` names what it tells."""
    return _message(channel, MessageKind.OPS, told, payload)


def _message(
    channel: ChannelSpec, kind: MessageKind, told: str, payload: JsonObject, dispatches: tuple[str, ...] = ()
) -> MessageRecord:
    return MessageRecord(
        id=message_id(channel.name, kind, told),
        kind=kind,
        channel=channel.name,
        payload=payload,
        deliveries=tuple(
            DeliveryRecord(id=delivery_id(channel.name, recipient, kind, told), recipient=recipient)
            for recipient in channel.recipients
        ),
        dispatches=dispatches,
    )
