"""Tables of the conversations. Nothing that a person wrote is here in clear before pseudonymisation."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base
from bot.storage.sql import UtcDateTime


class Conversation(Base):
    """A dialogue, held in one place or several. ``id`` is ours, and the only name that Rasa and the logs ever see.

    ``channel`` and ``external_id`` tell where it began: the place itself, or the conversation's own id when the place
    had begun another one before. ``turn`` counts the answers that were delivered, with buttons or not: those of the
    last one can be typed.
    """

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turn: Mapped[int] = mapped_column(default=0)


class Place(Base):
    """Someone on a channel, and the conversation that they hold there; several places may share one.

    Attributes:
        aidant_id: the aidant whose own conversation it is; ``None`` for a conversation of this place alone.
        address: where to push replies, encrypted; ``None`` when they are fetched.
        blocked_at: since when nothing can be pushed there; ``None`` when all is well.
    """

    __tablename__ = "places"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(255))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    aidant_id: Mapped[str | None] = mapped_column(String(32), index=True)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[bytes | None] = mapped_column(LargeBinary)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReceivedMessage(Base):
    """A message that its channel named, within its place; ``answer`` is ``None`` while it is being answered."""

    __tablename__ = "received_messages"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    answer: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))


class ButtonPayload(Base):
    """What a button stands for; only its conversation may press it."""

    __tablename__ = "button_payloads"
    __table_args__ = (Index("ix_button_payloads_offer", "conversation_id", "turn", "position"),)

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    payload: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    turn: Mapped[int]
    position: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class KeptMessage(Base):
    """A message that the engine could not answer. ``ciphertext`` is emptied as soon as it is of no more use.

    ``state`` is ``waiting``, ``answered`` or ``expired``. Whoever holds the lease (``lease_token`` until
    ``lease_until``) is the only one to answer.
    """

    __tablename__ = "kept_messages"
    __table_args__ = (Index("ix_kept_messages_due", "state", "next_attempt_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))


class OutboxEntry(Base):
    """A reply that waits for its conversation to come and fetch it; its buttons still hold Rasa's commands."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("conversation_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int]
    reply: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class LoggedMessage(Base):
    """One message as it may be reviewed: pseudonymised.

    Attributes:
        buttons: as given out with it, on the way out.
        channel: where it came from, on the way in.
        message_id: the channel's own id, on the way in.
        latency_ms: the time to answer, on the way out.
    """

    __tablename__ = "message_log"
    __table_args__ = (
        Index("ix_message_log_conversation", "conversation_id", "id"),
        # The dashboards count messages and times to answer from it alone.
        Index("ix_message_log_counted", "direction", "created_at", "conversation_id", "latency_ms", "channel"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    direction: Mapped[str] = mapped_column(String(3))
    text: Mapped[str] = mapped_column(Text)
    custom: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    buttons: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    channel: Mapped[str | None] = mapped_column(String(20))
    message_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    latency_ms: Mapped[int | None]


class Delivery(Base):
    """A reply to push to a place. Whoever holds the lease is the only one to send it; those of a place go in order.

    Attributes:
        reply: what to send, with its opaque buttons.
        parts_sent: how many of its parts have left already, when it is cut in several.
        failure: why it was given up; ``None`` when it was not.
    """

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_due", "delivered_at", "next_attempt_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    reply: Mapped[dict[str, Any]] = mapped_column(JSON)
    parts_sent: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(20))


class Preference(Base):
    """How someone wants to be answered; a conversation that is not here has the usual answers."""

    __tablename__ = "preferences"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    voice: Mapped[bool] = mapped_column(default=False)
    brief: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Rating(Base):
    """What someone thought of an answer: 1 or -1, why, and in their words, pseudonymised. One per answer."""

    __tablename__ = "ratings"

    message_id: Mapped[int] = mapped_column(ForeignKey("message_log.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    rating: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
