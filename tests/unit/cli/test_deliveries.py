"""`tocsin deliveries`: what it shows, what it changes, and through whom."""

import pytest

from support.commands import Command, objects
from support.receiver import Receiver, Reply
from support.session import Session

FERRY = "Ferries stay in port\n\nA gale keeps every ferry in the harbour."


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands in a working directory with one watched directory and an article that rings."""
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("incoming/ferry.txt", FERRY)
    return session


def configure(tocsin, url):
    tocsin.write(
        "config/tocsin.yaml",
        f"""
feeds: [{{name: incoming, path: incoming}}]
rules: [{{name: Ferries, keywords: [ferry]}}]
channels:
  - {{name: hook, type: webhook, url: '{url}/in', allow_private: [127.0.0.1]}}
""",
    )


@pytest.fixture
def receiver():
    with Receiver(Reply(status=500)).in_thread() as running:
        yield running


@pytest.fixture
def waiting(tocsin, receiver):
    """Return the delivery that was tried once, in vain."""
    configure(tocsin, receiver.url)
    assert tocsin("run", "--once").returncode == 1
    [row] = objects(tocsin("deliveries", "--json").stdout)
    return row


def test_deliveries_say_where_they_stand(tocsin, waiting):
    """A delivery is one line with its state, its tries, why it waits and until when, and what was answered."""
    assert set(waiting) == {
        *("delivery_id", "state", "reason", "channel", "recipient", "created", "attempts", "next_try"),
        *("status", "detail", "remote_id"),
    }
    assert (waiting["state"], waiting["reason"], waiting["attempts"]) == ("waiting", "retry", 1)
    assert (waiting["channel"], waiting["status"]) == ("hook", 500)
    head, line = tocsin("deliveries").stdout.splitlines()
    assert head.split()[:3] == ["delivery", "state", "channel"]
    assert waiting["delivery_id"] in line
    assert "answered 500" in line
    assert tocsin("deliveries", "--state", "dead", "--json").stdout == ""
    assert tocsin("deliveries", "--channel", "other", "--json").stdout == ""
    assert len(objects(tocsin("deliveries", "--state", "waiting", "--channel", "hook", "--json").stdout)) == 1


def test_a_state_that_is_none_is_wrong_use(tocsin, waiting):
    """A misspelt state is exit status 2, with the one that was meant."""
    ended = tocsin("deliveries", "--state", "wating")
    assert ended.returncode == 2
    assert "waiting" in ended.stderr


def test_a_delivery_is_sent_again_by_hand(tocsin, waiting, receiver):
    """`deliveries retry` makes it due for the next run where no daemon runs, under its id."""
    ended = tocsin("deliveries", "retry", waiting["delivery_id"], "--json")
    assert objects(ended.stdout) == [{"deliveries": 1, "daemon": False}]
    [row] = objects(tocsin("deliveries", "--json").stdout)
    assert (row["state"], row["reason"]) == ("waiting", None)
    receiver._script = lambda _: Reply()
    assert tocsin("run", "--once").returncode == 0
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    [row] = objects(tocsin("deliveries", "--json").stdout)
    assert (row["state"], row["attempts"]) == ("delivered", 2)
    assert tocsin("deliveries", "retry", waiting["delivery_id"]).returncode == 2, "it has arrived"


def test_which_is_meant_has_to_be_said(tocsin, waiting):
    """`deliveries retry` takes an id or --all, and only --all a channel, which must be one."""
    for words in ((), (waiting["delivery_id"], "--all"), ("--channel", "hook"), ("dlv_none",)):
        assert tocsin("deliveries", "retry", *words).returncode == 2
    assert tocsin("deliveries", "retry", "--all", "--channel", "none").returncode == 2
    ended = tocsin("deliveries", "retry", "--all", "--channel", "hook")
    assert (ended.returncode, ended.stdout) == (0, "1 delivery: tried when Tocsin runs next\n")


def test_a_delivery_is_given_up_by_hand(tocsin, waiting):
    """`deliveries drop` ends it: nothing is sent any more, and its alert says who did that."""
    ended = tocsin("deliveries", "drop", waiting["delivery_id"])
    assert (ended.returncode, ended.stdout) == (0, f"{waiting['delivery_id']}: dropped\n")
    assert tocsin("deliveries", "drop", waiting["delivery_id"]).returncode == 2
    [row] = objects(tocsin("deliveries", "--json").stdout)
    assert (row["state"], row["reason"], row["next_try"]) == ("dropped", "by_hand", None)
    [alert] = objects(tocsin("alerts", "--json").stdout)
    assert [(way["state"], way["reason"]) for way in alert["dispatches"]] == [("dropped", "by_hand")]
    assert tocsin("run", "--once").returncode == 0


def test_the_daemon_is_asked_where_one_runs(tocsin, waiting, receiver):
    """A running daemon changes the rows and sends at once what is to be sent again."""
    with Command(tocsin.directory).started("run") as daemon:
        daemon.ready()
        receiver._script = lambda _: Reply()
        ended = tocsin("deliveries", "retry", waiting["delivery_id"], "--json")
        assert objects(ended.stdout) == [{"deliveries": 1, "daemon": True}]
        daemon.until(lambda: "delivered" in tocsin("deliveries").stdout)
        assert tocsin("deliveries", "drop", waiting["delivery_id"]).returncode == 2
        assert "deliveries retry" in daemon.err
