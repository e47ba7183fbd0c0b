"""Tables of the usagers, drafts, mandates and authorisations. Nothing that identifies an usager is in clear."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base
from bot.storage.sql import UtcDateTime


class Usager(Base):
    """A person helped by one organisation; the same person helped by two is two usagers, on purpose.

    Attributes:
        key_master, key_wrapped: the data key, wrapped; both ``None`` once the person was erased.
        identity: encrypted JSON of ``bot.mandats.identity.Identity``; ``None`` once erased.
        identity_index: blind index of the whole identity; ``None`` once erased.
    """

    __tablename__ = "usagers"
    __table_args__ = (UniqueConstraint("organisation_id", "identity_index"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    key_master: Mapped[str | None] = mapped_column(String(40))
    key_wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_index: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UsagerTerm(Base):
    """Blind index of one word of a name, or of the date of birth: what a search may ask for."""

    __tablename__ = "usager_terms"

    usager_id: Mapped[str] = mapped_column(ForeignKey("usagers.id"), primary_key=True)
    term: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class Draft(Base):
    """A mandate being prepared, for 24 hours at most.

    Attributes:
        conversation_id: the conversation that prepared it, told when it is sealed.
        demarches: scopes (values of ``Demarche``), in the usual order.
        answers: eligibility questions asked and their answers (``bot.mandats.rules.Eligibility``).
        link_digest: SHA-256 of the one-time link; ``link_used_at`` says when it was opened.
        page_digest: SHA-256 of what the opened page holds in its cookie.
        renews_id: the mandate that this one renews; ``usager_id`` is then known already.
        mandat_id: the mandate that it became.
    """

    __tablename__ = "mandat_drafts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    aidant_id: Mapped[str] = mapped_column(ForeignKey("aidants.id"))
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    demarches: Mapped[list[str]] = mapped_column(JSON)
    duration: Mapped[str] = mapped_column(String(10))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    link_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    link_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    link_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    page_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    usager_id: Mapped[str | None] = mapped_column(ForeignKey("usagers.id"))
    renews_id: Mapped[str | None] = mapped_column(String(32))
    mandat_id: Mapped[str | None] = mapped_column(String(32))
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Mandat(Base):
    """A sealed mandate. Its content never changes; only the official number can be attached later.

    Attributes:
        reference: readable aloud, see ``bot.mandats.reference``.
        public_token: what the QR code holds; says nothing, and cannot be guessed.
        commitment: SHA-256 of the identity and of a random number that only the usager's key opens: the fingerprint
            stays verifiable after an erasure, and tells nobody who the person was.
        sealed: what the fingerprint covers besides the columns here (wording, answers, signature digest).
        fingerprint: HMAC-SHA256 of the canonical content, by the key called ``fingerprint_key``.
        signature: drawn on screen, as encrypted PNG; ``None`` when signed on paper.
        revoked_at: when the whole mandate was revoked.
    """

    __tablename__ = "mandats"
    __table_args__ = (Index("ix_mandats_organisation_expires", "organisation_id", "expires_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    public_token: Mapped[str] = mapped_column(String(32), unique=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    usager_id: Mapped[str] = mapped_column(ForeignKey("usagers.id"), index=True)
    aidant_id: Mapped[str] = mapped_column(ForeignKey("aidants.id"))
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    renews_id: Mapped[str | None] = mapped_column(ForeignKey("mandats.id"))
    duration: Mapped[str] = mapped_column(String(10))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    commitment: Mapped[str] = mapped_column(String(64))
    commitment_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[dict[str, Any]] = mapped_column(JSON)
    fingerprint: Mapped[str] = mapped_column(String(64))
    fingerprint_key: Mapped[str] = mapped_column(String(40))
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    official_number: Mapped[str | None] = mapped_column(String(40))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Autorisation(Base):
    """One scope of a mandate.

    ``ended_at`` is when it stopped before or at its time, and ``ended_by`` why: ``revocation``, ``remplacement`` (a
    newer one for the same organisation, usager and démarche) or ``expiration``. At most one is open at any time.
    """

    __tablename__ = "autorisations"
    __table_args__ = (
        UniqueConstraint("mandat_id", "demarche"),
        Index(
            "uq_autorisations_open",
            "organisation_id",
            "usager_id",
            "demarche",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    mandat_id: Mapped[str] = mapped_column(ForeignKey("mandats.id"))
    organisation_id: Mapped[str] = mapped_column(String(32))
    usager_id: Mapped[str] = mapped_column(String(32))
    demarche: Mapped[str] = mapped_column(String(20))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(20))


class Counter(Base):
    """Gives out the numbers of the references, year by year."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


class Reminder(Base):
    """A reminder that was sent; the key makes it unique."""

    __tablename__ = "mandat_reminders"

    mandat_id: Mapped[str] = mapped_column(ForeignKey("mandats.id"), primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
