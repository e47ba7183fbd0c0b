"""Brings a database to the schema of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.errors import EquipierError
from bot.storage.engine import Database
from bot.storage.schema import is_at_head

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as nothing else in the database takes an advisory lock with the same one.
_LOCK_KEY = 0x45_51_55_49


def upgrade(database: Database) -> None:
    """Applies the migrations that are missing, all of them or none.

    Two processes may start at once: the second waits for the first (10 s at most on SQLite), then has nothing to do.

    Raises:
        EquipierError: the schema is from a later version than this one, or another process holds the database.
    """
    if is_at_head(database):
        return  # the usual start: no lock to take
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    with database.engine.connect() as connection:
        _lock(connection)
        known = {revision.revision for revision in script.walk_revisions()}
        if unknown := _revisions(connection) - known:
            raise EquipierError(
                f"la base vient d'une version plus récente (révision {', '.join(sorted(unknown))})",
                hint="Mettez Équipier à jour, ou restaurez une sauvegarde de la base.",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _revisions(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _lock(connection: Connection) -> None:
    """Opens the transaction of the upgrade with the one lock that every upgrade takes."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
    elif connection.dialect.name == "sqlite":
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            raise EquipierError(
                "la base est occupée par un autre processus", hint="Attendez qu'il ait fini, puis recommencez."
            ) from error
