"""Requests to speak to someone, what agents did with them, and their canned replies."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")


def _conversation() -> sa.Column[str]:
    return sa.Column("conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), primary_key=True),
        _conversation(),
        sa.Column("organisation_id", sa.String(32), sa.ForeignKey("organisations.id"), nullable=True),
        sa.Column("aidant_id", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("ticket", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("opened_after", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(32), sa.ForeignKey("aidants.id"), nullable=True),
        sa.Column("claimed_at", sa.DateTime(), nullable=True),
        sa.Column("first_reply_at", sa.DateTime(), nullable=True),
        sa.Column("last_reply_at", sa.DateTime(), nullable=True),
        sa.Column("heard_at", sa.DateTime(), nullable=True),
        sa.Column("reassured_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("closing", sa.String(10), nullable=True),
    )
    for column in ("conversation_id", "organisation_id", "claimed_by", "closed_at"):
        op.create_index(f"ix_handovers_{column}", "handovers", [column])
    # Two requests of one conversation cannot be open at once, whoever makes them.
    op.create_index(
        "uq_handovers_open", "handovers", ["conversation_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "handover_entries",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("handover_id", sa.Integer(), sa.ForeignKey("handovers.id"), nullable=False),
        _conversation(),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("author_id", sa.String(32), nullable=True),
        sa.Column("other_id", sa.String(32), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_handover_entries_handover_id", "handover_entries", ["handover_id"])
    op.create_index("ix_handover_entries_conversation_id", "handover_entries", ["conversation_id"])
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.String(32), sa.ForeignKey("organisations.id"), nullable=True),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_canned_replies_organisation_id", "canned_replies", ["organisation_id"])


def downgrade() -> None:
    for table in ("canned_replies", "handover_entries", "handovers"):
        op.drop_table(table)
