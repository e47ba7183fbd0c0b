"""The events of the dialogues, for the review: Rasa's SQL broker, with one transaction per message and not per event.

The table is that of ``rasa.core.brokers.sql``: the worker reads it and empties it (``bot.supervision.sources``).
"""

# ruff: noqa: ARG003  the signatures are not ours

from __future__ import annotations

import json
import sqlite3
from asyncio import AbstractEventLoop
from collections.abc import Mapping, Sequence
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.utils.endpoints import EndpointConfig

_WAIT = 10.0  # seconds, for the worker to end what it is writing


class EventFile(EventBroker):
    """Writes to a SQLite file, which several processes may share.

    Args:
        path: the file, made if need be.
    """

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, timeout=_WAIT)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self._connection:
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS events (id INTEGER NOT NULL PRIMARY KEY, sender_id VARCHAR(255), data TEXT)"
            )

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
        with self._connection:
            self._connection.executemany("INSERT INTO events (sender_id, data) VALUES (?, ?)", rows)

    async def close(self) -> None:
        self._connection.close()
