"""Reading the page behind an entry: what waits for it, for how long, and what rings when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.receiver import Reply
from support.site import Item, Site, rss
from tocsin.storage.store import open_store

CALM = Item(id="calm", title="A quiet day", text="Nothing happened in town.")
STORM = Item(id="storm", title="A storm is coming", text="The harbour master warned boats on Monday …")
PARAGRAPHS = [
    "The harbour master of Ostwick warned every boat on Monday that a storm would reach the coast before nightfall.",
    "Every ferry to the islands stays in port until the wind has turned, the shipping line said in a statement.",
    "Fishermen tied up their boats along the old quay and carried their nets into the sheds behind the market hall.",
    "The mayor asked people in the lower town to put sandbags before their doors and to stay away from the sea wall.",
    "Schools close at noon, and the night train will wait at the junction until the line along the shore is clear.",
]
CONFIGURATION = """
    defaults: {allow_private: [127.0.0.0/8], every: 10m, full_text: auto}
    channels: [{name: console, type: console}]
    rules: [{name: Ferries, keywords: [ferry]}]
"""


def page(*paragraphs: str, title: str = "A storm is coming") -> Reply:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    html = f"<!doctype html><html lang=en><head><title>{title}</title></head><body><article><h1>{title}</h1>{body}"
    return Reply(headers={"content-type": "text/html; charset=utf-8"}, body=f"{html}</article></body></html>".encode())


@pytest.fixture
async def site():
    async with Site() as site:
        yield site


@pytest.fixture
async def herald(service, site):
    """Configure a feed whose first poll is over; return what gives it entries and does what is due."""
    await service.configure(CONFIGURATION, f"feeds: [{{name: Herald, url: '{site.url}/rss'}}]")
    site.pages["/rss"] = rss(CALM)
    await service.live()

    async def poll(*items, **ahead):
        site.pages["/rss"] = rss(*items)
        service.clock.turn(**(ahead or {"minutes": 12}))
        return await service.live()

    return poll


def storm(site, **changes):
    return replace(STORM, url=f"{site.url}/storm", **changes)


def asked(site, target):
    return [request for request in site.requests if request.target == target]


async def alerts(service):
    return [report.data for report in await service.alerts()]


async def test_a_rule_rings_on_the_page_of_an_entry_that_gives_a_summary(service, site, herald):
    """What only the page says rings, and the alert says that the full text was read."""
    site.pages["/storm"] = page(*PARAGRAPHS)
    await herald(storm(site), CALM)
    (alert,) = await alerts(service)
    assert "ferry" in alert["evidence"][0]["text"].casefold()
    assert (alert["article"]["text_kind"], alert["article"]["full_text"]) == ("full", "read")
    assert alert["article"]["title"] == "A storm is coming"
    assert len(asked(site, "/storm")) == 1


async def test_a_page_is_asked_for_once(service, site, herald):
    """A feed that goes on giving the summary has its page read once, and rings once."""
    site.pages["/storm"] = page(*PARAGRAPHS)
    for _ in range(4):
        await herald(storm(site), CALM, replace(CALM, id=f"calm {service.clock.now}"))
    assert len(asked(site, "/storm")) == 1
    assert len(await alerts(service)) == 1
    totals = await service.live()
    assert totals.entries["changed"] == 0


async def test_pages_of_what_cannot_ring_are_left_alone(service, site):
    """No page is asked for on a silent first poll, for an old article, without `full_text`, or for a whole text."""
    old = storm(site, published=service.clock() - timedelta(days=9))
    site.pages |= {"/rss": rss(storm(site)), "/storm": page(*PARAGRAPHS)}
    await service.configure(CONFIGURATION, f"feeds: [{{name: Herald, url: '{site.url}/rss'}}]")
    await service.live()
    service.clock.turn(minutes=12)
    site.pages["/rss"] = rss(replace(old, id="old", title="Long ago"), storm(site))
    await service.live()
    never = f"feeds: [{{name: Herald, url: '{site.url}/rss', full_text: never}}]"
    await service.configure(CONFIGURATION, never)
    service.clock.turn(minutes=12)
    site.pages["/rss"] = rss(replace(STORM, id="other", title="Another storm", url=f"{site.url}/storm"))
    await service.live()
    await service.configure(CONFIGURATION, f"feeds: [{{name: Herald, url: '{site.url}/rss'}}]")
    service.clock.turn(minutes=12)
    long = Item(id="long", title="All of it", text=" ".join(PARAGRAPHS * 3), url=f"{site.url}/storm")
    site.pages["/rss"] = rss(long)
    await service.live()
    assert asked(site, "/storm") == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Reply(status=404), "failed"),
        (Reply(headers={"content-type": "application/pdf"}, body=b"%PDF-1.7"), "not_a_page"),
        (page("Too short."), "short"),
    ],
)
async def test_without_its_page_the_summary_decides_and_the_alert_says_so(service, site, herald, answer, outcome):
    """A page that cannot be read costs nothing of what the feed gives; the alert names why it was not read."""
    site.pages["/storm"] = answer
    await herald(storm(site, text="A ferry is late, the harbour master said …"), CALM)
    (alert,) = await alerts(service)
    assert (alert["article"]["text_kind"], alert["article"]["full_text"]) == ("summary", outcome)
    assert "summary (" in service.console.getvalue()


async def test_a_site_that_keeps_robots_out_is_left_alone(service, site, herald):
    """robots.txt is asked before pages and not for feeds; what it forbids is not asked for."""
    site.pages |= {
        "/robots.txt": Reply(headers={"content-type": "text/plain"}, body=b"User-agent: *\nDisallow: /"),
        "/storm": page(*PARAGRAPHS),
    }
    await herald(storm(site, text="A ferry is late …"), CALM)
    (alert,) = await alerts(service)
    assert alert["article"]["full_text"] == "robots"
    assert asked(site, "/storm") == []
    assert len(asked(site, "/robots.txt")) == 1


async def test_story_and_ring_wait_no_longer_than_half_a_minute(service, site, herald):
    """A page whose turn does not come in time is decided without; read later, it is a new version and rings once."""
    site.pages |= {"/rss": rss(storm(site), CALM), "/storm": page(*PARAGRAPHS)}
    service.clock.turn(minutes=12)
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
        assert await app.pipeline.claim_pages(service.clock(), 9, late=True) == []
        service.clock.turn(seconds=31)
        (late,) = await app.pipeline.claim_pages(service.clock(), 9, late=True)
        await app.pipeline.read_page(late)
        assert asked(site, "/storm") == []
        assert await app.pipeline.claim_pages(service.clock(), 9, late=True) == []
    assert await alerts(service) == []
    await service.live()
    (alert,) = await alerts(service)
    assert alert["article"]["full_text"] == "read"
    totals = await service.live()
    assert totals.matches == {"rung": 1, "matches": 1}


async def test_what_rang_on_the_summary_does_not_ring_on_the_page(service, site, herald):
    """A page that comes after its summary rang adds a match, and no alert."""
    item = storm(site, text="A ferry is late …")
    site.pages |= {"/rss": rss(item, CALM), "/storm": page(*PARAGRAPHS)}
    service.clock.turn(minutes=12)
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
        service.clock.turn(seconds=31)
        (late,) = await app.pipeline.claim_pages(service.clock(), 9, late=True)
        await app.pipeline.read_page(late)
    totals = await service.live()
    assert totals.matches == {"rung": 1, "joined": 1, "matches": 2}
    (alert,) = await alerts(service)
    assert (alert["article"]["text_kind"], alert["article"]["full_text"]) == ("summary", "late")


async def test_an_edit_while_the_page_is_waited_for_rings_once(service, site, herald):
    """A headline that changes while its page is waited for waits with it: nothing is lost and nothing rings twice."""
    site.pages |= {"/rss": rss(storm(site, text="A ferry is late …"), CALM), "/storm": page(*PARAGRAPHS)}
    service.clock.turn(minutes=12)
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
        site.pages["/rss"] = rss(storm(site, title="The storm is here", text="A ferry is late …"), CALM)
        assert await app.store.wake_feed("Herald", service.clock())
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
    totals = await service.live()
    assert totals.matches == {"rung": 1, "matches": 1}
    (alert,) = await alerts(service)
    assert (alert["article"]["title"], alert["article"]["full_text"]) == ("The storm is here", "read")


@pytest.mark.parametrize("edit", [{"text": " ".join(PARAGRAPHS * 3)}, {"title": "The storm is here"}, {"url": None}])
@pytest.mark.parametrize("later", [{"seconds": 1}, {"days": 3}])
async def test_an_edit_that_asks_for_no_page_rings_too(service, site, herald, edit, later):
    """What waits for its page when the feed gives the rest, or another address, or much later, was not rung before."""
    first = storm(site, text="A ferry is late …", published=service.clock())
    site.pages |= {"/rss": rss(first, CALM), "/storm": page(*PARAGRAPHS)}
    service.clock.turn(minutes=12)
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
        service.clock.turn(**later)
        site.pages["/rss"] = rss(replace(first, **edit), CALM)
        assert await app.store.wake_feed("Herald", service.clock())
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
    totals = await service.live()
    assert totals.matches["rung"] == len(await alerts(service)) == 1
    assert "dropped" not in totals.matches


async def test_a_page_survives_the_end_of_its_daemon(service, site, herald):
    """A page that was due when the daemon was killed is read by the next one; so is what waits for it."""
    site.pages |= {"/rss": rss(storm(site), CALM), "/storm": page(*PARAGRAPHS)}
    service.clock.turn(minutes=12)
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
        await app.pipeline.claim_pages(service.clock(), 9)  # and dies with it
    await service.live()
    assert len(await alerts(service)) == 1


async def test_a_page_that_failed_is_tried_again_an_hour_later(service, site, herald):
    """A page that could not be had is asked for again after an hour and not before; what it brings rings then."""
    site.pages["/storm"] = Reply(status=500)
    await herald(storm(site), CALM)
    await herald(storm(site), CALM, minutes=50)
    assert len(asked(site, "/storm")) == 1
    site.pages["/storm"] = page(*PARAGRAPHS)
    await herald(storm(site), CALM, minutes=30)
    assert len(asked(site, "/storm")) == 2
    assert [alert["article"]["full_text"] for alert in await alerts(service)] == ["read"]


async def test_the_page_of_an_edited_article_is_read_again_an_hour_after_the_last_time(service, site, herald):
    """An edit is decided upon at once by what the feed gives, and its page is read again, but not before an hour."""
    site.pages["/storm"] = page(*PARAGRAPHS)
    await herald(storm(site), CALM)
    totals = await herald(storm(site, title="The storm is here"), CALM)
    assert (len(asked(site, "/storm")), totals.entries["changed"]) == (1, 1)
    await herald(storm(site, title="The storm is here"), CALM, minutes=55)
    assert len(asked(site, "/storm")) == 2
    assert len(await alerts(service)) == 1


async def test_the_rows_say_what_came_of_a_page(service, site, herald):
    """The page of an article stands in its row: read, or why not."""
    site.pages["/storm"] = page(*PARAGRAPHS)
    await herald(storm(site), CALM)
    (alert,) = await alerts(service)
    await service.close()
    async with await open_store(service.database_url, read_only=True) as store:
        standings = await store.page_standings([alert["article"]["id"]])
    assert not standings[alert["article"]["id"]].waiting


async def test_a_page_that_was_asked_for_too_long_is_left_alone_for_an_hour(service, site, herald):
    """A page that did not come while its article waited is not asked for again at once."""
    site.pages |= {"/rss": rss(storm(site), CALM), "/storm": replace(page(*PARAGRAPHS), delay=5)}
    service.clock.turn(minutes=12)
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
        service.clock.turn(seconds=29.5)
        (due,) = await app.pipeline.claim_pages(service.clock(), 9)
        await app.pipeline.read_page(due)
        assert await app.pipeline.claim_pages(service.clock() + timedelta(minutes=50), 9) == []
        assert len(await app.pipeline.claim_pages(service.clock() + timedelta(minutes=70), 9)) == 1
