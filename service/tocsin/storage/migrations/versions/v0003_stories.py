"""Compare articles: the index of stories, why articles are in theirs, alerts that wait, and reports for furniture."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text()
WORD = sa.String(32)
BYTES = sa.LargeBinary()
MOMENT = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "article_versions", sa.Column("title_masked", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("pages", sa.Column("shared_url", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("alerts", sa.Column("updates", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("alerts_story", "alerts", ["story_id"])
    op.create_table(
        "counted_reports",
        sa.Column("feed", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("title", sa.BigInteger(), nullable=False),
        sa.Column("paragraphs", BYTES, nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feeds.name"], name="counted_reports_feed_known"),
        sa.PrimaryKeyConstraint("feed", "number", name="counted_reports_key"),
    )
    _extend_stories()
    _make_the_index()
    op.create_table(
        "held_alerts",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("rule_name", TEXT, nullable=False),
        sa.Column("rule_key", TEXT, nullable=False),
        sa.Column("story_id", TEXT, nullable=False),
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="held_alerts_story_id_known"),
        sa.ForeignKeyConstraint(
            ["article_id", "version"],
            ["article_versions.article_id", "article_versions.version"],
            name="held_alerts_article_id_version_known",
        ),
        sa.PrimaryKeyConstraint("id", name="held_alerts_key"),
    )
    op.create_index("held_alerts_story", "held_alerts", ["story_id"])
    op.create_index("held_alerts_due", "held_alerts", ["until"])


def _extend_stories() -> None:
    op.add_column("stories", sa.Column("follows", TEXT))
    op.add_column("stories", sa.Column("thread", TEXT, nullable=False, server_default=""))
    for column in (
        sa.Column("outlet", TEXT, nullable=False, server_default=""),
        sa.Column("verdict", WORD, nullable=False, server_default="new"),
        sa.Column("of_article", TEXT),
        sa.Column("score", sa.Double()),
        sa.Column("why", TEXT, nullable=False, server_default=""),
    ):
        op.add_column("story_members", column)
    op.create_index("story_members_joined", "story_members", ["joined_at"])


def _make_the_index() -> None:
    op.create_table(
        "fingerprints",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("story_id", TEXT, nullable=False),
        sa.Column("feed", TEXT, nullable=False),
        sa.Column("outlet", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("url_key", TEXT),
        sa.Column("wording", TEXT),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("bound", sa.Integer(), nullable=False),
        sa.Column("sketch", BYTES, nullable=False),
        sa.Column("lead_marks", BYTES, nullable=False),
        sa.Column("lead_rest", BYTES, nullable=False),
        sa.Column("numbers", BYTES, nullable=False),
        sa.Column("names", BYTES, nullable=False),
        sa.Column("collection", sa.Boolean(), nullable=False),
        sa.Column("indexed", sa.Boolean(), nullable=False),
        sa.Column("indexed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fingerprints_article_id_known"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fingerprints_story_id_known"),
        sa.PrimaryKeyConstraint("number", name="fingerprints_key"),
        sa.UniqueConstraint("article_id", "version", name="fingerprints_article_id_version_unique"),
        sqlite_autoincrement=True,
    )
    op.create_index("fingerprints_story", "fingerprints", ["story_id"])
    op.create_index("fingerprints_url", "fingerprints", ["url_key"])
    op.create_index("fingerprints_wording", "fingerprints", ["wording"])
    op.create_index("fingerprints_indexed", "fingerprints", ["indexed_at"])
    op.create_table(
        "shingles",
        sa.Column("hash", sa.Integer(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("hash", "number", name="shingles_key"),
        sqlite_with_rowid=False,
    )
