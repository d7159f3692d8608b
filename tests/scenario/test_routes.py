"""When alerts are sent: groups, digests, quiet hours, limits, silences and inhibition, from a feed to a file."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from support.receiver import Receiver, Reply
from support.service import Clock
from support.site import Item, Site, rss
from tocsin.alerts.payload_schema import payload_schema
from tocsin.model import RouteMatch, Silence

SCHEMA = jsonschema.Draft202012Validator(
    payload_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
PLACES = ("Northport", "Eastmere", "Westhaven", "Southbay", "Midvale", "Oldbridge", "Newfield", "Highmoor")


def report(number: int, word: str = "ferry") -> Item:
    """Return an article that is like no other: its words are its own."""
    own = " ".join(f"{PLACES[(number + step) % 8].lower()}{number}x{step}" for step in range(30))
    return Item(id=f"{word}-{number}", title=f"A {word} report {number}: {own[:20]}", text=f"The {word} at {own}.")


class World:
    """A service with one feed, whose alerts go to a file."""

    def __init__(self, service, site):
        self.service, self.site = service, site
        self.items = [Item(id="calm", title="A quiet day", text="Nothing happened at all.")]
        self.path = service.root / "alerts.jsonl"

    async def configure(self, routes="", rules="", top=""):
        self.site.pages["/rss"] = rss(*self.items)
        await self.service.configure(
            f"""
            defaults: {{allow_private: [127.0.0.0/8], every: 5m}}
            feeds: [{{name: Herald, url: '{self.site.url}/rss', country: de}}]
            channels: [{{name: desk, type: file, path: '{self.path}'}}]
            {top}
            """,
            rules or "rules: [{name: Ferries, keywords: [ferry]}, {name: Trams, keywords: [tram]}]",
            routes,
        )
        await self.service.live()

    async def publish(self, *items):
        """Publish articles, and poll them."""
        self.items += items
        self.site.pages["/rss"] = rss(*self.items)
        self.service.clock.turn(minutes=6)
        return await self.service.live()

    async def wait(self, **ahead):
        self.service.clock.turn(**ahead)
        return await self.service.live()

    def told(self):
        """Return what was sent of alerts since the last look."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        payloads = [json.loads(line) for line in lines]
        for payload in payloads:
            SCHEMA.validate(payload)
        self.path.unlink(missing_ok=True)
        return [payload for payload in payloads if not payload["type"].startswith("ops.")]

    async def ways(self):
        return Counter((way.state, way.reason) for alert in await self.service.alerts() for way in alert.dispatches)


@pytest.fixture
async def world(service):
    async with Site({}) as site:
        yield World(service, site)


async def test_a_group_is_told_once_after_its_wait_and_next_after_its_interval(world):
    """Alerts of a group wait for each other, are told as one, and the next ones not before the interval is over."""
    await world.configure("routes: [{channels: desk, group_by: rule, group_wait: 10m, group_interval: 2h}]")
    await world.publish(report(1), report(2))
    assert world.told() == []
    assert await world.ways() == {("waiting", "group"): 2}
    await world.wait(minutes=11)
    [group] = world.told()
    assert group["type"] == "alert.group"
    assert group["data"]["group"] == {"by": "rule", "value": "Ferries"}
    assert [alert["rule"]["name"] for alert in group["data"]["alerts"]] == ["Ferries"] * 2
    assert await world.ways() == {("sent", None): 2}
    await world.publish(report(3))
    await world.wait(minutes=60)
    assert world.told() == []
    await world.wait(minutes=60)
    [group] = world.told()
    assert len(group["data"]["alerts"]) == 1


async def test_groups_have_in_common_what_is_asked(world):
    """Alerts of two rules are two groups by rule, and one by feed."""
    await world.configure("routes: [{channels: desk, group_by: feed, group_wait: 5m}]")
    await world.publish(report(1), report(2, "tram"))
    await world.wait(minutes=6)
    [group] = world.told()
    assert {alert["rule"]["name"] for alert in group["data"]["alerts"]} == {"Ferries", "Trams"}


async def test_a_wait_without_a_group_delays_each_alert(world):
    """`group_by: none` with a wait tells each alert by itself, later, under the id that it has without a wait."""
    await world.configure("routes: [{channels: desk, group_wait: 5m}]")
    await world.publish(report(1), report(2))
    assert world.told() == []
    await world.wait(minutes=6)
    assert [payload["type"] for payload in world.told()] == ["alert.matched"] * 2


async def test_a_timer_outlives_the_daemon(world):
    """A group that waits when the daemon ends is told by the next one at its time, or at once when that is over."""
    await world.configure("routes: [{channels: desk, group_by: rule, group_wait: 10m}]")
    await world.publish(report(1))
    await world.service.close()
    await world.wait(minutes=5)
    assert world.told() == []
    await world.service.close()
    await world.wait(minutes=60)
    [group] = world.told()
    assert group["data"]["alerts_total"] == 1


async def test_a_digest_is_told_at_its_slots_with_exact_counts(service):
    """A digest tells all that rang since, at its slot and once, and wins over groups."""
    service.clock = Clock(datetime(2026, 3, 2, 5, 0, tzinfo=UTC))
    async with Site({}) as site:
        world = World(service, site)
        await world.configure(
            'routes: [{channels: desk, group_by: rule, digest: {cron: "0 7,17 * * mon-fri", timezone: Europe/Kyiv}}]'
        )
        # 07:00 in Kyiv is 05:00 in winter: the slot of today is over
        await world.publish(report(1), report(2), report(3, "tram"))
        await world.wait(hours=9, minutes=50)
        assert world.told() == []
        await world.wait(minutes=10)
        [digest] = world.told()
        assert digest["type"] == "digest.ready"
        assert digest["data"]["reason"] == "schedule"
        assert digest["data"]["counts"] == {"alerts": 3, "rules": {"Ferries": 2, "Trams": 1}}
        assert digest["data"]["week"]["rules"]["Ferries"][-1] == 2
        await world.wait(days=3)
        assert world.told() == []


async def test_an_empty_digest_is_told_where_it_is_asked_for(world):
    """With `empty`, each slot has its digest, through restarts; one of days ago is not told."""
    await world.configure('routes: [{channels: desk, digest: {cron: "0 7 * * *", empty: true}}]')
    for _ in range(3):
        await world.wait(days=1)
        [digest] = world.told()
        assert digest["data"]["counts"]["alerts"] == 0
        await world.service.close()
    await world.service.close()
    await world.wait(days=5)
    assert world.told() == []
    await world.wait(days=1)
    assert len(world.told()) == 1


async def test_quiet_hours_hold_all_but_what_is_critical(world):
    """What rings in quiet hours is told as one digest when they are over; a critical alert at once."""
    await world.configure(
        'routes: [{channels: desk, quiet_hours: {from: "22:00", to: "07:00"}}]',
        "rules: [{name: Ferries, keywords: [ferry]}, {name: Trams, keywords: [tram], severity: critical}]",
    )
    await world.wait(hours=11)
    world.told()
    await world.publish(report(1), report(2, "tram"), report(3))
    assert [payload["data"]["rule"]["name"] for payload in world.told()] == ["Trams"]
    assert await world.ways() == {("waiting", "quiet_hours"): 2, ("sent", None): 1}
    await world.wait(hours=10)
    [digest] = world.told()
    assert (digest["data"]["reason"], digest["data"]["counts"]["alerts"]) == ("quiet_hours", 2)


async def test_more_than_the_limit_is_one_summary(world):
    """Of 80 matches within an hour 30 ring and the rest is one summary with its count; every alert has its row."""
    await world.configure("routes: [{channels: desk}]")
    await world.publish(*(report(number) for number in range(50)))
    await world.publish(*(report(number) for number in range(50, 80)))
    assert len(world.told()) == 30
    await world.wait(minutes=61)
    [summary] = world.told()
    assert (summary["data"]["reason"], summary["data"]["counts"]["alerts"]) == ("limit", 50)
    assert await world.ways() == {("sent", None): 80}
    await world.publish(report(99))
    assert len(world.told()) == 1


async def test_what_a_rule_notifies_passes_quiet_hours_and_not_limits(world):
    """`notify` sends at once whatever the routes hold, up to the rule's limit."""
    await world.configure(
        'routes: [{channels: desk, quiet_hours: {from: "00:00", to: "23:59"}}]',
        "rules: [{name: Ferries, keywords: [ferry], notify: desk, max_per_hour: 2}]",
    )
    await world.publish(report(1), report(2), report(3))
    assert [payload["type"] for payload in world.told()] == ["alert.matched"] * 2
    assert await world.ways() == {("sent", None): 2, ("waiting", "limit"): 1}


async def test_a_silence_keeps_and_its_end_releases_only_when_asked(world):
    """What a silence keeps is muted with its reason, never sent by its end, and sent as one where that is asked."""
    await world.configure("routes: [{channels: desk}]")
    now = world.service.clock.now
    app = await world.service._living()
    silence = Silence(
        id="sil_1", match=RouteMatch(rules=frozenset({"Ferries"})), starts=now, ends=now + timedelta(hours=1)
    )
    await app.store.add_silence(silence)
    await world.publish(report(1), report(2, "tram"))
    assert [payload["data"]["rule"]["name"] for payload in world.told()] == ["Trams"]
    assert await world.ways() == {("muted", "silenced"): 1, ("sent", None): 1}
    await world.wait(hours=2)
    assert world.told() == []
    await world.publish(report(3))
    assert len(world.told()) == 1
    assert await app.pipeline.release("sil_1") == 1
    await world.service.live()
    [released] = world.told()
    assert (released["data"]["reason"], released["data"]["counts"]["alerts"]) == ("silence_ended", 1)
    assert await world.ways() == {("sent", None): 3}


async def test_a_silence_keeps_what_waits_too(world):
    """A silence that begins while a group waits keeps its alerts from it."""
    await world.configure("routes: [{channels: desk, group_by: feed, group_wait: 10m}]")
    await world.publish(report(1), report(2, "tram"))
    now = world.service.clock.now
    app = await world.service._living()
    silence = Silence(id="sil_1", match=RouteMatch(rules=frozenset({"Ferries"})), starts=now, ends=now + timedelta(1))
    await app.store.add_silence(silence)
    await world.wait(minutes=11)
    [group] = world.told()
    assert [alert["rule"]["name"] for alert in group["data"]["alerts"]] == ["Trams"]
    assert await world.ways() == {("muted", "silenced"): 1, ("sent", None): 1}


async def test_a_rule_hides_another_for_the_same_story_only(world):
    """An inhibited alert is kept where the rule that hides it rang for its story, whichever is decided first."""
    await world.configure(
        "routes: [{channels: desk}]",
        """
        rules: [{name: Any boat, keywords: [ferry]}, {name: Accident, keywords: [collision]}]
        inhibit: [{rule: Accident, hides: Any boat}]
        """,
    )
    both = Item(id="both", title="A ferry collision", text="The collision of a ferry off Northport hurt nobody there.")
    await world.publish(both, report(1))
    assert Counter(payload["data"]["rule"]["name"] for payload in world.told()) == {"Accident": 1, "Any boat": 1}
    assert await world.ways() == {("muted", "inhibited"): 1, ("sent", None): 2}


async def test_what_waits_for_a_channel_that_goes_dies_by_that_name(world):
    """Alerts that wait for a digest of a channel that is no longer configured are dead, `channel_removed`."""
    await world.configure('routes: [{channels: desk, digest: {cron: "0 7 * * *"}}]')
    await world.publish(report(1))
    assert await world.ways() == {("waiting", "digest"): 1}
    await world.service.configure(
        f"feeds: [{{name: Herald, url: '{world.site.url}/rss'}}]\nchannels: [{{name: other, type: console}}]\n"
        "rules: [{name: Ferries, keywords: [ferry]}]"
    )
    assert await world.ways() == {("dead", "channel_removed"): 1}


async def test_a_channel_that_is_far_behind_gets_a_digest(world, monkeypatch):
    """What comes to a channel for which too much waits is told in one digest, whatever rule it is of."""
    monkeypatch.setattr("tocsin.storage.batches.MOST_WAITING", 3)
    await world.configure("routes: [{channels: desk}]")
    world.path.mkdir()  # nothing can be written there
    await world.publish(report(1), report(2), report(3))
    await world.publish(report(4), report(5, "tram"))
    world.path.rmdir()
    await world.wait(hours=30)
    digest = next(payload for payload in world.told() if payload["type"] == "digest.ready")
    assert (digest["data"]["reason"], digest["data"]["counts"]["alerts"]) == ("channel_was_down", 2)


async def test_the_ids_of_deliveries_are_those_of_what_is_told(world):
    """Groups and digests have the same ids in two runs over the same feed: receivers can tell copies."""
    await world.configure("routes: [{channels: desk, group_by: rule, group_wait: 10m}]")
    await world.publish(report(1), report(2))
    await world.wait(minutes=11)
    [first] = world.told()
    await world.service.close()
    for file in world.service.root.glob("tocsin.db*"):
        file.unlink()
    world.items, articles = world.items[:1], world.items[1:]
    await world.configure("routes: [{channels: desk, group_by: rule, group_wait: 20m}]")
    await world.publish(*articles)
    await world.wait(minutes=21)
    [again] = world.told()
    assert first["data"]["delivery_id"] == again["data"]["delivery_id"]


async def test_what_is_a_day_old_when_a_channel_works_again_is_one_digest(service):
    """Alerts that nobody could be told of for a day are one digest with their count; newer ones come as they are."""
    is_up = []
    async with Site({}) as site, Receiver(lambda _: Reply(body=b"ok") if is_up else Reply(status=503)) as receiver:
        world = World(service, site)
        world.site.pages["/rss"] = rss(*world.items)
        await service.configure(
            f"""
            defaults: {{allow_private: [127.0.0.0/8], every: 5m}}
            feeds: [{{name: Herald, url: '{site.url}/rss'}}]
            rules: [{{name: Ferries, keywords: [ferry]}}]
            channels: [{{name: desk, type: slack, url: '{receiver.url}/hook'}}]
            """
        )
        await service.live()
        await world.publish(*(report(number) for number in range(6)))
        for _ in range(60):
            await world.wait(minutes=30)
        await world.publish(report(7))
        is_up.append(True)
        for _ in range(30):
            await world.wait(hours=1)
        assert await world.ways() == {("sent", None): 7}
        totals = await service.live()
        folded = totals.deliveries["dropped"]
        assert folded >= 4
        digests = [request.body for request in receiver.requests if b"while this channel was down" in request.body]
        assert len(digests) == 1
        assert f"{folded} alerts".encode() in digests[0]
