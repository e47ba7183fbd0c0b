"""The vault: originals of what was hidden, encrypted, for thirty minutes, only to pre-fill the secure form."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography.fernet import InvalidToken
from pydantic import SecretStr
from sqlalchemy import delete, select

from bot.clock import Clock
from bot.privacy.keys import fernet_of
from bot.privacy.models import VaultEntry
from bot.privacy.spans import PiiType
from bot.storage.engine import Database

KEPT_FOR = timedelta(minutes=30)


class Vault:
    """Keeps the originals of one conversation apart from those of every other.

    Raises:
        SettingsError: *key* is empty or is no Fernet key; the message names ``EQUIPIER_VAULT_KEY``.
    """

    def __init__(self, database: Database, *, key: SecretStr, clock: Clock) -> None:
        self._database = database
        self._fernet = fernet_of(key, purpose="le coffre des données personnelles ne peut pas s'ouvrir")
        self._clock = clock

    def put(self, conversation: str, found: Iterable[tuple[PiiType, str]]) -> None:
        """Keeps *found* for :data:`KEPT_FOR` from now, beside what the conversation has there already."""
        expires_at = self._now() + KEPT_FOR
        entries = [
            VaultEntry(
                conversation_id=conversation,
                type=kind.value,
                ciphertext=self._fernet.encrypt(original.encode("utf-8", "replace")),
                expires_at=expires_at,
            )
            for kind, original in found
        ]
        if entries:
            with self._database.unit_of_work() as session:
                session.add_all(entries)

    def get(self, conversation: str) -> dict[PiiType, list[str]]:
        """Originals still kept, by type, each once, the one said last coming last; another key's are left out.

        A change of key loses at most thirty minutes of pre-filling: the form is then typed by hand.
        """
        query = (
            select(VaultEntry)
            .where(VaultEntry.conversation_id == conversation, VaultEntry.expires_at > self._now())
            .order_by(VaultEntry.id)
        )
        originals: dict[PiiType, list[str]] = {}
        with self._database.unit_of_work() as session:
            for entry in session.scalars(query):
                try:
                    original = self._fernet.decrypt(entry.ciphertext).decode("utf-8")
                except InvalidToken:
                    continue
                of_type = originals.setdefault(PiiType(entry.type), [])
                if original in of_type:  # said again: it is the latest again
                    of_type.remove(original)
                of_type.append(original)
        return originals

    def forget(self, conversation: str) -> int:
        """Deletes all that is kept for *conversation*, as soon as the form is sent; how many entries that was."""
        with self._database.unit_of_work() as session:
            return _rows(session.execute(delete(VaultEntry).where(VaultEntry.conversation_id == conversation)))

    def purge_expired(self) -> int:
        """Deletes what is past its time, in every conversation; how many entries that was."""
        with self._database.unit_of_work() as session:
            return _rows(session.execute(delete(VaultEntry).where(VaultEntry.expires_at <= self._now())))

    def _now(self) -> datetime:
        return self._clock.now().astimezone(UTC).replace(tzinfo=None)


def _rows(result: object) -> int:
    return int(getattr(result, "rowcount", 0))
