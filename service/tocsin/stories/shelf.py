"""The index of stories in memory: what the database keeps of them for a daemon, for one pass over a file."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush, nsmallest

from tocsin.model import Likeness, Neighbours, Placement, StoryMember, StoryRecord
from tocsin.model.stories import LEAST_KEYS, MOST_NEAR, MOST_OF_KEY


class Shelf:
    """Articles by what they are found by; it answers as `ports.Store` does."""

    def __init__(self) -> None:
        self._members: dict[int, StoryMember] = {}  # in the order in which they came
        self._rows: dict[str, list[int]] = {}  # of an article, by its id
        self._found_by: dict[object, set[int]] = {}  # keys of fingerprints are numbers, the others pairs
        self._own: dict[str, StoryRecord] = {}
        self._counts: Counter[str] = Counter()  # articles of a story that can be found
        self._oldest: list[tuple[datetime, int]] = []  # a heap
        self._head = 0

    def __len__(self) -> int:
        return len(self._members)

    def add(self, placements: Iterable[Placement]) -> None:
        """Put in what was placed; of an article the first version and the newest stay."""
        for placement in placements:
            article = placement.likeness.article_id
            self._own[article] = placement.story
            if placement.indexed:
                self._add(StoryMember(story=placement.story, likeness=placement.likeness))

    def neighbours(self, asked: Sequence[Likeness], window: timedelta) -> Neighbours:
        """Return what is near some articles, as `ports.Store.neighbours` says."""
        near = {likeness.article_id: tuple(self._near(likeness, window)) for likeness in asked}
        own = {item.article_id: self._own[item.article_id] for item in asked if item.article_id in self._own}
        stories = {member.story.id for members in near.values() for member in members}
        stories |= {story.id for story in own.values()}
        return Neighbours(
            near=near, own=own, members={story: self._counts[story] for story in stories}, head=self._head
        )

    def forget(self, before: datetime, *, but: int = 0) -> None:
        """Take out what was published before a time, the oldest first, as long as more than `but` rows are there."""
        while len(self._members) > but and self._oldest and self._oldest[0][0] < before:
            number = heappop(self._oldest)[1]
            if number in self._members:
                article = self._members[number].likeness.article_id
                self._take_out(number)
                if article not in self._rows:
                    del self._own[article]

    def _add(self, member: StoryMember) -> None:
        article = member.likeness.article_id
        rows = self._rows.setdefault(article, [])
        if len(rows) > 1:
            self._take_out(rows[-1])
        if not rows:
            self._counts[member.story.id] += 1
        self._head += 1
        rows.append(self._head)
        self._members[self._head] = member
        heappush(self._oldest, (member.likeness.at, self._head))
        for name in _names(member.likeness):
            self._found_by.setdefault(name, set()).add(self._head)

    def _take_out(self, number: int) -> None:
        member = self._members.pop(number)
        rows = self._rows[member.likeness.article_id]
        rows.remove(number)
        if not rows:
            del self._rows[member.likeness.article_id]
            self._counts -= Counter([member.story.id])  # which drops it at none
        for name in _names(member.likeness):
            self._found_by[name].discard(number)
            if not self._found_by[name]:
                del self._found_by[name]

    def _near(self, likeness: Likeness, window: timedelta) -> Iterator[StoryMember]:
        shared = Counter(number for key in likeness.fingerprint.keys for number in self._numbers(key))
        by_keys = [
            number
            for number, count in shared.items()
            if count >= LEAST_KEYS and self._is_near(number, likeness, window)
        ]
        found = nsmallest(MOST_NEAR, by_keys, key=lambda number: (-shared[number], number))
        by_wording = self._found_by.get(("wording", likeness.wording), set())
        found += sorted(number for number in by_wording if self._is_near(number, likeness, window))
        by_url = self._found_by.get(("url", likeness.canonical_url), set())
        found += sorted(number for number in by_url if not self._is_own(number, likeness))
        yield from (self._members[number] for number in dict.fromkeys(found))

    def _numbers(self, key: int) -> Collection[int]:
        numbers = self._found_by.get(key, ())
        if len(numbers) <= MOST_OF_KEY:
            return numbers
        return numbers if len({self._members[number].story.id for number in numbers}) <= MOST_OF_KEY else ()

    def _is_near(self, number: int, likeness: Likeness, window: timedelta) -> bool:
        at = self._members[number].likeness.at
        return abs(at - likeness.at) <= window and not self._is_own(number, likeness)

    def _is_own(self, number: int, likeness: Likeness) -> bool:
        return self._members[number].likeness.article_id == likeness.article_id


def _names(likeness: Likeness) -> Iterator[object]:
    """Yield what an article is found by."""
    yield from likeness.fingerprint.keys
    if likeness.wording:
        yield "wording", likeness.wording
    if likeness.canonical_url is not None:
        yield "url", likeness.canonical_url
