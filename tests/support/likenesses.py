"""Likenesses of made-up articles, with everything that a test does not care about filled in."""

from datetime import datetime, timedelta

from support.nouns import NOON
from tocsin.model import Dedup, Likeness, Placement, Span, StoryMember, StoryRecord, StoryVerdict
from tocsin.stories.cluster import story_id
from tocsin.stories.fingerprint import fingerprint, wording

DEDUP = Dedup()

HOUR = timedelta(hours=1)


def sentences(number: int, *, word: str = "w") -> str:
    """Return so many sentences of eight words, none of which stands twice, ten to a paragraph."""
    told = [" ".join(f"{word}{letters(at * 8 + place)}" for place in range(8)) + "." for at in range(number)]
    return "\n\n".join(" ".join(told[at : at + 10]) for at in range(0, number, 10))


def letters(number: int) -> str:
    """Write a number in letters: as a number it would count as a fact."""
    return "".join("bdfghkmnpt"[int(digit)] for digit in str(number))


def alike(
    text: str,
    name: str = "art_1",
    *,
    title: str = "",
    outlet: str = "Herald",
    at: datetime = NOON,
    url: str | None = None,
    masked: tuple[Span, ...] = (),
) -> Likeness:
    """Make what is compared of an article."""
    return Likeness(
        article_id=name,
        version=1,
        feed=outlet,
        outlet=outlet,
        at=at,
        canonical_url=url,
        wording=wording(title, text, masked),
        fingerprint=fingerprint(text, masked, title),
    )


def story(name: str, *, first_seen: datetime = NOON) -> StoryRecord:
    """Make the story that an article opened."""
    return StoryRecord(id=story_id(name), first_seen=first_seen)


def member(likeness: Likeness, *, of: StoryRecord | None = None) -> StoryMember:
    """Put an article into a story, its own by default."""
    return StoryMember(story=of or story(likeness.article_id), likeness=likeness)


def placed(likeness: Likeness, *, of: StoryRecord | None = None, indexed: bool = True) -> Placement:
    """Make the placement of an article in a story, its own by default."""
    return Placement(
        likeness=likeness,
        story=of or story(likeness.article_id),
        verdict=StoryVerdict.NEW,
        why="made up",
        indexed=indexed,
    )
