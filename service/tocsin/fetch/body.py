"""A body as it comes off the wire, unpacked within bounds. Pure but for what it collects.

Only gzip is offered, and unpacked here: a client that decodes by itself hands out whole chunks however large they
become, which a body of a few kilobytes can turn into gigabytes.
"""

import zlib
from typing import Final

import httpx

_GZIP: Final = 16 + zlib.MAX_WBITS
_GZIP_START: Final = b"\x1f\x8b"
_MOST_STREAMS: Final = 100


class BodyRefused(Exception):
    """A body that will not be read; the message says why."""


class BodyTooLarge(BodyRefused):
    """A body that is larger than it may be."""


class BodyNotReadable(BodyRefused):
    """A body in an encoding that was not asked for, or that does not unpack."""


class BoundedBody:
    """Collects up to `max_received` bytes of body and `max_decoded` bytes of what they unpack to.

    `received` counts the bytes on the wire. Methods raise `BodyTooLarge` and `BodyNotReadable`; with `cut`, what is too
    large ends at the limit instead.
    """

    def __init__(self, headers: httpx.Headers, *, max_received: int, max_decoded: int, cut: bool = False) -> None:
        self.received = 0
        self._max_received = max_received
        self._max_decoded = max_decoded
        self._cut = cut
        self._decoded = bytearray()
        self._unpacker = _unpacker(headers)
        self._streams = 1
        length = headers.get("content-length", "")
        if not cut and length.isascii() and length.isdigit() and int(length[:18]) > max_received:
            raise BodyTooLarge(f"the answer is larger than {_megabytes(max_received)}")

    @property
    def content(self) -> bytes:
        """What has come, unpacked."""
        return bytes(self._decoded)

    def add(self, chunk: bytes) -> bool:
        """Take the next bytes off the wire; False where no more are wanted."""
        self.received += len(chunk)
        self._decoded += self._unpacked(chunk)
        too_large = self._too_large()
        if too_large and not self._cut:
            raise BodyTooLarge(too_large)
        del self._decoded[self._max_decoded :]
        return not too_large

    def finish(self) -> None:
        """Check that all of the body has come."""
        if self._unpacker and self.received and not self._unpacker.eof:
            raise BodyNotReadable("the compressed answer ends too early")

    def _next_stream(self) -> "zlib._Decompress":
        self._streams += 1
        if self._streams > _MOST_STREAMS:
            raise BodyNotReadable("the answer is of too many gzip streams")
        return zlib.decompressobj(_GZIP)

    def _too_large(self) -> str | None:
        if self.received > self._max_received:
            return f"the answer is larger than {_megabytes(self._max_received)}"
        if len(self._decoded) > self._max_decoded:
            return f"the answer unpacks to more than {_megabytes(self._max_decoded)}"
        return None

    def _unpacked(self, chunk: bytes) -> bytes:
        """Unpack `chunk`, one byte past the limit at most.

        A gzip stream may be followed by another (RFC 1952, 2.2); what else stands after its end is passed over.
        """
        if self._unpacker is None:
            return chunk
        unpacked, room = b"", self._max_decoded - len(self._decoded) + 1
        try:
            while True:
                if self._unpacker.eof and chunk.startswith(_GZIP_START):
                    self._unpacker = self._next_stream()
                unpacked += self._unpacker.decompress(chunk, room - len(unpacked))
                chunk = self._unpacker.unused_data
                if len(unpacked) >= room or not chunk.startswith(_GZIP_START):
                    return unpacked
        except zlib.error:
            raise BodyNotReadable("the answer says it is gzip and is not") from None


def _unpacker(headers: httpx.Headers) -> "zlib._Decompress | None":
    encodings = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    match [name for name in encodings if name not in {"", "identity"}]:
        case []:
            return None
        case ["gzip" | "x-gzip"]:
            return zlib.decompressobj(_GZIP)
        case others:
            raise BodyNotReadable(f"the answer is in an encoding that was not asked for ({', '.join(others)[:60]})")


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.3g} MiB"
