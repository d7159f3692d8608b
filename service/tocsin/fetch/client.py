"""Feeds and pages over HTTP: conditional, bounded in size and time, and only what their servers let us have."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

from tocsin.fetch.exchange import Exchange, FetchLimits, Question, Reply, Stopped, failed, first_url, media_type
from tocsin.fetch.robots import KeptOut, RobotsFiles
from tocsin.model import (
    Answer,
    Document,
    FeedKind,
    FeedSpec,
    Fetched,
    FetchFailed,
    FetchOutcome,
    Network,
    NotModified,
    PageFailed,
    PageFetched,
    PageOutcome,
    Validators,
)
from tocsin.net.headers import clock_offset, fresh_for
from tocsin.net.urls import digest_of

_FEEDS: Final = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_PAGES: Final = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_PAGE_TYPES: Final = frozenset({"text/html", "application/xhtml+xml", ""})
_LARGEST_PAGE: Final = 2 * 10**6


def user_agent(contact: str | None) -> str:
    """Return how we call ourselves: name, version and, where configured, whom to write to about us."""
    product = f"Tocsin/{version('tocsin')}"
    printable = "".join(letter for letter in contact or "" if " " <= letter <= "~" and letter not in "()\\")
    return f"{product} (+{printable})" if printable else product


class HttpFetcher:
    """Fetches over HTTP what `exchange` gets to ask for."""

    def __init__(self, exchange: Exchange, *, limits: FetchLimits | None = None) -> None:
        self._exchange = exchange
        self._limits = limits or FetchLimits()
        self._page_limits = replace(self._limits, received=_LARGEST_PAGE, decoded=_LARGEST_PAGE)
        self._robots = RobotsFiles(exchange, self._limits)

    async def fetch(
        self, feed: FeedSpec, validators: Validators, fingerprint: str | None, *, address: str | None = None
    ) -> FetchOutcome:
        """Get the feed's document, unless the server or the fingerprint says that it is what we have.

        `address` is asked in place of the feed's URL. Validators go out as they came, byte for byte, to the URL that
        gave them and to no other. Those in the outcome are what to send next time.
        """
        try:
            url = first_url(address or feed.location, "the feed's URL")
            question = Question(feed=feed, url=url, accept=_FEEDS, limits=self._limits, validators=validators)
            reply = await self._exchange.ask(question)
        except Stopped as stop:
            return stop.failure
        return _outcome(feed, reply, validators, fingerprint)

    async def fetch_page(self, feed: FeedSpec, url: str) -> PageFetched | PageFailed:
        """Get the page at `url` for an entry of `feed`, if its site's robots.txt lets us, and if it is HTML."""
        try:
            question = Question(
                feed=feed,
                url=first_url(url, "the page"),
                accept=_PAGES,
                limits=self._page_limits,
                types=_PAGE_TYPES,
                permission=self._robots.permission(feed),
            )
            reply = await self._exchange.ask(question)
        except KeptOut as error:
            return PageFailed(outcome=PageOutcome.ROBOTS, detail=str(error))
        except Stopped as stop:
            return _page_failed(stop.failure)
        if not _is_success(reply):
            return _page_failed(failed(reply, feed))
        if reply.body is None:
            kind = media_type(reply.headers)[:60]
            return PageFailed(outcome=PageOutcome.NOT_A_PAGE, detail=f"{reply.url.host} has no page there, but {kind}")
        return PageFetched(document=_document(reply, reply.body))

    async def get(self, url: str, allow_private: Sequence[Network] = (), *, proxy: str = "") -> FetchOutcome:
        """Fetch `url` as if nothing were known of it."""
        feed = FeedSpec(
            name=url, kind=FeedKind.HTTP, location=url, outlet="", allow_private=tuple(allow_private), proxy=proxy
        )
        return await self.fetch(feed, Validators(), None)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._exchange.aclose()


def _outcome(feed: FeedSpec, reply: Reply, known: Validators, fingerprint: str | None) -> FetchOutcome:
    """Return what a reply means for a feed of which `known` and `fingerprint` are what we have."""
    if reply.status == HTTPStatus.NOT_MODIFIED and reply.conditional:
        return NotModified(validators=_renewed(known, _validators(reply)), answer=_answer(reply))
    partial = reply.status == HTTPStatus.IM_USED
    if reply.body is None or (partial and not reply.conditional):
        return failed(reply, feed)
    found = hashlib.sha256(reply.body).hexdigest()
    if found == fingerprint:
        return NotModified(
            validators=_validators(reply), received=reply.received, same_body=True, answer=_answer(reply)
        )
    return Fetched(
        documents=(_document(reply, reply.body),),
        url=str(reply.url),
        validators=_validators(reply),
        fingerprint=found,
        received=reply.received,
        answer=_answer(reply),
        partial=partial,
    )


def _is_success(reply: Reply) -> bool:
    return HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES


def _document(reply: Reply, body: bytes) -> Document:
    return Document(name=str(reply.url), body=body, content_type=reply.headers.get("content-type"))


def _page_failed(failure: FetchFailed) -> PageFailed:
    return PageFailed(
        outcome=PageOutcome.FAILED,
        detail=failure.detail,
        retry_after=failure.retry_after,
        busy_host=failure.busy_host,
    )


def _answer(reply: Reply) -> Answer:
    return Answer(
        fresh_for=fresh_for(reply.headers, reply.at),
        moved_to=str(reply.url) if reply.moved else None,
        clock_offset=clock_offset(reply.headers, reply.at),
    )


def _validators(reply: Reply) -> Validators:
    etag, last_modified = _raw(reply, b"etag"), _raw(reply, b"last-modified")
    source = digest_of(reply.url) if etag or last_modified else None
    return Validators(etag=etag, last_modified=last_modified, source=source)


def _raw(reply: Reply, name: bytes) -> str | None:
    """Return a header byte for byte: httpx would guess an encoding."""
    values = (value for key, value in reply.headers.raw if key.lower() == name)
    return next(values, b"").decode("latin-1") or None


def _renewed(ours: Validators, theirs: Validators) -> Validators:
    """Return `ours` with what a 304 renewed (RFC 9111 section 4.3.4)."""
    return replace(ours, etag=theirs.etag or ours.etag, last_modified=theirs.last_modified or ours.last_modified)
