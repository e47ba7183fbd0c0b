"""The memory of the dialogue: Rasa keeps the events of each conversation in a database of its own.

Its tables are those of ``nlu/serving/tracker_store.py``: ``events``, and ``memories``, the slots of each conversation,
which goes with the last of its events.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import make_url

_WAIT = 10.0  # seconds, for Rasa to end what it is writing


class Trackers(Protocol):
    """Forgets events; how many is returned each time, so that a dry run may count too."""

    def forget(self, conversation: str, *, dry_run: bool = False) -> int:
        """The events of one conversation."""
        ...

    def forget_before(self, instant: datetime, *, dry_run: bool = False) -> int:
        """The events older than *instant*, in every conversation."""
        ...


class RasaTrackers:
    """The SQLite file of the tracker store (``nlu/endpoints.yml``).

    Old events can go without harm: a message reads the last turns only, and a session ends after an hour of silence
    (``nlu/domain/conversation.yml``).

    Args:
        path: the file; while it does not exist there is nothing to forget, and it is not made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def forget(self, conversation: str, *, dry_run: bool = False) -> int:
        """As promised.

        Raises:
            sqlite3.OperationalError: Rasa held the file for ten seconds, or it is not Rasa's.
        """
        return self._delete("sender_id = ?", conversation, dry_run=dry_run)

    def forget_before(self, instant: datetime, *, dry_run: bool = False) -> int:
        """As promised.

        Raises:
            sqlite3.OperationalError: as above.
        """
        return self._delete("timestamp < ?", instant.timestamp(), dry_run=dry_run)

    def _delete(self, condition: str, value: str | float, *, dry_run: bool) -> int:
        if not self._path.exists():
            return 0
        with closing(sqlite3.connect(self._path, timeout=_WAIT)) as connection:
            if dry_run:
                query = f"SELECT count(*) FROM events WHERE {condition}"  # noqa: S608  one of the two above
                return int(connection.execute(query, (value,)).fetchone()[0])
            connection.execute("PRAGMA secure_delete = ON")
            slots = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'memories'").fetchone()
            with connection:
                gone = connection.execute(f"DELETE FROM events WHERE {condition}", (value,)).rowcount  # noqa: S608
                if slots:
                    connection.execute(f"DELETE FROM memories WHERE {condition}", (value,))  # noqa: S608
            # What was deleted must not linger in the log of writes either.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return gone


class ServerTrackers:
    """The tracker store in PostgreSQL.

    Args:
        url: its address; while it holds no table there is nothing to forget.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")

    def forget(self, conversation: str, *, dry_run: bool = False) -> int:
        """As promised.

        Raises:
            sqlalchemy.exc.OperationalError: the server does not answer.
        """
        return self._delete("sender_id = :value", conversation, dry_run=dry_run)

    def forget_before(self, instant: datetime, *, dry_run: bool = False) -> int:
        """As promised.

        Raises:
            sqlalchemy.exc.OperationalError: as above.
        """
        return self._delete("timestamp < :value", instant.timestamp(), dry_run=dry_run)

    def _delete(self, condition: str, value: str | float, *, dry_run: bool) -> int:
        with self._connected() as connection:
            if not inspect(connection).has_table("events"):
                return 0
            given: dict[str, Any] = {"value": value}
            if dry_run:
                query = text(f"SELECT count(*) FROM events WHERE {condition}")  # noqa: S608  one of the two above
                return int(connection.scalar(query, given) or 0)
            connection.execute(text(f"DELETE FROM memories WHERE {condition}"), given)  # noqa: S608
            return connection.execute(text(f"DELETE FROM events WHERE {condition}"), given).rowcount  # noqa: S608

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = create_engine(self._url)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()


def trackers_at(url: str) -> Trackers:
    """The memory of the dialogues at *url*, SQLite or PostgreSQL."""
    parsed = make_url(url)
    return RasaTrackers(Path(parsed.database or "")) if parsed.get_backend_name() == "sqlite" else ServerTrackers(url)
