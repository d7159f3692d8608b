"""Feeds, articles and rules with everything that a test does not care about filled in."""

from dataclasses import replace
from datetime import UTC, datetime

from tocsin.model import Article, Entry, Evidence, FeedKind, FeedSpec, Field, Rule, TextKind

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def feed(**changes: object) -> FeedSpec:
    """Make a feed over HTTP."""
    plain = FeedSpec(
        name="Herald",
        kind=FeedKind.HTTP,
        location="https://herald.example.org/rss",
        outlet="The Example Herald",
        tags=("coast",),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def article(**changes: object) -> Article:
    """Make an article of that feed."""
    plain = Article(
        id="art_1",
        feed="Herald",
        entry_id="entry-1",
        url="https://herald.example.org/1",
        canonical_url="https://herald.example.org/1",
        title="Ferries stay in port",
        text="The storm closed the harbour. Ferries will not sail before Monday.",
        text_kind=TextKind.SUMMARY,
        language="en",
        content_hash="hash-1",
        fetched=NOON,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def entry(**changes: object) -> Entry:
    """Make an entry as a feed gives it."""
    plain = Entry(id="entry-1", title="Ferries stay in port", text="The storm closed the harbour.")
    return replace(plain, **changes)  # type: ignore[arg-type]


def rule(**changes: object) -> Rule:
    """Make a rule; what it looks for is no matter here."""
    return replace(Rule(name="Harbour", key="Harbour#1", source="rules.yaml:2"), **changes)  # type: ignore[arg-type]


def found(text: str, words: str, *, field: Field = Field.BODY, after: int = 0) -> Evidence:
    """Make the evidence of the first `words` in `text`, from `after` on."""
    start = text.index(words, after)
    return Evidence(field=field, start=start, end=start + len(words), text=words, term=words)
