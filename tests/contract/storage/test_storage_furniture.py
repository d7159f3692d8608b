"""What furniture is counted in, ids that feeds reuse, and what people are told of stories and articles."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.storage.desk import WINDOW, Desk, shingled

from tocsin.model import Commit, CountedReport, New, StoryVerdict
from tocsin.storage.migrate import upgrade
from tocsin.storage.store import open_store
from tocsin.stories.shelf import Shelf

FEED = "Harbour Gazette"


def report(named, **changes):
    counted = CountedReport(article_id=f"art_{named}", title=named, paragraphs=frozenset({named, 2**63 - 1}))
    return replace(counted, **changes)


async def count(desk, *reports):
    """Commit a poll whose reports are counted."""
    desk.polls += 1
    at = desk.make.NOON + timedelta(seconds=desk.polls)
    await desk.store.apply_configuration([desk.make.feed()], ["desk"], at)
    await desk.store.wake_feed(FEED, at)
    await desk.make.polled(desk.store, desk.make.poll(at=at, reports=reports))


async def test_the_last_hundred_reports_of_a_feed_are_kept(desk):
    """Reports are given oldest first with their numbers, the last hundred of a feed, and none of another feed."""
    await count(desk, *(report(number) for number in range(70)))
    await count(desk, *(report(number) for number in range(70, 130)))
    found = await desk.store.counted_reports(FEED)
    assert list(found) == [report(number, number=number + 1) for number in range(30, 130)]
    assert await desk.store.counted_reports("Courier") == []
    await count(desk, *(report(number) for number in range(130, 430)))
    assert [item.title for item in await desk.store.counted_reports(FEED)] == list(range(330, 430))


async def test_a_report_with_a_number_takes_the_place_of_the_stored_one(desk):
    """A renewed report keeps its place; one whose place is gone by now is not counted again."""
    await count(desk, *(report(number) for number in range(100)))
    renewed = report(4, number=5, title=444, paragraphs=frozenset({1, 3}))
    await count(desk, renewed, report(100))
    await count(desk, report(0, number=1, title=999))
    found = await desk.store.counted_reports(FEED)
    assert found[3] == renewed
    assert [item.number for item in found] == list(range(2, 102))


async def test_a_feed_that_moved_has_no_furniture_yet(desk):
    """What was counted at a feed's old location is forgotten with it."""
    await count(desk, report(1))
    moved = desk.make.feed(location="https://elsewhere.example/rss")
    await desk.store.apply_configuration([moved], ["desk"], desk.make.NOON)
    assert await desk.store.counted_reports(FEED) == []


async def test_an_id_that_is_reused_names_the_new_article(desk):
    """An entry whose id stands for another article now leads to that one; the old article stays as it was."""
    await desk.place(desk.placement("bridge"))
    old = desk.make.article("bridge")
    new = replace(old, id=f"{FEED}/bridge again", title="A mill burns", content_hash="mill", title_masked=True)
    placed = desk.placement("bridge again", range(9))
    assert await desk.place(placed, entries=(New(article=new, reused=True),)) is Commit.DONE
    (known,) = await desk.store.known_entries(FEED, [replace(new, content_hash="")])
    assert (known.article_id, known.content_hash) == (new.id, "mill")
    assert await desk.store.stored_articles([old.id, new.id]) == {old.id: old, new.id: new}


async def test_a_story_is_told_with_its_articles_and_why(desk):
    """A story's report names its articles as they joined, each with why; those that grew since then, the last first."""
    copied = replace(desk.placement("copy", story="bridge"), of=f"{FEED}/bridge", score=0.9375, why="0.94 is shared")
    await desk.place(desk.placement("bridge"))
    await desk.place(desk.placement("tower", range(9)))
    await desk.place(copied)
    bridge, tower = await desk.store.story_reports(None)
    assert (bridge.story.id, tower.story.id) == ("story of bridge", "story of tower")
    first, second = bridge.members
    assert (first.verdict, first.of, first.score) == (StoryVerdict.NEW, None, None)
    assert (second.verdict, second.of, second.score, second.why) == ("copy", f"{FEED}/bridge", 0.9375, "0.94 is shared")
    assert second.source.article_id == f"{FEED}/copy"
    since = second.source.seen
    assert await desk.store.story_reports(since) == [bridge]
    assert await desk.store.story_reports(since + timedelta(microseconds=1)) == []


async def test_an_article_is_told_by_its_id_and_by_its_alerts(store, make):
    """The journey of an article is found by its id and by that of the alert that rang on it; by no other."""
    article = await make.rung(store)
    found = await store.article_report(article.id)
    assert await store.article_report(f"alert of {article.id}") == found
    assert await store.article_report("unknown") is None
    (version,) = found.versions
    assert (version.article, version.version, found.entries) == (article, 1, (article.entry_id,))
    assert version.matches == make.ringing(article).decisions.matches
    assert (found.first_seen, found.last_seen) == (make.NOON, make.NOON)
    assert (found.story.story.id, found.story.rules) == (f"story of {article.id}", ("Bridges",))
    assert [alert.data for alert in found.alerts] == [make.ringing(article).decisions.alerts[0].data]


# ---------------------------------------------------------------------------------------------------------------
# The database and the memory hold the same index

texts = st.tuples(
    st.frozensets(st.integers(0, 12), max_size=9),
    st.sampled_from(["", "w", "v"]),
    st.sampled_from([None, "https://x.example/1", "https://y.example/2"]),
    st.integers(0, 240),
    st.booleans(),
)


def without_address(found):
    """Leave out the URLs, of which the database keeps digests."""
    near = {
        article: [replace(member, likeness=replace(member.likeness, canonical_url=None)) for member in members]
        for article, members in found.near.items()
    }
    return near, found.own, found.members


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(texts, min_size=1, max_size=12), asked=texts, run=st.uuids())
async def test_the_database_finds_what_the_memory_finds(tmp_path_factory, make, data, asked, run):
    """For all articles: what the index in the database holds near one is what the index in memory holds near it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('shelf')}/{run}.db"
    upgrade(url)
    async with await open_store(url) as store:
        desk, shelf = Desk(store, make), Shelf()

        def placement(name, drawn):
            hashes, wording, address, hours, indexed = drawn
            at = make.NOON + timedelta(hours=hours)
            placed = desk.placement(name, (), wording=wording, canonical_url=address, at=at, indexed=indexed)
            return replace(placed, likeness=replace(placed.likeness, fingerprint=shingled(hashes)))

        placed = [placement(f"article-{number}", drawn) for number, drawn in enumerate(data)]
        assert await desk.place(*placed) is Commit.DONE
        shelf.add(placed)
        for likeness in (placement("asked", asked).likeness, placed[0].likeness):
            ours, theirs = await store.neighbours([likeness], WINDOW), shelf.neighbours([likeness], WINDOW)
            assert without_address(ours)[:2] == without_address(theirs)[:2]
            assert {k: v for k, v in ours.members.items() if v} == {k: v for k, v in theirs.members.items() if v}
