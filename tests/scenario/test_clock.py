"""The clock is set, forward and back: nothing is lost, nothing comes twice, and nothing waits for a day."""

import asyncio
import json
from collections import Counter
from datetime import timedelta

import pytest

from support.receiver import Receiver, Reply
from support.service import do_what_is_due
from support.site import Item, Site, rss

EVERY, MINUTE = timedelta(minutes=10), timedelta(minutes=1)
FERRY = Item(id="ferry", title="Ferries stay in port", text="A gale keeps every ferry in the harbour.")
TRAIN = Item(id="train", title="Trains are late", text="A ferry was in the way of the train to the north coast.")
CONFIGURATION = """
    defaults: {{allow_private: [127.0.0.0/8], every: 10m}}
    feeds: [{{name: Herald, url: "{site}/rss"}}]
    rules: [{{name: Ferries, keywords: [ferry], max_per_hour: 2}}]
    channels:
      - {{name: hook, type: webhook, url: "{receiver}/hook", allow_private: [127.0.0.0/8]}}
      - {{name: desk, type: webhook, url: "{receiver}/desk", allow_private: [127.0.0.0/8]}}
    routes:
      - {{channels: [hook], continue: true}}
      - {{channels: [desk], group_by: rule, group_wait: 5m}}
"""


def told(receiver, target):
    """Return how often each title came to a target; what the service tells of itself counts for nothing."""
    requests = [request for request in receiver.requests if request.target == target]
    payloads = [json.loads(request.body)["data"] for request in requests]
    alerts = [alert for data in payloads for alert in data.get("alerts", [data])]
    return Counter(alert["article"]["title"] for alert in alerts if "article" in alert)


def told_of(service, event):
    return [line for line in map(json.loads, service.log.getvalue().splitlines()) if line["event"] == event]


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize(
    "step", [timedelta(days=1), timedelta(days=-1), timedelta(hours=1), timedelta(hours=-1)], ids=str
)
async def test_the_clock_is_set(service, step, restarted):
    """Whatever it is set by, feeds are polled within two intervals, and every alert comes once on each of its ways."""
    async with Site({"/rss": rss()}) as site, Receiver() as receiver:
        await service.configure(CONFIGURATION.format(site=site.url, receiver=receiver.url))
        await service.live()
        service.clock.turn(minutes=11)
        site.pages["/rss"] = rss(FERRY)
        async with service.open() as app:  # the group waits, and the other message, which nobody has tried
            for due in await app.pipeline.claim_feeds(service.clock(), 9):
                await app.pipeline.poll_feed(due)
            await app.pipeline.beat()
            service.clock.now += step if restarted else timedelta(0)
        await service.live()
        service.clock.now += timedelta(0) if restarted else step
        polled, site.pages["/rss"] = len(site.requests), rss(FERRY, TRAIN)

        for _ in range(2 * EVERY // MINUTE):
            service.clock.turn(minutes=1)
            await service.live()
        assert 1 <= len(site.requests) - polled <= 6
        assert told(receiver, "/hook") == told(receiver, "/desk") == {FERRY.title: 1, TRAIN.title: 1}
        assert len(told_of(service, "clock.stepped")) == (step < timedelta(0))

        for _ in range(30):
            service.clock.turn(hours=1)
            await service.live()
        assert told(receiver, "/hook") == told(receiver, "/desk") == {FERRY.title: 1, TRAIN.title: 1}


async def test_a_retry_does_not_wait_for_a_clock_that_was_ahead(service):
    """What is to be tried again in some minutes is, though the clock is set back by a day meanwhile."""
    answers = [Reply(status=500)] * 2
    async with Site({"/rss": rss()}) as site, Receiver(lambda _: answers.pop() if answers else Reply()) as receiver:
        await service.configure(CONFIGURATION.format(site=site.url, receiver=receiver.url))
        await service.live()
        site.pages["/rss"] = rss(FERRY)
        service.clock.turn(minutes=11)
        await service.live()
        service.clock.turn(seconds=7)
        await service.live()
        assert len(receiver.requests) == 2
        service.clock.turn(days=-1)
        for _ in range(30):
            service.clock.turn(minutes=1)
            totals = await service.live()
        assert totals.deliveries == {"delivered": 2, "deliveries": 2}


async def test_what_is_being_sent_is_not_sent_again(service):
    """Though a clock that is set forward ends its lease, a message that is on its way is not claimed."""
    async with Site({"/rss": rss()}) as site, Receiver(Reply(delay=1.0)) as receiver:
        await service.configure(CONFIGURATION.format(site=site.url, receiver=receiver.url))
        await service.live()
        site.pages["/rss"] = rss(FERRY)
        service.clock.turn(minutes=11)
        async with service.open() as app:
            for due in await app.pipeline.claim_feeds(service.clock(), 9):
                await app.pipeline.poll_feed(due)
            service.clock.turn(seconds=1)
            (claimed,) = await app.pipeline.claim_deliveries("hook", service.clock(), 9)
            sending = asyncio.create_task(app.pipeline.deliver(claimed))
            await receiver.wait_for(1)
            service.clock.turn(days=1)
            assert not await app.pipeline.claim_deliveries("hook", service.clock(), 9)
            assert await sending
            await do_what_is_due(app)
        assert told(receiver, "/hook") == {FERRY.title: 1}


async def test_what_is_old_goes_as_days_go_by(service):
    """Of what a feed gave up a hundred days ago, nothing is left; what it still has is known."""
    async with Site({"/rss": rss()}) as site, Receiver() as receiver:
        await service.configure(CONFIGURATION.format(site=site.url, receiver=receiver.url))
        await service.live()
        for page in (rss(FERRY), rss(FERRY, TRAIN), rss(TRAIN)):
            site.pages["/rss"] = page
            service.clock.turn(minutes=11)
            await service.live()
        for _ in range(100):
            service.clock.turn(days=1)
            totals = await service.live()
        assert [report.data["article"]["title"] for report in await service.alerts()] == [TRAIN.title]
        assert totals.matches == {"rung": 1, "matches": 1}
        assert totals.deliveries == {"deliveries": 0}
        assert told_of(service, "database.pruned")
        assert not told_of(service, "step.crashed")
