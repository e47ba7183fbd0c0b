"""Where people write from, and which conversation is held there.

An aidant has one conversation of their own. Every place where they are recognised holds it: what was begun on one goes
on at another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.conversations.cipher import Cipher
from bot.conversations.models import Conversation, Place
from bot.storage.engine import Database

# The place that no one writes from: it only tells which conversation is an aidant's own.
OWN = "aidant"
_WEB = "web"
_FIND = select(Place.id, Place.conversation_id, Place.aidant_id).where(
    Place.channel == bindparam("channel"), Place.external_id == bindparam("external_id")
)
_SEEN = update(Place).where(Place.id == bindparam("place")).values(last_at=bindparam("now"), blocked_at=None)
_HELD = update(Conversation).where(Conversation.id == bindparam("conversation")).values(last_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place, as it is now.

    Attributes:
        conversation: id of the conversation that is held there.
        aidant: id of the aidant whose own conversation it is; ``None`` when it is nobody's.
    """

    id: int
    channel: str
    conversation: str
    aidant: str | None


class Places:
    """Each method is one unit of work.

    Args:
        cipher: makes addresses unreadable; only needed where some are given.
    """

    def __init__(
        self,
        database: Database,
        *,
        cipher: Cipher | None = None,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._new_id = new_id

    def open(
        self, channel: str, external_id: str, *, now: datetime, address: str | None = None, aidant: str | None = None
    ) -> PlaceView:
        """The place of someone who writes now, made if need be; what could not be pushed there can be again.

        Args:
            address: how to push replies there.
            aidant: who was recognised there: the place then holds their own conversation.
        """
        if address is None and (known := self.known(channel, external_id, aidant=aidant)) is not None:
            with self._database.engine.begin() as connection:
                note_seen(connection, known.id, known.conversation, now=now)
            return known
        return self.make(channel, external_id, now=now, address=address, aidant=aidant)

    def known(self, channel: str, external_id: str, *, aidant: str | None = None) -> PlaceView | None:
        """A place as it is, for nearly every message; ``None`` when it has to be made, or to change hands.

        Writes nothing: whoever then writes the message down calls ``note_seen`` in the same transaction.
        """
        rows = self._database.read(_FIND, channel=channel, external_id=external_id)
        if not rows or (aidant is not None and rows[0].aidant_id != aidant):
            return None
        return PlaceView(rows[0].id, channel, rows[0].conversation_id, rows[0].aidant_id)

    def make(
        self, channel: str, external_id: str, *, now: datetime, address: str | None = None, aidant: str | None = None
    ) -> PlaceView:
        """As ``open``, when it is not known as it has to be."""
        for _ in range(2):
            try:
                with self._database.unit_of_work() as session:
                    return self._open(session, channel, external_id, now=now, address=address, aidant=aidant)
            except IntegrityError:  # someone else has just made it: it is there the second time
                continue
        with self._database.unit_of_work() as session:
            return self._open(session, channel, external_id, now=now, address=address, aidant=aidant)

    def find(self, channel: str, external_id: str) -> PlaceView | None:
        """A place that exists; ``None`` when nothing was ever said there."""
        with self._database.unit_of_work() as session:
            place = _place(session, channel, external_id)
            return _view(place) if place else None

    def own_of(self, aidant: str) -> str | None:
        """The conversation of an aidant; ``None`` when they have none yet."""
        found = self.find(OWN, aidant)
        return found.conversation if found else None

    def join(self, place_id: int, aidant: str, *, conversation: str, now: datetime) -> PlaceView:
        """From now on the place holds the own conversation of *aidant*: *conversation*, when they have none yet."""
        with self._database.unit_of_work() as session:
            place = session.get_one(Place, place_id)
            own = _place(session, OWN, aidant)
            if own is None:
                own = Place(
                    channel=OWN, external_id=aidant, conversation_id=conversation, aidant_id=aidant, last_at=now
                )
                session.add(own)
            place.conversation_id, place.aidant_id = own.conversation_id, aidant
            return _view(place)

    def leave(self, place_id: int, *, now: datetime) -> PlaceView:
        """From now on the place holds a new conversation, of nobody's."""
        with self._database.unit_of_work() as session:
            place = session.get_one(Place, place_id)
            place.conversation_id, place.aidant_id = self._begin(session, place.channel, None, now), None
            return _view(place)

    def blank(self, channel: str, *, now: datetime) -> str:
        """A new conversation, which no place holds yet."""
        with self._database.unit_of_work() as session:
            return self._begin(session, channel, None, now)

    def _open(
        self,
        session: Session,
        channel: str,
        external_id: str,
        *,
        now: datetime,
        address: str | None,
        aidant: str | None,
    ) -> PlaceView:
        place = _place(session, channel, external_id)
        if place is None:
            conversation = self._own(session, aidant, now) if aidant else None
            place = Place(
                channel=channel,
                external_id=external_id,
                conversation_id=conversation or self._begin(session, channel, external_id, now),
                aidant_id=aidant,
                last_at=now,
            )
            session.add(place)
        elif aidant is not None and place.aidant_id != aidant:
            place.conversation_id, place.aidant_id = self._own(session, aidant, now), aidant
        place.last_at, place.blocked_at = now, None
        if address is not None and (place.address is None or self._read(place.address) != address):
            place.address = self._encrypted(address)
        session.execute(update(Conversation).where(Conversation.id == place.conversation_id).values(last_at=now))
        session.flush()
        return _view(place)

    def _own(self, session: Session, aidant: str, now: datetime) -> str:
        own = _place(session, OWN, aidant)
        if own is None:
            own = Place(
                channel=OWN,
                external_id=aidant,
                conversation_id=self._begin(session, _WEB, None, now),
                aidant_id=aidant,
                last_at=now,
            )
            session.add(own)
        return own.conversation_id

    def _begin(self, session: Session, channel: str, external_id: str | None, now: datetime) -> str:
        new = self._new_id()
        origin = external_id if external_id is not None and _is_first(session, channel, external_id) else new
        session.add(Conversation(id=new, channel=channel, external_id=origin, created_at=now, last_at=now, turn=0))
        session.flush()
        return new

    def _encrypted(self, address: str) -> bytes:
        if self._cipher is None:
            raise ValueError("an address needs a cipher")
        return self._cipher.encrypt(address)

    def _read(self, kept: bytes) -> str | None:
        return self._cipher.decrypt(kept) if self._cipher else None


def _is_first(session: Session, channel: str, external_id: str) -> bool:
    begun = select(Conversation.id).where(Conversation.channel == channel, Conversation.external_id == external_id)
    return session.scalar(begun) is None


def _place(session: Session, channel: str, external_id: str) -> Place | None:
    return session.scalar(select(Place).where(Place.channel == channel, Place.external_id == external_id))


def _view(place: Place) -> PlaceView:
    return PlaceView(place.id, place.channel, place.conversation_id, place.aidant_id)


def note_seen(connection: Connection, place: int, conversation: str, *, now: datetime) -> None:
    """Someone has just written from *place*; within the transaction of the caller."""
    connection.execute(_SEEN, {"place": place, "now": now})
    connection.execute(_HELD, {"conversation": conversation, "now": now})


def latest_place(session: Session, conversation: str) -> Place | None:
    """The place of *conversation* that was last written from and can be reached; ``None`` when there is none.

    That is where late replies go.
    """
    query = (
        select(Place)
        .where(Place.conversation_id == conversation, Place.channel != OWN, Place.blocked_at.is_(None))
        .order_by(Place.last_at.desc(), Place.id.desc())
        .limit(1)
    )
    return session.scalar(query)
