"""A sign of life to a monitor outside, which tells its owner when the signs stay away."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

import httpx

from tocsin.model import Network
from tocsin.net.failure import explain
from tocsin.net.urls import UrlRefused, read_url

_TIMEOUT: Final = 10.0  # seconds, in all
_CONNECT_TIMEOUT: Final = 5.0


class HttpPing:
    """Asks for one URL; implements `tocsin.ports.Ping`. Redirects are not followed, and the answer is not read."""

    def __init__(
        self,
        url: str,
        transport: httpx.AsyncBaseTransport,
        *,
        user_agent: str,
        allow_private: Sequence[Network] = (),
        proxy: str = "",
    ) -> None:
        self._url = url
        self._transport = transport
        self._user_agent = user_agent
        self._extensions = {
            "timeout": httpx.Timeout(_TIMEOUT, connect=_CONNECT_TIMEOUT).as_dict(),
            "allow_private": tuple(allow_private),
            "proxy": proxy,
        }

    async def ping(self) -> str | None:
        """Ask once; return what kept it from being answered with a success, None where nothing did."""
        try:
            url = read_url(self._url)
        except UrlRefused as error:
            return f"its URL cannot be used: {error}"
        request = httpx.Request("GET", url, headers={"User-Agent": self._user_agent}, extensions=self._extensions)
        try:
            async with asyncio.timeout(_TIMEOUT):
                answer = await self._transport.handle_async_request(request)
                async with aclosing(answer):
                    return None if answer.is_success else f"{url.host} answered {answer.status_code}"
        except TimeoutError:
            return f"{url.host} took longer than {_TIMEOUT:g} s"
        except httpx.TransportError as error:
            return explain(error, url.host).detail
