"""The tables. Keys and unique indexes are the guarantee that nothing is stored twice; a check before is a courtesy.

`migrations/` makes them; a test holds the two together.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from tocsin.model import (
    AttemptResult,
    BatchKind,
    DeliveryState,
    DispatchState,
    DropReason,
    FeedKind,
    FeedState,
    FetchReason,
    MatchOutcome,
    MessageKind,
    PageOutcome,
    StoryVerdict,
    TextKind,
)
from tocsin.storage.columns import Compressed, Hash, Hashes, Json, Moment, word

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "fk": "%(table_name)s_%(column_0_N_name)s_known",
    }
)

# What is polled. A lease is an owner and an end; both are null where nobody holds the row. `pace` is how often it is
# configured to be polled; `stopped` feeds are not polled at all.
feeds = Table(
    "feeds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("location", Text, nullable=False),
    Column("kind", word(FeedKind), nullable=False),
    Column("configured", Boolean, nullable=False),
    Column("state", word(FeedState), nullable=False),
    Column("reason", word(FetchReason)),
    Column("detail", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("fingerprint", Text),
    Column("due_at", Moment, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("failures", Integer, nullable=False),
    Column("first_polled_at", Moment),
    Column("last_success_at", Moment),
    Column("mean_gap_seconds", Double),
    Column("polls", BigInteger, nullable=False),
    Column("not_modified", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column(
        "entries_new", BigInteger, nullable=False
    ),  # since the first poll, whose entries say nothing of the feed's pace
    Column("created_at", Moment, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("host", Text, nullable=False, server_default=""),
    Column("pace", Text, nullable=False, server_default=""),
    Column("stopped", Boolean, nullable=False, server_default=false()),
    Column("state_since", Moment),
    Column("validators_source", Text),
    Column("validators_trusted", Boolean, nullable=False, server_default=true()),
    Column("courtesy", Json),
    Column("not_before", Moment),
    Column("failing_since", Moment),
    Column("last_new_at", Moment),
    Column("last_changed_at", Moment),
    Column("last_probe_at", Moment),
    Column("move_url", Text),
    Column("move_polls", Integer),
    Column("move_since", Moment),
    Index("feeds_due", "configured", "due_at"),
    Index("feeds_source", "source"),
    Index("feeds_leased", "lease_until", "host"),
)

# The documents that a feed's index lists.
feed_parts = Table(
    "feed_parts",
    metadata,
    Column("feed", Text, ForeignKey("feeds.name"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("url", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("validators_source", Text),
    Column("fingerprint", Text),
    PrimaryKeyConstraint("feed", "position"),
)

# Hosts that asked for patience, and until when.
busy_hosts = Table(
    "busy_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("until", Moment, nullable=False),
)

# What holds, or held, of a feed; of all together where `feed` is empty. `until` is null while it lasts. `tell_at` is
# when people are to be told that it began, or, where they were `told` of that, that it ended; null: nothing is to be.
conditions = Table(
    "conditions",
    metadata,
    Column("feed", Text, nullable=False),
    Column("state", word(FeedState), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("detail", Text, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("tell_at", Moment),
    PrimaryKeyConstraint("feed", "state", "since"),
    Index("conditions_due", "tell_at"),
)

# What we call an article, and which version of it is the newest.
articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("feed", Text, ForeignKey("feeds.name"), nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content_hash", Text, nullable=False),  # of what the feed says of it, which its page's text does not change
    Index("articles_content", "feed", "content_hash"),
    Index("articles_seen", "first_seen"),
)

# What its feed calls an article; there may be several names for one. The keys are digests (see `entries.key_of`).
entries = Table(
    "entries",
    metadata,
    Column("feed", Text, ForeignKey("feeds.name"), nullable=False),
    Column("entry_key", Text, nullable=False),
    Column("url_key", Text),
    Column("entry_id", Text, nullable=False),
    Column("canonical_url", Text),
    Column("article_id", Text, ForeignKey("articles.id"), nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("digest", Text),
    PrimaryKeyConstraint("feed", "entry_key"),
    Index("entries_seen", "feed", "last_seen"),
    Index("entries_url", "feed", "url_key"),
    Index("entries_article", "article_id"),
)

article_versions = Table(
    "article_versions",
    metadata,
    Column("article_id", Text, ForeignKey("articles.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Compressed, nullable=False),
    Column("text_kind", word(TextKind), nullable=False),
    Column("language", Text),
    Column("masked", Json, nullable=False),
    Column("authors", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("url", Text),
    Column("canonical_url", Text),
    Column("summary", Text),
    Column("published", Moment),
    Column("updated", Moment),
    Column("fetched_at", Moment, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("title_masked", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("article_id", "version"),
)

# Pages that are to be read, or were. `due_at` is null where nothing more is to be read, `decide_by` where story and
# ring are decided.
pages = Table(
    "pages",
    metadata,
    Column("article_id", Text, ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("feed", Text, ForeignKey("feeds.name"), nullable=False),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("due_at", Moment),
    Column("decide_by", Moment),
    Column("polled_at", Moment, nullable=False),
    Column("last_success_at", Moment),
    Column("attempts", Integer, nullable=False),
    Column("tried_at", Moment),
    Column("outcome", word(PageOutcome)),
    Column("detail", Text),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("shared_url", Boolean, nullable=False, server_default=false()),
    Index("pages_due", "due_at"),
    Index("pages_waiting", "decide_by"),
    Index("pages_leased", "lease_until", "host"),
)

# The reports of a feed that its furniture is counted in, the last hundred.
counted_reports = Table(
    "counted_reports",
    metadata,
    Column("feed", Text, ForeignKey("feeds.name"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("article_id", Text, nullable=False),
    Column("title", BigInteger, nullable=False),
    Column("paragraphs", Hashes(63), nullable=False),
    PrimaryKeyConstraint("feed", "number"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", Text, primary_key=True),
    Column("first_seen", Moment, nullable=False),
    Column("follows", Text),
    Column("thread", Text, nullable=False, server_default=""),
    Index("stories_seen", "first_seen"),
)

# Which articles are a story, and why. `of_article` is the one that an article was found to be like.
story_members = Table(
    "story_members",
    metadata,
    Column("story_id", Text, ForeignKey("stories.id"), nullable=False),
    Column("article_id", Text, ForeignKey("articles.id"), nullable=False),
    Column("joined_at", Moment, nullable=False),
    Column("outlet", Text, nullable=False, server_default=""),
    Column("verdict", word(StoryVerdict), nullable=False, server_default=StoryVerdict.NEW.value),
    Column("of_article", Text),
    Column("score", Double),
    Column("why", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("story_id", "article_id"),
    Index("story_members_article", "article_id"),
    Index("story_members_joined", "joined_at"),
)

# What versions of articles are compared by. Numbers rise in the order in which transactions end; `wording` and
# `url_key` are null where they tell nothing. A lead is bits that mark hashes of the sketch in rising order, and what is
# not in that.
fingerprints = Table(
    "fingerprints",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("article_id", Text, ForeignKey("articles.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("story_id", Text, ForeignKey("stories.id"), nullable=False),
    Column("feed", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("url_key", Text),
    Column("wording", Text),
    Column("words", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("bound", Hash, nullable=False),
    Column("sketch", Hashes, nullable=False),
    Column("lead_marks", LargeBinary, nullable=False),
    Column("lead_rest", Hashes, nullable=False),
    Column("numbers", Hashes, nullable=False),
    Column("names", Hashes, nullable=False),
    Column("collection", Boolean, nullable=False),
    Column("indexed", Boolean, nullable=False),
    Column("indexed_at", Moment, nullable=False),
    UniqueConstraint("article_id", "version"),
    Index("fingerprints_story", "story_id"),
    Index("fingerprints_url", "url_key"),
    Index("fingerprints_wording", "wording"),
    Index("fingerprints_indexed", "indexed_at"),
    sqlite_autoincrement=True,
)

# Which hashes lead to which fingerprints.
shingles = Table(
    "shingles",
    metadata,
    Column("hash", Hash, nullable=False),
    Column("number", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    PrimaryKeyConstraint("hash", "number"),
    sqlite_with_rowid=False,
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule_name", Text, nullable=False),
    Column("rule_key", Text, nullable=False),
    Column("story_id", Text, ForeignKey("stories.id"), nullable=False),
    Column("article_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updates", Integer, nullable=False, server_default="0"),
    ForeignKeyConstraint(["article_id", "version"], ["article_versions.article_id", "article_versions.version"]),
    UniqueConstraint("rule_name", "story_id"),
    Index("alerts_created", "created_at"),
    Index("alerts_article", "article_id", "version"),
    Index("alerts_story", "story_id"),
)

# Alerts that wait until more outlets have their story.
held_alerts = Table(
    "held_alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule_name", Text, nullable=False),
    Column("rule_key", Text, nullable=False),
    Column("story_id", Text, ForeignKey("stories.id"), nullable=False),
    Column("article_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Column("until", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    ForeignKeyConstraint(["article_id", "version"], ["article_versions.article_id", "article_versions.version"]),
    Index("held_alerts_story", "story_id"),
    Index("held_alerts_due", "until"),
)

matches = Table(
    "matches",
    metadata,
    Column("article_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("rule_key", Text, nullable=False),
    Column("rule_name", Text, nullable=False),
    Column("outcome", word(MatchOutcome), nullable=False),
    Column("reason", word(DropReason)),
    Column("alert_id", Text, ForeignKey("alerts.id")),
    Column("evidence", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("article_id", "version", "rule_key"),
    ForeignKeyConstraint(["article_id", "version"], ["article_versions.article_id", "article_versions.version"]),
    Index("matches_alert", "alert_id"),
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alert_id", Text, ForeignKey("alerts.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", word(DispatchState), nullable=False),
    Column("reason", Text),
    Column("changed_at", Moment, nullable=False),
    Column("rule_name", Text, nullable=False, server_default=""),
    Column("created_at", Moment),
    Column("counted", Boolean, nullable=False, server_default=false()),
    Column("batch_id", Text),
    Column("silence_id", Text),
    UniqueConstraint("alert_id", "channel"),
    Index("dispatches_counted", "channel", "rule_name", "created_at"),
    Index("dispatches_batch", "batch_id"),
    Index("dispatches_silence", "silence_id"),
)

# What a channel is told together: groups, digests, what quiet hours or a limit hold. `due_at` is null where nothing
# waits; `due_at` and `flushed_at` are the timers, which survive whatever ends the daemon. `key` says what of.
batches = Table(
    "batches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("kind", word(BatchKind), nullable=False),
    Column("key", Json, nullable=False),
    Column("opened_at", Moment),
    Column("due_at", Moment),
    Column("flushed_at", Moment),
    Index("batches_due", "due_at"),
)

# What is kept and not sent, from when until when, and why somebody wanted that.
silences = Table(
    "silences",
    metadata,
    Column("id", Text, primary_key=True),
    Column("matchers", Json, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("comment", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("silences_end", "ends_at"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", word(MessageKind), nullable=False),
    Column("channel", Text, nullable=False),
    Column("payload", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("messages_created", "created_at"),
)

message_dispatches = Table(
    "message_dispatches",
    metadata,
    Column("message_id", Text, ForeignKey("messages.id"), nullable=False),
    Column("dispatch_id", Text, ForeignKey("dispatches.id"), nullable=False),
    PrimaryKeyConstraint("message_id", "dispatch_id"),
    Index("message_dispatches_dispatch", "dispatch_id"),
)

# How channels are doing that were in trouble, or that are sent to at a pace; see `model.ChannelStanding`.
channels = Table(
    "channels",
    metadata,
    Column("name", Text, primary_key=True),
    Column("paced_until", Moment),
    Column("held_until", Moment),
    Column("failures", Integer, nullable=False),
    Column("open_since", Moment),
    Column("probes", Integer, nullable=False),
    Column("probe_at", Moment),
    Column("failing_since", Moment),
    Column("works_since", Moment),
    Column("detail", Text, nullable=False),
    Column("died", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("tell_at", Moment),
)

# `due_at` is null where nothing is to be tried any more. `forgiven` attempts do not count any more.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("message_id", Text, ForeignKey("messages.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", word(DeliveryState), nullable=False),
    Column("reason", Text),
    Column("due_at", Moment),
    Column("attempts", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("remote_id", Text),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("forgiven", Integer, nullable=False, server_default="0"),
    UniqueConstraint("message_id", "recipient"),
    Index("deliveries_due", "state", "channel", "due_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Text, ForeignKey("deliveries.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    Column("result", word(AttemptResult), nullable=False),
    Column("status", Integer),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("delivery_id", "number"),
)

# How many entries were seen, by what became of them; `outcome` is empty for all together, counted apart.
entry_counts = Table(
    "entry_counts",
    metadata,
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    PrimaryKeyConstraint("outcome", "reason"),
)

ticks = Table(
    "ticks",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)

# What keeps the house in order, and when it is done next.
chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("due_at", Moment, nullable=False),
)

# Articles that break what is done with them. Most of them are in no other table.
asides = Table(
    "asides",
    metadata,
    Column("article_id", Text, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("trace", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
