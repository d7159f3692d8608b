"""How a match ends: it rings, joins an alert, waits for more outlets, or is dropped for a reason that has a name."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from tocsin.model import Article, Decision, Drop, DropReason, FeedSpec, FirstPoll, Join, Ring, WaitForSources


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFacts:
    """What is known of the poll that saw an article: `last_success` is of the poll before, None for a first one."""

    feed: FeedSpec
    at: datetime
    first_poll: bool
    last_success: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchFacts:
    """What is known of one match: its alert's id, whether that rang already, and what the last version did.

    `matched_before`: the stored version of the article answers the rule as well. `channels`: where the alert would go.
    `outlets` have the article's story by now, `min_sources` must have it for the rule to ring.
    """

    article: Article
    alert_id: str
    rang: bool
    matched_before: bool
    channels: AbstractSet[str]
    outlets: int = 1
    min_sources: int = 1


def decide(match: MatchFacts, poll: PollFacts) -> Decision:
    """Decide how a match ends."""
    if match.rang:
        return Join(alert_id=match.alert_id)
    if match.matched_before:
        return Drop(reason=DropReason.MATCHED_BEFORE)
    if reason := _too_early_or_late(match.article, poll):
        return Drop(reason=reason)
    if not match.channels:
        return Drop(reason=DropReason.NO_ROUTE)
    if match.outlets < match.min_sources:
        return WaitForSources(alert_id=match.alert_id)
    return Ring(alert_id=match.alert_id)


def may_ring(article: Article, poll: PollFacts) -> bool:
    """Tell whether an article that a poll brought can ring at all, whatever it says."""
    return _too_early_or_late(article, poll) is None


def _too_early_or_late(article: Article, poll: PollFacts) -> DropReason | None:
    max_age, published = poll.feed.max_age, article.published
    is_old = max_age is not None and published is not None and published < poll.at - max_age
    if not poll.first_poll:
        # A late entry is not an old one: only what was published before our last look can have been overtaken.
        overtaken = poll.last_success is None or (published is not None and published < poll.last_success)
        return DropReason.TOO_OLD if is_old and overtaken else None
    match poll.feed.first_poll:
        case FirstPoll.ALL:
            return None
        case FirstPoll.RECENT:
            return DropReason.TOO_OLD if is_old or published is None else None
        case FirstPoll.SILENT:
            return DropReason.FIRST_POLL
