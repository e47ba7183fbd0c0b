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


def revision_of(database: Database) -> str:
    """The revision of the schema; empty when there is none yet."""
    with database.engine.connect() as connection:
        return ",".join(sorted(MigrationContext.configure(connection).get_current_heads()))


def known_revisions() -> frozenset[str]:
    """Every revision that this version can bring to its own."""
    return frozenset(revision.revision for revision in ScriptDirectory(str(_MIGRATIONS)).walk_revisions())
