"""The door to feeds of every kind."""

import time
from typing import assert_never

import httpx

from tocsin.fetch.client import HttpFetcher, user_agent
from tocsin.fetch.directory import DirectoryFetcher
from tocsin.model import FeedKind, FeedSpec, FetchOutcome, Validators


class FeedFetcher:
    """Fetches each feed in the way of its kind; implements `tocsin.ports.Fetcher`."""

    def __init__(self, *, http: HttpFetcher, directory: DirectoryFetcher) -> None:
        self._http = http
        self._directory = directory

    async def fetch(self, feed: FeedSpec, validators: Validators, fingerprint: str | None) -> FetchOutcome:
        """Get what `feed` holds now, unless `validators` or `fingerprint` say that it is what we have."""
        match feed.kind:
            case FeedKind.HTTP:
                return await self._http.fetch(feed, validators, fingerprint)
            case FeedKind.DIRECTORY:
                return await self._directory.fetch(feed, validators, fingerprint)
            case unknown:
                assert_never(unknown)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def open_fetcher(transport: httpx.AsyncBaseTransport, contact: str | None) -> FeedFetcher:
    """Return what gets feeds over `transport` and from directories; servers are told `contact`."""
    return FeedFetcher(
        http=HttpFetcher(transport=transport, user_agent=user_agent(contact)),
        directory=DirectoryFetcher(clock=time.time),
    )
