"""Alerts as a terminal shows them."""

import contextlib
import io
import os
import re
from datetime import timedelta

import pytest

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message, notice
from tocsin.channels.console import ConsoleChannel, printed
from tocsin.model import AttemptResult, ChannelKind, Severity

SPEC = channel(ChannelKind.CONSOLE)
OURS = re.compile(r"\x1b\[[0-9;]+m")


def test_plain_text_marks_words_with_stars():
    """Without colours an alert is readable lines, the words that made it ring between stars."""
    assert printed(notice(), colour=False) == (
        "▌ CRITICAL  Invasion\n"
        "▌ Talks fail, invasion begins\n"
        "▌ The Example Herald · 24 Feb 2026, 10:00\n"
        "▌   The all-out **invasion** began at dawn, an officer told the Example Herald.\n"
        "▌ https://herald.example.org/a?id=1&lang=en\n"
        "▌ Language  en\n"
        "▌ Text      full\n"
        "▌ Rule at   rules/my_rules.yaml:14\n"
        "▌ Alert     al_1234\n\n"
    )


@pytest.mark.parametrize("severity", Severity)
def test_colours_change_nothing_but_the_marks(severity):
    """With colours the same lines appear, and every colour that begins ends on its line."""
    coloured = printed(notice(severity=severity), colour=True)
    assert "\x1b[1;33minvasion\x1b[0m began" in coloured
    assert OURS.sub("", coloured) == printed(notice(severity=severity), colour=False).replace("**", "")
    for line in coloured.splitlines():
        assert re.findall(OURS, line)[1::2] == ["\x1b[0m"] * line.count("\x1b[0m")


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("title", TITLES)
def test_no_control_character_reaches_the_terminal(title, colour):
    """Whatever an article says, the only control sequences are our colours, and lines are ours too."""
    text = OURS.sub("", printed(hostile(title).notice, colour=colour))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert text.count("\n") == printed(hostile("Plain").notice, colour=False).count("\n")


async def test_an_alert_is_printed():
    """An alert that is written and flushed is sent; a stream that is no terminal gets no colours."""
    stream = io.StringIO()
    attempt = await ConsoleChannel(SPEC, stream).send(message())
    assert attempt.result is AttemptResult.SENT
    assert stream.getvalue() == printed(message().notice, colour=False)


async def test_an_encoding_that_lacks_a_letter_is_no_failure():
    """A console in ASCII gets question marks, not an error."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    assert (await ConsoleChannel(SPEC, stream).send(message(notice(headline="Київ")))).result is AttemptResult.SENT
    assert b"? ????" in written.getvalue()


async def test_a_closed_pipe_is_tried_again():
    """A reader that went away may come back: nothing is lost."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = io.TextIOWrapper(io.FileIO(writing, "w"), write_through=True)
    console = ConsoleChannel(SPEC, stream)
    assert (await console.send(message())).result is AttemptResult.RETRY
    stream.close()
    assert (await console.send(message())).result is AttemptResult.RETRY


async def test_a_reader_that_does_not_read_holds_nobody_up():
    """A full pipe ends the attempt in time."""
    reading, writing = os.pipe()
    fill(writing)
    spec = channel(ChannelKind.CONSOLE, timeout=timedelta(seconds=0.1))
    with io.TextIOWrapper(io.FileIO(writing, "w"), write_through=True) as stream:
        attempt = await ConsoleChannel(spec, stream).send(message())
        os.read(reading, 65536)  # lets the print end
    os.close(reading)
    assert attempt.result is AttemptResult.UNSURE


def fill(pipe):
    """Write to a pipe until it takes no more."""
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe, bytes(4096))
    os.set_blocking(pipe, True)
