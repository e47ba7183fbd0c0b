"""Tables of the requests to speak to someone. The messages themselves are in the log of the conversation."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base
from bot.storage.sql import UtcDateTime

_OPEN = text("closed_at IS NULL")


class HandoverRequest(Base):
    """Someone wants to speak to a human; a conversation has one open request at most.

    Attributes:
        organisation_id: the one for which the aidant acted when they asked; ``None`` when nobody knows who speaks.
        aidant_id: who asked; ``None`` as above.
        reason: a value of ``bot.handover.views.Reason``.
        ticket: nobody could answer at once: until someone takes it, the assistant goes on answering.
        opened_after: id of the last message of the conversation at that moment; 0 when there was none.
        claimed_by: the agent in charge; ``None`` while it waits.
        first_reply_at: when a human answered for the first time; ``None`` until then.
        last_reply_at: when a human last answered.
        heard_at: when the person last wrote since they asked.
        reassured_at: when they were last told that their message had arrived, since the last answer.
        closing: who ended it, a value of ``bot.handover.views.Closing``; ``None`` while it is open.
    """

    __tablename__ = "handovers"
    __table_args__ = (
        Index("uq_handovers_open", "conversation_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    aidant_id: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(20))
    ticket: Mapped[bool]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_after: Mapped[int]
    claimed_by: Mapped[str | None] = mapped_column(ForeignKey("aidants.id"), index=True)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reassured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    closing: Mapped[str | None] = mapped_column(String(10))


class HandoverEntry(Base):
    """What agents did with a request, and what they note for each other; the person never reads it.

    Attributes:
        kind: a value of ``bot.handover.views.EntryKind``.
        author_id: the agent; ``None`` for the person, or for nobody.
        other_id: to whom it was handed; ``None`` when it went back to the queue, or was not handed.
        text: the note, pseudonymised; empty for the other kinds.
    """

    __tablename__ = "handover_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    author_id: Mapped[str | None] = mapped_column(String(32))
    other_id: Mapped[str | None] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CannedReply(Base):
    """An answer written once for all; that of no organisation is everyone's."""

    __tablename__ = "canned_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(String(32))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
