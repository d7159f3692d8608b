"""The end of the daemon under load, and what is too much of one feed."""

import signal
import time

from support.commands import Command, objects
from support.receiver import Receiver, Reply
from support.session import Session
from support.site import Item, Site, rss
from tocsin.feeds.entries import MOST_ENTRIES
from tocsin.runners.embedded import GRACE

FERRY = "Ferries stay in port\n\nA gale keeps every ferry in the harbour."


def test_a_second_signal_ends_the_daemon_at_once(tmp_path, monkeypatch):
    """Who asks twice does not wait for receivers that hang; what was cut off goes on waiting in its row."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "incoming").mkdir()
    beside, tocsin = Session(tmp_path), Command(tmp_path)
    beside.write("incoming/ferry.txt", FERRY)
    with Receiver(Reply(delay=60)).in_thread() as receiver:
        beside.write(
            "config/tocsin.yaml",
            "feeds: [{name: incoming, path: incoming}]\n"
            "rules: [{name: Ferries, keywords: [ferry]}]\n"
            "channels:\n"
            f"  - {{name: hook, type: webhook, url: '{receiver.url}', timeout: 50s, allow_private: [127.0.0.1]}}\n",
        )
        with tocsin.started("run") as daemon:
            daemon.until(lambda: receiver.requests)
            begin = time.monotonic()
            daemon.signal(signal.SIGTERM)
            daemon.until(lambda: "stop.requested" in daemon.err)
            daemon.signal(signal.SIGTERM)
            assert daemon.ends(within=15) == 0
            assert time.monotonic() - begin < GRACE.total_seconds()
            assert "Traceback" not in daemon.err
    (alert,) = objects(beside("alerts", "--json").stdout)
    assert [way["state"] for way in alert["dispatches"]] == ["waiting"]


async def test_a_feed_of_too_many_entries_is_read_to_the_bound(service):
    """Of a document with more entries than may be, so many are read; the rest is told of, and no poll fails."""
    items = [Item(id=f"id-{number}", title=f"Notice {number}") for number in range(MOST_ENTRIES + 50)]
    async with Site({"/rss": rss(*items)}) as site:
        await service.configure(
            f"""
            defaults: {{allow_private: [127.0.0.0/8]}}
            feeds: [{{name: Herald, url: '{site.url}/rss'}}]
            rules: [{{name: Ferries, keywords: [ferry]}}]
            channels: [{{name: console, type: console}}]
            """
        )
        totals = await service.live()
        report = (await service.feeds())["Herald"]
    assert totals.entries["new"] == MOST_ENTRIES
    assert (report.state.value, report.failures) == ("ok", 0)
    assert "entry.skipped" in [event["event"] for event in objects(service.log.getvalue())]
