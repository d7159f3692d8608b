"""When a feed is polled next."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tocsin.jitter import share
from tocsin.model import FeedKind, FeedSpec

SHORTEST, LONGEST, UNKNOWN = timedelta(minutes=10), timedelta(minutes=60), timedelta(minutes=30)
DIRECTORY_INTERVAL = timedelta(seconds=2)
LONGEST_BACK_OFF = {FeedKind.HTTP: timedelta(hours=24), FeedKind.DIRECTORY: timedelta(minutes=1)}

#: The share of an interval by which polls are spread, so that feeds do not come due together.
JITTER = 0.1

#: How many of the newest entries say how often a feed publishes.
RECENT_ENTRIES = 10


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
    feed: FeedSpec, now: datetime, *, gap: timedelta | None, failures: int, retry_after: timedelta | None = None
) -> datetime:
    """Return when to poll again: after the interval, doubled with each further failure, never before `retry_after`.

    A feed that was never read is tried again after the shortest interval: most likely it is we who are offline. Up to
    a tenth is added, by a hash of the feed and the time, so that nothing comes early and the same facts give the same
    time.
    """
    wait = interval(feed, SHORTEST if failures and gap is None else gap)
    if failures:
        wait = max(wait, min(wait * 2 ** min(failures - 1, 20), LONGEST_BACK_OFF[feed.kind]))
    wait = max(wait, retry_after or timedelta())
    if feed.kind is FeedKind.DIRECTORY:
        return now + wait
    return now + wait * (1 + JITTER * share(f"{feed.name}\0{now.isoformat()}"))
