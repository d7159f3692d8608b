"""How a command ends: its exit status, what it says of an error, and how that becomes the other. Quick to import."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn

from tocsin.errors import AlreadyRunning, ConfigError, StorageError, TocsinError
from tocsin.text.clean import clean_line


class Exit(IntEnum):
    """What a command's exit status says."""

    FINE = 0
    FINDING = 1  # no match, a failed test, a delivery that was not accepted
    WRONG = 2  # wrong use, or a mistake in the configuration
    RUNNING = 3
    DATABASE = 4


def leave(status: Exit) -> NoReturn:
    """End the command."""
    raise SystemExit(int(status))


@contextmanager
def ending_well() -> Iterator[None]:
    """Turn the errors that Tocsin raises on purpose into one message and an exit status."""
    try:
        yield
    except ConfigError as error:
        for problem in error.problems:
            complain(str(problem))
        leave(Exit.WRONG)
    except AlreadyRunning as error:
        complain(str(error))
        leave(Exit.RUNNING)
    except StorageError as error:
        complain(str(error))
        leave(Exit.DATABASE)
    except TocsinError as error:
        complain(str(error))
        leave(Exit.WRONG)
    except BrokenPipeError:
        # The reader has seen enough. What is still buffered must not raise again when Python closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        leave(Exit.FINE)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def complain(message: str) -> None:
    """Say what is wrong, on standard error."""
    sys.stderr.write(f"tocsin: {printable(message)}\n")


def printable(text: str) -> str:
    """Return a text that cannot drive a terminal, on one line."""
    return clean_line(text)
