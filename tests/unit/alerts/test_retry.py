"""When a delivery is tried again, and when it is given up."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nouns import NOON
from tocsin.alerts.retry import (
    JITTER,
    LONGEST_PATIENCE,
    LONGEST_RETRY_AFTER,
    REFUSED_SCHEDULE,
    SCHEDULE,
    decide_retry,
)
from tocsin.channels.http import Answer, judge
from tocsin.model import Attempt, AttemptResult, Dead, DeadReason, Delivered, RetryAt, WaitReason

PASSING = (AttemptResult.RETRY, AttemptResult.WAIT, AttemptResult.UNSURE)
SECOND = timedelta(seconds=1)


def after(result, *, attempts=0, refusals=0, delivery="dlv_1", retry_after=None, schedule=SCHEDULE, probe=False):
    """Decide what follows from a try at noon."""
    attempt = Attempt(result=result, detail="", retry_after=retry_after)
    return decide_retry(
        attempt,
        delivery_id=delivery,
        attempts=attempts,
        refusals=refusals,
        now=NOON,
        schedule=schedule,
        probe=probe,
    )


def test_what_arrived_is_delivered():
    """A try that was accepted ends the delivery, however many went before."""
    assert after(AttemptResult.SENT, attempts=99, refusals=99) == Delivered()


def test_what_can_never_work_is_dead_at_once():
    """A receiver that is gone for good is not tried again."""
    assert after(AttemptResult.GONE) == Dead(reason=DeadReason.GONE)


def test_a_probe_of_what_is_still_gone_costs_no_alert():
    """A delivery that only showed that its channel is still gone waits by the schedule."""
    assert isinstance(after(AttemptResult.GONE, probe=True), RetryAt)


@pytest.mark.parametrize("result", PASSING)
@pytest.mark.parametrize("attempts", range(len(SCHEDULE)))
def test_what_may_pass_is_tried_by_the_schedule(result, attempts):
    """Each wait is the schedule's, give or take the jitter."""
    again = after(result, attempts=attempts)
    assert abs((again.at - NOON) / SCHEDULE[attempts] - 1) <= JITTER


@pytest.mark.parametrize("result", [AttemptResult.RETRY, AttemptResult.UNSURE])
def test_after_the_last_wait_it_is_exhausted(result):
    """A delivery that failed once more than there are waits is dead."""
    assert after(result, attempts=len(SCHEDULE)) == Dead(reason=DeadReason.EXHAUSTED)


@pytest.mark.parametrize("retry_after", [None, SECOND])
@pytest.mark.parametrize("attempts", [0, len(SCHEDULE) - 1, len(SCHEDULE), 500])
def test_who_asks_for_patience_is_never_asked_for_the_last_time(attempts, retry_after):
    """However often a receiver asks to wait, the delivery is tried again."""
    assert isinstance(after(AttemptResult.WAIT, attempts=attempts, retry_after=retry_after), RetryAt)


@pytest.mark.parametrize("status", range(200, 600))
def test_what_an_answer_means(status):
    """Every status from 200 to 599 has the end of the table: arrived, patience, later, refused or gone."""
    attempt = judge(Answer(status=status))
    named = judge(Answer(status=status, retry_after=30 * SECOND))
    first = after(attempt.result)
    if 200 <= status <= 299:
        assert first == Delivered()
    elif status == 410:
        assert first == Dead(reason=DeadReason.GONE)
    else:
        assert isinstance(first, RetryAt)
    last = after(attempt.result, attempts=len(SCHEDULE), refusals=len(REFUSED_SCHEDULE))
    match status:
        case 429:
            assert attempt.result is AttemptResult.WAIT
            assert isinstance(last, RetryAt)
        case 408 | 425:
            assert last == Dead(reason=DeadReason.EXHAUSTED)
        case _ if status >= 500:
            assert last == Dead(reason=DeadReason.EXHAUSTED)
        case _ if status >= 300 and status != 410:
            assert last == Dead(reason=DeadReason.REFUSED)
    assert (named.retry_after is not None) is (status in {429, 503})


def test_a_refusal_is_forgiven_for_minutes_only():
    """Refusals have a short schedule of their own, counted apart from other failures."""
    for refusals, wait in enumerate(REFUSED_SCHEDULE):
        again = after(AttemptResult.REFUSED, attempts=8, refusals=refusals)
        assert abs((again.at - NOON) / wait - 1) <= JITTER
    refused = Dead(reason=DeadReason.REFUSED)
    assert after(AttemptResult.REFUSED, refusals=len(REFUSED_SCHEDULE)) == refused


def test_a_receiver_that_asks_to_wait_is_obeyed_up_to_an_hour():
    """It is asked when it says, not sooner, within an hour, and, however often it did so, not a minute later."""
    assert after(AttemptResult.WAIT, retry_after=40 * SECOND).at == NOON + 40 * SECOND
    assert after(AttemptResult.WAIT, retry_after=timedelta(days=9)).at == NOON + LONGEST_RETRY_AFTER
    assert after(AttemptResult.WAIT, retry_after=SECOND).at >= NOON + SCHEDULE[0] * (1 - JITTER)
    assert after(AttemptResult.WAIT, attempts=3, retry_after=SECOND).at == NOON + LONGEST_PATIENCE
    assert after(AttemptResult.WAIT, attempts=3, retry_after=SECOND).reason is WaitReason.CHANNEL
    assert after(AttemptResult.RETRY, attempts=3, retry_after=SECOND).at >= NOON + SCHEDULE[3] * (1 - JITTER)


def test_deliveries_do_not_come_back_together():
    """The waits of many deliveries are spread over the jitter, and each is the same for the same facts."""
    times = [after(AttemptResult.RETRY, attempts=1, delivery=f"dlv_{number}").at for number in range(100)]
    assert max(times) - min(times) > JITTER * SCHEDULE[1]
    assert times == [after(AttemptResult.RETRY, attempts=1, delivery=f"dlv_{number}").at for number in range(100)]


@given(
    result=st.sampled_from(AttemptResult),
    attempts=st.integers(0, 50),
    refusals=st.integers(0, 50),
    delivery=st.text(),
    retry_after=st.none() | st.timedeltas(),
)
def test_the_next_try_is_never_before_now(result, attempts, refusals, delivery, retry_after):
    """Whatever a receiver says, the next try lies ahead and within the longest wait, or there is none."""
    end = after(result, attempts=attempts, refusals=refusals, delivery=delivery, retry_after=retry_after)
    if isinstance(end, RetryAt):
        assert NOON < end.at <= NOON + SCHEDULE[-1] * (1 + JITTER)


@given(result=st.sampled_from([r for r in AttemptResult if r not in {AttemptResult.SENT, AttemptResult.WAIT}]))
def test_a_delivery_that_never_arrives_dies(result):
    """A delivery that keeps failing, and is not asked to wait, ends within as many tries as there are waits and one."""
    attempts = refusals = 0
    while isinstance(after(result, attempts=attempts, refusals=refusals), RetryAt):
        attempts += 1
        refusals += result is AttemptResult.REFUSED
    assert attempts <= len(SCHEDULE)
