"""Names to addresses, each looked up once for a while.

Whoever waits for a host's turn and whoever then connects to it so speak of one address. It refuses no address: that is
for the guard, where the connection is made.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

import httpx

from tocsin.net.guard import Address

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host name and port into addresses, in the order to try them; raises OSError where there are none."""

_KEPT: Final = 60.0  # seconds
_MOST_KEPT: Final = 5_000
_THREADS: Final = 32


class NameNotFound(httpx.ConnectError):
    """The host name has no address."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of `host` as the system resolves it, best first (RFC 6724)."""
    return await asyncio.to_thread(_addresses, host, port)


class SystemResolver:
    """Looks names up as `resolve` does, in threads of its own.

    Names whose servers are silent so hold up nothing else that waits for a thread.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of `host`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host, port)

    def close(self) -> None:
        """Let the threads end; one that still waits for a name is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class KnownNames:
    """Answers from what was found in the last minute, else asks `resolve`. What was not found is asked for again."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._known: dict[str, tuple[float, tuple[Address, ...]]] = {}

    async def addresses(self, host: str, port: int, limit: float | None) -> tuple[Address, ...]:
        """Return the addresses of `host`, asking for `limit` seconds at most.

        Raises:
            NameNotFound: there are none.
            httpx.ConnectTimeout: there was no answer in time.
        """
        if address := _literal(host):
            return (address,)
        now = asyncio.get_running_loop().time()
        found_at, known = self._known.get(host, (float("-inf"), ()))
        if now - found_at < _KEPT:
            return known
        found = await self._ask(host, port, limit)
        self._forget(now)
        self._known[host] = (now, found)
        return found

    async def _ask(self, host: str, port: int, limit: float | None) -> tuple[Address, ...]:
        try:
            async with asyncio.timeout(limit):
                answers = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no address of {host} in time") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that is too long or empty
            raise NameNotFound(host) from error
        if not answers:
            raise NameNotFound(host)
        return tuple(ipaddress.ip_address(answer) for answer in answers)

    def _forget(self, now: float) -> None:
        """Make room for one more: what is old goes, and where all is new, what was found first."""
        if len(self._known) < _MOST_KEPT:
            return
        self._known = {host: known for host, known in self._known.items() if now - known[0] < _KEPT}
        while len(self._known) >= _MOST_KEPT:
            del self._known[next(iter(self._known))]


def _addresses(host: str, port: int) -> Sequence[str]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in answers))


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
