"""What the dashboards are read from, the verifications of the journal, and the sessions that were left."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COUNTED = ["pressed", "fallback", "abstained", "fiche"]


def upgrade() -> None:
    op.create_index("ix_episodes_first", "episodes", ["first_at", "channel"])
    op.create_index(
        "ix_message_log_counted",
        "message_log",
        ["direction", "created_at", "conversation_id", "latency_ms", "channel"],
    )
    op.add_column("episode_lines", sa.Column("organisation_id", sa.String(32), nullable=True))
    op.add_column("episode_lines", sa.Column("direction", sa.String(3), nullable=True))
    op.add_column("episode_lines", sa.Column("at", sa.DateTime(), nullable=True))
    op.add_column("episode_lines", sa.Column("channel", sa.String(20), nullable=True))
    op.add_column("episode_lines", sa.Column("latency_ms", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE episode_lines SET organisation_id = episodes.organisation_id, direction = message_log.direction, "
        "at = message_log.created_at, channel = message_log.channel, latency_ms = message_log.latency_ms "
        "FROM episodes, message_log "
        "WHERE episodes.id = episode_lines.episode_id AND message_log.id = episode_lines.line_id"
    )
    op.create_index(
        "ix_episode_lines_counted",
        "episode_lines",
        ["organisation_id", "direction", "at", "episode_id", "latency_ms", "channel"],
    )
    op.drop_index("ix_turns_at", "turns")
    op.create_index("ix_turns_at", "turns", ["at", *_COUNTED])
    op.create_index("ix_turns_organisation", "turns", ["organisation_id", "at", *_COUNTED])
    op.create_index(
        "ix_turns_unanswered",
        "turns",
        ["at", "organisation_id", "same", "fallback", "abstained"],
        sqlite_where=sa.text("(fallback = 1 OR abstained = 1) AND pressed IS 0"),
        postgresql_where=sa.text("(fallback OR abstained) AND pressed IS false"),
    )
    op.create_table(
        "journal_checks",
        sa.Column("organisation_id", sa.String(32), primary_key=True),
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("heard_at", sa.DateTime(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
    )
    op.create_table(
        "ended_sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("until", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_ended_sessions_until", "ended_sessions", ["until"])


def downgrade() -> None:
    op.drop_table("ended_sessions")
    op.drop_table("journal_checks")
    op.drop_index("ix_turns_unanswered", "turns")
    op.drop_index("ix_turns_organisation", "turns")
    op.drop_index("ix_turns_at", "turns")
    op.create_index("ix_turns_at", "turns", ["at"])
    op.drop_index("ix_episode_lines_counted", "episode_lines")
    for column in ("organisation_id", "direction", "at", "channel", "latency_ms"):
        op.drop_column("episode_lines", column)
    op.drop_index("ix_message_log_counted", "message_log")
    op.drop_index("ix_episodes_first", "episodes")
