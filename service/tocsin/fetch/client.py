"""Feeds over HTTP: conditional, bounded in size and time, one request per host at a time.

It speaks to the transport itself rather than through an httpx client, which would keep cookies, follow redirects and
unpack bodies in its own way; so nothing of one feed can reach another.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from importlib.metadata import version
from types import MappingProxyType
from typing import Final

import httpx

from tocsin.fetch.body import BodyNotReadable, BodyRefused, BoundedBody
from tocsin.fetch.hosts import HostSlots
from tocsin.model import (
    Document,
    FeedKind,
    FeedSpec,
    Fetched,
    FetchFailed,
    FetchOutcome,
    FetchReason,
    Network,
    NotModified,
    Validators,
)
from tocsin.net.failure import FailureKind, explain
from tocsin.net.headers import retry_after
from tocsin.net.urls import UrlRefused, read_url

_ACCEPT: Final = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST_LOCATION: Final = 8192
_LONGEST_WAIT: Final = timedelta(days=7)
_REASONS: Final[Mapping[FailureKind, FetchReason]] = MappingProxyType(
    {
        FailureKind.DNS: FetchReason.DNS,
        FailureKind.CONNECT: FetchReason.CONNECT,
        FailureKind.PROXY: FetchReason.CONNECT,
        FailureKind.TLS: FetchReason.TLS,
        FailureKind.TIMEOUT: FetchReason.TIMEOUT,
        FailureKind.REFUSED_ADDRESS: FetchReason.REFUSED_ADDRESS,
        FailureKind.BAD_REQUEST: FetchReason.CONNECT,
        FailureKind.CUT: FetchReason.CONNECT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What one fetch may cost. Times are in seconds, sizes in bytes; `total` covers redirects, not politeness."""

    total: float = 30.0
    connect: float = 5.0
    read: float = 10.0
    redirects: int = 5
    received: int = 5 * 2**20
    decoded: int = 10 * 2**20


def user_agent(contact: str | None) -> str:
    """Return how we call ourselves: name, version and, where configured, whom to write to about us."""
    product = f"Tocsin/{version('tocsin')}"
    printable = "".join(letter for letter in contact or "" if " " <= letter <= "~" and letter not in "()\\")
    return f"{product} (+{printable})" if printable else product


class HttpFetcher:
    """Fetches feeds over HTTP. `transport` decides which addresses may be connected to."""

    def __init__(
        self, *, transport: httpx.AsyncBaseTransport, user_agent: str, limits: FetchLimits = FetchLimits()
    ) -> None:
        self._transport = transport
        self._user_agent = user_agent
        self._limits = limits
        self._hosts = HostSlots()

    async def fetch(self, feed: FeedSpec, validators: Validators, fingerprint: str | None) -> FetchOutcome:
        """Get the feed's document, unless the server or the fingerprint says that it is what we have.

        Validators go out as they came, byte for byte. Those in the outcome are what to send next time.
        """
        known = _Known(validators=validators, fingerprint=fingerprint)
        try:
            return await self._follow(_first_hop(feed.location), feed.allow_private, known)
        except _Stop as stop:
            return stop.outcome

    async def get(self, url: str, allow_private: Sequence[Network] = ()) -> FetchOutcome:
        """Fetch `url` as if nothing were known of it."""
        feed = FeedSpec(name=url, kind=FeedKind.HTTP, location=url, outlet="", allow_private=tuple(allow_private))
        return await self.fetch(feed, Validators(), None)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _follow(self, url: httpx.URL, allow_private: tuple[Network, ...], known: "_Known") -> FetchOutcome:
        """Ask at `url` and wherever it sends us on to, within the time for all of it."""
        left, passed = self._limits.total, {url}
        for _ in range(self._limits.redirects + 1):
            async with self._hosts.slot(url.host):  # given back before the next hop: two hosts may point to each other
                started = asyncio.get_running_loop().time()
                outcome = await self._hop(url, allow_private, known, left)
                left -= asyncio.get_running_loop().time() - started
            if not isinstance(outcome, httpx.URL):
                return outcome
            if outcome in passed:
                raise _stopped(FetchReason.REDIRECTS, f"{outcome.host} redirects in a circle")
            url = outcome
            passed.add(url)
        raise _stopped(FetchReason.REDIRECTS, f"more than {self._limits.redirects} redirects")

    async def _hop(
        self, url: httpx.URL, allow_private: tuple[Network, ...], known: "_Known", left: float
    ) -> FetchOutcome | httpx.URL:
        """Make one request; return what came of it, or where it sends us on to."""
        try:
            async with asyncio.timeout(max(left, 0)):
                answer = await self._transport.handle_async_request(self._request(url, allow_private, known.validators))
                async with aclosing(answer):
                    return await self._read(url, answer, known)
        except TimeoutError:
            raise _stopped(FetchReason.TIMEOUT, f"no complete answer within {self._limits.total:g} s") from None
        except httpx.TransportError as error:
            failure = explain(error, url.host)
            raise _stopped(_REASONS[failure.kind], failure.detail) from None
        except BodyRefused as error:
            reason = FetchReason.ENCODING if isinstance(error, BodyNotReadable) else FetchReason.TOO_LARGE
            raise _stopped(reason, str(error)) from None

    def _request(self, url: httpx.URL, allow_private: tuple[Network, ...], validators: Validators) -> httpx.Request:
        limits = self._limits
        headers = [
            (b"User-Agent", self._user_agent.encode()),
            (b"Accept", _ACCEPT.encode()),
            (b"Accept-Encoding", b"gzip"),
        ]
        if validators.etag:
            headers.append((b"If-None-Match", validators.etag.encode("latin-1")))
        if validators.last_modified:
            headers.append((b"If-Modified-Since", validators.last_modified.encode("latin-1")))
        timeouts = httpx.Timeout(limits.read, connect=limits.connect).as_dict()
        return httpx.Request(
            "GET", url, headers=headers, extensions={"timeout": timeouts, "allow_private": allow_private}
        )

    async def _read(self, url: httpx.URL, answer: httpx.Response, known: "_Known") -> FetchOutcome | httpx.URL:
        """Read what came as an answer to a question for `url`."""
        status = answer.status_code
        if status in _REDIRECTS and "location" in answer.headers:
            return _next_hop(url, answer)
        if status == HTTPStatus.NOT_MODIFIED and known.validators != Validators():
            return NotModified(validators=_renewed(known.validators, _validators(answer)))
        if not answer.is_success:
            return FetchFailed(
                reason=FetchReason.HTTP_STATUS,
                detail=f"{url.host} answered {_phrase(status)}",
                status=status,
                retry_after=retry_after(answer.headers, cap=_LONGEST_WAIT),
            )
        return await self._fetched(url, answer, known.fingerprint)

    async def _fetched(self, url: httpx.URL, answer: httpx.Response, fingerprint: str | None) -> Fetched | NotModified:
        body = BoundedBody(answer.headers, max_received=self._limits.received, max_decoded=self._limits.decoded)
        async for chunk in answer.aiter_raw():
            body.add(chunk)
        content = body.finish()
        found = hashlib.sha256(content).hexdigest()
        if found == fingerprint:
            return NotModified(validators=_validators(answer), received=body.received)
        document = Document(name=str(url), body=content, content_type=answer.headers.get("content-type"))
        return Fetched(
            documents=(document,),
            url=str(url),
            validators=_validators(answer),
            fingerprint=found,
            received=body.received,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the last fetch left behind."""

    validators: Validators
    fingerprint: str | None


class _Stop(Exception):
    """Ends a fetch from within; never leaves this module."""

    def __init__(self, outcome: FetchFailed) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


def _stopped(reason: FetchReason, detail: str) -> _Stop:
    return _Stop(FetchFailed(reason=reason, detail=detail))


def _first_hop(location: str) -> httpx.URL:
    """Return the URL to begin at, raising `_Stop` where there is none."""
    try:
        return read_url(location)
    except UrlRefused as error:
        raise _stopped(FetchReason.REFUSED_ADDRESS, f"the feed's URL is not fetched: {error}") from None


def _next_hop(url: httpx.URL, answer: httpx.Response) -> httpx.URL:
    """Return where a redirect leads, raising `_Stop` where we do not follow."""
    location = answer.headers["location"]
    if len(location) > _LONGEST_LOCATION:
        raise _stopped(FetchReason.REDIRECTS, f"{url.host} redirects to a URL that is too long")
    try:
        return read_url(location, base=url)
    except UrlRefused as error:
        raise _stopped(FetchReason.REDIRECTS, f"{url.host} redirects to where we do not go: {error}") from None


def _validators(answer: httpx.Response) -> Validators:
    return Validators(etag=_raw(answer, b"etag"), last_modified=_raw(answer, b"last-modified"))


def _raw(answer: httpx.Response, name: bytes) -> str | None:
    """Return a header byte for byte: httpx would guess an encoding."""
    values = (value for key, value in answer.headers.raw if key.lower() == name)
    return next(values, b"").decode("latin-1") or None


def _renewed(ours: Validators, theirs: Validators) -> Validators:
    """Return `ours` with what a 304 renewed (RFC 9111 section 4.3.4)."""
    return Validators(etag=theirs.etag or ours.etag, last_modified=theirs.last_modified or ours.last_modified)


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
