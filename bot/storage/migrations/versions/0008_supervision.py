"""Review of conversations: how far events were read, episodes, turns, corrections, and the search of words."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LISTED = [
    *("last_at", "id", "organisation_id", "aidant_id", "channel", "lowest_confidence", "fallbacks", "abstentions"),
    *("ratings_up", "ratings_down", "handover", "mandat", "complained", "flagged_by", "state", "assignee_id"),
]
_SEARCH = {
    "sqlite": (
        "CREATE VIRTUAL TABLE episode_search USING fts5(body, tokenize = 'unicode61 remove_diacritics 2')",
        "CREATE TRIGGER episode_search_forget AFTER DELETE ON episodes "
        "BEGIN DELETE FROM episode_search WHERE rowid = old.id; END",
    ),
    "postgresql": (
        "CREATE TABLE episode_search (episode_id integer PRIMARY KEY REFERENCES episodes (id) ON DELETE CASCADE, "
        "body tsvector NOT NULL)",
        "CREATE INDEX ix_episode_search_body ON episode_search USING gin (body)",
    ),
}


def upgrade() -> None:
    op.create_table(
        "projection_marks",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "projected_events",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_projected_events_at", "projected_events", ["at"])
    op.create_table(
        "episodes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=True),
        sa.Column("aidant_id", sa.String(32), nullable=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("first_at", sa.DateTime(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("excerpt", sa.String(200), nullable=False),
        sa.Column("lowest_confidence", sa.Double(), nullable=True),
        sa.Column("fallbacks", sa.Integer(), nullable=False),
        sa.Column("abstentions", sa.Integer(), nullable=False),
        sa.Column("ratings_up", sa.Integer(), nullable=False),
        sa.Column("ratings_down", sa.Integer(), nullable=False),
        sa.Column("handover", sa.Boolean(), nullable=False),
        sa.Column("mandat", sa.Boolean(), nullable=False),
        sa.Column("complained", sa.Boolean(), nullable=False),
        sa.Column("flagged_by", sa.String(32), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("assignee_id", sa.String(32), nullable=True),
    )
    op.create_index("ix_episodes_aidant", "episodes", ["aidant_id", "last_at"])
    op.create_index("ix_episodes_conversation", "episodes", ["conversation_id", "first_at"])
    op.create_index("ix_episodes_last", "episodes", _LISTED)
    op.create_index("ix_episodes_organisation", "episodes", ["organisation_id", "last_at", "id"])
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("episode_id", sa.Integer(), sa.ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=True),
        sa.Column("aidant_id", sa.String(32), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pressed", sa.Boolean(), nullable=False),
        sa.Column("same", sa.String(32), nullable=False),
        sa.Column("intent", sa.String(60), nullable=False),
        sa.Column("topic", sa.String(60), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("uncertainty", sa.Double(), nullable=False),
        sa.Column("alternatives", sa.JSON(), nullable=False),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("fallback", sa.Boolean(), nullable=False),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        sa.Column("fiche", sa.String(40), nullable=True),
        sa.Column("fiches", sa.JSON(), nullable=False),
        sa.Column("passage", sa.JSON(), nullable=True),
        sa.Column("responses", sa.JSON(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
    )
    op.create_index("ix_turns_at", "turns", ["at"])
    op.create_index("ix_turns_conversation", "turns", ["conversation_id", "at"])
    op.create_index("ix_turns_episode_id", "turns", ["episode_id"])
    op.create_index("ix_turns_intent", "turns", ["intent", "episode_id"])
    op.create_index("ix_turns_line_id", "turns", ["line_id"])
    op.create_index("ix_turns_same", "turns", ["same", "at", "organisation_id", "intent", "uncertainty", "id"])
    op.create_table(
        "episode_lines",
        sa.Column("line_id", sa.Integer(), sa.ForeignKey("message_log.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("episode_id", sa.Integer(), sa.ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_index("ix_episode_lines_episode_id", "episode_lines", ["episode_id"])
    op.create_table(
        "episode_tags",
        sa.Column("episode_id", sa.Integer(), sa.ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tag", sa.String(40), primary_key=True),
    )
    op.create_index("ix_episode_tags_tag", "episode_tags", ["tag"])
    op.create_table(
        "episode_notes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("episode_id", sa.Integer(), sa.ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False),
        sa.Column("author_id", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_episode_notes_episode_id", "episode_notes", ["episode_id"])
    op.create_table(
        "saved_filters",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("aidant_id", sa.String(32), sa.ForeignKey("aidants.id"), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.UniqueConstraint("aidant_id", "name"),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("turn_id", sa.Integer(), sa.ForeignKey("turns.id", ondelete="SET NULL"), nullable=True, unique=True),
        sa.Column("organisation_id", sa.String(32), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("same", sa.String(32), nullable=False),
        sa.Column("understood", sa.String(120), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("intent", sa.String(120), nullable=True),
        sa.Column("fiche", sa.String(40), nullable=True),
        sa.Column("passage", sa.String(200), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("progress", sa.String(10), nullable=False),
        sa.Column("use", sa.String(15), nullable=False),
        sa.Column("by_id", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("validated_by", sa.String(32), nullable=True),
        sa.Column("validated_at", sa.DateTime(), nullable=True),
        sa.Column("exported_at", sa.DateTime(), nullable=True),
    )
    op.create_index("ix_corrections_organisation_id", "corrections", ["organisation_id"])
    op.create_index("ix_corrections_progress", "corrections", ["progress", "id"])
    op.create_index("ix_corrections_same", "corrections", ["same"])
    for statement in _SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("episode_search")
    for table in (
        "corrections",
        "saved_filters",
        "episode_notes",
        "episode_tags",
        "episode_lines",
        "turns",
        "episodes",
        "projected_events",
        "projection_marks",
    ):
        op.drop_table(table)
