"""What holds of feeds, since when, and who told people of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tocsin.model import Commit, FeedKind, FeedMemory, FeedState, FetchReason, MessageKind, OpenCondition, ToldRecord
from tocsin.ports import DueWork
from tocsin.storage.store import open_store

MINUTE, HOUR, INSTANT = timedelta(minutes=1), timedelta(hours=1), timedelta(microseconds=1)


async def found(store, make, *conditions, after=timedelta(), **changes):
    """Poll the feed that long after noon and find these conditions; it is due again at once."""
    at = make.NOON + after
    await make.polled(store, make.poll(at=at, next_poll=at, conditions=conditions, **changes))


async def silent(store, make, **changes):
    """Configure a feed and find it silent; return the condition as people are to be told of it."""
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    await found(store, make, make.condition(**changes))
    return (await store.tellings(make.NOON + 9 * HOUR)).due[0]


async def due(store, at):
    return (await store.tellings(at)).due


# ---------------------------------------------------------------------------------------------------------------
# Beginning, lasting, ending


async def test_a_condition_begins_with_the_poll_that_finds_it(store, make):
    """What a poll finds holds from then on, is reported, and is given to the next poll."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    states = {FeedState.SILENT, FeedState.MOVED}
    await found(store, make, *map(make.condition, states))
    (report,) = await store.feed_reports(make.NOON)
    (leased,) = await make.leased(store)
    assert (leased.conditions, set(report.conditions)) == (states, states)


async def test_people_are_told_from_the_time_on_that_was_set(store, make):
    """A condition is due to be told when its time has come, with what is known of its feed by then."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    memory = make.memory(last_success=make.NOON - HOUR)
    tell_at = make.NOON + HOUR
    failing = make.condition(FeedState.FAILING, tell_at=tell_at)
    await found(store, make, failing, state=FeedState.FAILING, reason=FetchReason.DNS, memory=memory)
    assert await due(store, tell_at - INSTANT) == ()
    assert DueWork.TELLINGS not in await store.due_work(tell_at - INSTANT)
    assert DueWork.TELLINGS in await store.due_work(tell_at)
    assert await due(store, tell_at) == (
        OpenCondition(
            feed="Harbour Gazette",
            state=FeedState.FAILING,
            since=make.NOON,
            until=None,
            detail="it is failing",
            told=False,
            reason=FetchReason.DNS,
            last_success=make.NOON - HOUR,
            next_poll=make.NOON,
        ),
    )


async def test_a_feed_that_stopped_is_told_without_a_next_poll(store, make):
    """People are not told of a next poll that there is not."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.polled(store, make.poll(next_poll=None, conditions=(make.condition(FeedState.GONE),)))
    (told,) = await due(store, make.NOON)
    assert told.next_poll is None


async def test_a_condition_lasts_with_its_beginning_and_renews_its_detail(store, make):
    """A condition that is found again began when it was found first, and is told in the last words, and not sooner."""
    await silent(store, make, tell_at=make.NOON + HOUR)
    await found(store, make, make.condition(detail="still", tell_at=make.NOON + 9 * HOUR), after=MINUTE)
    assert await due(store, make.NOON + 8 * HOUR) == ()
    await found(store, make, make.condition(detail="still", tell_at=make.NOON), after=2 * MINUTE)
    (lasting,) = await due(store, make.NOON + 9 * HOUR)
    assert (lasting.since, lasting.detail, lasting.until) == (make.NOON, "still", None)


async def test_a_condition_that_nobody_was_told_of_ends_unsaid(store, make):
    """Where people were not told that something began, they are not told that it ended."""
    await silent(store, make, tell_at=make.NOON + HOUR)
    await found(store, make, after=MINUTE)
    assert await due(store, make.NOON + 9 * HOUR) == ()
    (leased,) = await make.leased(store, now=make.NOON + MINUTE)
    assert leased.conditions == frozenset()


async def test_a_condition_that_was_told_is_told_again_when_it_ends(store, make):
    """After people were told, nothing is due until the condition ends, and then its end, once."""
    condition = await silent(store, make)
    assert await store.commit_told(ToldRecord(at=make.NOON, told=(condition,)))
    await found(store, make, make.condition(detail="still"), after=MINUTE)
    assert await due(store, make.NOON + 9 * HOUR) == ()
    await found(store, make, after=HOUR)
    assert await due(store, make.NOON + HOUR - INSTANT) == ()
    (ended,) = await due(store, make.NOON + HOUR)
    assert (ended.since, ended.until, ended.told, ended.detail) == (make.NOON, make.NOON + HOUR, True, "still")
    assert await store.commit_told(ToldRecord(at=make.NOON + HOUR, told=(ended,)))
    assert await due(store, make.NOON + 9 * HOUR) == ()


async def test_a_condition_that_comes_back_is_another(store, make):
    """What begins again after its end is told anew, while the end of the first may still wait to be told."""
    condition = await silent(store, make)
    await store.commit_told(ToldRecord(at=make.NOON, told=(condition,)))
    await found(store, make, after=HOUR)
    await found(store, make, make.condition(tell_at=make.NOON + 2 * HOUR), after=2 * HOUR)
    told = await due(store, make.NOON + 2 * HOUR)
    assert [(each.since - make.NOON, each.until, each.told) for each in told] == [
        (timedelta(), make.NOON + HOUR, True),
        (2 * HOUR, None, False),
    ]


async def test_conditions_end_one_by_one(store, make):
    """Each condition lasts as long as polls find it, whatever else begins or ends."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    seen = []
    for minute, states in enumerate(["silent moved", "moved stuck", "moved", ""]):
        held = [make.condition(FeedState(state)) for state in states.split()]
        await found(store, make, *held, after=minute * MINUTE)
        (leased,) = await make.leased(store, now=make.NOON + minute * MINUTE)
        seen.append(" ".join(sorted(leased.conditions, reverse=True)))
        await store.release_leases(None)
    assert seen == ["silent moved", "stuck moved", "moved", ""]


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("change", ["removed", "location"])
async def test_what_held_of_a_feed_is_forgotten_with_it(store, make, told, change):
    """Of a feed that is removed, or at another place, nothing holds any more, and nobody is told of the old one."""
    condition = await silent(store, make)
    if told:
        await store.commit_told(ToldRecord(at=make.NOON, told=(condition,)))
    feeds = [] if change == "removed" else [make.feed(location="https://gazette.example/atom")]
    await store.apply_configuration(feeds, ["desk"], make.NOON + HOUR)
    assert await due(store, make.NOON + 9 * HOUR) == ()
    await store.apply_configuration(feeds or [make.feed()], ["desk"], make.NOON + HOUR)
    (leased,) = await make.leased(store, now=make.NOON + HOUR)
    assert leased.conditions == frozenset()


async def test_an_end_that_waits_to_be_told_goes_with_its_feed(store, make):
    """The end of a condition is not told of a feed that nobody watches any more."""
    condition = await silent(store, make)
    await store.commit_told(ToldRecord(at=make.NOON, told=(condition,)))
    await found(store, make, after=HOUR)
    await store.apply_configuration([], ["desk"], make.NOON + HOUR)
    assert await due(store, make.NOON + 9 * HOUR) == ()


async def test_a_poll_that_is_not_stored_begins_and_ends_nothing(store, make):
    """Conditions are stored with their poll or not at all."""
    article = await make.rung(store)
    at = make.NOON + HOUR
    await make.leased(store, now=at)
    again = replace(make.ringing(article), at=at, conditions=(make.condition(),))
    assert await store.commit_poll(again) is Commit.CONFLICT
    assert await due(store, make.NOON + 9 * HOUR) == ()


# ---------------------------------------------------------------------------------------------------------------
# Telling


def ops(make, name="desk"):
    return replace(make.message(channel=name), id=f"report to {name}", kind=MessageKind.OPS)


async def test_what_is_told_is_due_for_its_channel(store, make):
    """The messages that tell of a condition are deliveries like others, due when it was decided."""
    condition = await silent(store, make)
    assert await store.commit_told(ToldRecord(at=make.NOON, told=(condition,), messages=(ops(make),)))
    assert await store.due_channels(make.NOON) == ["desk"]
    (delivery,) = await make.claimed(store)
    assert delivery.payload == ops(make).payload


async def test_what_is_put_off_is_due_later(store, make):
    """A condition that is put off is due again at its new time, and not told yet."""
    condition = await silent(store, make)
    later = make.NOON + 3 * HOUR
    assert await store.commit_told(ToldRecord(at=make.NOON, postponed=((condition, later),)))
    assert await due(store, later - INSTANT) == ()
    assert await due(store, later) == (condition,)


async def test_what_another_told_is_not_told_again(database_url, make):
    """Of two that tell at the same moment, from two connections, one does, and the other stores nothing of it."""
    stores = [await open_store(database_url) for _ in range(2)]
    feeds = [make.feed("a"), make.feed("b")]
    await stores[0].apply_configuration(feeds, ["desk", "duty"], make.NOON)
    await make.leased(stores[0])
    for feed in feeds:
        await stores[0].commit_poll(make.poll(feed=feed.name, conditions=(make.condition(),)))
    first, second = await due(stores[0], make.NOON)
    records = [
        ToldRecord(at=make.NOON, told=(first, second), messages=(ops(make, "desk"),)),
        ToldRecord(at=make.NOON, told=(second, first), messages=(ops(make, "duty"),)),
    ]
    ends = await asyncio.gather(*(store.commit_told(record) for store, record in zip(stores, records, strict=True)))
    channels = await stores[0].due_channels(make.NOON)
    assert sorted(ends) == [False, True]
    assert channels == (["desk"] if ends[0] else ["duty"])
    assert await due(stores[0], make.NOON + 9 * HOUR) == ()
    for store in stores:
        await store.aclose()


@pytest.mark.parametrize("way", ["told", "ended"])
async def test_telling_is_all_or_nothing(store, make, way):
    """Where one condition is not as it was when it was looked at, nothing of the telling is stored."""
    condition = await silent(store, make)
    if way == "told":
        await store.commit_told(ToldRecord(at=make.NOON, told=(condition,)))
        assert not await store.commit_told(ToldRecord(at=make.NOON, postponed=((condition, make.NOON + HOUR),)))
    else:
        await found(store, make, after=MINUTE)
    await store.apply_configuration([make.feed(), make.feed("Ostwick Herald")], ["desk"], make.NOON)
    await make.polled(store, make.poll(feed="Ostwick Herald", conditions=(make.condition(),)))
    (other,) = [each for each in await due(store, make.NOON) if each.feed == "Ostwick Herald"]
    record = ToldRecord(
        at=make.NOON,
        told=(other, condition),
        begun=make.condition(FeedState.NETWORK_DOWN),
        messages=(ops(make),),
    )
    assert not await store.commit_told(record)
    assert await store.due_channels(make.NOON) == []
    assert other in await due(store, make.NOON)
    assert (await store.tellings(make.NOON)).network_down is None


# ---------------------------------------------------------------------------------------------------------------
# The network


FAILURES = (FetchReason.DNS, FetchReason.CONNECT, FetchReason.TIMEOUT, FetchReason.TLS)


async def test_tellings_count_what_is_watched(store, make):
    """Counted are configured feeds of the network that have not stopped, their hosts, and which cannot be reached."""
    specs = {
        "reached": {"memory": make.memory(last_success=make.NOON - HOUR)},
        "reached before": {"memory": make.memory(last_success=make.NOON - 2 * HOUR)},
        **{reason: {"state": FeedState.FAILING, "reason": reason} for reason in FAILURES},
        "lost": {"state": FeedState.LOST, "reason": FetchReason.DNS},
        "stopped": {"state": FeedState.FAILING, "reason": FetchReason.DNS, "next_poll": None},
        "directory": {"state": FeedState.FAILING, "reason": FetchReason.DNS},
        "removed": {"state": FeedState.FAILING, "reason": FetchReason.DNS},
    }
    kinds = {"directory": FeedKind.DIRECTORY}
    feeds = [make.feed(name, kind=kinds.get(name, FeedKind.HTTP)) for name in specs]
    feeds += [make.feed("never polled", "https://reached.example/other")]
    await store.apply_configuration(feeds, [], make.NOON)
    await store.claim_due_feeds("first", make.NOON, make.LEASE, 99, due_by=make.NOON, one_per_host=False)
    for name, changes in specs.items():
        record = make.poll(**{"feed": name, "memory": FeedMemory(), **changes})
        assert await store.commit_poll(record) is Commit.DONE
    await store.apply_configuration([feed for feed in feeds if feed.name != "removed"], [], make.NOON)
    tellings = await store.tellings(make.NOON)
    assert (tellings.http_feeds, tellings.hosts, tellings.unreachable) == (8, 7, 4)
    assert (tellings.last_reached, tellings.network_down) == (make.NOON - HOUR, None)


async def test_without_feeds_there_is_nothing_to_tell(store, make):
    """An installation without feeds counts none, and none was ever reached."""
    tellings = await store.tellings(make.NOON)
    assert (tellings.due, tellings.http_feeds, tellings.hosts, tellings.unreachable) == ((), 0, 0, 0)
    assert tellings.last_reached is None


FAILING = {"state": FeedState.FAILING, "reason": FetchReason.CONNECT, "reached": False}


async def outage(store, make, **more):
    """Have two feeds fail, people told of the outage and what the feeds would tell put off for three hours."""
    far = make.NOON + 24 * HOUR
    feeds = [make.feed(name) for name in ("Harbour Gazette", "Ostwick Herald", *more)]
    await store.apply_configuration(feeds, ["desk"], make.NOON)
    await make.leased(store)
    for feed in feeds:
        failing = make.condition(FeedState.FAILING, tell_at=make.NOON + 15 * MINUTE)
        changes = {
            "conditions": (failing,),
            "memory": make.memory(not_before=far),
            **FAILING,
            **more.get(feed.name, {}),
        }
        assert await store.commit_poll(make.poll(feed=feed.name, next_poll=far, **changes)) is Commit.DONE
    at = make.NOON + 15 * MINUTE
    begun = make.condition(FeedState.NETWORK_DOWN, detail="all is quiet", tell_at=at)
    later = tuple((each, make.NOON + 3 * HOUR) for each in await due(store, at))
    assert await store.commit_told(ToldRecord(at=at, postponed=later, begun=begun, messages=(ops(make),)))
    return begun


async def answered(store, make, after, **changes):
    """Poll the Harbour Gazette again, by hand."""
    at = make.NOON + after
    await store.wake_feed("Harbour Gazette", at)
    record = make.poll(at=at, next_poll=at + HOUR, **changes)
    await make.polled(store, record)
    return at


async def test_an_outage_begins_when_it_is_told(store, make):
    """An outage holds from its telling on, for all feeds together; it is not told again, and every poll knows."""
    await outage(store, make)
    tellings = await store.tellings(make.NOON + 2 * HOUR)
    assert tellings.due == ()
    assert tellings.network_down == OpenCondition(
        feed="",
        state=FeedState.NETWORK_DOWN,
        since=make.NOON + 15 * MINUTE,
        until=None,
        detail="all is quiet",
        told=True,
    )
    leased = await make.leased(store, now=make.NOON + 24 * HOUR)
    assert [each.network_down for each in leased] == [True, True]
    assert [each.conditions for each in leased] == [{FeedState.FAILING}] * 2, "the feeds' own do not mix with it"


async def test_an_outage_begins_once(store, make):
    """An outage that holds cannot begin, and nothing of such a telling is stored."""
    begun = await outage(store, make)
    again = ToldRecord(at=make.NOON + HOUR, begun=begun, messages=(ops(make, "duty"),))
    assert not await store.commit_told(again)
    assert await store.due_channels(make.NOON + HOUR) == ["desk"]


@pytest.mark.parametrize("failing", [False, True])
async def test_an_outage_ends_with_the_first_answer(store, make, failing):
    """Any answer of any server, an error too, ends the outage, and its end is due to be told at once, once."""
    await outage(store, make)
    error = {"state": FeedState.FAILING, "reason": FetchReason.HTTP_STATUS}
    at = await answered(store, make, HOUR, **(error if failing else {}))
    tellings = await store.tellings(at)
    assert tellings.network_down is None
    (ended,) = [each for each in tellings.due if not each.feed]
    assert (ended.state, ended.since, ended.until) == (FeedState.NETWORK_DOWN, make.NOON + 15 * MINUTE, at)
    assert await store.commit_told(ToldRecord(at=at, told=(ended,)))
    at = await answered(store, make, 2 * HOUR)
    assert await due(store, at) == ()
    assert [each.network_down for each in await make.leased(store, now=at + HOUR)] == [False, False]


async def test_a_poll_that_reached_nobody_ends_no_outage(store, make):
    """An outage lasts while no server answers."""
    await outage(store, make)
    at = await answered(store, make, HOUR, **FAILING)
    assert (await store.tellings(at)).network_down is not None


async def test_after_an_outage_feeds_are_polled_soon(store, make):
    """What failed for the network is polled within a minute of its end, whatever it was to wait for; no other is."""
    await outage(store, make, lost={"state": FeedState.LOST}, broken={"reason": FetchReason.HTTP_STATUS})
    at = await answered(store, make, HOUR)
    polls = {report.name: report.next_poll - at for report in await store.feed_reports(at)}
    assert polls.pop("Harbour Gazette") == HOUR
    assert polls.pop("broken") == 23 * HOUR
    assert polls.keys() == {"Ostwick Herald", "lost"}
    assert all(timedelta() <= wait < MINUTE for wait in polls.values())
    assert [each.memory.not_before for each in await make.leased(store, now=at + MINUTE)] == [None, None]


async def test_the_end_of_an_outage_puts_no_poll_off(store, make):
    """A feed that is due before the minute is over stays due then."""
    await outage(store, make)
    await store.wake_feed("Ostwick Herald", make.NOON + HOUR - MINUTE)
    at = await answered(store, make, HOUR)
    polls = {report.name: report.next_poll for report in await store.feed_reports(at)}
    assert polls["Ostwick Herald"] == make.NOON + HOUR - MINUTE


async def test_after_an_outage_feeds_have_time_to_come_back(store, make):
    """What an outage held up is told three hours after its end, if the feed still fails then."""
    await outage(store, make)
    at = await answered(store, make, 2 * HOUR)
    assert [each.feed for each in await due(store, at + 3 * HOUR - INSTANT)] == [""]
    assert [each.feed for each in await due(store, at + 3 * HOUR)] == ["", "Ostwick Herald"]


async def test_conditions_are_kept_in_rows(database_url, make):
    """Conditions, what was told of them, and an outage are what they were when the store is opened again."""
    async with await open_store(database_url) as store:
        await outage(store, make)
        before = await store.tellings(make.NOON + 3 * HOUR)
    async with await open_store(database_url) as store:
        assert await store.tellings(make.NOON + 3 * HOUR) == before
        at = await answered(store, make, 4 * HOUR)
    async with await open_store(database_url) as store:
        tellings = await store.tellings(at)
        assert tellings.network_down is None
        assert [each.feed for each in tellings.due] == [""]
