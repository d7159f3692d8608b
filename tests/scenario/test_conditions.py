"""What the service does not see, and how it says so: conditions, told once when they begin and once when they end."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from support.receiver import Reply
from support.site import Item, Site, rss
from tocsin.daemon import run_once
from tocsin.ports import DueWork
from tocsin.storage.store import open_store

CONFIGURATION = """
    defaults: {allow_private: [127.0.0.0/8], every: 10m}
    ops: [log]
    channels:
      - {name: console, type: console}
      - {name: log, type: file, path: %s}
    rules: [{name: Ferries, keywords: [ferry]}]
"""


def item(name: str, text: str = "Nothing happened.") -> Item:
    return Item(id=name, title=f"News of {name}", text=text)


@pytest.fixture
async def site():
    async with Site() as site:
        yield site


@pytest.fixture
def configured(service, site):
    """Configure feeds of the site by their paths; return what polls all that is due, some time later."""

    async def configure(*paths, **keys):
        extra = "".join(f", {key}: {value}" for key, value in keys.items())
        feeds = "".join(f"  - {{name: {path}, url: '{site.url}/{path}'{extra}}}\n" for path in paths)
        await service.configure(CONFIGURATION % (service.root / "log.jsonl"), f"feeds:\n{feeds}")

        async def poll(**ahead):
            service.clock.turn(**ahead)
            return await service.live()

        return poll

    return configure


def told(service):
    """Return what the operators' channel was sent: the type and whether it began or ended."""
    file = service.root / "log.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [(line["type"], line["data"]["change"]) for line in lines if line["type"].startswith("ops.")]


async def state(service, name="rss"):
    return (await service.feeds())[name].state.value


async def test_errors_are_told_after_three_hours_and_their_end_once(service, site, configured):
    """A failing feed says so at once in `feeds`, is told of after three hours of errors, and once when it is back."""
    poll = await configured("rss")
    site.pages["/rss"] = rss(item("one"))
    await poll()
    site.pages["/rss"] = Reply(status=500)
    await poll(minutes=15)
    assert (await state(service), told(service)) == ("failing", [])
    for _ in range(12):
        await poll(minutes=20)
    assert told(service) == [("ops.feed.failing", "began")]
    for _ in range(10):
        await poll(hours=5)
    assert told(service) == [("ops.feed.failing", "began")]
    site.pages["/rss"] = rss(item("one"))
    await poll(hours=25)
    assert (await state(service), told(service)[1:]) == ("ok", [("ops.feed.failing", "ended")])


async def test_errors_that_end_in_time_are_not_told(service, site, configured):
    """A feed that is back within three hours troubles nobody."""
    poll = await configured("rss")
    site.pages["/rss"] = Reply(status=500)
    await poll()
    site.pages["/rss"] = rss(item("one"))
    await poll(hours=2)
    assert (await state(service), told(service)) == ("ok", [])


async def test_a_feed_that_is_gone_is_not_asked_again(service, site, configured):
    """410 ends the polling with one message; nothing is asked until somebody wants it, restart or not."""
    poll = await configured("rss")
    site.pages["/rss"] = Reply(status=410)
    await poll()
    assert (await state(service), told(service)) == ("gone", [("ops.feed.gone", "began")])
    await service.close()
    await poll(days=30)
    assert len(site.requests) == 1
    assert (await service.feeds())["rss"].next_poll is None
    site.pages["/rss"] = rss(item("one"))
    async with service.open() as app:
        assert await app.store.wake_feed("rss", service.clock())
    await poll()
    assert (await state(service), told(service)[1:]) == ("ok", [("ops.feed.gone", "ended")])


async def test_a_page_in_place_of_a_feed_is_named(service, site, configured):
    """A feed that answers with a web page is not a feed, and is told as such after three hours."""
    poll = await configured("rss")
    site.pages["/rss"] = Reply(headers={"content-type": "text/html"}, body=b"<!doctype html><html><p>Sign in</html>")
    await poll()
    assert await state(service) == "not-a-feed"
    for _ in range(12):
        await poll(minutes=30)
    assert told(service) == [("ops.feed.not_a_feed", "began")]


async def test_a_feed_that_falls_silent_is_told_of(service, site, configured):
    """A feed that published every hour and gives nothing new for more than a day is silent, until it speaks again."""
    poll = await configured("rss")
    noon = service.clock()
    dated = [Item(id=str(hour), title=f"News of {hour}", published=noon - timedelta(hours=hour)) for hour in range(6)]
    site.pages["/rss"] = rss(*dated)
    await poll()
    for _ in range(23):
        await poll(hours=1)
    assert (await state(service), told(service)) == ("ok", [])
    for _ in range(3):
        await poll(hours=1)
    assert (await state(service), told(service)) == ("silent", [("ops.feed.silent", "began")])
    site.pages["/rss"] = rss(item("fresh"), *dated)
    await poll(hours=1)
    assert (await state(service), told(service)[1:]) == ("ok", [("ops.feed.silent", "ended")])


async def test_a_gap_is_told_and_what_is_new_rings_all_the_same(service, site, configured):
    """Nothing of the last poll is left: entries may be lost, which is said; those that are there ring."""
    poll = await configured("rss")
    site.pages["/rss"] = rss(item("one"), item("two"))
    await poll()
    site.pages["/rss"] = rss(item("eight", "A ferry is late."), item("nine"))
    await poll(minutes=15)
    assert (await state(service), told(service)) == ("gap", [("ops.feed.gap", "began")])
    assert len(await service.alerts()) == 1
    site.pages["/rss"] = rss(item("nine"), item("ten"))
    await poll(minutes=15)
    assert (await state(service), told(service)[1:]) == ("ok", [("ops.feed.gap", "ended")])


async def test_a_gap_is_closed_by_older_pages(service, site, configured):
    """Where the feed links to its older entries, these are read as far as is needed, and nothing is lost."""
    poll = await configured("rss")

    def paged(*items, older=None):
        link = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="{older}"/>' if older else ""
        return rss(*items).replace(b"<language>", f"{link}<language>".encode())

    site.pages["/rss"] = paged(item("one"), item("two"))
    await poll()
    site.pages |= {
        "/rss": paged(item("six"), item("seven"), older="/rss?page=2"),
        "/rss?page=2": paged(item("four", "A ferry is late."), item("five"), older="/rss?page=3"),
        "/rss?page=3": paged(item("two"), item("three"), older="/rss?page=4"),
    }
    totals = await poll(minutes=15)
    assert totals.entries["new"] == 2 + 5
    assert (await state(service), told(service)) == ("ok", [])
    assert [request.target for request in site.requests][2:] == ["/rss", "/rss?page=2", "/rss?page=3"][1:]
    assert len(await service.alerts()) == 1


async def test_ids_that_all_change_are_told_and_ring_nothing(service, site, configured):
    """Known articles under new ids are recognised by what they say; it is told, and only what is new rings."""
    poll = await configured("rss")
    texts = [f"A ferry to island {number} is late." for number in range(4)]

    def page(poll_number, *more):
        known = [Item(id=f"{poll_number}-{number}", title=text, text=text) for number, text in enumerate(texts)]
        return rss(*more, *known)

    site.pages["/rss"] = page(1)
    await poll()
    site.pages["/rss"] = page(2)
    await poll(minutes=15)
    assert (await state(service), told(service)) == ("all-ids-changed", [("ops.feed.all_ids_changed", "began")])
    assert await service.alerts() == []
    site.pages["/rss"] = page(3, item("fresh", "A ferry sank."))
    await poll(minutes=15)
    assert len(await service.alerts()) == 1
    assert told(service) == [("ops.feed.all_ids_changed", "began")]


async def test_a_clock_that_is_wrong_is_told(service, site, configured):
    """A server whose clock is far from ours is named, and ends to be when it is right again."""
    poll = await configured("rss")
    wrong = (service.clock() - timedelta(hours=7)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    site.pages["/rss"] = Reply(headers={"date": wrong}, body=rss(item("one")))
    await poll()
    assert (await state(service), told(service)) == ("clock-odd", [("ops.feed.clock_odd", "began")])


async def test_a_permanent_redirect_is_followed_directly_once_it_is_proven(service, site, configured):
    """After three polls over a day a moved feed is asked at its new place; its history stays, and it is told."""
    poll = await configured("rss")
    site.pages |= {"/rss": Reply(status=301, headers={"location": "/new"}), "/new": rss(item("one"))}
    for _ in range(3):
        await poll(hours=13)
        site.pages["/new"] = rss(item("one"), item(f"at {service.clock.now}", "A ferry is late."))
    before = len(site.requests)
    await poll(hours=13)
    assert [request.target for request in site.requests[before:]] == ["/new"]
    assert told(service) == [("ops.feed.moved", "began")]
    assert await service.alerts() != []
    assert (await service.feeds())["rss"].moved_to == f"{site.url}/new"


async def test_a_feed_with_secrets_is_asked_where_it_was_written_for(service, site, configured):
    """Headers are for the address that they stand beside: however long it redirects, that is the one that is asked."""
    poll = await configured("rss", headers="{X-Key: opensesame}")
    site.pages |= {"/rss": Reply(status=301, headers={"location": "/new"}), "/new": rss(item("one"))}
    for _ in range(5):
        before = len(site.requests)
        await poll(hours=13)
        assert site.requests[before].target == "/rss"
    assert (await state(service), told(service)) == ("ok", [])


async def test_a_redirect_that_lasts_a_moment_moves_nothing(service, site, configured):
    """A captive portal's redirects, permanent as they call themselves, are forgotten with it."""
    poll = await configured("rss")
    site.pages |= {"/rss": Reply(status=301, headers={"location": "/portal"}), "/portal": rss(item("portal"))}
    for _ in range(5):
        await poll(hours=2)
    site.pages["/rss"] = rss(item("one"))
    for _ in range(3):
        await poll(hours=20)
    assert site.requests[-1].target == "/rss"
    assert (await service.feeds())["rss"].moved_to is None
    assert told(service) == []


async def test_a_server_that_says_not_modified_for_ever_is_asked_once_without_validators(service, site, configured):
    """A 304 that is not true is found out after two days, told, and its validators are not sent any more."""
    poll = await configured("rss")
    noon = service.clock()
    dated = [Item(id=str(hour), title=f"News of {hour}", published=noon - timedelta(hours=hour)) for hour in range(3)]
    site.pages["/rss"] = Reply(headers={"etag": '"for-ever"'}, body=rss(*dated))
    await poll()
    site.pages["/rss"] = Reply(status=304, headers={"etag": '"for-ever"'})
    for _ in range(47):
        await poll(hours=1)
    assert all("if-none-match" in request.headers for request in site.requests[1:])
    site.pages["/rss"] = Reply(headers={"etag": '"for-ever"'}, body=rss(item("fresh", "A ferry is late."), *dated))
    await poll(hours=2)
    assert "if-none-match" not in site.requests[-1].headers
    assert len(await service.alerts()) == 1
    assert ("ops.feed.stuck", "began") in told(service)
    await poll(hours=2)
    assert "if-none-match" not in site.requests[-1].headers


async def test_a_network_that_is_down_is_one_message(service, site, configured):
    """Feeds that cannot be reached all together are told once, and once when one of them answers again."""
    hosts = "".join(
        f"  - {{name: {name}, url: 'http://127.0.0.{number}:{site.port}/rss'}}\n"  # nobody listens there
        for number, name in enumerate(["one", "two", "three"], start=2)
    )
    poll = await configured("one")
    await service.configure(CONFIGURATION % (service.root / "log.jsonl"), f"feeds:\n{hosts}")
    await poll()
    assert {report.state.value for report in (await service.feeds()).values()} == {"failing"}
    for _ in range(20):
        await poll(minutes=30)
    assert told(service) == [("ops.network_down", "began")]
    soon = service.clock() + timedelta(hours=2)
    assert all(report.next_poll < soon for report in (await service.feeds()).values()), "an outage is no back-off"
    async with Site({"/rss": rss(item("one"))}, address="127.0.0.2", port=site.port):
        await poll(hours=2)
    assert told(service)[1:] == [("ops.network_down", "ended")]


async def test_two_feeds_of_one_address_are_fetched_once(service, site):
    """What differs in case of host, default port or fragment alone is one request; each feed rings by its own rules."""
    site.pages["/rss"] = rss(item("one"))
    url = f"http://LOCALHOST:{site.port}/rss"
    await service.configure(
        CONFIGURATION % (service.root / "log.jsonl"),
        f"""
        feeds:
          - {{name: one, url: '{url}', allow_private: [127.0.0.0/8, "::1"], tags: [a], first_poll: all}}
          - {{name: two, url: '{url.lower()}#top', allow_private: [127.0.0.0/8, "::1"], tags: [b], first_poll: all}}
        """,
        "rules: [{name: News, keywords: [news], feeds: {tags: [b]}}]",
    )
    await service.live()
    assert len(site.requests) == 1
    assert [alert.data["article"]["feed"]["name"] for alert in await service.alerts()] == ["two"]
    service.clock.turn(minutes=15)
    await service.live()
    assert len(site.requests) == 2
    assert "if-none-match" in site.requests[-1].headers


async def test_a_host_that_asks_for_patience_is_left_alone_with_all_its_feeds(service, site, configured):
    """After a 429 no feed of that host is fetched before the time it names, over a restart too."""
    poll = await configured("one", "two")
    site.pages |= {"/one": Reply(status=429, headers={"retry-after": "7200"}), "/two": rss(item("two"))}
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        assert due.name == "one"
        await app.pipeline.poll_feed(due)
    await poll(minutes=100)
    assert [request.target for request in site.requests] == ["/one"]
    await service.close()
    await poll(minutes=25)
    assert "/two" in [request.target for request in site.requests]


async def test_a_second_feed_of_an_old_address_does_not_lead_the_first_back(service, site, configured):
    """A feed that is added with an address that another one moved from is read where that one is, and so is that."""
    site.pages |= {"/rss": Reply(status=301, headers={"location": "/new"}), "/new": rss(item("one"))}
    poll = await configured("rss")
    for _ in range(3):
        await poll(hours=13)
    del site.pages["/rss"]
    feeds = "".join(f"  - {{name: {name}, url: '{site.url}/rss'}}\n" for name in ("rss", "again"))
    await service.configure(CONFIGURATION % (service.root / "log.jsonl"), f"feeds:\n{feeds}")
    for number in range(3):
        site.pages["/new"] = rss(item("one"), item(f"another {number}"))
        await poll(hours=2)
        assert {name: feed.state.value for name, feed in (await service.feeds()).items()} == {
            "rss": "moved",
            "again": "ok",
        }


async def test_a_second_feed_of_an_address_is_read_though_the_first_has_all_of_it(service, site, configured):
    """A feed that shares its request with one that knows the document is read all the same, and rings by its own."""
    poll = await configured("rss")
    site.pages["/rss"] = rss(item("one", "A ferry is late."))
    await poll()
    service.clock.turn(hours=2)  # the first is due longer than the second
    feeds = "".join(f"  - {{name: {name}, url: '{site.url}/rss', first_poll: all}}\n" for name in ("rss", "zweite"))
    await service.configure(CONFIGURATION % (service.root / "log.jsonl"), f"feeds:\n{feeds}")
    count = len(site.requests)
    await poll()
    assert len(site.requests) == count + 1
    assert [report.data["article"]["feed"]["name"] for report in await service.alerts()] == ["zweite"]
    await poll(hours=2)
    assert "if-none-match" in site.requests[-1].headers


def sitemap(*titles):
    entries = "".join(
        f"<url><loc>https://herald.example.org/{title.replace(' ', '-')}</loc><news:news><news:publication>"
        "<news:name>Example Herald</news:name><news:language>en</news:language></news:publication>"
        f"<news:publication_date>2026-03-01T10:00:00Z</news:publication_date><news:title>{title}</news:title>"
        "</news:news></url>"
        for title in titles
    )
    spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    return f'<urlset {spaces} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{entries}</urlset>'.encode()


def index_of(site, *names):
    parts = "".join(f"<sitemap><loc>{site.url}/{name}.xml</loc></sitemap>" for name in names)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}</sitemapindex>'.encode()


def busy(seconds):
    return Reply(status=429, headers={"retry-after": str(seconds)})


async def test_an_index_of_news_sitemaps_is_read_part_by_part(service, site, configured):
    """Every sitemap of an index is asked conditionally; what is new in one rings."""
    poll = await configured("index.xml", first_poll="all")
    site.pages["/index.xml"] = index_of(site, "a", "b")
    site.pages |= {"/a.xml": sitemap("A ferry is late"), "/b.xml": sitemap("Calm seas")}
    await poll()
    assert len(await service.alerts()) == 1
    site.pages["/b.xml"] = sitemap("Another ferry is late", "Calm seas")
    await poll(minutes=15)
    assert len(await service.alerts()) == 2
    again = {request.target: request.headers for request in site.requests[3:]}
    assert set(again) == {"/index.xml", "/a.xml", "/b.xml"}
    assert all("if-none-match" in headers for headers in again.values())


@pytest.mark.parametrize("trouble", [Reply(status=503), Reply(body=b"no sitemap at all")])
async def test_a_sitemap_that_cannot_be_had_has_its_turn_in_the_next_poll(service, site, configured, trouble):
    """A new sitemap that fails is asked for again though its index is as it was; no gap is told meanwhile."""
    poll = await configured("index.xml")
    site.pages |= {"/index.xml": index_of(site, "a"), "/a.xml": sitemap("One", "Two")}
    await poll()
    site.pages |= {"/index.xml": index_of(site, "b", "a"), "/b.xml": trouble, "/a.xml": sitemap("Three", "Four")}
    await poll(minutes=15)
    assert await state(service, "index.xml") == "ok"
    site.pages["/b.xml"] = sitemap("A ferry is late", "Two", "Three")
    await poll(minutes=30)
    assert len(await service.alerts()) == 1


async def test_a_site_that_asks_for_patience_at_a_sitemap_gets_it(service, site, configured):
    """After a 429 no further sitemap of the host is asked for, nor any feed of it, before its time."""
    poll = await configured("index.xml", "rss")
    site.pages |= {"/index.xml": index_of(site, "a", "b"), "/a.xml": busy(5 * 3600), "/rss": rss(item("one"))}
    await poll()
    before = [request.target for request in site.requests if request.target != "/rss"]
    assert before == ["/index.xml", "/a.xml"]
    count = len(site.requests)
    await poll(hours=4)
    assert len(site.requests) == count
    await poll(hours=2)
    assert len(site.requests) > count


async def test_a_sitemap_that_renews_its_tag_is_asked_with_the_new_one(service, site, configured):
    """What a "not modified" of a part renews is sent the next time, even where nothing at all was new."""
    poll = await configured("index.xml")
    site.pages |= {"/index.xml": index_of(site, "a"), "/a.xml": sitemap("One", "Two")}
    await poll()
    site.pages["/a.xml"] = Reply(status=304, headers={"etag": '"renewed"'})
    await poll(minutes=30)
    await poll(minutes=60)
    asked = [request.headers.get("if-none-match") for request in site.requests if request.target == "/a.xml"]
    assert asked[2:] == ['"renewed"']


async def test_what_is_seen_under_another_date_is_known_by_that(service, site, configured):
    """An entry whose text is as it was, and whose date is not, is read once for that, and not in every poll."""
    poll = await configured("rss")
    digests = []
    for day in (1, 1, 2, 2):
        site.pages["/rss"] = rss(replace(item("one"), published=datetime(2026, 2, day, tzinfo=UTC)))
        await poll(minutes=70)
        async with await open_store(service.database_url, read_only=True) as store:
            digests.append(list(await store.entry_digests("rss")))
    assert digests[0] == digests[1] != digests[2] == digests[3]
    assert all(digests)


async def test_a_pace_that_is_changed_takes_effect_and_forgets_nothing(service, site, configured):
    """A new `every` is followed from now on, with the validators that the server gave."""
    poll = await configured("rss")
    site.pages["/rss"] = rss(item("one"))
    await poll()
    await configured("rss", every="1d")
    await poll(minutes=1)
    assert "if-none-match" in site.requests[-1].headers
    count = len(site.requests)
    await poll(hours=23)
    assert len(site.requests) == count
    assert (await service.feeds())["rss"].next_poll > service.clock()


async def test_there_is_nothing_to_claim_once_all_is_told(service, site, configured):
    """A condition is told by one unit of work; after it none is given out until the next is due."""
    site.pages["/rss"] = Reply(status=410)
    await configured("rss")
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
        (tell,) = await app.pipeline.claim(DueWork.TELLINGS, 1)
        await tell()
        assert await app.pipeline.claim(DueWork.TELLINGS, 1) == []


async def test_a_gap_ends_with_a_poll_that_finds_nothing_new(service, site, configured):
    """A feed that has not changed since a gap has lost nothing since: the condition is over, and told so."""
    poll = await configured("rss")
    site.pages["/rss"] = rss(item("one"), item("two"))
    await poll()
    site.pages["/rss"] = rss(item("eight"), item("nine"))
    await poll(minutes=15)
    await poll(minutes=15)
    assert site.requests[-1].headers["if-none-match"]
    assert (await state(service), told(service)) == ("ok", [("ops.feed.gap", "began"), ("ops.feed.gap", "ended")])


async def test_feeds_of_a_host_that_asked_for_patience_say_so(service, site, configured):
    """What another feed's 429 holds up is shown with its reason and its real next poll, and can be wanted now."""
    poll = await configured("one", "two")
    site.pages |= {"/one": Reply(status=429, headers={"retry-after": "7200"}), "/two": rss(item("two"))}
    async with service.open() as app:
        (due,) = await app.pipeline.claim_feeds(service.clock(), 9)
        await app.pipeline.poll_feed(due)
    held = (await service.feeds())["two"]
    assert held.detail.startswith("its host asked to be left alone until ")
    assert held.next_poll > service.clock() + timedelta(hours=1)
    async with service.open() as app:
        assert await app.store.wake_feed("two", service.clock())
    await poll()
    assert [request.target for request in site.requests] == ["/one", "/two"]


async def test_a_run_leaves_a_host_alone_that_asks_for_it(service, site, configured):
    """`run --once` asks no further feed of a host after its 429, nor in the next run before the time is over."""
    await configured(*(f"feed{number}" for number in range(4)))
    site.pages |= {f"/feed{number}": Reply(status=429, headers={"retry-after": "7200"}) for number in range(4)}
    for _ in range(2):
        async with service.open() as app:
            await run_once(app)
    assert len(site.requests) == 1


async def test_a_run_asks_no_feed_whose_server_wants_patience(service, site, configured):
    """`run --once` polls feeds that are not due, but none before the end of its server's `Retry-After`."""
    await configured("rss", "other")
    site.pages |= {"/rss": Reply(status=503, headers={"retry-after": "7200"}), "/other": rss(item("one"))}
    for _ in range(2):
        async with service.open() as app:
            await run_once(app)
    assert [request.target for request in site.requests] == ["/other", "/rss", "/other"]
