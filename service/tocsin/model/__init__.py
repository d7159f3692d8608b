"""The nouns of Tocsin: what flows from a feed to a receiver, as frozen values.

Nothing here decides or does anything. Times are aware and in UTC, offsets count code points, enums name every
outcome and reason that is stored or shown.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from tocsin.model.query import Query

JsonObject: TypeAlias = Mapping[str, object]
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


# ---------------------------------------------------------------------------------------------------------------
# What the user configures


class FeedKind(StrEnum):
    """Where a feed comes from."""

    HTTP = "http"
    DIRECTORY = "directory"


class FirstPoll(StrEnum):
    """What a feed's first poll does with the entries it finds."""

    SILENT = "silent"  # stored and matched, nothing rings
    RECENT = "recent"  # those within max_age ring
    ALL = "all"  # every one rings


class FullText(StrEnum):
    """When the page behind an entry is read."""

    NEVER = "never"
    AUTO = "auto"  # where a rule needs the text and the feed gives less than that
    ALWAYS = "always"


class Severity(StrEnum):
    """How urgent a rule's alerts are, from least to most."""

    INFO = "info"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class EntityType(StrEnum):
    """What an entity is; a concept is a set of words to be taken as one another."""

    PERSON = "person"
    PLACE = "place"
    ORG = "org"
    CONCEPT = "concept"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Boilerplate:
    """A paragraph that a feed puts around its articles; `to_end` drops what follows it too."""

    text: str
    to_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """A source to poll, as configured. `location` is a URL, or a path relative to the working directory.

    `outlet` is the publisher; None: each article's own, by its URL. `every` and `cron` are both None where the pace is
    found out. `headers` go to the feed's own origin only. `source` is equal for feeds that one request serves: a digest
    of the URL, without what makes no difference in it, and of what is sent along; `host` is whom that request is made
    to. A directory has a source and a host of its own.
    """

    name: str
    kind: FeedKind
    location: str
    outlet: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2, small letters
    every: timedelta | None = None
    cron: str | None = None  # five fields, in the zone of that IANA name
    timezone: str = "UTC"
    max_age: timedelta | None = None  # None: nothing is too old
    first_poll: FirstPoll = FirstPoll.SILENT
    full_text: FullText = FullText.NEVER
    boilerplate: tuple[Boilerplate, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    allow_private: tuple[Network, ...] = ()
    proxy: str = field(default="", repr=False)
    insecure_tls: bool = False
    source: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One keyword or alias as written; `exact` where it stood in inner quotes (which `text` leaves out)."""

    text: str
    exact: bool = False

    def __str__(self) -> str:
        return f'"{self.text}"' if self.exact else self.text


class Surname(StrEnum):
    """When the surname of a person counts by itself."""

    ALONE = "alone"
    AFTER_FULL = "after_full"  # where the full name stands anywhere in title or body
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What must, and what must not, stand around a mention of an entity for it to count.

    `within` so many words before or after it, the title read on into the body; 0: anywhere. One of `any` must (where
    there is one), none of `none` may.
    """

    any: tuple[Term, ...] = ()
    none: tuple[Term, ...] = ()
    within: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A person, place, organisation or concept and the words that mean it."""

    id: str
    name: str
    type: EntityType
    aliases: tuple[Term, ...] = ()
    acronym: str | None = None
    case_sensitive: bool = True
    forms: tuple[tuple[str, str], ...] = ()  # language → the name as written in it
    surname: Surname = Surname.AFTER_FULL
    context: Context | None = None
    tests: "tuple[RuleTest, ...]" = ()
    source: str = field(default="", compare=False)  # `file:line`


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedScope:
    """The feeds that a rule listens to: those named, and those that carry one of the tags."""

    names: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def covers(self, feed: FeedSpec) -> bool:
        """Tell whether `feed` is one of them."""
        return feed.name in self.names or not self.tags.isdisjoint(feed.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """A text that a rule must ring on, or must stay silent on."""

    text: str
    rings: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A query with a name. `key` is the name with a hash of what the rule asks for; `source` is `file:line`.

    One of `keywords`, and `query`, and one of `entities_any`, and all of `entities_all` must be found (an empty one
    asks for nothing); none of `exclude` may be. The query's named parts are replaced by what they name.
    """

    name: str
    key: str
    source: str
    keywords: tuple[Term, ...] = ()
    query: Query | None = None
    entities_any: tuple[str, ...] = ()
    entities_all: tuple[str, ...] = ()
    exclude: tuple[Term, ...] = ()
    feeds: FeedScope | None = None
    languages: tuple[str, ...] = ()
    severity: Severity = Severity.NORMAL
    tags: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    tests: tuple[RuleTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """What an alert must have for a route to take it; an empty field asks for nothing, several must all hold."""

    rules: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    tags: frozenset[str] = frozenset()
    feeds: frozenset[str] = frozenset()
    feed_tags: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which alerts go to which channels. Children are tried first and inherit `channels` where they name none."""

    match: RouteMatch = RouteMatch()
    channels: tuple[str, ...] = ()
    goes_on: bool = False  # the configuration's `continue`
    routes: tuple["Route", ...] = ()


class ChannelKind(StrEnum):
    """The ways out."""

    SLACK = "slack"
    EMAIL = "email"
    WEBHOOK = "webhook"
    CONSOLE = "console"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChannelSpec:
    """A way out, as configured. `url`, `smtp`, `secret` and `proxy` are secrets: `repr()` leaves them out.

    `recipients` is what each message is sent to, one delivery each: the addresses of an email channel, one empty
    string for every other kind. `timeout` is for one attempt as a whole. `timezone` is an IANA name.
    """

    name: str
    kind: ChannelKind
    recipients: tuple[str, ...] = ("",)
    url: str = ""
    smtp: str = ""
    sender: str = ""
    secret: str = ""
    path: str = ""
    allow_private: tuple[Network, ...] = ()
    proxy: str = ""
    timeout: timedelta = timedelta(seconds=15)
    timezone: str = "UTC"

    def __repr__(self) -> str:
        return f"ChannelSpec(name={self.name!r}, kind={self.kind.value!r})"


# ---------------------------------------------------------------------------------------------------------------
# Fetching


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to ask "changed since?" with, byte for byte as it sent them (read as Latin-1).

    They mean something to the URL that gave them and to no other: `source` is a digest of it.
    """

    etag: str | None = None
    last_modified: str | None = None
    source: str | None = None


class FetchReason(StrEnum):
    """Why a feed could not be fetched or read."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    HTTP_STATUS = "http_status"
    REDIRECTS = "redirects"
    REFUSED_ADDRESS = "refused_address"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    PATH = "path"  # a directory feed whose path is missing or cannot be read
    NOT_A_FEED = "not_a_feed"
    PARSE_LIMIT = "parse_limit"  # the parser took too much time or memory and was stopped
    INTERNAL = "internal"  # a bug of ours, logged with its trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Bytes to be parsed. `name` is a URL or a file name; `modified` is the file's own time."""

    name: str
    body: bytes
    content_type: str | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an answer says besides its body.

    `fresh_for`: how long the server says that nothing will change (Cache-Control, Expires). `moved_to`: where we were
    sent, if every redirect on the way was a permanent one. `clock_offset`: how far the server's clock is ahead of ours.
    """

    fresh_for: timedelta | None = None
    moved_to: str | None = None
    clock_offset: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A feed answered with documents: one for a URL, one a file for a directory.

    `fingerprint` is equal for equal content. `partial`: only what is new since the validators that were sent (226, RFC
    3229). `unsettled` names files that are still being written: they are left for the next look. `problems` names what
    was passed over and why.
    """

    documents: tuple[Document, ...]
    url: str
    validators: Validators
    fingerprint: str
    received: int  # bytes on the wire, or read from disk
    answer: Answer = Answer()
    partial: bool = False
    unsettled: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """Nothing new since the last fetch; a validator that the answer renewed is in `validators`.

    `same_body`: the server sent all of it again (200), and it is what we have.
    """

    validators: Validators
    received: int = 0
    same_body: bool = False
    answer: Answer = Answer()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """A feed could not be had this time. `detail` is one line for people, without secrets.

    `busy_host` is set where a host asked that none of its feeds be fetched until `retry_after` is over (429).
    """

    reason: FetchReason
    detail: str
    status: int | None = None
    retry_after: timedelta | None = None
    busy_host: str | None = None


FetchOutcome: TypeAlias = Fetched | NotModified | FetchFailed

#: Reasons that may lie in our own network.
NETWORK_REASONS = frozenset({FetchReason.DNS, FetchReason.CONNECT, FetchReason.TIMEOUT})


class PageOutcome(StrEnum):
    """What came of reading the page behind an entry."""

    READ = "read"
    LATE = "late"  # it did not come in time
    ROBOTS = "robots"  # the site's robots.txt keeps us out
    CONSENT = "consent"  # the page asks for consent first
    PAYWALL = "paywall"  # the page shows its text to subscribers only
    SHORT = "short"  # hardly any text was found, or less than the feed gives
    NOT_A_PAGE = "not_a_page"  # something else than HTML
    FAILED = "failed"  # it could not be had


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFetched:
    """The page behind an entry."""

    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFailed:
    """A page that was not read. `detail` is one line for people, without secrets; `busy_host` as in `FetchFailed`."""

    outcome: PageOutcome
    detail: str
    retry_after: timedelta | None = None
    busy_host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """The article that was found on a page, as plain text in paragraphs, without the site's furniture."""

    text: str
    title: str | None = None
    language: str | None = None
    canonical_url: str | None = None  # as the page names it, absolute


# ---------------------------------------------------------------------------------------------------------------
# Reading


class TextKind(StrEnum):
    """What of an article we hold."""

    TITLE = "title"
    SUMMARY = "summary"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item as its feed gives it, its HTML already turned into plain text.

    `id` is the entry's own, or what stands in for it (its URL, or a hash of its title and text). What the feed does
    not give is None. `text` is the fullest text there is, in paragraphs parted by empty lines; `text_kind` says what
    that is. `title_in_text`: the title is a paragraph of the text, the first that is not furniture. `title_repeated`:
    that paragraph says the title again. `digest` is equal where all that the document says of the entry is; empty where
    nothing is known of that.
    """

    id: str
    url: str | None = None
    title: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    summary: str | None = None
    text: str | None = None
    text_kind: TextKind = TextKind.TITLE
    title_in_text: bool = False
    title_repeated: bool = False
    language: str | None = None
    tags: tuple[str, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Courtesy:
    """How often a feed wants to be asked: lower bounds, all of them.

    `fresh_for` is the server's (Cache-Control, Expires), `at_least` the document's (`ttl`, `sy:updatePeriod`). The
    hours, 0 to 23, and days, 0 for Monday, are in UTC and those in which the feed says that nothing will change.
    """

    fresh_for: timedelta | None = None
    at_least: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a document holds. `problems` are one-line remarks on what was wrong with it and survived.

    `unchanged` are the digests of entries that the caller knows and that are not in `entries`. `older` is the URL of
    the page of older entries (RFC 5005), `parts` those of the documents that an index lists in place of entries.
    """

    entries: tuple[Entry, ...]
    unchanged: tuple[str, ...] = ()
    title: str | None = None
    url: str | None = None
    language: str | None = None
    courtesy: Courtesy = Courtesy()
    older: str | None = None
    parts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseFailed:
    """A document that holds no feed and no article."""

    reason: FetchReason
    detail: str


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Our normalised form of an entry; one version of it.

    `id` is a hash of feed and entry, the same on every machine. `masked` are the spans of `text` that are furniture
    or repeat the title: they are never matched. `content_hash` is equal for equal title and text.
    """

    id: str
    feed: str
    entry_id: str
    url: str | None
    canonical_url: str | None
    title: str
    text: str
    text_kind: TextKind
    language: str | None
    content_hash: str
    fetched: datetime
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    summary: str | None = None
    tags: tuple[str, ...] = ()
    masked: tuple[Span, ...] = ()
    digest: str = ""  # of the entry (see there)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """What the store knows of an entry: the article it became and that article's newest version."""

    entry_id: str
    canonical_url: str | None
    article_id: str
    version: int
    content_hash: str
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """An entry never seen before; its article is version 1."""

    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A known entry whose title or text is not what we hold; the article is its next version."""

    article: Article
    version: int
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A known entry, unchanged. `entry_id` and `canonical_url` are what the feed calls it now.

    `digest` and `published` are known of an entry that the last poll saw as well.
    """

    entry_id: str
    canonical_url: str | None
    article_id: str
    digest: str | None = None
    published: datetime | None = None


class SkipReason(StrEnum):
    """Why an entry does not become an article."""

    EMPTY = "empty"  # neither title nor text
    REPEATED = "repeated"  # stands twice in one poll


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An entry that does not become an article, and why."""

    entry_id: str
    reason: SkipReason


EntryOutcome: TypeAlias = New | Changed | Seen | Skipped


# ---------------------------------------------------------------------------------------------------------------
# Matching and deciding


class Field(StrEnum):
    """The parts of an article that are matched, and what evidence stands in."""

    TITLE = "title"
    BODY = "body"
    AUTHOR = "author"
    URL = "url"
    FEED = "feed"
    TAG = "tag"
    LANG = "lang"
    COUNTRY = "country"


class Evidence(NamedTuple):
    """Words that took part in a match: where they stand, what stands there, and the part of the rule they answer."""

    field: Field
    start: int
    end: int
    text: str
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule that an article answers, with its evidence in the order of the text."""

    rule: Rule
    evidence: tuple[Evidence, ...]


class MatchOutcome(StrEnum):
    """How a match ends."""

    RUNG = "rung"
    JOINED = "joined"
    WAITING = "waiting_for_sources"
    DROPPED = "dropped"


class DropReason(StrEnum):
    """Why a match rings nothing."""

    FIRST_POLL = "first_poll"
    TOO_OLD = "too_old"
    MATCHED_BEFORE = "matched_before"  # an edit of an article that matched this rule already
    NO_ROUTE = "no_route"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A match opens an alert."""

    alert_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A match belongs to an alert that rang already."""

    alert_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A match rings nothing."""

    reason: DropReason


Decision: TypeAlias = Ring | Join | Drop


class DispatchState(StrEnum):
    """How far an alert has come on its way to one channel."""

    SENT = "sent"
    WAITING = "waiting"
    MUTED = "muted"
    DEAD = "dead"
    DROPPED = "dropped"


class DeliveryState(StrEnum):
    """How far a message has come on its way to one recipient."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    DROPPED = "dropped"


class MessageKind(StrEnum):
    """What a message is; the `type` of its payload."""

    ALERT = "alert.matched"
    OPS = "ops.condition"  # the payload's `type` names the condition: ops.feed.silent, ops.network_down
    TEST = "test.ping"


# ---------------------------------------------------------------------------------------------------------------
# Delivering


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A sentence of an article as it stands there, and the words in it that made the alert ring."""

    text: str
    marks: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message in the neutral form that every channel for people is made from.

    All strings are untrusted text of the article's, cleaned of control characters; a channel escapes them for its
    own medium. `published` is in the zone of the user, ready to be shown; `facts` are label and value.
    """

    kind: MessageKind
    headline: str
    url: str | None
    outlet: str
    published: str
    rule: str
    severity: Severity
    excerpts: tuple[Excerpt, ...]
    facts: tuple[tuple[str, str], ...]
    alert_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one recipient of a channel is sent. `payload` is design's version 1; `notice` says the same to people.

    `delivery_id` is the same over retries, restarts and databases; `story_id` threads mail: it names the story, or
    whatever else the message is about.
    """

    delivery_id: str
    recipient: str
    payload: JsonObject
    notice: Notice
    created: datetime
    story_id: str


class AttemptResult(StrEnum):
    """What came of one try."""

    SENT = "sent"
    WAIT = "wait"  # the receiver asks for patience; try again at its time
    RETRY = "retry"  # failed for now
    UNSURE = "unsure"  # cut after it was sent: perhaps received; try again with the same id
    REFUSED = "refused"  # the receiver will not have it; a few more tries, then dead
    GONE = "gone"  # it can never work


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try as the channel saw it. `detail` is one line for people, without secrets."""

    result: AttemptResult
    detail: str = ""
    status: int | None = None
    retry_after: timedelta | None = None
    remote_id: str | None = None


class DeadReason(StrEnum):
    """Why a delivery will never be tried again."""

    REFUSED = "refused"
    GONE = "gone"
    EXHAUSTED = "retries_exhausted"
    CHANNEL_REMOVED = "channel_removed"
    UNRENDERABLE = "unrenderable"  # a bug of ours, logged with its trace


class WaitReason(StrEnum):
    """Why a delivery waits."""

    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A delivery that has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """A delivery that is tried again."""

    at: datetime
    reason: WaitReason = WaitReason.RETRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A delivery that is given up."""

    reason: DeadReason


AttemptDecision: TypeAlias = Delivered | RetryAt | Dead


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """A delivery that is ours to try until the lease ends. `attempts` counts the tries before this one."""

    id: str
    channel: str
    recipient: str
    payload: JsonObject
    created: datetime
    attempts: int
    refusals: int  # tries before this one that the receiver refused


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One try and what was decided from it, to be stored together."""

    delivery_id: str
    owner: str
    started: datetime
    took: timedelta
    attempt: Attempt
    decision: AttemptDecision


# ---------------------------------------------------------------------------------------------------------------
# Storing


class FeedState(StrEnum):
    """How a feed is doing. All but the first two are conditions that begin, last and end; several may hold at once."""

    NEW = "new"  # never polled
    OK = "ok"
    GONE = "gone"  # the server says that it is gone for good (410): it is not polled any more
    NOT_A_FEED = "not-a-feed"  # something answers, but no feed
    FAILING = "failing"
    LOST = "lost"  # nothing but errors for a month: it is asked once a week
    STUCK = "stuck"  # the server says "not modified" although it is: its validators are not used any more
    SILENT = "silent"  # nothing new for much longer than usual
    GAP = "gap"  # nothing that the last poll saw is there any more: entries came and went in between
    ALL_IDS_CHANGED = "all-ids-changed"  # known entries came under new ids
    CLOCK_ODD = "clock-odd"  # the server's clock, or the dates of the entries, are far from ours
    MOVED = "moved"  # the server sends us to another address for good
    NETWORK_DOWN = "network-down"  # of all feeds together: none can be reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A permanent redirect of a feed: where to, in how many polls in a row a feed was there, and since when."""

    url: str
    polls: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMemory:
    """What the polls of a feed leave behind for the next one. All of it is in its row."""

    validators: Validators = Validators()
    validators_trusted: bool = True
    fingerprint: str | None = None
    courtesy: Courtesy = Courtesy()
    not_before: datetime | None = None  # no poll before that, whatever the configuration says
    mean_gap: timedelta | None = None  # between the feed's entries, where known
    failures: int = 0  # in a row
    failing_since: datetime | None = None
    first_success: datetime | None = None
    last_success: datetime | None = None
    last_new: datetime | None = None  # when an entry was new, on the first poll too
    last_changed: datetime | None = None  # when the body was another than before
    last_probe: datetime | None = None  # when it was last asked without validators, to see whether they tell the truth
    move: Move | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPart:
    """A document that a feed's index lists, with what to ask "changed since?" with."""

    url: str
    validators: Validators = Validators()
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFeed:
    """A feed that is ours to poll until the lease ends, with what the last polls left behind.

    `conditions` are those that hold, `parts` the documents of its index. `twins` are feeds that the same request
    serves, leased with it. `network_down`: no feed can be reached at the moment.
    """

    name: str
    owner: str
    memory: FeedMemory = FeedMemory()
    conditions: frozenset[FeedState] = frozenset()
    parts: tuple[FeedPart, ...] = ()
    twins: "tuple[DueFeed, ...]" = ()
    network_down: bool = False

    @property
    def first_poll(self) -> bool:
        """Tell whether it was never read."""
        return self.memory.first_success is None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """A page that is ours to read, or to decide without, until the lease ends.

    `article` is the newest stored version, `version` its number, `before` the last one decided upon. `decided`:
    story and ring do not wait for the page any more. `polled` is the time of the poll that brought the article,
    `last_success` that of the poll before.
    """

    article: Article
    version: int
    before: Article | None
    first_seen: datetime
    feed: str
    owner: str
    url: str
    decided: bool
    decide_by: datetime
    polled: datetime
    last_success: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRecord:
    """The articles that are copies or updates of one report, named by the first."""

    id: str
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRecord:
    """A match with its end. `reason` is set for a dropped one, `alert_id` for the others."""

    article_id: str
    version: int
    rule_name: str
    rule_key: str
    outcome: MatchOutcome
    reason: DropReason | None
    alert_id: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """A rule that rang for a story. `data` is the `data` of the payload, without `delivery_id`."""

    id: str
    rule_name: str
    rule_key: str
    story_id: str
    article_id: str
    version: int
    data: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRecord:
    """An alert on its way to one channel."""

    id: str
    alert_id: str
    channel: str
    state: DispatchState
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """A message on its way to one recipient."""

    id: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """What a channel is to be sent, as decided: the payload without `delivery_id`, and who gets it."""

    id: str
    kind: MessageKind
    channel: str
    payload: JsonObject
    deliveries: tuple[DeliveryRecord, ...]
    dispatches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What was decided about articles. Rows refer to each other by id, and can be inserted in the order of the fields.

    Each story comes with the article that opens it.
    """

    stories: tuple[tuple[StoryRecord, str], ...] = ()
    matches: tuple[MatchRecord, ...] = ()
    alerts: tuple[AlertRecord, ...] = ()
    dispatches: tuple[DispatchRecord, ...] = ()
    messages: tuple[MessageRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """A page that is to be read for an article. `version` is the one that waits for it, or was decided without it."""

    article_id: str
    version: int
    url: str
    host: str
    due: datetime
    decide_by: datetime | None  # None: decided already
    polled: datetime
    last_success: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStanding:
    """How far the page of an article is: when it was last tried, or is to be, and whether the article waits for it."""

    at: datetime
    waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition of a feed that a poll found to hold. `tell_at` is when people are told, if it still holds then."""

    state: FeedState
    detail: str
    tell_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """Everything that one poll of one feed decided, to be stored in one transaction.

    `conditions` are all that hold now: those that held before and are not among them have ended. `reached`: a server
    answered. `next_poll` is None for a feed that is not to be polled any more. `busy` is a host, and until when none of
    its feeds is fetched. `parts` is None where the stored ones stay.
    """

    feed: str
    owner: str
    at: datetime
    next_poll: datetime | None
    state: FeedState
    memory: FeedMemory
    conditions: tuple[Condition, ...] = ()
    reason: FetchReason | None = None
    detail: str | None = None
    reached: bool = True
    busy: tuple[str, datetime] | None = None
    parts: tuple[FeedPart, ...] | None = None
    not_modified: bool = False
    received: int = 0
    entries: tuple[EntryOutcome, ...] = ()
    pages: tuple[PageRecord, ...] = ()
    decisions: Decisions = Decisions()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """What came of one look at a page, or of deciding without it, to be stored in one transaction.

    `due` is when to try again, None where nothing more is to be read; `found` is the article's next version, with the
    page's text. `decides`: this is the decision that the article waited for.
    """

    article_id: str
    owner: str
    at: datetime
    outcome: PageOutcome
    detail: str | None
    due: datetime | None
    found: Changed | None = None
    decides: bool = False
    busy: tuple[str, datetime] | None = None
    decisions: Decisions = Decisions()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCondition:
    """A condition that people are to be told of now: that it began, or, where it has an `until`, that it ended.

    `feed` is empty for all feeds together. `reason`, `last_success` and `next_poll` are the feed's.
    """

    feed: str
    state: FeedState
    since: datetime
    until: datetime | None
    detail: str
    told: bool
    reason: FetchReason | None = None
    last_success: datetime | None = None
    next_poll: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tellings:
    """The conditions that are due to be told, with what is needed to judge them together.

    `due` are those whose time has come. `http_feeds` counts the configured feeds that are fetched over a network,
    `hosts` their hosts, `unreachable` those of the feeds whose last poll failed for a reason that may be our network.
    `network_down` is that condition, where it holds; `last_reached` is when any of the feeds was read last.
    """

    due: tuple[OpenCondition, ...]
    http_feeds: int
    hosts: int
    unreachable: int
    network_down: OpenCondition | None = None
    last_reached: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRecord:
    """What is told of conditions, to be stored in one transaction with the messages.

    `told` are done with; `postponed` are looked at again then; `begun` is the network's condition, where it begins.
    """

    at: datetime
    told: tuple[OpenCondition, ...] = ()
    postponed: tuple[tuple[OpenCondition, datetime], ...] = ()
    begun: Condition | None = None
    messages: tuple[MessageRecord, ...] = ()


class Commit(StrEnum):
    """How a commit of a poll ended."""

    DONE = "done"
    CONFLICT = "conflict"  # newer rows would change the decision: decide again
    LEASE_LOST = "lease_lost"  # the feed is somebody else's by now; nothing was stored


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """A feed's health, as `tocsin feeds` shows it. `conditions` are all that hold, `since` is that of the state."""

    name: str
    location: str
    state: FeedState
    reason: str | None
    detail: str | None
    last_success: datetime | None
    next_poll: datetime | None
    entries_a_day: float | None
    not_modified_share: float | None
    received: int
    failures: int
    since: datetime | None = None
    conditions: tuple[FeedState, ...] = ()
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchReport:
    """Where an alert stands on its way to one channel."""

    channel: str
    state: DispatchState
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReport:
    """An alert with its ways, as `tocsin alerts` shows it."""

    data: JsonObject
    created: datetime
    dispatches: tuple[DispatchReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """Where a delivery stands."""

    id: str
    channel: str
    recipient: str
    state: DeliveryState
    reason: str | None
    attempts: int
    due: datetime | None
    last_status: int | None = None
    last_detail: str | None = None
    remote_id: str | None = None
    took: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Row counts by outcome, for the conservation laws: each pair of sums must be equal."""

    entries: Mapping[str, int] = field(default_factory=dict)
    matches: Mapping[str, int] = field(default_factory=dict)
    dispatches: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)
