"""`tocsin parse`: what Tocsin sees in a feed, a page or a file."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tocsin.cli.ending import Exit, complain, printable
from tocsin.cli.frame import plan_if_any, print_json, run_until_interrupted
from tocsin.cli.sources import Source, read_sources
from tocsin.clock import utc_now
from tocsin.feeds.article import article_of
from tocsin.model import Article, Entry, FeedSpec, FetchReason, JsonObject, ParsedFeed, ParseFailed
from tocsin.text.language import primary


def parse(source: str, config: Path | None, *, json: bool) -> Exit:
    """Print the entries of a source; 1 where none of them, or no feed, can be read."""
    plan = plan_if_any(config)

    async def work() -> Exit:
        read_any, unreadable = False, False
        async for item in read_sources([source], plan):
            if isinstance(item.parsed, ParseFailed):
                complain(f"{item.name}: {item.parsed.detail}")
                unreadable |= item.parsed.reason is FetchReason.PATH
                continue
            for problem in item.parsed.problems:
                complain(f"{item.name}: {problem}")
            if not item.parsed.entries and not item.parsed.problems:
                complain(f"{item.name}: the feed has no entries")
                read_any = True
            for entry in item.parsed.entries:
                read_any = True
                _print(item, item.parsed, entry, json=json)
        return Exit.WRONG if unreadable else Exit.FINE if read_any else Exit.FINDING

    return run_until_interrupted(work())


def _print(source: Source, parsed: ParsedFeed, entry: Entry, *, json: bool) -> None:
    shown = entry_json(_with_title(entry, source.feed), parsed, source.feed)
    if json:
        print_json(shown)
        return
    for key in ("title", "id", "url", "published", "updated", "language", "text_kind"):
        print(f"{key:<10} {printable(str(shown[key] if shown[key] is not None else '-'))}")
    for key in ("authors", "tags"):
        print(f"{key:<10} {printable(', '.join(getattr(entry, key)) or '-')}")
    text = printable(entry.text or "")
    print(f"{'text':<10} {text if len(text) <= 500 else text[:500] + ' …'}\n")


def _with_title(entry: Entry, feed: FeedSpec) -> Entry:
    """Give a text the title that its paragraphs hold."""
    if not entry.title_in_text:
        return entry
    article = article_of(entry, feed, None, utc_now())
    return replace(entry, title=article.title or None) if isinstance(article, Article) else entry


def entry_json(entry: Entry, parsed: ParsedFeed, feed: FeedSpec) -> JsonObject:
    """Return an entry as `parse --json` prints it; what its feed does not give is null."""
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "published": _time(entry.published),
        "updated": _time(entry.updated),
        "authors": list(entry.authors),
        "summary": entry.summary,
        "text": entry.text,
        "text_kind": entry.text_kind.value,
        "language": primary(feed.language) or primary(entry.language) or primary(parsed.language),
        "tags": list(entry.tags),
        "feed": {"title": parsed.title, "url": parsed.url},
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
