"""HTTP over connections whose addresses were checked: resolve once, check every address, connect to a checked one.

Name and certificate stay those of the URL, only the address is ours, so a name that answers differently the second
time (DNS rebinding) gains nothing. HTTP/1.1 only; no proxies, cookies, redirects or decoding.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeAlias, cast

import httpcore
import httpx

from tocsin.model import Network
from tocsin.net.guard import Address, port_refusal, refusal

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host name and port into addresses, in the order to try them; raises OSError where there are none."""

_ADDRESSES_TRIED: Final = 4
_CONNECTIONS: Final = 100  # a bound against leaks; callers have tighter ones of their own


class AddressRefused(httpx.TransportError):
    """The guard does not let us connect there; the message says why."""


class NameNotFound(httpx.ConnectError):
    """The host name has no address."""


class TlsFailed(httpx.ConnectError):
    """The TLS handshake failed; `cause` says how."""

    def __init__(self, cause: ssl.SSLError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return the context that all connections share: certifi's authorities, the system's, and those of `ca_file`.

    Building one takes tens of milliseconds and megabytes; build it once.
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of `host` as the system resolves it, best first (RFC 6724)."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in answers))


class CheckedTransport(httpx.AsyncBaseTransport):
    """Connects only where `net.guard` lets it.

    A request may widen what is allowed to it by its extension `allow_private`, a tuple of networks. Each such tuple
    has connections of its own, so a kept one is never used on behalf of a stricter request. `keep_idle` is how many
    idle connections each keeps.

    `handle_async_request` raises `AddressRefused`, `NameNotFound`, `TlsFailed` and httpx's own transport errors.
    """

    def __init__(self, *, tls: ssl.SSLContext, resolve: Resolve = resolve, keep_idle: int = 0) -> None:
        self._tls = tls
        self._resolve = resolve
        self._keep_idle = keep_idle
        self._pools: dict[tuple[Network, ...], httpcore.AsyncConnectionPool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` and return the answer with its body still on the wire; the caller closes it."""
        pool = self._pool(request.extensions.get("allow_private", ()))
        with _told_as_httpx():
            answer = await pool.handle_async_request(_for_httpcore(request))
        body = _Body(cast("AsyncIterator[bytes]", answer.stream), answer.aclose)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()

    def _pool(self, allow_private: tuple[Network, ...]) -> httpcore.AsyncConnectionPool:
        if allow_private not in self._pools:
            self._pools[allow_private] = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=_CONNECTIONS,
                max_keepalive_connections=self._keep_idle,
                network_backend=_CheckedBackend(allow_private, self._resolve),
            )
        return self._pools[allow_private]


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to checked addresses."""

    def __init__(self, allow_private: tuple[Network, ...], resolve: Resolve) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._tcp = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if why := port_refusal(port):
            raise AddressRefused(why)
        addresses = await self._addresses(host, port, timeout)
        for address in addresses:
            if why := refusal(address, self._allow_private):
                why += " (allow_private can permit it)"
                raise AddressRefused(why)  # one bad among good ones condemns the name: it is either attack or mistake
        tried = addresses[:_ADDRESSES_TRIED]
        return _Stream(await self._connect(tried, port, timeout, local_address, socket_options))

    async def _addresses(self, host: str, port: int, limit: float | None) -> Sequence[Address]:
        try:
            async with asyncio.timeout(limit):
                answers = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(error) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that is too long or empty
            raise NameNotFound(host) from error
        if not answers:
            raise NameNotFound(host)
        return [ipaddress.ip_address(answer) for answer in answers]

    async def _connect(
        self,
        addresses: Sequence[Address],
        port: int,
        limit: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that lets us, each having its share of the time."""
        share = None if limit is None else limit / len(addresses)
        *others, last = addresses
        for address in others:
            try:
                return await self._tcp.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._tcp.connect_tcp(str(last), port, share, local_address, socket_options)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that is closed when its TLS handshake is given up; httpcore does so for errors only."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except asyncio.CancelledError:
            await self._stream.aclose()
            raise


class _Body(httpx.AsyncByteStream):
    """A body on the wire whose errors are httpx's."""

    def __init__(self, chunks: AsyncIterator[bytes], close: Callable[[], Awaitable[None]]) -> None:
        self._chunks = chunks
        self._close = close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told_as_httpx():
            async for chunk in self._chunks:
                yield chunk

    async def aclose(self) -> None:
        await self._close()


@contextmanager
def _told_as_httpx() -> Iterator[None]:
    """Turn httpcore's exceptions into httpx's, which have the same names, and a failed handshake into `TlsFailed`."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        if cause := _handshake_error(error):
            raise TlsFailed(cause) from error
        raise cast("type[httpx.TransportError]", getattr(httpx, type(error).__name__))(str(error)) from error
    except httpcore.UnsupportedProtocol as error:
        raise httpx.UnsupportedProtocol(str(error)) from error


def _handshake_error(error: Exception) -> ssl.SSLError | None:
    """Return the TLS error that httpcore wrapped, if it was one (it hands it on as the first argument)."""
    cause = error.args[0] if error.args else None
    return cause if isinstance(error, httpcore.ConnectError) and isinstance(cause, ssl.SSLError) else None


def _for_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=cast("httpx.AsyncByteStream", request.stream),
        extensions=dict(request.extensions),
    )
