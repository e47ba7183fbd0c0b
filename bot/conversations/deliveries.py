"""What has to be pushed to the places that have an address: in order for each place, at least once, by one sender.

A sender that dies between the sending and the note of it sends that part again: a person would rather read a sentence
twice than never.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from bot.conversations.buttons import new_button_id
from bot.conversations.cipher import Cipher, Unreadable
from bot.conversations.handing import fetch_outbox, push
from bot.conversations.messages import Reply
from bot.conversations.models import Delivery, OutboxEntry, Place
from bot.conversations.places import OWN, latest_place
from bot.storage.engine import Database
from bot.storage.sql import changed

LEASE = timedelta(seconds=60)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A reply in the hands of one sender.

    Attributes:
        address: where to send it, in the channel's own terms.
        parts_sent: how many of its parts have left already.
        attempts: how many times it was given back.
        token: proof of the lease.
    """

    id: int
    place: int
    address: str
    conversation: str
    reply: Reply
    parts_sent: int
    attempts: int
    token: str


class Deliveries:
    """Each method is one unit of work.

    Args:
        cipher: reads addresses.
        lease: how long a sender may hold a reply without a word.
    """

    def __init__(
        self,
        database: Database,
        *,
        cipher: Cipher,
        lease: timedelta = LEASE,
        new_button: Callable[[], str] = new_button_id,
        new_token: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._lease = lease
        self._new_button = new_button
        self._new_token = new_token

    def claim(self, channel: str, *, now: datetime, limit: int = 20) -> list[Due]:
        """Leases the oldest reply due of each place of *channel*, *limit* at most.

        Late answers and notices of the conversations that were last held there are taken from the outbox first.
        """
        self._take_from_outbox(channel, now=now)
        return self._lease_due(channel, now=now, limit=limit)

    def part_sent(self, due: Due, parts_sent: int, *, now: datetime) -> bool:
        """Notes that *parts_sent* parts have left, and holds the reply a while longer; false if the lease was lost."""
        return self._update(due, parts_sent=parts_sent, lease_until=now + self._lease)

    def sent(self, due: Due, *, now: datetime) -> bool:
        """Notes that the whole reply has left; false if the lease was lost."""
        return self._update(due, delivered_at=now, lease_until=None, lease_token=None)

    def later(self, due: Due, *, now: datetime, after: timedelta) -> bool:
        """Gives the reply back, to be tried again in a while; those behind it wait for it."""
        return self._update(
            due, next_attempt_at=now + after, attempts=due.attempts + 1, lease_until=None, lease_token=None
        )

    def given_up(self, due: Due, reason: str, *, now: datetime) -> bool:
        """The reply cannot be sent, ever; those behind it are."""
        return self._update(due, delivered_at=now, failure=reason, lease_until=None, lease_token=None)

    def blocked(self, due: Due, *, now: datetime) -> None:
        """Nothing more is sent to the place until someone writes from it; what waited for it is given up."""
        with self._database.unit_of_work() as session:
            session.execute(update(Place).where(Place.id == due.place).values(blocked_at=now))
            session.execute(
                update(Delivery)
                .where(Delivery.place_id == due.place, Delivery.delivered_at.is_(None))
                .values(delivered_at=now, failure="blocked", lease_until=None, lease_token=None)
            )

    def waiting(self, channel: str) -> int:
        """How many replies wait to be sent to the places of *channel*."""
        query = (
            select(func.count())
            .select_from(Delivery)
            .join(Place, Place.id == Delivery.place_id)
            .where(Place.channel == channel, Delivery.delivered_at.is_(None))
        )
        with self._database.unit_of_work() as session:
            return session.scalar(query) or 0

    def _take_from_outbox(self, channel: str, *, now: datetime) -> None:
        # The usual case is that nothing waits: one read, and no write.
        waiting = (
            select(OutboxEntry.conversation_id)
            .where(OutboxEntry.delivered_at.is_(None))
            .where(
                exists().where(
                    Place.conversation_id == OutboxEntry.conversation_id,
                    Place.channel == channel,
                    Place.address.is_not(None),
                )
            )
            .distinct()
        )
        with self._database.unit_of_work() as session:
            conversations = session.scalars(waiting).all()
        for conversation in conversations:
            with self._database.unit_of_work() as session:
                place = latest_place(session, conversation)
                if place is None or place.channel != channel or place.address is None:
                    continue
                replies = fetch_outbox(session, conversation, new_button=self._new_button, now=now)
                push(session, place.id, conversation, replies, now=now)

    def _lease_due(self, channel: str, *, now: datetime, limit: int) -> list[Due]:
        older = aliased(Delivery)
        blocked = exists().where(
            older.place_id == Delivery.place_id, older.delivered_at.is_(None), older.id < Delivery.id
        )
        # What is held for longer than anyone does, or was written in the future, was so by a clock that ran ahead.
        free = or_(
            Delivery.lease_until.is_(None), Delivery.lease_until <= now, Delivery.lease_until > now + self._lease * 2
        )
        time_has_come = or_(Delivery.next_attempt_at <= now, and_(Delivery.created_at > now, Delivery.attempts == 0))
        due = (
            select(Delivery, Place.address)
            .join(Place, Place.id == Delivery.place_id)
            .where(Place.channel == channel, Place.channel != OWN)
            .where(Delivery.delivered_at.is_(None), time_has_come, free, ~blocked)
            .order_by(Delivery.id)
            .limit(limit)
        )
        with self._database.unit_of_work() as session:
            found = session.execute(due).all()
        claimed = []
        for row, address in found:
            token = self._new_token()
            # Another sender may have read the same row: only the first of the two updates finds it free.
            lease = (
                update(Delivery)
                .where(Delivery.id == row.id, Delivery.delivered_at.is_(None), free)
                .values(lease_until=now + self._lease, lease_token=token)
            )
            with self._database.unit_of_work() as session:
                if not changed(session, lease):
                    continue
            ready = self._due(row, address, token)
            if ready is not None:
                claimed.append(ready)
            else:
                self._unreadable(row.id, token, now=now)
        return claimed

    def _due(self, row: Delivery, address: bytes | None, token: str) -> Due | None:
        """``None`` when the address cannot be read, which a new key makes of it until the person writes again."""
        try:
            where = self._cipher.decrypt(address) if address is not None else None
        except Unreadable:
            where = None
        if where is None:
            return None
        return Due(
            row.id,
            row.place_id,
            where,
            row.conversation_id,
            Reply.from_json(row.reply),
            row.parts_sent,
            row.attempts,
            token,
        )

    def _unreadable(self, delivery: int, token: str, *, now: datetime) -> None:
        _log.error("reply given up: its address cannot be read", delivery=delivery)
        with self._database.unit_of_work() as session:
            session.execute(
                update(Delivery)
                .where(Delivery.id == delivery, Delivery.lease_token == token)
                .values(delivered_at=now, failure="unreadable", lease_until=None, lease_token=None)
            )

    def _update(self, due: Due, **values: object) -> bool:
        mine = update(Delivery).where(
            Delivery.id == due.id, Delivery.lease_token == due.token, Delivery.delivered_at.is_(None)
        )
        with self._database.unit_of_work() as session:
            return changed(session, mine.values(**values)) == 1
