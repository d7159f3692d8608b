"""The log: which events there are, which details they may carry, and how they become lines.

One line per event, JSON off a terminal and readable on one. Libraries that use the standard `logging` end up in the
same lines. Whatever a value holds, a line shows no secret, and every character that Unicode does not call printable
is escaped, so that no value can forge a line, reorder it or drive a terminal. The log says what happened; it decides
nothing, and a line that cannot be written is given up.
"""

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self, TextIO, TypedDict, Unpack, cast
from urllib.parse import quote, quote_plus, unquote, urlsplit

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, ProcessorReturnValue, WrappedLogger

SHORTEST_SECRET = 4  # shorter ones would blot out ordinary words
SHORTEST_SECRET_PATH = 16  # of a secret URL; shorter ones are names like /in or /tocsin
LONGEST_VALUE = 10_000  # characters, of which the middle is cut out
FIRST_KEYS = ("timestamp", "level", "logger", "event")


class Event(StrEnum):
    """Every event of ours: what it is about, and what happened to it."""

    DAEMON_STARTED = "daemon.started"
    DAEMON_STOPPED = "daemon.stopped"
    STOP_REQUESTED = "stop.requested"
    CONFIG_WARNED = "config.warned"
    CONFIG_RELOADED = "config.reloaded"
    CONFIG_REFUSED = "config.refused"
    HEARTBEAT_WITHHELD = "heartbeat.stopped"
    HEARTBEAT_FAILED = "heartbeat.failed"
    HEARTBEAT_RESUMED = "heartbeat.resumed"
    DATABASE_UPGRADED = "database.upgraded"
    DATABASE_PRUNED = "database.pruned"
    DATABASE_CAUTIONED = "database.cautioned"
    CLOCK_SET_BACK = "clock.stepped"
    STORAGE_FULL = "storage.filled"
    STORAGE_FAILED = "storage.failed"
    STORAGE_RECOVERED = "storage.recovered"
    FEED_POLLED = "feed.polled"
    FEED_FAILED = "feed.failed"
    FEED_RECOVERED = "feed.recovered"
    ENTRY_SKIPPED = "entry.skipped"
    ARTICLE_BROKE = "article.failed"
    ARTICLE_PUT_ASIDE = "article.shelved"
    PAGE_FETCHED = "page.fetched"
    PAGE_MISSED = "page.missed"
    CONDITION_STARTED = "condition.started"
    CONDITION_ENDED = "condition.ended"
    ALERT_RANG = "alert.rang"
    ALERT_POSTPONED = "alert.postponed"
    ALERT_UPDATED = "alert.updated"
    ALERT_DROPPED = "alert.dropped"
    BATCH_FLUSHED = "batch.flushed"
    SILENCE_STARTED = "silence.started"
    SILENCE_ENDED = "silence.ended"
    FURNITURE_SPARED = "furniture.spared"
    DELIVERY_ATTEMPTED = "delivery.attempted"
    DELIVERY_DIED = "delivery.died"
    CHANNEL_HELD = "channel.paused"
    CHANNEL_FAILED = "channel.failed"
    CHANNEL_RECOVERED = "channel.recovered"
    LEASE_LOST = "lease.lost"
    COMMAND_ANSWERED = "command.answered"
    STEP_CRASHED = "step.crashed"


class Details(TypedDict, total=False):
    """Every detail an event may carry. Never the text of an article, never a secret."""

    # which one
    feed: str
    url: str
    path: str
    entry: str
    article: str
    title: str
    rule: str
    story: str
    alert: str
    alerts: int
    silence: str
    channel: str
    recipient: str
    message: str
    delivery: str
    lane: str
    step: str
    command: str
    # how it went
    state: str
    outcome: str
    reason: str | None
    detail: str | None
    status: int | None
    attempt: int
    took: float  # seconds
    due: datetime | None
    next_poll: datetime | None
    remote_id: str | None
    problem: str
    problems: list[str]
    exc_info: BaseException | bool
    # how many
    entries: int
    new: int
    changed: int
    seen: int
    skipped: int
    matches: int
    rung: int
    dropped: int
    received: int  # bytes
    failures: int
    rows: dict[str, int]  # by table
    # what runs
    version: str
    pid: int
    database: str
    config: str
    feeds: int
    rules: int
    entities: int
    channels: int
    signal: str


class Logger(Protocol):
    """What the rest of the service writes to."""

    def bind(self, **details: Unpack[Details]) -> "Logger":
        """Return a logger whose every event carries `details` as well."""
        ...

    def debug(self, event: Event, **details: Unpack[Details]) -> object:
        """Tell what is of use while looking for a mistake."""
        ...

    def info(self, event: Event, **details: Unpack[Details]) -> object:
        """Tell what went as it should."""
        ...

    def warning(self, event: Event, **details: Unpack[Details]) -> object:
        """Tell what somebody should look at, some time."""
        ...

    def error(self, event: Event, **details: Unpack[Details]) -> object:
        """Tell what somebody should look at now."""
        ...

    def exception(self, event: Event, **details: Unpack[Details]) -> object:
        """Tell of the exception that is being handled, with its trace."""
        ...


# ---------------------------------------------------------------------------------------------------------------
# Secrets


class Veil:
    """Replaces every secret in a text by `***`, also where it is quoted, escaped or part of a URL."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these as well; what was hidden before stays so, for it may still be on its way to a line."""
        self._secrets |= frozenset(secrets)
        forms = {form for secret in self._secrets for form in _forms(secret) if len(form) >= SHORTEST_SECRET}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        # Hosts come back in small letters, whatever was written.
        self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if forms else None

    def __call__(self, text: str) -> str:
        """Return `text` without its secrets."""
        return self._pattern.sub("***", text) if self._pattern else text


def _forms(secret: str) -> Iterable[str]:
    """Yield the ways in which a secret may be spelt: as it is, escaped, quoted, or the telling parts of a URL."""
    yield secret
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    for plain in (secret, *_parts(secret)):
        yield from (plain, quote(plain), quote(plain, safe=""), quote_plus(plain), unquote(plain))


def _parts(secret: str) -> Iterable[str]:
    """Yield the password and the long path of a secret that is a URL: errors and traces name these alone."""
    try:
        url = urlsplit(secret)
    except ValueError:
        return
    if not url.netloc:
        return
    yield url.password or ""
    target = f"{url.path}?{url.query}" if url.query else url.path
    yield from (part for part in (target, url.path) if len(part) >= SHORTEST_SECRET_PATH)


# ---------------------------------------------------------------------------------------------------------------
# From an event to a line


def escape(text: str) -> str:
    r"""Return `text` with every unprintable character as JSON spells it: `\n`, `\u202e`, `\ud800`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def _shorten(text: str) -> str:
    half = LONGEST_VALUE // 2
    return text if len(text) <= LONGEST_VALUE else f"{text[:half]} … {text[-half:]}"


class _Plainly:
    """Turns every value into what JSON knows, without secrets. Strings are shortened once their secrets are gone."""

    def __init__(self, veil: Veil) -> None:
        self._veil = veil

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: self._plain(value) for key, value in event.items()}

    def _plain(self, value: object) -> object:
        match value:
            case Event():
                return value.value
            case None | bool() | int() | float():
                return value
            case str():
                return _shorten(self._veil(str(value)))
            case datetime():
                return value.isoformat()
            case Mapping():
                return {self._veil(str(key)): self._plain(item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._plain(item) for item in value]
            case _:
                return _shorten(self._veil(str(value)))


def _name_library(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if not event["_from_structlog"]:
        event["logger"] = event["_record"].name
    return event


def _order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: event[key] for key in FIRST_KEYS if key in event} | dict(event)


def _escape_line(_logger: WrappedLogger, _method: str, line: ProcessorReturnValue) -> str:
    return escape(cast("str", line))  # in JSON all that is not printable stands inside a string: the value is the same


def _escape_columns(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Make the event's free texts safe for a terminal; the other values are quoted when they are rendered.

    A trace keeps its lines, each behind a bar, where none can be taken for an event.
    """
    for column in event.keys() & {"event", "logger"}:
        event[column] = escape(event[column])
    for column in event.keys() & {"exception", "stack"}:
        event[column] = "\n".join(f"  │ {escape(line)}" for line in event[column].split("\n"))
    return event


def _json_processors() -> list[Processor]:
    return [_order, structlog.processors.JSONRenderer(ensure_ascii=False), _escape_line]


def _console_processors(*, coloured: bool) -> list[Processor]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=coloured,
        repr_native_str=True,
        sort_keys=False,
        # Ours is plain text by then; the renderer's own shows local variables, and these hold secrets.
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [_escape_columns, renderer]


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines to a stream, whatever its encoding."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with what the stream's encoding does not have in backslashes."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return super().format(record).encode(encoding, "backslashreplace").decode(encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Give the line up: telling of it needs the same stream, and `logging` would print the bare record."""


class Log:
    """The log of one process, with the stream that it is written to.

    Used as a context manager it also takes in what libraries tell the standard `logging` and `warnings`, from
    WARNING on: below that, HTTP clients name whole URLs.
    """

    def __init__(self, *, level: str, style: str, stream: TextIO, secrets: Iterable[str] = ()) -> None:
        """Set up a log that touches nothing but `stream`.

        Args:
            level: debug, info, warning or error.
            style: json (lines), console (text, coloured on a terminal unless NO_COLOR is set), or auto: the latter
                where `stream` is a terminal.
            stream: where lines go; it stays the caller's.
            secrets: strings that must not be seen; those of up to three characters are let through.
        """
        threshold = logging.getLevelNamesMapping()[level.upper()]
        self.veil = Veil(secrets)
        self._lines = _Lines(stream)
        self._lines.setFormatter(_formatter(self.veil, _renderers(style, stream)))
        own = logging.Logger("tocsin", threshold)  # noqa: LOG001 - not in logging's registry: two logs do not meet
        own.addHandler(self._lines)
        self.logger: Logger = structlog.wrap_logger(
            own,
            processors=[ProcessorFormatter.wrap_for_formatter],
            wrapper_class=structlog.make_filtering_bound_logger(threshold),
        ).bind()

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._level_before = root.level
        root.addHandler(self._lines)
        root.setLevel(logging.WARNING)
        logging.captureWarnings(True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.captureWarnings(False)
        root = logging.getLogger()
        root.setLevel(self._level_before)
        root.removeHandler(self._lines)


def _renderers(style: str, stream: TextIO) -> list[Processor]:
    terminal = stream.isatty()
    if style == "console" or (style == "auto" and terminal):
        return _console_processors(coloured=terminal and "NO_COLOR" not in os.environ)
    return _json_processors()


def _formatter(veil: Veil, renderers: Iterable[Processor]) -> ProcessorFormatter:
    return ProcessorFormatter(
        processors=[
            _name_library,
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _Plainly(veil),
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ]
    )
