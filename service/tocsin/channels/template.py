"""Fills in a user's template beside the loop, and waits a second for it at most."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeAlias

from tocsin.model import JsonObject

PATIENCE: Final = 1.0  # seconds

#: Makes JSON of values; ends when the second argument says that nobody waits any more. Raises ValueError.
FillIn: TypeAlias = Callable[[JsonObject, Callable[[], bool]], JsonObject]


async def filled_in(fill_in: FillIn, values: JsonObject) -> JsonObject:
    """Return what a template makes of `values`.

    It has a thread of its own, which the end of the process does not wait for.

    Raises:
        ValueError: it cannot be filled in, or takes longer than a second; the message is one line and says why.
    """
    outcome, stop = Future[JsonObject](), threading.Event()

    def work() -> None:
        try:
            outcome.set_result(fill_in(values, stop.is_set))
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            outcome.set_exception(error)

    outcome.set_running_or_notify_cancel()  # from here on, nobody who stops waiting can take it back
    threading.Thread(target=work, name="template", daemon=True).start()
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.wrap_future(outcome)
    except TimeoutError:
        raise ValueError(f"the template takes longer than {PATIENCE:g} s") from None
    finally:
        stop.set()
