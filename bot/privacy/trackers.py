"""The memory of the dialogue: Rasa keeps the events of each conversation in a database of its own."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Protocol

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
    """The SQLite file of Rasa's tracker store (``nlu/endpoints.yml``).

    Events of earlier sessions can go without harm: Rasa reads none from before the last start of session, and a
    session ends after an hour of silence (``nlu/domain/conversation.yml``).

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
        return self._events("sender_id = ?", conversation, dry_run=dry_run)

    def forget_before(self, instant: datetime, *, dry_run: bool = False) -> int:
        """As promised.

        Raises:
            sqlite3.OperationalError: as above.
        """
        return self._events("timestamp < ?", instant.timestamp(), dry_run=dry_run)

    def _events(self, condition: str, value: str | float, *, dry_run: bool) -> int:
        if not self._path.exists():
            return 0
        with closing(sqlite3.connect(self._path, timeout=_WAIT)) as connection:
            if dry_run:
                query = f"SELECT count(*) FROM events WHERE {condition}"  # noqa: S608  one of the two above
                return int(connection.execute(query, (value,)).fetchone()[0])
            connection.execute("PRAGMA secure_delete = ON")
            with connection:
                return connection.execute(f"DELETE FROM events WHERE {condition}", (value,)).rowcount  # noqa: S608
