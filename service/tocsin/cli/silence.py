"""`tocsin silence`: keep alerts from being sent for a while, see what is kept, and end it."""

import asyncio
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from getpass import getuser
from pathlib import Path

from tocsin.alerts.envelope import timestamp
from tocsin.app import App
from tocsin.cli.asked import asked_country, asked_duration, asked_language, asked_moment
from tocsin.cli.changing import changed
from tocsin.cli.ending import Exit, printable
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.cli.table import print_table
from tocsin.clock import utc_now
from tocsin.config.settings import Settings
from tocsin.daemon import add_silence, end_silence
from tocsin.errors import UsageError
from tocsin.model import JsonObject, RouteMatch, Severity, Silence, SilenceReport
from tocsin.plan import Plan
from tocsin.records import open_records
from tocsin.text.suggestions import suggestion

COLUMNS = ("silence", "state", "until", "keeps", "what", "comment", "by")
TIME = "%d %b %Y %H:%M UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be silenced, as the command line says it."""

    rules: Sequence[str] = ()
    severities: Sequence[str] = ()
    tags: Sequence[str] = ()
    feeds: Sequence[str] = ()
    feed_tags: Sequence[str] = ()
    languages: Sequence[str] = ()
    countries: Sequence[str] = ()
    channels: Sequence[str] = ()
    stories: Sequence[str] = ()
    alert: str | None = None


def add(wanted: Wanted, lasts: str | None, until: str | None, comment: str, config: Path | None, *, json: bool) -> Exit:
    """Keep alerts from being sent, from now on.

    Raises:
        UsageError: it is not said what or how long, or a name is none.
    """
    settings = settings_for(config)
    now = utc_now()
    plan = plan_for(settings)
    silence = _silence(wanted, plan, _end(lasts, until, now, plan.timezone), now, comment)
    if wanted.alert is not None:
        silence = asyncio.run(_for_alert(settings, wanted.alert, silence))
    if silence.match == RouteMatch() and not (silence.channels or silence.stories):
        raise UsageError("say what is to be silent: --rule, --tag, --feed, --channel, --alert ...")

    async def here(app: App) -> JsonObject:
        await add_silence(app, silence)
        return {}

    asyncio.run(changed(settings, "add-silence", {"silence": silence_json(silence)}, here))
    if json:
        print_json(silence_json(silence))
    else:
        print(printable(f"{silence.id}: silent until {silence.ends.strftime(TIME)}: {words_of(silence)}"))
    return Exit.FINE


def list_all(config: Path | None, *, json: bool) -> Exit:
    """Print the silences, the newest first."""
    settings = settings_for(config)

    async def work() -> Sequence[SilenceReport]:
        async with open_records(settings.database_url) as store:
            return await store.silence_reports()

    reports, now = asyncio.run(work()), utc_now()
    if json:
        for report in reports:
            print_json({**silence_json(report.silence), "muted": report.muted, "state": _state(report.silence, now)})
    else:
        print_table(COLUMNS, (_row(report, now) for report in reports))
    return Exit.FINE


def end(named: str, config: Path | None, *, release: bool, json: bool) -> Exit:
    """End a silence; with `release`, what it kept is sent after all.

    Raises:
        UsageError: there is no such silence.
    """

    async def here(app: App) -> JsonObject:
        return await end_silence(app, named, release=release)

    answer, _ = asyncio.run(changed(settings_for(config), "end-silence", {"silence": named, "release": release}, here))
    if not answer["found"]:
        raise UsageError(f"there is no silence {named!r}; `tocsin silence list` shows them")
    released = int(str(answer["released"]))
    if json:
        print_json({"id": named, "released": released})
    else:
        told = f", and {released} {'alert is' if released == 1 else 'alerts are'} sent after all" if release else ""
        print(printable(f"{named}: ended{told}"))
    return Exit.FINE


def _silence(wanted: Wanted, plan: Plan, ends: datetime, now: datetime, comment: str) -> Silence:
    _check("rule", wanted.rules, plan.rule_named)
    _check("feed", wanted.feeds, plan.feed_named)
    _check("channel", wanted.channels, plan.channel_named)
    _check("severity", wanted.severities, list(Severity))
    match = RouteMatch(
        rules=frozenset(wanted.rules),
        severities=frozenset(map(Severity, wanted.severities)),
        tags=frozenset(wanted.tags),
        feeds=frozenset(wanted.feeds),
        feed_tags=frozenset(wanted.feed_tags),
        languages=frozenset(map(asked_language, wanted.languages)),
        countries=frozenset(map(asked_country, wanted.countries)),
    )
    return Silence(
        id=f"sil_{secrets.token_hex(4)}",
        match=match,
        starts=now,
        ends=ends,
        channels=frozenset(wanted.channels),
        stories=frozenset(wanted.stories),
        comment=comment,
        author=_author(),
        created=now,
    )


async def _for_alert(settings: Settings, named: str, silence: Silence) -> Silence:
    """Return a silence for the rule and the story of an alert besides."""
    async with open_records(settings.database_url) as store:
        reports = await store.alert_reports(None, None)
    for report in reports:
        match report.data:
            case {"alert_id": str(alert), "rule": {"name": str(rule)}, "story": {"id": str(story)}} if alert == named:
                return Silence(
                    id=silence.id,
                    match=RouteMatch(rules=frozenset({rule})),
                    starts=silence.starts,
                    ends=silence.ends,
                    channels=silence.channels,
                    stories=frozenset({story}),
                    comment=silence.comment,
                    author=silence.author,
                    created=silence.created,
                )
            case _:
                pass
    raise UsageError(f"there is no alert {named!r}; `tocsin alerts` lists them")


def _end(lasts: str | None, until: str | None, now: datetime, timezone: str) -> datetime:
    if (lasts is None) is (until is None):
        raise UsageError("say how long: either --for 2h or --until 2026-03-01T18:00")
    end = asked_moment(str(until), timezone) if lasts is None else now + asked_duration(lasts)
    if end <= now:
        raise UsageError(f"{until or lasts!r} is over")
    return end


def _check(noun: str, names: Iterable[str], known: Iterable[str]) -> None:
    there_are = [str(name) for name in known]
    for name in names:
        if name not in there_are:
            raise UsageError(f"there is no {noun} {name!r}{suggestion(name, there_are)}")


def _author() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""


_WORDS: Mapping[str, str] = {
    "rules": "rule",
    "severities": "severity",
    "tags": "tag",
    "feeds": "feed",
    "feed_tags": "feed tag",
    "languages": "language",
    "countries": "country",
}


def words_of(silence: Silence) -> str:
    """Return what a silence keeps, in words."""
    asked = [
        f"{word} {' or '.join(sorted(values))}"
        for key, word in _WORDS.items()
        if (values := frozenset[str](getattr(silence.match, key)))
    ]
    if silence.stories:
        asked.append(f"story {' or '.join(sorted(silence.stories))}")
    if silence.channels:
        asked.append(f"on {' or '.join(sorted(silence.channels))}")
    return ", ".join(asked)


def silence_json(silence: Silence) -> JsonObject:
    """Return a silence for programs."""
    asked = {key: sorted(getattr(silence.match, key)) for key in _WORDS}
    asked |= {"channels": sorted(silence.channels), "stories": sorted(silence.stories)}
    return {
        "id": silence.id,
        "match": {key: list(map(str, values)) for key, values in asked.items() if values},
        "starts": timestamp(silence.starts),
        "ends": timestamp(silence.ends),
        "comment": silence.comment,
        "author": silence.author,
    }


def _state(silence: Silence, now: datetime) -> str:
    return "ended" if silence.ends <= now else "holds" if silence.starts <= now else "to come"


def _row(report: SilenceReport, now: datetime) -> Sequence[str]:
    silence = report.silence
    return (
        silence.id,
        _state(silence, now),
        silence.ends.strftime(TIME),
        str(report.muted),
        words_of(silence),
        silence.comment,
        silence.author,
    )
