"""A changed configuration is put to work while everything goes on; one with a mistake changes nothing."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from textwrap import dedent

import pytest

from support.commands import Command, archived, objects
from support.receiver import Receiver, Reply
from support.service import balanced, do_what_is_due
from support.session import Session
from support.site import Item, Site, rss
from tocsin.app import FEW_RULES, Outside, open_app
from tocsin.clock import utc_now
from tocsin.config.build import directory_state
from tocsin.daemon import Reloads, Watched
from tocsin.errors import DatabaseFull
from tocsin.log import Log
from tocsin.model import DeadReason, DispatchState

FERRY = Item(id="ferry", title="Ferries stay in port", text="A gale keeps every ferry in the harbour.")
TRAM = Item(id="tram", title="Trams are late", text="Snow keeps every tram in the depot.")
BOTH = Item(id="both", title="Nothing moves", text="Neither the ferry nor the tram will run on Sunday.")
FERRIES = "rules: [{name: Ferries, keywords: [ferry]}]"
AND_TRAMS = "rules: [{name: Ferries, keywords: [ferry]}, {name: Trams, keywords: [tram]}]"


def base(site, *channels):
    """Configure one feed, asked every ten minutes, and channels, a file where none is given."""
    given = "\n".join(channels) or "  - {name: console, type: console}"
    return (
        "defaults: {allow_private: [127.0.0.0/8], first_poll: all, every: 10m}\n"
        f"feeds: [{{name: Herald, url: '{site.url}/rss'}}]\n"
        f"channels:\n{given}\n"
    )


def rewrite(service, *texts):
    """Replace the files of the configuration under the service that runs."""
    config = service.root / "config"
    for file in config.iterdir():
        file.unlink()
    for number, text in enumerate(texts):
        (config / f"{number}.yaml").write_text(dedent(text), encoding="utf-8")


def reloads(service, app, **timing):
    directory = service.root / "config"
    return Reloads(app, Watched(directory=directory, state=directory_state(directory)), **timing)


def rung(alerts):
    return sorted((str(alert.data["rule"]["name"]), str(alert.data["article"]["title"])) for alert in alerts)


def events(service):
    return [event["event"] for event in objects(service.log.getvalue())]


@asynccontextmanager
async def driven(app):
    """Have the service run by its own runner."""
    running = asyncio.create_task(app.runner.run(app.pipeline))
    try:
        yield
    finally:
        app.runner.stop()
        await running


@pytest.fixture
async def site():
    async with Site({"/rss": rss(FERRY, TRAM)}) as site:
        yield site


# ---------------------------------------------------------------------------------------------------------------
# What a reload changes


async def test_a_new_rule_rings_on_new_articles_only(service, site):
    """A rule that a reload adds rings on what comes, and neither on what was read before nor on an edit of that."""
    await service.configure(FERRIES, base(site))
    async with service.open() as app:
        await do_what_is_due(app)
        rewrite(service, AND_TRAMS, base(site))
        await reloads(service, app).reload()
        service.clock.turn(minutes=11)
        edited = Item(id="tram", title="Trams are late", text="Snow keeps every tram in the depot until Monday.")
        site.pages["/rss"] = rss(FERRY, edited, BOTH)
        await do_what_is_due(app)
        await balanced(app)
        assert rung(await app.store.alert_reports(None, None)) == [
            ("Ferries", FERRY.title),
            ("Ferries", BOTH.title),
            ("Trams", BOTH.title),
        ]
        told = [event for event in objects(service.log.getvalue()) if event["event"] == "config.reloaded"]
    assert [(event["feeds"], event["rules"], event["channels"]) for event in told] == [(1, 2, 1)]


async def test_a_changed_rule_does_not_ring_on_what_it_would_have_found(service, site):
    """A rule that asks for more than before is silent on the articles that are stored, edited ones too."""
    await service.configure("rules: [{name: Transport, keywords: [ferry]}]", base(site))
    async with service.open() as app:
        await do_what_is_due(app)
        rewrite(service, "rules: [{name: Transport, keywords: [ferry, tram]}]", base(site))
        await reloads(service, app).reload()
        service.clock.turn(minutes=11)
        edited = Item(id="tram", title="Trams are late", text="Snow keeps every tram in the depot until Monday.")
        site.pages["/rss"] = rss(FERRY, edited)
        await do_what_is_due(app)
        totals = await balanced(app)
        assert rung(await app.store.alert_reports(None, None)) == [("Transport", FERRY.title)]
        assert totals.matches["dropped"] == 1


async def test_what_waits_for_a_removed_channel_is_dead_and_the_others_go_on(service, site):
    """A channel that a reload takes out has its waiting rows ended at once; a new one gets what comes from then on."""
    async with Receiver(Reply(status=500)) as down, Receiver() as up:
        first = f"  - {{name: siem, type: webhook, url: '{down.url}/in'}}"
        second = f"  - {{name: archive, type: webhook, url: '{up.url}/in'}}"
        await service.configure(FERRIES, base(site, first))
        async with service.open() as app:
            await do_what_is_due(app)
            rewrite(service, FERRIES, base(site, second))
            await reloads(service, app).reload()
            (alert,) = await app.store.alert_reports(None, None)
            assert [(way.channel, way.state, way.reason) for way in alert.dispatches] == [
                ("siem", DispatchState.DEAD, DeadReason.CHANNEL_REMOVED)
            ]
            service.clock.turn(minutes=11)
            site.pages["/rss"] = rss(FERRY, BOTH)
            await do_what_is_due(app)
            await balanced(app)
    assert (len(down.requests), len(up.requests)) == (1, 1)
    assert "delivery.died" in events(service)


async def test_a_new_feed_is_polled_and_a_removed_one_is_not(service, site):
    """Feeds come and go with a reload, and what is known of those that stay is kept: they are asked for what is new."""
    site.pages["/tribune"] = rss(BOTH)
    await service.configure(FERRIES, base(site))
    async with service.open() as app:
        await do_what_is_due(app)
        two = base(site).replace("feeds: [", f"feeds: [{{name: Tribune, url: '{site.url}/tribune'}}, ")
        rewrite(service, FERRIES, two)
        await reloads(service, app).reload()
        await do_what_is_due(app)
        assert [request.target for request in site.requests] == ["/rss", "/tribune"]
        rewrite(service, FERRIES, two.replace(f", {{name: Herald, url: '{site.url}/rss'}}", ""))
        await reloads(service, app).reload()
        service.clock.turn(minutes=11)
        await do_what_is_due(app)
    assert [request.target for request in site.requests] == ["/rss", "/tribune", "/tribune"]
    assert "if-none-match" in site.requests[-1].headers


async def test_what_is_said_of_a_rule_is_what_stands_there_now(service, site):
    """A rule that asks the same has its new severity and its new place in the alerts that come."""
    await service.configure(FERRIES, base(site))
    async with service.open() as app:
        await do_what_is_due(app)
        rewrite(service, "\n\n" + FERRIES.replace("[ferry]", "[ferry], severity: critical"), base(site))
        await reloads(service, app).reload()
        service.clock.turn(minutes=11)
        site.pages["/rss"] = rss(FERRY, BOTH)
        await do_what_is_due(app)
        rules = [alert.data["rule"] for alert in await app.store.alert_reports(None, None)]
    assert [(rule["severity"], rule["source"]) for rule in rules] == [("normal", "0.yaml:1"), ("critical", "0.yaml:3")]


@pytest.mark.parametrize("count", [1, FEW_RULES + 10])
async def test_the_index_is_what_the_rules_say_however_many_changed(service, site, count):
    """Few changed rules are changed where they are, many compiled anew; what rings is the same."""
    others = "".join(f"  - {{name: Other {number}, keywords: [word{number}]}}\n" for number in range(count))
    await service.configure("rules:\n  - {name: Ferries, keywords: [ferry]}\n" + others, base(site))
    async with service.open() as app:
        await do_what_is_due(app)
        before = app.cell.configuration.index
        changed = others.replace("[word", "[tram, word")
        rewrite(service, "rules:\n" + changed, base(site))
        await reloads(service, app).reload()
        assert (app.cell.configuration.index is before) is (count <= FEW_RULES)
        service.clock.turn(minutes=11)
        site.pages["/rss"] = rss(FERRY, BOTH)
        await do_what_is_due(app)
        names = {name for name, title in rung(await app.store.alert_reports(None, None)) if title == BOTH.title}
    assert names == {f"Other {number}" for number in range(count)}


async def test_another_entity_is_found_in_what_comes(service, site):
    """A name that an entity gets by a reload is one that its rules ring on."""
    entity = "entities: [{id: boat, name: Halcyon, type: org, aliases: [%s]}]\n"
    rule = "rules: [{name: Boats, entities: {any: [boat]}}]"
    await service.configure(entity % "Kingfisher" + rule, base(site))
    async with service.open() as app:
        await do_what_is_due(app)
        rewrite(service, entity % "Alcyone" + rule, base(site))
        await reloads(service, app).reload()
        service.clock.turn(minutes=11)
        site.pages["/rss"] = rss(Item(id="new", title="At sea", text="Alcyone has left port. Kingfisher has not."))
        await do_what_is_due(app)
        (alert,) = await app.store.alert_reports(None, None)
    assert {item["text"] for item in alert.data["evidence"]} == {"Alcyone"}


# ---------------------------------------------------------------------------------------------------------------
# What a reload leaves alone


async def test_a_mistake_keeps_what_runs(service, site):
    """A configuration with mistakes is refused with each of them and its place; the one before goes on ringing."""
    await service.configure(FERRIES, base(site))
    async with service.open() as app:
        await do_what_is_due(app)
        rewrite(service, "rules: [{name: Ferries, keyword: [ferry]}]", base(site), "routes: [{channels: [nowhere]}]")
        await reloads(service, app).reload()
        service.clock.turn(minutes=11)
        site.pages["/rss"] = rss(FERRY, BOTH)
        await do_what_is_due(app)
        assert rung(await app.store.alert_reports(None, None)) == [("Ferries", FERRY.title), ("Ferries", BOTH.title)]
    (refused,) = [event for event in objects(service.log.getvalue()) if event["event"] == "config.refused"]
    assert [problem.split(": ")[0] for problem in refused["problems"]] == ["0.yaml:1:25", "2.yaml:1:22"]
    assert "config.reloaded" not in events(service)


async def test_what_cannot_be_stored_changes_nothing_and_is_tried_again(service, site):
    """Where the database has no room for a reload, rows and rules stay as they were, until there is room."""

    class Full:
        """A store that has no room for a configuration while it is `full`."""

        full = False

        def __init__(self, store):
            self._store = store

        def __getattr__(self, name):
            return getattr(self._store, name)

        async def apply_configuration(self, *arguments):
            if Full.full:
                raise DatabaseFull("no room")
            return await self._store.apply_configuration(*arguments)

    await service.configure(FERRIES, base(site))
    directory = service.root / "config"
    with Log(level="debug", style="json", stream=service.log) as log:
        async with open_app(service.plan(), service.database_url, log, Outside(clock=utc_now, store=Full)) as app:
            Full.full = True
            watching = asyncio.create_task(reloads(service, app, between=timedelta(seconds=0.01)).watch())
            rewrite(service, AND_TRAMS, base(site))
            await until(lambda: "storage.failed" in events(service))
            assert len(app.plan.rules) == 1
            Full.full = False
            await until(lambda: "config.reloaded" in events(service))
            assert len(app.plan.rules) == 2
            watching.cancel()
    assert directory.is_dir()


async def test_what_is_being_decided_is_decided_by_the_new_rules(service, site):
    """Rules that are changed in the middle of a decision decide upon it: each article is matched by one state only."""
    await service.configure("rules: [{name: Transport, keywords: [ferry]}]", base(site))

    class Interrupted:
        """A store that has the rules changed while a poll looks for the neighbours of what it matched."""

        def __init__(self, store):
            self._store = store

        def __getattr__(self, name):
            return getattr(self._store, name)

        async def neighbours(self, *arguments):
            if "config.reloaded" not in events(service):
                changed = "rules: [{name: Transport, keywords: [ferry, tram], notify: [late]}]"
                rewrite(service, changed, base(site, "  - {name: late, type: console}"))
                await reloads(service, app).reload()
            return await self._store.neighbours(*arguments)

    with Log(level="debug", style="json", stream=service.log) as log:
        outside = Outside(clock=service.clock, output=service.console, store=Interrupted)
        async with open_app(service.plan(), service.database_url, log, outside) as app:
            await do_what_is_due(app)
            await balanced(app)
            alerts = await app.store.alert_reports(None, None)
    assert rung(alerts) == [("Transport", FERRY.title), ("Transport", TRAM.title)]
    assert {way.channel for alert in alerts for way in alert.dispatches} == {"late"}
    assert not {"step.crashed", "feed.failed"} & set(events(service))


async def test_nothing_is_lost_over_many_reloads(service, tmp_path):
    """While feeds are read without a pause and the rules change all the time, each article rings once, on all rules."""
    count, feeds = 40, 4
    site = Site({f"/{feed}": rss(article(feed, 0)) for feed in range(feeds)})
    async with site:
        config = (
            "defaults: {allow_private: [127.0.0.0/8], first_poll: all, every: 1s}\n"
            "feeds:\n"
            + "".join(f"  - {{name: Feed {feed}, url: '{site.url}/{feed}'}}\n" for feed in range(feeds))
            + f"channels: [{{name: archive, type: file, path: '{tmp_path}/alerts.jsonl'}}]\n"
        )
        service.clock = utc_now
        await service.configure(turning(0), config)
        async with service.open() as app, driven(app):
            again = reloads(service, app)
            for number in range(1, count):
                for feed in range(feeds):
                    recent = range(max(0, number - 20), number + 1)
                    site.pages[f"/{feed}"] = rss(*(article(feed, item) for item in recent))
                rewrite(service, turning(number), config)
                await again.reload()
                await asyncio.sleep(0.1)
            expected = count * feeds * 2
            await until(lambda: len(told(tmp_path)) >= expected, patience=30)
            totals = await balanced(app)
    assert "config.refused" not in events(service)
    assert sorted(told(tmp_path)) == sorted(
        (rule, f"Article {number} of feed {feed}")
        for rule in ("Steady", "Turning")
        for feed in range(feeds)
        for number in range(count)
    )
    assert totals.matches["rung"] == expected


def article(feed, number):
    return Item(
        id=f"{feed}-{number}", title=f"Article {number} of feed {feed}", text=f"The ferry {number}{feed} sails."
    )


def turning(number):
    """A rule that stays, and one that is another each time."""
    often = "max_per_hour: 1000"
    steady, another = (
        f"name: Steady, keywords: [ferry], {often}",
        f"name: Turning, keywords: [ferry, word{number}], {often}",
    )
    return f"rules: [{{{steady}}}, {{{another}}}]"


def told(tmp_path):
    file = tmp_path / "alerts.jsonl"
    with suppress(FileNotFoundError):
        payloads = objects(file.read_text(encoding="utf-8"))
        return [(payload["data"]["rule"]["name"], payload["data"]["article"]["title"]) for payload in payloads]
    return []


async def until(condition, patience=20.0):
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.01)


# ---------------------------------------------------------------------------------------------------------------
# When it is reloaded


def test_the_state_of_a_directory_changes_with_its_yaml_files_only(tmp_path):
    """Whatever makes the configuration another one shows: a file that comes, goes, grows, or is put in its place."""
    states = [directory_state(tmp_path)]
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    (tmp_path / ".hidden.yaml").write_text("nothing", encoding="utf-8")
    assert directory_state(tmp_path) == states[0]
    (tmp_path / "below").mkdir()
    rules = tmp_path / "below" / "rules.yml"
    for text in ("rules: []", "rules: [] "):
        rules.write_text(text, encoding="utf-8")
        states.append(directory_state(tmp_path))
    beside = tmp_path / "rules.new"
    beside.write_text("rules: {} ", encoding="utf-8")
    os.utime(beside, ns=(rules.stat().st_atime_ns, rules.stat().st_mtime_ns))
    beside.replace(rules)
    states.append(directory_state(tmp_path))
    rules.unlink()
    assert directory_state(tmp_path) == states[0]
    assert len({str(sorted(state.items())) for state in states}) == len(states)


SMALL = """
feeds: [{name: incoming, path: incoming}]
rules:
  - {name: Ferries, keywords: [ferry]}
channels:
  - {name: archive, type: file, path: alerts.jsonl}
"""


def test_a_daemon_reads_what_was_changed_and_what_it_is_told_to(tmp_path, monkeypatch):
    """A changed file is at work by itself, one with a mistake changes nothing, and SIGHUP reads all at once."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "incoming").mkdir()
    beside, tocsin = Session(tmp_path), Command(tmp_path)
    beside.write("config/tocsin.yaml", SMALL)
    with tocsin.started("run") as daemon:

        def said(event):
            return [found for found in objects(daemon.err) if found["event"] == event]

        daemon.ready()
        beside.write("config/tocsin.yaml", SMALL.replace("[ferry]", "[ferry]}\n  - {name: Trams, keywords: [tram]"))
        daemon.until(lambda: said("config.reloaded"))
        beside.write("config/more.yaml", "rules: [{name: Buses, keywrds: [bus]}]")
        daemon.until(lambda: said("config.refused"))
        checked = tocsin("check")
        assert said("config.refused")[0]["problems"] == [
            line.removeprefix("error: ") for line in (checked.stdout + checked.stderr).splitlines()
        ]
        beside.write("config/more.yaml", "rules: [{name: Buses, keywords: [bus]}]")
        daemon.signal(signal.SIGHUP)
        daemon.until(lambda: len(said("config.reloaded")) == 2)
        beside.write("incoming/all.txt", "Nothing moves\n\nNo ferry, no tram and no bus on Sunday.")
        daemon.until(lambda: len(archived(tocsin)) == 3)
        daemon.signal(signal.SIGTERM)
        assert daemon.ends(within=9) == 0
    assert {payload["data"]["rule"]["name"] for payload in archived(tocsin)} == {"Ferries", "Trams", "Buses"}
