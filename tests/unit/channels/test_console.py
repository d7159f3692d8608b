"""Alerts as a terminal shows them."""

import contextlib
import io
import os
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message, notice
from support.push_messages import SAMPLES, together
from tocsin.channels.console import ConsoleChannel, printed
from tocsin.model import AttemptResult, ChannelKind, MessageKind, Severity

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


def test_the_age_of_an_article_follows_its_time():
    """How old an article was when it rang is said where that is known."""
    for age, words in (("2 h", "2 h old"), ("just now", "just out")):
        assert printed(notice(age=age), colour=False).split("\n")[2].endswith(f" · 24 Feb 2026, 10:00 · {words}")


def test_a_group_is_a_list():
    """A group says what it is, and of each alert where it comes from, a sentence, its link, and what explains it."""
    text = printed(replace(together(MessageKind.GROUP, 3).notice, more=4), colour=False)
    assert text.startswith(
        "▌ HIGH  3 alerts of 2 rules\n"
        "▌ 2 rules · 24 Feb 2026, 10:00\n"
        "▌ • Report 1 on the strike\n"
        "▌     Strikes · The Example Gazette · 24 Feb 2026, 10:00 · 2 h old\n"
        "▌     **Strike** 1 goes on.\n"
        "▌     https://gazette.example.org/1\n"
        "▌     Rule at: rules/my_rules.yaml:14 · Alert: al_1234\n"
        "▌ • Report 2 on the strike\n"
    )
    assert text.endswith(
        "▌ • Report 3 on the strike\n"
        "▌     Strikes · The Example Gazette · 24 Feb 2026, 10:00 · 2 h old\n"
        "▌     **Strike** 3 goes on.\n"
        "▌     Rule at: rules/my_rules.yaml:14 · Alert: al_1234\n"
        "▌ and 4 more\n"
        "▌ Since  24 Feb 2026, 08:00\n\n"
    )


def test_a_group_of_one_rule_names_it_once():
    """The rule of all of a group's alerts stands at its head, and in none of them."""
    one = replace(together(MessageKind.GROUP, 2).notice, items=(notice(), notice()), rule="Invasion")
    text = printed(one, colour=False)
    assert text.count("Invasion") == 1
    assert text.split("\n")[1] == "▌ Invasion · 24 Feb 2026, 10:00"


def test_a_digest_has_its_rules_with_their_counts():
    """Alerts stand under their rules, with how many each has; what is not shown is counted, there or at the end."""
    digest = together(MessageKind.DIGEST, 4, more=16).notice
    digest = replace(digest, counts=(("Strikes", 10), ("Ports", 2), ("Quiet", 3)))
    lines = printed(digest, colour=False).split("\n")
    heads = [line for line in lines if not line.startswith(("▌     ", "▌ •"))]
    assert heads[2:] == [
        "▌",
        "▌ Strikes: 10 (high)",
        "▌ and 8 more",
        "▌",
        "▌ Ports: 2 (normal)",
        "▌",
        "▌ Quiet: 3",
        "▌ and 3 more",
        "▌ and 5 more",  # twenty in all, of which the rules count fifteen
        "▌",
        "▌ Since  24 Feb 2026, 08:00",
        "",
        "",
    ]
    assert sum(line.startswith("▌ • ") for line in lines) == 4


def test_an_empty_digest_says_so():
    """A digest of nothing is its heading and its facts."""
    nothing = notice(
        kind=MessageKind.DIGEST,
        headline="Digest: nothing rang",
        url=None,
        rule="",
        severity=Severity.INFO,
        excerpts=(),
        facts=(("Slots", "0 7 * * *"),),
    )
    assert printed(nothing, colour=False) == (
        "▌ INFO  Digest: nothing rang\n▌ 24 Feb 2026, 10:00\n▌ Slots  0 7 * * *\n\n"
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_colours_change_no_word_of_any_kind(name):
    """Every kind of message says the same with colours, each of which ends on its line."""
    coloured = printed(SAMPLES[name].notice, colour=True)
    assert OURS.sub("", coloured) == printed(SAMPLES[name].notice, colour=False).replace("**", "")
    for line in coloured.splitlines():
        assert re.findall(OURS, line)[1::2] == ["\x1b[0m"] * line.count("\x1b[0m")


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


@pytest.mark.parametrize("kind", [MessageKind.GROUP, MessageKind.DIGEST])
@pytest.mark.parametrize("title", TITLES)
def test_no_control_character_reaches_the_terminal_from_a_list(title, kind):
    """Nor does any in a group or a digest, whoever wrote its rules and headlines."""

    def lines(word):
        items = (hostile(word).notice, replace(hostile(word).notice, rule="Another"))
        several = replace(hostile(word).notice, kind=kind, items=items, excerpts=(), counts=((word, 9), ("x", 1)))
        text = OURS.sub("", printed(several, colour=True))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
        return text.count("\n")

    assert lines(title) == lines("Plain")


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
