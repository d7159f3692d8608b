"""The lock and the socket beside a database, with real processes and sockets."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tocsin.control import LONGEST_LINE, LONGEST_SOCKET_PATH, ControlServer, DatabaseLock, ask, socket_path
from tocsin.errors import AlreadyRunning, ControlError, DatabaseUnusable, UsageError

HOLD = """
import pathlib, sys
from tocsin.control import DatabaseLock
with DatabaseLock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(database):
    """Another process that holds the lock, until it is killed or its standard input ends."""
    arguments = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"held\n"
            yield process
        finally:
            process.kill()


# the lock


def test_a_second_daemon_is_told_who_runs(tmp_path):
    """While a process holds the lock no other gets it, and the error names the holder."""
    database = tmp_path / "tocsin.db"
    with holder(database) as process:
        with pytest.raises(AlreadyRunning, match=f"process {process.pid}.*tocsin.db"), DatabaseLock(database):
            pytest.fail("two hold the lock")
        process.stdin.close()
        assert process.wait(5) == 0
    lock = tmp_path / "tocsin.db.lock"
    lock.write_text("an older and longer text")
    with DatabaseLock(database):
        assert lock.read_text() == f"{os.getpid()}\n"


def test_a_killed_daemon_leaves_no_lock(tmp_path):
    """After SIGKILL of the holder the lock is free at once, and the lock file stays."""
    database = tmp_path / "tocsin.db"
    with holder(database) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(5)
        assert (tmp_path / "tocsin.db.lock").exists()
        with DatabaseLock(database), pytest.raises(AlreadyRunning), DatabaseLock(database):
            pass


def test_the_lock_ends_with_its_block(tmp_path):
    """What is raised inside lets the lock go as well."""
    with pytest.raises(ZeroDivisionError), DatabaseLock(tmp_path / "tocsin.db"):
        raise ZeroDivisionError
    with DatabaseLock(tmp_path / "tocsin.db"):
        pass


def test_one_database_has_one_lock_however_it_is_spelt(tmp_path):
    """A link to a database, or another path to it, is the same database."""
    database, link = tmp_path / "tocsin.db", tmp_path / "link.db"
    link.symlink_to(database)
    with DatabaseLock(database), pytest.raises(AlreadyRunning), DatabaseLock(link):
        pass
    assert socket_path(link) == socket_path(database)


def test_a_child_program_does_not_inherit_the_lock(tmp_path):
    """A program that the daemon starts and that outlives it does not keep the database locked."""
    program = [sys.executable, "-c", "print(flush=True); input()"]
    with DatabaseLock(tmp_path / "tocsin.db"):
        child = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
        child.stdout.readline()  # it is the new program by now, no longer our fork
    with child, DatabaseLock(tmp_path / "tocsin.db"):
        assert child.poll() is None
        child.communicate(b"\n")


def test_no_lock_without_a_place_for_it(tmp_path):
    """A directory that is missing makes the database unusable, in clear words."""
    with pytest.raises(DatabaseUnusable, match=r"cannot lock .*: No such file"), DatabaseLock(tmp_path / "no" / "db"):
        pass


# where the socket is


def test_the_socket_is_beside_the_database(tmp_path):
    """A path that is short enough is the database's with `.sock`."""
    assert socket_path(Path("/data/tocsin.db")) == Path("/data/tocsin.db.sock")


def test_a_path_too_long_for_a_socket_is_hashed(tmp_path, monkeypatch):
    """Beyond the kernel's limit the name is a hash under the temporary directory, one per database, always the same."""
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    deep = Path("/") / ("ї" * 30) / ("x" * 60) / "tocsin.db"
    path = socket_path(deep)
    assert path.parent == Path("/tmp")
    assert len(os.fsencode(path)) <= LONGEST_SOCKET_PATH
    assert path == socket_path(deep)
    assert path != socket_path(deep.with_name("other.db"))


# asking


@pytest.fixture
def path(tmp_path):
    return socket_path(tmp_path / "tocsin.db")


async def echo(arguments):
    return {"echo": dict(arguments)}


async def exchange(path, request):
    """Send raw bytes and return what comes back."""
    reader, writer = await asyncio.open_unix_connection(path, limit=2 * LONGEST_LINE)
    writer.write(request)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_command_is_answered(path):
    """A handler gets the arguments, and its result comes back with `ok`."""
    async with ControlServer(path, {"echo": echo}):
        assert await ask(path, "echo", path="x", text="дзвін \ud800\n") == {
            "ok": True,
            "echo": {"path": "x", "text": "дзвін \ud800\n"},
        }


async def test_only_the_owner_can_ask(path, monkeypatch):
    """The socket's mode is 0600, and a socket of somebody else's is not asked."""
    async with ControlServer(path, {}):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
        with pytest.raises(ControlError, match="not a socket of this user"):
            await ask(path, "echo")


async def test_no_daemon_no_answer(path):
    """None where there is no socket, nor one of a killed daemon."""
    assert await ask(path, "echo") is None
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    assert await ask(path, "echo") is None


async def test_a_killed_daemons_socket_is_replaced_and_ours_removed(path):
    """A stale socket does not keep a daemon from listening; at the end it takes its own away."""
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    async with ControlServer(path, {"echo": echo}):
        assert (await ask(path, "echo"))["ok"]
    assert not path.exists()


async def test_a_file_in_the_sockets_place_is_left_alone(path):
    """What is no socket is neither removed nor asked."""
    path.write_text("precious")
    with pytest.raises(ControlError, match="cannot listen"):
        await ControlServer(path, {}).__aenter__()
    with pytest.raises(ControlError, match="not a socket"):
        await ask(path, "echo")
    assert path.read_text() == "precious"


async def test_a_handlers_refusal_is_the_answer(path):
    """A `TocsinError` becomes the error, in its words."""

    async def refuse(_):
        raise UsageError("no such delivery")

    async with ControlServer(path, {"retry": refuse}):
        assert await ask(path, "retry") == {"ok": False, "error": "no such delivery"}
        answer = await ask(path, "rety")
    assert answer == {"ok": False, "error": "unknown command 'rety', expected one of: retry"}


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"\n",
        b"{",
        b"[]\n",
        b'"echo"\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"{}\n",
        b'{"command": ["echo"]}\n',
        b'{"command": "nothing"}\n',
        b'{"command": "' + b"x" * (LONGEST_LINE + 100) + b'"}\n',
    ],
    ids=lambda request: repr(request[:25]),
)
async def test_what_is_no_request_is_answered_with_an_error(path, request_):
    """Malformed input gets `ok: false` and a reason, and the next request is served."""
    async with ControlServer(path, {"echo": echo}):
        answer = json.loads(await exchange(path, request_))
        assert answer["ok"] is False
        assert answer["error"]
        assert (await ask(path, "echo"))["ok"]


async def test_a_request_without_its_line_end_counts(path):
    """The end of the input ends a request too."""
    async with ControlServer(path, {"echo": echo}):
        assert json.loads(await exchange(path, b'{"command": "echo"}')) == {"ok": True, "echo": {}}


async def test_lines_are_bounded_both_ways(path):
    """A request that is too long is not sent, and an answer that is too long becomes an error."""

    async def tell_much(_):
        return {"much": "x" * LONGEST_LINE}

    async with ControlServer(path, {"tell": tell_much}):
        with pytest.raises(ControlError, match="longer than"):
            await ask(path, "tell", much="x" * LONGEST_LINE)
        assert await ask(path, "tell") == {"ok": False, "error": "the answer is too long"}


async def test_connections_have_a_deadline(path):
    """Neither a silent client nor a hanging handler holds a connection for longer."""

    async def hang(_):
        await asyncio.Event().wait()

    async with ControlServer(path, {"hang": hang, "echo": echo}, deadline=timedelta(seconds=0.1)):
        reader, writer = await asyncio.open_unix_connection(path)
        assert "too long" in (await ask(path, "hang"))["error"]
        assert "too long" in json.loads(await reader.read())["error"]
        writer.close()
        assert (await ask(path, "echo"))["ok"]


async def test_a_handler_with_a_bug_ends_its_connection_only(path):
    """An unexpected exception is reported, its caller is told, the server goes on."""
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context.get("exception")))

    async def fail(_):
        raise ZeroDivisionError

    async with ControlServer(path, {"fail": fail, "echo": echo}):
        with pytest.raises(ControlError, match="did not answer"):
            await ask(path, "fail")
        assert (await ask(path, "echo"))["ok"]
    assert [type(error) for error in reported] == [ZeroDivisionError]


async def test_a_server_that_ends_takes_its_conversations_with_it(path):
    """Leaving the block ends what is under way at once; who asked is told that the outcome is unknown."""
    asked = asyncio.Event()

    async def hang(_):
        asked.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(2):
        async with ControlServer(path, {"hang": hang}):
            question = asyncio.create_task(ask(path, "hang"))
            await asked.wait()
        with pytest.raises(ControlError, match="not known"):
            await question


async def test_many_can_ask_at_once(path):
    """Conversations do not wait for each other."""
    together = asyncio.Barrier(20)

    async def meet(arguments):
        await together.wait()
        return dict(arguments)

    async with ControlServer(path, {"meet": meet}):
        answers = await asyncio.gather(*(ask(path, "meet", number=number) for number in range(20)))
    assert [answer["number"] for answer in answers] == list(range(20))
