"""Tables of the organisations, of the people who work in them, and of their one-time links."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base
from bot.storage.sql import UtcDateTime


class Role(StrEnum):
    """What someone may do in one organisation; an admin, who has every organisation, is told by ``Aidant.admin``.

    One role per organisation, never several. ``HELPDESK`` answers the requests of help of the organisation, reads those
    conversations, and nothing more: no mandate (``bot.aidants.conversations.Linking.actor`` refuses), no supervision.
    Someone who must do both is an aidant there, or a superviseur, who may answer too.
    """

    AIDANT = "aidant"
    HELPDESK = "helpdesk"
    SUPERVISEUR = "superviseur"

    @property
    def label(self) -> str:
        """What the role is called in a list or a form."""
        return _LABELS[self]

    @property
    def answers(self) -> bool:
        """Whether it may answer the requests of help of the organisation."""
        return self is not Role.AIDANT

    @property
    def mandates(self) -> bool:
        """Whether it may see and make the mandates of the organisation."""
        return self is not Role.HELPDESK


_LABELS = {
    Role.AIDANT: "Aidant",
    Role.HELPDESK: "Répond aux demandes d'aide",
    Role.SUPERVISEUR: "Supervise la structure",
}


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
        signed_out_at: the sessions that were opened until then are over; ``None`` when none was ended so.
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
    signed_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    current_organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EndedSession(Base):
    """A session that someone left, until it would have ended by itself: its cookie, copied, opens nothing any more.

    Attributes:
        digest: of the id of the session.
    """

    __tablename__ = "ended_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Membership(Base):
    """An aidant works in an organisation."""

    __tablename__ = "memberships"

    aidant_id: Mapped[str] = mapped_column(ForeignKey("aidants.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20), default=Role.AIDANT.value)


class Attempt(Base):
    """The failures in a row of an address, of mail or of network; see ``bot.aidants.attempts``.

    Attributes:
        subject: keyed digest of the address.
        failures: since the last lock; *locks*: how many there were.
        last_at: instant of the last failure, or end of the lock that it led to.
    """

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index("ix_sign_in_attempts_rule_last_at", "rule", "last_at"),)

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    rule: Mapped[str] = mapped_column(String(20))
    failures: Mapped[int] = mapped_column(default=0)
    locks: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code that serves once instead of the generator's; *name* is its first two digits, *hash* that of the whole."""

    __tablename__ = "recovery_codes"

    aidant_id: Mapped[str] = mapped_column(ForeignKey("aidants.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(2), primary_key=True)
    hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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
