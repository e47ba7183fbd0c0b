"""Conversations: who speaks, buttons, kept messages, outbox, message log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _conversation() -> sa.Column[str]:
    return sa.Column("conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.UniqueConstraint("channel", "external_id"),
    )
    op.create_table(
        "received_messages",
        _conversation(),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("claimed_at", sa.DateTime(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", "message_id"),
    )
    op.create_index("ix_received_messages_claimed_at", "received_messages", ["claimed_at"])
    op.create_table(
        "button_payloads",
        sa.Column("id", sa.String(24), primary_key=True),
        _conversation(),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_button_payloads_offer", "button_payloads", ["conversation_id", "turn", "position"])
    op.create_index("ix_button_payloads_created_at", "button_payloads", ["created_at"])
    op.create_table(
        "kept_messages",
        sa.Column("id", sa.Integer(), primary_key=True),
        _conversation(),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(), nullable=False),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("lease_token", sa.String(32), nullable=True),
    )
    op.create_index("ix_kept_messages_conversation_id", "kept_messages", ["conversation_id"])
    op.create_index("ix_kept_messages_due", "kept_messages", ["state", "next_attempt_at"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), primary_key=True),
        _conversation(),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("reply", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.UniqueConstraint("conversation_id", "seq"),
    )
    op.create_index("ix_outbox_delivered_at", "outbox", ["delivered_at"])
    op.create_table(
        "message_log",
        sa.Column("id", sa.Integer(), primary_key=True),
        _conversation(),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("custom", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
    )
    op.create_index("ix_message_log_conversation", "message_log", ["conversation_id", "id"])
    op.create_index("ix_message_log_created_at", "message_log", ["created_at"])


def downgrade() -> None:
    for table in ("message_log", "outbox", "kept_messages", "button_payloads", "received_messages", "conversations"):
        op.drop_table(table)
