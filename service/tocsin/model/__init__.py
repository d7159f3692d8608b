"""The nouns of Tocsin: what flows from a feed to a receiver, as frozen values.

Nothing here decides or does anything. Times are aware and in UTC, offsets count code points, enums name every
outcome and reason that is stored or shown.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from tocsin.model.query import Query
from tocsin.model.stories import CountedReport as CountedReport
from tocsin.model.stories import Dedup as Dedup
from tocsin.model.stories import Fingerprint as Fingerprint
from tocsin.model.stories import Likeness as Likeness
from tocsin.model.stories import Neighbours as Neighbours
from tocsin.model.stories import Placement as Placement
from tocsin.model.stories import StoryMember as StoryMember
from tocsin.model.stories import StoryRecord as StoryRecord
from tocsin.model.stories import StoryVerdict as StoryVerdict

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
    to. A directory has a source and a host of its own. `tracking` are parameters of its entries' URLs that make no
    difference, besides the usual ones.
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
    tracking: frozenset[str] = frozenset()


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

    An alert waits until `min_sources` outlets have its story. It is told again when the story reaches one of the
    numbers of outlets in `follow_up` (in rising order), and, with `on_update`, when its article changed materially.
    What rings more often than `max_per_hour` on a channel is told in a summary.
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
    min_sources: int = 1
    on_update: bool = False
    follow_up: tuple[int, ...] = ()
    max_per_hour: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While `rule` rang for a story, alerts of the rules that it `hides` are not sent for that story."""

    rule: str
    hides: frozenset[str]


class GroupBy(StrEnum):
    """What alerts that are told together have in common."""

    RULE = "rule"
    STORY = "story"
    FEED = "feed"
    NONE = "none"  # nothing: each alert is told by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTimes:
    """When a digest is told: at the slots of a cron line in a zone (IANA); with `empty`, without alerts too."""

    cron: str
    timezone: str
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When nothing but what is critical is told: from `start` to `end` by the clocks of a zone, over midnight or not.

    `days` are those on which they begin, Monday being 0.
    """

    start: time
    end: time
    timezone: str
    days: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When what a route takes is told. A digest wins over groups; what is critical passes quiet hours."""

    group_by: GroupBy = GroupBy.NONE
    group_wait: timedelta = timedelta(0)
    group_interval: timedelta = timedelta(minutes=5)
    digest: DigestTimes | None = None
    quiet_hours: QuietHours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A channel that an alert goes to, and when. One that its rule notifies is told at once: `timing` is None."""

    channel: str
    timing: Timing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long rows are kept after they are done with: articles with all that hangs on them, deliveries, dead ones."""

    articles: timedelta = timedelta(days=90)
    deliveries: timedelta = timedelta(days=30)
    dead: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """What an alert must have for a route to take it; an empty field asks for nothing, several must all hold."""

    rules: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    tags: frozenset[str] = frozenset()
    feeds: frozenset[str] = frozenset()
    feed_tags: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which alerts go to which channels, and when. Children are tried first and have inherited what they do not say.

    `source` is `file:line`.
    """

    match: RouteMatch = RouteMatch()
    channels: tuple[str, ...] = ()
    timing: Timing = Timing()
    source: str = field(default="", compare=False)
    goes_on: bool = False  # the configuration's `continue`
    routes: tuple["Route", ...] = ()


class ChannelKind(StrEnum):
    """The ways out."""

    SLACK = "slack"
    EMAIL = "email"
    WEBHOOK = "webhook"
    TEAMS = "teams"
    DISCORD = "discord"
    TELEGRAM = "telegram"
    NTFY = "ntfy"
    PAGERDUTY = "pagerduty"
    APPRISE = "apprise"
    CONSOLE = "console"
    FILE = "file"


#: Bytes of the largest body that a webhook is sent, as Standard Webhooks 1.0.0 recommends.
LARGEST_WEBHOOK_BODY: Final = 20_000


class WebhookForm(StrEnum):
    """What a webhook's body is, where it has no template of its own."""

    STANDARD = "standard"  # the payload, as Standard Webhooks has it
    CLOUDEVENTS = "cloudevents"  # the payload's data in a CloudEvents 1.0 envelope


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChannelSpec:
    """A way out, as configured. `url`, `smtp`, `secret`, `token` and `proxy` are secrets: `repr()` leaves them out.

    `token` lets us in where a URL alone does not; `target` is the receiver's own name for where messages go (a Slack
    channel, a Telegram chat, an ntfy topic). `secrets` sign webhooks, the first of them first. `template` is the JSON
    that a webhook is sent in place of the payload, its strings templates.

    `recipients` is what each message is sent to, one delivery each: the addresses of an email channel, one empty
    string for every other kind. `timeout` is for one attempt as a whole. `timezone` is an IANA name.
    """

    name: str
    kind: ChannelKind
    recipients: tuple[str, ...] = ("",)
    url: str = ""
    smtp: str = ""
    sender: str = ""
    secrets: tuple[str, ...] = ()
    token: str = ""
    target: str = ""
    form: WebhookForm = WebhookForm.STANDARD
    template: JsonObject | None = None
    path: str = ""
    allow_private: tuple[Network, ...] = ()
    proxy: str = ""
    timeout: timedelta = timedelta(seconds=15)
    timezone: str = "UTC"

    @property
    def edits(self) -> bool:
        """Tell whether what was sent can be changed where it stands."""
        match self.kind:
            case ChannelKind.SLACK:
                return bool(self.token)
            case ChannelKind.DISCORD | ChannelKind.TELEGRAM:
                return True
            case _:
                return False

    @property
    def resolves(self) -> bool:
        """Tell whether what it is told of stays open until it is told that it is over."""
        return self.kind is ChannelKind.PAGERDUTY

    @property
    def is_for_programs(self) -> bool:
        """Tell whether what reads it is a program, which wants all of it, and not people, who want it short."""
        return self.kind is ChannelKind.FILE or (self.kind is ChannelKind.WEBHOOK and self.template is None)

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
    nothing is known of that. `feed` is what it says that its feed is called, as articles in JSON lines can.
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
    feed: str | None = None


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
    or repeat the title: they are never matched, nor is a title that is furniture itself (`title_masked`).
    `content_hash` is equal for equal title and text.
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
    title_masked: bool = False
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
    """An entry never seen before; its article is version 1. `reused`: its id named another article until now."""

    article: Article
    reused: bool = False


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
    POISON = "poison"  # it breaks what is done with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An entry that does not become an article, and why."""

    entry_id: str
    reason: SkipReason


EntryOutcome: TypeAlias = New | Changed | Seen | Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """An article that broke what was done with it: how often this text did, when last, and the trace of that."""

    article_id: str
    feed: str
    title: str
    content_hash: str
    tries: int
    trace: str
    at: datetime


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
    TOO_FEW_SOURCES = "too_few_sources"  # not as many outlets had the story as the rule asks for, in time
    RULE_CHANGED = "rule_changed"  # while it waited for outlets, its rule became another one, or went
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForSources:
    """A match waits until more outlets have its story."""

    alert_id: str


Decision: TypeAlias = Ring | Join | WaitForSources | Drop


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
    UPDATED = "alert.updated"
    GROUP = "alert.group"
    DIGEST = "digest.ready"
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
    own medium. `published` is in the zone of the user, ready to be shown; `facts` are label and value. `update` says
    why an alert is told again (`sources`, `follow_up`, `changed`). `age` is how old the article was when the alert
    rang, such as "2 h".

    A group and a digest have their alerts in `items`, those of one rule together, and say in `more` how many they
    leave out; their `headline` says what they are, `counts` how many alerts each rule has. What is not theirs is empty.
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
    age: str = ""
    update: str | None = None
    items: "tuple[Notice, ...]" = ()
    more: int = 0
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one recipient of a channel is sent. `payload` is design's version 1; `notice` says the same to people.

    `earlier` is the receiver's id of the first message to the same recipient about the same alert, where that arrived
    and has one: what an update can change or answer. `delivery_id` is the same over retries, restarts and databases;
    `story_id` threads mail: it names the story, or whatever else the message is about.
    """

    delivery_id: str
    recipient: str
    payload: JsonObject
    notice: Notice
    created: datetime
    story_id: str
    earlier: str | None = None


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


class BatchKind(StrEnum):
    """Why alerts are told together."""

    GROUP = "group"
    DIGEST = "digest"
    QUIET_HOURS = "quiet_hours"
    LIMIT = "limit"
    RELEASED = "released"  # a silence was ended, and what it kept is sent after all
    BACKLOG = "backlog"  # more waits for the channel than anybody would read one by one


class WaitReason(StrEnum):
    """Why a dispatch or a delivery waits; a dispatch that is to be sent at once has none."""

    GROUP = "group"  # for others of its group
    DIGEST = "digest"  # for the next slot
    QUIET_HOURS = "quiet_hours"  # until they are over
    LIMIT = "limit"  # its rule rang more often than it may: for the summary
    RELEASED = "released"  # a silence kept it, and was ended so that it is sent
    RETRY = "retry"
    CHANNEL = "channel"  # its channel asked for patience, or fails


class MuteReason(StrEnum):
    """Why a dispatch is kept and not sent."""

    SILENCED = "silenced"
    INHIBITED = "inhibited"  # another rule that rang for the story hides its rule


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
    earlier: str | None = None  # as in `Message`
    probe: bool = False  # its channel fails, and this is to show whether it still does


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStanding:
    """How a channel is doing: what keeps its deliveries waiting, and what people are told of that.

    `paced_until`: the next message may be sent then. `held_until`: its receiver asked for patience. `failures` are in a
    row, of whichever deliveries. Where they are many the breaker opens (`open_since`): nothing is sent but a probe at
    `probe_at`; `probes` counts those that failed. `failing_since` and `detail` are of a spell of trouble that began
    with a failure or a death (`died`) and lasts until a delivery arrives, at `works_since`. `tell_at` is when people
    are to be told that it began or, where they were `told` of that, that it ended.
    """

    name: str
    paced_until: datetime | None = None
    held_until: datetime | None = None
    failures: int = 0
    open_since: datetime | None = None
    probes: int = 0
    probe_at: datetime | None = None
    failing_since: datetime | None = None
    works_since: datetime | None = None
    detail: str = ""
    died: bool = False
    told: bool = False
    tell_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many deliveries of a channel may be claimed, and how it stands once one is. `probe`: to see if it works."""

    limit: int
    after: ChannelStanding
    probe: bool = False


class DiscardReason(StrEnum):
    """Why a delivery was dropped."""

    BY_HAND = "by_hand"
    FOLDED = "folded"  # its channel did not work for so long that a digest tells of it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelToldRecord:
    """What is told of channels, to be stored in one transaction with the messages.

    `told` is how each channel stood that is told of, and how it stands then.
    """

    at: datetime
    told: tuple[tuple[ChannelStanding, ChannelStanding], ...] = ()
    messages: "tuple[MessageRecord, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """What becomes of alerts put down before a time when a channel works again: they are told in a batch."""

    batch: "Batch"
    before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One try and what was decided from it, to be stored together.

    `fold` is what becomes of old alerts that wait for the same channel, if this is what makes that work again.
    """

    delivery_id: str
    owner: str
    started: datetime
    took: timedelta
    attempt: Attempt
    decision: AttemptDecision
    fold: Fold | None = None


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
    IDS_REPEATED = "ids-repeated"  # entries that differ have one id
    ALL_URLS_CHANGED = "all-urls-changed"  # known entries came under new URLs
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
    `last_success` that of the poll before. `shared_url`: other entries of that poll had its address too.
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
    shared_url: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySource:
    """An article of a story, as alerts name it. `seen` is when it joined."""

    article_id: str
    outlet: str
    feed: str
    url: str | None
    title: str
    published: datetime | None
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRecord:
    """A match with its end. `reason` is set for a dropped one, `alert_id` for one that rang or joined."""

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
class HeldAlert:
    """An alert that waits for more outlets until `until`. `data` is what it says if it rings, with the sources so far.

    `id` is that of the alert.
    """

    id: str
    rule_name: str
    rule_key: str
    story_id: str
    article_id: str
    version: int
    data: JsonObject
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertUpdate:
    """What changes in an alert that rang: `number` counts its updates, from 1. `data` is what it says from now on.

    `reason` is why somebody is told, None where nobody is.
    """

    alert_id: str
    number: int
    article_id: str
    version: int
    data: JsonObject
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStanding:
    """An alert that rang, as far as updates go. `version` of its article is what was told last.

    `channels` are those that it was sent to, by name.
    """

    id: str
    rule_name: str
    article_id: str
    version: int
    updates: int
    data: JsonObject
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryStanding:
    """A story as it stands: its articles in the order in which they joined, its alerts, and those that wait."""

    sources: tuple[StorySource, ...] = ()
    alerts: tuple[AlertStanding, ...] = ()
    held: tuple[HeldAlert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRecord:
    """An alert on its way to one channel."""

    id: str
    alert_id: str
    channel: str
    state: DispatchState
    reason: str | None = None
    rule_name: str = ""
    counted: bool = False  # for the rule's `max_per_hour`
    batch_id: str | None = None  # what it waits to be told with
    silence_id: str | None = None  # what keeps it from being sent


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
class Batch:
    """What a channel is told together, when it is due. `key` says what of, in words of the payload."""

    id: str
    channel: str
    kind: BatchKind
    key: JsonObject
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStanding:
    """How a batch stands: when it is due, None where nothing waits in it, and when it was told last."""

    due: datetime | None
    flushed: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts that are kept and not sent: those that match, on the channels and of the stories named, if any are."""

    id: str
    match: RouteMatch
    starts: datetime
    ends: datetime
    channels: frozenset[str] = frozenset()
    stories: frozenset[str] = frozenset()
    comment: str = ""
    author: str = ""
    created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceReport:
    """A silence, and how many dispatches it keeps."""

    silence: Silence
    muted: int


#: Deliveries that wait for a channel; what comes beyond them is told in a digest.
MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What decides when alerts are sent, as of one moment.

    `silences` are those that hold now, `batches` the standings of those asked for, by id; `recent` are the times, in
    rising order, at which a rule's alerts went to a channel within the last hour, by rule and channel.
    `backlogged` are the channels for which `MOST_WAITING` deliveries wait, or more.
    """

    silences: tuple[Silence, ...] = ()
    batches: Mapping[str, BatchStanding] = field(default_factory=dict)
    recent: Mapping[tuple[str, str], tuple[datetime, ...]] = field(default_factory=dict)
    backlogged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingAlert:
    """An alert that waits in a batch; `data` is what it says by now."""

    dispatch_id: str
    alert_id: str
    rule_name: str
    created: datetime
    data: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBatch:
    """A batch that is due, with the alerts that wait in it, oldest first. `counts` are of the last week's alerts.

    These are the moments at which the rules rang that the batch has alerts of, by rule.
    """

    batch: Batch
    opened: datetime | None
    alerts: tuple[WaitingAlert, ...]
    week: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushRecord:
    """What came of a batch that was due, to be stored in one transaction.

    `messages` tell those alerts that are not among the `muted` (by dispatch, each with the silence that mutes it), all
    of them and each once; there are none where there is nothing to tell. `next_due` is when the batch is due again
    although nothing waits in it.
    """

    batch: Batch
    at: datetime
    messages: tuple[MessageRecord, ...] = ()
    muted: tuple[tuple[str, str], ...] = ()
    next_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What was decided about articles. Rows refer to each other by id, and can be inserted in the order of the fields.

    `placements` say which stories the articles belong to, as far as the index was seen up to its row `head`. `held`
    are alerts that wait from now on, `released` the ids of those that waited and ring now: they are among `alerts`;
    `ended` are those of alerts that wait no more and do not ring, each with why.
    """

    placements: tuple[Placement, ...] = ()
    head: int = 0
    matches: tuple[MatchRecord, ...] = ()
    alerts: tuple[AlertRecord, ...] = ()
    held: tuple[HeldAlert, ...] = ()
    released: tuple[str, ...] = ()
    ended: tuple[tuple[str, DropReason], ...] = ()
    updates: tuple[AlertUpdate, ...] = ()
    batches: tuple[Batch, ...] = ()
    dispatches: tuple[DispatchRecord, ...] = ()
    messages: tuple[MessageRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """A page that is to be read for an article. `version` is the one that waits for it, or was decided without it.

    `shared_url`: other entries of the poll had its address too.
    """

    article_id: str
    version: int
    url: str
    host: str
    due: datetime
    decide_by: datetime | None  # None: decided already
    polled: datetime
    last_success: datetime | None
    shared_url: bool = False


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
    its feeds is fetched. `parts` is None where the stored ones stay. `reports` are counted for the feed's furniture:
    one with a number takes the place of the stored one.
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
    reports: tuple[CountedReport, ...] = ()
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
    reports: tuple[CountedReport, ...] = ()
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
class MemberReport:
    """An article of a story, as `tocsin stories` shows it: where it came from, and why it is in the story."""

    source: StorySource
    verdict: StoryVerdict
    of: str | None
    score: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryReport:
    """A story with its articles, in the order in which they joined, and the names of the rules that rang for it."""

    story: StoryRecord
    members: tuple[MemberReport, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionReport:
    """A stored version of an article, as `tocsin explain` shows it, with how its matches ended."""

    article: Article
    version: int
    matches: tuple[MatchRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptReport:
    """One try, as `tocsin explain` shows it."""

    at: datetime
    took: timedelta
    result: AttemptResult
    status: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTrace:
    """A message on its way to one recipient, with every try."""

    id: str
    kind: MessageKind
    channel: str
    recipient: str
    state: DeliveryState
    reason: str | None
    due: datetime | None
    tries: tuple[AttemptReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReport:
    """The journey of an article: its versions from first to last, what its feed called it, its story, its alerts.

    `entries` are the ids under which its feed had it, `first_seen` and `last_seen` when it did. `deliveries` are those
    of its alerts, by the alerts' ids.
    """

    versions: tuple[VersionReport, ...]
    entries: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime | None
    page: PageOutcome | None
    page_detail: str | None
    story: StoryReport | None
    alerts: tuple[AlertReport, ...]
    held: tuple[HeldAlert, ...]
    deliveries: Mapping[str, tuple[DeliveryTrace, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """The newest version of an article that is stored, with the names of the rules that rang for its story."""

    article: Article
    version: int
    first_seen: datetime
    rang: frozenset[str] = frozenset()


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
    created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Row counts by outcome, for the conservation laws: each pair of sums must be equal."""

    entries: Mapping[str, int] = field(default_factory=dict)
    matches: Mapping[str, int] = field(default_factory=dict)
    dispatches: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)
