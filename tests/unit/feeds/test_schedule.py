"""When a feed is polled next."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nouns import NOON, feed
from tocsin.feeds.schedule import JITTER, LONGEST, LONGEST_BACK_OFF, SHORTEST, UNKNOWN, interval, mean_gap, next_poll
from tocsin.model import FeedKind

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DIRECTORY = feed(kind=FeedKind.DIRECTORY, location="seeds")


def waits(feed_spec, *, gap=None, failures=0, retry_after=None, at=NOON):
    return next_poll(feed_spec, at, gap=gap, failures=failures, retry_after=retry_after) - at


def test_the_gap_is_the_mean_of_the_newest_entries():
    """How often a feed publishes is told by its newest ten entries, whatever their order."""
    times = [NOON - number * HOUR for number in range(10)]
    old = [NOON - 1000 * HOUR]
    assert mean_gap([*old, *times[::-1]], NOON) == HOUR


def test_a_gap_takes_two_dates_of_the_past():
    """Undated and future entries say nothing about how often a feed publishes."""
    assert mean_gap([], NOON) is None
    assert mean_gap([NOON, None, NOON + HOUR], NOON) is None
    assert mean_gap([NOON, NOON - HOUR, NOON + 9 * HOUR, None], NOON) == HOUR


@pytest.mark.parametrize(
    ("gap", "wait"),
    [
        (None, UNKNOWN),
        (timedelta(), SHORTEST),
        (20 * MINUTE, SHORTEST),
        (60 * MINUTE, 30 * MINUTE),
        (9 * HOUR, LONGEST),
    ],
)
def test_the_interval_is_half_the_gap_within_bounds(gap, wait):
    """A feed is polled twice per entry, no sooner than 10 minutes and no later than an hour."""
    assert interval(feed(), gap) == wait


def test_a_configured_interval_stands():
    """`every` is taken as it is, whatever the gap, for directories too."""
    assert interval(feed(every=MINUTE), 9 * HOUR) == MINUTE
    assert interval(feed(kind=FeedKind.DIRECTORY, every=MINUTE), None) == MINUTE


def test_a_directory_is_looked_at_every_two_seconds():
    """A directory is looked at every two seconds sharp, and no less than once a minute while it cannot be read."""
    assert waits(DIRECTORY) == timedelta(seconds=2)
    assert waits(DIRECTORY, failures=40) == MINUTE


def test_failures_double_the_wait():
    """Each further failure doubles the wait, up to a day."""
    bare = [waits(feed(), gap=HOUR, failures=failures) / (1 + JITTER) for failures in (1, 2, 3, 40)]
    exact = [30 * MINUTE, HOUR, 2 * HOUR, LONGEST_BACK_OFF[FeedKind.HTTP]]
    assert all(
        wait <= is_at_most and wait * (1 + JITTER) >= is_at_most for wait, is_at_most in zip(bare, exact, strict=True)
    )


def test_a_feed_that_was_never_read_is_tried_again_soon():
    """Where nothing is known yet, the first failure waits for the shortest interval."""
    assert SHORTEST <= waits(feed(), failures=1) <= SHORTEST * (1 + JITTER)


def test_a_slow_feed_is_not_hurried_by_failing():
    """A feed whose interval is longer than the longest back-off keeps its interval."""
    assert waits(feed(every=timedelta(days=3)), failures=9) >= timedelta(days=3)


def test_a_server_that_asks_to_wait_is_obeyed():
    """Retry-After makes a wait longer, never shorter."""
    assert waits(feed(), failures=1, retry_after=9 * HOUR) >= 9 * HOUR
    assert waits(feed(), failures=1, retry_after=timedelta(seconds=1)) >= SHORTEST


def test_feeds_do_not_come_due_together():
    """The next polls of many feeds are spread; the same facts give the same time."""
    times = {waits(feed(name=f"Feed {number}")) for number in range(100)}
    assert len(times) == 100
    assert max(times) - min(times) > UNKNOWN * JITTER / 2
    assert waits(feed()) == waits(feed())


@given(
    gap=st.none() | st.timedeltas(timedelta(0), timedelta(days=9999)),
    failures=st.integers(0, 10_000),
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=1)),
    spec=st.sampled_from([feed(), feed(every=timedelta(seconds=1)), DIRECTORY]),
)
def test_a_feed_is_never_polled_early_and_never_given_up(gap, failures, retry_after, spec):
    """Whatever happened, the next poll comes: not before the interval or what the server asked, nor days later."""
    wait = waits(spec, gap=gap, failures=failures, retry_after=retry_after)
    least = timedelta(0) if failures and gap is None else interval(spec, gap)
    assert max(least, retry_after or timedelta(0)) <= wait <= timedelta(days=1) * (1 + JITTER)
