"""What is sent along with the requests for a feed or a channel, and whom they are made to.

Nothing is asked or resolved here: these are what the configuration says, in the form that requests need.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from tocsin.config.schema import Channel, Credentials, Feed, General, Section
from tocsin.model import FeedKind, FeedSpec
from tocsin.text.urls import request_host, request_url


def headers_of(feed: Feed) -> tuple[tuple[str, str], ...]:
    """Return the headers that a feed's own server is sent, those of its credentials among them."""
    written = [(name, value.get_secret_value()) for name, value in (feed.headers or {}).items()]
    return (*written, *([("Authorization", _authorization(feed.auth))] if feed.auth else ()))


def _authorization(auth: Credentials) -> str:
    """Return what lets us in: a bearer token (RFC 6750, 2.1), or user and password (RFC 7617, 2)."""
    if auth.token:
        return f"Bearer {auth.token.get_secret_value()}"
    password = auth.password.get_secret_value() if auth.password else ""
    return "Basic " + b64encode(f"{auth.user}:{password}".encode()).decode("ascii")


def proxy_of(*sections: Feed | Channel | General) -> str:
    """Return the proxy of the first section that names one, or that there is to be none; empty where there is none."""
    named = (section.proxy for section in sections if section.proxy is not None)
    proxy = next(named, None)
    return proxy.get_secret_value() if proxy else ""


def credentials_in(section: Section) -> Iterator[str]:
    """Yield the strings of a feed, a channel or the top that must never be printed, for their headers and proxies."""
    if isinstance(section, Feed):
        for _, value in headers_of(section):
            yield from (value, value.partition(" ")[2])  # the credentials behind the name of their scheme
        if section.auth and section.auth.password:
            yield section.auth.password.get_secret_value()
    if isinstance(section, Feed | Channel | General):
        proxy = proxy_of(section)
        if password := urlsplit(proxy).password:
            yield from (proxy, password, unquote(password))


def source_of(feed: FeedSpec) -> str:
    """Return 16 hex digits that are equal for feeds that one request serves.

    It is made of the URL as it is asked for, and of what else tells requests apart. A directory is its path.
    """
    if feed.kind is FeedKind.DIRECTORY:
        return _digest("path", feed.location)
    headers = sorted((name.lower(), value) for name, value in feed.headers)
    networks = sorted(map(str, feed.allow_private))
    return _digest(request_url(feed.location), headers, feed.proxy, feed.insecure_tls, networks)


def _digest(*facts: object) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def host_of(feed: FeedSpec) -> str:
    """Return whom a request for a feed is made to: a host in small letters as DNS knows it, or a directory's path."""
    if feed.kind is FeedKind.DIRECTORY:
        return f"path:{feed.location}"
    return request_host(feed.location)
