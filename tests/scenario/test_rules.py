"""Rules as users write them, over the whole way from a feed to a channel."""

import pytest

from support.site import Item, Site, rss

CHANNELS = """
    defaults: {allow_private: [127.0.0.0/8], first_poll: all}
    channels:
      - {name: desk, type: file, path: "%(root)s/desk.jsonl"}
      - {name: duty, type: file, path: "%(root)s/duty.jsonl"}
      - {name: siem, type: file, path: "%(root)s/siem.jsonl"}
"""
ENTITIES = """
    entities:
      - {id: atlantis, name: Atlantis, type: place, aliases: [Atlantean, Atlántida]}
      - {id: seaports, name: Union of Fictional Seaports, type: org, acronym: UFS}
      - {id: ships, name: ships, type: concept, aliases: [vessels, '"tankers"']}
"""


def item(title, text=""):
    return Item(id=title, title=title, text=text)


@pytest.fixture
def told(service):
    """Run rules over two feeds and return who was told what, by channel."""

    async def told(rules, herald=(), tribune=(), routes=""):
        async with Site({"/herald": rss(*herald), "/tribune": rss(*tribune, language="uk")}) as site:
            await service.configure(
                CHANNELS % {"root": service.root},
                ENTITIES,
                f"""
                feeds:
                  - {{name: Herald, url: "{site.url}/herald", tags: [sea]}}
                  - {{name: Tribune, url: "{site.url}/tribune", tags: [land]}}
                """,
                rules,
                routes,
            )
            await service.live()
        ways = {"desk": set(), "duty": set(), "siem": set()}
        for alert in await service.alerts():
            for way in alert.dispatches:
                ways[way.channel].add((alert.data["rule"]["name"], alert.data["article"]["title"]))
        for channel, alerts in ways.items():
            file = service.root / f"{channel}.jsonl"
            assert len(file.read_text().splitlines() if file.exists() else []) == len(alerts)
        return ways

    return told


def titles(alerts):
    return {title for _, title in alerts}


async def test_any_and_all_entities(told):
    """Of `any` one must be mentioned, of `all` every one, and keywords besides them."""
    rules = """
        rules:
          - {name: Both, entities: {all: [atlantis, ships]}}
          - {name: Either, entities: {any: [atlantis, seaports]}, keywords: [strike]}
    """
    herald = [
        item("Vessels off the Atlantean coast"),
        item("Tankers wait", "They wait for Atlantis."),
        item("A tanker near Atlantis"),  # "tankers" in inner quotes is exactly that word
        item("A strike of the UFS"),
        item("A strike of the ufs"),  # an acronym counts in capitals
        item("A strike in Atlántida"),
        item("A strike elsewhere"),
    ]
    ways = await told(rules, herald)
    assert {title for rule, title in ways["desk"] if rule == "Both"} == {
        "Vessels off the Atlantean coast",
        "Tankers wait",
    }
    assert {title for rule, title in ways["desk"] if rule == "Either"} == {
        "A strike of the UFS",
        "A strike in Atlántida",
    }


async def test_excluded_words(told):
    """A rule does not ring where one of its excluded keywords stands, in any inflection."""
    rules = "rules: [{name: Fires, keywords: [fire], exclude: [drill, '\"all clear\"']}]"
    herald = [
        item("Fire in the port"),
        item("Fire drills"),
        item("Fire out", "It is all clear."),
        item("Fire", "Clear all roads."),
    ]
    ways = await told(rules, herald)
    assert titles(ways["desk"]) == {"Fire in the port", "Fire"}


async def test_feeds_and_languages(told):
    """A rule listens to the feeds and languages that it names, by name or by tag."""
    rules = """
        rules:
          - {name: By name, keywords: [port], feeds: [Tribune]}
          - {name: By tag, keywords: [port], feeds: {tags: [sea]}}
          - {name: Ukrainian, keywords: [port], languages: [uk]}
          - {name: All, keywords: [port]}
    """
    ways = await told(rules, [item("Port one")], [item("Port two")])
    assert ways["desk"] == {
        ("By name", "Port two"),
        ("By tag", "Port one"),
        ("Ukrainian", "Port two"),
        ("All", "Port one"),
        ("All", "Port two"),
    }


async def test_routes_and_notify(told):
    """Routes pick channels, the first match wins unless it goes on, and `notify` comes besides, once."""
    rules = """
        rules:
          - {name: Fire, keywords: [fire], severity: critical}
          - {name: Port, keywords: [port], tags: [sea], notify: [duty]}
          - {name: Train, keywords: [train], notify: [duty, siem]}
          - {name: Nobody, keywords: [nobody]}
    """
    routes = """
        routes:
          - match: {severity: critical}
            channels: [desk, duty]
          - match: {tags: [sea]}
            channels: desk
            continue: true
            routes:
              - match: {feeds: [Tribune]}
                channels: [siem]
          - match: {rule: Port}
            channels: [duty]
    """
    ways = await told(rules, [item("Fire"), item("Port"), item("Train"), item("Nobody")], [item("Port, too")], routes)
    assert ways == {
        "desk": {("Fire", "Fire"), ("Port", "Port")},
        "duty": {("Fire", "Fire"), ("Port", "Port"), ("Port", "Port, too"), ("Train", "Train")},
        "siem": {("Port", "Port, too"), ("Train", "Train")},
    }


async def test_what_no_route_takes_is_dropped_by_name(service, told):
    """A match that no route takes is stored as dropped, with its reason, and rings nothing."""
    await told(
        "rules: [{name: Port, keywords: [port]}]",
        [item("Port")],
        (),
        "routes: [{match: {rule: Port, languages: uk}, channels: [desk]}]",
    )
    async with service.open() as app:
        assert (await app.store.totals()).matches == {"dropped": 1, "matches": 1}
        assert (await app.store.totals()).dispatches == {"dispatches": 0}


async def test_furniture_does_not_ring(service):
    """What a feed's boilerplate names is never matched, though offsets stay those of the whole text."""
    async with Site(
        {"/rss": rss(item("News", "<p>Donate to the port!</p><p>A train came.</p><p>Support us</p><p>Port.</p>"))}
    ) as site:
        await service.configure(
            CHANNELS % {"root": service.root},
            f"""
            feeds:
              - name: Herald
                url: "{site.url}/rss"
                boilerplate: ["Donate to the port!", "Support*"]
            """,
            "rules: [{name: Port, keywords: [port]}, {name: Train, keywords: [train]}]",
        )
        await service.live()
    (alert,) = await service.alerts()
    assert alert.data["rule"]["name"] == "Train"
    (evidence,) = alert.data["evidence"]
    assert (evidence["start"], evidence["snippet"]) == (len("Donate to the port!\n\nA "), "A train came.")
