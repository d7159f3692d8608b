"""What most commands share: settings, the plan, how to run and how to print JSON."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from types import FrameType
from typing import TypeVar

from tocsin.cli.ending import complain
from tocsin.config.settings import Settings, load_settings
from tocsin.errors import ConfigError, UsageError
from tocsin.model import JsonObject
from tocsin.plan import Plan

T = TypeVar("T")


def settings_for(config: Path | None) -> Settings:
    """Read the settings; a directory that the command names wins over them.

    Raises:
        UsageError: there is no such directory, even where the command reads nothing of it.
    """
    if config is not None and not config.is_dir():
        raise UsageError(f"{config}: there is no such directory")
    settings = load_settings()
    return settings.model_copy(update={"config": config}) if config is not None else settings


def plan_for(settings: Settings) -> Plan:
    """Read the configuration, or raise all its mistakes."""
    from tocsin.config.build import load_plan  # noqa: PLC0415 - it takes long, and some commands need none

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


_LINE_ENDS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}


def print_json(value: JsonObject) -> None:
    """Print one JSON object on a line of its own.

    What some readers take for the end of a line is escaped, and a half of a character, as no encoding has it.
    """
    text = json.dumps(value, ensure_ascii=False).translate(_LINE_ENDS)
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
