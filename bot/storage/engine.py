"""Engine and unit of work over the application's database (SQLite by default, PostgreSQL by configuration)."""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Row, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

_WAIT = 10  # seconds for a lock of SQLite
_LOOK = 0.001  # seconds between two looks at whether another process has ended its turn
# Of PostgreSQL's library: seconds to connect, and milliseconds for what was sent to be received. A server that is cut
# off is then one that is away, which is said at once, rather than a silence of minutes.
_PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
_WRITING = ("INSERT", "UPDATE", "DELETE")


class Base(DeclarativeBase):
    """Root of the mapped classes; each topic maps its own in ``bot/<topic>/models.py``."""


def open_engine(url: str) -> Engine:
    """Opens the database at *url*; makes the folder of a SQLite file if needed.

    SQLite is put in WAL mode (readers do not wait for the writer), enforces foreign keys, waits 10 s for a lock,
    and overwrites what is deleted with zeros: an erased key must not linger in free pages. Its writers take turns, in
    all processes: SQLite itself makes them sleep and try again, up to a tenth of a second too long each time.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args=_PATIENCE)
    turns: Path | None = None
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        turns = Path(f"{parsed.database}-turn")
    engine = create_engine(url, connect_args={"timeout": _WAIT})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    _let_writers_take_turns(engine, WriteTurn(turns))
    return engine


class WriteTurn:
    """Whose turn it is to write, among the threads of this process, then among processes.

    Only politeness: whoever waits too long goes on, and SQLite decides, and says so in its own words.

    Args:
        path: an empty file that the processes lock; ``None`` for a database of this process alone.
        wait: seconds after which one goes on.
    """

    def __init__(self, path: Path | None, *, wait: float = _WAIT) -> None:
        self._path = path
        self._wait = wait
        self._threads = Lock()
        self._file: int | None = None

    def take(self) -> bool:
        """Waits for the turn; false when it did not come in time."""
        deadline = time.monotonic() + self._wait
        if not self._threads.acquire(timeout=self._wait):
            return False
        while not self._mine():
            if time.monotonic() > deadline:
                self._threads.release()
                return False
            time.sleep(_LOOK)
        return True

    def give(self) -> None:
        """Ends the turn."""
        if self._file is not None:
            with suppress(OSError):  # it was never locked: see below
                fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def _mine(self) -> bool:
        if self._path is None:
            return True
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # no room for the file, or a file system without locks
            return True
        return True


def _let_writers_take_turns(engine: Engine, turn: WriteTurn) -> None:

    @event.listens_for(engine, "before_cursor_execute")
    def _wait(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(_WRITING) and not connection.info.get("writes"):
            connection.info["writes"] = turn.take()

    @event.listens_for(engine, "checkin")
    def _let_go(_connection: Any, record: ConnectionPoolEntry) -> None:
        if record.info.pop("writes", False):
            turn.give()


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

    def read(self, query: Executable, **values: Any) -> Sequence[Row[Any]]:
        """The rows of one query made beforehand, with *values* for its parameters; it changes nothing.

        For what every message asks: a unit of work costs three times as much.
        """
        with self.engine.connect() as connection:
            return connection.execute(query, values).all()

    def close(self) -> None:
        self.engine.dispose()
