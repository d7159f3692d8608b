"""A question over HTTP and its reply: wherever redirects lead, politely, and within bounds of size and time.

It speaks to the transport itself rather than through an httpx client, which would keep cookies, follow redirects and
unpack bodies in its own way; so nothing of one feed can reach another. What a reply means is for who asked.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import httpx

from tocsin.fetch.body import BodyNotReadable, BodyRefused, BoundedBody
from tocsin.fetch.hosts import HostBusy, Hosts, Politeness
from tocsin.model import FeedSpec, FetchFailed, FetchReason, Validators
from tocsin.net.failure import FailureKind, explain
from tocsin.net.headers import retry_after
from tocsin.net.transport import CheckedTransport
from tocsin.net.urls import UrlRefused, digest_of, host_of, origin_of, read_url

_NONE: Final = Validators()
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PERMANENT: Final = frozenset({301, 308})
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
    """What one question may cost. Times are in seconds, sizes in bytes; `total` covers redirects, not politeness."""

    total: float = 30.0
    connect: float = 5.0
    read: float = 10.0
    redirects: int = 5
    received: int = 5 * 2**20
    decoded: int = 10 * 2**20


class Stopped(Exception):
    """A question that got no reply; `failure` says why."""

    def __init__(self, failure: FetchFailed) -> None:
        super().__init__(failure.detail)
        self.failure = failure


def stopped(reason: FetchReason, detail: str) -> Stopped:
    """Return what to raise where a question ends for `reason`."""
    return Stopped(FetchFailed(reason=reason, detail=detail))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for on behalf of `feed`, whose way to the network it goes and whose headers it may carry.

    `validators` go to the URL that gave them only. `types` are the media types of which the body is read; None: all.
    `cut`: a body that is too long is cut instead of refused. `permission` is asked before each request: it returns
    the seconds to leave after the request before, or raises.
    """

    feed: FeedSpec
    url: httpx.URL
    accept: str
    limits: FetchLimits
    validators: Validators = _NONE
    types: frozenset[str] | None = None
    cut: bool = False
    permission: Callable[[httpx.URL], Awaitable[float]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered at `url`, with its body where it is a success of one of the types asked for.

    `conditional`: the validators were sent to this very URL. `moved`: there were redirects, permanent ones only.
    `at` is when the answer came. `received` counts the bytes on the wire.
    """

    url: httpx.URL
    status: int
    headers: httpx.Headers
    conditional: bool
    at: datetime
    body: bytes | None = None
    received: int = 0
    moved: bool = False


class Exchange:
    """Asks. `transport` decides which addresses may be connected to, `clock` gives the seconds since the epoch."""

    def __init__(
        self,
        *,
        transport: CheckedTransport,
        user_agent: str,
        politeness: Politeness,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._user_agent = user_agent
        self._hosts = Hosts(politeness)
        self._clock = clock

    async def ask(self, question: Question) -> Reply:
        """Ask at the question's URL and wherever it sends us on to, within the time for all of it.

        Raises:
            Stopped: there was no answer, or none that we read.
        """
        url, passed, moved = question.url, {question.url}, True
        left = question.limits.total
        for _ in range(question.limits.redirects + 1):
            gap = await question.permission(url) if question.permission else 0.0
            reply, took = await self._hop(question, url, gap, left)
            if reply.status not in _REDIRECTS or "location" not in reply.headers:
                return replace(reply, moved=moved and len(passed) > 1)
            left -= took
            moved = moved and reply.status in _PERMANENT
            url = _next_hop(question, reply)
            if url in passed:
                raise stopped(FetchReason.REDIRECTS, f"{url.host} redirects in a circle")
            passed.add(url)
        raise stopped(FetchReason.REDIRECTS, f"more than {question.limits.redirects} redirects")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _hop(self, question: Question, url: httpx.URL, gap: float, left: float) -> tuple[Reply, float]:
        """Make one request, when it is its turn; return the answer and the seconds that it took, without the wait."""
        now = asyncio.get_running_loop().time
        with _ends(question, url):
            began = now()
            address = await self._address(question, url, left)
            looked_up = now() - began
            # given back before the next hop: two hosts may point to each other
            async with self._hosts.turn(host_of(url), address, gap=gap):
                began = now()
                async with asyncio.timeout(max(left - looked_up, 0)):
                    reply = await self._request(question, url)
                return reply, looked_up + now() - began

    async def _address(self, question: Question, url: httpx.URL, left: float) -> str | None:
        """Return the address that is tried first, None where a proxy finds it."""
        if question.feed.proxy:
            return None
        _, _, port = origin_of(url)
        limit = min(question.limits.connect, max(left, 0))
        return str((await self._transport.addresses(url.raw_host.decode(), port, limit))[0])

    async def _request(self, question: Question, url: httpx.URL) -> Reply:
        conditions = _conditions(question.validators, url)
        answer = await self._transport.handle_async_request(self._written(question, url, conditions))
        async with aclosing(answer):
            reply = Reply(
                url=url,
                status=answer.status_code,
                headers=answer.headers,
                conditional=bool(conditions),
                at=datetime.fromtimestamp(self._clock(), UTC),
            )
            if not answer.is_success or not _wanted(answer, question.types):
                return reply
            body = await _body(answer, question)
            return replace(reply, body=body.content, received=body.received)

    def _written(self, question: Question, url: httpx.URL, conditions: Mapping[str, bytes]) -> httpx.Request:
        feed, limits = question.feed, question.limits
        headers = {"user-agent": self._user_agent.encode(), "accept": question.accept.encode()}
        headers |= {"accept-encoding": b"gzip", **conditions}
        ours = read_url(feed.location)
        if origin_of(url) == origin_of(ours):
            headers |= {name.lower(): value.encode() for name, value in feed.headers}
        extensions = {
            "timeout": httpx.Timeout(limits.read, connect=limits.connect).as_dict(),
            "allow_private": feed.allow_private,
            "proxy": feed.proxy,
            "insecure_tls": feed.insecure_tls and host_of(url) == host_of(ours),
        }
        wire = [(name.title().encode(), value) for name, value in headers.items()]
        return httpx.Request("GET", url, headers=wire, extensions=extensions)


def failed(reply: Reply, feed: FeedSpec) -> FetchFailed:
    """Return the failure that a reply other than a success is.

    429 is for the whole host, in the name that the feed has for it.
    """
    if reply.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and feed.proxy:
        return FetchFailed(reason=FetchReason.CONNECT, detail="the proxy wants another user or password")
    wait = retry_after(reply.headers, cap=_LONGEST_WAIT)
    busy = reply.status == HTTPStatus.TOO_MANY_REQUESTS and wait is not None
    return FetchFailed(
        reason=FetchReason.HTTP_STATUS,
        detail=f"{reply.url.host} answered {_phrase(reply.status)}",
        status=reply.status,
        retry_after=wait,
        busy_host=_name_of_host(reply.url, feed) if busy else None,
    )


def first_url(location: str, what: str) -> httpx.URL:
    """Return the URL to begin at.

    Raises:
        Stopped: we do not go there.
    """
    try:
        return read_url(location)
    except UrlRefused as error:
        raise stopped(FetchReason.REFUSED_ADDRESS, f"{what} is not fetched: {error}") from None


def media_type(headers: httpx.Headers) -> str:
    """Return the media type that an answer says it is of, empty where it does not say."""
    return str(headers.get("content-type", "")).partition(";")[0].strip().lower()


def _next_hop(question: Question, reply: Reply) -> httpx.URL:
    """Return where a redirect leads, raising `Stopped` where we do not follow."""
    location, host = reply.headers.get_list("location")[0], reply.url.host
    if len(location) > _LONGEST_LOCATION:
        raise stopped(FetchReason.REDIRECTS, f"{host} redirects to a URL that is too long")
    try:
        url = read_url(location, base=reply.url)
    except UrlRefused as error:
        raise stopped(FetchReason.REDIRECTS, f"{host} redirects to where we do not go: {error}") from None
    if question.feed.headers and (reply.url.scheme, url.scheme) == ("https", "http"):
        raise stopped(
            FetchReason.REDIRECTS, f"{host} redirects from https to http, and the feed has headers of its own"
        )
    return url


@contextmanager
def _ends(question: Question, url: httpx.URL) -> Iterator[None]:
    """Turn what goes wrong with a request to `url` into the end of the question."""
    try:
        yield
    except HostBusy:
        raise stopped(FetchReason.TIMEOUT, f"{url.host} had no turn among our own requests to it") from None
    except TimeoutError:
        raise stopped(FetchReason.TIMEOUT, f"no complete answer within {question.limits.total:g} s") from None
    except httpx.TransportError as error:
        failure = explain(error, url.host)
        raise stopped(_REASONS[failure.kind], failure.detail) from None
    except BodyRefused as error:
        reason = FetchReason.ENCODING if isinstance(error, BodyNotReadable) else FetchReason.TOO_LARGE
        raise stopped(reason, str(error)) from None


def _wanted(answer: httpx.Response, types: frozenset[str] | None) -> bool:
    return types is None or media_type(answer.headers) in types


async def _body(answer: httpx.Response, question: Question) -> BoundedBody:
    limits = question.limits
    body = BoundedBody(answer.headers, max_received=limits.received, max_decoded=limits.decoded, cut=question.cut)
    async for chunk in answer.aiter_raw():
        if not body.add(chunk):
            return body
    body.finish()
    return body


def _conditions(validators: Validators, url: httpx.URL) -> dict[str, bytes]:
    """Return what asks `url` "changed since?", and for what is new only if it can tell (RFC 3229).

    Empty where it was another URL that gave the validators.
    """
    given = {"if-none-match": validators.etag, "if-modified-since": validators.last_modified}
    conditions = {name: value.encode("latin-1") for name, value in given.items() if value}
    return {**conditions, "a-im": b"feed"} if conditions and validators.source == digest_of(url) else {}


def _name_of_host(url: httpx.URL, feed: FeedSpec) -> str:
    host = host_of(url)
    return feed.host if feed.host and host == host_of(read_url(feed.location)) else host


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
