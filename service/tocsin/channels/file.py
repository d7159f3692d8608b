"""Alerts as JSON lines at the end of a file."""

import asyncio
import errno
import os
import stat
from pathlib import Path
from typing import Final

from tocsin.channels.wording import as_json, delivered_payload
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Message

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class FileChannel:
    """Appends each message's payload to a file, on disk before it counts as sent."""

    def __init__(self, spec: ChannelSpec) -> None:
        self._spec = spec
        self._turn = asyncio.Lock()

    async def send(self, message: Message) -> Attempt:
        """Try once to append `message`. Whatever keeps us from it may pass: rights, a missing disk, a full one."""
        try:
            async with asyncio.timeout(self._spec.timeout.total_seconds()), self._turn:
                await asyncio.to_thread(append, Path(self._spec.path), line(message))
        except TimeoutError:
            return Attempt(result=AttemptResult.UNSURE, detail="the disk takes too long")
        except OSError as error:
            detail = "the disk is full" if error.errno in _NO_ROOM else f"cannot write: {error.strerror or error}"
            return Attempt(result=AttemptResult.RETRY, detail=detail)
        return Attempt(result=AttemptResult.SENT, detail="written")


def line(message: Message) -> bytes:
    """Return the message's payload as one JSON line."""
    return as_json(delivered_payload(message)) + b"\n"


def append(path: Path, content: bytes) -> None:
    """Append `content` to the file at `path` in one write and wait for the disk; missing directories are made.

    What a crash or a full disk left of a line stays what it is, and `content` begins on a line of its own.

    Raises:
        OSError: as the system says; ENOSPC also where only a part could be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        content = b"\n" + content if _ends_torn(descriptor) else content
        if os.write(descriptor, content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        _sync_directory(path.parent)


def _ends_torn(descriptor: int) -> bool:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        return False
    return os.pread(descriptor, 1, status.st_size - 1) != b"\n"


def _sync_directory(directory: Path) -> None:
    """Make the new file's name as durable as what is in it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
