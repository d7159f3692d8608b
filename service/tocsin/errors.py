"""The exceptions of Tocsin, drawn as a tree.

    TocsinError
    ├── ConfigError          the configuration has mistakes; carries all of them
    ├── QueryError           a query cannot be read, or asks for what cannot be; carries the place
    ├── UsageError           a command was asked for something that cannot be
    ├── AlreadyRunning       another daemon holds the database
    ├── ControlError         the daemon's control socket cannot be used
    └── StorageError         the database refused a piece of work
        ├── DatabaseUnusable   it is missing, foreign, damaged or of another version
        └── DatabaseFull       there is no room left; nothing was stored, try again later

Expected failures of the outside world (a feed that is down, a receiver that answers 500) are not exceptions: they
are values in `tocsin.model`.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class TocsinError(Exception):
    """The base of every error that Tocsin raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in the configuration, or one warning about it.

    `line` and `column` count from 1 and are 0 where the file as a whole is meant. `path` names the place in the
    document (`rules.3.query`), empty for the document itself. `str()` gives the form that people read:
    `rules/ukraine.yaml:14:9: rules.3.querry: unknown key (did you mean "query"?)`.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ConfigError(TocsinError):
    """The configuration has mistakes; `problems` lists all of them, in the order of files and lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class QueryError(TocsinError):
    """A query cannot be read, or asks for what cannot be; the message says what would be right.

    `at` is where in the text of the query, in code points from 0; its length where something is missing at the end.
    """

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


class UsageError(TocsinError):
    """A command was asked for something that cannot be; the message says what would be right."""


class AlreadyRunning(TocsinError):
    """Another daemon holds this database."""


class ControlError(TocsinError):
    """The daemon cannot be asked, or did not answer; the message says why."""


class StorageError(TocsinError):
    """The database refused a piece of work; nothing of that piece is stored."""


class DatabaseUnusable(StorageError):
    """The database is missing, foreign, damaged or of another version; the message says what to do."""


class DatabaseFull(StorageError):
    """There is no room left for the database; nothing of this piece of work is stored, it can be tried again."""
