"""Vault of personal data: encrypted originals, kept thirty minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_entries",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_vault_entries_conversation_id", "vault_entries", ["conversation_id"])
    op.create_index("ix_vault_entries_expires_at", "vault_entries", ["expires_at"])


def downgrade() -> None:
    op.drop_table("vault_entries")
