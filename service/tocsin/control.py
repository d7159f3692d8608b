"""One daemon per SQLite database, and the way for commands to ask it.

The daemon holds a lock beside its database, and listens on a Unix socket beside it: one JSON object on a line asks
(`{"command": "retry", "delivery": "…"}`), one answers (`{"ok": true, …}` or `{"ok": false, "error": "…"}`). Who may
open the socket is decided by the file system; this room knows no command and touches no database.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import socket
import stat
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Self, TypeAlias

from tocsin.errors import AlreadyRunning, ControlError, DatabaseUnusable, TocsinError, UsageError
from tocsin.model import JsonObject

Handler: TypeAlias = Callable[[JsonObject], Awaitable[JsonObject]]

LONGEST_SOCKET_PATH = 100  # bytes; the kernel takes 107, macOS 103
LONGEST_LINE = 1_000_000  # bytes, of a request or an answer
DEADLINE = timedelta(seconds=60)  # for one connection


class DatabaseLock:
    """A lock on a database file, held from `with` to its end and let go by the kernel when the process dies.

    It is an flock(2) on `<database>.lock`, which names the holder's process and stays when it is let go: removing it
    would let a third daemon lock a new file while a second waits on the old one. A bare fork shares the lock with
    its parent; a child that executes another program does not.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = _beside(database.resolve(), ".lock")

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            AlreadyRunning: another process holds it.
            DatabaseUnusable: the lock file cannot be made or locked.
        """
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise DatabaseUnusable(f"cannot lock {self._database}: {self._path}: {error.strerror}") from error
        try:
            self._lock()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"{self._holder()} already runs on {self._database}") from error
        except OSError as error:  # a file system without locks
            raise DatabaseUnusable(f"cannot lock {self._database}: {self._path}: {error.strerror}") from error
        with suppress(OSError):  # a full disk; the lock itself needs no room
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def _holder(self) -> str:
        pid = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
        return f"another Tocsin (process {pid})" if pid.isdecimal() else "another Tocsin"


def socket_path(database: Path) -> Path:
    """Return where the daemon of `database` listens: beside it, or in the temporary directory if that path is too long.

    It is the same for every spelling of the path, and so for the daemon and for those who ask it.
    """
    beside = _beside(database.resolve(), ".sock")
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH:
        return beside
    name = hashlib.sha256(os.fsencode(beside)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tocsin-{name}.sock"


def _beside(database: Path, suffix: str) -> Path:
    return database.with_name(database.name + suffix)


# ---------------------------------------------------------------------------------------------------------------
# The daemon's side


class ControlServer:
    """Answers commands on a Unix socket that only its owner can open, for as long as `async with` lasts.

    A handler gets the request without its `command` and returns what the answer holds besides `ok`; a `TocsinError`
    that it raises becomes the answer's `error`. Any other exception is a bug: the connection ends without an answer
    and asyncio reports it. What is not a request is answered with an error.
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler], *, deadline: timedelta = DEADLINE) -> None:
        """Set up a server.

        Args:
            path: where to listen, of at most 100 bytes. Only one who holds the `DatabaseLock` may listen there: a
                socket that is found there is taken for a killed daemon's, and replaced.
            handlers: what answers each command.
            deadline: for one connection, from its opening to its answer.
        """
        self._path = path
        self._handlers = handlers
        self._deadline = deadline.total_seconds()
        self._conversations: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ControlError: there is something else at the path, or no socket can be made there.
        """
        listener = _bind(self._path)
        try:
            self._server = await asyncio.start_unix_server(self._accept, sock=listener, limit=LONGEST_LINE)
        except BaseException:
            listener.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)
        conversation.add_done_callback(lambda _: writer.close())

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError):  # who asked has gone, or does not listen
            line = _encode(await self._answer(reader))
            async with asyncio.timeout(self._deadline):
                writer.write(line)
                await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader) -> JsonObject:
        try:
            async with asyncio.timeout(self._deadline):
                return {**await self._obey(await _read_request(reader)), "ok": True}
        except TimeoutError:
            return _refusal("this took too long and was given up")
        except TocsinError as error:
            return _refusal(str(error))

    async def _obey(self, request: dict[str, object]) -> JsonObject:
        command = request.pop("command", None)
        handler = self._handlers.get(command) if isinstance(command, str) else None
        if handler is None:
            raise UsageError(f"unknown command {command!r}, expected one of: {', '.join(sorted(self._handlers))}")
        return await handler(request)


def _bind(path: Path) -> socket.socket:
    """Return a socket bound to `path`, for the owner only; nobody can connect before it listens."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_socket(path)
        listener.bind(os.fspath(path))
        os.chmod(path, 0o600)
    except OSError as error:
        listener.close()
        raise ControlError(f"cannot listen on {path}: {error.strerror or error}") from error
    return listener


def _remove_socket(path: Path) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()


async def _read_request(reader: asyncio.StreamReader) -> dict[str, object]:
    try:
        return _parse_object(await reader.readline())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"expected a JSON object on one line of at most {LONGEST_LINE} bytes") from error


def _parse_object(line: bytes) -> dict[str, object]:
    """Read a line; raises ValueError or RecursionError for what is no JSON object."""
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - as json itself does
    return value


def _encode(answer: JsonObject) -> bytes:
    line = json.dumps(answer).encode() + b"\n"
    return line if len(line) <= LONGEST_LINE else _encode(_refusal("the answer is too long"))


def _refusal(reason: str) -> JsonObject:
    return {"ok": False, "error": reason}


# ---------------------------------------------------------------------------------------------------------------
# The other side


async def ask(path: Path, command: str, /, **arguments: object) -> JsonObject | None:
    """Return the daemon's answer to a command, or None where no daemon listens at `path`.

    Raises:
        ControlError: the socket is not ours, the request is too long, or the daemon ended before it answered.
    """
    request = json.dumps({**arguments, "command": command}).encode() + b"\n"
    if len(request) > LONGEST_LINE:
        raise ControlError(f"the request is longer than {LONGEST_LINE} bytes")
    try:
        _check_owner(path)
        reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_LINE)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return None
    try:
        return await _exchange(request, reader, writer)
    finally:
        writer.close()


def _check_owner(path: Path) -> None:
    """Refuse a socket of somebody else's, as anybody may put one into a temporary directory; root asks everyone."""
    found = path.lstat()
    if not stat.S_ISSOCK(found.st_mode) or os.geteuid() not in {0, found.st_uid}:
        raise ControlError(f"{path} is not a socket of this user")


async def _exchange(request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> JsonObject:
    try:
        async with asyncio.timeout(2 * DEADLINE.total_seconds()):
            writer.write(request)
            await writer.drain()
            return _parse_object(await reader.readline())
    except (OSError, TimeoutError, ValueError, RecursionError) as error:
        raise ControlError("the daemon did not answer; whether it did what was asked is not known") from error
