"""Table of the vault."""

from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base


class VaultEntry(Base):
    """One original, encrypted. Its type and its conversation are in clear: neither says anything about a person.

    ``expires_at`` is in UTC and stored without zone, which SQLite does not keep.
    """

    __tablename__ = "vault_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(64), index=True)
    type: Mapped[str] = mapped_column(String(20))
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(DateTime, index=True)
