"""When a channel may be sent to: its pace, the patience that its receiver asks for, and a breaker for one that fails.

A channel that fails several times in a row is left alone but for probes, ever further apart; one that arrives has
everything go out again. Values in, values out: who stores a standing sees to it that nothing comes in between.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.alerts.retry import JITTER, LONGEST_RETRY_AFTER, SCHEDULE
from tocsin.jitter import share
from tocsin.model import Allowance, Attempt, AttemptDecision, AttemptResult, ChannelKind, ChannelStanding, Dead

#: The least time between two messages, by what the services allow: Slack one a second, Discord 30 a minute for each
#: webhook, Telegram 20 a minute for each group, Teams 4 a second. Others take what comes.
EVERY: Mapping[ChannelKind, timedelta] = {
    ChannelKind.SLACK: timedelta(seconds=1),
    ChannelKind.DISCORD: timedelta(seconds=2),
    ChannelKind.TELEGRAM: timedelta(seconds=3),
    ChannelKind.TEAMS: timedelta(milliseconds=250),
}

#: So many failures in a row open the breaker.
MOST_FAILURES = 5

#: How long the breaker is open before people are told.
TELL_AFTER = timedelta(minutes=15)

#: For how long the deaths of single deliveries of a channel that works are told once.
QUIET = timedelta(hours=1)


def pace_of(kind: ChannelKind) -> timedelta:
    """Return the least time between two messages of a channel of that kind; zero where there is none."""
    return EVERY.get(kind, timedelta())


def decide_allowance(
    standing: ChannelStanding,
    limit: int,
    now: datetime,
    *,
    every: timedelta,
    due_by: datetime,
    lease: timedelta,
) -> Allowance:
    """Decide how many deliveries, up to `limit`, may be claimed of a channel that is sent to once in `every` at most.

    `due_by` is the time up to which a probe counts as due. Who holds the probe does so for `lease`.
    """
    opened = standing.open_since is not None
    if _ahead(standing.held_until, now) or _ahead(standing.paced_until, now) or _ahead(standing.probe_at, due_by):
        return Allowance(limit=0, after=standing)
    after = replace(standing, paced_until=now + every) if every else standing
    if opened:
        after = replace(after, probe_at=now + lease)
    return Allowance(limit=min(limit, 1) if every or opened else limit, after=after, probe=opened)


def decide_standing(
    standing: ChannelStanding,
    attempt: Attempt,
    decision: AttemptDecision,
    now: datetime,
    *,
    probe: bool,
    schedule: tuple[timedelta, ...] = SCHEDULE,
) -> ChannelStanding:
    """Decide how a channel stands after a try of one of its deliveries, and what was decided from that.

    A receiver that names a time is left alone until then, an hour at most. One that refuses works, as far as the
    others are concerned.
    """
    probe = probe and standing.open_since is not None  # another may have arrived meanwhile
    match attempt.result:
        case AttemptResult.SENT:
            return _works(standing, now)
        case AttemptResult.WAIT if attempt.retry_after:
            after = _held(standing, now + min(attempt.retry_after, LONGEST_RETRY_AFTER), probe=probe)
        case AttemptResult.REFUSED if not probe:
            after = standing
        case _:
            most = 1 if attempt.result is AttemptResult.GONE else MOST_FAILURES
            after = _fails(standing, attempt.detail, now, most=most, probe=probe, schedule=schedule or SCHEDULE)
    return _died(after, attempt.detail, now) if isinstance(decision, Dead) else after


def is_kept_waiting(standing: ChannelStanding, now: datetime) -> bool:
    """Tell whether a channel's deliveries wait for it."""
    return standing.open_since is not None or _ahead(standing.held_until, now)


def _ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now < moment


def _works(standing: ChannelStanding, now: datetime) -> ChannelStanding:
    well = replace(standing, failures=0, open_since=None, probes=0, probe_at=None)
    if standing.works_since:
        return well  # people are about to be told
    if standing.told and standing.open_since:
        return replace(well, works_since=now, tell_at=now)
    if standing.died and standing.failing_since and (not standing.told or now - standing.failing_since < QUIET):
        return well  # what died is still to be told, or was told lately
    return over(well)


def over(standing: ChannelStanding) -> ChannelStanding:
    """Return how a channel stands when a spell of trouble is over and told."""
    return replace(standing, failing_since=None, works_since=None, detail="", died=False, told=False, tell_at=None)


def _held(standing: ChannelStanding, until: datetime, *, probe: bool) -> ChannelStanding:
    held = replace(standing, held_until=max(standing.held_until or until, until))
    return replace(held, probe_at=until) if probe else held


def _fails(
    standing: ChannelStanding,
    detail: str,
    now: datetime,
    *,
    most: int,
    probe: bool,
    schedule: tuple[timedelta, ...],
) -> ChannelStanding:
    failing = replace(
        standing,
        failures=standing.failures + 1,
        failing_since=standing.failing_since or now,
        works_since=None,
        detail=detail,
        tell_at=None if standing.told else standing.tell_at,
    )
    if standing.open_since is None and failing.failures >= most:
        opened = replace(
            failing, open_since=now, probes=0, probe_at=now + _until_probe(standing.name, 0, now, schedule)
        )
        return opened if standing.told else replace(opened, tell_at=standing.tell_at or now + TELL_AFTER)
    if probe and standing.open_since:
        probes = standing.probes + 1
        wait = _until_probe(standing.name, probes, standing.open_since, schedule)
        return replace(failing, probes=probes, probe_at=now + wait)
    return failing


def _until_probe(name: str, probes: int, opened: datetime, schedule: tuple[timedelta, ...]) -> timedelta:
    spread = 1 + JITTER * (2 * share(f"{name}\0{opened.isoformat()}\0{probes}") - 1)
    return schedule[min(probes, len(schedule) - 1)] * spread


def _died(standing: ChannelStanding, detail: str, now: datetime) -> ChannelStanding:
    died = replace(standing, died=True, failing_since=standing.failing_since or now, detail=detail)
    return died if standing.told else replace(died, tell_at=now)
