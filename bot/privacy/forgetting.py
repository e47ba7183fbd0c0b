"""Everything that hangs on a conversation, and how it goes."""

from sqlalchemy import delete, exists
from sqlalchemy.orm import Session

from bot.aidants.models import LinkedConversation
from bot.conversations.models import (
    ButtonPayload,
    Conversation,
    Delivery,
    KeptMessage,
    LoggedMessage,
    OutboxEntry,
    Place,
    Preference,
    Rating,
    ReceivedMessage,
)
from bot.handover.models import HandoverEntry, HandoverRequest
from bot.mandats.models import Mandat
from bot.privacy.models import VaultEntry
from bot.storage.sql import changed
from bot.supervision.models import Episode, Turn

# Each before what it points to.
OF_A_CONVERSATION = (
    HandoverEntry,
    HandoverRequest,
    Turn,
    Episode,
    Rating,
    Delivery,
    Preference,
    Place,
    LoggedMessage,
    KeptMessage,
    ButtonPayload,
    ReceivedMessage,
    OutboxEntry,
    LinkedConversation,
    VaultEntry,
)


def forget(session: Session, conversation: str) -> None:
    """Deletes what *conversation* holds, and itself unless a mandate says that it was prepared there."""
    for model in OF_A_CONVERSATION:
        changed(session, delete(model).where(model.conversation_id == conversation))
    prepared_there = exists().where(Mandat.conversation_id == conversation)
    changed(session, delete(Conversation).where(Conversation.id == conversation, ~prepared_there))
