"""What a feed's row remembers for its next poll, as columns and as a value."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row as ResultRow

from tocsin.model import Courtesy, FeedMemory, JsonObject, Move, Validators
from tocsin.storage.statements import Row


def memory_of(row: ResultRow[Any]) -> FeedMemory:
    """Return what a row of `feeds` remembers."""
    return FeedMemory(
        validators=validators_of(row),
        validators_trusted=row.validators_trusted,
        fingerprint=row.fingerprint,
        courtesy=_courtesy(row.courtesy or {}),
        not_before=row.not_before,
        mean_gap=_duration(row.mean_gap_seconds),
        failures=row.failures,
        failing_since=row.failing_since,
        first_success=row.first_polled_at,
        last_success=row.last_success_at,
        last_new=row.last_new_at,
        last_changed=row.last_changed_at,
        last_probe=row.last_probe_at,
        move=Move(url=row.move_url, polls=row.move_polls, since=row.move_since) if row.move_url else None,
    )


def validators_of(row: ResultRow[Any]) -> Validators:
    """Return the validators in a row of `feeds` or `feed_parts`."""
    return Validators(etag=row.etag, last_modified=row.last_modified, source=row.validators_source)


def validator_columns(validators: Validators) -> Row:
    """Return validators as columns of `feeds` or `feed_parts`."""
    return {
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        "validators_source": validators.source,
    }


def columns_of(memory: FeedMemory) -> Row:
    """Return what a feed remembers as columns of `feeds`."""
    move = memory.move
    return {
        **validator_columns(memory.validators),
        "validators_trusted": memory.validators_trusted,
        "fingerprint": memory.fingerprint,
        "courtesy": _courtesy_json(memory.courtesy),
        "not_before": memory.not_before,
        "mean_gap_seconds": _seconds(memory.mean_gap),
        "failures": memory.failures,
        "failing_since": memory.failing_since,
        "first_polled_at": memory.first_success,
        "last_success_at": memory.last_success,
        "last_new_at": memory.last_new,
        "last_changed_at": memory.last_changed,
        "last_probe_at": memory.last_probe,
        "move_url": move and move.url,
        "move_polls": move and move.polls,
        "move_since": move and move.since,
    }


def _courtesy(stored: JsonObject) -> Courtesy:
    hours, days = stored.get("skip_hours"), stored.get("skip_days")
    return Courtesy(
        fresh_for=_duration(stored.get("fresh_for")),
        at_least=_duration(stored.get("at_least")),
        skip_hours=frozenset(hours if isinstance(hours, list) else ()),
        skip_days=frozenset(days if isinstance(days, list) else ()),
    )


def _courtesy_json(courtesy: Courtesy) -> JsonObject | None:
    if courtesy == Courtesy():
        return None
    return {
        "fresh_for": _seconds(courtesy.fresh_for),
        "at_least": _seconds(courtesy.at_least),
        "skip_hours": sorted(courtesy.skip_hours),
        "skip_days": sorted(courtesy.skip_days),
    }


def _duration(seconds: object) -> timedelta | None:
    return timedelta(seconds=seconds) if isinstance(seconds, int | float) else None


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
