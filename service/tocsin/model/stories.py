"""The nouns of stories: what of an article is compared with others, and where the comparison put it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

#: Hashes of shingles are whole numbers below this.
HASHES = 2**32

#: A story is looked for by the shingles whose hashes are below this, besides those of its lead.
INDEXED_BELOW = HASHES // 32

#: What shares so many of these hashes may be the same report; a hash of more stories tells nothing; and so many that
#: share any are looked at.
LEAST_KEYS, MOST_OF_KEY, MOST_NEAR = 2, 200, 20

#: So many of a feed's last reports are kept, for its furniture to be counted in.
MOST_REPORTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedup:
    """When articles are one story, as configured; all but `tracking` as `stories.cluster` takes them.

    `window` is how far two publications may lie apart. `containment`, `lead` and `strong` are shares, 0 to 1.
    `tracking` are parameters of URLs that say where a reader came from, besides the usual ones.
    """

    window: timedelta = timedelta(hours=96)
    containment: float = 0.60
    lead: float = 0.30
    strong: float = 0.85
    tracking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What of a text is compared: hashes of its runs of five words ("shingles"), furniture left out.

    `words` counts its words, `size` its different shingles. Of these, `sketch` holds those up to `bound`, the highest
    hash that was kept. `lead` are the shingles of its first 60 words. `numbers` and `names` are hashes that tell where
    a number or a name stands, which is between which words, and in their lowest bits what it is. A `collection` reports
    several things: it is a digest, a newsletter or a live blog.
    """

    words: int
    size: int
    bound: int
    sketch: frozenset[int]
    lead: frozenset[int]
    numbers: frozenset[int]
    names: frozenset[int] = frozenset()
    collection: bool = False

    @property
    def keys(self) -> frozenset[int]:
        """The hashes by which an index finds the text."""
        return self.lead | {value for value in self.sketch if value < INDEXED_BELOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A version of an article, as far as it is compared with others.

    `at` is when it was published, as far as that can be believed. `wording` is a hash that is equal for the same title
    and text, case and punctuation aside; empty where that says too little. `canonical_url` is None where the article's
    own address tells nothing, as where a whole feed shares it.
    """

    article_id: str
    version: int
    feed: str
    outlet: str
    at: datetime
    canonical_url: str | None
    wording: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRecord:
    """The articles that are copies or updates of one report, named by the first.

    `follows` is the story that this one is a follow-up of. `thread` is the first story of such a row, which may be the
    story itself: messages about all of them belong together.
    """

    id: str
    first_seen: datetime
    follows: str | None = None
    thread: str = ""

    @property
    def root(self) -> str:
        """The id of the story that began the thread."""
        return self.thread or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """An article that belongs to a story already."""

    story: StoryRecord
    likeness: Likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What the index holds near some articles, by their ids, in one look.

    `near` are members of stories that may be the same report, those that share most first, `own` the stories that the
    articles belong to already. `members` counts the articles in each of these stories that can be found. `head` is the
    number of the index's newest row: what is newer was not seen.
    """

    near: dict[str, tuple[StoryMember, ...]] = field(default_factory=dict)
    own: dict[str, StoryRecord] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    head: int = 0


class StoryVerdict(StrEnum):
    """What an article is to its story."""

    NEW = "new"  # it opens the story
    COPY = "copy"  # another article of it says the same
    UPDATE = "update"  # a later version of an article that is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an article belongs, and why. `of` is the article it was found to be like, and `score` how much, 0 to 1.

    `why` is one line for people. What is not `indexed` is in the story, but no other article is found by it.
    """

    likeness: Likeness
    story: StoryRecord
    verdict: StoryVerdict
    why: str
    of: str | None = None
    score: float | None = None
    indexed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedReport:
    """A report of a feed, as its furniture is counted: which paragraphs stand in it, as 63-bit hashes.

    `number` counts the feed's reports, None where this one is not stored yet. A hash is odd where its paragraph has 40
    code points and more. `title` is the hash of the title, made alike.
    """

    article_id: str
    title: int
    paragraphs: frozenset[int]
    number: int | None = None
