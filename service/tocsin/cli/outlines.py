"""`tocsin import-opml` and `tocsin export-opml`: lists of feeds from and for feed readers. No file is written."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tocsin.cli.ending import Exit, complain
from tocsin.cli.frame import plan_for, plan_if_any, print_json, run_until_interrupted, settings_for
from tocsin.config.yamlfile import write_yaml
from tocsin.documents import open_documents
from tocsin.feeds.opml import LARGEST, Outline, Outlines, read_opml, write_opml
from tocsin.model import (
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
from tocsin.ports import Fetcher, LimitExceeded
from tocsin.text.urls import http_url, request_url

STANDARD_INPUT = "-"


def import_opml(source: str, config: Path | None, *, json: bool) -> Exit:
    """Print the feeds of a list as they could stand in the configuration.

    2 where the source cannot be read, 1 where it is no list of feeds or something in it is no feed.
    """
    plan = plan_if_any(config)

    async def work() -> Outlines | ParseFailed:
        async with open_documents(plan) as (fetcher, sandbox):
            body = await _fetched(source, plan, fetcher) if http_url(source) else _file(source)
            if isinstance(body, ParseFailed):
                return body
            try:
                return await sandbox.run(read_opml, body)
            except LimitExceeded as limit:
                return ParseFailed(reason=FetchReason.PARSE_LIMIT, detail=str(limit))

    read = run_until_interrupted(work())
    if isinstance(read, ParseFailed):
        complain(f"{source}: {read.detail}")
        return Exit.WRONG if read.reason is FetchReason.PATH else Exit.FINDING
    for line in (*read.problems, *read.doubles, *_known(read, plan)):
        complain(f"{source}: {line}")
    _print(read, json=json)
    return Exit.FINE if read.feeds and not read.problems else Exit.FINDING


def _print(read: Outlines, *, json: bool) -> None:
    if json:
        for feed in read.feeds:
            print_json({**_keys(feed), "language": feed.language, "tags": list(feed.tags)})
    elif read.feeds:
        sys.stdout.write(write_yaml({"feeds": [_keys(feed) for feed in read.feeds]}))


def _keys(feed: Outline) -> JsonObject:
    language = {"language": feed.language} if feed.language else {}
    return {"name": feed.name, "url": feed.url, **language, **({"tags": feed.tags} if feed.tags else {})}


def _known(read: Outlines, plan: Plan) -> Iterator[str]:
    """Tell of what is in the configuration already: together with it, the list would be a mistake or fetch in vain."""
    there = {request_url(feed.location): feed.name for feed in reversed(plan.feeds) if feed.kind is FeedKind.HTTP}
    for feed in read.feeds:
        if (name := there.get(request_url(feed.url))) is not None:
            yield f'"{feed.name}" is configured already' + ("" if name == feed.name else f', as "{name}"')
        elif feed.name in plan.feed_named:
            yield f'another feed of the name "{feed.name}" is configured already'


def _file(name: str) -> bytes | ParseFailed:
    try:
        if name == STANDARD_INPUT:
            return sys.stdin.buffer.read(LARGEST + 1)
        with Path(name).open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        return ParseFailed(reason=FetchReason.PATH, detail=error.strerror or str(error))


async def _fetched(url: str, plan: Plan, fetcher: Fetcher) -> bytes | ParseFailed:
    feed = FeedSpec(
        name=url, kind=FeedKind.HTTP, location=url, allow_private=plan.allow_private, proxy=plan.proxy
    )  # fmt: skip
    match await fetcher.fetch(feed, Validators(), None):
        case Fetched(documents=(document, *_)):
            return document.body
        case FetchFailed(reason=reason, detail=detail):
            return ParseFailed(reason=reason, detail=detail)
        case Fetched() | NotModified():
            return ParseFailed(reason=FetchReason.NOT_A_FEED, detail="nothing was sent")


def export_opml(config: Path | None) -> Exit:
    """Print the configured feeds that have a URL; 1 where there is none. What holds a secret is left out and told."""
    from tocsin.log import Veil  # noqa: PLC0415 - what writes logs takes long, and an import needs none of it

    plan = plan_for(settings_for(config))
    veil = Veil(plan.secrets)
    feeds = []
    for feed in plan.feeds:
        if feed.kind is not FeedKind.HTTP:
            complain(f"{veil(feed.name)}: a directory, left out")
        elif veil(said := "\n".join((feed.location, feed.name, *feed.tags))) != said:
            complain(f"{veil(feed.name)}: left out, for there is a secret in its URL, its name or its tags")
        else:
            feeds.append(Outline(name=feed.name, url=feed.location, tags=feed.tags, language=feed.language))
            if feed.headers:
                complain(f"{feed.name}: without its headers and credentials")
    if not feeds:
        complain("no feed with a URL to export")
        return Exit.FINDING
    sys.stdout.write(write_opml("Feeds of Tocsin", feeds))
    return Exit.FINE
