"""What fetching is tested with: a client whose names all lead to loopback, and feeds."""

import contextlib
import ipaddress
import ssl
import time

import pytest
import trustme

from tocsin.fetch.client import HttpFetcher
from tocsin.fetch.exchange import Exchange, FetchLimits
from tocsin.fetch.hosts import Politeness
from tocsin.model import FeedKind, FeedSpec
from tocsin.net.transport import CheckedTransport

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


async def to_loopback(host, port):
    """Resolve as a test's network does: addresses to themselves, names to loopback or as they say."""
    if host.endswith(".invalid"):
        raise OSError("no such host")
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    return ["10.0.0.1"] if host.startswith("inner.") else ["127.0.0.1"]


@pytest.fixture(scope="session")
def feed_authority():
    return trustme.CA()


@pytest.fixture
async def fetcher_with(feed_authority):
    """Make fetchers with limits of the test's choice, and close them."""
    trusted = ssl.create_default_context()
    feed_authority.configure_trust(trusted)
    made = []

    def make(*, gap=0.0, patience=60.0, resolve=to_loopback, clock=time.time, **limits):
        transport = CheckedTransport(tls=trusted, resolve=resolve)
        politeness = Politeness(gap=gap, patience=patience)
        exchange = Exchange(transport=transport, user_agent="Tocsin/test", politeness=politeness, clock=clock)
        made.append(HttpFetcher(exchange, limits=FetchLimits(**{"total": 5.0, **limits})))
        return made[-1]

    yield make
    for fetcher in made:
        await fetcher.aclose()


@pytest.fixture
def fetcher(fetcher_with):
    return fetcher_with()


@pytest.fixture
def feed_at():
    """Make a feed of a URL."""

    def make(url, allow=LOOPBACK, kind=FeedKind.HTTP, **more):
        return FeedSpec(name="feed", kind=kind, location=str(url), outlet="Example", allow_private=allow, **more)

    return make
