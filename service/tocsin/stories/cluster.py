"""Which story an article belongs to: that of the published article it is a copy of, or one that it opens.

Compared are texts, never topics: what two reports on one event do not copy from each other keeps them apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from tocsin.model import (
    Dedup,
    Fingerprint,
    Likeness,
    Neighbours,
    Placement,
    StoryMember,
    StoryRecord,
    StoryVerdict,
)
from tocsin.stories.fingerprint import VALUE, containment, share
from tocsin.stories.shelf import Shelf

#: A story is found by so many of its articles; more join, and none is found by them.
MOST_INDEXED = 200

_LEAST_SHINGLES = 12  # texts of fewer are alike by chance
_SHORT = 80  # words; a shorter text is hardly more than a lead
_PART = 0.3  # of the longer text; what is less may be one of several things that it reports
_FOLLOW_UP = 0.45
_BOTH_LEADS = 0.5  # of each lead: such texts begin alike, and one was edited all over,
_EDITED = 0.1  # which costs so much more of its runs
_NO_LEAD = 0.15  # of a lead: what has less of it is a follow-up, or was cut there,
_WITHOUT_LEAD = 0.72  # and then it has more of the rest than a follow-up repeats

_LEAST_DIFFERING = 2  # numbers or names that stand between the same words; one may be a correction
_AGREE = 0.6


class Kind(StrEnum):
    """What two articles are to each other."""

    SAME = "same"
    FOLLOW_UP = "follow_up"
    OTHER = "other"


class Comparison(NamedTuple):
    """What two articles are to each other, how much of the shorter one is in the other, 0 to 1, and why, in words."""

    kind: Kind
    score: float
    why: str


def story_id(article_id: str) -> str:
    """Return the id of the story that an article opens: the same on every machine."""
    return "sto_" + sha256(f"story\0{article_id}".encode()).hexdigest()[:16]


# ---------------------------------------------------------------------------------------------------------------
# Two articles


def compare(first: Likeness, second: Likeness, dedup: Dedup) -> Comparison:
    """Tell what two articles are to each other, whichever comes first."""
    gap = abs(first.at - second.at)
    if first.canonical_url is not None and first.canonical_url == second.canonical_url:
        return Comparison(Kind.SAME, 1.0, "the same address")
    if gap > dedup.window:
        return Comparison(Kind.OTHER, 0.0, _apart(gap))
    if first.wording and first.wording == second.wording:
        return Comparison(Kind.SAME, 1.0, f"the same title and text; {_apart(gap)}")
    if min(first.fingerprint.size, second.fingerprint.size) < _LEAST_SHINGLES:
        return Comparison(Kind.OTHER, 0.0, "too short to compare")
    common = _common(first.fingerprint, second.fingerprint)
    return Comparison(_kind(common, first, second, dedup), round(common.score, 4), f"{common.words}; {_apart(gap)}")


def _kind(common: "_Common", first: Likeness, second: Likeness, dedup: Dedup) -> Kind:
    if not common.facts_agree:
        return Kind.OTHER
    if common.is_copy(dedup):
        return Kind.SAME
    ours = first.feed == second.feed or first.outlet.casefold() == second.outlet.casefold()
    follows = ours and common.whole >= _FOLLOW_UP and not common.collection
    return Kind.FOLLOW_UP if follows else Kind.OTHER


class _Facts(NamedTuple):
    """Of how many numbers, or names, that stand between the same words in both texts, how many are the same."""

    shared: int
    of: int

    @property
    def agree(self) -> bool:
        """Tell whether the texts are not one form, filled in twice."""
        return self.of - self.shared < _LEAST_DIFFERING or self.shared >= _AGREE * self.of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What two texts have in common: shares of shingles, 0 to 1.

    `whole` is the share of the shorter text that is in the longer one, `lead` that of its lead, `longer_lead` the share
    of the longer one's lead that is in the shorter, `leads` that of the lead with fewer shingles that is in the other.
    `part` is how long the shorter text is beside the longer one.
    """

    short: bool
    collection: bool
    whole: float
    lead: float
    longer_lead: float
    leads: float
    part: float
    numbers: _Facts
    names: _Facts

    @property
    def score(self) -> float:
        return max(self.whole, self.leads) if self.short else self.whole

    @property
    def facts_agree(self) -> bool:
        together = _Facts(*map(sum, zip(self.numbers, self.names, strict=True)))
        return self.numbers.agree and self.names.agree and together.agree

    def is_copy(self, dedup: Dedup) -> bool:
        """Tell whether the shorter text is the longer one, cut, wrapped or edited lightly."""
        if self.collection and self.whole * self.part < dedup.containment:
            return False
        if self.short and self.leads >= dedup.containment:
            return True
        if self.part < _PART and self.longer_lead < dedup.lead:
            return False  # one of several things that the longer one reports
        if self.whole >= dedup.strong:
            return True
        leads = (self.lead, self.longer_lead)
        if min(leads) >= _BOTH_LEADS:
            return self.whole >= dedup.containment - _EDITED
        least = dedup.containment if min(leads) >= _NO_LEAD else max(dedup.containment, _WITHOUT_LEAD)
        return self.whole >= least and sum(leads) / 2 >= dedup.lead

    @property
    def words(self) -> str:
        """Say it to people."""
        what = f"{self.whole:.2f} of its five-word runs are shared, {max(self.lead, self.longer_lead):.2f} of the lead"
        if self.short:
            what = f"a short text: {self.leads:.2f} of the five-word runs of its lead are shared"
        facts = [(self.numbers, "numbers"), (self.names, "names")]
        return "; ".join([what, *(f"{fact.shared} of {fact.of} {name}" for fact, name in facts if fact.of)])


def _common(first: Fingerprint, second: Fingerprint) -> _Common:
    shorter, longer = sorted((first, second), key=_order)
    return _Common(
        short=shorter.words < _SHORT,
        collection=shorter.collection or longer.collection,
        whole=containment(shorter, longer),
        lead=_lead_within(shorter, longer),
        longer_lead=_lead_within(longer, shorter),
        leads=share(shorter.lead, longer.lead),
        part=shorter.size / longer.size,
        numbers=_shared_facts(first.numbers, second.numbers),
        names=_shared_facts(first.names, second.names),
    )


def _order(text: Fingerprint) -> tuple[int, ...]:
    """Return by what texts are in the same order whichever comes first; the longer one is last."""
    return (text.size, text.words, text.bound, text.collection, *sorted(text.lead))


def _lead_within(text: Fingerprint, other: Fingerprint) -> float:
    """Return the share of a text's lead that the other has, as far as its sketch tells."""
    told = {value for value in text.lead if value <= other.bound}
    return max(len(told & other.sketch) / (len(told) or 1), len(text.lead & other.lead) / (len(text.lead) or 1))


def _shared_facts(first: AbstractSet[int], second: AbstractSet[int]) -> _Facts:
    places = {fact & ~VALUE for fact in first} & {fact & ~VALUE for fact in second}
    return _Facts(len({fact & ~VALUE for fact in first & second}), len(places))


def _apart(gap: timedelta) -> str:
    return f"{gap / timedelta(hours=1):.1f} h apart"


# ---------------------------------------------------------------------------------------------------------------
# An article and its story


def place(asked: Iterable[Likeness], neighbours: Neighbours, dedup: Dedup, now: datetime) -> tuple[Placement, ...]:
    """Say which story each article belongs to, in their order; each one sees those before it.

    `neighbours` is what the index holds near them. Two stories that exist stay two, whatever is like both.
    """
    return tuple(placements(asked, neighbours, dedup, now))


def placements(asked: Iterable[Likeness], neighbours: Neighbours, dedup: Dedup, now: datetime) -> Iterator[Placement]:
    """Yield what `place` returns, one by one, for a caller that has other things to do in between."""
    before, members = Shelf(), dict(neighbours.members)
    for likeness in asked:
        article = likeness.article_id
        beside = before.neighbours([likeness], dedup.window)
        own = neighbours.own.get(article) or beside.own.get(article)
        near = [*neighbours.near.get(article, ()), *beside.near[article]]
        placement = _update(likeness, own, members) if own else _placement(likeness, near, members, dedup, now)
        if placement.verdict is not StoryVerdict.UPDATE:
            members[placement.story.id] = members.get(placement.story.id, 0) + 1
        before.add([placement])
        yield placement


def _update(likeness: Likeness, story: StoryRecord, members: Mapping[str, int]) -> Placement:
    """Return where a later version belongs; those of a full story's copies make it no fuller."""
    return Placement(
        likeness=likeness,
        story=story,
        verdict=StoryVerdict.UPDATE,
        why=f"version {likeness.version} of the article",
        indexed=members.get(story.id, 0) <= MOST_INDEXED,
    )


def _placement(
    likeness: Likeness, near: Iterable[StoryMember], members: dict[str, int], dedup: Dedup, now: datetime
) -> Placement:
    found = [(compare(likeness, member.likeness, dedup), member) for member in near]
    if same := _best(found, Kind.SAME):
        comparison, member = same
        return Placement(
            likeness=likeness,
            story=member.story,
            verdict=StoryVerdict.COPY,
            why=comparison.why,
            of=member.likeness.article_id,
            score=comparison.score,
            indexed=members.get(member.story.id, 0) < MOST_INDEXED,
        )
    return _opening(likeness, _best(found, Kind.FOLLOW_UP), _best(found, Kind.OTHER), now)


def _opening(
    likeness: Likeness,
    followed: tuple[Comparison, StoryMember] | None,
    nearest: tuple[Comparison, StoryMember] | None,
    now: datetime,
) -> Placement:
    story = StoryRecord(id=story_id(likeness.article_id), first_seen=now)
    if followed is None:
        why = (
            f"like nothing enough; nearest: {nearest[0].why}"
            if nearest and nearest[0].score
            else "like nothing before it"
        )
        return Placement(likeness=likeness, story=story, verdict=StoryVerdict.NEW, why=why)
    comparison, member = followed
    return Placement(
        likeness=likeness,
        story=StoryRecord(id=story.id, first_seen=now, follows=member.story.id, thread=member.story.root),
        verdict=StoryVerdict.NEW,
        why=f"a follow-up: {comparison.why}",
    )


def _best(found: Iterable[tuple[Comparison, StoryMember]], kind: Kind) -> tuple[Comparison, StoryMember] | None:
    """Return what is most like it; of equals that of the story which began first."""
    of_kind = [item for item in found if item[0].kind is kind]
    return min(of_kind, key=_rank, default=None)


def _rank(item: tuple[Comparison, StoryMember]) -> tuple[object, ...]:
    comparison, member = item
    return -comparison.score, member.story.first_seen, member.story.id, member.likeness.at, member.likeness.article_id
