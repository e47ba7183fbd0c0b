"""What was said in a conversation, as it may be shown again: pseudonymised."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from bot.conversations.messages import Button
from bot.conversations.models import LoggedMessage, Rating
from bot.storage.engine import Database


@dataclass(frozen=True, slots=True)
class Line:
    """One message.

    Attributes:
        id: its place in the order of all messages.
        direction: ``in`` for what the person said, ``out`` for what they were told.
        buttons: as given out; pressing one works while it is on the last answer.
        channel: where it came from, on the way in; ``None`` on the way out.
        message_id: the channel's own id of it, on the way in; ``None`` when it gave none.
        rating: 1 or -1; ``None`` when nobody rated it.
    """

    id: int
    direction: str
    text: str
    buttons: tuple[Button, ...]
    custom: dict[str, Any] | None
    at: datetime
    channel: str | None
    message_id: str | None
    rating: int | None


class History:
    """Reads the message log. What was refused at the door is there without its text, which was not kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, conversation: str, *, before: int | None = None, limit: int = 50) -> tuple[Line, ...]:
        """The last *limit* messages, or the last ones before *before*; oldest first."""
        query = _lines().where(LoggedMessage.conversation_id == conversation).order_by(LoggedMessage.id.desc())
        if before is not None:
            query = query.where(LoggedMessage.id < before)
        return self._read(query.limit(limit))[::-1]

    def since(self, conversation: str, after: int, *, limit: int = 200) -> tuple[Line, ...]:
        """The first *limit* messages after *after*, oldest first."""
        query = _lines().where(LoggedMessage.conversation_id == conversation, LoggedMessage.id > after)
        return self._read(query.order_by(LoggedMessage.id).limit(limit))

    def new(self, after: int, *, conversations: Collection[str]) -> tuple[tuple[str, Line], ...]:
        """Every message after *after* in some conversations, oldest first, with its conversation."""
        query = (
            _lines()
            .where(LoggedMessage.id > after, LoggedMessage.conversation_id.in_(conversations))
            .order_by(LoggedMessage.id)
        )
        with self._database.unit_of_work() as session:
            return tuple((row.conversation_id, _line(row, rating)) for row, rating in session.execute(query))

    def line(self, conversation: str, message: int) -> Line | None:
        """One message; ``None`` when it is not of that conversation."""
        query = _lines().where(LoggedMessage.conversation_id == conversation, LoggedMessage.id == message)
        found = self._read(query)
        return found[0] if found else None

    def last_id(self, conversation: str | None = None) -> int:
        """The id of the last message of *conversation*, or of all; 0 when there is none."""
        query = select(func.max(LoggedMessage.id))
        if conversation is not None:
            query = query.where(LoggedMessage.conversation_id == conversation)
        with self._database.unit_of_work() as session:
            return session.scalar(query) or 0

    def _read(self, query: Select[LoggedMessage, int | None]) -> tuple[Line, ...]:
        with self._database.unit_of_work() as session:
            return tuple(_line(row, rating) for row, rating in session.execute(query))


def _lines() -> Select[LoggedMessage, int | None]:
    return select(LoggedMessage, Rating.rating).outerjoin(Rating, Rating.message_id == LoggedMessage.id)


def _line(row: LoggedMessage, rating: int | None) -> Line:
    buttons = tuple(Button(button["title"], button["payload"]) for button in row.buttons or ())
    return Line(
        row.id, row.direction, row.text, buttons, row.custom, row.created_at, row.channel, row.message_id, rating
    )
