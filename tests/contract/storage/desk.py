"""Polls that bring articles into the index of stories, and looks at what is near."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b

from sqlalchemy import func, select

from tocsin.model import Commit, Decisions, Fingerprint, New, StoryRecord, StoryVerdict
from tocsin.model.stories import HASHES

SECOND, WINDOW = timedelta(seconds=1), timedelta(hours=96)
WORDS = range(1000, 1040)


def shingled(hashes: Iterable[int], **changes: object) -> Fingerprint:
    """Build the fingerprint of a text that has these shingles and nothing else, all of them in its lead."""
    values = frozenset(hashes)
    text = Fingerprint(
        words=len(values) + 4,
        size=len(values),
        bound=HASHES - 1,
        sketch=values,
        lead=values,
        numbers=frozenset(),
        names=frozenset(),
    )
    return replace(text, **changes)  # type: ignore[arg-type]


def hash_of(name: str) -> int:
    """Return a hash of 32 bits."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest())


class Desk:
    """A store with one feed, whose polls bring articles that are placed."""

    def __init__(self, store, make):
        self.store, self.make = store, make
        self.polls = 0

    async def place(self, *placements, at=None, head=None, entries=None, **decided):
        """Commit a poll in which the articles of placements are new; its `head` is the index's, where none is given."""
        self.polls += 1
        at = at or self.make.NOON + self.polls * SECOND
        await self.store.apply_configuration([self.make.feed()], ["desk"], at)
        await self.store.wake_feed("Harbour Gazette", at)
        await self.make.leased(self.store, now=at)
        head = await self.head() if head is None else head
        record = self.poll(*placements, at=at, head=head, entries=entries, **decided)
        end = await self.store.commit_poll(record)
        if end is not Commit.DONE:
            await self.store.release_leases(None)
        return end

    def poll(self, *placements, at, head, entries=None, **decided):
        """Build the poll in which the articles of placements are new."""
        decisions = Decisions(placements=placements, head=head, **decided)
        return self.make.poll(at=at, entries=self.new(placements) if entries is None else entries, decisions=decisions)

    def new(self, placements):
        """Return the entries that bring the articles of placements."""
        names = [item.likeness.article_id.split("/")[1] for item in placements]
        return tuple(New(article=self.make.article(name)) for name in names)

    def placement(self, name, hashes=WORDS, *, story=None, verdict=None, version=1, indexed=True, **changes):
        """Build the placement of an article that has these shingles, in a story of its own or in that of another."""
        article = self.make.article(name)
        likeness = self.make.likeness(article, version, fingerprint=shingled(hashes), **changes)
        own = StoryRecord(id=f"story of {story or name}", first_seen=self.make.NOON)
        verdict = verdict or (StoryVerdict.COPY if story else StoryVerdict.NEW)
        return self.make.placement(article, likeness=likeness, story=own, verdict=verdict, indexed=indexed)

    async def neighbours(self, name="asked", hashes=WORDS, **changes):
        asked = self.placement(name, hashes, **changes).likeness
        return await self.store.neighbours([asked], WINDOW)

    async def near(self, name="asked", hashes=WORDS, **changes):
        """Return the names of what is near an article, in order."""
        found = await self.neighbours(name, hashes, **changes)
        return [member.likeness.article_id.split("/")[1] for member in found.near[f"Harbour Gazette/{name}"]]

    async def head(self):
        return (await self.store.neighbours([], WINDOW)).head

    def count(self, table):
        with self.store.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(table))
