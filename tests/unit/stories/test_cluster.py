"""Which articles are one story: what joins, what does not, and where an article is put."""

from dataclasses import replace

import pytest

from support.likenesses import DEDUP, HOUR, alike, member, sentences, story
from support.nouns import NOON
from tocsin.model import Neighbours, StoryRecord, StoryVerdict
from tocsin.stories.cluster import MOST_INDEXED, Kind, compare, place, story_id

TEXT = sentences(40)
PARAGRAPHS = TEXT.split("\n\n")
OTHER = sentences(40, word="v").split("\n\n")
FORM = (
    "The day begins with clouds over {} and ends with sun. The high is {} degrees and the low is {} degrees. "
    "The wind blows from the west at {} knots, and gusts of {} knots are likely on open ground near the coast. "
    "The outlook stays mixed until the weekend, when milder air comes in and the showers end, the office said. "
    "Sailors are asked to read the notices in the harbour and to call the coast guard if they are in any doubt at all."
)


def kind(first, second, **changes):
    """Return what two texts of different outlets are to each other."""
    return compare(alike(first, "a"), alike(second, "b", outlet="Courier", **changes), DEDUP).kind


@pytest.mark.parametrize(
    "copy",
    [
        TEXT,
        PARAGRAPHS[0] + "\n\n" + PARAGRAPHS[1],
        "\n\n".join(PARAGRAPHS[1:]),
        "\n\n".join([PARAGRAPHS[0], *PARAGRAPHS[2:]]),
        "\n\n".join(reversed(PARAGRAPHS)),
        sentences(4),
        TEXT + "\n\n" + sentences(15, word="f"),
        "\n\n".join([sentences(2, word="f"), *PARAGRAPHS]),
    ],
    ids=["whole", "half", "no first paragraph", "no middle", "reordered", "short wire", "more below", "more above"],
)
def test_copies_join(copy):
    """A text that is cut, put in another order or wrapped is the same report."""
    assert kind(TEXT, copy) is Kind.SAME


@pytest.mark.parametrize(
    "other",
    [
        "\n\n".join(OTHER),
        "\n\n".join([OTHER[0], OTHER[1], PARAGRAPHS[2], PARAGRAPHS[3]]),
        "\n\n".join([*OTHER[:2], sentences(26)]),
        "\n\n".join([*OTHER, PARAGRAPHS[2], *sentences(60, word="u").split("\n\n")]),
    ],
    ids=["other", "background below", "background with the old lead", "one of several"],
)
def test_other_reports_stay_apart(other):
    """A text that repeats background, or has one paragraph of many in common, is another report."""
    assert kind(TEXT, other) is Kind.OTHER


def test_a_part_of_a_long_text_is_no_copy_of_it():
    """A short report that stands deep in a text of many is no copy of that."""
    digest = "\n\n".join([sentences(60, word="u"), sentences(12), sentences(60, word="v")])
    assert kind(sentences(12), digest) is Kind.OTHER


def test_a_digest_is_a_copy_of_a_digest_only():
    """What a digest begins with is quoted; the digest as a whole has copies."""
    digest = f"{sentences(5)}\n\n{sentences(40, word='v')}"
    assert kind(sentences(5), digest) is Kind.SAME
    assert kind(sentences(5), digest, title="Morning briefing") is Kind.OTHER
    assert kind(digest, digest, title="Morning briefing") is Kind.SAME


def test_a_form_that_is_filled_in_anew_is_no_copy():
    """Where most numbers and names between the same words differ, texts are one form and two reports."""
    first = FORM.format("Amber Bay", 12, 4, 15, 33)
    assert kind(first, FORM.format("Port Marsh", 17, 9, 22, 41)) is Kind.OTHER
    assert kind(first, FORM.format("Amber Bay", 17, 9, 22, 41)) is Kind.OTHER
    assert kind(first, FORM.format("Amber Bay", 13, 4, 15, 33)) is Kind.SAME


def test_time_parts():
    """What lies further apart than the window is another report, whatever it says, unless its address is the same."""
    late = NOON + DEDUP.window + HOUR
    assert kind(TEXT, TEXT, at=NOON + DEDUP.window) is Kind.SAME
    assert kind(TEXT, TEXT, at=late) is Kind.OTHER
    url = "https://herald.example.org/1"
    assert compare(alike(TEXT, url=url), alike("Ferries", "b", url=url, at=late), DEDUP).kind is Kind.SAME


def test_few_words_join_by_title_and_text_together_only():
    """Below twelve runs of five words nothing joins, unless title and text are the same."""
    text = "Ferries stay in port because of the storm, the harbour master said."
    assert kind(text, text) is Kind.OTHER
    first, second = (alike(text, name, title="Ferries stay in port") for name in "ab")
    assert compare(first, second, DEDUP).kind is Kind.SAME


def test_a_title_alone_joins_nothing():
    """The same title over other texts, or over none, is no copy."""
    first, second = (alike(text, text[:9], title="Ferries stay in port after the storm") for text in (TEXT, OTHER[0]))
    assert compare(first, second, DEDUP).kind is Kind.OTHER


def test_a_follow_up_is_of_the_same_outlet():
    """Half of an earlier report below a new lead is a follow-up from that outlet, and nothing from another."""
    text = "\n\n".join([*OTHER[:2], *PARAGRAPHS[2:]])
    later = NOON + 20 * HOUR
    assert compare(alike(TEXT), alike(text, "b", at=later), DEDUP).kind is Kind.FOLLOW_UP
    assert compare(alike(TEXT), alike(text, "b", outlet="Courier", at=later), DEDUP).kind is Kind.OTHER


def test_why_is_told_in_words():
    """The reason names the shares, the facts that were compared, and the hours."""
    text = FORM.format("Amber Bay", 12, 4, 15, 33)
    found = compare(alike(text), alike(text, "b", at=NOON + 3.5 * HOUR), DEDUP)
    assert found.why == (
        "1.00 of its five-word runs are shared, 1.00 of the lead; 4 of 4 numbers; 1 of 1 names; 3.5 h apart"
    )


def test_thresholds_are_those_configured():
    """Containment and the share that needs no lead are taken from the configuration."""
    half = f"{PARAGRAPHS[0]}\n\n{PARAGRAPHS[1]}\n\n{OTHER[0]}\n\n{OTHER[1]}"
    first, second = alike(TEXT), alike(half, "b", outlet="Courier")
    assert compare(first, second, DEDUP).kind is Kind.OTHER
    assert compare(first, second, replace(DEDUP, containment=0.4)).kind is Kind.SAME


# ---------------------------------------------------------------------------------------------------------------
# An article and its story


def test_the_best_member_decides():
    """Of several stories an article joins that of the member it is most like; of equals the one that began first."""
    near = (
        member(alike("\n\n".join([*PARAGRAPHS[:3], *OTHER[:1]]), "part", outlet="Courier")),
        member(alike(TEXT, "late"), of=story("late", first_seen=NOON + HOUR)),
        member(alike(TEXT, "early"), of=story("early")),
    )
    [placement] = place([alike(TEXT, "new")], Neighbours(near={"new": near}), DEDUP, NOON)
    assert (placement.verdict, placement.of, placement.score) == (StoryVerdict.COPY, "early", 1.0)
    assert placement.story == story("early")


def test_an_article_stays_in_its_story():
    """A version of an article that has a story is an update there, whatever it is like now."""
    neighbours = Neighbours(near={"a": (member(alike(TEXT, "b")),)}, own={"a": story("a")})
    [placement] = place([alike(TEXT, "a")], neighbours, DEDUP, NOON)
    assert (placement.verdict, placement.story, placement.of) == (StoryVerdict.UPDATE, story("a"), None)


def test_articles_of_one_poll_see_those_before_them():
    """The second of two copies joins the story that the first one opens; a second version stays with the first."""
    asked = [alike(TEXT, "a"), alike(TEXT, "b"), alike(TEXT, "a")]
    first, second, third = place(asked, Neighbours(), DEDUP, NOON)
    assert (first.verdict, second.verdict, third.verdict) == tuple(StoryVerdict)
    assert {first.story.id, second.story.id, third.story.id} == {story_id("a")}
    assert second.of == "a"


def test_what_is_like_nothing_opens_a_story():
    """A new story has the id that its article gives it, and begins now."""
    [placement] = place([alike(TEXT, "a")], Neighbours(), DEDUP, NOON)
    assert placement.story == StoryRecord(id=story_id("a"), first_seen=NOON)
    assert (placement.verdict, placement.of, placement.score) == (StoryVerdict.NEW, None, None)


def test_a_follow_up_names_what_it_follows():
    """A follow-up opens a story of its own in the thread of the one that it follows."""
    text = "\n\n".join([*OTHER[:2], *PARAGRAPHS[2:]])
    followed = replace(story("a"), follows="sto_0", thread="sto_0")
    near = {"b": (member(alike(TEXT, "a"), of=followed),)}
    [placement] = place([alike(text, "b", at=NOON + HOUR)], Neighbours(near=near), DEDUP, NOON)
    assert (placement.verdict, placement.story.id) == (StoryVerdict.NEW, story_id("b"))
    assert (placement.story.follows, placement.story.thread) == (followed.id, "sto_0")


def test_copies_beyond_the_limit_are_not_indexed():
    """Of a story, so many articles can be found; the next one joins and is not indexed."""
    near = (member(alike(TEXT, "a")),)
    members = {story_id("a"): MOST_INDEXED - 1}
    neighbours = Neighbours(near=dict.fromkeys("bc", near), members=members)
    last, beyond = place([alike(TEXT, "b"), alike(TEXT, "c")], neighbours, DEDUP, NOON)
    assert (last.indexed, beyond.indexed) == (True, False)
    assert beyond.story == story("a")


def test_edits_of_a_full_storys_copies_make_it_no_fuller():
    """A later version of a copy that no other is found by is found no more than that was; in others it is."""
    for members, indexed in ((MOST_INDEXED, True), (MOST_INDEXED + 1, False)):
        neighbours = Neighbours(own={"art_1": story("a")}, members={story("a").id: members})
        (placement,) = place([alike(sentences(10))], neighbours, DEDUP, NOON)
        assert placement.verdict is StoryVerdict.UPDATE
        assert placement.indexed is indexed
