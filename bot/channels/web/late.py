"""The replies that wait for conversations whose last word came from the web."""

from collections.abc import Collection

from sqlalchemy import select

from bot.channels.web.visits import CHANNEL
from bot.conversations.models import OutboxEntry
from bot.conversations.places import latest_place
from bot.storage.engine import Database


class LateReplies:
    """Looks into the outbox, and takes nothing out of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def among(self, conversations: Collection[str]) -> tuple[str, ...]:
        """Those of *conversations* for which something waits, and which were last held on the web."""
        query = (
            select(OutboxEntry.conversation_id)
            .where(OutboxEntry.delivered_at.is_(None), OutboxEntry.conversation_id.in_(conversations))
            .distinct()
        )
        with self._database.unit_of_work() as session:
            waiting = session.scalars(query).all()
            places = {conversation: latest_place(session, conversation) for conversation in waiting}
            return tuple(one for one, place in places.items() if place is not None and place.channel == CHANNEL)
