"""Episodes whose summary is to be worked out again: noted with what is new, done once for several messages."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("episodes", sa.Column("stale", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_episodes_stale", "episodes", ["id"], sqlite_where=sa.text("stale = 1"), postgresql_where=sa.text("stale")
    )


def downgrade() -> None:
    op.drop_index("ix_episodes_stale", "episodes")
    op.drop_column("episodes", "stale")
