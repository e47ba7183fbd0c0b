"""The memory of the dialogues: what a message needs of it does not grow with the conversation.

Rasa's own SQL store reads and replays every event of the session twice for each message. Here a message reads the slots
and the last turn, and writes the new events and the slots, in one transaction. The table ``events`` is the one of
Rasa's store, whole: what deletes old conversations (``bot.privacy.trackers``) and ``rasa export`` find it as they know
it. The table ``memories`` holds the slots; a conversation that has none there yet, begun under Rasa's store, is read
whole once.
"""

# ruff: noqa: ARG002  the signatures are not ours

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

_Result = TypeVar("_Result")
_EVENTS = 40  # at most, of the last turn: ours are rules of one turn (``stories/``), which need nothing before it
_KEPT = "_events_kept"  # on a tracker: how many of its events are in the table, or stand for slots

metadata = sa.MetaData()
events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False, index=True),
    sa.Column("type_name", sa.String(255), nullable=False),
    sa.Column("timestamp", sa.Float),
    sa.Column("intent_name", sa.String(255)),
    sa.Column("action_name", sa.String(255)),
    sa.Column("data", sa.Text),
)
memories = sa.Table(
    "memories",
    metadata,
    sa.Column("sender_id", sa.String(255), primary_key=True),
    sa.Column("slots", sa.Text, nullable=False),
    sa.Column("timestamp", sa.Float, nullable=False),
)
# SQLite has it for free: its indexes end with the row's number.
_IN_ORDER = "CREATE INDEX IF NOT EXISTS ix_events_sender_id_id ON events (sender_id, id)"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7251)"  # processes that start together make the tables once

_whose = sa.bindparam("whose")
_READ_SLOTS = sa.select(memories.c.slots).where(memories.c.sender_id == _whose)
_READ_LAST = sa.select(events.c.data).where(events.c.sender_id == _whose).order_by(events.c.id.desc()).limit(_EVENTS)
_WRITE = sa.insert(events)
# As a text: SQLAlchemy 1.4 would write what it knows of ON CONFLICT anew for each message.
_REMEMBER = sa.text(
    "INSERT INTO memories (sender_id, slots, timestamp) VALUES (:sender_id, :slots, :timestamp) "
    "ON CONFLICT (sender_id) DO UPDATE SET slots = excluded.slots, timestamp = excluded.timestamp"
)
_READ_ALL = sa.select(events.c.data).where(events.c.sender_id == _whose).order_by(events.c.id)


class BoundedTrackerStore(TrackerStore, SerializedTrackerAsText):
    """Trackers in SQLite or PostgreSQL; several processes may share the database.

    A tracker read from here begins with its slots and holds the last turn; :meth:`retrieve_full_tracker` gives them
    all. Unlike Rasa's stores it is told of nothing it cannot do: an error of the database is the message's.

    Args:
        domain: Rasa sets it again once a model is loaded.
        host: unused: Rasa passes it to every store.
        db_url: address of the database, as SQLAlchemy writes it.
    """

    def __init__(
        self,
        domain: Domain | None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        *,
        db_url: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self.engine = _open(db_url)
        # SQLite answers faster than a thread is woken; a server may take its time, or be gone.
        self._in_thread = self.engine.dialect.name != "sqlite"

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The slots and the last turn of a conversation; ``None`` when nothing was said in it."""
        slots, rows = await self._do(lambda connection: _read(connection, sender_id))
        if slots is None:
            found = [json.loads(data) for data in rows]
            return self._replayed(sender_id, _events(_session(found))) if found else None
        head = [SlotSet(name, value) for name, value in slots.items()]
        return self._replayed(sender_id, [*head, *_events(_last_turn(rows))])

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """All that was said in a conversation; ``None`` when nothing was."""
        rows = await self._do(lambda connection: _all(connection, conversation_id))
        return self._replayed(conversation_id, _events(map(json.loads, rows))) if rows else None

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new tracker, written down with its first message and not before."""
        tracker = self.init_tracker(sender_id)
        setattr(tracker, _KEPT, 0)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Publishes what is new, then writes it down: what fails in between is published again, never lost."""
        known = getattr(tracker, _KEPT, None)
        if known is None:  # made elsewhere, by a caller of Rasa's HTTP interface: what it begins with is ours
            before = await self.retrieve_full_tracker(tracker.sender_id)
            known = len(before.events) if before else 0
        new = [event.as_dict() for event in list(tracker.events)[known:]]
        if self.event_broker is not None and new:
            _publish(self.event_broker, [{"sender_id": tracker.sender_id, **one} for one in new])
        slots = _told(tracker)
        await self._do(lambda connection: self._write(connection, tracker.sender_id, new, slots))
        setattr(tracker, _KEPT, len(tracker.events))

    async def keys(self) -> Iterable[str]:
        """Every conversation of which an event is kept."""
        query = sa.select(events.c.sender_id).distinct()
        return await self._do(lambda connection: connection.execute(query).scalars().all())

    def _write(
        self, connection: sa.engine.Connection, sender_id: str, new: Sequence[dict[str, Any]], slots: dict[str, Any]
    ) -> None:
        if new:
            connection.execute(_WRITE, [_row(sender_id, one) for one in new])
        values = {"sender_id": sender_id, "slots": json.dumps(slots), "timestamp": time.time()}
        connection.execute(_REMEMBER, values)

    def _replayed(self, sender_id: str, found: Sequence[Event]) -> DialogueStateTracker:
        tracker = DialogueStateTracker.from_events(sender_id, list(found), self.domain.slots)
        setattr(tracker, _KEPT, len(tracker.events))
        return tracker

    async def _do(self, work: Callable[[sa.engine.Connection], _Result]) -> _Result:
        def within() -> _Result:
            with self.engine.begin() as connection:
                return work(connection)

        return await asyncio.to_thread(within) if self._in_thread else within()


def _open(url: str) -> sa.engine.Engine:
    """The database at *url*, with its tables; SQLite in the mode where readers and the writer do not wait."""
    parsed = sa.engine.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg2"), pool_pre_ping=True, future=True)
    else:
        engine = sa.create_engine(parsed, connect_args={"timeout": 10}, poolclass=sa.pool.QueuePool, future=True)

        @sa.event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
                connection.execute(f"PRAGMA {pragma}")

    with engine.begin() as connection:
        server = engine.dialect.name == "postgresql"
        if server:
            connection.exec_driver_sql(_ONE_AT_A_TIME)
        metadata.create_all(connection)
        if server:
            connection.exec_driver_sql(_IN_ORDER)
    return engine


def _read(connection: sa.engine.Connection, sender_id: str) -> tuple[dict[str, Any] | None, list[str]]:
    slots = connection.execute(_READ_SLOTS, {"whose": sender_id}).scalar()
    if slots is None:
        return None, _all(connection, sender_id)
    return json.loads(slots), list(connection.execute(_READ_LAST, {"whose": sender_id}).scalars())


def _all(connection: sa.engine.Connection, sender_id: str) -> list[str]:
    return list(connection.execute(_READ_ALL, {"whose": sender_id}).scalars())


def _last_turn(newest_first: Iterable[str]) -> list[dict[str, Any]]:
    """The last turn, from the moment when the assistant began to listen; nothing of a session before."""
    found: list[dict[str, Any]] = []
    said = False
    for data in newest_first:
        found.append(json.loads(data))
        kind = found[-1]["event"]
        said = said or kind == "user"
        if kind == "session_started" or (said and found[-1].get("name") == "action_listen"):
            break
    return found[::-1]


def _session(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    starts = [place for place, one in enumerate(found) if one["event"] == "session_started"]
    return found[starts[-1] :] if starts else found


def _events(found: Iterable[dict[str, Any]]) -> list[Event]:
    """The events that *found* describes; what a newer version may have written is left out.

    Rasa looks through all its classes for each event.
    """
    kinds = _kinds()
    return [
        kinds[one["event"]]._from_parameters({name: value for name, value in one.items() if name != "event"})
        for one in found
        if one["event"] in kinds
    ]


@lru_cache(maxsize=1)
def _kinds() -> dict[str, type[Event]]:
    return {kind.type_name: kind for kind in all_subclasses(Event)}


def _told(tracker: DialogueStateTracker) -> dict[str, Any]:
    """The slots that do not have their first value."""
    return {
        name: slot.value
        for name, slot in tracker.slots.items()
        if slot.value != slot.initial_value and not isinstance(slot.value, bytes)
    }


def _row(sender_id: str, data: dict[str, Any]) -> dict[str, Any]:
    intent = ((data.get("parse_data") or {}).get("intent") or {}).get("name")
    return {
        "sender_id": sender_id,
        "type_name": data["event"],
        "timestamp": data.get("timestamp"),
        "intent_name": intent,
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _publish(broker: EventBroker, bodies: Sequence[dict[str, Any]]) -> None:
    together = getattr(broker, "publish_all", None)
    if together is not None:
        together(bodies)
        return
    for body in bodies:
        broker.publish(body)
