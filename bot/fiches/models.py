"""Tables of the fiches."""

from datetime import date, datetime

from sqlalchemy import Date, DateTime, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base


class FicheSnapshot(Base):
    """One complete import; the current one has the highest id.

    ``imported_at`` is in UTC and stored without zone, which SQLite does not keep.
    """

    __tablename__ = "fiche_snapshots"
    # Ids are never used twice: caches are keyed by them.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  SQLAlchemy's own convention

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(200))
    published: Mapped[date | None] = mapped_column(Date)
    imported_at: Mapped[datetime] = mapped_column(DateTime)
    count: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


class FicheRow(Base):
    """One fiche of one import: a few columns to list by, and the whole as compressed JSON."""

    __tablename__ = "fiches"

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("fiche_snapshots.id"), primary_key=True)
    fiche_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    demarche: Mapped[str | None] = mapped_column(String(20))
    updated: Mapped[date | None] = mapped_column(Date)
    content: Mapped[bytes] = mapped_column(LargeBinary)
