"""How stories stand: their articles, their alerts with what changes in these, and the alerts that wait."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tocsin.model import (
    AlertRecord,
    AlertUpdate,
    Commit,
    Delivered,
    DispatchState,
    DropReason,
    HeldAlert,
    MatchOutcome,
    MessageKind,
)
from tocsin.ports import DueWork

HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)
STORY, ALERT = "story of first", "alert of first"


def match(make, name, outcome=MatchOutcome.WAITING):
    record = make.match(make.article(name), ALERT)
    return replace(record, outcome=outcome, alert_id=None if outcome is MatchOutcome.WAITING else ALERT)


def held(make, name="first", **changes):
    """Build the alert of an article that opened its story, which waits for an hour."""
    alert = HeldAlert(
        id=f"alert of {name}",
        rule_name="Bridges",
        rule_key="Bridges:1",
        story_id=f"story of {name}",
        article_id=make.article(name).id,
        version=1,
        data={"story": {"sources": ["gazette.example"]}, "odd": "NUL \x00, half a pair \ud83c"},
        until=make.NOON + HOUR,
    )
    return replace(alert, **changes)


def rung(alert):
    """Build the alert that rings after it waited."""
    kept = ("id", "rule_name", "rule_key", "story_id", "article_id", "version", "data")
    return AlertRecord(**{name: getattr(alert, name) for name in kept})


async def outcomes(desk, *names):
    """Return how the matches of articles ended."""
    found = [await desk.store.article_report(desk.make.article(name).id) for name in names]
    return [(item.outcome, item.reason, item.alert_id) for report in found for item in report.versions[0].matches]


async def wait(desk):
    """Have the alert of the first article wait, and the match of a second one with it."""
    alert = held(desk.make)
    first, second = desk.placement("first"), desk.placement("second", story="first", outlet="Courier")
    assert await desk.place(first, held=(alert,), matches=(match(desk.make, "first"),)) is Commit.DONE
    assert await desk.place(second, matches=(match(desk.make, "second"),)) is Commit.DONE
    return alert


async def test_a_story_stands_as_its_articles_and_alerts_say(desk):
    """A standing names the articles in the order in which they joined, and the alerts; unknown ids are left out."""
    alert = await wait(desk)
    standings = await desk.store.story_standings([STORY, "unknown"])
    assert set(standings) == {STORY}
    standing = standings[STORY]
    assert [(item.article_id, item.outlet) for item in standing.sources] == [
        (desk.make.article("first").id, "Harbour Gazette"),
        (desk.make.article("second").id, "Courier"),
    ]
    article = desk.make.article("first")
    source = standing.sources[0]
    assert (source.feed, source.url, source.title) == (article.feed, article.url, article.title)
    assert (source.published, source.seen) == (article.published, desk.make.NOON + timedelta(seconds=1))
    assert (standing.alerts, standing.held) == ((), (alert,))


async def test_the_article_that_opened_a_story_comes_first(desk):
    """Of the articles of one poll the one that opened the story is its first source, whatever the others' dates say."""
    await desk.place(desk.placement("zebra"), desk.placement("ant", story="zebra"))
    (standing,) = (await desk.store.story_standings(["story of zebra"])).values()
    assert [source.article_id.split("/")[1] for source in standing.sources] == ["zebra", "ant"]


# ---------------------------------------------------------------------------------------------------------------
# Alerts that wait


async def test_an_alert_that_waited_rings(desk):
    """A release makes the match that waited first the one that rang, lets the others join, and ends the waiting."""
    alert = await wait(desk)
    third = desk.placement("third", story="first", outlet="Herald")
    joined = match(desk.make, "third", MatchOutcome.JOINED)
    assert await desk.place(third, matches=(joined,), alerts=(rung(alert),), released=(ALERT,)) is Commit.DONE
    assert await outcomes(desk, "first", "second", "third") == [
        (MatchOutcome.RUNG, None, ALERT),
        (MatchOutcome.JOINED, None, ALERT),
        (MatchOutcome.JOINED, None, ALERT),
    ]
    standing = (await desk.store.story_standings([STORY]))[STORY]
    assert ([item.id for item in standing.alerts], standing.held) == ([ALERT], ())
    assert await desk.store.due_work(alert.until) == {DueWork.FEEDS}


async def test_an_alert_waits_until_its_time_and_no_longer(desk):
    """What waits is due at its time and not before; then its matches are dropped for too few sources, once."""
    alert = await wait(desk)
    end = alert.until
    assert DueWork.HOLDS not in await desk.store.due_work(end - INSTANT)
    assert await desk.store.expire_holds(end - INSTANT) == []
    assert DueWork.HOLDS in await desk.store.due_work(end)
    assert await desk.store.expire_holds(end) == [alert]
    assert await outcomes(desk, "first", "second") == [(MatchOutcome.DROPPED, DropReason.TOO_FEW_SOURCES, None)] * 2
    assert DueWork.HOLDS not in await desk.store.due_work(end)
    assert await desk.store.expire_holds(end) == []


async def test_the_end_of_one_wait_is_nothing_to_another(desk):
    """An alert that ends or rings leaves the matches of other stories, and those of other rules, as they were."""
    alert = await wait(desk)
    other = held(desk.make, "other", until=alert.until + HOUR)
    by_tower = replace(match(desk.make, "other"), rule_name="Towers", rule_key="Towers:1")
    matches = (match(desk.make, "other"), by_tower)
    assert await desk.place(desk.placement("other", range(9)), held=(other,), matches=matches) is Commit.DONE
    await desk.store.expire_holds(alert.until)
    assert await outcomes(desk, "other") == [(MatchOutcome.WAITING, None, None)] * 2
    await desk.store.expire_holds(other.until)
    assert [outcome for outcome, *_ in await outcomes(desk, "other")] == [MatchOutcome.DROPPED, MatchOutcome.WAITING]


async def test_what_does_not_wait_any_more_is_not_released(desk):
    """A release of an alert whose wait was over meanwhile is a conflict, and nothing of the poll is stored."""
    alert = await wait(desk)
    await desk.store.expire_holds(alert.until)
    third = desk.placement("third", story="first")
    assert await desk.place(third, alerts=(rung(alert),), released=(ALERT,)) is Commit.CONFLICT
    assert await desk.store.article_report(desk.make.article("third").id) is None
    assert await desk.store.alert_reports(None, None) == []


async def test_an_alert_waits_once(desk):
    """A second wait for the same alert is a conflict."""
    await wait(desk)
    third = desk.placement("third", range(9))
    assert await desk.place(third, held=(held(desk.make, until=desk.make.NOON),)) is Commit.CONFLICT


# ---------------------------------------------------------------------------------------------------------------
# Updates


def change(make, number, **changes):
    update = AlertUpdate(
        alert_id=ALERT, number=number, article_id=make.article("first").id, version=1, data={"said": number}
    )
    return replace(update, **changes)


async def ring(desk):
    """Ring for the first article on the desk's channel; return what was decided."""
    decided = desk.make.decisions(desk.make.article("first"))
    dispatch = replace(decided.dispatches[0], alert_id=ALERT)
    end = await desk.place(
        desk.placement("first"),
        matches=(match(desk.make, "first", MatchOutcome.RUNG),),
        alerts=(rung(held(desk.make)),),
        dispatches=(dispatch,),
        messages=decided.messages,
    )
    assert end is Commit.DONE
    return decided


async def test_an_update_is_what_the_alert_says_from_now_on(desk):
    """An update changes the alert's data and version and counts itself; the alert, its story and its time stay."""
    await ring(desk)
    (before,) = await desk.store.alert_reports(None, None)
    assert await desk.place(desk.placement("second", story="first"), updates=(change(desk.make, 1),)) is Commit.DONE
    (after,) = await desk.store.alert_reports(None, None)
    assert after == replace(before, data={"said": 1})
    (standing,) = (await desk.store.story_standings([STORY]))[STORY].alerts
    assert (standing.id, standing.rule_name, standing.updates, standing.version) == (ALERT, "Bridges", 1, 1)
    assert (standing.article_id, standing.channels) == (desk.make.article("first").id, ("desk",))


@pytest.mark.parametrize("number", [0, 1, 3])
async def test_an_update_of_what_was_updated_meanwhile_is_refused(desk, number):
    """An update that does not count on from the last one is a conflict, and nothing of the poll is stored."""
    await ring(desk)
    await desk.place(desk.placement("second", story="first"), updates=(change(desk.make, 1),))
    late = change(desk.make, number)
    assert await desk.place(desk.placement("third", story="first"), updates=(late,)) is Commit.CONFLICT
    (report,) = await desk.store.alert_reports(None, None)
    assert report.data == {"said": 1}
    assert len((await desk.store.story_standings([STORY]))[STORY].sources) == 2


async def test_updates_that_commit_together_count_on(desk):
    """Of two updates from one state one is stored, whichever comes first."""
    await ring(desk)
    placed = [desk.placement(name, [], story="first") for name in ("second", "third")]
    head, now = await desk.head(), desk.make.NOON + HOUR
    await desk.store.apply_configuration([desk.make.feed(), desk.make.feed("Courier")], ["desk"], now)
    for feed in ("Harbour Gazette", "Courier"):
        await desk.store.wake_feed(feed, now)
    await desk.make.leased(desk.store, now=now)
    polls = [
        replace(desk.poll(item, at=now, head=head, updates=(change(desk.make, 1),)), feed=feed)
        for item, feed in zip(placed, ("Harbour Gazette", "Courier"), strict=True)
    ]
    ends = await asyncio.gather(*map(desk.store.commit_poll, polls))
    assert sorted(ends) == [Commit.CONFLICT, Commit.DONE]


async def test_an_update_says_nothing_of_how_the_alert_went(desk):
    """The message of an update is delivered by itself: what comes of it changes no dispatch's state or time."""
    decided = await ring(desk)
    (delivery,) = await desk.make.claimed(desk.store, now=desk.make.NOON + HOUR)
    await desk.store.record_attempt(desk.make.attempt(delivery, Delivered()))
    (before,) = (await desk.store.alert_reports(None, None))[0].dispatches
    assert before.state is DispatchState.SENT
    told = replace(decided.messages[0], id="update", kind=MessageKind.UPDATED)
    told = replace(told, deliveries=(replace(told.deliveries[0], id="update for desk"),))
    update = change(desk.make, 1)
    await desk.place(desk.placement("second", story="first"), updates=(update,), messages=(told,))
    (later,) = await desk.make.claimed(desk.store, now=desk.make.NOON + 2 * HOUR)
    assert later.id == "update for desk"
    assert (await desk.store.alert_reports(None, None))[0].dispatches == (before,)
    await desk.store.record_attempt(desk.make.attempt(later, Delivered()))
    assert (await desk.store.alert_reports(None, None))[0].dispatches == (before,)
