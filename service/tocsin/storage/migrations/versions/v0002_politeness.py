"""Remember more of feeds: whom they are asked of and how, how they are doing and since when, and pages to be read."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text()
WORD = sa.String(32)
MOMENT = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")

FEED_COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column("source", TEXT, nullable=False, server_default=""),
    sa.Column("host", TEXT, nullable=False, server_default=""),
    sa.Column("pace", TEXT, nullable=False, server_default=""),
    sa.Column("stopped", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("state_since", MOMENT),
    sa.Column("validators_source", TEXT),
    sa.Column("validators_trusted", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("courtesy", TEXT),
    sa.Column("not_before", MOMENT),
    sa.Column("failing_since", MOMENT),
    sa.Column("last_new_at", MOMENT),
    sa.Column("last_changed_at", MOMENT),
    sa.Column("last_probe_at", MOMENT),
    sa.Column("move_url", TEXT),
    sa.Column("move_polls", sa.Integer()),
    sa.Column("move_since", MOMENT),
)


def upgrade() -> None:
    for column in FEED_COLUMNS:
        op.add_column("feeds", column)
    op.create_index("feeds_source", "feeds", ["source"])
    op.create_index("feeds_leased", "feeds", ["lease_until", "host"])
    op.add_column("entries", sa.Column("digest", TEXT))
    op.create_index("entries_seen", "entries", ["feed", "last_seen"])
    op.create_table(
        "feed_parts",
        sa.Column("feed", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("etag", TEXT),
        sa.Column("last_modified", TEXT),
        sa.Column("validators_source", TEXT),
        sa.Column("fingerprint", TEXT),
        sa.ForeignKeyConstraint(["feed"], ["feeds.name"], name="feed_parts_feed_known"),
        sa.PrimaryKeyConstraint("feed", "position", name="feed_parts_key"),
    )
    op.create_table(
        "busy_hosts",
        sa.Column("host", TEXT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host", name="busy_hosts_key"),
    )
    op.create_table(
        "conditions",
        sa.Column("feed", TEXT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("tell_at", MOMENT),
        sa.PrimaryKeyConstraint("feed", "state", "since", name="conditions_key"),
    )
    op.create_index("conditions_due", "conditions", ["tell_at"])
    op.create_table(
        "pages",
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("feed", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("decide_by", MOMENT),
        sa.Column("polled_at", MOMENT, nullable=False),
        sa.Column("last_success_at", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", MOMENT),
        sa.Column("outcome", WORD),
        sa.Column("detail", TEXT),
        sa.Column("lease_owner", TEXT),
        sa.Column("lease_until", MOMENT),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="pages_article_id_known"),
        sa.ForeignKeyConstraint(["feed"], ["feeds.name"], name="pages_feed_known"),
        sa.PrimaryKeyConstraint("article_id", name="pages_key"),
    )
    op.create_index("pages_due", "pages", ["due_at"])
    op.create_index("pages_waiting", "pages", ["decide_by"])
    op.create_index("pages_leased", "pages", ["lease_until", "host"])
