"""How a feed is doing: which conditions hold after a poll, in words, and when people are to be told of them.

Nothing is told here, and nothing is known of what was told: that is decided over all feeds together (`alerts.ops`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.feeds.memory import proven_address
from tocsin.feeds.schedule import HOPELESS
from tocsin.model import (
    NETWORK_REASONS,
    Article,
    Condition,
    FeedKind,
    FeedMemory,
    FeedSpec,
    FeedState,
    FetchFailed,
    FetchReason,
    KnownEntry,
)
from tocsin.text.phrases import bare_url, every_in_words, in_words

#: How long errors are borne before people are told; of those that may lie in our network it is then decided whether
#: they do.
TOLERANCE, NETWORK_TOLERANCE = timedelta(hours=3), timedelta(minutes=15)

#: How long a feed may be quiet: that long, or that many of its mean gaps.
QUIET, QUIET_GAPS = timedelta(hours=24), 5

#: How far a clock, or most of the dates of a poll, may be from ours.
CLOCK_TOLERANCE = timedelta(hours=1)

#: Fewer dates say nothing of a feed's clock: one entry may be announced for tomorrow.
ENOUGH_DATES = 3

#: How many known entries must have come under new ids, or new URLs, for it to be more than an accident.
FEW_IDS = 3

#: What holds, from heavy to light.
BY_WEIGHT = (
    FeedState.GONE,
    FeedState.NOT_A_FEED,
    FeedState.FAILING,
    FeedState.LOST,
    FeedState.STUCK,
    FeedState.SILENT,
    FeedState.GAP,
    FeedState.ALL_IDS_CHANGED,
    FeedState.ALL_URLS_CHANGED,
    FeedState.IDS_REPEATED,
    FeedState.CLOCK_ODD,
    FeedState.MOVED,
)


class Overlap(StrEnum):
    """How the entries of a poll agree with those of the poll before."""

    UNKNOWN = "unknown"  # nothing can be said: not modified, only what is new, a first poll, no entries, a directory
    KEPT = "kept"  # an entry of the last poll is still there, or none is new
    IDS_CHANGED = "ids_changed"  # known entries came, and none of them under its id
    URLS_CHANGED = "urls_changed"  # known entries came, and none of them under its URL
    BOTH_CHANGED = "both_changed"  # known entries came, by what they say alone
    GAP = "gap"  # entries, and none of them is known


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFacts:
    """What a poll found out. `memory` is that after the poll, `held` what held before it.

    `published` are the dates as the entries give them, future ones too; `fetched`: the feed was read, so that they
    say something. `ids_repeated`: one id stood for entries that differ; None where that cannot be said.
    """

    feed: FeedSpec
    memory: FeedMemory
    now: datetime
    held: frozenset[FeedState]
    failure: FetchFailed | None = None
    overlap: Overlap = Overlap.UNKNOWN
    clock_offset: timedelta | None = None
    published: tuple[datetime | None, ...] = ()
    ids_repeated: bool | None = None
    fetched: bool


def conditions_of(facts: HealthFacts) -> tuple[Condition, ...]:
    """Return all conditions that hold after a poll, the heaviest first."""
    if facts.failure is None:
        return tuple(_judged(facts))
    found = {condition.state: condition for condition in _of_failure(facts, facts.failure)}
    kept = (_lasting(facts, state) for state in facts.held.difference(found, _OF_FAILURES))
    found |= {condition.state: condition for condition in kept if condition}
    return tuple(found[state] for state in BY_WEIGHT if state in found)


def overlap_of(articles: Sequence[Article], known: Sequence[KnownEntry]) -> Overlap:
    """Return how the articles of a poll agree with the entries that are known of their feed."""
    moved = _urls_changed(articles, known)
    ids = {entry.entry_id for entry in known}
    if any(article.entry_id in ids for article in articles):
        return Overlap.URLS_CHANGED if moved else Overlap.KEPT
    urls, contents = {entry.canonical_url for entry in known} - {None}, {entry.content_hash for entry in known}
    otherwise = sum(article.canonical_url in urls or article.content_hash in contents for article in articles)
    if otherwise >= FEW_IDS:
        return Overlap.BOTH_CHANGED if moved else Overlap.IDS_CHANGED
    return Overlap.KEPT if otherwise else Overlap.GAP


def _urls_changed(articles: Sequence[Article], known: Sequence[KnownEntry]) -> bool:
    """Tell whether entries that are known by id or by content came, and none of them under a URL that is known."""
    by_id, by_content = ({entry.entry_id: entry for entry in known}, {entry.content_hash: entry for entry in known})
    urls = {entry.canonical_url for entry in known}
    found = [
        article.canonical_url
        for article in articles
        if (entry := by_id.get(article.entry_id) or by_content.get(article.content_hash))
        and entry.canonical_url is not None
        and article.canonical_url is not None
    ]
    return len(found) >= FEW_IDS and urls.isdisjoint(found)


def state_of(conditions: Sequence[Condition]) -> FeedState:
    """Return the state of a feed: the heaviest of its conditions."""
    states = {condition.state for condition in conditions}
    return next((state for state in BY_WEIGHT if state in states), FeedState.OK)


# ---------------------------------------------------------------------------------------------------------------
# A feed that cannot be read

_OF_FAILURES = frozenset({FeedState.GONE, FeedState.NOT_A_FEED, FeedState.FAILING, FeedState.LOST})


def _of_failure(facts: HealthFacts, failure: FetchFailed) -> Iterator[Condition]:
    since = facts.memory.failing_since or facts.now
    if failure.status == 410:
        yield Condition(state=FeedState.GONE, detail=_GONE, tell_at=facts.now)
        # What people may have been told before lasts; what they were not, they need not be told any more.
        if facts.now - since < TOLERANCE or facts.held.isdisjoint({FeedState.FAILING, FeedState.NOT_A_FEED}):
            return
    state = _failing_state(facts, failure, since)
    tolerance = NETWORK_TOLERANCE if failure.reason in NETWORK_REASONS else TOLERANCE
    yield Condition(state=state, detail=failure.detail, tell_at=since + tolerance)
    if facts.now - since >= HOPELESS:
        yield Condition(state=FeedState.LOST, detail=_LOST, tell_at=facts.now)


def _failing_state(facts: HealthFacts, failure: FetchFailed, since: datetime) -> FeedState:
    """Tell no feed from no answer, as long as people were not told of either: an outage has one beginning."""
    told = facts.held & {FeedState.FAILING, FeedState.NOT_A_FEED}
    if told and facts.now - since >= TOLERANCE:
        return FeedState.NOT_A_FEED if FeedState.NOT_A_FEED in told else FeedState.FAILING
    return FeedState.NOT_A_FEED if failure.reason is FetchReason.NOT_A_FEED else FeedState.FAILING


_GONE = "the server says that it is gone for good (410); it is not asked any more"
_LOST = f"nothing but errors for {in_words(HOPELESS)}; it is asked once a week from now on"


# ---------------------------------------------------------------------------------------------------------------
# A feed that answers


def _judged(facts: HealthFacts) -> Iterator[Condition]:
    for state in BY_WEIGHT:
        if state not in _OF_FAILURES and _JUDGES[state](facts):
            yield _condition(facts, state)


def _lasting(facts: HealthFacts, state: FeedState) -> Condition | None:
    return _condition(facts, state) if state in _JUDGES else None


def _condition(facts: HealthFacts, state: FeedState) -> Condition:
    return Condition(state=state, detail=_DETAILS[state](facts), tell_at=facts.now)


def _is_silent(facts: HealthFacts) -> bool:
    gap, last_new = facts.memory.mean_gap, facts.memory.last_new
    if gap is None or last_new is None or facts.feed.kind is FeedKind.DIRECTORY:
        return False
    return facts.now - last_new >= max(QUIET, gap * QUIET_GAPS)


def _is_stuck(facts: HealthFacts) -> bool:
    return not facts.memory.validators_trusted


def _has_gap(facts: HealthFacts) -> bool:
    return _by_overlap(facts, {Overlap.GAP}, FeedState.GAP)


def _changed_ids(facts: HealthFacts) -> bool:
    return _by_overlap(facts, {Overlap.IDS_CHANGED, Overlap.BOTH_CHANGED}, FeedState.ALL_IDS_CHANGED)


def _changed_urls(facts: HealthFacts) -> bool:
    return _by_overlap(facts, {Overlap.URLS_CHANGED, Overlap.BOTH_CHANGED}, FeedState.ALL_URLS_CHANGED)


def _by_overlap(facts: HealthFacts, overlaps: AbstractSet[Overlap], state: FeedState) -> bool:
    return state in facts.held if facts.overlap is Overlap.UNKNOWN else facts.overlap in overlaps


def _repeats_ids(facts: HealthFacts) -> bool:
    return FeedState.IDS_REPEATED in facts.held if facts.ids_repeated is None else facts.ids_repeated


def _has_odd_clock(facts: HealthFacts) -> bool:
    """Tell whether the server's clock is off, or most dates lie ahead of us; what was read last time may still hold."""
    if facts.feed.kind is FeedKind.DIRECTORY:
        return False
    if facts.clock_offset is not None and abs(facts.clock_offset) >= CLOCK_TOLERANCE:
        return True
    dated = [moment for moment in facts.published if moment is not None]
    if not facts.fetched or not dated or (len(dated) < ENOUGH_DATES and _mostly_ahead(dated, facts.now)):
        return FeedState.CLOCK_ODD in facts.held  # known entries are not read again, and give no dates
    return len(dated) >= ENOUGH_DATES and _mostly_ahead(dated, facts.now)


def _mostly_ahead(dated: Sequence[datetime], now: datetime) -> bool:
    return 2 * sum(moment - now >= CLOCK_TOLERANCE for moment in dated) > len(dated)


def _has_moved(facts: HealthFacts) -> bool:
    """Tell whether the feed is elsewhere for good; while it is proven anew after a failure there, that lasts."""
    move = facts.memory.move
    return move is not None and (proven_address(facts.memory, facts.now) is not None or FeedState.MOVED in facts.held)


_JUDGES: Mapping[FeedState, Callable[[HealthFacts], bool]] = {
    FeedState.STUCK: _is_stuck,
    FeedState.SILENT: _is_silent,
    FeedState.GAP: _has_gap,
    FeedState.ALL_IDS_CHANGED: _changed_ids,
    FeedState.ALL_URLS_CHANGED: _changed_urls,
    FeedState.IDS_REPEATED: _repeats_ids,
    FeedState.CLOCK_ODD: _has_odd_clock,
    FeedState.MOVED: _has_moved,
}


# ---------------------------------------------------------------------------------------------------------------
# What people read


def _silent_detail(facts: HealthFacts) -> str:
    memory = facts.memory
    quiet = in_words(facts.now - (memory.last_new or facts.now))
    usual = f" (usually {every_in_words(memory.mean_gap)})" if memory.mean_gap else ""
    return f"nothing new for {quiet}{usual}"


def _clock_detail(facts: HealthFacts) -> str:
    offset = facts.clock_offset
    if offset is not None and abs(offset) >= CLOCK_TOLERANCE:
        return f"its server's clock is {in_words(abs(offset))} {'ahead' if offset > timedelta() else 'behind'}"
    return "its entries are dated more than an hour ahead of the time"


def _moved_detail(facts: HealthFacts) -> str:
    move = facts.memory.move
    return f"moved for good to {bare_url(move.url)}" if move else "moved for good"


_DETAILS: Mapping[FeedState, Callable[[HealthFacts], str]] = {
    FeedState.STUCK: lambda _: "its server said 'not modified' although there was something new",
    FeedState.SILENT: _silent_detail,
    FeedState.GAP: lambda _: "none of the entries that were there at the last poll was there any more",
    FeedState.ALL_IDS_CHANGED: lambda _: "entries that are known came under new ids",
    FeedState.ALL_URLS_CHANGED: lambda _: "entries that are known came under new URLs",
    FeedState.IDS_REPEATED: lambda _: "one id stands for several entries that differ",
    FeedState.CLOCK_ODD: _clock_detail,
    FeedState.MOVED: _moved_detail,
}
