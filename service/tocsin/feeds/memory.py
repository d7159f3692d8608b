"""What a poll leaves behind for the next one, and what the next one asks with.

Each function takes what was remembered and what came of a poll, and returns what is remembered now. When the next poll
is, is not decided here.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.feeds.schedule import RECENT_ENTRIES, mean_gap
from tocsin.model import Answer, Courtesy, FeedMemory, Fetched, FetchFailed, FetchReason, Move, NotModified

#: How long nothing but "not modified" is believed: that long, or that many mean gaps.
BELIEVED, BELIEVED_GAPS = timedelta(hours=48), 10

#: How often at most a feed is asked without validators, to see whether they tell the truth.
PROBE_INTERVAL = timedelta(hours=24)

#: A move is believed once it was seen in that many polls in a row, over that long: a hotel's network moves everything.
MOVE_POLLS, MOVE_TIME = 3, timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFacts:
    """What a reading found: what the document asks for, the dates of the entries read, how many entries are new."""

    courtesy: Courtesy
    published: tuple[datetime | None, ...]
    new: int


def asks_unconditionally(memory: FeedMemory, now: datetime) -> bool:
    """Tell whether to ask without validators: they are known to lie, or it is time to see whether they do."""
    return not memory.validators_trusted or _is_suspect(memory, now)


def _is_suspect(memory: FeedMemory, now: datetime) -> bool:
    """Tell whether "not modified" was said for longer than a feed that used to publish makes likely."""
    held = memory.validators
    if not memory.validators_trusted or (held.etag is None and held.last_modified is None):
        return False
    if memory.last_new is None or memory.last_changed is None:
        return False
    if memory.last_probe is not None and now - memory.last_probe < PROBE_INTERVAL:
        return False
    return now - memory.last_changed >= max(BELIEVED, BELIEVED_GAPS * (memory.mean_gap or timedelta()))


def proven_address(memory: FeedMemory, now: datetime) -> str | None:
    """Return where the feed moved to for good, once that was seen often and long enough; None: its own URL."""
    move, seen = memory.move, memory.last_success
    if move is None or seen is None or move.polls < MOVE_POLLS:
        return None
    return move.url if min(seen, now) - move.since >= MOVE_TIME else None


def after_failure(memory: FeedMemory, failure: FetchFailed, now: datetime) -> FeedMemory:
    """Return what is remembered after a failure: validators stay; a move that led there is forgotten.

    The feed's own URL is asked again then. A bug of ours says nothing of the address.
    """
    misled = failure.reason is not FetchReason.INTERNAL and proven_address(memory, now) is not None
    return replace(
        memory,
        failures=memory.failures + 1,
        failing_since=memory.failing_since or now,
        move=None if misled else memory.move,
    )


def after_unchanged(memory: FeedMemory, answer: NotModified, now: datetime, *, unconditional: bool) -> FeedMemory:
    """Return what is remembered after a feed said that nothing is new, or sent what we have.

    A "not modified" that says nothing of freshness leaves what was said before (RFC 9111 section 4.3.4); a whole answer
    replaces it. A whole answer is as good as a probe.
    """
    says = answer.answer.fresh_for
    fresh_for = says if answer.same_body or says is not None else memory.courtesy.fresh_for
    return replace(
        _after_success(memory, answer.answer, now),
        validators=answer.validators,
        courtesy=replace(memory.courtesy, fresh_for=fresh_for),
        last_probe=now if unconditional or answer.same_body else memory.last_probe,
    )


def after_reading(
    memory: FeedMemory, fetched: Fetched, reading: ReadFacts, now: datetime, *, unconditional: bool
) -> FeedMemory:
    """Return what is remembered after a feed was read.

    New entries in answer to a probe show that "not modified" was not true. A partial answer (226) has no fingerprint
    of the whole.
    """
    stuck = unconditional and reading.new > 0 and _is_suspect(memory, now)
    return replace(
        _after_success(memory, fetched.answer, now),
        validators=fetched.validators,
        validators_trusted=memory.validators_trusted and not stuck,
        fingerprint=memory.fingerprint if fetched.partial else fetched.fingerprint,
        courtesy=replace(reading.courtesy, fresh_for=fetched.answer.fresh_for),
        mean_gap=_learnt_gap(memory, reading, now),
        first_success=memory.first_success or now,
        last_new=now if reading.new else memory.last_new,
        last_changed=now,
        last_probe=now if unconditional else memory.last_probe,
    )


def _after_success(memory: FeedMemory, answer: Answer, now: datetime) -> FeedMemory:
    return replace(memory, failures=0, failing_since=None, last_success=now, move=_moved(memory, answer, now))


def _moved(memory: FeedMemory, answer: Answer, now: datetime) -> Move | None:
    """Return the move after one more success: counted on, begun anew, or none where the feed is at its own URL.

    Who asks at the proven address itself is not redirected any more.
    """
    move, target = memory.move, answer.moved_to
    if target is None:
        return move if proven_address(memory, now) else None
    if move is not None and move.url == target:
        return replace(move, polls=move.polls + 1)
    return Move(url=target, polls=1, since=now)


def _learnt_gap(memory: FeedMemory, reading: ReadFacts, now: datetime) -> timedelta | None:
    """Return the mean gap between entries as it is known now.

    Dates tell it, of known entries too or of enough new ones. Where there are none, each new entry moves what was known
    by a tenth towards the gap since the last one.
    """
    dated = sum(moment is not None and moment <= now for moment in reading.published)
    if dated > reading.new or dated >= RECENT_ENTRIES or memory.last_new is None:
        return mean_gap(reading.published, now) or memory.mean_gap
    if not reading.new:
        return memory.mean_gap
    arriving = (now - memory.last_new) / reading.new
    weight: float = 1 if memory.mean_gap is None else 1 - (1 - 1 / RECENT_ENTRIES) ** reading.new
    return (memory.mean_gap or arriving) * (1 - weight) + arriving * weight
