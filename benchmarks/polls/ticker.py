"""How late an event loop is: a task that wants to be called every millisecond, and a thread that looks where it hangs.

`python -m polls.ticker` does it in a process that has nothing else to do: what it finds is the machine's own.
"""

import asyncio
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import FrameType

from polls.lines import serve_async

TICK = 0.001
LATE = 0.015  # seconds after which the thread looks


class Ticker:
    """Notes how much later than wanted it was called, in seconds, from `start` to `stop`."""

    def __init__(self) -> None:
        self._lags: list[float] = []
        self._wanted = 0.0
        self._handle: asyncio.TimerHandle | None = None
        self.places: Counter[str] = Counter()

    async def start(self, watch: bool = False) -> object:
        self._lags, self.places = [], Counter()
        self._plan()
        if watch:
            threading.Thread(target=self._look, args=(threading.get_ident(),), daemon=True).start()
        return None

    async def stop(self) -> object:
        """Return what came of it: seconds."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        return summary(self._lags)

    def _plan(self) -> None:
        loop = asyncio.get_running_loop()
        self._wanted = loop.time() + TICK
        self._handle = loop.call_at(self._wanted, self._tick)

    def _tick(self) -> None:
        self._lags.append(max(asyncio.get_running_loop().time() - self._wanted, 0.0))
        self._plan()

    def _look(self, thread: int) -> None:
        """Note, every few milliseconds that the loop is late, where it is."""
        while self._handle is not None:
            time.sleep(LATE / 3)
            frame = sys._current_frames().get(thread)
            if time.monotonic() - self._wanted > LATE and frame is not None:
                self.places[" < ".join(_stack(frame))] += 1


def _stack(frame: FrameType) -> Sequence[str]:
    """Return the innermost frame and those of ours above it."""
    found: list[str] = []
    at: FrameType | None = frame
    while at is not None and len(found) < 5:
        code = at.f_code
        if not found or "tocsin" in code.co_filename:
            found.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{at.f_lineno} {code.co_name}")
        at = at.f_back
    return found


def summary(lags: Sequence[float]) -> dict[str, float]:
    ordered = sorted(lags) or [0.0]
    return {
        "worst": ordered[-1],
        "p99": ordered[int(len(ordered) * 0.99)],
        "p50": ordered[len(ordered) // 2],
        "ticks": len(ordered),
    }


async def main() -> None:
    ticker = Ticker()
    await serve_async({"start": ticker.start, "stop": ticker.stop})


if __name__ == "__main__":
    asyncio.run(main())
