"""What a channel in trouble does to what waits for it: patience, a breaker, a pace, and no other channel held up."""

import asyncio
import json
from datetime import timedelta
from itertools import pairwise

import pytest

from support.receiver import Receiver, Reply
from support.service import balanced, do_what_is_due
from support.site import Item, Site, rss
from tocsin.alerts.pace import MOST_FAILURES
from tocsin.alerts.retry import JITTER, SCHEDULE
from tocsin.clock import utc_now
from tocsin.daemon import put_test
from tocsin.model import DeliveryState, WaitReason

RULE = "rules: [{name: Ferries, keywords: [ferry], max_per_hour: 10000}]"
SECOND = timedelta(seconds=1)
COUNT = 12

#: What is tried when the fifth failure opens the breaker: those that were claimed with it come to an end.
UNTIL_OPEN = MOST_FAILURES + 3


def item(number):
    return Item(id=f"ferry {number}", title=f"Ferry {number} stays in port", text=" ".join(words(number)))


def words(number):
    """Return words that no other number has, so that each article is a story of its own."""
    return [f"w{number}x{place}" for place in range(60)]


def channels(**urls):
    listed = "".join(
        f"  - {{name: {name}, type: {kind}, url: '{url}/x', allow_private: [127.0.0.1], timeout: 2s}}\n"
        for name, (kind, url) in urls.items()
    )
    return f"defaults: {{allow_private: [127.0.0.0/8], first_poll: all, every: 10m}}\nchannels:\n{listed}"


@pytest.fixture
async def site():
    async with Site({"/rss": rss(*map(item, range(COUNT)))}) as site:
        yield site


@pytest.fixture
def configure(service, site):
    async def configured(*more, **urls):
        await service.configure(RULE, channels(**urls), f"feeds: [{{name: Herald, url: '{site.url}/rss'}}]", *more)

    return configured


async def step(service, app, span, *, until, by=SECOND):
    """Do what is due at each step of the clock, until so much time has gone by."""
    for _ in range(int(span / by)):
        if until():
            return
        await do_what_is_due(app)
        service.clock.turn(seconds=by.total_seconds())


async def waiting(app, state=DeliveryState.WAITING):
    return await app.store.list_deliveries(state, None, 10_000)


@pytest.mark.parametrize("named", ["120", "Sun, 01 Mar 2026 12:02:00 GMT"], ids=["in seconds", "as a date"])
async def test_patience_holds_the_whole_channel(service, configure, named):
    """After a 429 nothing at all is sent to the channel before its time; what waits says so; then all of it goes."""
    date = "Sun, 01 Mar 2026 12:00:00 GMT"
    replies = [Reply(status=429, headers={"retry-after": named, "date": date})]
    async with Receiver(lambda _: replies.pop(0) if replies else Reply()) as hook:
        await configure(siem=("webhook", hook.url))
        async with service.open() as app:
            (poll,) = await app.pipeline.claim("feeds", 1)
            await poll()
            (first,) = await app.pipeline.claim("to siem", 1)
            await first()
            await do_what_is_due(app)
            assert len(hook.requests) == 1
            assert {(row.state, row.reason) for row in await waiting(app)} == {("waiting", WaitReason.CHANNEL)}
            (alert, *_) = await app.store.alert_reports(None, None)
            assert [way.reason for way in alert.dispatches] == [WaitReason.CHANNEL]
        service.clock.turn(seconds=115)
        await service.live()
        assert len(hook.requests) == 1, "the hold is a row"
        service.clock.turn(seconds=10)
        await service.live()
        assert len(hook.requests) == COUNT + 1
        (alert, *_) = await service.alerts()
        assert [way.reason for way in alert.dispatches] == [None]


async def test_a_channel_that_fails_is_left_alone_and_then_told_all(service, configure):
    """Five failures open the breaker: but for one probe at each step nothing is sent, and nothing uses up its tries.

    When it works again, everything is sent at once, each of it once, in the order in which it was decided.
    """
    down = [True]
    async with Receiver(lambda _: Reply(status=503 if down[0] else 200)) as hook:
        await configure(siem=("webhook", hook.url))
        async with service.open() as app:
            await do_what_is_due(app)
            assert len(hook.requests) == UNTIL_OPEN
            failed = service.clock.now
            assert {row.reason for row in await waiting(app)} == {WaitReason.CHANNEL}
            times = []
            for _ in range(24 * 60 * 2):
                before = len(hook.requests)
                await do_what_is_due(app)
                times += [service.clock.now] * (len(hook.requests) - before)
                service.clock.turn(seconds=30)
            for probe, wait in zip(times, SCHEDULE, strict=False):
                assert abs((probe - failed - wait).total_seconds()) <= JITTER * wait.total_seconds() + 60
                failed = probe
            assert 5 <= len(times) <= 6
            rows = await waiting(app)
            assert len(rows) == COUNT
            assert sum(row.attempts for row in rows) == UNTIL_OPEN + len(times)
            down[0] = False
            hook.requests.clear()
            service.clock.turn(hours=12)
            await do_what_is_due(app)
            totals = await balanced(app)
        assert totals.deliveries == {"delivered": COUNT, "deliveries": COUNT}
        told = [json.loads(request.body)["data"]["article"]["title"] for request in hook.requests]
        assert sorted(told) == sorted(item(number).title for number in range(COUNT))
        assert told[1:] == sorted(told[1:], key=lambda title: [row.id for row in rows].index(row_of(rows, hook, title)))


def row_of(rows, hook, title):
    (request,) = [each for each in hook.requests if json.loads(each.body)["data"]["article"]["title"] == title]
    return next(row.id for row in rows if row.id == request.headers["webhook-id"])


async def test_the_breaker_survives_a_kill(service, configure):
    """Another life knows that the channel fails: it probes it once, as it may be mended, and leaves it alone."""
    async with Receiver(Reply(status=500)) as hook:
        await configure(siem=("webhook", hook.url))
        await service.live()
        assert len(hook.requests) == UNTIL_OPEN
        await service.close()
        await service.live()
        assert len(hook.requests) == UNTIL_OPEN + 1
        service.clock.turn(minutes=1)
        await service.live()
        assert len(hook.requests) == UNTIL_OPEN + 1


async def test_sixty_alerts_take_slack_a_minute(service, configure, site):
    """Slack gets one message a second: sixty alerts take 57 to 62 seconds, none lost, in their order."""
    site.pages["/rss"] = rss(*map(item, range(60)))
    arrived = []

    def note(_):
        arrived.append(service.clock.now)
        return Reply()

    async with Receiver(note) as slack:
        await configure(desk=("slack", slack.url))
        async with service.open() as app:
            await step(
                service,
                app,
                timedelta(seconds=100),
                until=lambda: len(arrived) == 60,
                by=timedelta(milliseconds=250),
            )
            rows = await waiting(app, DeliveryState.DELIVERED)
            order = [row.id for row in rows]
            sent = sorted(rows, key=lambda row: row.id)
            assert len(sent) == 60
            assert order == [row.id for row in sorted(rows, key=lambda row: row.created)]
        assert timedelta(seconds=57) <= arrived[-1] - arrived[0] <= timedelta(seconds=62)
        spans = [later - earlier for earlier, later in pairwise(arrived)]
        assert min(spans) >= timedelta(seconds=0.99)
        titles = [json.loads(request.body)["text"] for request in slack.requests]
        assert len(set(titles)) == 60


async def test_a_receiver_that_never_works_is_tried_ten_times_then_told_of(service, configure, site, tmp_path):
    """A lone delivery is tried at the ten times of the schedule, breaker or not; then it is dead, and that is told."""
    site.pages["/rss"] = rss(item(1))
    times = []

    def note(_):
        times.append(service.clock.now)
        return Reply(status=500)

    log = tmp_path / "ops.jsonl"
    more = f"""
        channels: [{{name: log, type: file, path: {log}}}]
        ops: [siem, log]
        routes: [{{channels: [siem]}}]
    """
    async with Receiver(note) as hook:
        await configure(more, siem=("webhook", hook.url))
        async with service.open() as app:
            await do_what_is_due(app)
            for _ in range(4):
                await do_what_is_due(app)
                service.clock.turn(seconds=2)
            await step(service, app, timedelta(days=4), until=lambda: len(times) == 10, by=timedelta(minutes=1))
            await do_what_is_due(app)
            for wait, (earlier, later) in zip(SCHEDULE, pairwise(times), strict=True):
                late = (later - earlier - wait).total_seconds()
                assert abs(late) <= JITTER * wait.total_seconds() + 62
            (dead,) = await waiting(app, DeliveryState.DEAD)
            assert (dead.reason, dead.attempts) == ("retries_exhausted", 10)
            types = [(line["type"], line["data"]["change"]) for line in map(json.loads, log.read_text().splitlines())]
            assert types == [("ops.channel.failing", "began")]
            assert len(times) == 10, "it is not told of itself"


async def test_an_outage_is_told_once_and_so_is_its_end(service, configure, tmp_path):
    """After a quarter of an hour another channel tells of the one that fails, once; and once that it works again."""
    down, log = [True], tmp_path / "ops.jsonl"
    more = f"""
        channels: [{{name: log, type: file, path: {log}}}]
        ops: [log]
        routes: [{{channels: [siem]}}]
    """

    def told():
        return [json.loads(line)["data"] for line in log.read_text().splitlines()] if log.exists() else []

    async with Receiver(lambda _: Reply(status=500 if down[0] else 200)) as hook:
        await configure(more, siem=("webhook", hook.url))
        async with service.open() as app:
            await do_what_is_due(app)
            service.clock.turn(minutes=14)
            await do_what_is_due(app)
            assert told() == []
            for _ in range(60):
                service.clock.turn(minutes=2)
                await do_what_is_due(app)
            (began,) = told()
            assert (began["change"], began["channel"]) == ("began", {"name": "siem"})
            assert "500" in began["detail"]
            down[0] = False
            for _ in range(100):
                service.clock.turn(minutes=10)
                await do_what_is_due(app)
            assert [line["change"] for line in told()] == ["began", "ended"]


async def test_a_channel_that_is_gone_loses_one_alert_and_not_all(service, configure):
    """410 ends the deliveries that were under way; all others wait, and are sent when somebody mended the channel."""
    gone = [True]
    async with Receiver(lambda _: Reply(status=410 if gone[0] else 200)) as hook:
        await configure(siem=("webhook", hook.url))
        async with service.open() as app:
            (poll,) = await app.pipeline.claim("feeds", 1)
            await poll()
            (first,) = await app.pipeline.claim("to siem", 1)
            await first()
            for _ in range(20):
                service.clock.turn(minutes=10)
                await do_what_is_due(app)
            assert len(await waiting(app, DeliveryState.DEAD)) == 1
            assert {row.reason for row in await waiting(app)} <= {WaitReason.CHANNEL, WaitReason.RETRY}
            assert 2 <= len(hook.requests) <= 5
            gone[0] = False
            service.clock.turn(hours=12)
            await do_what_is_due(app)
            totals = await balanced(app)
    assert totals.deliveries == {"delivered": COUNT - 1, "dead": 1, "deliveries": COUNT}


async def test_a_channel_that_hangs_holds_up_no_other(service, configure, site):
    """Hundreds of alerts reach a good channel while another hangs: none waits for it, and it is soon left alone."""
    count = 300
    site.pages["/rss"] = rss(*map(item, range(count)))
    service.clock = utc_now
    async with Receiver(Reply(delay=60)) as hanging, Receiver() as good:
        await configure(bad=("webhook", hanging.url), siem=("webhook", good.url))
        async with service.open() as app:
            running = asyncio.create_task(app.runner.run(app.pipeline))
            await good.wait_for(count, timeout=60)
            assert len(hanging.requests) <= MOST_FAILURES + 8
            app.runner.stop()
            app.runner.stop()
            await running
            assert len(await waiting(app, DeliveryState.DELIVERED)) >= count - 4
            assert len(await waiting(app)) >= count


async def test_a_test_message_is_the_probe(service, configure):
    """`send-test` to a channel that fails is tried at once, before all that waits."""
    async with Receiver(Reply(status=500)) as hook:
        await configure(siem=("webhook", hook.url))
        async with service.open() as app:
            await do_what_is_due(app)
            hook.requests.clear()
            await put_test(app, "siem")
            service.clock.turn(seconds=1)
            (unit,) = await app.pipeline.claim("to siem", 4)
            await unit()
        assert [json.loads(request.body)["type"] for request in hook.requests] == ["test.ping"]
