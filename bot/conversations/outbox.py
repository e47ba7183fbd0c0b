"""Leaving a reply that its conversation will fetch, from within any unit of work."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.conversations.messages import Reply
from bot.conversations.models import Conversation, OutboxEntry
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
