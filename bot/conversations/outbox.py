"""Leaving a reply that its conversation will fetch, from within any unit of work; and fetching until it is received."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.conversations.buttons import new_button_id
from bot.conversations.handing import Answer, fetch_unreceived
from bot.conversations.messages import Reply
from bot.conversations.models import Conversation, OutboxEntry
from bot.conversations.places import Places
from bot.storage.engine import Database
from bot.storage.sql import changed


def post(session: Session, conversation: str, replies: Sequence[Reply], *, now: datetime) -> None:
    """Puts *replies* in the outbox of *conversation*, after what waits there already."""
    # Whoever else leaves something there waits for the end of this unit of work, instead of taking the same number.
    changed(session, update(Conversation).where(Conversation.id == conversation).values(turn=Conversation.turn))
    last = session.scalar(select(func.max(OutboxEntry.seq)).where(OutboxEntry.conversation_id == conversation))
    session.add_all(
        OutboxEntry(conversation_id=conversation, seq=seq, reply=reply.as_json(), created_at=now)
        for seq, reply in enumerate(replies, start=(last or 0) + 1)
    )


class AcknowledgedOutbox:
    """The outbox for those who say what they have received: the rest is given again, for the day after it first was."""

    def __init__(
        self, database: Database, places: Places, *, clock: Clock, new_button: Callable[[], str] = new_button_id
    ) -> None:
        self._database = database
        self._places = places
        self._clock = clock
        self._new_button = new_button

    async def collect(self, channel: str, external_id: str, *, received: int) -> Answer:
        """The replies that someone has not received, with their ids, in order; none for someone who never wrote.

        Args:
            received: id of the last reply that they received by this method; 0 when they received none.
        """
        return await asyncio.to_thread(self._collect, channel, external_id, received)

    def _collect(self, channel: str, external_id: str, received: int) -> Answer:
        place = self._places.find(channel, external_id)
        if place is None:
            return ()
        with self._database.unit_of_work() as session:
            return fetch_unreceived(
                session, place.conversation, received=received, new_button=self._new_button, now=self._clock.now()
            )
