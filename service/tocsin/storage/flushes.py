"""What came of a batch that was due: what is sent, and what is kept or waits for the next."""

from datetime import timedelta

from sqlalchemy import Connection, func, select, update

from tocsin.model import DispatchState, FlushRecord, MuteReason
from tocsin.storage import deliveries
from tocsin.storage.statements import batches as runs
from tocsin.storage.tables import batches, dispatches


def flush(connection: Connection, flushed: FlushRecord) -> bool:
    """Store what came of a batch; False, and nothing is stored, where another told it, or something came to it."""
    batch = flushed.batch
    as_known = (batches.c.id == batch.id) & (batches.c.due_at == batch.due)
    told = [dispatch for message in flushed.messages for dispatch in message.dispatches]
    # Whoever adds to a batch locks its row first, so that nothing comes to it after it was counted.
    if connection.execute(select(batches.c.id).where(as_known).with_for_update()).one_or_none() is None:
        return False
    waiting = (dispatches.c.batch_id == batch.id) & (dispatches.c.state == DispatchState.WAITING)
    count = connection.scalar(select(func.count()).select_from(dispatches).where(waiting))
    if count != len(told) + len(flushed.muted):
        return False
    done = {"due_at": flushed.next_due, "opened_at": None, "flushed_at": flushed.at}
    connection.execute(update(batches).where(as_known).values(done))
    for run in runs(told):
        out = {"batch_id": None, "reason": None, "changed_at": flushed.at}
        connection.execute(update(dispatches).where(dispatches.c.id.in_(run)).values(out))
    for dispatch, silence in flushed.muted:
        kept = {"state": DispatchState.MUTED, "reason": MuteReason.SILENCED, "silence_id": silence, "batch_id": None}
        connection.execute(
            update(dispatches).where(dispatches.c.id == dispatch).values({**kept, "changed_at": flushed.at})
        )
    for number, message in enumerate(flushed.messages):
        deliveries.add_once(connection, message, flushed.at + timedelta(microseconds=number))
    return True
