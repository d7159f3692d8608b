"""A sign of life goes out once a minute, and only while all is well: whatever hangs, the signs cease."""

from datetime import timedelta

import pytest

from support.commands import Command, objects
from support.receiver import Receiver, Reply
from support.session import Session
from support.site import Item, Site, rss
from tocsin.app import Outside, open_app
from tocsin.errors import DatabaseFull
from tocsin.log import Log
from tocsin.pipeline import HEART

FERRY = Item(id="ferry", title="Ferries stay in port", text="A gale keeps every ferry in the harbour.")
TRAM = Item(id="tram", title="Trams are late", text="Snow keeps every ferry and tram where it is.")


def config(site, monitor, hook):
    return f"""
        heartbeat: "{monitor.url}/ping/0123456789abcdef"
        defaults: {{allow_private: [127.0.0.0/8], first_poll: all, every: 10m}}
        feeds: [{{name: Herald, url: '{site.url}/rss'}}]
        rules: [{{name: Ferries, keywords: [ferry]}}]
        channels: [{{name: siem, type: webhook, url: '{hook.url}/in'}}]
    """


@pytest.fixture
async def outside():
    """Return a publisher, a monitor and a receiver."""
    async with Site({"/rss": rss(FERRY)}) as site, Receiver() as monitor, Receiver() as hook:
        yield site, monitor, hook


async def go_on(service, app, *, frozen=(), **ahead):
    """Turn the clock and do what is due, but for what is frozen, until nothing is due."""
    service.clock.turn(**ahead)
    for _ in range(50):
        lanes = [lane for lane in await app.pipeline.due_lanes() if lane not in frozen]
        if not lanes:
            return
        for lane in lanes:
            for work in await app.pipeline.claim(lane, 1):
                await work()
    raise AssertionError(f"there is no end to what is due: {lanes}")


def told(service):
    events = objects(service.log.getvalue())
    return [(event["event"], event.get("detail")) for event in events if event["event"].startswith("heartbeat.")]


async def test_a_sign_is_given_once_a_minute(service, outside):
    """While all is well the monitor is asked once a minute, polls or no polls."""
    _, monitor, _ = outside
    await service.configure(config(*outside))
    async with service.open() as app:
        await go_on(service, app)
        assert len(monitor.requests) == 1
        await go_on(service, app, seconds=50)
        assert len(monitor.requests) == 1
        for count in range(2, 32):
            await go_on(service, app, seconds=61)
            assert len(monitor.requests) == count
    assert {(request.method, request.target) for request in monitor.requests} == {("GET", "/ping/0123456789abcdef")}
    assert told(service) == []


@pytest.mark.parametrize(
    ("frozen", "said"),
    [("feeds", "feeds are due and none is polled"), ("to siem", "deliveries lie behind: to siem")],
)
async def test_a_stage_that_hangs_ends_the_signs(service, outside, frozen, said):
    """Where feeds are not polled, or what is due is not delivered, the signs cease; they come back with the work."""
    site, monitor, hook = outside
    await service.configure(config(*outside))
    async with service.open() as app:
        await go_on(service, app)
        site.pages["/rss"] = rss(FERRY, TRAM)
        await go_on(service, app, frozen=[frozen], minutes=12)
        await go_on(service, app, frozen=[frozen], minutes=12)
        before = len(monitor.requests)
        for _ in range(5):
            await go_on(service, app, frozen=[frozen], minutes=2)
        assert len(monitor.requests) == before
        assert told(service) == [("heartbeat.stopped", said)]
        await go_on(service, app, seconds=6)
        await go_on(service, app, seconds=6)
    assert len(monitor.requests) == before + 1
    assert told(service)[1:] == [("heartbeat.resumed", None)]
    assert len(hook.requests) == 2


async def test_a_receiver_that_is_down_does_not_end_the_signs(service, outside):
    """What fails and waits for its next try is no trouble of ours."""
    site, monitor, _ = outside
    async with Receiver(Reply(status=503)) as down:
        await service.configure(config(site, monitor, down))
        async with service.open() as app:
            for count in range(1, 100):
                await go_on(service, app, minutes=2)
                assert len(monitor.requests) == count
    assert told(service) == []


async def test_a_poll_that_never_ends_ends_the_signs(service, outside):
    """A unit of work that hangs is noticed although its feed is not due while it is leased."""
    _, monitor, _ = outside
    await service.configure(config(*outside))
    async with service.open() as app:
        await go_on(service, app)
        service.clock.turn(minutes=11)
        (hanging,) = await app.pipeline.claim("feeds", 1)
        coroutine = hanging()
        coroutine.send(None)  # it began, and goes no further
        await go_on(service, app, frozen=["feeds"], minutes=4)
        before = len(monitor.requests)
        await go_on(service, app, frozen=["feeds"], minutes=7)
        assert len(monitor.requests) == before
        coroutine.close()
    assert [detail for _, detail in told(service)] == ["a poll does not end"]


async def test_a_database_that_stores_nothing_ends_the_signs(service, outside):
    """The signs say that what happens can be stored: with a full database there are none."""

    class Full:
        """A store that has no room while it is `full`."""

        full = False

        def __init__(self, store):
            self._store = store

        def __getattr__(self, name):
            return getattr(self._store, name)

        async def record_tick(self, *arguments):
            if Full.full:
                raise DatabaseFull("no room")
            await self._store.record_tick(*arguments)

    _, monitor, _ = outside
    await service.configure(config(*outside))
    with Log(level="debug", style="json", stream=service.log) as log:
        given = Outside(clock=service.clock, output=service.console, store=Full)
        async with open_app(service.plan(), service.database_url, log, given) as app:
            await go_on(service, app)
            Full.full = True
            await go_on(service, app, minutes=2)
            assert len(monitor.requests) == 1
            Full.full = False
            await go_on(service, app, seconds=6)
            assert len(monitor.requests) == 2


async def test_a_monitor_that_cannot_be_asked_is_told_once(service, outside):
    """What the monitor answers badly is in the log, without the secret in its URL; a redirect is not followed."""
    site, monitor, hook = outside
    async with Receiver(Reply(status=302, headers={"location": monitor.url})) as elsewhere:
        await service.configure(config(site, elsewhere, hook))
        async with service.open() as app:
            for _ in range(3):
                await go_on(service, app, seconds=61)
            assert await app.pipeline.claim(HEART, 1) == []
    assert len(elsewhere.requests) == 3
    assert monitor.requests == []
    assert told(service) == [("heartbeat.failed", "127.0.0.1 answered 302")]
    assert "0123456789abcdef" not in service.log.getvalue()


async def test_a_private_address_is_not_asked_without_leave(service, outside):
    """The monitor is connected to by the rules of all connections."""
    site, monitor, hook = outside
    refused = config(site, monitor, hook).replace("allow_private: [127.0.0.0/8], ", "")
    await service.configure(refused)
    async with service.open() as app:
        await go_on(service, app)
    assert monitor.requests == []
    assert told(service)[0][0] == "heartbeat.failed"


async def test_a_clock_that_is_set_back_does_not_end_the_signs(service, outside):
    """Signs go on at once when the clock is set back by a day."""
    _, monitor, _ = outside
    await service.configure(config(*outside))
    async with service.open() as app:
        await go_on(service, app)
        service.clock.now -= timedelta(days=1)
        await go_on(service, app)
    assert len(monitor.requests) == 2


def test_a_daemon_gives_a_sign(tmp_path, monkeypatch):
    """A daemon asks the monitor of its configuration soon after its start."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "incoming").mkdir()
    with Receiver().in_thread() as monitor:
        Session(tmp_path).write(
            "config/tocsin.yaml",
            f"heartbeat: '{monitor.url}/ping'\n"
            "defaults: {allow_private: [127.0.0.0/8]}\n"
            "feeds: [{name: incoming, path: incoming}]\n"
            "rules: [{name: Ferries, keywords: [ferry]}]\n"
            "channels: [{name: console, type: console}]\n",
        )
        with Command(tmp_path).started("run") as daemon:
            daemon.until(lambda: monitor.requests)
    assert [request.target for request in monitor.requests] == ["/ping"]
