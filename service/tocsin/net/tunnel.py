"""A socket that leads through a proxy, for protocols that are not HTTP.

What both sides say is passed on as it is. What the far side says first (a mail server greets) is kept whole, though it
comes in one piece with the proxy's own answer.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Final

import httpx

from tocsin.net.transport import connect_through

_CHUNK: Final = 64 * 2**10


@contextlib.asynccontextmanager
async def open_tunnel(
    proxy: str, host: str, port: int, tls: ssl.SSLContext, *, limit: float
) -> AsyncIterator[socket.socket]:
    """Give a connected socket for whoever speaks to `host`; who takes it closes it.

    Raises what `connect_through` raises.
    """
    far = await connect_through(proxy, host, port, tls, limit=limit)
    near, inner = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=inner)

    async def outward() -> None:
        with contextlib.suppress(OSError, httpx.TransportError):
            while chunk := await reader.read(_CHUNK):
                await far.write(chunk)

    async def inward() -> None:
        with contextlib.suppress(OSError, httpx.TransportError):
            while chunk := await far.read():
                writer.write(chunk)
                await writer.drain()
        writer.close()

    pumps = [asyncio.ensure_future(outward()), asyncio.ensure_future(inward())]
    try:
        yield near
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        writer.transport.abort()
        await far.aclose()
