"""HTTP over connections whose addresses were checked: resolve once, check every address, connect to a checked one.

Name and certificate stay those of the URL, only the address is ours, so a name that answers differently the second
time (DNS rebinding) gains nothing. A proxy is the user's own word: it is connected to wherever it is, and trusted to
find the way on. HTTP/1.1 only; no cookies, redirects or decoding, and no proxy from the environment.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import cached_property
from http import HTTPStatus
from typing import Final, NamedTuple, cast

import httpcore
import httpx

from tocsin.model import Network
from tocsin.net.guard import Address, port_refusal, refusal
from tocsin.net.resolver import KnownNames, Resolve, SystemResolver, resolve
from tocsin.net.urls import Proxy, UrlRefused, read_proxy

_ADDRESSES_TRIED: Final = 4
_CHUNK: Final = 64 * 2**10
_CONNECTIONS: Final = 100  # a bound against leaks; callers have tighter ones of their own


class AddressRefused(httpx.TransportError):
    """The guard does not let us connect there; the message says why."""


class ProxyNotReached(httpx.ConnectError):
    """There is no connection to the proxy."""


class TlsFailed(httpx.ConnectError):
    """The TLS handshake with `host` failed; `cause` says how."""

    def __init__(self, cause: ssl.SSLError, host: str) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.host = host


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return the context that all connections share: certifi's authorities, the system's, and those of `ca_file`.

    Building one takes tens of milliseconds and megabytes; build it once.

    Raises:
        OSError: `ca_file` cannot be read, or holds no certificate (`ssl.SSLError`).
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _unverifying_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Way(NamedTuple):
    """What connections have in common that may serve the same requests."""

    allow_private: tuple[Network, ...] = ()
    proxy: str = ""
    insecure_tls: bool = False


class CheckedTransport(httpx.AsyncBaseTransport):
    """Connects only where `net.guard` lets it.

    A request says how it may travel by its extensions: `allow_private`, a tuple of networks, widens what is allowed
    to it; `proxy`, a URL that may hold user and password, names a proxy to go through; `insecure_tls` takes any
    certificate of the server (not of the proxy). Each such way has connections of its own, so a kept one is never used
    on behalf of a stricter request. `keep_idle` is how many idle connections each keeps.

    `handle_async_request` raises `AddressRefused`, `NameNotFound`, `ProxyNotReached`, `TlsFailed` and httpx's own
    transport errors.
    """

    def __init__(self, *, tls: ssl.SSLContext, resolve: Resolve | None = None, keep_idle: int = 0) -> None:
        self._tls = tls
        self._system = SystemResolver()
        self._names = KnownNames(resolve or self._system)
        self._keep_idle = keep_idle
        self._pools: dict[_Way, httpcore.AsyncConnectionPool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` and return the answer with its body still on the wire; the caller closes it."""
        asked = request.extensions
        way = _Way(asked.get("allow_private", ()), asked.get("proxy", ""), asked.get("insecure_tls", False))
        if way.proxy and (why := port_refusal(request.url.port or 80)):
            raise AddressRefused(why)
        with _told_as_httpx():
            answer = await self._pool(way).handle_async_request(_for_httpcore(request))
        body = _Body(cast("AsyncIterator[bytes]", answer.stream), answer.aclose)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def addresses(self, host: str, port: int, limit: float | None) -> Sequence[Address]:
        """Return what connections to `host` are tried with, in this order, found within `limit` seconds.

        Raises `NameNotFound` and `httpx.ConnectTimeout`.
        """
        return await self._names.addresses(host, port, limit)

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()
        self._system.close()

    @cached_property
    def _unverifying(self) -> ssl.SSLContext:
        return _unverifying_context()

    def _pool(self, way: _Way) -> httpcore.AsyncConnectionPool:
        if way not in self._pools:
            proxy = _read_proxy(way.proxy) if way.proxy else None
            self._pools[way] = httpcore.AsyncConnectionPool(
                ssl_context=self._unverifying if way.insecure_tls else self._tls,
                proxy=_proxy_for_httpcore(proxy, self._tls) if proxy else None,
                max_connections=_CONNECTIONS,
                max_keepalive_connections=self._keep_idle,
                network_backend=_ProxyBackend(self._names)
                if proxy
                else _CheckedBackend(self._names, way.allow_private),
            )
        return self._pools[way]


async def connect_through(proxy: str, host: str, port: int, tls: ssl.SSLContext, *, limit: float) -> "Connection":
    """Return a connection to `host` that a proxy opened (RFC 9110 section 9.3.6), `limit` seconds for each step.

    Raises:
        ProxyNotReached: there is no connection to the proxy.
        httpx.ProxyError: it does not let us through; the message is what it answered, its status first.
        httpx.TransportError: it broke off, took too long, or TLS with it failed.
    """
    server = _proxy_for_httpcore(_read_proxy(proxy), tls)
    way = httpcore.AsyncHTTPConnection(
        origin=server.url.origin, ssl_context=server.ssl_context, network_backend=_ProxyBackend(KnownNames(resolve))
    )
    target = f"[{host}]:{port}".encode() if ":" in host else f"{host}:{port}".encode()
    request = httpcore.Request(
        "CONNECT",
        httpcore.URL(scheme=server.url.scheme, host=server.url.host, port=server.url.port, target=target),
        headers=[(b"Host", target), *server.headers],
        extensions={"timeout": httpx.Timeout(limit).as_dict()},
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(way.aclose)
        with _told_as_httpx():
            answer = await way.handle_async_request(request)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise httpx.ProxyError(str(answer.status))
        stack.pop_all()  # it lives on
    return Connection(cast("httpcore.AsyncNetworkStream", answer.extensions["network_stream"]))


class Connection:
    """Bytes both ways, without a limit of time. Methods raise httpx's transport errors."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self) -> bytes:
        """Return the next bytes, empty where there will be none any more."""
        with _told_as_httpx():
            return await self._stream.read(_CHUNK)

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        with _told_as_httpx():
            await self._stream.write(data)

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to one of the addresses of a name."""

    def __init__(self, names: KnownNames) -> None:
        self._names = names
        self._tcp = httpcore.AnyIOBackend()

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


class _CheckedBackend(_Backend):
    """Connects to checked addresses."""

    def __init__(self, names: KnownNames, allow_private: tuple[Network, ...]) -> None:
        super().__init__(names)
        self._allow_private = allow_private

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
        addresses = await self._names.addresses(host, port, timeout)
        for address in addresses:
            if why := refusal(address, self._allow_private):
                why += " (allow_private can permit it)"
                raise AddressRefused(why)  # one bad among good ones condemns the name: it is either attack or mistake
        tried = addresses[:_ADDRESSES_TRIED]
        return _Stream(await self._connect(tried, port, timeout, local_address, socket_options))


class _ProxyBackend(_Backend):
    """Connects to the proxy, which the user named: there is nobody to guard against."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = (await self._names.addresses(host, port, timeout))[:_ADDRESSES_TRIED]
            return _Stream(await self._connect(addresses, port, timeout, local_address, socket_options))
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ProxyNotReached(str(error)) from error


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
            return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except asyncio.CancelledError:
            await self._stream.aclose()
            raise
        except httpcore.ConnectError as error:
            cause = error.args[0] if error.args else None  # httpcore hands on what it wraps as the first argument
            if isinstance(cause, ssl.SSLError):
                raise TlsFailed(cause, server_hostname or "") from error
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
    """Turn httpcore's exceptions into httpx's, which have the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
        raise cast("type[httpx.TransportError]", getattr(httpx, type(error).__name__))(str(error)) from error
    except httpcore.UnsupportedProtocol as error:
        raise httpx.UnsupportedProtocol(str(error)) from error


def _read_proxy(text: str) -> Proxy:
    try:
        return read_proxy(text)
    except UrlRefused as error:
        raise ProxyNotReached(f"the proxy's URL cannot be used: {error}") from None


def _proxy_for_httpcore(proxy: Proxy, tls: ssl.SSLContext) -> httpcore.Proxy:
    scheme = b"https" if proxy.tls else b"http"
    return httpcore.Proxy(
        httpcore.URL(scheme=scheme, host=proxy.host.encode(), port=proxy.port, target=b"/"),
        auth=(proxy.user.encode(), proxy.password.encode()) if proxy.user or proxy.password else None,
        ssl_context=tls if proxy.tls else None,
    )


def _for_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=cast("httpx.AsyncByteStream", request.stream),
        extensions=dict(request.extensions),
    )
