"""Alerts as lines of a file."""

import asyncio
import errno
import json
import os
import threading
from datetime import timedelta

import pytest

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message
from tocsin.channels.file import FileChannel, append, line
from tocsin.channels.wording import delivered_payload
from tocsin.model import AttemptResult, ChannelKind


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "alerts.jsonl"


@pytest.fixture
def file_channel(path):
    return FileChannel(channel(ChannelKind.FILE, path=str(path)))


async def test_each_message_is_a_line(file_channel, path):
    """Messages are appended as JSON lines with their delivery id; directories are made."""
    for number in range(3):
        attempt = await file_channel.send(message(delivery_id=f"de_{number}"))
        assert attempt.result is AttemptResult.SENT
    lines = [json.loads(one) for one in path.read_text().splitlines()]
    assert lines == [delivered_payload(message(delivery_id=f"de_{number}")) for number in range(3)]


async def test_messages_at_the_same_time_do_not_mix(file_channel, path):
    """Any number of messages at once are as many whole lines."""
    await asyncio.gather(*(file_channel.send(message(delivery_id=f"de_{number}")) for number in range(50)))
    ids = {json.loads(one)["data"]["delivery_id"] for one in path.read_text().splitlines()}
    assert ids == {f"de_{number}" for number in range(50)}


@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_stay_on_their_line(title):
    """Whatever an article says, its line is one line of valid JSON in UTF-8."""
    [one] = line(hostile(title)).decode().splitlines()
    assert json.loads(one)["data"]["delivery_id"] == "de_0123456789abcdef"


async def test_a_torn_line_is_left_behind(file_channel, path):
    """What a crash left of a line does not swallow the next one."""
    path.parent.mkdir()
    path.write_bytes(b'{"whole": 1}\n{"torn": ')
    await file_channel.send(message())
    whole, torn, ours = path.read_text().splitlines()
    assert (whole, torn) == ('{"whole": 1}', '{"torn": ')
    assert json.loads(ours) == delivered_payload(message())


def test_a_line_is_one_write_to_the_end_and_on_disk(path, monkeypatch):
    """Another process may append to the same file: each line goes out in a single write, then is synced."""
    calls = []
    for name in ("write", "fsync"):
        original = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, o=original: (calls.append(n), o(*a))[1])
    append(path, b"one\n")
    append(path, b"two\n")
    assert calls == ["write", "fsync", "fsync", "write", "fsync"]  # the directory too, where the file is new
    assert path.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("written", [None, 5])
async def test_a_full_disk_is_tried_again(file_channel, path, monkeypatch, written):
    """No room, or room for a part, is a failure for now, and what comes next is whole."""
    original = os.write

    def write(descriptor, content):
        if written is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(descriptor, content[:written])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        attempt = await file_channel.send(message())
    assert (attempt.result, attempt.detail) == (AttemptResult.RETRY, "the disk is full")
    await file_channel.send(message())
    assert json.loads(path.read_text().splitlines()[-1]) == delivered_payload(message())


async def test_what_is_no_file_is_tried_again(tmp_path):
    """A directory in its place, or a file in the way of a directory, is told and may be put right."""
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "alerts.jsonl"):
        attempt = await FileChannel(channel(ChannelKind.FILE, path=str(path))).send(message())
        assert attempt.result is AttemptResult.RETRY
        assert attempt.detail.startswith("cannot write: ")


async def test_a_disk_that_hangs_holds_nobody_up(path, monkeypatch):
    """A write that does not end in time leaves us unsure."""
    release = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: release.wait(2))
    spec = channel(ChannelKind.FILE, path=str(path), timeout=timedelta(seconds=0.1))
    attempt = await FileChannel(spec).send(message())
    release.set()
    assert attempt.result is AttemptResult.UNSURE
