"""Which pages a site lets programs read, and how often: robots.txt (RFC 9309).

It is asked for pages only. Feeds are there for programs, and a user has asked for each of them by name.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

import httpx
from protego import Protego

from tocsin.fetch.exchange import Exchange, FetchLimits, Question, Stopped, failed, stopped
from tocsin.model import FeedSpec, FetchReason
from tocsin.net.urls import origin_of

_US: Final = "tocsin"  # the product token of our User-Agent
_ACCEPT: Final = "text/plain, */*;q=0.1"
_LARGEST: Final = 500 * 2**10  # RFC 9309 section 2.5
_REDIRECTS: Final = 5  # section 2.3.1.2
_KEPT: Final = 24 * 3600.0  # section 2.4
_UNREACHABLE_FOR: Final = 3600.0
_MOST_KEPT: Final = 500
_LONGEST_DELAY: Final = 30.0
_READ_AT_ONCE: Final = 16 * 2**10
_AGENT_LINE: Final = re.compile(r"\s*user[-\s]*agent[\s:]*([^#]*)", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[a-z_-]+", re.IGNORECASE)


class KeptOut(Exception):
    """A site does not let us read a page; the message says so."""


class RobotsFiles:
    """Keeps each site's rules for a day, or for an hour where they could not be had."""

    def __init__(self, exchange: Exchange, limits: FetchLimits) -> None:
        self._exchange = exchange
        self._limits = replace(limits, received=_LARGEST, decoded=_LARGEST, redirects=_REDIRECTS)
        self._known: OrderedDict[_Site, _Rules] = OrderedDict()
        self._asking: WeakValueDictionary[_Site, asyncio.Lock] = WeakValueDictionary()

    def permission(self, feed: FeedSpec) -> Callable[[httpx.URL], Awaitable[float]]:
        """Return what gives permission to ask at a URL: it returns the site's delay in seconds.

        It raises `KeptOut`, and `Stopped` where the site may not be asked, or not now, or has no answer.
        """

        async def may_read(url: httpx.URL) -> float:
            rules = await self._rules_of(feed, url)
            if rules.file is None:  # it may be there the next time
                why = f"the robots.txt of {url.host} could not be had, which lets us read nothing: {rules.why}"
                raise stopped(FetchReason.HTTP_STATUS, why)
            if not await rules.allow(url):
                raise KeptOut(f"the robots.txt of {url.host} does not let us read this page")
            return min(rules.file.crawl_delay(_US) or 0.0, _LONGEST_DELAY)

        return may_read

    async def _rules_of(self, feed: FeedSpec, url: httpx.URL) -> "_Rules":
        site = _Site(origin_of(url), feed.proxy, feed.insecure_tls)
        lock = self._asking.setdefault(site, asyncio.Lock())
        async with lock:
            now = asyncio.get_running_loop().time()
            if site not in self._known or self._known[site].until <= now:
                self._known[site] = await self._asked(feed, url.copy_with(raw_path=b"/robots.txt"), now)
            self._known.move_to_end(site)
            while len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)
            return self._known[site]

    async def _asked(self, feed: FeedSpec, url: httpx.URL, now: float) -> "_Rules":
        """Ask a site for its rules: what is not there allows all, what cannot be had allows nothing for a while."""
        question = Question(feed=feed, url=url, accept=_ACCEPT, limits=self._limits, cut=True)
        try:
            reply = await self._exchange.ask(question)
        except Stopped as stop:
            match stop.failure.reason:
                case FetchReason.REFUSED_ADDRESS:
                    raise
                case FetchReason.REDIRECTS:
                    return _Rules(until=now + _KEPT, file=Protego())
                case _:
                    return _Rules(until=now + _UNREACHABLE_FOR, file=None, why=stop.failure.detail)
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Stopped(failed(reply, feed))
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return _Rules(until=now + _UNREACHABLE_FOR, file=None, why=failed(reply, feed).detail)
        return await _Rules.read(reply.body or b"", until=now + _KEPT)


class _Site(NamedTuple):
    """Whose rules, and how we came by them."""

    origin: tuple[str, str, int]
    proxy: str
    insecure_tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What a site said; `file` is None where it could not be asked, and `why` says why not."""

    until: float
    file: Protego | None
    large: bool = False
    why: str = ""

    @classmethod
    async def read(cls, body: bytes, *, until: float) -> "_Rules":
        """Read a robots.txt; a large one in a thread, so that it holds nobody up."""
        large = len(body) > _READ_AT_ONCE
        file = await asyncio.to_thread(_parsed, body) if large else _parsed(body)
        return cls(until=until, file=file, large=large)

    async def allow(self, url: httpx.URL) -> bool:
        """Tell whether a page may be read."""
        if self.file is None:
            return False
        if self.large:
            return await asyncio.to_thread(self.file.can_fetch, str(url), _US)
        return self.file.can_fetch(str(url), _US)


def _parsed(body: bytes) -> Protego:
    """Read what is for us or for everybody.

    Groups for others are put under one name: Protego gives each of the names that share a group each of its rules, of
    which a hostile file could have billions. A last line that was cut is left out; half a rule may say anything.
    """
    whole = body if len(body) < _LARGEST else body[: body.rfind(b"\n") + 1]
    lines = whole.decode("utf-8-sig", errors="replace").splitlines()
    return Protego.parse("\n".join(_for_us(line) for line in lines))


def _for_us(line: str) -> str:
    found = _AGENT_LINE.match(line)
    if not found:
        return line
    agent = found[1].strip()
    token = _TOKEN.match(agent)
    if agent == "*":
        return "user-agent: *"
    return f"user-agent: {_US if token and token[0].lower() == _US else 'others'}"
