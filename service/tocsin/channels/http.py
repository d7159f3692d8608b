"""One attempt over HTTP, and the one judge of what came of it.

Redirects are never followed: a receiver that moved is to be configured anew, and following would take the message,
with its secrets in the URL, to where nobody meant it to go.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final, TypeAlias

import httpx

from tocsin.model import Attempt, AttemptResult, ChannelSpec
from tocsin.net.failure import FailureKind, explain
from tocsin.net.headers import retry_after
from tocsin.net.urls import UrlRefused, read_url

_CONNECT_TIMEOUT: Final = 5.0
_LONGEST_BODY: Final = 64 * 1024
LONGEST_WAIT: Final = timedelta(hours=1)
_FINAL_FAILURES: Final = frozenset({FailureKind.REFUSED_ADDRESS, FailureKind.BAD_REQUEST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver answered. `body` is its beginning, None where it did not come through."""

    status: int
    retry_after: timedelta | None = None
    body: bytes | None = None


Judge: TypeAlias = Callable[[Answer], Attempt]


def judge(answer: Answer) -> Attempt:
    """Decide by the status alone what an answer means.

    2xx is sent. 429, and 503 with a time, ask for patience. 408, 425 and other 5xx may pass. 410 never will. All
    others, redirects among them, say that this request is not wanted.
    """
    attempt = Attempt(result=_result(answer), detail=f"answered {phrase(answer.status)}", status=answer.status)
    return replace(attempt, retry_after=answer.retry_after) if attempt.result is AttemptResult.WAIT else attempt


def _result(answer: Answer) -> AttemptResult:
    match answer.status:
        case status if 200 <= status <= 299:
            return AttemptResult.SENT
        case 429:
            return AttemptResult.WAIT
        case 503 if answer.retry_after:
            return AttemptResult.WAIT
        case 408 | 425:
            return AttemptResult.RETRY
        case 410:
            return AttemptResult.GONE
        case status if 500 <= status <= 599:
            return AttemptResult.RETRY
        case _:
            return AttemptResult.REFUSED


def phrase(status: int) -> str:
    """Return a status with its name, as people know it."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


async def post(
    spec: ChannelSpec,
    transport: httpx.AsyncBaseTransport,
    body: bytes,
    headers: Mapping[str, str],
    judge: Judge = judge,
    *,
    method: str = "POST",
) -> Attempt:
    """Post a JSON `body` to the channel's URL once, within its timeout, and judge what came of it.

    What fails before the first byte of the request went out is to be tried again; after that nobody can know.
    """
    try:
        url = read_url(spec.url)
    except UrlRefused as error:
        return Attempt(result=AttemptResult.GONE, detail=f"the channel's URL cannot be used: {error}")
    exchange = _Exchange()
    try:
        async with asyncio.timeout(spec.timeout.total_seconds()):
            await exchange.run(transport, _request(url, spec, body, headers, exchange, method=method))
    except TimeoutError:
        return exchange.broken(f"{url.host} took longer than {spec.timeout.total_seconds():g} s", judge)
    except httpx.TransportError as error:
        failure = explain(error, url.host)
        if failure.kind in _FINAL_FAILURES:
            return Attempt(result=AttemptResult.REFUSED, detail=failure.detail)
        return exchange.broken(failure.detail, judge)
    return judge(exchange.answer)


class _Exchange:
    """How far a request and its answer came."""

    def __init__(self) -> None:
        self.answer = Answer(status=0)  # 0: none yet
        self._written = False

    async def trace(self, event: str, facts: Mapping[str, object]) -> None:
        """Follow httpcore's progress (its `trace` extension). What asks a proxy for a way is not yet our request."""
        begun = event == "http11.send_request_headers.started"
        self._written = self._written or (begun and getattr(facts.get("request"), "method", b"") != b"CONNECT")

    async def run(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> None:
        """Send `request` and read the beginning of its answer."""
        response = await transport.handle_async_request(request)
        async with aclosing(response):
            wait = retry_after(response.headers, cap=LONGEST_WAIT)
            self.answer = Answer(status=response.status_code, retry_after=wait)
            self.answer = replace(self.answer, body=await _beginning(response))

    def broken(self, detail: str, judge: Judge) -> Attempt:
        """Say what an exchange means that ended too early: an answer's status still counts without its body."""
        if self.answer.status:
            return judge(self.answer)
        return Attempt(result=AttemptResult.UNSURE if self._written else AttemptResult.RETRY, detail=detail)


def _request(
    url: httpx.URL, spec: ChannelSpec, body: bytes, headers: Mapping[str, str], exchange: _Exchange, *, method: str
) -> httpx.Request:
    timeouts = httpx.Timeout(spec.timeout.total_seconds(), connect=_CONNECT_TIMEOUT).as_dict()
    return httpx.Request(
        method,
        url,
        headers={"User-Agent": "Tocsin", "Content-Type": "application/json", **headers},
        content=body,
        extensions={
            "timeout": timeouts,
            "allow_private": spec.allow_private,
            "proxy": spec.proxy,
            "trace": exchange.trace,
        },
    )


async def _beginning(response: httpx.Response) -> bytes:
    """Read no more of a body than anybody looks at."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= _LONGEST_BODY:
            break
    return bytes(body[:_LONGEST_BODY])
