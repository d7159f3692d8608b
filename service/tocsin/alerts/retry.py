"""When a delivery is tried again, and when it is given up."""

from datetime import datetime, timedelta
from typing import assert_never

from tocsin.jitter import share
from tocsin.model import Attempt, AttemptDecision, AttemptResult, Dead, DeadReason, Delivered, RetryAt, WaitReason

#: Waits after each failed try: the table of the Standard Webhooks specification, stretched to 75 hours in all.
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)

#: Waits after a try that the receiver refused: a wrong deploy heals within minutes, a wrong address never.
REFUSED_SCHEDULE = (timedelta(minutes=1), timedelta(minutes=9))

#: Waits are spread by this share, so that many deliveries do not come back together.
JITTER = 0.2

LONGEST_RETRY_AFTER = timedelta(hours=1)

#: A receiver that names a time is not asked again before that; and not much later either, however often it did.
LONGEST_PATIENCE = timedelta(minutes=1)


def decide_retry(
    attempt: Attempt,
    *,
    delivery_id: str,
    attempts: int,
    refusals: int,
    now: datetime,
    schedule: tuple[timedelta, ...] = SCHEDULE,
    probe: bool = False,
) -> AttemptDecision:
    """Decide what follows from a try; `attempts` and `refusals` count the tries before it.

    A receiver that asks to wait is obeyed up to an hour, and never for the last time: it is there. A probe shows
    whether a channel works again; where the channel is still gone, its delivery waits. Jitter comes from a hash of the
    id, so the same facts give the same time.
    """
    match attempt.result:
        case AttemptResult.SENT:
            return Delivered()
        case AttemptResult.GONE if not probe:
            return Dead(reason=DeadReason.GONE)
        case AttemptResult.REFUSED:
            tries, end, schedule = refusals, DeadReason.REFUSED, REFUSED_SCHEDULE
        case AttemptResult.WAIT:
            tries, end = max(min(attempts, len(schedule) - 1), 0), DeadReason.EXHAUSTED
        case AttemptResult.RETRY | AttemptResult.UNSURE | AttemptResult.GONE:
            tries, end = attempts, DeadReason.EXHAUSTED
        case _:
            assert_never(attempt.result)
    if tries >= len(schedule):
        return Dead(reason=end)
    wait = schedule[tries] * (1 + JITTER * (2 * share(f"{delivery_id}\0{attempts}") - 1))
    if not attempt.retry_after:
        return RetryAt(at=now + wait)
    named = min(attempt.retry_after, LONGEST_RETRY_AFTER)
    if attempt.result is AttemptResult.WAIT:
        return RetryAt(at=now + max(named, min(wait, LONGEST_PATIENCE)), reason=WaitReason.CHANNEL)
    return RetryAt(at=now + max(named, wait))
