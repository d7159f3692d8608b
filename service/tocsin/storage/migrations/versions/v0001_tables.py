"""Make every table.

Times are `timestamptz` on PostgreSQL and microseconds since 1970 on SQLite; long texts are zlib's bytes; JSON is text.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text()
COUNT = sa.BigInteger()
WORD = sa.String(32)
MOMENT = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
APPLICATION_ID = 0x546F6373  # "Tocs" in an SQLite file's header, by which we know it


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    op.create_table(
        "entry_counts",
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("total", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("outcome", "reason", name="entry_counts_key"),
    )
    op.create_table(
        "feeds",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("location", TEXT, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("reason", WORD),
        sa.Column("detail", TEXT),
        sa.Column("etag", TEXT),
        sa.Column("last_modified", TEXT),
        sa.Column("fingerprint", TEXT),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease_owner", TEXT),
        sa.Column("lease_until", MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_polled_at", MOMENT),
        sa.Column("last_success_at", MOMENT),
        sa.Column("mean_gap_seconds", sa.Double()),
        sa.Column("polls", COUNT, nullable=False),
        sa.Column("not_modified", COUNT, nullable=False),
        sa.Column("received", COUNT, nullable=False),
        sa.Column("entries_new", COUNT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="feeds_key"),
    )
    op.create_index("feeds_due", "feeds", ["configured", "due_at"])
    op.create_table(
        "messages",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="messages_key"),
    )
    op.create_table(
        "stories",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="stories_key"),
    )
    op.create_table(
        "ticks",
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("owner", name="ticks_key"),
    )
    op.create_table(
        "articles",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("feed", TEXT, nullable=False),
        sa.Column("entry_id", TEXT, nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feeds.name"], name="articles_feed_known"),
        sa.PrimaryKeyConstraint("id", name="articles_key"),
    )
    op.create_index("articles_content", "articles", ["feed", "content_hash"])
    op.create_table(
        "deliveries",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("recipient", TEXT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("reason", TEXT),
        sa.Column("due_at", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("remote_id", TEXT),
        sa.Column("lease_owner", TEXT),
        sa.Column("lease_until", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="deliveries_message_id_known"),
        sa.PrimaryKeyConstraint("id", name="deliveries_key"),
        sa.UniqueConstraint("message_id", "recipient", name="deliveries_message_id_recipient_unique"),
    )
    op.create_index("deliveries_due", "deliveries", ["state", "channel", "due_at"])
    op.create_table(
        "article_versions",
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("text_kind", WORD, nullable=False),
        sa.Column("language", TEXT),
        sa.Column("masked", TEXT, nullable=False),
        sa.Column("authors", TEXT, nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.Column("url", TEXT),
        sa.Column("canonical_url", TEXT),
        sa.Column("summary", TEXT),
        sa.Column("published", MOMENT),
        sa.Column("updated", MOMENT),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.Column("content_hash", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="article_versions_article_id_known"),
        sa.PrimaryKeyConstraint("article_id", "version", name="article_versions_key"),
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("took_ms", COUNT, nullable=False),
        sa.Column("result", WORD, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("detail", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="attempts_delivery_id_known"),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="attempts_key"),
    )
    op.create_table(
        "entries",
        sa.Column("feed", TEXT, nullable=False),
        sa.Column("entry_key", TEXT, nullable=False),
        sa.Column("url_key", TEXT),
        sa.Column("entry_id", TEXT, nullable=False),
        sa.Column("canonical_url", TEXT),
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("last_seen", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="entries_article_id_known"),
        sa.ForeignKeyConstraint(["feed"], ["feeds.name"], name="entries_feed_known"),
        sa.PrimaryKeyConstraint("feed", "entry_key", name="entries_key"),
    )
    op.create_index("entries_article", "entries", ["article_id"])
    op.create_index("entries_url", "entries", ["feed", "url_key"])
    op.create_table(
        "story_members",
        sa.Column("story_id", TEXT, nullable=False),
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="story_members_article_id_known"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="story_members_story_id_known"),
        sa.PrimaryKeyConstraint("story_id", "article_id", name="story_members_key"),
    )
    op.create_index("story_members_article", "story_members", ["article_id"])
    op.create_table(
        "alerts",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("rule_name", TEXT, nullable=False),
        sa.Column("rule_key", TEXT, nullable=False),
        sa.Column("story_id", TEXT, nullable=False),
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id", "version"],
            ["article_versions.article_id", "article_versions.version"],
            name="alerts_article_id_version_known",
        ),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="alerts_story_id_known"),
        sa.PrimaryKeyConstraint("id", name="alerts_key"),
        sa.UniqueConstraint("rule_name", "story_id", name="alerts_rule_name_story_id_unique"),
    )
    op.create_index("alerts_created", "alerts", ["created_at"])
    op.create_table(
        "dispatches",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("alert_id", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("reason", TEXT),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="dispatches_alert_id_known"),
        sa.PrimaryKeyConstraint("id", name="dispatches_key"),
        sa.UniqueConstraint("alert_id", "channel", name="dispatches_alert_id_channel_unique"),
    )
    op.create_table(
        "matches",
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rule_key", TEXT, nullable=False),
        sa.Column("rule_name", TEXT, nullable=False),
        sa.Column("outcome", WORD, nullable=False),
        sa.Column("reason", WORD),
        sa.Column("alert_id", TEXT),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="matches_alert_id_known"),
        sa.ForeignKeyConstraint(
            ["article_id", "version"],
            ["article_versions.article_id", "article_versions.version"],
            name="matches_article_id_version_known",
        ),
        sa.PrimaryKeyConstraint("article_id", "version", "rule_key", name="matches_key"),
    )
    op.create_table(
        "message_dispatches",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("dispatch_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["dispatch_id"], ["dispatches.id"], name="message_dispatches_dispatch_id_known"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="message_dispatches_message_id_known"),
        sa.PrimaryKeyConstraint("message_id", "dispatch_id", name="message_dispatches_key"),
    )
    op.create_index("message_dispatches_dispatch", "message_dispatches", ["dispatch_id"])
