"""When a channel may be sent to, and when it is left alone."""

from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nouns import NOON
from tocsin.alerts.ops import decide_channel_tellings
from tocsin.alerts.pace import (
    EVERY,
    MOST_FAILURES,
    QUIET,
    TELL_AFTER,
    decide_allowance,
    decide_standing,
    is_kept_waiting,
    over,
    pace_of,
)
from tocsin.alerts.payload_schema import payload_schema
from tocsin.alerts.render import render_notice
from tocsin.alerts.retry import JITTER, LONGEST_RETRY_AFTER, SCHEDULE
from tocsin.model import (
    Attempt,
    AttemptResult,
    ChannelKind,
    ChannelSpec,
    ChannelStanding,
    Dead,
    DeadReason,
    Delivered,
    RetryAt,
)

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LEASE = 2 * MINUTE
WELL = ChannelStanding(name="desk")
AGAIN = RetryAt(at=NOON)
FAILING = (AttemptResult.RETRY, AttemptResult.UNSURE, AttemptResult.WAIT)


def after(standing, result, *, decision=AGAIN, at=NOON, probe=False, retry_after=None, schedule=SCHEDULE):
    attempt = Attempt(result=result, detail="answered so", retry_after=retry_after)
    return decide_standing(standing, attempt, decision, at, probe=probe, schedule=schedule)


def failed(times, *, at=NOON, standing=WELL, result=AttemptResult.RETRY):
    for _ in range(times):
        standing = after(standing, result, at=at)
    return standing


def allowed(standing, limit=4, *, at=NOON, every=timedelta(), due_by=None):
    return decide_allowance(standing, limit, at, every=every, due_by=due_by or at, lease=LEASE)


# ---------------------------------------------------------------------------------------------------------------
# Pace


def test_a_channel_without_a_pace_takes_what_comes():
    """Where the service sets no limit, as many are claimed as asked for, and nothing is to be stored."""
    assert pace_of(ChannelKind.WEBHOOK) == timedelta()
    allowance = allowed(WELL)
    assert (allowance.limit, allowance.after, allowance.probe) == (4, WELL, False)


@pytest.mark.parametrize(
    ("kind", "most", "within"),
    [
        (ChannelKind.SLACK, 1, SECOND),
        (ChannelKind.DISCORD, 30, MINUTE),
        (ChannelKind.TELEGRAM, 1, SECOND),
        (ChannelKind.TELEGRAM, 20, MINUTE),
        (ChannelKind.TEAMS, 4, SECOND),
    ],
)
def test_no_window_holds_more_than_the_service_allows(kind, most, within):
    """However often a channel is asked, no span of the service's length holds more claims than its limit."""
    standing, times = WELL, []
    for tick in range(6000):
        at = NOON + tick * timedelta(milliseconds=50)
        allowance = allowed(standing, at=at, every=pace_of(kind))
        if allowance.limit:
            assert allowance.limit == 1
            times.append(at)
            standing = allowance.after
    assert all(times[number + most] - times[number] >= within for number in range(len(times) - most))
    assert len(times) >= 0.95 * 300 * SECOND / EVERY[kind], "the pace is used"


def test_a_pace_is_kept_from_the_last_message():
    """One message is allowed at once, the next when the time is over, and not a moment before."""
    second = allowed(WELL, every=SECOND).after
    assert second.paced_until == NOON + SECOND
    assert allowed(second, at=NOON + SECOND - timedelta(microseconds=1), every=SECOND).limit == 0
    assert allowed(second, at=NOON + SECOND, every=SECOND).limit == 1


# ---------------------------------------------------------------------------------------------------------------
# Patience


def test_a_receiver_that_names_a_time_is_left_alone_until_then():
    """The whole channel waits for Retry-After, an hour at most, and a shorter one does not cut a longer one."""
    held = after(WELL, AttemptResult.WAIT, retry_after=30 * SECOND)
    assert held.held_until == NOON + 30 * SECOND
    assert is_kept_waiting(held, NOON)
    assert allowed(held, at=NOON + 29 * SECOND).limit == 0
    assert allowed(held, at=NOON + 30 * SECOND).limit == 4
    assert after(held, AttemptResult.WAIT, retry_after=SECOND).held_until == NOON + 30 * SECOND
    assert after(WELL, AttemptResult.WAIT, retry_after=timedelta(days=2)).held_until == NOON + LONGEST_RETRY_AFTER


def test_patience_is_no_failure():
    """A receiver that names a time is there: it does not open the breaker, however often it does."""
    standing = WELL
    for _ in range(20):
        standing = after(standing, AttemptResult.WAIT, retry_after=SECOND)
    assert (standing.failures, standing.open_since) == (0, None)


def test_a_probe_that_is_put_off_is_made_when_the_receiver_says():
    """A channel that fails and then asks for patience is probed at its time."""
    held = after(failed(5), AttemptResult.WAIT, retry_after=10 * MINUTE, probe=True)
    assert allowed(held, at=NOON + 10 * MINUTE - SECOND).limit == 0
    assert allowed(held, at=NOON + 10 * MINUTE).probe


# ---------------------------------------------------------------------------------------------------------------
# The breaker


@pytest.mark.parametrize("result", FAILING)
def test_the_breaker_opens_after_five_failures_in_a_row(result):
    """Four failures leave a channel as it is; the fifth leaves it alone."""
    assert failed(MOST_FAILURES - 1, result=result).open_since is None
    opened = failed(MOST_FAILURES, result=result)
    assert (opened.open_since, opened.failing_since, opened.detail) == (NOON, NOON, "answered so")
    assert is_kept_waiting(opened, NOON)


def test_a_success_in_between_begins_the_count_anew():
    """Failures that are not in a row open nothing."""
    standing = failed(MOST_FAILURES - 1)
    standing = after(standing, AttemptResult.SENT, decision=Delivered())
    assert standing == WELL
    assert failed(MOST_FAILURES - 1, standing=standing).open_since is None


def test_a_refusal_says_nothing_of_the_channel():
    """A receiver that refuses one message neither fails nor works."""
    standing = failed(3)
    assert after(standing, AttemptResult.REFUSED) == standing


def test_one_probe_is_made_at_each_step_of_the_schedule():
    """An open breaker lets one delivery through after each wait, and nobody else while that is tried."""
    standing, at = failed(MOST_FAILURES), NOON
    for step, wait in enumerate((*SCHEDULE, SCHEDULE[-1], SCHEDULE[-1])):
        assert abs((standing.probe_at - at) / wait - 1) <= JITTER, step
        assert allowed(standing, at=standing.probe_at - timedelta(microseconds=1)).limit == 0
        at = standing.probe_at
        allowance = allowed(standing, at=at)
        assert (allowance.limit, allowance.probe) == (1, True)
        assert allowed(allowance.after, at=at).limit == 0
        assert allowed(allowance.after, at=at + LEASE).limit == 1, "who probed has died"
        standing = after(allowance.after, AttemptResult.RETRY, at=at, probe=True)


def test_what_was_under_way_when_the_breaker_opened_is_no_probe():
    """Failures of deliveries that were claimed before do not put the next probe off."""
    opened = failed(MOST_FAILURES)
    assert failed(3, standing=opened).probe_at == opened.probe_at


@pytest.mark.parametrize("result", [*FAILING, AttemptResult.REFUSED, AttemptResult.GONE])
def test_only_what_arrives_closes_the_breaker(result):
    """A probe that ends in any other way leaves the breaker open; one that arrives closes it."""
    opened = failed(MOST_FAILURES)
    later = after(opened, result, at=NOON + MINUTE, probe=True)
    assert (later.open_since, later.probes) == (NOON, 1)
    closed = after(later, AttemptResult.SENT, decision=Delivered(), probe=True)
    assert closed == WELL


def test_a_receiver_that_is_gone_opens_the_breaker_at_once():
    """What can never work is not asked for each delivery."""
    gone = after(WELL, AttemptResult.GONE, decision=Dead(reason=DeadReason.GONE))
    assert gone.open_since == NOON


def test_channels_that_fail_together_are_not_probed_together():
    """Probes are spread by the channel's name."""
    times = {failed(5, standing=ChannelStanding(name=f"channel {number}")).probe_at for number in range(20)}
    assert len(times) == 20


# ---------------------------------------------------------------------------------------------------------------
# Telling


def told(standing):
    return replace(standing, told=True, tell_at=None)


def works(standing, at):
    return after(standing, AttemptResult.SENT, decision=Delivered(), at=at)


def test_an_outage_is_told_after_a_quarter_of_an_hour():
    """People are to be told when the breaker has been open for 15 minutes; one that closes before troubles nobody."""
    opened = failed(MOST_FAILURES)
    assert opened.tell_at == NOON + TELL_AFTER
    assert works(opened, NOON + MINUTE).tell_at is None


def test_the_end_of_an_outage_is_told_once():
    """A channel that works again is told of if its outage was; nothing more then, whatever arrives."""
    end = works(told(failed(MOST_FAILURES)), NOON + HOUR)
    assert (end.works_since, end.tell_at) == (NOON + HOUR, NOON + HOUR)
    assert works(end, NOON + HOUR + MINUTE) == end
    assert over(end) == WELL
    assert works(WELL, NOON) == WELL


def test_an_end_that_did_not_last_is_not_told():
    """A channel that fails again before its recovery was told is in the same outage."""
    again = failed(1, standing=works(told(failed(MOST_FAILURES)), NOON + HOUR))
    assert (again.works_since, again.tell_at, again.told, again.failing_since) == (None, None, True, NOON)


def test_a_death_is_told_at_once_and_only_once_in_an_outage():
    """What is given up is told now; further deaths of the same outage are not told."""
    died = after(failed(MOST_FAILURES), AttemptResult.RETRY, decision=Dead(reason=DeadReason.EXHAUSTED), probe=True)
    assert died.tell_at == NOON
    more = after(told(died), AttemptResult.RETRY, decision=Dead(reason=DeadReason.EXHAUSTED), at=NOON + HOUR)
    assert more.tell_at is None


def test_a_death_is_told_though_the_channel_works():
    """A message that alone was refused is told of, also where another arrived meanwhile; once an hour."""
    died = after(WELL, AttemptResult.REFUSED, decision=Dead(reason=DeadReason.REFUSED))
    assert died.tell_at == NOON
    assert works(died, NOON + SECOND).tell_at == NOON
    later = works(told(died), NOON + MINUTE)
    again = after(later, AttemptResult.REFUSED, decision=Dead(reason=DeadReason.REFUSED), at=NOON + 2 * MINUTE)
    assert again.tell_at is None
    assert works(again, NOON + QUIET) == WELL


# ---------------------------------------------------------------------------------------------------------------
# Laws


@given(
    tries=st.lists(
        st.tuples(
            st.sampled_from(AttemptResult), st.booleans(), st.integers(0, 4000), st.none() | st.integers(0, 9000)
        ),
        max_size=60,
    )
)
def test_a_channel_is_always_tried_again(tries):
    """Whatever comes of tries, nothing keeps a channel waiting for longer than its longest wait."""
    standing, at = WELL, NOON
    for result, probe, seconds, patience in tries:
        at += seconds * SECOND
        wait = None if patience is None else patience * SECOND
        standing = after(standing, result, at=at, probe=probe, retry_after=wait)
        assert (standing.open_since is None) == (standing.probe_at is None)
        latest = at + max(SCHEDULE[-1] * (1 + JITTER), LONGEST_RETRY_AFTER)
        assert allowed(standing, at=latest).limit >= 1
        if result is AttemptResult.SENT:
            assert (standing.open_since, standing.failures) == (None, 0)


# ---------------------------------------------------------------------------------------------------------------
# What is said


DESK, DUTY, LOG = (ChannelSpec(name=name, kind=ChannelKind.WEBHOOK) for name in ("desk", "duty", "log"))


@pytest.mark.parametrize(
    ("standing", "headline"),
    [
        (failed(5), "desk takes no messages: answered so, since 01 Mar 2026 14:00 EET"),
        (works(told(failed(5)), NOON + HOUR), "desk takes messages again, after 1 hour"),
        (
            after(WELL, AttemptResult.REFUSED, decision=Dead(reason=DeadReason.REFUSED)),
            "A message to desk was given up: answered so",
        ),
    ],
)
def test_a_channel_in_trouble_is_told_of_in_words(standing, headline):
    """What is told of a channel is valid, and says which, what and since when."""
    record = decide_channel_tellings([standing], ["desk"], [DESK, DUTY], [DESK, DUTY, LOG], NOON + HOUR)
    [message] = record.messages
    assert message.channel == "duty"
    payload = {**message.payload, "data": {**message.payload["data"], "delivery_id": "dlv_1"}}
    jsonschema.Draft202012Validator(payload_schema()).validate(payload)
    assert render_notice(payload, "Europe/Kyiv").headline == headline


@pytest.mark.parametrize(
    ("failing", "ops", "channels", "through"),
    [
        ((), [DUTY, LOG], [DESK, DUTY, LOG], ["duty", "log"]),
        (("duty",), [DESK, DUTY, LOG], [DESK, DUTY, LOG], ["log"]),
        ((), [DESK], [DESK, DUTY, LOG], ["duty", "log"]),
        (("duty",), [DUTY], [DESK, DUTY, LOG], ["log"]),
        (("duty",), [DUTY], [DESK, DUTY], ["duty"]),
        ((), [DESK], [DESK], []),
    ],
)
def test_another_channel_tells_of_one_that_fails(failing, ops, channels, through):
    """The channels for it tell, if they work; else any that works; never the one that fails."""
    record = decide_channel_tellings([failed(5)], ["desk", *failing], ops, channels, NOON)
    assert [message.channel for message in record.messages] == through
