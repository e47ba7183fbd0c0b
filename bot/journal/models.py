"""Tables of the journal. Triggers of the database refuse to change or remove an entry (migration 0004)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base
from bot.storage.sql import UtcDateTime


class JournalEntry(Base):
    """One entry; see ``bot.journal.chain.Entry``. No foreign key: what is journalled outlives what it speaks of.

    Attributes:
        request_id: the request that it is part of, by which the technical logs tell the rest; no part of what is
            sealed, and ``None`` for a chore or a command.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (Index("ix_journal_entries_mandat", "mandat_id"),)

    organisation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    aidant_id: Mapped[str | None] = mapped_column(String(32))
    mandat_id: Mapped[str | None] = mapped_column(String(32))
    usager_id: Mapped[str | None] = mapped_column(String(32))
    demarche: Mapped[str | None] = mapped_column(String(20))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))


class JournalHead(Base):
    """The newest entry of each chain; taking its row is what puts the appends of a chain in line."""

    __tablename__ = "journal_heads"

    organisation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)
    seal: Mapped[str] = mapped_column(String(64))


class JournalCheckpoint(Base):
    """What was signed of a chain at some instant, to be published elsewhere; see ``bot.journal.checkpoints``."""

    __tablename__ = "journal_checkpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(String(32), index=True)
    seq: Mapped[int]
    seal: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class JournalCheck(Base):
    """The last verification of a chain that was asked for on a page, whichever process does it.

    Attributes:
        run: proof that it is still ours to go on with: a verification that stopped giving news is taken over.
        heard_at: when its process last gave news.
        total: entries to read; *done*: entries read so far.
        outcome: what it found (``bot.supervision.journal_checks``); ``None`` until it has ended, or when it *failed*.
    """

    __tablename__ = "journal_checks"

    organisation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    run: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
