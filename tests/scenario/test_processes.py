"""The commands as users run them: what they print, how they end, and how the daemon begins and ends."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.commands import TOCSIN, Command, archived, objects
from support.receiver import Receiver, Reply
from support.session import Session

ROOT = Path(__file__).parents[2]
HEADLINE = "Moscow and Kyiv Call for Talks Amid Intense Shellfire"
FERRY = "Ferries stay in port\n\nA gale keeps every ferry in the harbour."
SMALL = """
feeds: [{name: incoming, path: incoming}]
rules:
  - {name: Ferries, keywords: [ferry]}
channels:
  - {name: archive, type: file, path: alerts.jsonl}
"""


@pytest.fixture
def tocsin(tmp_path):
    """Return the command in a working directory with one watched directory, one rule and one channel."""
    (tmp_path / "incoming").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "tocsin.yaml").write_text(SMALL, encoding="utf-8")
    return Command(tmp_path)


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Return the commands in this process, beside a daemon in the same working directory."""
    monkeypatch.chdir(tmp_path)
    return Session(tmp_path)


# ---------------------------------------------------------------------------------------------------------------
# The first five minutes


@pytest.fixture
def clone(tmp_path):
    """Return the command in a clean clone of what is committed, with the clone's own code."""
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, tmp_path / "clone"], check=True)
    return Command(tmp_path / "clone", PYTHONPATH=str(tmp_path / "clone" / "service"))


def test_a_clean_clone_rings_both_rules_once(clone):
    """What `make run` starts rings both rules within 30 s, a dropped file within 5, ends by Ctrl-C, and not again."""
    feeds = (clone.directory / "config" / "feeds.yaml").read_text(encoding="utf-8").count("    url: ")
    with clone.started("run") as daemon:
        daemon.until(lambda: daemon.out.count(HEADLINE) == 2, patience=30)
        assert daemon.out.count("full text") == 2
        assert "**invasion**" in daemon.out
        assert "foreign agent" not in daemon.out
        dropped = clone.directory / "seeds" / "dropped.txt"
        dropped.write_text("Village fears invasion\n\nIt may begin at dawn.", encoding="utf-8")
        assert daemon.until(lambda: "Village fears invasion" in daemon.out) < 5
        daemon.signal(signal.SIGINT, group=True)
        assert daemon.ends(within=9) == 0
        events = objects(daemon.err)
    assert "Traceback" not in json.dumps(events)
    failed = [event for event in events if event["event"] == "feed.failed"]
    assert len(failed) == len({event["feed"] for event in failed}) <= feeds
    assert all(event["detail"] and event["next_poll"] for event in failed)
    with clone.started("run") as again:
        again.ready()
        time.sleep(3)
        again.signal(signal.SIGTERM)
        assert again.ends(within=9) == 0
        assert again.out == ""


def test_a_second_daemon_is_refused_and_the_first_answers(tocsin, beside):
    """On one database one daemon runs: another ends with 3; health, tests and reports go on beside it."""
    assert beside("healthcheck").returncode == 4
    with tocsin.started("run") as daemon:
        daemon.ready()
        daemon.until(lambda: beside("healthcheck").returncode == 0)
        second = tocsin("run")
        assert (second.returncode, "Traceback" in second.stderr) == (3, False)
        assert f"process {daemon.process.pid}" in second.stderr
        assert beside("run", "--once").returncode == 3
        sent = beside("send-test", "archive", "--json")
        assert sent.returncode == 0
        (told,) = objects(sent.stdout)
        assert (told["channel"], told["state"]) == ("archive", "delivered")
        unknown = beside("send-test", "nowhere")
        assert (unknown.returncode, "archive" in unknown.stderr) == (2, True)
        assert [feed["state"] for feed in objects(beside("feeds", "--json").stdout)] == ["ok"]
        daemon.signal(signal.SIGTERM)
        assert daemon.ends(within=9) == 0
    assert [payload["type"] for payload in archived(tocsin)] == ["test.ping"]
    assert beside("send-test", "archive").returncode == 0
    assert len(archived(tocsin)) == 2


def test_stories_are_told_beside_a_daemon(tocsin, beside):
    """While the daemon runs, other processes list its stories and explain their articles."""
    beside.write("incoming/ferry.txt", FERRY)
    with tocsin.started("run") as daemon:
        daemon.ready()
        daemon.until(lambda: archived(tocsin))
        (story,) = objects(tocsin("stories", "--json").stdout)
        (article,) = story["articles"]
        (told,) = objects(tocsin("explain", article["id"], "--json").stdout)
        assert (told["story"], told["alerts"][0]["rule"]) == (story, "Ferries")
        daemon.signal(signal.SIGTERM)
        assert daemon.ends(within=9) == 0


def test_hanging_receivers_do_not_hold_up_the_end(tocsin, beside):
    """With twenty receivers that never answer, SIGTERM ends the daemon within nine seconds, and nothing is lost."""
    beside.write("incoming/ferry.txt", FERRY)
    with Receiver(Reply(delay=60)).in_thread() as receiver:
        channels = "".join(
            f"  - {{name: hook {number}, type: webhook, url: '{receiver.url}/{number}', timeout: 50s,"
            " allow_private: [127.0.0.1]}\n"
            for number in range(20)
        )
        beside.write("config/tocsin.yaml", SMALL.split("channels:", maxsplit=1)[0] + "channels:\n" + channels)
        with tocsin.started("run") as daemon:
            daemon.until(lambda: len(receiver.requests) == 20)
            begin = time.monotonic()
            daemon.signal(signal.SIGTERM)
            assert daemon.ends(within=15) == 0
            assert time.monotonic() - begin < 9
            assert "Traceback" not in daemon.err
    (alert,) = objects(beside("alerts", "--json").stdout)
    assert [way["state"] for way in alert["dispatches"]] == ["waiting"] * 20


def test_a_reader_that_goes_away_ends_a_command_quietly(tocsin, beside):
    """`tocsin … | head -1` shows no trace."""
    beside.write("many.jsonl", '{"title": "A ferry"}\n' * 20_000)
    command = f"{TOCSIN} match --keywords ferry many.jsonl --json | head -1"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=tocsin.directory, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(objects(ended.stdout)) == 1


def test_match_shows_what_comes_through_a_pipe_as_it_comes(tocsin):
    """An article is shown as soon as its line is there, and Ctrl-C ends the wait for more, with 130 and no trace."""
    with subprocess.Popen(
        [TOCSIN, "match", "ferry", "-"],
        cwd=tocsin.directory,
        env=tocsin.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as looking:
        for number in range(2):
            looking.stdin.write(f'{{"title": "Ferry {number}"}}\n')
            looking.stdin.flush()
            assert looking.stdout.readline() == f"-: Ferry {number}\n"
        looking.send_signal(signal.SIGINT)
        assert looking.wait(timeout=10) == 130
        assert (looking.stdout.read(), looking.stderr.read()) == ("", "")


def test_match_needs_no_more_memory_for_more_lines(tocsin):
    """A file of JSON lines is read in the same memory, however long it is."""
    article = '{"title": "A ferry", "language": "en", "text": "' + "No boat has been seen for days. " * 150 + '"}\n'
    program = (
        "import resource, subprocess, sys;"
        "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode;"
        "print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    peaks = []
    for name, count in (("few.jsonl", 100), ("many.jsonl", 4_000)):
        (tocsin.directory / name).write_text(article * count)
        ended = subprocess.run(
            [sys.executable, "-c", program, TOCSIN, "match", "title:ferry", name],
            cwd=tocsin.directory, capture_output=True, text=True, check=True,
        )  # fmt: skip
        status, peak = ended.stdout.split()
        assert status == "0"
        peaks.append(int(peak) * 1024)
    assert (tocsin.directory / "many.jsonl").stat().st_size > 19_000_000
    assert peaks[1] - peaks[0] < 10_000_000
