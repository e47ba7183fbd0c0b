"""Failures that survive a restart, recovery codes, and the end of every session of an account."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_attempts",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locks", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.Column("last_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_sign_in_attempts_rule_last_at", "sign_in_attempts", ["rule", "last_at"])
    op.create_table(
        "recovery_codes",
        sa.Column("aidant_id", sa.String(32), sa.ForeignKey("aidants.id"), primary_key=True),
        sa.Column("name", sa.String(2), primary_key=True),
        sa.Column("hash", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
    )
    op.add_column("aidants", sa.Column("signed_out_at", sa.DateTime(), nullable=True))
    # A lock lasts 15 minutes: those of the day of the upgrade are not worth carrying over.
    op.drop_column("aidants", "failures")
    op.drop_column("aidants", "locked_until")


def downgrade() -> None:
    op.add_column("aidants", sa.Column("locked_until", sa.DateTime(), nullable=True))
    op.add_column("aidants", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.drop_column("aidants", "signed_out_at")
    op.drop_table("recovery_codes")
    op.drop_table("sign_in_attempts")
