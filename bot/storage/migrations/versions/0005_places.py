"""Places of a conversation, what is pushed to them, preferences, ratings; buttons and channel in the message log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NEW_COLUMNS = (
    ("buttons", sa.JSON()),
    ("channel", sa.String(20)),
    ("message_id", sa.String(255)),
)


def _conversation(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False, primary_key=primary_key
    )


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        _conversation(),
        sa.Column("aidant_id", sa.String(32), nullable=True),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("blocked_at", sa.DateTime(), nullable=True),
        sa.UniqueConstraint("channel", "external_id"),
    )
    op.create_index("ix_places_conversation_id", "places", ["conversation_id"])
    op.create_index("ix_places_aidant_id", "places", ["aidant_id"])
    op.execute(
        "INSERT INTO places (channel, external_id, conversation_id, last_at) "
        "SELECT channel, external_id, id, last_at FROM conversations"
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("place_id", sa.Integer(), sa.ForeignKey("places.id"), nullable=False),
        _conversation(),
        sa.Column("reply", sa.JSON(), nullable=False),
        sa.Column("parts_sent", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(), nullable=False),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("lease_token", sa.String(32), nullable=True),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.Column("failure", sa.String(20), nullable=True),
    )
    op.create_index("ix_deliveries_place_id", "deliveries", ["place_id"])
    op.create_index("ix_deliveries_conversation_id", "deliveries", ["conversation_id"])
    op.create_index("ix_deliveries_due", "deliveries", ["delivered_at", "next_attempt_at"])
    op.create_table(
        "preferences",
        _conversation(primary_key=True),
        sa.Column("voice", sa.Boolean(), nullable=False),
        sa.Column("brief", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_received_messages_message_id", "received_messages", ["message_id"])
    for name, kind in _NEW_COLUMNS:
        op.add_column("message_log", sa.Column(name, kind, nullable=True))
    op.create_table(
        "ratings",
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("message_log.id", ondelete="CASCADE"), primary_key=True),
        _conversation(),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_ratings_conversation_id", "ratings", ["conversation_id"])
    op.create_index("ix_ratings_created_at", "ratings", ["created_at"])


def downgrade() -> None:
    op.drop_table("ratings")
    op.drop_index("ix_received_messages_message_id", "received_messages")
    for name, _ in _NEW_COLUMNS:
        op.drop_column("message_log", name)
    for table in ("preferences", "deliveries", "places"):
        op.drop_table(table)
