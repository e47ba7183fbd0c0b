"""Tables of the organisations, of the people who work in them, and of their one-time links."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base
from bot.storage.sql import UtcDateTime


class Role(StrEnum):
    """What someone may do in one organisation; an admin, who has every organisation, is told by ``Aidant.admin``."""

    AIDANT = "aidant"
    SUPERVISEUR = "superviseur"


class Purpose(StrEnum):
    """What a one-time link or code is for."""

    ENROLMENT = "enrolment"  # choose a password, install the code generator
    RESET = "reset"  # choose a new password
    CONVERSATION = "conversation"  # tie a conversation to its aidant; typed in the chat


class Organisation(Base):
    """A structure that holds mandates.

    ``demarches`` are the scopes that it allows its aidants to open (values of ``Demarche``).
    """

    __tablename__ = "organisations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    address: Mapped[str] = mapped_column(String(300), default="")
    demarches: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Aidant(Base):
    """A professional with an account.

    Attributes:
        email: in lower case; the name of the account.
        password_hash: argon2; ``None`` until the person has enrolled.
        totp_secret: encrypted with the settings' keys; ``None`` until the code generator is installed.
        totp_counter: time step of the last accepted code, which cannot serve twice.
        failures: wrong passwords or codes in a row; ``locked_until`` is set when there were too many.
        current_organisation_id: the one whose mandates are seen; ``None`` for an admin who belongs to none.
    """

    __tablename__ = "aidants"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    admin: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_counter: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    current_organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    """An aidant works in an organisation."""

    __tablename__ = "memberships"

    aidant_id: Mapped[str] = mapped_column(ForeignKey("aidants.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20), default=Role.AIDANT.value)


class OneTimeToken(Base):
    """A link or a code that serves once. Only its hash is kept."""

    __tablename__ = "one_time_tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    aidant_id: Mapped[str] = mapped_column(ForeignKey("aidants.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LinkedConversation(Base):
    """Who speaks in a conversation; a conversation that is not here speaks for nobody."""

    __tablename__ = "linked_conversations"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    aidant_id: Mapped[str] = mapped_column(ForeignKey("aidants.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
