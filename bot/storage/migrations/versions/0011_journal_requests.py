"""The request that an entry of the journal is part of: beside what is sealed, to be found in the technical logs."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("journal_entries", sa.Column("request_id", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("journal_entries", "request_id")
