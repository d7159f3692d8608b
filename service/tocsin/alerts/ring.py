"""What an alert that rings puts down: itself, its way to each channel, and what each recipient is to be sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.alerts.ids import delivery_id, dispatch_id, message_id
from tocsin.alerts.render import AlertFacts, render_alert, render_data, render_test
from tocsin.model import (
    AlertRecord,
    ChannelSpec,
    DeliveryRecord,
    DispatchRecord,
    DispatchState,
    JsonObject,
    MessageKind,
    MessageRecord,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """The rows of an alert."""

    alert: AlertRecord
    dispatches: tuple[DispatchRecord, ...]
    messages: tuple[MessageRecord, ...]


def ring(facts: AlertFacts, version: int, channels: Iterable[ChannelSpec], at: datetime) -> Ringing:
    """Put down an alert that rings on a version of its article, for channels that are to be told at once."""
    data = render_data(facts)
    told = [
        (
            DispatchRecord(
                id=dispatch_id(facts.id, channel.name),
                alert_id=facts.id,
                channel=channel.name,
                state=DispatchState.WAITING,
            ),
            channel,
        )
        for channel in channels
    ]
    return Ringing(
        alert=AlertRecord(
            id=facts.id,
            rule_name=facts.rule.name,
            rule_key=facts.rule.key,
            story_id=facts.story.id,
            article_id=facts.article.id,
            version=version,
            data=data,
        ),
        dispatches=tuple(dispatch for dispatch, _ in told),
        messages=tuple(
            _message(channel, MessageKind.ALERT, facts.id, render_alert(data, at), dispatches=(dispatch.id,))
            for dispatch, channel in told
        ),
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
