"""What is deleted must be gone from the file too: SQLite leaves it in free pages and in its journal.

PostgreSQL frees old versions by itself (autovacuum), and keeps none that a query can read.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.storage.engine import Database


def shred(session: Session) -> None:
    """From now on, the connection of *session* overwrites with zeros what it deletes or shortens."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))


def shrink(database: Database) -> None:
    """Empties SQLite's journal of the old versions that it still holds.

    Best effort: while another process is reading, it stays until the next time.
    """
    if database.engine.dialect.name == "sqlite":
        with database.engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).close()
