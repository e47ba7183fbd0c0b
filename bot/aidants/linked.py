"""How many conversations speak for someone."""

from sqlalchemy import func, select

from bot.aidants.models import LinkedConversation
from bot.storage.engine import Database


def linked_conversations(database: Database, aidant_id: str) -> int:
    """The conversations that are tied to *aidant_id* now."""
    query = select(func.count()).where(LinkedConversation.aidant_id == aidant_id)
    with database.unit_of_work() as session:
        return session.scalar(query) or 0
