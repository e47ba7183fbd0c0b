"""The events of the dialogues, for the review: Rasa's SQL broker, with one transaction per message and not per event.

The table is that of ``rasa.core.brokers.sql``: the worker reads it and empties it (``bot.supervision.sources``). A file
that is damaged gives way to a new one: whichever of the two processes finds it out renames it, and the other notices.
"""

# ruff: noqa: ARG003  the signatures are not ours

from __future__ import annotations

import fcntl
import json
import logging
import os
import sqlite3
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.utils.endpoints import EndpointConfig

logger = logging.getLogger("equipier.serving")
_WAIT = 10.0  # seconds, for the worker to end what it is writing
_TRIES = 3  # a disk that damages one file after the other is not ours to heal
_PARTS = ("-wal", "-shm", "")  # what was written but not yet in the file goes first: a new file must not find it
_DAMAGED_KEPT = 3  # files
_TABLE = "CREATE TABLE IF NOT EXISTS events (id INTEGER NOT NULL PRIMARY KEY, sender_id VARCHAR(255), data TEXT)"
# The worker knows by its number what it has read: those of a new file are above those of the one before.
_FIRST = "INSERT INTO events (id, data) SELECT ?, '' WHERE NOT EXISTS (SELECT 1 FROM events)"


def _now() -> datetime:
    return datetime.now(timezone.utc)  # noqa: UP017  Rasa's Python is 3.10


class EventFile(EventBroker):
    """Writes to a SQLite file, which several processes may share.

    Args:
        path: the file, made if need be.
        now: the present instant, in UTC.

    Raises:
        sqlite3.Error: it can be neither opened nor made.
    """

    def __init__(self, path: str, *, now: Callable[[], datetime] = _now) -> None:
        self._path = Path(path)
        self._now = now
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None  # that of the connection
        self.publish_all(())

    @classmethod
    async def from_endpoint_config(
        cls, broker_config: EndpointConfig, event_loop: AbstractEventLoop | None = None
    ) -> EventFile:
        return cls(**broker_config.kwargs)

    def publish(self, event: Mapping[str, Any]) -> None:
        """Writes one event.

        Raises:
            sqlite3.Error: it is not written.
        """
        self.publish_all([event])

    def publish_all(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Writes the events of one message, all or none.

        Raises:
            sqlite3.Error: none is written.
        """
        rows = [(event.get("sender_id"), json.dumps(event)) for event in events]
        for left in reversed(range(_TRIES)):
            try:
                self._write(rows)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    self._let_go()  # it may not even have its table
                    raise
                self._leave()
                if not left:
                    raise
            else:
                if self._is_there():  # else it was renamed meanwhile, and nobody reads it any more
                    return

    async def close(self) -> None:
        self._let_go()

    def _write(self, rows: Sequence[tuple[str | None, str]]) -> None:
        if not self._is_there():
            self._leave()
        connection = self._connection or self._open()
        with connection:
            connection.executemany("INSERT INTO events (sender_id, data) VALUES (?, ?)", rows)

    def _is_there(self) -> bool:
        """Whether what is written is found at the path; SQLite goes on with a file that was renamed, or emptied."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == self._file and found.st_size > 0

    def _open(self) -> sqlite3.Connection:
        with _alone(self._path.parent):  # it is the same file before and after
            connection = self._connection = sqlite3.connect(self._path, timeout=_WAIT)
            self._file = _identity(self._path)
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
                connection.execute(f"PRAGMA {pragma}")
            with connection:
                connection.execute(_TABLE)
                connection.execute(_FIRST, (int(self._now().timestamp() * 1_000_000),))
        return connection

    def _leave(self) -> None:
        """Lets go of the file, which is damaged or was renamed; in the first case it is renamed here."""
        if self._connection is None:
            return
        with _alone(self._path.parent):
            if _identity(self._path) == self._file:
                aside = f"{self._path.name}.damaged-{self._now():%Y%m%dT%H%M%SZ}"
                for part in _PARTS:
                    with suppress(FileNotFoundError):
                        os.replace(f"{self._path}{part}", self._path.with_name(aside + part))
                logger.error("the file of events is damaged: kept as %s, a new one is begun", aside)
                _drop_old(self._path)
        # After it was renamed: SQLite then leaves alone the companions of the new file.
        self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._file = None


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether *error* says « malformed » or « not a database »: a lock or a full disk has a class of its own."""
    return type(error) is sqlite3.DatabaseError


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells the file at *path* from another that takes its place; ``None`` when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time renames or begins a file in *folder*, and makes sure which one it is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _drop_old(path: Path) -> None:
    aside = sorted(one for one in path.parent.glob(f"{path.name}.damaged-*") if one.name.endswith("Z"))
    for old in aside[:-_DAMAGED_KEPT]:
        for part in _PARTS:
            old.with_name(old.name + part).unlink(missing_ok=True)
