"""One message of each kind, for the goldens of the channels that push to people."""

from collections.abc import Mapping
from typing import Final

from support.messages import message, notice
from tocsin.model import Excerpt, Message, MessageKind, Notice, Severity, Span


def _alert(number: int) -> Notice:
    """Make one of the alerts of a group or a digest; every third has no page."""
    return notice(
        headline=f"Report {number} on the strike",
        url=None if number % 3 == 0 else f"https://gazette.example.org/{number}",
        outlet="The Example Gazette",
        rule="Strikes" if number % 2 else "Ports",
        severity=Severity.HIGH if number == 1 else Severity.NORMAL,
        excerpts=(Excerpt(text=f"Strike {number} goes on.", marks=(Span(0, 6),)),),
        alert_id=f"alr_{number}",
        age="2 h",
    )


def together(kind: MessageKind, count: int, *, more: int = 0) -> Message:
    """Make a group or a digest of so many alerts, and more that it only counts."""
    alerts = notice(
        kind=kind,
        headline=f"{count + more} alerts of 2 rules",
        url=None,
        outlet="Tocsin",
        rule="2 rules",
        severity=Severity.HIGH,
        excerpts=(),
        facts=(("Since", "24 Feb 2026, 08:00"),),
        alert_id="",
        items=tuple(_alert(number) for number in range(1, count + 1)),
        more=more,
        counts=(("Strikes", count + more - count // 2), ("Ports", count // 2)),
    )
    return message(alerts, delivery_id=f"dlv_{kind.name.lower()}")


_OPS = notice(
    kind=MessageKind.OPS,
    headline="Gazette cannot be read: answered 503, since 24 Feb 2026, 07:00",
    url="https://gazette.example.org/feed",
    outlet="Tocsin",
    rule="Feed health",
    severity=Severity.HIGH,
    excerpts=(Excerpt(text="It is asked again by itself.", marks=()),),
    facts=(("Feed", "Gazette"), ("Last read", "24 Feb 2026, 06:50")),
    alert_id="",
)

_TEST = notice(
    kind=MessageKind.TEST,
    headline="Tocsin: a test",
    url=None,
    outlet="Tocsin",
    rule="send-test",
    severity=Severity.INFO,
    excerpts=(Excerpt(text="This is a test of the channel desk.", marks=()),),
    facts=(("Channel", "desk"),),
    alert_id="",
)

SAMPLES: Final[Mapping[str, Message]] = {
    "alert": message(
        notice(facts=(("Feed", "Herald"), ("Tags", "war, politics"), ("Rule at", "rules/my_rules.yaml:14")), age="2 h")
    ),
    "update": message(
        notice(
            kind=MessageKind.UPDATED,
            headline="Now in 5 outlets: Talks fail, invasion begins",
            excerpts=(),
            update="follow_up",
        ),
        delivery_id="dlv_update",
    ),
    "group": together(MessageKind.GROUP, 3),
    "digest": together(MessageKind.DIGEST, 4, more=46),
    "ops": message(_OPS, delivery_id="dlv_ops", story_id="cnd_ops"),
    "test": message(_TEST, delivery_id="dlv_test"),
}
