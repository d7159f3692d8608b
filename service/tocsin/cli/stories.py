"""`tocsin stories`: which articles are one story, and why."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from tocsin.alerts.envelope import timestamp
from tocsin.cli.asked import asked_duration
from tocsin.cli.ending import Exit, printable
from tocsin.cli.frame import print_json, settings_for
from tocsin.cli.table import shortened
from tocsin.clock import utc_now
from tocsin.model import JsonObject, MemberReport, StoryReport
from tocsin.records import open_records

MOST_SHOWN = 20  # articles of a story; its JSON has them all
LONGEST_TITLE = 100
TIME = "%d %b %H:%M UTC"


def stories(config: Path | None, since: str, *, json: bool) -> Exit:
    """Print the stories that an article joined since then, the one that grew last first."""
    settings = settings_for(config)
    begin = utc_now() - asked_duration(since)

    async def work() -> list[StoryReport]:
        async with open_records(settings.database_url) as store:
            return list(await store.story_reports(begin))

    for number, report in enumerate(asyncio.run(work())):
        if json:
            print_json(story_json(report))
            continue
        if number:
            print()
        for line in story_lines(report):
            print(indented(line))
    return Exit.FINE


def indented(line: str) -> str:
    """Return a line that cannot drive a terminal, its indent kept."""
    words = line.lstrip(" ")
    return " " * (len(line) - len(words)) + printable(words)


def story_json(report: StoryReport) -> JsonObject:
    """Return a story for programs."""
    return {
        "id": report.story.id,
        "first_seen": timestamp(report.story.first_seen),
        "follows": report.story.follows,
        "outlets": outlets_of(report),
        "rules": list(report.rules),
        "articles": [_member_json(member) for member in report.members],
    }


def _member_json(member: MemberReport) -> JsonObject:
    source = member.source
    return {
        "id": source.article_id,
        "outlet": source.outlet,
        "feed": source.feed,
        "url": source.url,
        "title": source.title,
        "published": timestamp(source.published) if source.published else None,
        "seen": timestamp(source.seen),
        "verdict": member.verdict.value,
        "of": member.of,
        "score": member.score,
        "why": member.why,
    }


def outlets_of(report: StoryReport) -> int:
    """Count the outlets that have a story."""
    return len({member.source.outlet.casefold() for member in report.members})


def story_lines(report: StoryReport) -> Iterator[str]:
    """Yield a story for people: what it is, then its articles in the order in which they joined."""
    outlets = outlets_of(report)
    since = report.story.first_seen.strftime(TIME)
    yield f"story {report.story.id}: {outlets} outlet{'' if outlets == 1 else 's'} since {since}"
    if report.rules:
        yield f"  rang: {', '.join(dict.fromkeys(report.rules))}"
    if report.story.follows:
        yield f"  follows: {report.story.follows}"
    for member in report.members[:MOST_SHOWN]:
        source = member.source
        of = f" of {member.of}" if member.of else ""
        yield f"  {source.seen.strftime(TIME)}, {source.outlet}: {shortened(source.title, LONGEST_TITLE)}"
        yield f"    {source.article_id}, {member.verdict.value}{of}: {member.why}"
    if (more := len(report.members) - MOST_SHOWN) > 0:
        yield f"  and {more} more (--json lists them)"
