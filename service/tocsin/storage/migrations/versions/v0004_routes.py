"""Say when alerts are sent: batches that are told together, silences, and what counts for limits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text()
WORD = sa.String(32)
MOMENT = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    _extend_dispatches()
    _make_batches()
    _make_silences()
    _make_channels()
    _make_chores()
    _make_asides()


def _extend_dispatches() -> None:
    op.add_column("dispatches", sa.Column("rule_name", TEXT, nullable=False, server_default=""))
    op.add_column("dispatches", sa.Column("created_at", MOMENT))
    op.add_column("dispatches", sa.Column("counted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("dispatches", sa.Column("batch_id", TEXT))
    op.add_column("dispatches", sa.Column("silence_id", TEXT))
    op.create_index("dispatches_counted", "dispatches", ["channel", "rule_name", "created_at"])
    op.create_index("dispatches_batch", "dispatches", ["batch_id"])
    op.create_index("dispatches_silence", "dispatches", ["silence_id"])


def _make_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("opened_at", MOMENT),
        sa.Column("due_at", MOMENT),
        sa.Column("flushed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="batches_key"),
    )
    op.create_index("batches_due", "batches", ["due_at"])


def _make_silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("matchers", TEXT, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="silences_key"),
    )
    op.create_index("silences_end", "silences", ["ends_at"])


def _make_chores() -> None:
    op.create_table(
        "chores",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="chores_key"),
    )


def _make_asides() -> None:
    op.create_table(
        "asides",
        sa.Column("article_id", TEXT, nullable=False),
        sa.Column("feed", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("content_hash", TEXT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("trace", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("article_id", name="asides_key"),
    )


def _make_channels() -> None:
    op.add_column("deliveries", sa.Column("forgiven", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "channels",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("paced_until", MOMENT),
        sa.Column("held_until", MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_since", MOMENT),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("probe_at", MOMENT),
        sa.Column("failing_since", MOMENT),
        sa.Column("works_since", MOMENT),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("died", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("tell_at", MOMENT),
        sa.PrimaryKeyConstraint("name", name="channels_key"),
    )
    # What is too old is found by these, and what refers to it.
    op.create_index("articles_seen", "articles", ["first_seen"])
    op.create_index("stories_seen", "stories", ["first_seen"])
    op.create_index("messages_created", "messages", ["created_at"])
    op.create_index("matches_alert", "matches", ["alert_id"])
    op.create_index("alerts_article", "alerts", ["article_id", "version"])
