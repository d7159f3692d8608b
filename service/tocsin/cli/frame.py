"""What most commands share: settings, the plan, the log, and the two ways of printing."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from tocsin.cli.ending import complain, printable
from tocsin.config.build import load_plan
from tocsin.config.settings import Settings, load_settings
from tocsin.errors import ConfigError
from tocsin.log import Log
from tocsin.model import JsonObject
from tocsin.plan import Plan

T = TypeVar("T")


def settings_for(config: Path | None) -> Settings:
    """Read the settings; a directory that the command names wins over them."""
    settings = load_settings()
    return settings.model_copy(update={"config": config}) if config is not None else settings


def plan_for(settings: Settings) -> Plan:
    """Read the configuration, or raise all its mistakes."""
    return load_plan(settings.config, os.environ)


def plan_if_any(config: Path | None) -> Plan:
    """Read the configuration for a command that works without one.

    Where none is there, the plan is empty. One with mistakes is named and left aside, unless the command asked for it.
    """
    settings = settings_for(config)
    if config is None and not settings.config.is_dir():
        return Plan()
    try:
        return plan_for(settings)
    except ConfigError as error:
        if config is not None:
            raise
        complain(f"{settings.config} has mistakes and is left aside (`tocsin check` lists them): {error.problems[0]}")
        return Plan()


def log_for(settings: Settings, secrets: Iterable[str] = ()) -> Log:
    """Return the log of this process, on standard error."""
    return Log(level=settings.log_level.value, style=settings.log_format.value, stream=sys.stderr, secrets=secrets)


def run_until_interrupted(work: Coroutine[object, object, T]) -> T:
    """Run to the end or to Ctrl-C, which ends it at once: asyncio alone would wait for a read that blocks."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # it may be ignored, in the background
        signal.signal(signal.SIGINT, interrupt)
    try:
        return asyncio.run(work)
    finally:
        signal.signal(signal.SIGINT, before)


def print_json(value: JsonObject) -> None:
    """Print one JSON object on a line of its own; a half of a character is escaped, as no encoding has it."""
    text = json.dumps(value, ensure_ascii=False)
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as wide as the terminal, or as wide as it needs to be where there is none."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(printable, row))
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 10_000
    console.print(table)
