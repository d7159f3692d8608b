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
) -> None:
    """Watch the feeds and deliver alerts, until SIGTERM or Ctrl-C."""
    from tocsin.cli.run import run as command

    _end(lambda: command(config, once=once))


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
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what rang, and how far each alert has come."""
    from tocsin.cli.alerts import alerts as command

    _end(lambda: command(config, since, rule, json=json))


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


@database.command("upgrade")
def upgrade(config: Config = None) -> None:
    """Bring the database up to date."""
    from tocsin.cli.upkeep import upgrade_database as command

    _end(lambda: command(config))
