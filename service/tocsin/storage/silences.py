"""Silences: what is kept and not sent, from when until when, and what becomes of it when one is ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy import Row as ResultRow

from tocsin.model import (
    Batch,
    DispatchState,
    RouteMatch,
    Severity,
    Silence,
    SilenceReport,
    WaitReason,
)
from tocsin.storage.statements import Row, insert_all
from tocsin.storage.tables import dispatches, silences

_MATCHED = ("rules", "tags", "feeds", "feed_tags", "languages", "countries")


def holding(connection: Connection, now: datetime) -> tuple[Silence, ...]:
    """Return the silences that hold now, the oldest first."""
    held = select(silences).where(silences.c.starts_at <= now, silences.c.ends_at > now)
    return tuple(_silence(row) for row in connection.execute(held.order_by(silences.c.created_at, silences.c.id)))


def add(connection: Connection, silence: Silence) -> None:
    """Store a silence.

    Raises:
        AlreadyStored: there is one of that id.
    """
    insert_all(connection, silences, [_row(silence)])


def reports(connection: Connection) -> Sequence[SilenceReport]:
    """Return all silences, the newest first, each with how many dispatches it keeps."""
    rows = connection.execute(select(silences).order_by(silences.c.created_at.desc(), silences.c.id)).all()
    return [SilenceReport(silence=_silence(row), muted=len(_muted(connection, row.id))) for row in rows]


def end(connection: Connection, named: str, now: datetime) -> Silence | None:
    """End a silence now, if it has not ended; None where there is none of that id."""
    row = connection.execute(select(silences).where(silences.c.id == named)).one_or_none()
    if row is None:
        return None
    if row.ends_at > now:
        connection.execute(update(silences).where(silences.c.id == named).values(ends_at=max(now, row.starts_at)))
    return _silence(row)


def muted(connection: Connection, named: str) -> Mapping[str, Sequence[str]]:
    """Return the dispatches that a silence keeps, by channel."""
    found: dict[str, list[str]] = {}
    for row in _muted(connection, named):
        found.setdefault(row.channel, []).append(row.id)
    return found


def release(connection: Connection, named: str, batch: Batch, now: datetime) -> None:
    """Have what a silence keeps of a channel wait in a batch, to be sent after all."""
    kept = (dispatches.c.silence_id == named) & (dispatches.c.state == DispatchState.MUTED)
    waiting = {
        "state": DispatchState.WAITING,
        "reason": WaitReason.RELEASED,
        "silence_id": None,
        "batch_id": batch.id,
        "changed_at": now,
    }
    connection.execute(update(dispatches).where(kept, dispatches.c.channel == batch.channel).values(waiting))


def _muted(connection: Connection, named: str) -> Sequence[ResultRow[Any, Any]]:
    kept = (dispatches.c.silence_id == named) & (dispatches.c.state == DispatchState.MUTED)
    return connection.execute(select(dispatches.c.id, dispatches.c.channel).where(kept)).all()


def _row(silence: Silence) -> Row:
    match = silence.match
    asked = {name: sorted(getattr(match, name)) for name in _MATCHED}
    asked |= {"severities": sorted(severity.value for severity in match.severities)}
    asked |= {"channels": sorted(silence.channels), "stories": sorted(silence.stories)}
    return {
        "id": silence.id,
        "matchers": {key: values for key, values in asked.items() if values},
        "starts_at": silence.starts,
        "ends_at": silence.ends,
        "comment": silence.comment,
        "author": silence.author,
        "created_at": silence.created or silence.starts,
    }


def _silence(row: ResultRow[Any]) -> Silence:
    asked = {key: frozenset(values) for key, values in row.matchers.items()}
    match = RouteMatch(
        severities=frozenset(map(Severity, asked.get("severities", ()))),
        **{name: asked[name] for name in _MATCHED if name in asked},
    )
    return Silence(
        id=row.id,
        match=match,
        starts=row.starts_at,
        ends=row.ends_at,
        channels=asked.get("channels", frozenset()),
        stories=asked.get("stories", frozenset()),
        comment=row.comment,
        author=row.author,
        created=row.created_at,
    )
