"""An article that breaks what is done with it is put aside after three tries; all others go on as if it were not."""

import pytest

from support.commands import objects
from support.receiver import Reply
from support.service import balanced, do_what_is_due
from support.site import Item, Site, rss
from tocsin.model import DeadReason, DispatchState
from tocsin.pipeline import delivering, flushing, judging
from tocsin.rules.index import RuleIndex

FERRY = Item(id="ferry", title="Ferries stay in port", text="A gale keeps every ferry in the harbour.")
TRAM = Item(id="tram", title="Trams and ferries are late", text="Snow keeps every tram and ferry where it is.")
BAD = Item(id="bad", title="Poisoned wells", text="The ferry to the wells is full.")
CONFIG = """
    defaults: {{allow_private: [127.0.0.0/8], first_poll: all, every: 10m}}
    feeds: [{{name: Herald, url: '{url}/rss'}}]
    rules: [{{name: Ferries, keywords: [ferry]}}]
    channels: [{{name: console, type: console}}]
"""


def poisoned(function, named=lambda argument: argument.title):
    """Have a function break on what has the bad title, as a bug of ours would."""

    def breaking(*arguments, **options):
        if any(named(argument) == BAD.title for argument in arguments if hasattr(argument, "title")):
            raise RuntimeError("it breaks on this")
        return function(*arguments, **options)

    return breaking


@pytest.fixture
async def site():
    async with Site({"/rss": rss(FERRY, BAD, TRAM)}) as site:
        yield site


def events(service, *names):
    return [event for event in objects(service.log.getvalue()) if event["event"] in names]


async def titles(app):
    return sorted(str(alert.data["article"]["title"]) for alert in await app.store.alert_reports(None, None))


def break_matching(monkeypatch):
    monkeypatch.setattr(RuleIndex, "match", poisoned(RuleIndex.match))


def break_comparing(monkeypatch):
    monkeypatch.setattr(judging, "likeness", poisoned(judging.likeness))


def break_rendering(monkeypatch):
    whole = judging.render_data

    def breaking(facts):
        if facts.article.title == BAD.title:
            raise RuntimeError("it breaks on this")
        return whole(facts)

    monkeypatch.setattr(judging, "render_data", breaking)
    ringing = judging.alert_record

    def broken(facts, *rest):
        breaking(facts)
        return ringing(facts, *rest)

    monkeypatch.setattr(judging, "alert_record", broken)


@pytest.mark.parametrize("how", [break_matching, break_comparing, break_rendering])
async def test_the_others_go_out_and_it_is_put_aside_after_three_tries(service, site, monkeypatch, how):
    """The rest of its poll rings at once; it is tried in three polls, told with its trace, and then left alone."""
    await service.configure(CONFIG.format(url=site.url))
    how(monkeypatch)
    async with service.open() as app:
        for _ in range(5):
            await do_what_is_due(app)
            totals = await balanced(app)
            assert await titles(app) == [FERRY.title, TRAM.title]
            service.clock.turn(minutes=11)
        (report,) = await app.store.feed_reports(service.clock())
        (aside,) = (await app.store.asides([event["article"] for event in events(service, "article.shelved")])).values()
    assert (report.state.value, report.failures) == ("ok", 0)
    assert (aside.title, aside.tries) == (BAD.title, 3)
    told = events(service, "article.failed", "article.shelved")
    assert [(event["event"], event["attempt"]) for event in told] == [
        ("article.failed", 1),
        ("article.failed", 2),
        ("article.shelved", 3),
    ]
    assert all("it breaks on this" in event["detail"] for event in told)
    assert totals.entries["skipped"] >= 3
    assert not events(service, "step.crashed", "feed.failed")


async def test_a_group_that_breaks_stops_no_other(service, site, monkeypatch, tmp_path):
    """What is told together on another channel is told at once, and the group itself ten minutes later if it can be."""
    ways = CONFIG.replace(
        "[{{name: console, type: console}}]",
        "[{{name: first, type: file, path: '{place}/1'}}, {{name: second, type: file, path: '{place}/2'}}]",
    )
    route = """
    routes: [{{channels: [first, second], group_by: feed, group_wait: 1s}}]
"""
    await service.configure((ways + route).format(url=site.url, place=tmp_path))
    whole = flushing.group_messages

    def breaking(key, alerts, channel, now):
        if channel.name == "first":
            raise RuntimeError("it breaks on this")
        return whole(key, alerts, channel, now)

    async with service.open() as app:
        await do_what_is_due(app)
        with monkeypatch.context() as broken:
            broken.setattr(flushing, "group_messages", breaking)
            service.clock.turn(seconds=2)
            await do_what_is_due(app)
        assert (await balanced(app)).deliveries == {"delivered": 1, "deliveries": 1}
        service.clock.turn(minutes=11)
        await do_what_is_due(app)
        assert (await balanced(app)).deliveries == {"delivered": 2, "deliveries": 2}
    (crash,) = events(service, "step.crashed")
    assert (crash["step"], crash["channel"]) == ("flush", "first")


async def test_it_rings_when_it_breaks_no_more(service, site, monkeypatch):
    """What a later try gets through rings like any other; one try that broke costs nothing but the time."""
    await service.configure(CONFIG.format(url=site.url))
    async with service.open() as app:
        with monkeypatch.context() as broken:
            break_matching(broken)
            await do_what_is_due(app)
            assert await titles(app) == [FERRY.title, TRAM.title]
        service.clock.turn(minutes=11)
        await do_what_is_due(app)
        await balanced(app)
        assert await titles(app) == [FERRY.title, BAD.title, TRAM.title]


async def test_an_edit_of_it_is_tried_anew(service, site, monkeypatch):
    """An article that was put aside is another one for it when its text changes."""
    await service.configure(CONFIG.format(url=site.url))
    async with service.open() as app:
        with monkeypatch.context() as broken:
            break_matching(broken)
            for _ in range(4):
                await do_what_is_due(app)
                service.clock.turn(minutes=11)
        await do_what_is_due(app)
        assert await titles(app) == [FERRY.title, TRAM.title]
        service.clock.turn(minutes=11)
        mended = Item(id="bad", title=BAD.title, text="The ferry to the wells sails again.")
        site.pages["/rss"] = rss(FERRY, mended, TRAM)
        await do_what_is_due(app)
        assert await titles(app) == [FERRY.title, BAD.title, TRAM.title]


async def test_an_edit_that_breaks_leaves_the_article_as_it_was(service, site, monkeypatch):
    """A version that breaks is not stored; the one before it stays, and the alert that it rang."""
    await service.configure(CONFIG.format(url=site.url))
    site.pages["/rss"] = rss(FERRY, TRAM)
    async with service.open() as app:
        await do_what_is_due(app)
        break_matching(monkeypatch)
        for _ in range(5):
            service.clock.turn(minutes=11)
            site.pages["/rss"] = rss(FERRY, Item(id="tram", title=BAD.title, text=TRAM.text))
            await do_what_is_due(app)
            totals = await balanced(app)
        assert await titles(app) == [FERRY.title, TRAM.title]
    assert totals.entries["changed"] == 0
    assert len(events(service, "article.shelved")) == 1


async def test_what_breaks_every_article_is_the_feeds_failure(service, site, monkeypatch):
    """Where all articles of a poll break, it is not they: nothing is put aside, and the feed is tried again."""
    await service.configure(CONFIG.format(url=site.url))

    def broken(*_):
        raise RuntimeError("every article breaks")

    async with service.open() as app:
        with monkeypatch.context() as bug:
            bug.setattr(RuleIndex, "match", broken)
            for _ in range(5):
                await do_what_is_due(app)
                service.clock.turn(hours=2)
        assert not events(service, "article.failed", "article.shelved")
        assert events(service, "feed.failed")[0]["reason"] == "internal"
        service.clock.turn(days=1)
        await do_what_is_due(app)
        assert await titles(app) == [FERRY.title, BAD.title, TRAM.title]


async def test_an_article_that_waits_for_its_page_is_put_aside_too(service, site, monkeypatch):
    """An article whose page is to be read, and that breaks, ends after three tries; the others ring."""
    texts = [f"{site.url}/{item.id}" for item in (FERRY, BAD)]
    items = [
        Item(id=item.id, title=item.title, text="The ferry.", url=url)
        for item, url in zip((FERRY, BAD), texts, strict=True)
    ]
    site.pages |= {"/rss": rss(*items), "/ferry": Reply(status=404), "/bad": Reply(status=404)}
    await service.configure(CONFIG.format(url=site.url).replace("every: 10m", "every: 10h, full_text: always"))
    break_matching(monkeypatch)
    async with service.open() as app:
        for _ in range(12):
            await do_what_is_due(app)
            service.clock.turn(minutes=3)
        assert await titles(app) == [FERRY.title]
        await balanced(app)
        due = await app.pipeline.due_lanes()
    assert len(events(service, "article.shelved")) == 1
    assert "late pages" not in due


async def test_a_message_that_cannot_be_said_dies_and_the_others_go_out(service, site, monkeypatch):
    """An alert that cannot be put into words is dead for that reason; it holds up nothing."""
    whole = delivering.render_notice

    def breaking(payload, *rest):
        if payload["data"]["article"]["title"] == BAD.title:
            raise RuntimeError("it breaks on this")
        return whole(payload, *rest)

    monkeypatch.setattr(delivering, "render_notice", breaking)
    await service.configure(CONFIG.format(url=site.url))
    async with service.open() as app:
        await do_what_is_due(app)
        await balanced(app)
        ways = {
            alert.data["article"]["title"]: (alert.dispatches[0].state, alert.dispatches[0].reason)
            for alert in await app.store.alert_reports(None, None)
        }
    assert ways == {
        FERRY.title: (DispatchState.SENT, None),
        TRAM.title: (DispatchState.SENT, None),
        BAD.title: (DispatchState.DEAD, DeadReason.UNRENDERABLE),
    }
