"""Says on a terminal how far long work has come, on a line of standard error that is written over and taken away."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

from rich.cells import set_cell_size

_FIRST_AFTER = 1.0  # seconds; short work needs no words
_AGAIN_AFTER = 0.25
_WIDTH = 78  # columns
_ERASE = "\r\x1b[K"


class Progress:
    """A line of standard error, where that is a terminal; else nothing."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._is_on = self._stream.isatty()
        self._next = clock() + _FIRST_AFTER
        self._is_shown = False

    def tell(self, words: Callable[[], str]) -> None:
        """Show what `words` returns, unless that was done just now."""
        if self._is_on and self._clock() >= self._next:
            self._stream.write(_ERASE + set_cell_size(words(), _WIDTH).rstrip())
            self._stream.flush()
            self._is_shown, self._next = True, self._clock() + _AGAIN_AFTER

    def clear(self) -> None:
        """Take the line away, so that others can be written."""
        if self._is_shown:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._is_shown = False
