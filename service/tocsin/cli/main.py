"""The command line: which commands there are and what words they take. Each imports what it needs when it is called."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from tocsin.cli.ending import Exit, ending_well, leave

app = typer.Typer(
    name="tocsin",
    help="Watches news feeds and rings when a rule matches.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
database = typer.Typer(help="Look after the database.", no_args_is_help=True)
app.add_typer(database, name="db")
known = typer.Typer(invoke_without_command=True)
app.add_typer(known, name="entities")
watched = typer.Typer(invoke_without_command=True)
app.add_typer(watched, name="feeds")
sent = typer.Typer(invoke_without_command=True)
app.add_typer(sent, name="deliveries")

silenced = typer.Typer(help="Keep alerts from being sent for a while.", no_args_is_help=True)
app.add_typer(silenced, name="silence")
routed = typer.Typer(help="See where alerts go.", no_args_is_help=True)
app.add_typer(routed, name="routes")

Config = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="The configuration directory; else TOCSIN_CONFIG, else config/.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, and nothing else.")]


def entry() -> None:
    """Run the command line."""
    app()


def _end(command: Callable[[], Exit]) -> None:
    with ending_well():
        status = command()
        sys.stdout.flush()  # a reader that is gone is told here, not when Python ends
        leave(status)


class _Given(NamedTuple):
    """The options that every command takes."""

    config: Path | None
    json: bool


def _given_before(context: typer.Context) -> _Given:
    """Return the options that stand before the name of a subcommand."""
    before = context.parent.params if context.parent else {}
    return _Given(before.get("config"), bool(before.get("json")))


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"tocsin {version('tocsin')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Watches news feeds and rings when a rule matches."""


@app.command()
def run(
    config: Config = None,
    once: Annotated[bool, typer.Option("--once", help="Poll and deliver once, then end.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent, and store nothing: the next run still rings.")
    ] = False,
) -> None:
    """Watch the feeds and deliver alerts, until SIGTERM or Ctrl-C."""
    from tocsin.cli.run import run as command

    _end(lambda: command(config, once=once, dry_run=dry_run))


@app.command()
def check(config: Config = None, json: Json = False) -> None:
    """Check the configuration and run the tests of its rules."""
    from tocsin.cli.check import check as command

    _end(lambda: command(config, json=json))


@app.command()
def match(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for.", show_default=False)],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", help="Files, directories or URLs; - or none for standard input.", show_default=False
        ),
    ] = None,
    keywords: Annotated[bool, typer.Option("--keywords", help="QUERY is a plain keyword.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Look for a query in files, feeds or pages, as a rule would."""
    from tocsin.cli.match import match as command

    _end(lambda: command(query, files or [], config, keywords=keywords, json=json))


@app.command()
def group(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Articles as JSON lines, or any feed; - or none for standard input.",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show which articles are one story, as the daemon would find it."""
    from tocsin.cli.group import group as command

    _end(lambda: command(files or [], config, json=json))


@app.command()
def parse(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A file, a directory, a URL, or - for standard input.")
    ],
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what Tocsin sees in a feed, a page or a file."""
    from tocsin.cli.parse import parse as command

    _end(lambda: command(source, config, json=json))


@known.callback()
def entities(context: typer.Context, config: Config = None, json: Json = False) -> None:
    """Show the entities, and every form in which they are found."""
    from tocsin.cli.entities import entities as command

    if context.invoked_subcommand is None:
        _end(lambda: command(config, json=json))


@known.command()
def expand(
    context: typer.Context,
    entity: Annotated[str, typer.Argument(metavar="ID", help="The id of an entity.", show_default=False)],
    config: Config = None,
    json: Json = False,
) -> None:
    """Show every form of an entity: what it comes from, and when it counts."""
    from tocsin.cli.entities import expand as command

    before = _given_before(context)
    _end(lambda: command(entity, config or before.config, json=json or before.json))


@watched.callback()
def feeds(context: typer.Context, config: Config = None, json: Json = False) -> None:
    """Show how each feed is doing; find feeds, and have one polled now."""
    from tocsin.cli.feeds import feeds as command

    if context.invoked_subcommand is None:
        _end(lambda: command(config, json=json))


@watched.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="A feed, or a page of its site.", show_default=False)],
    config: Config = None,
    json: Json = False,
) -> None:
    """Find the feeds of a site, and show what to write into the configuration."""
    from tocsin.cli.discover import add as command

    before = _given_before(context)
    _end(lambda: command(url, config or before.config, json=json or before.json))


@watched.command()
def retry(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a feed.", show_default=False)],
    config: Config = None,
    json: Json = False,
) -> None:
    """Have a feed polled now that is gone, or that is left alone for a while because it fails."""
    from tocsin.cli.retry import retry as command

    before = _given_before(context)
    _end(lambda: command(name, config or before.config, json=json or before.json))


@app.command("import-opml")
def import_opml(
    source: Annotated[str, typer.Argument(metavar="FILE|URL|-", help="A list of feeds.", show_default=False)],
    config: Config = None,
    json: Json = False,
) -> None:
    """Show a feed reader's list of feeds (OPML) as it is written into the configuration."""
    from tocsin.cli.outlines import import_opml as command

    _end(lambda: command(source, config, json=json))


@app.command("export-opml")
def export_opml(config: Config = None) -> None:
    """Print the configured feeds as a list for feed readers (OPML)."""
    from tocsin.cli.outlines import export_opml as command

    _end(lambda: command(config))


@app.command()
def alerts(
    since: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Only those of the last 90m, 24h, 7d ...")
    ] = None,
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this rule.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print clippings for a spreadsheet.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what rang, and how far each alert has come."""
    from tocsin.cli.alerts import alerts as command

    _end(lambda: command(config, since, rule, json=json, csv=csv))


@app.command()
def stories(
    since: Annotated[
        str, typer.Option(metavar="DURATION", help="Only those that an article joined in the last 90m, 24h, 7d ...")
    ] = "7d",
    config: Config = None,
    json: Json = False,
) -> None:
    """Show which articles are one story, and why."""
    from tocsin.cli.stories import stories as command

    _end(lambda: command(config, since, json=json))


@app.command()
def explain(
    named: Annotated[
        str, typer.Argument(metavar="ARTICLE|ALERT", help="The id of an article or of an alert.", show_default=False)
    ],
    rule: Annotated[
        str | None, typer.Option(metavar="NAME", help="Say besides why this rule matches it or does not.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what became of an article, from its feed to the channels."""
    from tocsin.cli.explain import explain as command

    _end(lambda: command(named, rule, config, json=json))


@sent.callback()
def deliveries(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="Only those that are waiting, delivered, dead or dropped.")
    ] = None,
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="Only those to this channel.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show where deliveries stand, the newest last; try them again, or give them up."""
    from tocsin.cli.deliveries import deliveries as command

    if context.invoked_subcommand is None:
        _end(lambda: command(config, state, channel, json=json))


@sent.command("retry")
def retry_delivery(  # noqa: PLR0917 - typer gives them by name
    context: typer.Context,
    delivery: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The id of a delivery.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait or are dead.")] = False,
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="With --all: only those to it.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Send what waits or is dead now, as if for the first time."""
    from tocsin.cli.deliveries import retry as command

    before = _given_before(context)
    _end(lambda: command(delivery, config or before.config, channel, every=every, json=json or before.json))


@sent.command("drop")
def drop_delivery(
    context: typer.Context,
    delivery: Annotated[str, typer.Argument(metavar="ID", help="The id of a delivery.", show_default=False)],
    config: Config = None,
    json: Json = False,
) -> None:
    """Give up a delivery that waits or is dead."""
    from tocsin.cli.deliveries import drop as command

    before = _given_before(context)
    _end(lambda: command(delivery, config or before.config, json=json or before.json))


def _several(metavar: str, text: str, *names: str) -> object:
    return typer.Option(*names, metavar=metavar, help=text, show_default=False)


@silenced.command("add")
def add_silence(  # noqa: PLR0917 - typer gives them by name
    rule: Annotated[list[str] | None, _several("NAME", "Alerts of this rule.", "--rule")] = None,
    severity: Annotated[list[str] | None, _several("WORD", "Alerts of this severity.", "--severity")] = None,
    tag: Annotated[list[str] | None, _several("TAG", "Alerts of rules with this tag.", "--tag")] = None,
    feed: Annotated[list[str] | None, _several("NAME", "Alerts on articles of this feed.", "--feed")] = None,
    feed_tag: Annotated[list[str] | None, _several("TAG", "Of feeds with this tag.", "--feed-tag")] = None,
    language: Annotated[list[str] | None, _several("CODE", "On articles in this language.", "--language")] = None,
    country: Annotated[list[str] | None, _several("CODE", "Of feeds of this country.", "--country")] = None,
    channel: Annotated[list[str] | None, _several("NAME", "On this channel only.", "--channel")] = None,
    story: Annotated[list[str] | None, _several("ID", "For this story only.", "--story")] = None,
    alert: Annotated[str | None, _several("ID", "The rule and the story of this alert.", "--alert")] = None,
    lasts: Annotated[str | None, _several("DURATION", "How long: 90m, 2h, 7d ...", "--for")] = None,
    until: Annotated[str | None, _several("TIME", "Until when: 2026-03-01T18:00.", "--until")] = None,
    comment: Annotated[str, _several("TEXT", "Why.", "--comment")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Keep what matches from being sent: of one option one value is enough, different options must all hold."""
    from tocsin.cli.silence import Wanted
    from tocsin.cli.silence import add as command

    wanted = Wanted(
        rules=rule or (),
        severities=severity or (),
        tags=tag or (),
        feeds=feed or (),
        feed_tags=feed_tag or (),
        languages=language or (),
        countries=country or (),
        channels=channel or (),
        stories=story or (),
        alert=alert,
    )
    _end(lambda: command(wanted, lasts, until, comment, config, json=json))


@silenced.command("list")
def list_silences(config: Config = None, json: Json = False) -> None:
    """Show the silences, the newest first, and how much each keeps."""
    from tocsin.cli.silence import list_all as command

    _end(lambda: command(config, json=json))


@silenced.command("end")
def end_silence(
    silence: Annotated[str, typer.Argument(metavar="ID", help="The id of a silence.", show_default=False)],
    release: Annotated[bool, typer.Option("--release", help="Send what it kept, as one digest.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """End a silence now."""
    from tocsin.cli.silence import end as command

    _end(lambda: command(silence, config, release=release, json=json))


@routed.command("test")
def try_routes(  # noqa: PLR0917 - typer gives them by name
    rule: Annotated[str | None, _several("NAME", "The alert's rule; gives severity and tags.", "--rule")] = None,
    severity: Annotated[str | None, _several("WORD", "Its severity.", "--severity")] = None,
    tag: Annotated[list[str] | None, _several("TAG", "A tag of its rule.", "--tag")] = None,
    feed: Annotated[str | None, _several("NAME", "Its feed; gives tags, language and country.", "--feed")] = None,
    feed_tag: Annotated[list[str] | None, _several("TAG", "A tag of its feed.", "--feed-tag")] = None,
    language: Annotated[str, _several("CODE", "The article's language.", "--language")] = "",
    country: Annotated[str, _several("CODE", "The feed's country.", "--country")] = "",
    at: Annotated[str | None, _several("TIME", "When it rings: 2026-03-01T18:00. Default: now.", "--at")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show where an alert would go, when and why."""
    from tocsin.cli.routes import Asked
    from tocsin.cli.routes import try_routes as command

    asked = Asked(
        rule=rule,
        severity=severity,
        tags=tag or (),
        feed=feed,
        feed_tags=feed_tag or (),
        language=language,
        country=country,
        at=at,
    )
    _end(lambda: command(asked, config, json=json))


@app.command()
def replay(  # noqa: PLR0917 - typer gives them by name
    since: Annotated[str, typer.Option(metavar="DURATION", help="How far back: 24h, 30d ...")] = "30d",
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="Only this rule.")] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Another configuration: show what is gained and lost against it.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send what never rang, once.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what the rules would have rung over the stored articles; nothing is sent."""
    from tocsin.cli.replay import Asked
    from tocsin.cli.replay import replay as command

    asked = Asked(since=since, rule=rule, against=against, send=send)
    _end(lambda: command(asked, config, json=json))


@app.command("send-test")
def send_test(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="The name of a channel.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Send a test message to a channel, the way alerts go."""
    from tocsin.cli.upkeep import test_channel as command

    _end(lambda: command(channel, config, json=json))


@app.command()
def healthcheck(config: Config = None) -> None:  # noqa: ARG001 - every command takes it
    """Tell by exit status whether the daemon is alive."""
    from tocsin.cli.healthcheck import healthcheck as command

    _end(command)


@app.command()
def schema(of: Annotated[str, typer.Argument(metavar="config|alert", help="Which schema to print.")]) -> None:
    """Print the JSON Schema of the configuration or of the alert payload."""
    from tocsin.cli.upkeep import schema as command

    _end(lambda: command(of))


@database.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.", show_default=False)],
    config: Config = None,
) -> None:
    """Copy the database to a file, whole, while the daemon goes on."""
    from tocsin.cli.upkeep import backup_database as command

    _end(lambda: command(file, config))


@database.command("upgrade")
def upgrade(config: Config = None) -> None:
    """Bring the database up to date."""
    from tocsin.cli.upkeep import upgrade_database as command

    _end(lambda: command(config))
