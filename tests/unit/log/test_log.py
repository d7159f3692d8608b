"""Lines of the log: whole, safe and without secrets."""

import io
import json
import logging
import re
import threading
import warnings
from datetime import UTC, datetime
from typing import get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.log import LONGEST_VALUE, Details, Event, Log, Veil, escape
from tocsin.model import FetchReason

SECRET = "canary-7Ywq/é\"&'"
WEBHOOK = "https://user:pa%20ss%21word@hooks.example.org/services/T000/B000/XXXXXXXX?key=1"
COLOURS = re.compile(r"\x1b\[\d+(;\d+)*m")

any_text = st.text(st.characters(exclude_categories=()))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def lines_of(stream):
    return [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]


def open_log(stream=None, *, style="json", level="info", secrets=(SECRET,)):
    stream = stream or io.StringIO()
    return Log(level=level, style=style, stream=stream, secrets=secrets), stream


def test_events_and_details_are_told():
    """A line has a time in UTC, the level, the event and every detail, bound ones too."""
    log, stream = open_log()
    bound = log.logger.bind(feed="Example Wire")
    bound.info(Event.FEED_FAILED, reason=FetchReason.DNS, due=datetime(2026, 1, 2, tzinfo=UTC), failures=3, took=0.5)
    [line] = lines_of(stream)
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset().total_seconds() == 0
    assert line == {
        "level": "info",
        "event": "feed.failed",
        "feed": "Example Wire",
        "reason": "dns",
        "due": "2026-01-02T00:00:00+00:00",
        "failures": 3,
        "took": 0.5,
    }


def test_events_are_named_once_and_in_the_past():
    """Events read as thing.past_tense, and each has one name."""
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+(ed|ang|ost|pped)", event) for event in Event)
    assert "event" not in get_type_hints(Details)


@pytest.mark.parametrize(("level", "told"), [("debug", 3), ("info", 2), ("warning", 1)])
def test_levels_filter(level, told):
    """What is below the level is not told."""
    log, stream = open_log(level=level)
    log.logger.debug(Event.FEED_POLLED)
    log.logger.info(Event.FEED_POLLED)
    log.logger.warning(Event.FEED_POLLED)
    assert len(lines_of(stream)) == told


def test_auto_is_readable_on_a_terminal_only(monkeypatch):
    """`auto` writes colours on a terminal, JSON elsewhere, and NO_COLOR is honoured."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    log, terminal = open_log(Terminal(), style="auto")
    log.logger.info(Event.FEED_POLLED, new=3)
    assert "feed.polled" in COLOURS.sub("", terminal.getvalue())
    assert COLOURS.search(terminal.getvalue())

    monkeypatch.setenv("NO_COLOR", "1")
    log, plain = open_log(Terminal(), style="auto")
    log.logger.info(Event.FEED_POLLED, new=3)
    assert "\x1b" not in plain.getvalue()

    log, stream = open_log(style="auto")
    log.logger.info(Event.FEED_POLLED, new=3)
    assert lines_of(stream)[0]["new"] == 3


def test_only_a_terminal_gets_colours(monkeypatch):
    """Lines for people are plain text where the stream is no terminal, such as a file."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    log, stream = open_log(style="console")
    log.logger.info(Event.FEED_POLLED, new=3)
    assert "feed.polled" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@given(any_text)
@example("a\r\n{}\x1b[2J\u202e\u2028\ud800\x00\x85\U000e0001")
def test_no_value_leaves_its_json_string(value):
    """Any value gives one line of printable characters, and JSON gives the value back."""
    log, stream = open_log(secrets=())
    log.logger.info(Event.FEED_POLLED, title=value, problems=[value])
    assert stream.getvalue()[:-1].isprintable()
    [line] = lines_of(stream)
    # A pair of surrogates is JSON's own spelling of one character.
    pairs_joined = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert (line["title"], line["problems"]) == (pairs_joined, [pairs_joined])


@given(any_text)
@example("a\r\n2026-01-01T00:00:00Z [info] fake\x1b[2J\u202e\u2028\ud800\x00\x85")
def test_no_value_drives_a_terminal(value):
    """Any value, of ours, of a library or in an error, gives printable lines, and only traces have more than one."""
    log, stream = open_log(Terminal(), style="console", secrets=())
    log.logger.info(Event.FEED_POLLED, title=value, problems=[value])
    with log:
        logging.getLogger("library").warning("%s", value)
    log.logger.error(Event.STEP_CRASHED, exc_info=ValueError(value))
    ours, foreign, crash, *trace = COLOURS.sub("", stream.getvalue()).removesuffix("\n").split("\n")
    assert all(line.isprintable() for line in (ours, foreign, crash, *trace))
    assert "step.crashed" in crash
    assert all(line.startswith("  │ ") for line in trace)


@given(any_text)
def test_escaping_leaves_nothing_unprintable(text):
    """Escaped text is printable, and printable text stays."""
    assert escape(text).isprintable()
    assert escape(escape(text)) == escape(text)


@pytest.mark.parametrize("style", ["json", "console"])
def test_secrets_never_show(style):
    """A secret shows nowhere: in values, nested ones, keys, objects, foreign messages, exceptions and their causes."""
    log, stream = open_log(style=style, secrets=(SECRET, WEBHOOK))
    with log:
        log.logger.info(Event.FEED_POLLED, title=f"a {SECRET} b", problems=[SECRET], detail=repr(SECRET))
        log.logger.info(Event.FEED_POLLED, extra={SECRET: {"deep": (SECRET, ValueError(SECRET))}})
        logging.getLogger("library").warning("sent to %s with %r", WEBHOOK, SECRET)
        logging.getLogger("library").error("GET /services/T000/B000/XXXXXXXX?key=1")
        logging.getLogger("library").error("POST /services/T000/B000/XXXXXXXX, pa ss!word, pa%20ss%21word")
        error = RuntimeError(SECRET)
        error.__cause__ = ValueError(WEBHOOK)
        log.logger.error(Event.STEP_CRASHED, exc_info=error)
    told = stream.getvalue()
    assert told.count("***") >= 10
    assert not re.search("canary|7Ywq|XXXX|word|key=1", told)


def test_secrets_can_be_learnt_later():
    """A reload's new secrets are hidden from then on, and the old ones stay hidden."""
    log, stream = open_log(secrets=("old-secret",))
    log.veil.learn({"new-secret"})
    log.logger.info(Event.FEED_POLLED, title="old-secret new-secret")
    assert lines_of(stream)[0]["title"] == "*** ***"


def test_short_secrets_are_let_through():
    """A secret of up to three characters is not hidden, for it would blot out ordinary words."""
    assert Veil({"abc", ""})("abc abcd") == "abc abcd"
    assert Veil({"abcd"})("abc abcd") == "abc ***"


def test_a_secret_is_hidden_in_any_case():
    """A host comes back in small letters, whatever was written."""
    assert Veil({"Canary-1"})("could not find canary-1.example") == "could not find ***.example"


def test_the_longest_secret_wins():
    """A secret that holds another one is hidden whole."""
    assert Veil({"canary", "canary-long"})("canary-long canary") == "*** ***"


def test_our_own_words_are_no_secrets():
    """A secret that is a word of the log leaves event, level and time as they are."""
    log, stream = open_log(secrets=("feed.polled", "info", "2026", "polled"))
    log.logger.info(Event.FEED_POLLED, title="info")
    line = lines_of(stream)[0]
    assert (line["event"], line["level"], line["title"]) == ("feed.polled", "info", "***")
    assert "*" not in line["timestamp"]


def test_long_values_are_cut_in_the_middle():
    """A value is cut after its secrets are hidden, so that no half of one is left."""
    log, stream = open_log(secrets=("s3cret" * 10,))
    log.logger.info(Event.FEED_POLLED, title="x" * (LONGEST_VALUE // 2 - 10) + "s3cret" * 10 + "y" * LONGEST_VALUE)
    title = lines_of(stream)[0]["title"]
    assert len(title) <= LONGEST_VALUE + 3
    assert "s3cret" not in title


def test_exceptions_come_with_their_trace_and_without_local_variables(monkeypatch):
    """A trace is one field of the JSON line, names the line of code, and never what a variable held."""
    monkeypatch.setenv("NO_COLOR", "1")
    for style in ("json", "console"):
        log, stream = open_log(style=style, secrets=())
        local = f"local-{style}"
        try:
            int("x" if local else "")
        except ValueError:
            log.logger.exception(Event.STEP_CRASHED, feed="Example Wire")
        assert "ValueError: invalid literal" in stream.getvalue()
        assert "test_log.py" in stream.getvalue()
        assert local not in stream.getvalue()


def test_libraries_are_heard_from_warning_on_and_only_while_open():
    """`logging` and `warnings` end up in our lines while the log is open, and are as they were afterwards."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    log, stream = open_log(level="debug")
    with log, warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.getLogger("httpx").info("POST https://example.org/secret-path")
        logging.getLogger("apscheduler.scheduler").warning("late by %s", 3)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    logging.getLogger("apscheduler.scheduler").warning("after")
    assert [line["logger"] for line in lines_of(stream)] == ["apscheduler.scheduler", "py.warnings"]
    assert lines_of(stream)[0]["event"] == "late by 3"
    assert (root.level, root.handlers) == before


def test_a_line_that_cannot_be_written_is_given_up(capsys, monkeypatch):
    """A full disk, a closed stream or a malformed foreign message neither raises nor prints the bare record."""

    class Full(io.StringIO):
        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own would fail the test
    log, _ = open_log(Full())
    with log:
        log.logger.info(Event.FEED_POLLED)
        logging.getLogger("library").warning("%d", "not a number")
    assert capsys.readouterr() == ("", "")


def test_a_narrow_encoding_loses_no_line():
    """What the stream's encoding does not have is written in backslashes."""
    raw = io.BytesIO()
    log, _ = open_log(io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    log.logger.info(Event.FEED_POLLED, title="дзвін")
    assert json.loads(raw.getvalue())["title"] == "дзвін"


def test_threads_do_not_mix_their_lines():
    """Lines of several threads come out whole."""
    log, stream = open_log()

    def tell():
        for _ in range(200):
            log.logger.info(Event.FEED_POLLED, title="x" * 50)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines_of(stream)) == 800


def test_two_logs_do_not_meet():
    """Each log writes to its own stream."""
    first, one = open_log()
    second, two = open_log()
    first.logger.info(Event.FEED_POLLED)
    second.logger.info(Event.FEED_FAILED)
    assert [line["event"] for line in lines_of(one)] == ["feed.polled"]
    assert [line["event"] for line in lines_of(two)] == ["feed.failed"]
