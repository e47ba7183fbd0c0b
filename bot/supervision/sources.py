"""Where Rasa leaves its events: a SQLite file of its own on one machine. RabbitMQ is in ``bot.supervision.rabbit``."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.errors import EquipierError

_WAIT = 5.0  # seconds, for Rasa to end what it is writing


class SourceUnavailable(EquipierError):
    """The events cannot be read now; they are not lost."""


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it came.

    Attributes:
        id: hash of the content, when the source does not number its events; empty otherwise.
        position: its number, when it does; 0 otherwise.
        tag: what the source needs to forget it.
        restarted: its number is that of a new file, which began again.
    """

    raw: bytes
    id: str = ""
    position: int = 0
    tag: int = 0
    restarted: bool = False


class EventSource(Protocol):
    """Gives events at least once, those of one conversation in their order."""

    name: str

    def read(self, after: int, *, limit: int) -> Sequence[Received]:
        """The next events: after the position *after* for a source that numbers them; none when there is none.

        Raises:
            SourceUnavailable: try later.
        """
        ...

    def done(self, received: Sequence[Received]) -> None:
        """*received* is in our tables for good: it may be forgotten.

        Raises:
            SourceUnavailable: it will be given again.
        """
        ...

    def close(self) -> None:
        """Lets go of what is held."""
        ...


class NoEvents:
    """There is nothing to project."""

    name = "none"

    def read(self, after: int, *, limit: int) -> Sequence[Received]:  # noqa: ARG002
        return ()

    def done(self, received: Sequence[Received]) -> None:
        pass

    def close(self) -> None:
        pass


class RasaEventFile:
    """The SQLite file of Rasa's SQL event broker (``nlu/endpoints.yml``; table ``events``: id, sender_id, data).

    What was read is deleted, so that no message outlives its conversation there. The newest row stays: the numbers are
    plain row ids, that SQLite would give again to other events if it went.

    Args:
        path: the file; while it does not exist there is nothing to read, and it is not made.
    """

    name = "rasa_sql"

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, after: int, *, limit: int) -> Sequence[Received]:
        if not self.path.exists():
            return ()
        with self._open() as connection:
            newest = connection.execute("SELECT max(id) FROM events").fetchone()[0] or 0
            # Numbers that went back are those of another file: it is read from its beginning.
            restarted = newest < after
            rows = connection.execute(
                "SELECT id, data FROM events WHERE id > ? ORDER BY id LIMIT ?", (0 if restarted else after, limit)
            ).fetchall()
        return [Received(str(data or "").encode(), position=int(n), restarted=restarted) for n, data in rows]

    def done(self, received: Sequence[Received]) -> None:
        if not received:
            return
        with self._open() as connection, connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(
                "DELETE FROM events WHERE id <= ? AND id < (SELECT max(id) FROM events)", (received[-1].position,)
            )

    def close(self) -> None:
        """Nothing is held between two reads."""

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_WAIT)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")  # neither waits for the other
                yield connection
        except sqlite3.Error as error:
            raise SourceUnavailable(f"event file: {type(error).__name__}") from error
