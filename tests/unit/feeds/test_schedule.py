"""When a feed is polled next."""

from datetime import timedelta
from itertools import pairwise

import pytest

from support.nouns import NOON, feed
from tocsin.feeds.schedule import (
    CRON_JITTER,
    HOPELESS,
    HOPELESS_INTERVAL,
    JITTER,
    LONGEST,
    LONGEST_BACK_OFF,
    SHORTEST,
    UNKNOWN,
    UNTRUSTED_INTERVAL,
    interval,
    mean_gap,
    next_poll,
)
from tocsin.model import Courtesy, FeedKind, FeedMemory

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DIRECTORY = feed(kind=FeedKind.DIRECTORY, location="seeds")


def memory(**changes):
    """Return what is remembered of a feed that was read now."""
    return FeedMemory(**{"first_success": NOON - 9 * DAY, "last_success": NOON, **changes})


def failing(failures=1, *, since=HOUR, **changes):
    """Return what is remembered of a feed that has failed for some time."""
    begun = NOON - since
    return memory(**{"failures": failures, "failing_since": begun, "last_success": begun - HOUR, **changes})


def waits(feed_spec, remembered=None, *, at=NOON, **asked):
    return next_poll(feed_spec, remembered or memory(), at, **asked).at - at


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
    assert wait <= waits(feed(), memory(mean_gap=gap)) <= wait * (1 + JITTER)


def test_a_configured_interval_stands():
    """`every` is taken as it is, whatever the gap, for directories too."""
    assert interval(feed(every=MINUTE), 9 * HOUR) == MINUTE
    assert interval(feed(kind=FeedKind.DIRECTORY, every=MINUTE), None) == MINUTE


def test_a_directory_is_looked_at_every_two_seconds():
    """A directory is looked at every two seconds sharp, and no less than once a minute while it cannot be read."""
    assert waits(DIRECTORY) == timedelta(seconds=2)
    assert waits(DIRECTORY, failing(40)) == MINUTE
    assert waits(DIRECTORY, failing(4000, since=99 * DAY)) == MINUTE


def test_failures_double_the_bound_of_the_wait():
    """The wait after a failure lies anywhere between the interval and a bound that doubles with each, up to a day."""
    for failures, bound in ((1, HOUR), (2, 2 * HOUR), (3, 4 * HOUR), (5, 16 * HOUR), (40, DAY)):
        of_many = [
            waits(feed(name=f"Feed {number}"), failing(failures, mean_gap=HOUR)) - 30 * MINUTE for number in range(200)
        ]
        room = bound - 30 * MINUTE
        assert min(of_many) >= timedelta()
        assert min(of_many) < room * 0.1
        assert room * 0.9 < max(of_many) <= room + 3 * MINUTE
        assert max(later - earlier for earlier, later in pairwise(sorted(of_many))) < room / 5


def test_a_feed_that_was_never_read_is_tried_again_soon():
    """Where nothing is known yet, the back-off begins with the shortest interval."""
    unread = failing(first_success=None, last_success=None)
    assert SHORTEST <= waits(feed(), unread) <= SHORTEST * (2 + JITTER)


def test_a_slow_feed_is_not_hurried_by_failing():
    """A feed whose interval is longer than the longest back-off keeps its interval."""
    assert 3 * DAY <= waits(feed(every=3 * DAY), failing(9)) <= 3 * DAY + HOUR


def test_a_feed_of_errors_only_is_asked_weekly():
    """After 30 days of nothing but errors a feed is asked once a week, not before."""
    lost = waits(feed(), failing(50, since=HOPELESS))
    assert HOPELESS_INTERVAL <= lost <= HOPELESS_INTERVAL * (1 + JITTER)
    assert waits(feed(), failing(50, since=HOPELESS - MINUTE)) <= LONGEST_BACK_OFF[FeedKind.HTTP] * (1 + JITTER)


def test_an_outage_of_ours_is_not_the_feeds_fault():
    """While the network is down a feed keeps its plain interval, however often it failed."""
    for since in (HOUR, 99 * DAY):
        assert waits(feed(), failing(9, since=since, mean_gap=HOUR), network_down=True) <= 30 * MINUTE * (1 + JITTER)


def test_a_server_that_asks_to_wait_is_obeyed():
    """Retry-After makes a wait longer, never shorter, and no longer than a week."""
    assert waits(feed(), failing(), retry_after=9 * HOUR) >= 9 * HOUR
    assert waits(feed(), failing(), retry_after=9 * HOUR, network_down=True) >= 9 * HOUR
    assert waits(feed(), failing(), retry_after=timedelta(seconds=1)) >= SHORTEST
    assert waits(feed(), failing(), retry_after=timedelta(seconds=-9)) >= SHORTEST
    assert 7 * DAY <= waits(feed(), failing(), retry_after=9999 * DAY) < 8 * DAY


@pytest.mark.parametrize("said", ["fresh_for", "at_least"])
def test_what_is_fresh_is_not_asked_for(said):
    """A server's and a document's word that nothing will change is a lower bound, for a day at most."""
    for spec in (feed(), feed(every=MINUTE), feed(cron="* * * * *")):
        assert 5 * HOUR <= waits(spec, memory(courtesy=Courtesy(**{said: 5 * HOUR}))) < 6 * HOUR
        assert DAY <= waits(spec, memory(courtesy=Courtesy(**{said: 30 * DAY}))) < DAY + HOUR
        assert waits(spec, memory(courtesy=Courtesy(**{said: timedelta()}))) == waits(spec)


def test_freshness_counts_from_when_the_feed_was_read():
    """A feed that fails is not left alone for a day because it was fresh for a day when it was read last."""
    once_fresh = failing(1, since=timedelta(), last_success=NOON - 20 * HOUR, courtesy=Courtesy(fresh_for=DAY))
    assert 4 * HOUR <= waits(feed(), once_fresh) < 5 * HOUR


def test_hours_that_are_skipped_are_skipped():
    """A poll that would come in a skipped hour or day comes in the next that is not, spread like others."""
    night = memory(courtesy=Courtesy(skip_hours=frozenset({12, 13, 14})))
    assert 3 * HOUR <= waits(feed(), night) < 3 * HOUR + 30 * MINUTE
    sunday = memory(courtesy=Courtesy(skip_days=frozenset({NOON.weekday(), (NOON.weekday() + 1) % 7})))
    assert 36 * HOUR <= waits(feed(), sunday) < 37 * HOUR
    assert len({waits(feed(name=f"Feed {number}"), night) for number in range(50)}) == 50


def test_a_feed_that_skips_all_hours_skips_none():
    """A document that names every hour, or every day, cannot mean it."""
    for courtesy in (Courtesy(skip_hours=frozenset(range(24))), Courtesy(skip_days=frozenset(range(7)))):
        assert waits(feed(), memory(courtesy=courtesy)) == waits(feed())


def test_untrusted_validators_cost_an_hour():
    """A feed that can only be asked for everything is not asked more than once an hour."""
    untrusted = memory(validators_trusted=False)
    assert UNTRUSTED_INTERVAL <= waits(feed(every=10 * MINUTE), untrusted) < 2 * UNTRUSTED_INTERVAL
    assert waits(feed(every=5 * HOUR), untrusted) >= 5 * HOUR


def test_a_cron_line_is_kept_to():
    """A feed with a cron line is polled at its slots in its zone, up to a minute late, never early."""
    kyiv = feed(cron="30 7,17 * * *", timezone="Europe/Kyiv")
    for number in range(50):
        late = waits(feed(name=f"Feed {number}", cron=kyiv.cron, timezone=kyiv.timezone)) - (3 * HOUR + 30 * MINUTE)
        assert timedelta() <= late <= CRON_JITTER
    slot = NOON + 3 * HOUR + 30 * MINUTE
    assert waits(kyiv, at=slot) >= 13 * HOUR  # polled at the slot, the next is another


def test_failures_leave_out_slots_but_the_slots_stay():
    """A failing feed with a cron line backs off by leaving slots out; what is polled is polled at a slot."""
    often = feed(cron="*/10 * * * *")
    for failures in (1, 3, 9):
        at = next_poll(often, failing(failures), NOON).at
        assert at.minute % 10 == 0
        assert at - NOON >= SHORTEST
    assert waits(often, failing(200)) > HOUR / 2
    assert waits(feed(cron="0 17 * * *"), failing()) < 5 * HOUR + CRON_JITTER
    assert waits(often, failing(9), network_down=True) <= SHORTEST + CRON_JITTER


def test_slots_in_skipped_hours_are_left_out():
    """A slot in an hour that the document skips is left out, unless there is no other slot."""
    skipping = memory(courtesy=Courtesy(skip_hours=frozenset({13, 14})))
    assert 3 * HOUR <= waits(feed(cron="0 * * * *"), skipping) <= 3 * HOUR + CRON_JITTER
    assert HOUR <= waits(feed(cron="0 13 * * *"), skipping) <= HOUR + CRON_JITTER
    last = memory(courtesy=Courtesy(skip_hours=frozenset({13})))
    for number in range(50):
        assert waits(feed(name=f"Feed {number}", cron="59 12 * * *"), last) < HOUR


def test_feeds_do_not_come_due_together():
    """The next polls of many feeds are spread; the same facts give the same time."""
    times = {waits(feed(name=f"Feed {number}")) for number in range(100)}
    assert len(times) == 100
    assert max(times) - min(times) > UNKNOWN * JITTER / 2
    assert waits(feed()) == waits(feed())


def test_what_the_configuration_cannot_hurry():
    """`not_before` is what the server asked for, and no more: a feed whose pace is changed is due by then."""
    assert next_poll(feed(every=9 * HOUR), memory(), NOON).not_before == NOON
    fresh = memory(courtesy=Courtesy(fresh_for=5 * HOUR))
    assert next_poll(feed(), fresh, NOON).not_before == NOON + 5 * HOUR
    assert next_poll(feed(), failing(3), NOON, retry_after=2 * HOUR).not_before == NOON + 2 * HOUR
    assert next_poll(DIRECTORY, fresh, NOON).not_before == NOON
