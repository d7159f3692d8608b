"""`tocsin feeds add`: finds the feeds of a site and shows what to write into the configuration. It writes no file."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from tocsin.cli.ending import Exit, complain, printable
from tocsin.cli.frame import plan_if_any, print_json, run_until_interrupted
from tocsin.cli.progress import Progress
from tocsin.clock import utc_now
from tocsin.config.yamlfile import write_yaml
from tocsin.documents import open_documents
from tocsin.errors import UsageError
from tocsin.feeds.discovery import Candidate, FoundFeed, Hint, common_feeds, feeds_of_page, likeliest_first
from tocsin.feeds.opml import LONGEST_NAME, unique_name
from tocsin.feeds.parse import parse_document
from tocsin.feeds.schedule import mean_gap
from tocsin.model import (
    Document,
    Entry,
    FeedKind,
    FeedSpec,
    Fetched,
    FetchFailed,
    FetchReason,
    JsonObject,
    NotModified,
    ParseFailed,
    Validators,
)
from tocsin.plan import Plan
from tocsin.ports import Fetcher, LimitExceeded, Sandbox
from tocsin.text.clean import clean_line
from tocsin.text.detect import detect_language
from tocsin.text.language import primary
from tocsin.text.urls import http_url, registered_domain, request_url

#: How many entries are shown, and of how many the language is told.
SHOWN, READ = 5, 10

LONGEST_TITLE = 75  # characters

_SAID = {
    Hint.GIVEN: "the address given",
    Hint.NAMED: "named by the page",
    Hint.LINKED: "linked by the page",
    Hint.COMMON: "a common place",
}


def add(url: str, config: Path | None, *, json: bool) -> Exit:
    """Print the feeds at a URL or of its site, the likeliest first; 1 where there is none or nothing can be had.

    Raises:
        UsageError: it is no http or https URL.
    """
    address = http_url(url if "://" in url else f"https://{url}")
    if address is None:
        raise UsageError(f"{url!r} is no URL like https://example.org, without user and password")
    plan = plan_if_any(config)

    async def work() -> Sequence[FoundFeed]:
        async with open_documents(plan) as (fetcher, sandbox):
            return likeliest_first(await _Search(plan, fetcher, sandbox).feeds_at(address))

    found = run_until_interrupted(work())
    if not found:
        return Exit.FINDING
    offers = list(_offers(found, plan, utc_now()))
    if json:
        for offer in offers:
            print_json(_json(offer))
    else:
        sys.stdout.write("\n".join(_lines(offers)) + "\n")
    return Exit.FINE


# ---------------------------------------------------------------------------------------------------------------
# Searching


class _Search:
    """Asks where there may be feeds, one address after the other. What fails is said on standard error."""

    def __init__(self, plan: Plan, fetcher: Fetcher, sandbox: Sandbox) -> None:
        self._plan = plan
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._progress = Progress()
        self._asked_to_wait: FetchFailed | None = None

    async def feeds_at(self, url: str) -> Sequence[FoundFeed]:
        """Return the feed at `url`, else those that its page names, else links to, else the first in a common place."""
        given = Candidate(url=url, hint=Hint.GIVEN)
        fetched = await self._fetch(url)
        if isinstance(fetched, FetchFailed):
            complain(f"{url}: {fetched.detail}")
            return []
        read = await self._read(given, fetched)
        if isinstance(read, FoundFeed):
            return [read]
        found = await self._of_page(fetched.documents[0])
        if not found:
            complain(f"{url}: {read.detail}, and no feed was found on its site; look on the site for RSS")
        return found

    async def _of_page(self, page: Document) -> Sequence[FoundFeed]:
        try:
            candidates = await self._sandbox.run(feeds_of_page, page)
        except LimitExceeded as limit:
            complain(f"{page.name}: {limit}")
            candidates = ()
        for _, equals in groupby(candidates, key=lambda candidate: candidate.hint):
            found = [read for candidate in equals if isinstance(read := await self._try(candidate), FoundFeed)]
            if found:
                return found
        for candidate in common_feeds(page.name):
            if (found_one := await self._try(candidate)) is not None:
                return [found_one]
        return []

    async def _try(self, candidate: Candidate) -> FoundFeed | None:
        fetched = await self._fetch(candidate.url)
        if isinstance(fetched, FetchFailed):
            if candidate.hint is not Hint.COMMON:
                complain(f"{candidate.url}: {fetched.detail}")
            return None
        read = await self._read(candidate, fetched)
        return read if isinstance(read, FoundFeed) else None

    async def _fetch(self, url: str) -> Fetched | FetchFailed:
        """Get what is at `url`; once a server asks for patience, nothing more is asked for."""
        if self._asked_to_wait is not None:
            return self._asked_to_wait
        feed = FeedSpec(
            name=url,
            kind=FeedKind.HTTP,
            location=url,
            allow_private=self._plan.allow_private,
            proxy=self._plan.proxy,
        )
        self._progress.tell(lambda: f"asking {printable(url)}")
        outcome = await self._fetcher.fetch(feed, Validators(), None)
        self._progress.clear()
        match outcome:
            case NotModified():
                return FetchFailed(reason=FetchReason.HTTP_STATUS, detail="nothing changed, though it was not asked")
            case FetchFailed(busy_host=str()):
                self._asked_to_wait = outcome
                return outcome
            case _:
                return outcome

    async def _read(self, candidate: Candidate, fetched: Fetched) -> FoundFeed | ParseFailed:
        try:
            parsed = await self._sandbox.run(parse_document, fetched.documents[0])
        except LimitExceeded as limit:
            return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=str(limit))
        if isinstance(parsed, ParseFailed):
            return parsed
        return FoundFeed(url=fetched.answer.moved_to or candidate.url, candidate=candidate, parsed=parsed)


# ---------------------------------------------------------------------------------------------------------------
# Showing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """A feed as it could stand in the configuration. `configured` is the name of one that has its address already."""

    name: str
    feed: FoundFeed
    language: str | None
    entries_a_day: float | None
    configured: str | None

    @property
    def keys(self) -> dict[str, object]:
        """What is written into the configuration."""
        language = {"language": self.language} if self.language else {}
        return {"name": self.name, "url": self.feed.url, **language, "tags": []}


def _offers(found: Sequence[FoundFeed], plan: Plan, now: datetime) -> Iterator[_Offer]:
    taken = set(plan.feed_named)
    there = {request_url(feed.location): feed.name for feed in reversed(plan.feeds) if feed.kind is FeedKind.HTTP}
    for feed in found:
        name = clean_line(feed.parsed.title or "")[:LONGEST_NAME].rstrip() or registered_domain(feed.url)
        taken.add(name := unique_name(name, taken))
        gap = mean_gap(map(_date, feed.parsed.entries), now)
        yield _Offer(
            name=name,
            feed=feed,
            language=_language(feed),
            entries_a_day=timedelta(days=1) / gap if gap else None,
            configured=there.get(request_url(feed.url)),
        )


def _language(feed: FoundFeed) -> str | None:
    entries = feed.parsed.entries[:READ]
    said = (primary(feed.parsed.language), *(primary(entry.language) for entry in entries[:1]))
    texts = (text for entry in entries for text in (entry.title, entry.summary) if text)
    return next(filter(None, said), None) or detect_language(" ".join(texts))


def _json(offer: _Offer) -> JsonObject:
    entries = offer.feed.parsed.entries
    return {
        **offer.keys,
        "language": offer.language,
        "hint": offer.feed.candidate.hint.name.lower(),
        "configured": offer.configured,
        "entries": len(entries),
        "entries_a_day": offer.entries_a_day,
        "last_entries": [
            {"published": _time(entry.published), "title": entry.title, "url": entry.url} for entry in _newest(entries)
        ],
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _newest(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the last entries: by their dates, those without one behind them in the feed's order."""
    dated = sorted(((date, entry) for entry in entries if (date := _date(entry))), key=itemgetter(0), reverse=True)
    return [*(entry for _, entry in dated), *(entry for entry in entries if not _date(entry))][:SHOWN]


def _date(entry: Entry) -> datetime | None:
    """Return when an entry was published; of some feeds it is only known when it was last changed."""
    return entry.published or entry.updated


def _lines(offers: Sequence[_Offer]) -> Iterator[str]:
    """Yield YAML to be pasted below `feeds:`. All but the likeliest is a comment: often it is the same feed again."""
    for number, offer in enumerate(offers):
        yield from (f"  # {line}" for line in _about(offer))
        again = "# " if number or offer.configured else ""
        yield from (f"  {again}{line}" for line in write_yaml([offer.keys]).splitlines())


def _about(offer: _Offer) -> Iterator[str]:
    feed = offer.feed
    rate = "" if offer.entries_a_day is None else f", about {offer.entries_a_day:.1f} a day"
    yield f"{_SAID[feed.candidate.hint]}: {_counted(feed)}{rate}, {offer.language or 'language unknown'}"
    if offer.configured:
        yield f"configured already, as {printable(offer.configured)}"
    for entry in _newest(feed.parsed.entries):
        date = _date(entry)
        when = f"{date:%d %b %Y %H:%M}" if date else "no date"
        title = entry.title or entry.text or entry.url or entry.id
        yield f"  {when:<17}  {printable(title)[:LONGEST_TITLE]}"


def _counted(feed: FoundFeed) -> str:
    if feed.parsed.parts:
        return f"an index of {len(feed.parsed.parts)} sitemaps"
    number = len(feed.parsed.entries)
    return f"{number} {'entry' if number == 1 else 'entries'}"
