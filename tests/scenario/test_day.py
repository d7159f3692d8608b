"""A whole day on the clock of a test: feeds, rules, channels of which one is down for hours, a storm, restarts."""

import json
import sqlite3
from collections import Counter
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest

from support.receiver import Received, Receiver, Reply
from support.site import Item, Site, rss
from tocsin.model import RouteMatch, Silence, Totals

FEEDS, BUSY, SITES, RULES = 500, 20, 20, 200  # of the feeds the first, `BUSY`, are polled each half hour
STEPS = 48  # of half an hour, from noon to noon
A_STEP, STORM, STORMY = 6, 300, 7  # articles of a step, those of the storm, and the rule that it is about
STORM_AT, SILENCED_AT, LEFT_AT = 43, 4, 40  # 09:30, 14:00, 08:00
LAST_WEEKLY = LEFT_AT - 4  # what `old` gets is known when that leaves, even after a poll that failed
BUSY_ONLY = 20  # from then on only busy feeds have news: what slow ones had is known before the configuration changes
DOWN = range(16, 28)  # steps in which the webhook's receiver answers 503: six hours
RESTARTS = (20, 34, 44)  # while it is down, in quiet hours, and while the storm's limit holds
SILENCED = 3  # rules whose number ends in it are silenced for twelve hours
PLACES = ("Northport", "Eastmere", "Westhaven", "Southbay", "Midvale", "Oldbridge", "Newfield", "Highmoor")


def kind_of(rule: int) -> str:
    """Return of what kind a rule is, on which its ways depend: all kinds but `plain` are tags."""
    return "urgent" if rule % 50 == 0 else "digest" if rule % 5 == 0 else "weekly" if rule % 25 == 11 else "plain"


#: Where the routes below send what a rule of a kind rings. `old` is there until it is taken out of the configuration.
WAYS = {
    "urgent": {"hook", "desk"},
    "digest": {"archive"},
    "weekly": {"old"},
    "plain": {"hook", "archive", "console"},
}
ENDED = {("sent", None), ("muted", "silenced"), ("dead", "channel_removed")}


def article(number: int, rule: int) -> Item:
    """Return an article that is like no other, and that one rule rings on."""
    own = " ".join(f"{PLACES[(number + step) % 8].lower()}{number}x{step}" for step in range(25))
    return Item(
        id=f"item-{number}", title=f"Report {number} of {PLACES[number % 8]}", text=f"The topic{rule}x of {own}."
    )


@dataclass
class Day:
    """What was published, and what the receivers answered to."""

    service: object
    sites: list[Site]
    hook: Receiver
    desk: Receiver
    chance: Random = field(default_factory=lambda: Random(7))
    rules: dict[str, int] = field(default_factory=dict)  # of each title
    items: dict[int, list[Item]] = field(default_factory=dict)
    refused: list[Received] = field(default_factory=list)
    accepted: list[Received] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)

    async def configure(self, *, old: bool = True) -> None:
        rules = "".join(
            f"  - {{name: Rule {n}, keywords: ['\"topic{n}x\"'], tags: [{kind_of(n)}]"
            f"{', severity: critical' if kind_of(n) == 'urgent' else ''}}}\n"
            for n in range(RULES)
        )
        feeds = "".join(
            f"  - {{name: Feed {n}, url: '{self.sites[n % SITES].url}/{n}', every: {'29m' if n < BUSY else '8h'}}}\n"
            for n in range(FEEDS)
        )
        await self.service.configure(
            f"""
defaults: {{allow_private: [127.0.0.0/8]}}
channels:
  - {{name: hook, type: webhook, url: '{self.hook.url}/in'}}
  - {{name: desk, type: slack, url: '{self.desk.url}/in'}}
  - {{name: archive, type: file, path: '{self.service.root / "archive.jsonl"}'}}
  - {{name: console, type: console}}
  {f"- {{name: old, type: file, path: '{self.service.root / 'old.jsonl'}'}}" if old else ""}
routes:
  - {{match: {{tags: urgent}}, channels: [hook, desk]}}
  - {{match: {{tags: digest}}, channels: archive, digest: {{cron: "0 */6 * * *"}}}}
  - {{match: {{tags: weekly}}, channels: {"old" if old else "archive"}, digest: {{cron: "0 9 * * fri"}}}}
  - {{channels: hook, group_by: rule, group_wait: 20m, continue: yes}}
  - {{channels: [archive, console], quiet_hours: {{from: "22:00", to: "07:00"}}}}
rules:
{rules}feeds:
{feeds}"""
        )

    def publish(self, feed: int, rule: int | None = None) -> None:
        """Put an article into a feed; without a rule, one that no rule rings on."""
        if rule is None:
            item = Item(id="calm", title=f"A quiet day {feed}", text="Nothing happened at all.")
        else:
            item = article(len(self.rules), rule)
            self.rules[item.title] = rule
        self.items.setdefault(feed, []).append(item)
        self.sites[feed % SITES].pages[f"/{feed}"] = rss(*self.items[feed])

    def publish_step(self, step: int) -> None:
        """Publish what comes in a step: here and there, and the storm in the feeds that are polled often."""
        for _ in range(A_STEP):
            rule = self.chance.randrange(RULES)
            is_weekly = kind_of(rule) == "weekly"
            if not is_weekly or step < LAST_WEEKLY:
                self.publish(self.chance.randrange(BUSY if is_weekly or step >= BUSY_ONLY else FEEDS), rule)
        for _ in range(STORM if step == STORM_AT else 0):
            self.publish(self.chance.randrange(BUSY), STORMY)

    def rows(self, statement: str) -> list[tuple]:
        """Ask the database, past all of Tocsin."""
        with closing(sqlite3.connect(self.service.root / "tocsin.db")) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture
async def day(service):
    """Run a day to its end, and twelve hours without news; hold the laws after each step."""
    is_down: list[bool] = []
    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(Site(address=f"127.0.1.{n + 1}")) for n in range(SITES)]
        hook = await stack.enter_async_context(Receiver(lambda _: Reply(status=503 if is_down else 200)))
        desk = await stack.enter_async_context(Receiver())
        day = Day(service, sites, hook, desk)
        for feed in range(FEEDS):
            day.publish(feed)
        await day.configure()
        await first_polls(service)
        for step in range(STEPS + 24):
            is_down[:] = [True] if step in DOWN else []
            if step < STEPS:
                day.publish_step(step)
            if step in RESTARTS:
                await service.close()
            if step == LEFT_AT:
                await day.configure(old=False)
            if step == SILENCED_AT:
                await silence(service)
            before = len(hook.requests)
            service.clock.turn(minutes=30)
            await service.live()
            (day.refused if is_down else day.accepted).extend(hook.requests[before:])
        day.totals = await service.live()
        yield day


async def first_polls(service) -> None:
    """Have all feeds be known at noon: what is there when a feed is first polled does not ring."""
    noon = service.clock.now
    service.clock.now -= timedelta(hours=9)
    while (await service.live()).entries["new"] < FEEDS:
        service.clock.turn(minutes=30)
    assert service.clock.now < noon
    service.clock.now = noon


async def silence(service) -> None:
    """Silence some rules for twelve hours."""
    app = await service._living()
    now, rules = service.clock.now, frozenset(f"Rule {n}" for n in range(SILENCED, RULES, 10))
    await app.store.add_silence(
        Silence(id="sil_1", match=RouteMatch(rules=rules), starts=now, ends=now + timedelta(hours=12))
    )


def told(payloads) -> Counter[str]:
    """Count how often each alert was told of by name."""
    each = (payload["data"].get("alerts") or [payload["data"]] for payload in payloads)
    return Counter(alert["alert_id"] for alerts in each for alert in alerts)


def counted(payloads) -> int:
    """Count the alerts that payloads tell of, by name or by number."""
    return sum(
        payload["data"].get("alerts_total") or payload["data"].get("counts", {}).get("alerts", 1)
        for payload in payloads
    )


def of_alerts(texts) -> list[dict]:
    payloads = [json.loads(text) for text in texts]
    return [payload for payload in payloads if not payload["type"].startswith("ops.")]


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_every_end_of_a_day_is_accounted_for(day):
    """Whatever a day brings, each article rang, each alert ended on each of its ways, and was told there once."""
    alerts = await day.service.alerts()

    # Articles: each is stored once, and rang the rule that it was written for.
    assert day.totals.entries["new"] == len(day.rules) + FEEDS
    assert Counter((alert.data["article"]["title"], alert.data["rule"]["name"]) for alert in alerts) == Counter(
        (title, f"Rule {rule}") for title, rule in day.rules.items()
    )

    # Ways: each alert has those that its routes name, and they ended.
    for alert in alerts:
        rule = day.rules[alert.data["article"]["title"]]
        assert {way.channel for way in alert.dispatches} == WAYS[kind_of(rule)]
    ends = Counter((way.state.value, way.reason) for alert in alerts for way in alert.dispatches)
    assert set(ends) == ENDED
    assert all(ends.values())

    # Rows: what was sent is in one message for its channel, which arrived; nothing else was told of it.
    sent = """
        SELECT d.id, d.channel, count(l.id), min(m.channel), min(l.state) FROM dispatches d
        LEFT JOIN message_dispatches md ON md.dispatch_id = d.id LEFT JOIN messages m ON m.id = md.message_id
        LEFT JOIN deliveries l ON l.message_id = m.id WHERE d.state = '{}' GROUP BY d.id"""
    for _, channel, messages, of, state in day.rows(sent.format("sent")):
        assert (messages, of, state) == (1, channel, "delivered")
    for unsent in ("muted", "dead"):
        assert {row[2] for row in day.rows(sent.format(unsent))} == {0}
    assert day.rows("SELECT DISTINCT state FROM deliveries") == [("delivered",)]
    assert day.rows("SELECT count(*) FROM batches WHERE due_at IS NOT NULL") == [(0,)]

    # Receivers: they have what the rows say, once, and by its id what was refused is what was accepted later.
    deliveries = {
        channel: {row[0] for row in day.rows(f"SELECT id FROM deliveries WHERE channel = '{channel}'")}
        for channel in ("hook", "desk", "archive")
    }
    ids = Counter(request.headers["webhook-id"] for request in day.accepted)
    assert (set(ids), set(ids.values())) == (deliveries["hook"], {1})
    refused = {request.headers["webhook-id"] for request in day.refused}
    assert refused
    assert refused <= set(ids)
    archive = (day.service.root / "archive.jsonl").read_text().splitlines()
    assert Counter(json.loads(line)["data"]["delivery_id"] for line in archive) == Counter(deliveries["archive"])
    assert len(day.desk.requests) == len(deliveries["desk"])

    # Alerts: programs have each once, by name, however long the lists are.
    for channel, payloads in (
        ("hook", of_alerts(request.body for request in day.accepted)),
        ("archive", of_alerts(archive)),
    ):
        ways = {
            alert.data["alert_id"]
            for alert in alerts
            if any((way.channel, way.state) == (channel, "sent") for way in alert.dispatches)
        }
        names = told(payloads)
        assert set(names) == ways
        assert set(names.values()) == {1}
        assert counted(payloads) == len(ways)
    for title, rule in day.rules.items():
        at_desk = sum(title.encode() in request.body for request in day.desk.requests)
        assert at_desk == (kind_of(rule) == "urgent" and not is_silenced(alerts, title))

    # The day was such a day: all that was to happen did.
    reasons = {payload["data"].get("reason") for payload in of_alerts(archive)}
    assert {"schedule", "quiet_hours", "limit"} <= reasons
    [(troubles,)] = day.rows("SELECT count(*) FROM messages WHERE kind LIKE 'ops.%' AND channel != 'hook'")
    assert troubles


def is_silenced(alerts, title: str) -> bool:
    """Tell whether the alert of an article was kept."""
    ways = (alert.dispatches for alert in alerts if alert.data["article"]["title"] == title)
    return any(way.state == "muted" for some in ways for way in some)
