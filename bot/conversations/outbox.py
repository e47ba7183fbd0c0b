"""Leaving a reply that its conversation will fetch, from within any unit of work."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.messages import Reply
from bot.conversations.models import OutboxEntry


def post(session: Session, conversation: str, replies: Sequence[Reply], *, now: datetime) -> None:
    """Puts *replies* in the outbox of *conversation*, after what waits there already."""
    last = session.scalar(select(func.max(OutboxEntry.seq)).where(OutboxEntry.conversation_id == conversation))
    session.add_all(
        OutboxEntry(conversation_id=conversation, seq=seq, reply=reply.as_json(), created_at=now)
        for seq, reply in enumerate(replies, start=(last or 0) + 1)
    )
