"""Feeds that are a directory: each file directly in it is a document.

A file that changed less than a second ago is left for the next look: whoever writes it may not be done. Two looks, a
second apart, would find it the same. What counts is when it was written to and when anything of it changed, the later
of the two: whoever writes can set the first, nobody the second.
"""

import asyncio
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tocsin.model import Document, FeedSpec, Fetched, FetchFailed, FetchOutcome, FetchReason, NotModified, Validators

_ENDINGS: Final = (".txt", ".html", ".htm", ".xml", ".rss", ".atom", ".json", ".jsonl")
_LARGEST: Final = 10_000_000
_SETTLED_AFTER: Final = 1.0  # seconds


class DirectoryFetcher:
    """Reads directory feeds. `clock` gives the time in seconds since the epoch, as file times do."""

    def __init__(self, *, clock: Callable[[], float], largest: int = _LARGEST) -> None:
        self._clock = clock
        self._largest = largest

    async def fetch(self, feed: FeedSpec, validators: Validators, fingerprint: str | None) -> FetchOutcome:
        """Read the directory's files by name, unless `fingerprint` says that they are what we have.

        The fingerprint is made of names, sizes, times and permissions, so looking at an unchanged directory reads no
        file. One of a look that left files out differs from that of the look that reads them.
        """
        return await asyncio.to_thread(self._look, Path(feed.location), validators, fingerprint)

    def _look(self, directory: Path, validators: Validators, fingerprint: str | None) -> FetchOutcome:
        try:
            files = sorted(_files(directory, self._clock()), key=lambda file: file.path.name)
        except OSError as error:
            return FetchFailed(reason=FetchReason.PATH, detail=f"the directory {directory}: {_reason(error)}")
        if fingerprint == _fingerprint(files):
            return NotModified(validators=validators)
        return self._read(directory, files)

    def _read(self, directory: Path, files: Sequence["_File"]) -> Fetched:
        reads = [_read(file, self._largest) for file in files]
        documents = tuple(read.document for read in reads if read.document)
        return Fetched(
            documents=documents,
            url=str(directory),
            validators=Validators(),
            fingerprint=_fingerprint([read.file for read in reads]),
            received=sum(len(document.body) for document in documents),
            unsettled=tuple(read.file.name for read in reads if not read.file.settled),
            problems=tuple(read.problem for read in reads if read.problem),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file as it was when we looked."""

    path: Path
    size: int
    modified_ns: int
    changed_ns: int
    mode: int
    settled: bool

    @property
    def name(self) -> str:
        """The name as text; bytes that are not UTF-8 are replaced."""
        return os.fsencode(self.path.name).decode(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What came of reading a file: a document, a problem, or neither where it is not settled."""

    file: _File
    document: Document | None = None
    problem: str | None = None


def _files(directory: Path, now: float) -> Iterator[_File]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.lower().endswith(_ENDINGS):
                continue
            try:
                file = _seen(Path(entry.path), entry.stat(), now)
            except FileNotFoundError:  # gone meanwhile, or a link to nowhere
                continue
            if stat.S_ISREG(file.mode):
                yield file


def _seen(path: Path, found: os.stat_result, now: float) -> _File:
    # a time far ahead comes from a wrong clock, not from somebody who is still writing
    settled = all(abs(now - time) >= _SETTLED_AFTER for time in (found.st_mtime, found.st_ctime))
    return _File(
        path=path,
        size=found.st_size,
        modified_ns=found.st_mtime_ns,
        changed_ns=found.st_ctime_ns,
        mode=found.st_mode,
        settled=settled,
    )


def _read(file: _File, largest: int) -> _Read:
    if not file.settled:
        return _Read(file=file)
    if file.size > largest:
        return _Read(file=file, problem=f"{file.name}: larger than {largest / 1e6:g} MB, passed over")
    try:
        with file.path.open("rb") as stream:
            body = stream.read(file.size)
            after = os.fstat(stream.fileno())
    except OSError as error:
        return _Read(file=file, problem=f"{file.name}: {_reason(error)}, passed over")
    if (after.st_size, after.st_mtime_ns, after.st_ctime_ns) != (file.size, file.modified_ns, file.changed_ns):
        # written to while we read
        return _Read(file=replace(file, settled=False))
    modified = datetime.fromtimestamp(file.modified_ns / 1e9, UTC)
    return _Read(file=file, document=Document(name=file.name, body=body, modified=modified))


def _fingerprint(files: Sequence[_File]) -> str:
    digest = hashlib.sha256()
    for file in files:
        facts = (file.size, file.modified_ns, file.mode, file.settled)
        digest.update(os.fsencode(file.path.name) + b"\0" + repr(facts).encode() + b"\0")
    return digest.hexdigest()


def _reason(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "does not exist"
        case NotADirectoryError():
            return "is not a directory"
        case PermissionError():
            return "may not be read"
        case _:
            return (error.strerror or "cannot be read").lower()
