"""Reading URLs that we are asked to connect to. Pure."""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

import httpx


class UrlRefused(ValueError):
    """A URL that we do not speak to; the message says why and does not repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy; `tls` is for the way to it. `user` and `password` are secrets: `repr()` leaves them out."""

    host: str
    port: int
    tls: bool
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def read_url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return `text`, relative to `base` where given, as an absolute http or https URL without its fragment.

    Raises:
        UrlRefused: it is none, is of another scheme, or holds a user name or password.
    """
    url = _web_url(text, base)
    if url.userinfo:
        raise UrlRefused("it holds a user name or password")
    return url.copy_with(fragment=None)


def read_proxy(text: str) -> Proxy:
    """Return the proxy that an http or https URL names; it may hold a user name and a password.

    Raises:
        UrlRefused: it is no such URL.
    """
    url = _web_url(text, None)
    return Proxy(
        host=url.raw_host.decode(),
        port=_port(url),
        tls=url.scheme == "https",
        user=url.username,
        password=url.password,
    )


def host_of(url: httpx.URL) -> str:
    """Return the host that a URL names, the same however it is written."""
    return url.host.lower().rstrip(".")


def origin_of(url: httpx.URL) -> tuple[str, str, int]:
    """Return the origin of a URL: scheme, host, port (RFC 6454)."""
    return url.scheme, host_of(url), _port(url)


def digest_of(url: httpx.URL) -> str:
    """Return what stands for a URL where it is only compared."""
    return sha256(str(url).encode()).hexdigest()[:16]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> httpx.URL:
    return httpx.URL(text)  # takes a tenth of a millisecond, and a feed's URL is read at each poll


def _web_url(text: str, base: httpx.URL | None) -> httpx.URL:
    try:
        url = _parsed(text) if base is None else base.join(text)
    except httpx.InvalidURL:
        raise UrlRefused("it is not a URL") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise UrlRefused("it is not an http or https URL")
    return url


def _port(url: httpx.URL) -> int:
    return url.port or {"http": 80, "https": 443}[url.scheme]
