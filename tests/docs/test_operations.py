"""What docs/operations.md says, held against the code."""

import re
from datetime import timedelta

import pytest

from support.pages import ROOT, first_cells, page, prose, section
from tocsin import pipeline
from tocsin.alerts.retry import REFUSED_SCHEDULE, SCHEDULE
from tocsin.cli.ending import Exit
from tocsin.cli.healthcheck import STALE
from tocsin.config.compile import DEFAULT_TIMEOUT
from tocsin.config.yamlfile import MAX_BYTES
from tocsin.feeds.entries import MOST_ENTRIES, MOST_TEXT, MOST_TITLE
from tocsin.feeds.loose import MOST_XML
from tocsin.fetch.client import FetchLimits
from tocsin.log import Event
from tocsin.model import LARGEST_WEBHOOK_BODY, DeadReason, FetchReason
from tocsin.runners.embedded import BEAT

TEXT = page("docs/operations.md")
FLAT = " ".join(TEXT.split())
FETCH = FetchLimits()


def code_words(text: str) -> set[str]:
    """Return what stands between backticks."""
    return set(re.findall(r"`([^`]+)`", text))


def test_the_events_are_those_that_are_logged() -> None:
    """The table of events names each event that some code writes, and no other."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "service").rglob("*.py") if path.stem != "log"]
    written = {Event[name].value for text in sources for name in re.findall(r"\bEvent\.([A-Z_]+)", text)}
    assert {cell.strip("`") for cell in first_cells(section(TEXT, "Logs"))} == written


def test_every_reason_is_named() -> None:
    """Why a feed failed and why a delivery is dead: every reason stands on the page."""
    assert {reason.value for reason in FetchReason} <= code_words(section(TEXT, "Logs"))
    reasons = {reason.value for reason in DeadReason} - {DeadReason.UNRENDERABLE.value}
    assert reasons <= code_words(section(TEXT, "Retries and dead letters"))


def test_the_exit_statuses_are_those_of_the_commands() -> None:
    """The table of exit statuses is the one in the code, and that of an interrupt."""
    assert [int(cell) for cell in first_cells(section(TEXT, "Exit statuses"))] == [*sorted(Exit), 130]


def test_the_waits_between_tries_are_those_of_the_code() -> None:
    """The page tells each wait of the schedule, their number and their sum."""
    seconds, *later = SCHEDULE
    minutes = [wait for wait in later if wait < timedelta(hours=1)]
    hours = [wait // timedelta(hours=1) for wait in later[len(minutes) :]]
    told = ", ".join(f"{wait // timedelta(minutes=1)} minutes" for wait in minutes)
    listed = f"{', '.join(map(str, hours[:-1]))} and {hours[-1]} hours"
    assert f"again {seconds.seconds} seconds after the first try, then after {told}, and {listed}" in FLAT
    assert f"{len(SCHEDULE) + 1} tries within about {sum(SCHEDULE, timedelta()) // timedelta(hours=1)} hours" in FLAT
    assert len(REFUSED_SCHEDULE) == 2
    assert f"two more tries within about {sum(REFUSED_SCHEDULE, timedelta()).seconds // 60} minutes" in FLAT


@pytest.mark.parametrize(
    "told",
    [
        f"within the last {STALE.seconds} seconds that it is alive",
        f"The daemon does so every {BEAT.seconds} seconds",
        f"leased for up to {pipeline.POLL_LEASE.seconds // 60} minutes",
        f"{FETCH.total:g} s in all, {FETCH.connect:g} s to connect, {FETCH.redirects} redirects, ",
        f"{FETCH.received >> 20} MiB received, {FETCH.decoded >> 20} MiB unpacked",
        f"| one XML feed | {MOST_XML / 1e6:g} MB |",
        f"| entries of one document | {MOST_ENTRIES} |",
        f"| one entry | title {MOST_TITLE} characters, text {MOST_TEXT:_} |".replace("_", " "),
        f"| at a time | {pipeline.MOST_POLLS} polls, {pipeline.MOST_SENDS} deliveries to each channel |",
        f"| one attempt of a delivery | {DEFAULT_TIMEOUT.seconds} s",
        f"| one webhook body | {LARGEST_WEBHOOK_BODY:_} bytes;".replace("_", " "),
        f"| one configuration file | {MAX_BYTES / 1e6:g} MB |",
    ],
)
def test_a_number_is_that_of_the_code(told: str) -> None:
    """Each limit on the page is the one that holds."""
    assert told in FLAT


def test_the_settings_are_named() -> None:
    """Every TOCSIN_ variable on the page is a setting."""
    settings = {"TOCSIN_DATABASE_URL", "TOCSIN_CONFIG", "TOCSIN_LOG_LEVEL", "TOCSIN_LOG_FORMAT"}
    assert set(re.findall(r"TOCSIN_[A-Z_]+", prose(TEXT))) == settings
