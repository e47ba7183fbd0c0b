"""Whether a human answers in a conversation: all that the worker asks of the help desk."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.handover.models import HandoverRequest
from bot.storage.engine import Database

_OPEN = select(HandoverRequest.claimed_by, HandoverRequest.ticket).where(
    HandoverRequest.conversation_id == bindparam("conversation"), HandoverRequest.closed_at.is_(None)
)


class Presence:
    """Reads the requests; it changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def silent(self, conversation: str) -> bool:
        """Whether a human, not the assistant, answers there now."""
        rows = self._database.read(_OPEN, conversation=conversation)
        return any(row.claimed_by is not None or not row.ticket for row in rows)

    def asked(self, conversation: str) -> bool:
        """Whether a request is open there."""
        return bool(self._database.read(_OPEN, conversation=conversation))

    def answered_since(self, conversation: str, instant: datetime) -> bool:
        """Whether a human has written there at *instant* or later."""
        query = select(HandoverRequest.id).where(
            HandoverRequest.conversation_id == conversation, HandoverRequest.last_reply_at >= instant
        )
        with self._database.unit_of_work() as session:
            return session.scalar(query.limit(1)) is not None


def open_request(session: Session, conversation: str) -> HandoverRequest | None:
    """The open request of *conversation*; ``None`` when there is none."""
    query = select(HandoverRequest).where(
        HandoverRequest.conversation_id == conversation, HandoverRequest.closed_at.is_(None)
    )
    return session.scalar(query)


def silences(request: HandoverRequest) -> bool:
    """Whether the assistant is silent while *request* is open."""
    return request.claimed_by is not None or not request.ticket
