"""When a feed is polled next: never early, never in step with others, never against what its server asks for.

Decided from what is remembered of the feed and the time alone. Chance is a hash, so that the same facts give the same
time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.jitter import share
from tocsin.model import Courtesy, FeedKind, FeedMemory, FeedSpec
from tocsin.text.cron import next_slot

SHORTEST, LONGEST, UNKNOWN = timedelta(minutes=10), timedelta(minutes=60), timedelta(minutes=30)
DIRECTORY_INTERVAL = timedelta(seconds=2)
LONGEST_BACK_OFF = {FeedKind.HTTP: timedelta(hours=24), FeedKind.DIRECTORY: timedelta(minutes=1)}

#: A feed that gave nothing but errors for that long is asked once a week.
HOPELESS, HOPELESS_INTERVAL = timedelta(days=30), timedelta(days=7)

#: The least between two polls of a feed whose validators cannot be trusted: each of them costs the whole document.
UNTRUSTED_INTERVAL = timedelta(minutes=60)

#: How much patience a server can ask for: by its headers or its document, and by Retry-After.
LONGEST_COURTESY, LONGEST_RETRY_AFTER = timedelta(hours=24), timedelta(days=7)

#: The share of an interval by which polls are spread, so that feeds do not come due together, and the most of it.
JITTER, LONGEST_JITTER, CRON_JITTER = 0.1, timedelta(minutes=30), timedelta(seconds=60)

#: How many of the newest entries say how often a feed publishes.
RECENT_ENTRIES = 10

#: For how long the slots of a cron line are passed over because the document skips their hours: it skips hours of each
#: day and days of each week, so what is skipped for a week is always skipped.
LONGEST_PASSING_OVER = timedelta(days=7)

_NOW = timedelta()
_TICK = timedelta(microseconds=1)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS, _DAYS = frozenset(range(24)), frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """When to poll next, and before when not to, whatever the configuration comes to say."""

    at: datetime
    not_before: datetime


def mean_gap(published: Iterable[datetime | None], now: datetime) -> timedelta | None:
    """Return the mean time between the newest entries; None where fewer than two say when they were published."""
    times = sorted((time for time in published if time and time <= now), reverse=True)[:RECENT_ENTRIES]
    return (times[0] - times[-1]) / (len(times) - 1) if len(times) > 1 else None


def interval(feed: FeedSpec, gap: timedelta | None) -> timedelta:
    """Return how long to wait between polls: as configured, else half the feed's mean gap within 10 to 60 minutes."""
    if feed.every is not None:
        return feed.every
    if feed.kind is FeedKind.DIRECTORY:
        return DIRECTORY_INTERVAL
    return min(max(gap / 2, SHORTEST), LONGEST) if gap is not None else UNKNOWN


def next_poll(
    feed: FeedSpec,
    memory: FeedMemory,
    now: datetime,
    *,
    retry_after: timedelta | None = None,
    network_down: bool = False,
) -> Pacing:
    """Return when to poll again after a poll that ended now and left `memory` behind.

    After the interval, or the back-off while the feed fails; not while its server or its document asks for patience;
    in no hour that the document skips. Up to a tenth of the interval is added. A cron line is kept to: its first slot
    after all that, up to a minute late. `network_down`: it is not the feed that fails, and there is no back-off.
    """
    key = f"{feed.name}\0{now.isoformat()}"
    usual = _usual(feed, memory)
    wait = usual if network_down or not memory.failures else _back_off(feed, memory, usual, now, key)
    if feed.kind is FeedKind.DIRECTORY:
        at = next_slot(feed.cron, feed.timezone, now) if feed.cron else now + wait
        return Pacing(at=at, not_before=now)
    not_before = _allowed(memory.courtesy, _patience(memory, now, retry_after))
    if feed.cron:
        earliest = now + wait if memory.failures and not network_down else now
        return Pacing(at=_slot(feed, memory.courtesy, now, max(earliest, not_before), key), not_before=not_before)
    late = min(usual * JITTER, LONGEST_JITTER) * share(key)
    return Pacing(at=_allowed(memory.courtesy, max(now + wait, not_before), late), not_before=not_before)


def _usual(feed: FeedSpec, memory: FeedMemory) -> timedelta:
    """Return the interval of a feed that does well.

    One that was never read is tried again after the shortest one: most likely it is we who are offline. For a cron
    line that is what its back-off begins with.
    """
    unread = memory.failures > 0 and memory.first_success is None
    if feed.cron or (unread and feed.every is None and feed.kind is FeedKind.HTTP):
        return SHORTEST
    return interval(feed, memory.mean_gap)


def _back_off(feed: FeedSpec, memory: FeedMemory, usual: timedelta, now: datetime, key: str) -> timedelta:
    """Return how long to leave a failing feed alone.

    Somewhere between the interval and a bound that doubles with each failure: full jitter, so that the feeds of a host
    that fails do not come back together.
    """
    if memory.failing_since is not None and now - memory.failing_since >= HOPELESS and feed.kind is FeedKind.HTTP:
        return max(usual, HOPELESS_INTERVAL)
    longest = LONGEST_BACK_OFF[feed.kind]
    bound = min(usual * 2 ** min(memory.failures, 20), longest) if usual < longest else usual
    if feed.kind is FeedKind.DIRECTORY:
        return bound
    return usual + (bound - usual) * share(f"{key}\0back-off")


def _patience(memory: FeedMemory, now: datetime, retry_after: timedelta | None) -> datetime:
    """Return until when the server asked to be left alone. What a document said counts from when it was read."""
    courtesy, read = memory.courtesy, memory.last_success or now
    fresh = max(courtesy.fresh_for or _NOW, courtesy.at_least or _NOW)
    least = _NOW if memory.validators_trusted else UNTRUSTED_INTERVAL
    return max(
        now + min(max(retry_after or _NOW, _NOW), LONGEST_RETRY_AFTER),
        read + min(fresh, LONGEST_COURTESY),
        now + least,
    )


def _allowed(courtesy: Courtesy, moment: datetime, late: timedelta = _NOW) -> datetime:
    """Return `moment`, or the beginning of the next hour that is not skipped, and `late` (under an hour) after it."""
    at = _hour_allowed(courtesy, moment) + late
    return _hour_allowed(courtesy, at) + late if _is_skipped(courtesy, at) else at


def _hour_allowed(courtesy: Courtesy, moment: datetime) -> datetime:
    """Return `moment`, or the beginning of the next hour that is not skipped."""
    while _is_skipped(courtesy, moment):
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    return moment


def _is_skipped(courtesy: Courtesy, moment: datetime) -> bool:
    """Tell whether the feed skips that hour or day. One that skips all of them has none that could be meant."""
    hours = frozenset() if courtesy.skip_hours >= _HOURS else courtesy.skip_hours
    days = frozenset() if courtesy.skip_days >= _DAYS else courtesy.skip_days
    return moment.hour in hours or moment.weekday() in days


def _slot(feed: FeedSpec, courtesy: Courtesy, now: datetime, earliest: datetime, key: str) -> datetime:
    """Return the first slot of the feed's cron line after now and from `earliest` on, a little late.

    Slots in hours that the document skips are passed over, unless there seem to be no others: then it is the user's
    word that counts.
    """
    line, late = feed.cron or "", CRON_JITTER * share(key)
    slot = first = next_slot(line, feed.timezone, max(now, earliest - _TICK))
    while slot <= first + LONGEST_PASSING_OVER:
        if not _is_skipped(courtesy, slot):
            return slot if _is_skipped(courtesy, slot + late) else slot + late
        slot = next_slot(line, feed.timezone, _hour_allowed(courtesy, slot) - _TICK)
    return first + late
