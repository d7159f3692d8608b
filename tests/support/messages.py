"""Messages as a rule that rang makes them, for the tests of what carries them."""

from dataclasses import replace
from datetime import UTC, datetime

from tocsin.model import ChannelKind, ChannelSpec, Excerpt, Message, MessageKind, Notice, Severity, Span

SENTENCE = "The all-out invasion began at dawn, an officer told the Example Herald."


def notice(**changes: object) -> Notice:
    """Make a notice, with what the test wants otherwise."""
    plain = Notice(
        kind=MessageKind.ALERT,
        headline="Talks fail, invasion begins",
        url="https://herald.example.org/a?id=1&lang=en",
        outlet="The Example Herald",
        published="24 Feb 2026, 10:00",
        rule="Invasion",
        severity=Severity.CRITICAL,
        excerpts=(Excerpt(text=SENTENCE, marks=(Span(12, 20),)),),
        facts=(("Language", "en"), ("Text", "full"), ("Rule at", "rules/my_rules.yaml:14"), ("Alert", "al_1234")),
        alert_id="al_1234",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def message(text: Notice | None = None, *, evidence: object = None, **changes: object) -> Message:
    """Make a message of a notice, its payload in the shape of version 1."""
    text = text or notice()
    found = {"field": "body", "start": 12, "end": 20, "text": "invasion", "term": "invasion", "snippet": SENTENCE}
    article = {"id": "ar_1", "url": text.url, "title": text.headline, "summary": None, "authors": []}
    data = {
        "schema_version": 1,
        "alert_id": text.alert_id,
        "rule": {"name": text.rule, "severity": text.severity.value, "tags": [], "source": "rules/my_rules.yaml:14"},
        "article": article,
        "evidence": [found] if evidence is None else evidence,
    }
    plain = Message(
        delivery_id="de_0123456789abcdef",
        recipient="",
        payload={"type": text.kind.value, "timestamp": "2026-02-24T10:00:00Z", "data": data},
        notice=text,
        created=datetime(2026, 2, 24, 10, 0, tzinfo=UTC),
        story_id="st_0123456789abcdef",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def hostile(title: str) -> Message:
    """Make a message that says `title` wherever untrusted text may stand."""
    words = notice(
        headline=title,
        outlet=title,
        published=title,
        rule=title,
        url=f"https://herald.example.org/{title}",
        excerpts=(Excerpt(text=title * 2, marks=(Span(len(title) // 2, len(title)),)), Excerpt(text=title, marks=())),
        facts=(("Language", title), (title or "Empty", "x"), ("Alert", "al_1234")),
    )
    return message(words)


def channel(kind: ChannelKind, **changes: object) -> ChannelSpec:
    """Make a channel's specification."""
    return ChannelSpec(name=kind.value, kind=kind, **changes)  # type: ignore[arg-type]
