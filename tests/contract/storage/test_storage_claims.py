"""Whose turn it is: twins, hosts, busy ones, feeds that stopped, and paces that were changed."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.model import Commit, FeedKind, FeedMemory, FeedState, New
from tocsin.ports import DueWork
from tocsin.storage.store import open_store

HOUR, SECOND, INSTANT = timedelta(hours=1), timedelta(seconds=1), timedelta(microseconds=1)
BRIDGES, TUNNELS = "https://gazette.example/bridges", "https://gazette.example/tunnels"


def names(leased):
    return [due.name for due in leased]


def twins(due):
    return [due.name, *(twin.name for twin in due.twins)]


# ---------------------------------------------------------------------------------------------------------------
# Twins


@pytest.mark.parametrize("early", ["Harbour Gazette", "Ostwick Herald"])
@pytest.mark.parametrize("one_per_host", [True, False])
async def test_twins_are_leased_and_given_together(store, make, early, one_per_host):
    """Feeds of one source are given to one owner at a time, the longest due first, whenever the others are due."""
    pair = [make.feed(name, BRIDGES) for name in ("Harbour Gazette", "Ostwick Herald")]
    await store.apply_configuration(pair, [], make.NOON)
    (both,) = await make.leased(store)
    assert sorted(twins(both)) == ["Harbour Gazette", "Ostwick Herald"]
    (late,) = {"Harbour Gazette", "Ostwick Herald"} - {early}
    for name, wait in ((early, HOUR), (late, 9 * HOUR)):
        await store.commit_poll(make.poll(feed=name, next_poll=make.NOON + wait, memory=make.memory(fingerprint=name)))
    now = make.NOON + HOUR
    (due,) = await store.claim_due_feeds("second", now, make.LEASE, 9, due_by=now, one_per_host=one_per_host)
    assert twins(due) == [early, late]
    assert [each.memory.fingerprint for each in (due, *due.twins)] == [early, late]
    assert {each.owner for each in (due, *due.twins)} == {"second"}
    assert await store.claim_due_feeds("third", now, make.LEASE, 9, due_by=make.NOON + 9 * HOUR) == []


async def test_a_source_counts_once_in_a_limit(store, make):
    """A claim is limited in requests: twins come on top."""
    await store.apply_configuration([make.feed(name, BRIDGES) for name in "abc"], [], make.NOON)
    (due,) = await make.leased(store, limit=1)
    assert twins(due) == ["a", "b", "c"]


async def test_a_twin_that_is_not_polled_is_not_given(store, make):
    """A feed that stopped, or is no longer configured, is nobody's twin."""
    feeds = [make.feed(name, BRIDGES) for name in "abc"]
    await store.apply_configuration(feeds, [], make.NOON)
    await make.leased(store)
    for name, then in (("a", make.NOON), ("b", None), ("c", make.NOON)):
        await store.commit_poll(make.poll(feed=name, next_poll=then))
    await store.apply_configuration(feeds[:2], [], make.NOON)
    (due,) = await make.leased(store)
    assert twins(due) == ["a"]


async def test_a_twin_that_another_holds_stays_with_it(store, make):
    """Without regard to hosts too, a feed that is leased comes to nobody else through its twin."""
    await store.apply_configuration([make.feed("a", BRIDGES)], [], make.NOON)
    await make.leased(store)
    await store.apply_configuration([make.feed(name, BRIDGES) for name in "ab"], [], make.NOON)
    (due,) = await store.claim_due_feeds("second", make.NOON, make.LEASE, 9, due_by=make.NOON, one_per_host=False)
    assert twins(due) == ["b"]


# ---------------------------------------------------------------------------------------------------------------
# Hosts


async def test_a_host_gives_one_feed_at_a_time(store, make):
    """Of several due feeds of a host the longest due is given, and none while one is leased to whomever."""
    feeds = [make.feed("bridges", BRIDGES), make.feed("tunnels", TUNNELS)]
    await store.apply_configuration(feeds, [], make.NOON)
    assert names(await make.leased(store)) == ["bridges"]
    assert await make.leased(store) == []
    assert await make.leased(store, "second") == []
    await store.commit_poll(make.poll(feed="bridges", next_poll=make.NOON + HOUR))
    assert names(await make.leased(store, "second")) == ["tunnels"]
    assert names(await make.leased(store, "third", make.NOON + make.LEASE)) == ["tunnels"], "a lease that ran out"


async def test_hosts_do_not_wait_for_each_other(store, make):
    """A claim takes one feed of each host, up to its limit, however many others wait at the hosts of the first."""
    first = [make.feed(f"a{number}", f"https://a.example/{number}") for number in range(9)]
    await store.apply_configuration(first, [], make.NOON)
    others = [make.feed(name, f"https://{name}.example/") for name in "bcd"]
    await store.apply_configuration([*first, *others], [], make.NOON + SECOND)
    assert names(await make.leased(store, now=make.NOON + SECOND, limit=3)) == ["a0", "b", "c"]


async def test_owners_that_claim_together_never_share_a_host(database_url, make):
    """Of many claims at the same moment, from several connections, each host is fetched from by exactly one."""
    stores = [await open_store(database_url) for _ in range(3)]
    feeds = [make.feed(f"{host}{number}", f"https://{host}.example/{number}") for host in "abcdef" for number in "123"]
    await stores[0].apply_configuration(feeds, [], make.NOON)
    claims = [make.leased(store, f"owner {turn}", limit=2) for turn in range(4) for store in stores]
    taken = names(due for leased in await asyncio.gather(*claims) for due in leased)
    for store in stores:
        await store.aclose()
    assert sorted(taken) == [f"{host}1" for host in "abcdef"]


async def test_without_regard_to_hosts_every_feed_is_given(store, make):
    """Who looks after hosts himself gets all that is due and free, of hosts that are leased too."""
    feeds = [make.feed(f"{number}", f"https://gazette.example/{number}") for number in range(5)]
    await store.apply_configuration(feeds, [], make.NOON)
    await make.leased(store, limit=1)
    rest = await store.claim_due_feeds("second", make.NOON, make.LEASE, 99, due_by=make.NOON, one_per_host=False)
    assert names(rest) == ["1", "2", "3", "4"]


async def test_feeds_are_claimed_by_the_ten_thousand(sqlite_url, migrated, make):
    """Who claims everything gets everything, and is told of everything, however many feeds there are."""
    feeds = [make.feed(f"{number:05}") for number in range(20_000)]
    async with await open_store(sqlite_url) as store:
        await store.apply_configuration(feeds, [], make.NOON)
        everything = {"limit": 1_000_000, "due_by": make.NOON + HOUR, "one_per_host": False}
        leased = await store.claim_due_feeds("first", make.NOON, make.LEASE, **everything)
        assert sorted(names(leased)) == [feed.name for feed in feeds]
        assert await store.due_work(make.NOON + HOUR) == {DueWork.FEEDS}, "only the leases have run out"
        assert await store.claim_due_feeds("second", make.NOON, make.LEASE, **everything) == []
        assert len(await store.feed_reports(make.NOON)) == len(feeds)
        await store.apply_configuration([], [], make.NOON)
        assert await store.feed_reports(make.NOON) == []


# ---------------------------------------------------------------------------------------------------------------
# Busy hosts


async def test_a_busy_host_gives_nothing_until_then(store, make):
    """None of the feeds of a host that asked for patience is given before its time, with regard to hosts or without."""
    feeds = [make.feed("bridges", BRIDGES), make.feed("tunnels", TUNNELS), make.feed("elsewhere")]
    await store.apply_configuration(feeds, [], make.NOON)
    until = make.NOON + HOUR
    await make.polled(store, make.poll(feed="bridges", next_poll=make.NOON, busy=("gazette.example", until)))
    await store.release_leases(None)
    assert names(await make.leased(store, "a")) == ["elsewhere"]
    await store.release_leases(None)
    everything = {"due_by": make.NOON + 9 * HOUR, "one_per_host": False}
    assert names(await store.claim_due_feeds("b", make.NOON, make.LEASE, 99, **everything)) == ["elsewhere"]
    await store.commit_poll(make.poll(feed="elsewhere", owner="b", next_poll=None))
    assert await store.due_work(until - INSTANT) == frozenset()
    assert await make.leased(store, now=until - INSTANT) == []
    assert await store.due_work(until) == {DueWork.FEEDS}
    assert names(await make.leased(store, now=until)) == ["bridges"]


async def test_a_busy_host_gives_no_pages_until_then(store, make):
    """No page of a host that asked for patience is read before its time; what waits for one is decided all the same."""
    article = make.article()
    await make.waiting(store, article)
    until = make.NOON + HOUR
    await make.polled(store, make.poll(at=make.NOON + 10 * 60 * SECOND, busy=("gazette.example", until)))
    now = until - INSTANT
    assert await store.due_work(now) == {DueWork.FEEDS, DueWork.LATE_PAGES}
    assert await make.leased_pages(store, now=now) == []
    assert [page.article for page in await make.leased_pages(store, now=now, late=True)] == [article]
    await store.release_leases(None)
    assert [page.article for page in await make.leased_pages(store, now=until)] == [article]


@pytest.mark.parametrize(("second", "end"), [(timedelta(minutes=30), HOUR), (2 * HOUR, 2 * HOUR)])
async def test_a_host_cannot_take_back_what_it_asked_for(store, make, second, end):
    """A further ask for patience extends the first, and never shortens it."""
    feeds = [make.feed("bridges", BRIDGES), make.feed("tunnels", TUNNELS)]
    await store.apply_configuration(feeds, [], make.NOON)
    leased = await store.claim_due_feeds("first", make.NOON, make.LEASE, 9, due_by=make.NOON, one_per_host=False)
    for due, wait in zip(leased, (HOUR, second), strict=True):
        await store.commit_poll(
            make.poll(feed=due.name, next_poll=make.NOON, busy=("gazette.example", make.NOON + wait))
        )
    assert await make.leased(store, now=make.NOON + end - INSTANT) == []
    assert len(await make.leased(store, now=make.NOON + end)) == 1


# ---------------------------------------------------------------------------------------------------------------
# Feeds that stopped


async def test_a_feed_that_stopped_is_never_claimed(store, make):
    """A feed without a next poll is due for nobody, whatever time it is, and reported without one."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.polled(store, make.poll(next_poll=None, state=FeedState.GONE))
    late = make.NOON + timedelta(days=900)
    assert await make.leased(store, now=late) == []
    assert await store.claim_due_feeds("first", late, make.LEASE, 9, due_by=late, one_per_host=False) == []
    assert await store.due_work(late) <= {DueWork.CHORES}
    (report,) = await store.feed_reports(late)
    assert (report.state, report.next_poll) == (FeedState.GONE, None)
    await store.apply_configuration([make.feed()], [], late)
    assert await make.leased(store, now=late) == [], "the same configuration changes nothing"


async def test_a_feed_that_stopped_comes_back_when_woken(store, make):
    """A woken feed is due now, one that stopped or is to wait as well, and remembers what it did but the wait."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    memory = make.memory(fingerprint="f", failures=4, not_before=make.NOON + HOUR)
    await make.polled(store, make.poll(next_poll=None, memory=memory))
    assert await store.wake_feed("Harbour Gazette", make.NOON)
    (report,) = await store.feed_reports(make.NOON)
    assert report.next_poll == make.NOON
    (due,) = await make.leased(store)
    assert due.memory == make.memory(fingerprint="f", failures=4)


async def test_only_what_is_configured_can_be_woken(store, make):
    """There is nothing to wake in a feed that nobody knows or that is no longer configured."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    assert not await store.wake_feed("Ostwick Herald", make.NOON)
    await store.apply_configuration([], [], make.NOON)
    assert not await store.wake_feed("Harbour Gazette", make.NOON)


async def test_waking_a_feed_takes_it_from_nobody(store, make):
    """A feed that is being polled is not given to another because it was woken."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.leased(store)
    await store.wake_feed("Harbour Gazette", make.NOON)
    assert await make.leased(store, "second") == []
    assert await store.commit_poll(make.poll()) is Commit.DONE


async def test_a_feed_that_stopped_comes_back_when_configured_again(store, make):
    """A feed that stopped is due at once when it was removed and comes back, or gets another location."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.polled(store, make.poll(next_poll=None))
    await store.apply_configuration([], [], make.NOON)
    await store.apply_configuration([make.feed()], [], make.NOON)
    await make.polled(store, make.poll(next_poll=None))
    await store.apply_configuration([make.feed(location=BRIDGES)], [], make.NOON)
    assert names(await make.leased(store)) == ["Harbour Gazette"]


# ---------------------------------------------------------------------------------------------------------------
# Paces

PACES = [
    ({"every": HOUR}, {"every": timedelta(minutes=5)}),
    ({"every": HOUR}, {}),
    ({}, {"cron": "*/5 * * * *", "timezone": "Europe/Kyiv"}),
    ({"cron": "0 8 * * *"}, {"cron": "0 8 * * *", "timezone": "Europe/Kyiv"}),
]


@pytest.mark.parametrize(("before", "after"), PACES)
@pytest.mark.parametrize("wait", [None, 2 * HOUR])
async def test_a_changed_pace_makes_a_feed_due_as_soon_as_its_server_allows(store, make, before, after, wait):
    """A feed with another pace is due now, or when its server allows, and forgets nothing."""
    await store.apply_configuration([make.feed(**before)], [], make.NOON)
    memory = make.memory(fingerprint="f", not_before=wait and make.NOON + wait)
    await make.polled(store, make.poll(next_poll=make.NOON + 9 * HOUR, memory=memory))
    now = make.NOON + SECOND
    await store.apply_configuration([make.feed(**after)], [], now)
    then = make.NOON + wait if wait else now
    assert await make.leased(store, now=then - INSTANT) == []
    (due,) = await make.leased(store, now=then)
    assert due.memory == memory


@pytest.mark.parametrize("pace", [{}, {"every": HOUR}, {"cron": "0 8 * * *", "timezone": "Europe/Kyiv"}])
async def test_an_unchanged_pace_changes_nothing(store, make, pace):
    """A feed whose pace is as it was is polled when it would have been."""
    await store.apply_configuration([make.feed(**pace)], [], make.NOON)
    then = make.NOON + 9 * HOUR
    await make.polled(store, make.poll(next_poll=then))
    await store.apply_configuration([make.feed(**pace, tags=("ostwick",))], [], make.NOON + HOUR)
    (report,) = await store.feed_reports(make.NOON)
    assert report.next_poll == then


async def test_a_changed_pace_never_puts_a_poll_off(store, make):
    """A feed that is due before its server would have allowed stays due then."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    memory = make.memory(not_before=make.NOON + 9 * HOUR)
    await make.polled(store, make.poll(next_poll=make.NOON + HOUR, memory=memory))
    await store.apply_configuration([make.feed(every=HOUR)], [], make.NOON)
    assert names(await make.leased(store, now=make.NOON + HOUR)) == ["Harbour Gazette"]


async def test_a_new_location_and_a_new_pace_are_due_at_once(store, make):
    """What the server of the old location asked for does not hold up the new one, whatever its pace."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    memory = make.memory(not_before=make.NOON + 9 * HOUR)
    await make.polled(store, make.poll(next_poll=make.NOON + 9 * HOUR, memory=memory))
    await store.apply_configuration([make.feed(location=BRIDGES, every=HOUR)], [], make.NOON)
    (due,) = await make.leased(store)
    assert due.memory == FeedMemory()


async def test_another_source_makes_a_feed_somebody_elses_twin(store, make):
    """How a feed is fetched may change without its being another one: it is remembered, and its twins are others."""
    bridges, tunnels = make.feed("bridges", BRIDGES), make.feed("tunnels", TUNNELS)
    await store.apply_configuration([bridges, tunnels], [], make.NOON)
    await make.polled(store, make.poll(feed="bridges", next_poll=make.NOON, memory=make.memory(fingerprint="f")))
    alike = make.feed("tunnels", TUNNELS, source=bridges.source, host="proxy.example")
    await store.apply_configuration([bridges, alike], [], make.NOON)
    (due,) = await make.leased(store)
    assert {due.name: due.memory.fingerprint, **{twin.name: twin.memory.fingerprint for twin in due.twins}} == {
        "bridges": "f",
        "tunnels": None,
    }


# ---------------------------------------------------------------------------------------------------------------
# Many at once


@pytest.mark.parametrize(
    ("pace", "window"),
    [
        ({"every": timedelta(minutes=10)}, timedelta(minutes=1)),
        ({"every": timedelta(days=1)}, timedelta(minutes=6)),
        ({}, timedelta(minutes=3)),
    ],
)
async def test_many_new_feeds_are_spread(store, make, pace, window):
    """More than twenty feeds that are due together are due over a tenth of their intervals, of an hour at most."""
    feeds = [make.feed(f"{number:02}", **pace) for number in range(21)]
    await store.apply_configuration(feeds, [], make.NOON)
    due = [report.next_poll - make.NOON for report in await store.feed_reports(make.NOON)]
    assert min(due) >= timedelta()
    assert max(due) < window
    assert max(due) - min(due) > window / 2
    assert len(set(due)) == 21


async def test_many_overdue_feeds_are_spread(store, make):
    """After a standstill, the feeds that are due are spread; those that are not stay where they are."""
    feeds = [make.feed(name) for name in ("later", *(f"{number:02}" for number in range(20)), "last")]
    await store.apply_configuration(feeds, [], make.NOON)
    for due in await make.leased(store, now=make.NOON + HOUR, limit=99):
        wait = 9 * HOUR if due.name == "later" else SECOND
        await store.commit_poll(make.poll(feed=due.name, next_poll=make.NOON + wait))
    now = make.NOON + HOUR
    await store.apply_configuration(feeds, [], now)
    due = {report.name: report.next_poll - now for report in await store.feed_reports(now)}
    assert due.pop("later") == 8 * HOUR
    assert timedelta() <= min(due.values()) < max(due.values()) < timedelta(minutes=3)


@pytest.mark.parametrize(("kind", "number"), [(FeedKind.HTTP, 20), (FeedKind.DIRECTORY, 50)])
async def test_a_handful_and_directories_are_due_at_once(store, make, kind, number):
    """Twenty feeds are few enough, and directories are never too many, to be looked at together."""
    feeds = [make.feed(f"{count:02}", kind=kind) for count in range(number)]
    await store.apply_configuration(feeds, [], make.NOON)
    assert {report.next_poll for report in await store.feed_reports(make.NOON)} == {make.NOON}


# ---------------------------------------------------------------------------------------------------------------
# Due work


@pytest.fixture
def prefixes():
    """Give the beginning of names that no example before had."""
    return (f"example-{number}-" for number in count())


HAPPENS = st.sampled_from(["poll", "stop", "busy", "wake", "lease", "page", "read page", "remove", "nothing"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(st.tuples(HAPPENS, st.integers(0, 3), st.integers(0, 40)), max_size=8))
async def test_work_is_due_exactly_where_some_could_be_claimed(database_url, make, prefixes, story):
    """Whatever happened before, each kind of work is due if and only if a claim of it would give some."""
    prefix, now = next(prefixes), make.NOON
    async with await open_store(database_url) as store:
        feeds = [make.feed(f"{prefix}{number}", f"https://{prefix}{number % 2}/{number}") for number in range(4)]
        await store.apply_configuration(feeds, [], now)
        for what, which, minutes in story:
            now += minutes * timedelta(minutes=1)
            await happen(store, make, what, feeds[which], now)
            due = await store.due_work(now) - {DueWork.TELLINGS}
            claims = {
                DueWork.FEEDS: await make.leased(store, "probe", now),
                DueWork.PAGES: await make.leased_pages(store, "probe", now),
            }
            await store.release_leases("probe")
            claims[DueWork.LATE_PAGES] = await make.leased_pages(store, "probe", now, late=True)
            await store.release_leases("probe")
            assert due == {kind for kind, claimed in claims.items() if claimed}
        await store.apply_configuration([], [], now)
        await store.release_leases(None)


async def happen(store, make, what, feed, now):
    """Let one thing happen to a feed, or to a page of it, where it can."""
    name = f"{feed.name} {now}"
    poll = make.poll(feed=feed.name, owner=name, at=now, next_poll=now + timedelta(minutes=30))
    match what:
        case "poll" | "stop" | "busy" | "page":
            article = make.article(name, feed=feed.name, url=f"https://{feed.host}/{name}")
            later = now + timedelta(minutes=20)
            page = make.page(article, polled=now, due=later, decide_by=later)
            changes = {
                "stop": {"next_poll": None},
                "busy": {"busy": (feed.host, now + timedelta(minutes=50))},
                "page": {"entries": (New(article=article),), "pages": (page,)},
            }
            await make.leased(store, name, now)
            await store.commit_poll(replace(poll, **changes.get(what, {})))
            await store.release_leases(name)
        case "wake":
            await store.wake_feed(feed.name, now)
        case "lease":
            await make.leased(store, name, now, limit=1)
        case "read page":
            for page in await make.leased_pages(store, name, now, limit=1):
                await store.commit_read(make.read(page.article, owner=name, at=now, due=now + HOUR))
        case "remove":
            await store.apply_configuration([feed], [], now)


# ---------------------------------------------------------------------------------------------------------------
# Rows, not memory


async def test_turns_are_kept_in_rows(database_url, make):
    """Leases, twins, hosts, busy ones and stopped feeds are what they were when the store is opened again."""
    feeds = [
        make.feed("bridges", BRIDGES),
        make.feed("copy of bridges", BRIDGES),
        make.feed("tunnels", TUNNELS),
        make.feed("stopped"),
        make.feed("busy", "https://busy.example/1"),
        make.feed("busy too", "https://busy.example/2"),
    ]
    async with await open_store(database_url) as store:
        await store.apply_configuration(feeds, [], make.NOON)
        await make.leased(store)
        await store.commit_poll(make.poll(feed="stopped", next_poll=None))
        await store.commit_poll(make.poll(feed="busy", busy=("busy.example", make.NOON + HOUR)))
    async with await open_store(database_url) as store:
        assert await make.leased(store, "second") == []
        await store.apply_configuration(feeds, [], make.NOON)
        (due,) = await make.leased(store, "second", make.NOON + make.LEASE)
        assert twins(due) == ["bridges", "copy of bridges"]
        assert names(await make.leased(store, "third", make.NOON + HOUR)) == ["bridges", "busy too"]
