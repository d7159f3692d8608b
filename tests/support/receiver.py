"""An HTTP receiver on loopback that records what it is sent and misbehaves on demand."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Self

MAX_HEAD = 256 * 1024


class Cut(StrEnum):
    """When a connection is cut."""

    NEVER = "never"
    UNREAD = "unread"  # instead of the answer, and the request counts as never received
    UNANSWERED = "unanswered"  # instead of the answer
    HALFWAY = "halfway"  # in the middle of the answer's body


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer, given `delay` seconds after the request was recorded."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    delay: float = 0.0
    cut: Cut = Cut.NEVER

    def encoded(self) -> bytes:
        """Return the bytes on the wire, with a Content-Length unless `headers` has one."""
        given = {name.lower() for name in self.headers}
        length = {} if "content-length" in given or self.status in {204, 304} else {"content-length": len(self.body)}
        fields = "".join(f"{name}: {value}\r\n" for name, value in {**self.headers, **length}.items())
        return f"HTTP/1.1 {self.status} {_phrase(self.status)}\r\n{fields}\r\n".encode("latin-1") + self.body


Script = Callable[[Received], Reply]


def in_turn(*replies: Reply) -> Script:
    """Answer with each reply once, then with the last for ever."""
    waiting = list(replies)
    return lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]


class Receiver:
    """An HTTP/1.1 server on an address of loopback, by default 127.0.0.1 and a port of the system's choice.

    `async with Receiver(script) as receiver` runs it in the test's loop, `with Receiver(script).in_thread() as
    receiver` in a loop and thread of its own. A request cut as `UNREAD` leaves no trace in `requests`.
    """

    def __init__(
        self,
        script: Script | Reply | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        reply = script or Reply()
        self.requests: list[Received] = []
        self.connections = 0
        self.address = address
        self.port = port
        self._script: Script = in_turn(reply) if isinstance(reply, Reply) else reply
        self._tls = tls
        self._arrived = asyncio.Condition()
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address of the root, without a slash at its end."""
        return f"{'https' if self._tls else 'http'}://{self.address}:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.address, self.port, ssl=self._tls, limit=MAX_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # the loop closes the sockets of what was aborted at its next turn

    @contextmanager
    def in_thread(self) -> Iterator[Self]:
        """Run in a thread, for tests of whole processes."""
        started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

        async def serve() -> None:
            async with self:
                started.set()
                await stop.wait()

        thread = threading.Thread(target=lambda: asyncio.Runner(loop_factory=lambda: loop).run(serve()), daemon=True)
        thread.start()
        try:
            assert started.wait(5), "the receiver did not start"
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(5)
            loop.close()

    async def wait_for(self, count: int, timeout: float = 5.0) -> list[Received]:  # noqa: ASYNC109 - a test's patience
        """Return the requests once there are at least `count`; only in the loop that runs the receiver."""
        async with asyncio.timeout(timeout), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer):
                pass

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one request and answer it; False once the connection is to end."""
        request = await _read(reader)
        reply = self._script(request)
        if reply.cut is Cut.UNREAD:
            return False
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        await asyncio.sleep(reply.delay)
        if reply.cut is Cut.UNANSWERED:
            return False
        wire = reply.encoded()
        writer.write(wire[: len(wire) - len(reply.body) // 2 - 1] if reply.cut is Cut.HALFWAY else wire)
        await writer.drain()
        return reply.cut is Cut.NEVER and request.headers.get("connection", "").lower() != "close"


def _phrase(status: int) -> str:
    with suppress(ValueError):
        return HTTPStatus(status).phrase
    return "Unknown"


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = start.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method=method, target=target, headers=headers, body=body)
