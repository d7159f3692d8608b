"""The door to feeds of every kind, and to the pages behind their entries."""

import time
from collections.abc import Sequence
from typing import assert_never

from tocsin.fetch.client import HttpFetcher, user_agent
from tocsin.fetch.directory import DirectoryFetcher
from tocsin.fetch.exchange import Exchange
from tocsin.fetch.hosts import Politeness
from tocsin.model import FeedKind, FeedSpec, FetchOutcome, Network, PageFailed, PageFetched, Validators
from tocsin.net.transport import CheckedTransport


class FeedFetcher:
    """Fetches each feed in the way of its kind; implements `tocsin.ports.Fetcher`."""

    def __init__(self, *, http: HttpFetcher, directory: DirectoryFetcher) -> None:
        self._http = http
        self._directory = directory

    async def fetch(
        self, feed: FeedSpec, validators: Validators, fingerprint: str | None, *, address: str | None = None
    ) -> FetchOutcome:
        """Get what `feed` holds now, unless `validators` or `fingerprint` say that it is what we have.

        `address` is asked in place of the URL of a feed that has one.
        """
        match feed.kind:
            case FeedKind.HTTP:
                return await self._http.fetch(feed, validators, fingerprint, address=address)
            case FeedKind.DIRECTORY:
                return await self._directory.fetch(feed, validators, fingerprint)
            case unknown:
                assert_never(unknown)

    async def fetch_page(self, feed: FeedSpec, url: str) -> PageFetched | PageFailed:
        """Get the page behind an entry of `feed`, if its site's robots.txt lets us."""
        return await self._http.fetch_page(feed, url)

    async def get(self, url: str, allow_private: Sequence[Network] = (), *, proxy: str = "") -> FetchOutcome:
        """Fetch `url` as if nothing were known of it."""
        return await self._http.get(url, allow_private, proxy=proxy)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def open_fetcher(transport: CheckedTransport, contact: str | None, politeness: Politeness | None = None) -> FeedFetcher:
    """Return what gets feeds over `transport` and from directories; servers are told `contact`."""
    exchange = Exchange(transport=transport, user_agent=user_agent(contact), politeness=politeness or Politeness())
    return FeedFetcher(http=HttpFetcher(exchange), directory=DirectoryFetcher(clock=time.time))
