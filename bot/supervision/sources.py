"""Where Rasa leaves its events: a SQLite file of its own on one machine. RabbitMQ is in ``bot.supervision.rabbit``."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import structlog

from bot.clock import Clock, SystemClock
from bot.errors import EquipierError

_log = structlog.get_logger(__name__)
_WAIT = 5.0  # seconds, for Rasa to end what it is writing
_PARTS = ("-wal", "-shm", "")  # what was written but not yet in the file goes first: a new file must not find it
_DAMAGED_KEPT = 3  # files
_DAMAGED_KEPT_FOR = timedelta(days=7)  # messages are in them
_STAMP = "%Y%m%dT%H%M%SZ"


class SourceUnavailable(EquipierError):
    """The events cannot be read now; they are not lost, but those of a damaged file, which was put aside."""


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
    """The SQLite file of Rasa's event broker (``nlu/serving/event_file.py``; table ``events``: id, sender_id, data).

    What was read is deleted, so that no message outlives its conversation there. The newest row stays: the numbers are
    plain row ids, that SQLite would give again to other events if it went.

    A damaged file is renamed; Rasa notices, and begins another.

    Args:
        path: the file; while it does not exist there is nothing to read, and it is not made.
        clock: names the damaged files, and forgets them.
    """

    name = "rasa_sql"

    def __init__(self, path: Path, *, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock or SystemClock()

    def read(self, after: int, *, limit: int) -> Sequence[Received]:
        self._forget_old()
        if not self._holds_something():
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
        if not received or not self._holds_something():
            return
        with self._open() as connection, connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(
                "DELETE FROM events WHERE id <= ? AND id < (SELECT max(id) FROM events)", (received[-1].position,)
            )

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _holds_something(self) -> bool:
        """Whether there is a file, and not an empty one: Rasa makes it, or will see that it was emptied."""
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        file, address = _identity(self.path), f"{self.path.absolute().as_uri()}?mode=rw"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=_WAIT)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")  # neither waits for the other
                yield connection
        except sqlite3.Error as error:
            # « Malformed » or « not a database »: a lock or a full disk has a class of its own.
            if type(error) is sqlite3.DatabaseError:
                self._put_aside(file)
            raise SourceUnavailable(f"event file: {type(error).__name__}") from error

    def _put_aside(self, damaged: tuple[int, int] | None) -> None:
        with _alone(self.path.parent):
            if _identity(self.path) != damaged:  # Rasa was faster
                return
            aside = self._aside(f"{self._clock.now():{_STAMP}}")
            for part in _PARTS:
                with suppress(FileNotFoundError):
                    os.replace(f"{self.path}{part}", f"{aside}{part}")
            _log.error("event file damaged", kept_as=aside.name)
            for old in self._damaged()[:-_DAMAGED_KEPT]:
                _remove(old)

    def _forget_old(self) -> None:
        limit = self._aside(f"{self._clock.now() - _DAMAGED_KEPT_FOR:{_STAMP}}")
        for old in self._damaged():
            if old < limit:
                _remove(old)

    def _damaged(self) -> list[Path]:
        """The damaged files that are kept, oldest first."""
        return sorted(one for one in self.path.parent.glob(self._aside("*").name) if one.name.endswith("Z"))

    def _aside(self, stamp: str) -> Path:
        return self.path.with_name(f"{self.path.name}.damaged-{stamp}")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells the file at *path* from another that takes its place; ``None`` when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time renames or begins a file in *folder*; Rasa does the same."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remove(file: Path) -> None:
    for part in _PARTS:
        file.with_name(file.name + part).unlink(missing_ok=True)
