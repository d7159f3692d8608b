"""Gathering what a poll reads: documents, those that an index lists, and pages of older entries.

Each document is read in the sandbox. What cannot be had or read costs no more than itself, and is told.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.feeds.article import articles_of, repeats_ids
from tocsin.feeds.parse import parse_document
from tocsin.model import (
    Article,
    Courtesy,
    Document,
    FeedPart,
    FeedSpec,
    Fetched,
    FetchFailed,
    FetchReason,
    NotModified,
    ParsedFeed,
    ParseFailed,
    Seen,
    Skipped,
    SkipReason,
    Validators,
)
from tocsin.pipeline.tools import Tools
from tocsin.ports import LimitExceeded

#: How many documents the index of a feed may lead to, and through how many indexes, as news sites' sitemaps do.
MOST_PARTS, MOST_LEVELS = 50, 2

#: How many entries become articles before others have their turn.
AT_A_TIME = 20

#: How long the documents of an index are fetched in one poll; the rest have their turn in the next.
TIME_FOR_PARTS = timedelta(minutes=2)


class Gathering:
    """What one poll of a feed reads, as far as it has.

    `seen` are the entries of the last poll by their digests, `parts` the documents that the feed's index listed then,
    and those that it lists now once they were read.
    """

    def __init__(self, tools: Tools, feed: FeedSpec, parts: Sequence[FeedPart], seen: Mapping[str, Seen]) -> None:
        self.entries: list[Article | Skipped] = []
        self.unchanged: dict[str, Seen] = {}
        self.problems: list[str] = []
        self.parts: list[FeedPart] = []
        self.ids_repeated: bool | None = None  # one id stood for entries that differ; None: nothing was read
        self.published: list[datetime | None] = []  # as the documents say, of the entries that were read
        self.courtesy = Courtesy()
        self.older: str | None = None
        self.received = 0  # bytes, without those of the feed's own document
        self.whole = True  # nothing that the feed holds was left out
        self.kept = False  # a part is as it was, or has its turn in the next poll
        self.failure: FetchFailed | None = None  # of the last part that could not be had
        self.busy: FetchFailed | None = None  # a host asked that no more of it be fetched now
        self._tools = tools
        self._feed = feed
        self._known = {part.url: part for part in parts}
        self._listed: deque[tuple[int, str]] = deque()  # parts that are still to be read, each with its level
        self._seen = seen

    @property
    def articles(self) -> Sequence[Article]:
        """The articles among the entries."""
        return [entry for entry in self.entries if isinstance(entry, Article)]

    @property
    def is_empty(self) -> bool:
        """Tell whether no entry was read at all."""
        return not self.entries and not self.unchanged

    async def read(self, documents: Sequence[Document]) -> ParseFailed | None:
        """Read what came, with all that it lists; without a document, what the index listed the last time.

        What keeps the last of the documents from being read comes back.
        """
        failed = None
        for document in documents:
            failed = await self._add(document, 0)
        if not documents:
            self._listed.extend((1, url) for url in self._known)
        await self._read_parts()
        return failed

    async def read_older(self) -> None:
        """Read the page of entries before those that were read (RFC 5005)."""
        older, courtesy = self.older, self.courtesy
        self.older = None
        outcome = await self._tools.fetcher.fetch(self._feed, Validators(), None, address=older)
        if isinstance(outcome, Fetched):
            self.received += outcome.received
            for document in outcome.documents:
                await self._add(document, MOST_LEVELS)
            self.courtesy = courtesy
        elif isinstance(outcome, FetchFailed):
            self._note_failure(f"{older}", outcome)

    async def _add(self, document: Document, level: int) -> ParseFailed | None:
        """Read a document; what keeps it from being read comes back, and is a problem too."""
        parsed = await self._parse(document)
        if isinstance(parsed, ParseFailed):
            self.problems.append(f"{document.name}: {parsed.detail}")
            return parsed
        unchanged = {self._seen[digest].entry_id for digest in parsed.unchanged}
        self.ids_repeated = self.ids_repeated or repeats_ids(parsed, unchanged)
        for number, article in enumerate(articles_of(parsed, self._feed, self._tools.clock(), unchanged)):
            self.entries.append(article)
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)  # a feed of thousands must not hold up what else is due
        self.published += (entry.published for entry in parsed.entries)
        for digest in parsed.unchanged:
            if digest in self.unchanged:
                self.entries.append(Skipped(entry_id=self._seen[digest].entry_id, reason=SkipReason.REPEATED))
            self.unchanged[digest] = self._seen[digest]
        self.problems += (f"{document.name}: {problem}" for problem in parsed.problems)
        self.courtesy = parsed.courtesy
        self.older = parsed.older
        if level < MOST_LEVELS:
            self._listed.extend((level + 1, url) for url in parsed.parts)
        return None

    async def _parse(self, document: Document) -> ParsedFeed | ParseFailed:
        try:
            return await self._tools.sandbox.run(parse_document, document, frozenset(self._seen))
        except LimitExceeded as limit:
            return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=str(limit))

    async def _read_parts(self) -> None:
        """Read the documents that indexes list, each once and no more than may be."""
        asked: set[str] = set()
        until = self._tools.clock() + TIME_FOR_PARTS
        while self._listed and len(asked) < MOST_PARTS:
            level, url = self._listed.popleft()
            if url in asked:
                continue
            asked.add(url)
            if self.busy is None and self._tools.clock() <= until:
                await self._read_part(level, url)
            else:
                self.whole = False
                self.kept = self.kept or self.busy is None
                self.parts.append(self._known.get(url, FeedPart(url=url)))

    async def _read_part(self, level: int, url: str) -> None:
        """Read a document that an index lists, if it changed."""
        part = self._known.get(url, FeedPart(url=url))
        outcome = await self._tools.fetcher.fetch(self._feed, part.validators, part.fingerprint, address=url)
        match outcome:
            case FetchFailed():
                self.whole, self.failure = False, outcome
                self._note_failure(url, outcome)
                self.parts.append(part)
            case NotModified():
                self.whole, self.kept = False, True
                self.received += outcome.received
                self.parts.append(replace(part, validators=outcome.validators))
            case Fetched():
                self.received += outcome.received
                failed = [await self._add(document, level) for document in outcome.documents]
                if any(failed):  # it is asked for again
                    self.whole = False
                    self.parts.append(part)
                else:
                    read = replace(part, validators=outcome.validators, fingerprint=outcome.fingerprint)
                    self.parts.append(read)

    def _note_failure(self, url: str, failure: FetchFailed) -> None:
        self.problems.append(f"{url}: {failure.detail}")
        if failure.busy_host:
            self.busy = failure
