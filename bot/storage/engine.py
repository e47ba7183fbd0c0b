"""Engine and unit of work over the application's database (SQLite by default, PostgreSQL by configuration)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker


class Base(DeclarativeBase):
    """Root of the mapped classes; each topic maps its own in ``bot/<topic>/models.py``."""


def open_engine(url: str) -> Engine:
    """Opens the database at *url*; makes the folder of a SQLite file if needed.

    SQLite is put in WAL mode (readers do not wait for the writer), enforces foreign keys, waits 10 s for a lock,
    and overwrites what is deleted with zeros: an erased key must not linger in free pages.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


class Database:
    """A factory of units of work."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @classmethod
    def at(cls, url: str) -> "Database":
        return cls(open_engine(url))

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """One use case: commits when the block ends, rolls back when it raises."""
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
