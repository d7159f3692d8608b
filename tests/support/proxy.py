"""An HTTP proxy on loopback that notes what it is asked; every name leads to 127.0.0.1."""

import asyncio
import base64
import ssl
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Forwards plain requests and opens tunnels. With a `login`, `user:password`, it serves only who knows it.

    `answer` is what it says to CONNECT in place of opening a tunnel. With `at_once` it sends its own answer together
    with what the far side says first, in one piece.
    """

    def __init__(
        self, *, login: str = "", tls: ssl.SSLContext | None = None, answer: str = "", at_once: bool = False
    ) -> None:
        self.lines: list[str] = []
        self.heads: list[str] = []
        self.port = 0
        self._expected = f"Basic {base64.b64encode(login.encode()).decode()}" if login else ""
        self._tls = tls
        self._answer = answer
        self._at_once = at_once
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is, without a login."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, _, fields = head.partition("\r\n")
            self.lines.append(line)
            self.heads.append(head)
            if self._expected and f"proxy-authorization: {self._expected}".lower() not in head.lower():
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            method, target, _ = line.split(" ")
            if method == "CONNECT":
                await self._tunnel(target, reader, writer)
            else:
                await self._forward(method, target, fields, reader, writer)

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._answer:
            writer.write(f"HTTP/1.1 {self._answer}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(target.rpartition(":")[2]))
        first = await far_reader.read(1000) if self._at_once else b""
        writer.write(b"HTTP/1.1 200 Connection established\r\nX-Proxy: one\r\n\r\n" + first)
        await _both_ways(reader, far_writer, far_reader, writer)

    async def _forward(
        self, method: str, target: str, fields: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        url = urlsplit(target)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", url.port or 80)
        far_writer.write(f"{method} {url.path or '/'} HTTP/1.1\r\nConnection: close\r\n{fields}".encode("latin-1"))
        await _both_ways(reader, far_writer, far_reader, writer)


async def _both_ways(
    near: asyncio.StreamReader, far_out: asyncio.StreamWriter, far: asyncio.StreamReader, near_out: asyncio.StreamWriter
) -> None:
    outward = asyncio.ensure_future(_copy(near, far_out))
    try:
        await _copy(far, near_out)
    finally:
        far_out.transport.abort()
        outward.cancel()
        await asyncio.gather(outward, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await source.read(65536):
            target.write(chunk)
            await target.drain()
