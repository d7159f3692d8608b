"""What a poll sees, what it rings and what it stores."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from support.receiver import Reply
from support.service import balanced, do_what_is_due
from support.site import Item, Site, atom, rss
from tocsin.daemon import run_once
from tocsin.errors import StorageError

FERRY = Item(id="ferry", title="Ferries stay in port", text="A gale keeps every boat in the harbour.")
CALM = Item(id="calm", title="A quiet day", text="Nothing happened in town.")
TRAIN = Item(id="train", title="Trains are late", text="A ferry was in the way.")
EVERYTHING = """
    defaults: {allow_private: [127.0.0.0/8], every: 10m}
    channels: [{name: console, type: console}]
    rules:
      - {name: Ferries, keywords: [ferry]}
"""


@pytest.fixture
async def site():
    async with Site() as site:
        yield site


@pytest.fixture
def herald(service, site):
    """Configure one feed of the site; return what polls it, some entries later."""

    async def configured(extra=""):
        await service.configure(EVERYTHING, f"feeds: [{{name: Herald, url: '{site.url}/rss'{extra}}}]")

        async def poll(page, **ahead):
            site.pages["/rss"] = page
            service.clock.turn(**(ahead or {"minutes": 12}))
            return await service.live()

        return poll

    return configured


async def rung(service):
    return [(report.data["rule"]["name"], report.data["article"]["title"]) for report in await service.alerts()]


@pytest.mark.parametrize("form", [rss, atom])
async def test_a_first_poll_is_silent_and_what_comes_then_rings(service, herald, form):
    """What a feed holds when it is first read is matched and told of as such; what is new after that rings."""
    poll = await herald()
    totals = await poll(form(FERRY, CALM))
    assert totals.matches == {"dropped": 1, "matches": 1}
    assert totals.entries == {"new": 2, "changed": 0, "seen": 0, "skipped": 0, "entries": 2}
    totals = await poll(form(FERRY, CALM, TRAIN))
    assert totals.matches == {"dropped": 1, "rung": 1, "matches": 2}
    assert await rung(service) == [("Ferries", "Trains are late")]
    assert service.console.getvalue().count("Trains are late") == 1
    assert "A **ferry** was in the way." in service.console.getvalue()


@pytest.mark.parametrize(("policy", "count"), [("silent", 0), ("recent", 1), ("all", 2)])
async def test_a_first_poll_may_ring(service, herald, policy, count):
    """`first_poll` says whether nothing, what is recent, or everything rings."""
    fresh = replace(FERRY, published=service.clock() - timedelta(hours=1))
    old = replace(FERRY, id="old", text="Long ago.", published=service.clock() - timedelta(days=9))
    await (await herald(f", first_poll: {policy}"))(rss(fresh, old))
    assert len(await rung(service)) == count


async def test_an_answer_that_leaves_out_what_is_known_is_no_gap(service, herald):
    """Of a partial answer (226) all is new: it rings, nothing is missed, and what it leaves out stays known."""
    poll = await herald()
    await poll(rss(CALM, replace(CALM, id="calm too", title="Another quiet day")))
    await poll(Reply(status=226, headers={"etag": '"later"', "im": "feed"}, body=rss(FERRY, TRAIN)))
    assert len(await rung(service)) == 2
    assert (await service.feeds())["Herald"].state.value == "ok"
    totals = await poll(rss(FERRY, TRAIN, CALM))
    assert (len(await rung(service)), totals.entries["new"], totals.entries["changed"]) == (2, 4, 0)


async def test_an_id_that_comes_again_with_something_else_names_nothing(service, herald):
    """Each new entry under an id that known entries of the feed have too rings once, and the known ones do not."""
    poll = await herald()
    known = [CALM]
    await poll(rss(*known))
    for number in range(1, 4):
        known.insert(0, replace(FERRY, id=CALM.id, title=f"Ferry {number} stays in port", text=f"Gale {number}."))
        await poll(rss(*known))
        assert len(await rung(service)) == number
    await poll(rss(*reversed(known)))
    assert len(await rung(service)) == 3


async def test_an_old_article_in_a_later_poll_does_not_ring(service, herald):
    """Older than `max_age` and published before the last successful poll: stored, matched, and too old."""
    poll = await herald()
    await poll(rss(CALM))
    totals = await poll(rss(CALM, replace(FERRY, published=service.clock() - timedelta(days=9))))
    assert totals.matches == {"dropped": 1, "matches": 1}


async def test_a_feed_that_did_not_change_is_not_read_again(service, site, herald):
    """The server's entity tag goes back byte for byte, and a 304 leaves everything as it is."""
    poll = await herald()
    await poll(rss(CALM, FERRY))
    totals = await poll(rss(CALM, FERRY))
    first, second = site.requests
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"].startswith('W/"')
    assert totals.entries["entries"] == 2
    feed = (await service.feeds())["Herald"]
    assert (feed.state.value, feed.not_modified_share) == ("ok", 0.5)


async def test_the_same_page_without_validators_is_seen(service, site, herald):
    """A server without entity tags costs a download and rings nothing."""
    poll = await herald()
    for page in (rss(CALM), rss(FERRY, CALM), rss(CALM, FERRY)):
        await poll(Reply(body=page))
    assert len(await rung(service)) == 1


async def test_an_edit_that_makes_a_rule_match_rings_once(service, herald):
    """The edit that brings a rule's words rings; those before and after it do not, and neither does going back."""
    poll = await herald()
    await poll(rss(CALM))
    story = Item(id="story", title="Gale warning", text="Boats stay in port.")
    assert (await poll(rss(CALM, story))).matches == {"matches": 0}
    ringing = replace(story, text="Every ferry stays in port.")
    assert (await poll(rss(CALM, ringing))).matches == {"rung": 1, "matches": 1}
    again = replace(story, title="Gale warning, updated", text="Every ferry stays in port today.")
    assert (await poll(rss(CALM, again))).matches == {"rung": 1, "joined": 1, "matches": 2}
    await poll(rss(CALM, story))
    totals = await poll(rss(CALM, ringing))
    assert totals.matches["rung"] == 1
    assert await rung(service) == [("Ferries", "Gale warning")]


async def test_an_edit_of_what_was_silent_stays_silent(service, herald):
    """What matched in the silent first poll does not ring because somebody corrects a comma."""
    poll = await herald()
    await poll(rss(FERRY))
    totals = await poll(rss(replace(FERRY, text="A gale keeps every boat, and every ferry, in the harbour.")))
    assert totals.matches == {"dropped": 2, "matches": 2}
    assert await rung(service) == []


async def test_a_new_rule_does_not_ring_on_old_articles(service, site, herald):
    """A rule that is added later rings on what comes after it, not on an edit of what would have matched."""
    poll = await herald()
    await poll(rss(CALM))
    await poll(rss(CALM, TRAIN))
    late = EVERYTHING.replace("Ferries", "Late").replace("[ferry]", "[trains]")
    await service.configure(late, f"feeds: [{{name: Herald, url: '{site.url}/rss'}}]")
    await poll(rss(CALM, replace(TRAIN, text="A ferry was still in the way.")))
    assert await rung(service) == [("Ferries", "Trains are late")]
    await poll(rss(CALM, TRAIN, Item(id="later", title="Trains are later still")))
    assert ("Late", "Trains are later still") in await rung(service)


async def test_an_article_that_is_renamed_does_not_ring_again(service, herald):
    """New ids for known articles are the same articles."""
    poll = await herald()
    await poll(rss(CALM))
    first = replace(FERRY, url="https://herald.example.org/ferry")
    await poll(rss(CALM, first))
    await poll(rss(CALM, replace(first, id="another")))
    await poll(rss(CALM, replace(first, id="a third", url="https://herald.example.org/moved")))
    assert len(await rung(service)) == 1


async def test_a_changed_address_is_a_first_poll(service, site, herald):
    """A feed that is polled at another address for the first time rings nothing of what it finds there."""
    poll = await herald()
    await poll(rss(CALM))
    site.pages["/moved"] = rss(CALM, FERRY)
    await service.configure(EVERYTHING, f"feeds: [{{name: Herald, url: '{site.url}/moved'}}]")
    await service.live()
    assert await rung(service) == []


async def test_after_a_lost_database_the_first_poll_is_silent(service, herald):
    """Without its rows the service begins anew: nothing of what the feed holds rings."""
    poll = await herald()
    await poll(rss(CALM))
    await service.close()
    for file in service.root.glob("tocsin.db*"):
        file.unlink()
    totals = await poll(rss(CALM, FERRY))
    assert totals.matches == {"dropped": 1, "matches": 1}


BAD_FEEDS = {
    "html": (
        Reply(headers={"content-type": "text/html"}, body=b"<!doctype html><html><p>A ferry.</html>"),
        "not_a_feed",
    ),
    "empty": (Reply(body=b""), "not_a_feed"),
    "large": (Reply(body=b"<rss><channel>" + b" " * 20_000_000), "too_large"),
    "announced": (Reply(headers={"content-length": "20000000"}, body=b""), "too_large"),
    "missing": (Reply(status=404), "http_status"),
    "failing": (Reply(status=503, headers={"retry-after": "7200"}), "http_status"),
    "circle": (Reply(status=302, headers={"location": "/rss"}), "redirects"),
    "inside": (Reply(status=302, headers={"location": "http://10.0.0.1/rss"}), "refused_address"),
}


@pytest.mark.parametrize("name", BAD_FEEDS)
async def test_a_feed_that_fails_is_one_line_and_a_back_off(service, herald, name):
    """A feed that cannot be read is told in one line with its reason, is polled later, and recovers without ringing."""
    bad, reason = BAD_FEEDS[name]
    poll = await herald()
    await poll(bad)
    lines = [json.loads(line) for line in service.log.getvalue().splitlines()]
    (failed,) = [line for line in lines if line["event"] == "feed.failed"]
    assert (failed["level"], failed["reason"]) == ("warning", reason)
    assert failed["detail"]
    assert "\n" not in failed["detail"]
    assert not any("exception" in line for line in lines)
    feed = (await service.feeds())["Herald"]
    state = "not-a-feed" if reason == "not_a_feed" else "failing"
    assert (feed.state.value, feed.reason, feed.failures, feed.last_success) == (state, reason, 1, None)
    assert feed.next_poll > service.clock() + (timedelta(hours=2) if name == "failing" else timedelta(minutes=9))
    await poll(rss(FERRY), hours=3)
    feed = (await service.feeds())["Herald"]
    assert (feed.state.value, feed.reason, feed.failures) == ("ok", None, 0)
    assert await rung(service) == []


async def test_a_feed_that_is_cut_gives_what_came_whole(service, herald):
    """Of a document that ends in the middle, the entries before the cut are read."""
    poll = await herald(", first_poll: all")
    page = rss(FERRY, TRAIN, CALM)
    await poll(Reply(body=page[: page.index(b"<guid isPermaLink='false'>calm")]))
    assert {title for _, title in await rung(service)} == {"Ferries stay in port", "Trains are late"}


async def test_a_lying_encoding_is_read_all_the_same(service, herald):
    """A document that says one encoding and uses another is read by its bytes."""
    poll = await herald(", first_poll: all")
    page = rss(replace(FERRY, title="Fähren in Köln: ferry")).replace(
        b'version="1.0"', b'version="1.0" encoding="ascii"', 1
    )
    await poll(Reply(headers={"content-type": "text/xml; charset=us-ascii"}, body=page))
    assert await rung(service) == [("Ferries", "Fähren in Köln: ferry")]


async def test_one_feed_that_fails_stops_no_other(service, site):
    """Feeds are polled apart: one that is broken, and one that is too large, cost the third nothing."""
    site.pages |= {"/rss": rss(FERRY), "/broken": Reply(body=b"<rss"), "/large": BAD_FEEDS["large"][0]}
    names = "".join(
        f"  - {{name: {name}, url: '{site.url}/{name}', first_poll: all}}\n" for name in ("broken", "large", "rss")
    )
    await service.configure(EVERYTHING, f"feeds:\n{names}")
    async with service.open() as app:
        await do_what_is_due(app)
        await balanced(app)
    assert len(await rung(service)) == 1
    assert {name: feed.state.value for name, feed in (await service.feeds()).items()} == {
        "broken": "not-a-feed",
        "large": "failing",
        "rss": "ok",
    }


async def test_a_restart_asks_nothing_before_its_time_and_nothing_without_its_validators(service, site, herald):
    """What was learnt of a feed outlives the daemon: its next poll, its validators, its back-off."""
    poll = await herald()
    await poll(rss(CALM))
    await service.close()
    await poll(rss(CALM), minutes=5)
    assert len(site.requests) == 1
    await poll(Reply(status=500), minutes=7)
    assert site.requests[-1].headers["if-none-match"].startswith('W/"')
    for _ in range(3):
        await poll(Reply(status=500), hours=2)
    count, feed = len(site.requests), (await service.feeds())["Herald"]
    assert feed.failures == 4
    await service.close()
    await poll(rss(FERRY, CALM), minutes=1)
    assert len(site.requests) == count
    assert (await service.feeds())["Herald"].next_poll == feed.next_poll


async def test_dates_that_cannot_be_count_as_missing(service, herald):
    """An entry of the future or of the year 1 is as new as any, and is told without a date."""
    poll = await herald()
    await poll(rss(CALM))
    future = replace(FERRY, published=service.clock() + timedelta(days=400))
    page = rss(replace(TRAIN, published=service.clock()), future, CALM)
    year_one = page.replace(b"Sun, 01 Mar 2026", b"Mon, 01 Jan 0001")
    await poll(year_one)
    assert [report.data["article"]["published"] for report in await service.alerts()] == [None, None]


async def test_what_a_single_run_could_not_store_is_nobodys(service, site, herald):
    """Whoever runs next, another daemon of the database too, finds what a failed run could not store."""
    site.pages["/rss"] = rss(CALM)
    await herald()

    async def refuse(record):
        raise StorageError("the database refused")

    async with service.open() as app:
        app.store.commit_poll = refuse
        with pytest.raises(StorageError, match="the next run polls it again"):
            await run_once(app)
        now = service.clock()
        (due,) = await app.store.claim_due_feeds("another", now, timedelta(minutes=5), 9, due_by=now)
        assert due.name == "Herald"
