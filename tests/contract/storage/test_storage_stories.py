"""The index of stories: what is near an article, where it is placed, and when a decision is out of date."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contract.storage.desk import WINDOW, WORDS, Desk, shingled

from tocsin.model import Changed, Commit, StoryRecord, StoryVerdict
from tocsin.storage import stories, tables
from tocsin.storage.store import open_store

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


# ---------------------------------------------------------------------------------------------------------------
# Finding


async def test_what_is_near_is_given_as_it_was_placed(desk):
    """A neighbour comes with its story and all that is compared of it, as its placement had it."""
    text = shingled([0, 7, 2**31 - 1, 2**31, 2**32 - 1], words=90, size=80, bound=2**32 - 1, collection=True)
    text = replace(text, numbers=frozenset({1, 2**32 - 1}), names=frozenset({5}))
    placed = desk.placement("bridge", wording="wording", canonical_url="https://gazette.example/bridge")
    story = replace(placed.story, follows="story before", thread="story at first")
    placed = replace(placed, likeness=replace(placed.likeness, fingerprint=text), story=story)
    assert await desk.place(placed) is Commit.DONE
    asked = replace(placed.likeness, article_id="another")
    found = await desk.store.neighbours([asked], WINDOW)
    (member,) = found.near["another"]
    assert (member.story, member.likeness) == (story, placed.likeness)
    assert (found.own, found.members, found.head) == ({}, {story.id: 1}, 1)


@pytest.mark.parametrize(("shared", "found"), [(1, []), (2, ["bridge"])])
async def test_two_shared_keys_make_a_neighbour(desk, shared, found):
    """What shares two keys is near, what shares one is not."""
    await desk.place(desk.placement("bridge"))
    assert await desk.near(hashes=[*list(WORDS)[:shared], *range(50, 90)]) == found


async def test_neighbours_are_those_that_share_most(desk):
    """Twenty that share keys are given, those that share most first, and of equals the oldest."""
    many = [desk.placement(f"bridge-{number:02}", list(WORDS)[: 10 + number // 2]) for number in range(24)]
    await desk.place(*many)
    by_share = sorted(range(24), key=lambda number: (-(number // 2), number))
    assert await desk.near() == [f"bridge-{number:02}" for number in by_share[:20]]


async def test_a_key_of_many_articles_tells_nothing(desk, monkeypatch):
    """A hash leads to two hundred articles and to no more; one that more of them have is as if it was not there."""
    monkeypatch.setattr("tocsin.storage.stories.MOST_ROWS_OF_KEY", 200)
    await desk.place(*(desk.placement(f"bridge-{number}", [1, 2, 1000 + number]) for number in range(200)))
    assert len(await desk.near(hashes=[1, 2])) == 20
    await desk.place(*(desk.placement(f"other-{number}", [1, 2, 5000 + number]) for number in range(9)))
    assert await desk.near(hashes=[1, 2]) == []
    assert await desk.near(hashes=[1, 2, 1007, 1007 + 1]) == []
    assert desk.count(tables.shingles) == 209 + 2 * 201


@pytest.mark.parametrize(
    ("apart", "by_text", "by_url"),
    [(WINDOW, ["bridge"], ["bridge"]), (WINDOW + SECOND, [], ["bridge"]), (-WINDOW - SECOND, [], ["bridge"])],
)
async def test_only_one_address_reaches_beyond_the_window(desk, apart, by_text, by_url):
    """Texts are near within the window, its end included; articles of the same canonical URL are near anyhow."""
    noon, url = desk.make.NOON, "https://gazette.example/bridge"
    await desk.place(desk.placement("bridge", at=noon, wording="w", canonical_url=url))
    assert await desk.near(at=noon + apart) == by_text
    assert await desk.near(at=noon + apart, hashes=[], wording="w") == by_text
    assert await desk.near(at=noon + apart, hashes=[], canonical_url=url) == by_url


async def test_nothing_said_is_no_wording_and_no_address(desk):
    """Articles without a wording and without an address of their own are not near each other for that."""
    await desk.place(desk.placement("bridge"))
    assert await desk.near(hashes=[]) == []


async def test_an_article_is_not_near_itself_but_in_its_story(desk):
    """What an article's own versions left in the index is no neighbour; the story that it belongs to is its own."""
    await desk.place(desk.placement("bridge", wording="w", canonical_url="https://gazette.example/bridge"))
    found = await desk.neighbours("bridge", version=2, wording="w", canonical_url="https://gazette.example/bridge")
    assert found.near == {"Harbour Gazette/bridge": ()}
    assert found.own == {"Harbour Gazette/bridge": StoryRecord(id="story of bridge", first_seen=desk.make.NOON)}
    assert found.members == {"story of bridge": 1}


async def test_what_is_not_indexed_is_in_its_story_and_not_found(desk):
    """An article that is not indexed is its story's, but no article is near it, nor is it counted among the members."""
    url = "https://gazette.example/bridge"
    same = {"wording": "w", "canonical_url": url}
    await desk.place(desk.placement("bridge"), desk.placement("copy", story="bridge", indexed=False, **same))
    assert await desk.near(**same) == ["bridge"]
    found = await desk.neighbours("copy")
    assert found.own["Harbour Gazette/copy"].id == "story of bridge"
    assert found.members == {"story of bridge": 1}


async def test_the_first_version_and_the_newest_are_found(desk):
    """Of an article's versions the first and the newest are in the index, and those between are not."""
    await desk.place(desk.placement("bridge", range(1, 9)))
    for version in (2, 3):
        article = replace(desk.make.article("bridge"), content_hash=f"version {version}")
        changed = Changed(article=article, version=version, first_seen=desk.make.NOON)
        edited = desk.placement(
            "bridge", range(version * 100, version * 100 + 8), verdict=StoryVerdict.UPDATE, version=version
        )
        assert await desk.place(edited, entries=(changed,)) is Commit.DONE
    near = [await desk.near(hashes=range(first, first + 8)) for first in (1, 200, 300)]
    assert near == [["bridge"], [], ["bridge"]]
    assert desk.count(tables.story_members) == 1
    assert desk.count(tables.shingles) == 16


async def test_an_index_outlives_a_restart(database_url, make):
    """What was placed is found by the next daemon as by the one that placed it."""
    async with await open_store(database_url) as store:
        await Desk(store, make).place(Desk(store, make).placement("bridge"))
        before = await Desk(store, make).neighbours()
    async with await open_store(database_url) as store:
        assert await Desk(store, make).neighbours() == before


# ---------------------------------------------------------------------------------------------------------------
# Placing


@pytest.mark.parametrize(
    ("ours", "theirs", "end"),
    [
        ({}, {}, Commit.CONFLICT),
        ({"hashes": [1, 2]}, {"hashes": [3, 4]}, Commit.DONE),
        ({"hashes": [1, 2]}, {"hashes": [2, 3]}, Commit.CONFLICT),
        ({"hashes": [], "wording": "w"}, {"wording": "w"}, Commit.CONFLICT),
        ({"hashes": [], "wording": "w"}, {"wording": "v"}, Commit.DONE),
        ({"hashes": [], "canonical_url": "https://x.example"}, {"canonical_url": "https://x.example"}, Commit.CONFLICT),
        ({"hashes": [], "canonical_url": "https://x.example"}, {"canonical_url": "https://y.example"}, Commit.DONE),
        ({"hashes": [], "story": "old"}, {"story": "old"}, Commit.CONFLICT),
        ({"hashes": [], "story": "old"}, {"story": "old", "indexed": False}, Commit.CONFLICT),
    ],
)
async def test_a_decision_that_a_newer_row_would_change_is_refused(desk, ours, theirs, end):
    """A row beyond the head that has a key, wording, URL or story of ours is a conflict, and nothing is stored then."""
    await desk.place(desk.placement("old", range(70, 80)))
    head = await desk.head()
    assert await desk.place(desk.placement("theirs", **theirs)) is Commit.DONE
    placed = desk.placement("ours", **ours)
    before = desk.count(tables.articles)
    assert await desk.place(placed, head=head) is end
    assert desk.count(tables.articles) == before + (end is Commit.DONE)
    if end is Commit.CONFLICT:
        assert await desk.place(placed) is Commit.DONE


async def test_numbers_never_come_back(desk, monkeypatch):
    """A row that was taken out leaves its number unused: what comes later is beyond every head that was given."""
    await desk.place(desk.placement("bridge", range(1, 9)))
    await desk.place(desk.placement("tower", range(20, 29)))
    head = await desk.head()
    at = desk.make.NOON + 30 * 24 * HOUR
    assert await desk.place(desk.placement("mill", range(40, 49)), at=at) is Commit.DONE
    assert desk.count(tables.fingerprints) == 1
    assert await desk.head() > head


async def test_the_index_forgets_what_is_old(desk):
    """What came into the index eight days ago is gone with the next placement, its hashes with it; its story stays."""
    noon = desk.make.NOON
    await desk.place(desk.placement("bridge", range(1, 9)), at=noon)
    await desk.place(desk.placement("tower", range(20, 30)), at=noon + stories.KEPT)
    assert await desk.near(hashes=range(1, 9)) == ["bridge"]
    await desk.place(desk.placement("mill", range(40, 51)), at=noon + stories.KEPT + SECOND)
    assert await desk.near(hashes=range(1, 9)) == []
    assert (desk.count(tables.fingerprints), desk.count(tables.shingles)) == (2, 10 + 11)
    found = await desk.neighbours("bridge")
    assert found.own["Harbour Gazette/bridge"].id == "story of bridge"
    assert desk.count(tables.stories) == desk.count(tables.story_members) == 3


async def test_a_commit_takes_out_a_few_more_than_it_puts_in(desk):
    """Old rows go at a bounded pace, the oldest first, so that no commit pays for a month."""
    many = [desk.placement(f"bridge-{number}", [number * 10, number * 10 + 1]) for number in range(40)]
    await desk.place(*many[:20])
    await desk.place(*many[20:])
    await desk.place(desk.placement("mill", range(5000, 5009)), at=desk.make.NOON + 30 * 24 * HOUR)
    assert desk.count(tables.fingerprints) == 41 - 1 - stories.PRUNED
    assert await desk.near(hashes=[0, 1]) == []
    assert await desk.near(hashes=[390, 391], at=many[0].likeness.at) == ["bridge-39"]
