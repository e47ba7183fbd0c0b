"""Whether a database has the schema of this version."""

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.storage.engine import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def is_at_head(database: Database) -> bool:
    """Whether every migration was applied; asks, changes nothing."""
    heads = set(ScriptDirectory(str(_MIGRATIONS)).get_heads())
    with database.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads
