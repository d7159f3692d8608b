"""The index in memory: what is near an article, and what is forgotten."""

from support.likenesses import DEDUP, HOUR, alike, placed, sentences, story
from support.nouns import NOON
from tocsin.model.stories import MOST_NEAR, MOST_OF_KEY
from tocsin.stories.shelf import Shelf

TEXT = sentences(12)
URL = "https://herald.example.org/1"


def names(shelf, likeness, window=DEDUP.window):
    """Return the ids of what is near an article."""
    found = shelf.neighbours([likeness], window)
    return [member.likeness.article_id for member in found.near[likeness.article_id]]


def filled(*likenesses):
    """Return a shelf that holds articles, each in a story of its own."""
    shelf = Shelf()
    shelf.add(map(placed, likenesses))
    return shelf


def test_what_shares_keys_is_near():
    """Two keys make near, what shares most comes first, of equals the oldest; an article is not near itself."""
    shelf = filled(alike(sentences(5), "part"), alike(TEXT, "old"), alike(TEXT, "new"), alike("v " * 30, "other"))
    assert names(shelf, alike(TEXT, "asked")) == ["old", "new", "part"]
    assert names(shelf, alike(TEXT, "old")) == ["new", "part"]


def test_the_window_counts_for_texts_and_not_for_addresses():
    """What was published further apart is near only where its address is the same."""
    shelf = filled(alike(TEXT, "text"), alike("Ferries", "address", url=URL))
    late = alike(TEXT, "asked", url=URL, at=NOON + DEDUP.window + HOUR)
    assert names(shelf, late) == ["address"]


def test_the_same_title_and_text_are_near_without_keys():
    """Wording finds what is too short to have keys."""
    asked, there = (alike("Storm. Ferries. Port. " * 5, name, title="Ferries stay") for name in ("asked", "there"))
    assert names(filled(there), asked) == ["there"]


def test_keys_of_many_articles_tell_nothing():
    """A key is left aside once it is of more articles than the limit; up to there the nearest few are returned."""
    many = [alike(TEXT, f"a{number}") for number in range(MOST_OF_KEY)]
    shelf = filled(*many)
    assert names(shelf, alike(TEXT, "asked")) == [f"a{number}" for number in range(MOST_NEAR)]
    shelf.add([placed(alike(TEXT, "one more"))])
    assert names(shelf, alike(TEXT, "asked")) == []


def test_stories_are_told_with_what_is_found_of_them():
    """The own story of an article, and how many articles of each story can be found, come along."""
    shelf = filled(alike(TEXT, "a"))
    shelf.add([placed(alike(TEXT, "b"), of=story("a")), placed(alike(TEXT, "c"), of=story("a"), indexed=False)])
    found = shelf.neighbours([alike(TEXT, "c")], DEDUP.window)
    assert found.own == {"c": story("a")}
    assert found.members == {story("a").id: 2}
    assert (len(found.near["c"]), found.head) == (2, 2)


def test_of_versions_the_first_and_the_newest_are_found():
    """An article is found by its first version and its newest, and counts once."""
    shelf = filled(*(alike(sentences(12, word=word), "a") for word in "xyz"))
    assert [names(shelf, alike(sentences(12, word=word), "asked")) for word in "xyz"] == [["a"], [], ["a"]]
    assert shelf.neighbours([alike(sentences(12, word="x"), "b")], DEDUP.window).members == {story("a").id: 1}


def test_what_is_old_is_forgotten_where_there_is_much():
    """Rows before a time go, the oldest first, down to the number that stays anyway."""
    shelf = filled(*(alike(TEXT, f"a{hours}", at=NOON + hours * HOUR) for hours in range(5)))
    shelf.forget(NOON + 3 * HOUR, but=4)
    assert names(shelf, alike(TEXT, "asked")) == ["a1", "a2", "a3", "a4"]
    shelf.forget(NOON + 3 * HOUR)
    assert names(shelf, alike(TEXT, "asked")) == ["a3", "a4"]
    assert shelf.neighbours([alike(TEXT, "a0")], DEDUP.window).own == {}
