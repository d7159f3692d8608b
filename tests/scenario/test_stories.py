"""One story, one alert: copies, follow-ups, edits, and alerts that wait for more outlets."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from support.receiver import Receiver, Reply, in_turn
from support.site import Item, Site, rss

FERRY = Item(
    id="ferry",
    title="Ferries stay in port as crews walk out",
    text="""<p>PORT MERROW (Coastline Wire) - Every ferry between Port Merrow and the Lannet Islands stayed in port on
    Tuesday after 420 deckhands and engineers walked out over a new roster, leaving 3,100 travellers behind.</p>
    <p>"We asked for two nights at home in a fortnight, and were told to read our contracts," said Orla Finnick, who
    speaks for the crews. The Merrow Line, which runs all nine ships, called the walkout unlawful and said that it
    would ask the harbour court to end it by Thursday.</p>
    <p>Bakeries on Great Lannet sold out of bread before noon. The island council opened the school hall for visitors
    who could not find a bed, and fishermen offered to carry the sick to the mainland for the price of the fuel.</p>
    <p>The last strike on the line, eleven years ago, lasted sixteen days and ended with a rise of four per cent that
    the company later called the most expensive fortnight in its history.</p>""",
    url="https://www.merrow-post.example/ferries",
)
NEXT_DAY = replace(
    FERRY,
    id="court",
    title="Court orders ferry crews back to work",
    text="""<p>The harbour court in Port Merrow ordered the crews of the Merrow Line back to their ships on Wednesday
    and fined their union 60,000 crowns for each day on which a ferry stays in port, a ruling that Judge Teodor Vasky
    read out to a silent hall in less than five minutes.</p>
    <p>"We asked for two nights at home in a fortnight, and were told to read our contracts," said Orla Finnick, who
    speaks for the crews. The Merrow Line, which runs all nine ships, called the walkout unlawful and said that it
    would ask the harbour court to end it by Thursday.</p>
    <p>Bakeries on Great Lannet sold out of bread before noon. The island council opened the school hall for visitors
    who could not find a bed, and fishermen offered to carry the sick to the mainland for the price of the fuel.</p>""",
    url="https://www.merrow-post.example/court",
)
COPY = replace(FERRY, id="copy", title="Island crews strike", url="https://lannet-herald.example/strike")
THIRD = replace(FERRY, id="third", title="No boats today", url="https://third-voice.example/boats")
CALM = Item(id="calm", title="A quiet day", text="Nothing happened in town.")

SITES = ("merrow", "lannet", "third")


@pytest.fixture
async def site():
    async with Site({f"/{name}": rss(CALM) for name in SITES}) as site:
        yield site


@pytest.fixture
def outlets(service, site, tmp_path):
    """Configure three feeds and a file of alerts; return what publishes entries in one and polls them all."""

    async def configured(rule="", extra=""):
        feeds = "".join(f"  - {{name: {name}, url: '{site.url}/{name}'}}\n" for name in SITES)
        await service.configure(
            f"""
    defaults: {{allow_private: [127.0.0.0/8], every: 10m}}
    ops: [console]
    channels:
      - {{name: archive, type: file, path: '{tmp_path}/alerts.jsonl'}}
      - {{name: console, type: console}}
    rules:
      - {{name: Ferries, keywords: [ferry]{rule}}}
    {extra}
""",
            f"feeds:\n{feeds}",
        )
        await service.live()

        async def publish(name, *items, **ahead):
            site.pages[f"/{name}"] = rss(*items)
            service.clock.turn(**(ahead or {"minutes": 12}))
            return await service.live()

        return publish

    return configured


@pytest.fixture
def told(tmp_path):
    """Return what reads the payloads that the file was sent so far."""

    def payloads():
        file = tmp_path / "alerts.jsonl"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    return payloads


def outlets_in(payload):
    return [source["outlet"] for source in payload["data"]["story"]["sources"]]


async def test_a_copy_in_another_outlet_joins_and_extends_the_alert(outlets, service, told):
    """A report that three outlets carry rings once; programs are told of each further outlet, people are not."""
    publish = await outlets()
    await publish("merrow", CALM, FERRY)
    await publish("lannet", CALM, COPY)
    totals = await publish("third", CALM, THIRD)

    assert totals.matches == {"rung": 1, "joined": 2, "matches": 3}
    assert [payload["type"] for payload in told()] == ["alert.matched", "alert.updated", "alert.updated"]
    first, _, last = told()
    assert outlets_in(first) == ["merrow-post.example"]
    assert outlets_in(last) == ["merrow-post.example", "lannet-herald.example", "third-voice.example"]
    assert last["data"]["alert_id"] == first["data"]["alert_id"]
    assert last["data"]["update"]["reason"] == "sources"
    assert last["data"]["update"]["outlets"] == 3
    assert len({payload["data"]["delivery_id"] for payload in told()}) == 3
    (report,) = await service.alerts()
    assert outlets_in({"data": report.data}) == outlets_in(last)
    assert {dispatch.state.value for dispatch in report.dispatches} == {"sent"}
    assert service.console.getvalue().count("Alert ") == 1


async def test_copies_in_one_poll_ring_once_with_all_their_outlets(outlets, told):
    """Copies that come together are one alert, which names them all and is of the earliest."""
    publish = await outlets()
    early = replace(COPY, published=None)
    await publish("merrow", CALM, FERRY, early)
    (payload,) = told()
    assert sorted(outlets_in(payload)) == ["lannet-herald.example", "merrow-post.example"]


async def test_the_same_url_in_two_feeds_is_one_story(outlets, told):
    """One article in the feeds of two sections rings once, whatever little the feeds give of it."""
    publish = await outlets()
    brief = replace(FERRY, text="No ferry sails.")
    await publish("merrow", CALM, brief)
    await publish("lannet", CALM, replace(brief, id="other", url=f"{brief.url}?utm_source=section"))
    assert [payload["type"] for payload in told()] == ["alert.matched"]


async def test_a_different_story_on_the_same_matter_rings(outlets, told):
    """A next-day report that repeats the background is a new alert, which names the story that it follows."""
    publish = await outlets()
    await publish("merrow", CALM, FERRY)
    await publish("merrow", CALM, FERRY, NEXT_DAY, hours=22)
    first, second = told()
    assert second["type"] == "alert.matched"
    assert second["data"]["story"]["id"] != first["data"]["story"]["id"]
    assert second["data"]["story"]["follows"]["id"] == first["data"]["story"]["id"]
    assert second["data"]["story"]["follows"]["title"] == FERRY.title
    assert second["data"]["story"]["thread"] == first["data"]["story"]["id"]


async def test_the_same_poll_under_new_ids_rings_once(outlets, service, told):
    """A feed that renames all its entries at every poll rings once for each report, and says that it renames them."""
    publish = await outlets()
    await publish("merrow", CALM, FERRY)
    for number in range(100):
        renamed = [replace(item, id=f"{item.id}-{number}", url=None) for item in (CALM, FERRY, NEXT_DAY)]
        await publish("merrow", *renamed)
    assert sorted(payload["data"]["article"]["title"] for payload in told()) == [NEXT_DAY.title, FERRY.title]
    assert "all-ids-changed" in (await service.feeds())["merrow"].conditions


async def test_silent_articles_join_without_using_up_the_ring(outlets, site, told):
    """What a first poll finds does not ring; the first copy that may ring does, and names the silent one."""
    site.pages["/merrow"] = rss(CALM, FERRY)
    publish = await outlets()
    assert told() == []
    await publish("lannet", CALM, COPY)
    (payload,) = told()
    assert payload["data"]["article"]["title"] == COPY.title
    assert payload["data"]["article"]["outlet"] == "lannet-herald.example"
    assert outlets_in(payload) == ["merrow-post.example", "lannet-herald.example"]


# ---------------------------------------------------------------------------------------------------------------
# min_sources


async def test_an_alert_waits_for_as_many_outlets_as_its_rule_asks_for(outlets, service, told):
    """With `min_sources` nothing rings before so many outlets have the story; then the first article does, with all."""
    publish = await outlets(rule=", min_sources: 3")
    await publish("merrow", CALM, FERRY)
    totals = await publish("lannet", CALM, COPY)
    assert totals.matches == {"waiting_for_sources": 2, "matches": 2}
    assert told() == []
    totals = await publish("third", CALM, THIRD)
    (payload,) = told()
    assert payload["type"] == "alert.matched"
    assert payload["data"]["article"]["url"] == FERRY.url
    assert set(outlets_in(payload)) == {"merrow-post.example", "lannet-herald.example", "third-voice.example"}
    assert totals.matches == {"rung": 1, "joined": 2, "matches": 3}
    assert len(await service.alerts()) == 1


async def test_too_few_outlets_in_time_end_the_wait(outlets, service, told):
    """After 96 hours a story that too few outlets had is dropped by that name, and a late copy alone rings nothing."""
    publish = await outlets(rule=", min_sources: 2")
    await publish("merrow", CALM, FERRY)
    service.clock.turn(hours=95)
    totals = await service.live()
    assert totals.matches == {"waiting_for_sources": 1, "matches": 1}
    service.clock.turn(hours=2)
    totals = await service.live()
    assert totals.matches == {"dropped": 1, "matches": 1}
    await publish("lannet", CALM, COPY)
    assert told() == []
    assert "too_few_sources" in service.log.getvalue()


async def test_two_feeds_of_one_outlet_are_one_source(outlets, told):
    """`min_sources` counts outlets: hosts of one domain, and feeds under one `outlet`, are one."""
    publish = await outlets(rule=", min_sources: 2")
    await publish("merrow", CALM, FERRY)
    await publish("lannet", CALM, replace(COPY, url="https://edition.merrow-post.example/strike"))
    assert told() == []


async def test_a_waiting_alert_survives_a_restart(outlets, service, told):
    """An alert that waits for outlets is a row: the next life rings it."""
    publish = await outlets(rule=", min_sources: 2")
    await publish("merrow", CALM, FERRY)
    await service.close()
    await publish("lannet", CALM, COPY)
    assert [payload["data"]["article"]["title"] for payload in told()] == [FERRY.title]


# ---------------------------------------------------------------------------------------------------------------
# follow_up, on_update


async def test_a_follow_up_is_told_once_to_everybody(outlets, service, told):
    """With `follow_up: [3]` people get one more line when the third outlet has the story, and none before or after."""
    publish = await outlets(rule=", follow_up: [3]")
    await publish("merrow", CALM, FERRY)
    await publish("lannet", CALM, COPY)
    shown = service.console.getvalue()
    await publish("third", CALM, THIRD)
    line = service.console.getvalue().removeprefix(shown)
    assert "3 outlets" in line
    assert "third-voice.example" in line
    assert [payload["data"].get("update", {}).get("reason") for payload in told()] == [None, "sources", "follow_up"]
    await publish("third", CALM, THIRD, replace(THIRD, id="fourth", url="https://fourth.example/boats"))
    assert service.console.getvalue() == shown + line


async def edited(publish, text, title=FERRY.title):
    await publish("merrow", CALM, FERRY)
    return await publish("merrow", CALM, replace(FERRY, title=title, text=text))


NEWS = """<p>Late on Tuesday night the ferry Saint Brannock broke from her moorings with nobody aboard, drifted across
    the roads and came to rest against the coal pier, where two cranes fell into the basin and a night watchman of 58,
    Emmerich Tull, was pulled out of the water alive by the crew of a pilot cutter that had been sent to look for her.
    The harbour master closed the port until divers have looked at the wreckage, and the walkout was called off within
    the hour as deckhands ran to help; the company thanked them by name in a statement that took back its suit.</p>"""


async def test_a_material_edit_is_told_again_where_the_rule_asks_for_it(outlets, service, told):
    """With `on_update` an edit that adds much to what was told is told again, to people too; a new headline is not."""
    publish = await outlets(rule=", on_update: true")
    await edited(publish, FERRY.text, title="Ferries stay in port for a day")
    assert [payload["type"] for payload in told()] == ["alert.matched"]
    await publish("merrow", CALM, replace(FERRY, text=NEWS + FERRY.text))
    first, second = told()
    assert second["type"] == "alert.updated"
    assert second["data"]["update"]["reason"] == "changed"
    assert second["data"]["alert_id"] == first["data"]["alert_id"]
    assert "Saint Brannock" in service.console.getvalue()
    await publish("merrow", CALM, replace(FERRY, text=NEWS + FERRY.text + "<p>More later.</p>"))
    assert len(told()) == 2


async def test_an_edit_is_told_only_where_the_rule_asks_for_it(outlets, told):
    """Without `on_update` an edit of an article that rang rings nothing, however much it adds."""
    publish = await outlets()
    totals = await edited(publish, NEWS + FERRY.text)
    assert [payload["type"] for payload in told()] == ["alert.matched"]
    assert totals.matches == {"rung": 1, "joined": 1, "matches": 2}


async def test_an_edit_that_brings_the_match_rings(outlets, told):
    """An edit that makes a rule match for the first time rings as any article does."""
    publish = await outlets()
    quiet = "<p>Crews walked out in Port Merrow on Tuesday over a new roster, and no ship left the harbour.</p>"
    await publish("merrow", CALM, replace(FERRY, title="Crews walk out", text=quiet))
    assert told() == []
    await publish("merrow", CALM, FERRY)
    assert [payload["type"] for payload in told()] == ["alert.matched"]


# ---------------------------------------------------------------------------------------------------------------
# Furniture


FOOTER = "<p>Our reporters were called foreign agents for their work. Support us with as little as two crowns.</p>"


def report(number):
    places = ("quarry", "school", "dairy", "bridge", "museum", "station", "theatre", "market", "library", "tannery")
    place, other = places[number % 10], places[number // 10 % 10]
    return Item(
        id=f"report {number}",
        title=f"The {place} and the {other}, part {number}",
        text=f"<p>Visitor {number} came to the {place} and wrote what the {other} had lost in year {number}.</p>"
        f"<p>Nobody at the {other} remembered number {number}, but the keeper of the {place} did.</p>{FOOTER}",
    )


async def test_furniture_that_a_feed_repeats_rings_twice_at_most(outlets, told):
    """A footer on every article rings a rule on its words no more than twice, and not at all after a first batch."""
    publish = await outlets(extra="  - {name: Agents, keywords: [foreign agent]}")
    for number in range(12):
        await publish("merrow", CALM, *(report(earlier) for earlier in range(number + 1)))
    assert len(told()) <= 2
    real = Item(
        id="law",
        title="Parliament passes a law on foreign agents",
        text=f"<p>The chamber voted by 61 to 20 to have every foreign agent listed from May.</p>{FOOTER}",
    )
    before = len(told())
    await publish("merrow", CALM, real)
    assert [payload["data"]["article"]["title"] for payload in told()[before:]] == [real.title]


async def test_a_first_batch_teaches_before_it_rings(outlets, site, told):
    """The footer of a feed that is first read with five articles and more never rings."""
    site.pages["/merrow"] = rss(*(report(number) for number in range(6)))
    publish = await outlets(extra="  - {name: Agents, keywords: [foreign agent]}")
    for number in range(6, 12):
        await publish("merrow", *(report(earlier) for earlier in range(number + 1)))
    assert told() == []


async def test_a_webhook_gets_updates_under_ids_of_their_own(outlets, service, site, tmp_path):
    """Each update is a delivery with its own `webhook-id`, which says the same over retries."""
    async with Receiver() as receiver:
        hook = f"  - {{name: siem, type: webhook, url: '{receiver.url}', allow_private: [127.0.0.0/8]}}"
        publish = await outlets()
        text = (service.root / "config" / "0.yaml").read_text("utf-8")
        feeds = (service.root / "config" / "1.yaml").read_text("utf-8")
        await service.configure(text, feeds, f"channels:\n{hook}")
        await publish("merrow", CALM, FERRY)
        await publish("lannet", CALM, COPY)
        ids = [request.headers["webhook-id"] for request in receiver.requests]
        types = [json.loads(request.body)["type"] for request in receiver.requests]
    assert types == ["alert.matched", "alert.updated"]
    assert len(set(ids)) == 2
    assert [json.loads(request.body)["data"]["delivery_id"] for request in receiver.requests] == ids


async def test_a_follow_up_renews_the_message_that_it_answers(outlets, service):
    """Where a bot may edit, the third outlet's follow-up is told once, and the first message names that outlet too."""
    answer = Reply(body=b'{"ok": true, "channel": "C0123456789", "ts": "1764000000.000100"}')
    async with Receiver(answer) as slack:
        bot = f"{{name: bot, type: slack, token: xoxb-fictional, channel: C0123456789, url: '{slack.url}'"
        publish = await outlets(rule=", follow_up: [3]")
        text = (service.root / "config" / "0.yaml").read_text("utf-8")
        feeds = (service.root / "config" / "1.yaml").read_text("utf-8")
        await service.configure(text, feeds, f"channels:\n  - {bot}, allow_private: [127.0.0.0/8]}}")
        for name, item in (("merrow", FERRY), ("lannet", COPY), ("third", THIRD)):
            await publish(name, CALM, item)
            for _ in range(3):  # one message a second, and one after the other
                service.clock.turn(seconds=5)
                await service.live()
        calls = [(request.target.rpartition("/")[2], json.loads(request.body)) for request in slack.requests]
    posted = [body for method, body in calls if method == "chat.postMessage"]
    changed = [body for method, body in calls if method == "chat.update"]
    assert [body.get("thread_ts") for body in posted] == [None, "1764000000.000100"]
    assert [("third-voice.example" in json.dumps(body["blocks"])) for body in changed] == [False, True]
    assert not any("Now in" in json.dumps(body) for body in changed)


async def test_late_and_early_copies_join_by_when_they_were_published(outlets, service, told):
    """A copy that comes late joins by its date; what was published more than 96 hours apart is another story."""
    publish = await outlets()
    now = service.clock.now
    await publish("merrow", CALM, replace(FERRY, published=now))
    service.clock.turn(hours=40)
    await publish("lannet", CALM, replace(COPY, published=now + timedelta(hours=39)))
    assert [payload["type"] for payload in told()] == ["alert.matched", "alert.updated"]
    service.clock.turn(hours=120)
    await publish("third", CALM, replace(THIRD, published=service.clock.now - timedelta(hours=1)))
    assert [payload["type"] for payload in told()] == ["alert.matched", "alert.updated", "alert.matched"]


async def test_copies_in_one_feed_do_not_make_furniture_of_themselves(service, told, tmp_path):
    """Where one feed carries the copies of many outlets, each is matched whole, and counts as an outlet."""
    place = tmp_path / "wire"
    place.mkdir()
    await service.configure(
        f"""
    channels: [{{name: archive, type: file, path: '{tmp_path}/alerts.jsonl'}}]
    rules:
      - {{name: Bread, keywords: [bakeries], min_sources: 6}}
    feeds: [{{name: wire, path: '{place}'}}]
"""
    )
    text = "\n\n".join(part.replace("<p>", "").strip() for part in FERRY.text.split("</p>") if part.strip())
    for number in range(6):
        item = {"id": f"{number}", "title": f"Ferries, says outlet {number}", "text": text}
        line = json.dumps({**item, "url": f"https://outlet{number}.example/ferries"})
        (place / f"{number}.jsonl").write_text(line + "\n", "utf-8")
        service.clock.turn(seconds=10)
        await service.live()
        service.clock.turn(seconds=10)
        await asyncio.sleep(1.1)  # until nobody can be writing the file any more
        await service.live()
    (payload,) = told()
    assert payload["data"]["story"]["outlets_total"] == 6


async def test_a_rule_that_changes_ends_what_waited_for_it(outlets, service, told):
    """A wait belongs to the rule as it was: under a changed one it ends by that name, and matches begin anew."""
    publish = await outlets(rule=", min_sources: 2")
    await publish("merrow", CALM, FERRY)
    await outlets(rule=", min_sources: 2, exclude: [submarine]")
    totals = await publish("lannet", CALM, COPY)
    assert totals.matches == {"dropped": 1, "rung": 1, "matches": 2}
    assert "rule_changed" in service.log.getvalue()
    await outlets(rule=", min_sources: 2")
    totals = await publish("third", CALM, THIRD)
    assert totals.matches == {"dropped": 1, "rung": 1, "joined": 1, "matches": 3}
    assert [payload["type"] for payload in told()] == ["alert.matched", "alert.updated"]


async def test_an_alert_that_waited_and_no_route_takes_is_dropped(outlets, service, told):
    """What waited for outlets and then has nowhere to go is dropped as any other match without a route is."""
    publish = await outlets(rule=", min_sources: 2")
    await publish("merrow", CALM, FERRY)
    await outlets(
        rule=", min_sources: 2", extra="routes: [{match: {rule: Ferries, feeds: [lannet]}, channels: [archive]}]"
    )
    totals = await publish("lannet", CALM, COPY)
    assert totals.matches["dropped"] == 1
    assert "no_route" in service.log.getvalue()


async def test_the_copy_after_two_hundred_joins_too(outlets, told):
    """However many copies a story has, and however often they were edited, the next one is found to be its own."""
    publish = await outlets()
    many = [
        replace(FERRY, id=f"copy {number}", title=f"Ferries, take {number}", url=f"https://o{number}.example/ferry")
        for number in range(205)
    ]
    await publish("merrow", CALM, *many)
    edited = [replace(item, text=item.text.replace("its history", "its long history")) for item in many[:9]]
    await publish("merrow", CALM, *edited, *many[9:])
    await publish("lannet", CALM, COPY)
    assert sum(payload["type"] == "alert.matched" for payload in told()) == 1


async def test_an_update_that_does_not_arrive_leaves_its_alert_sent(outlets, service):
    """What becomes of an update changes nothing in how far its alert has come: that was sent."""
    async with Receiver(in_turn(Reply(), Reply(status=410))) as receiver:
        hook = f"  - {{name: siem, type: webhook, url: '{receiver.url}', allow_private: [127.0.0.0/8]}}"
        publish = await outlets()
        files = [(service.root / "config" / f"{number}.yaml").read_text("utf-8") for number in range(2)]
        await service.configure(*files, f"channels:\n{hook}")
        await publish("merrow", CALM, FERRY)
        totals = await publish("lannet", CALM, COPY)
        (report,) = await service.alerts()
    assert len(receiver.requests) == 2
    assert totals.deliveries["dead"] == 1
    assert {dispatch.state.value for dispatch in report.dispatches} == {"sent"}
