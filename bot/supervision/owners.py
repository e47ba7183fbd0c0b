"""Who spoke in a conversation, and for which organisation, at a given instant: what is true now, taken back in time.

The worker may be late; what an aidant said for one organisation must not be shown to the one they have switched to
since. The journal has every change (``link_conversation``, ``switch_organisation``, ``remove_membership``).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aidants.models import Aidant, LinkedConversation
from bot.journal.actions import Action
from bot.journal.models import JournalEntry

_CHANGES = (Action.LINK_CONVERSATION, Action.SWITCH_ORGANISATION, Action.REMOVE_MEMBERSHIP)


@dataclass(frozen=True, slots=True)
class Owner:
    """Ids; both ``None`` when nobody was recognised, *organisation* alone when the aidant had none."""

    aidant: str | None = None
    organisation: str | None = None


class Owners:
    """Answers for instants from *since* on; reads the journal once.

    Works within the unit of work of its caller.
    """

    def __init__(self, session: Session, *, since: datetime) -> None:
        self._session = session
        self._linked: dict[str, str | None] = {}
        self._current: dict[str, str | None] = {}
        self._changes = session.scalars(
            select(JournalEntry)
            .where(JournalEntry.at > since, JournalEntry.action.in_([action.value for action in _CHANGES]))
            .order_by(JournalEntry.at, JournalEntry.seq)
        ).all()

    def of(self, conversation: str, at: datetime) -> Owner:
        """Who spoke in *conversation* at *at*."""
        aidant = self._aidant(conversation, at)
        return Owner(aidant, self._organisation(aidant, at)) if aidant else Owner()

    def _aidant(self, conversation: str, at: datetime) -> str | None:
        for entry in self._changes:
            if entry.at <= at or entry.action != Action.LINK_CONVERSATION.value:
                continue
            # Entries with a channel only tell that one place left the conversation.
            if entry.details.get("conversation") == conversation and "channel" not in entry.details:
                before = entry.aidant_id if entry.details.get("unlinked") else entry.details.get("former")
                return str(before) if before else None
        if conversation not in self._linked:
            linked = self._session.get(LinkedConversation, conversation)
            self._linked[conversation] = linked.aidant_id if linked else None
        return self._linked[conversation]

    def _organisation(self, aidant: str, at: datetime) -> str | None:
        if aidant not in self._current:
            now = select(Aidant.current_organisation_id).where(Aidant.id == aidant)
            self._current[aidant] = self._session.scalar(now)
        current = self._current[aidant]
        for entry in self._changes:
            if entry.at <= at:
                continue
            if entry.action == Action.SWITCH_ORGANISATION.value and entry.aidant_id == aidant:
                former = entry.details.get("from")
                return str(former) if former else None
            removed = entry.action == Action.REMOVE_MEMBERSHIP.value and entry.details.get("aidant") == aidant
            if removed and current is None:  # leaving another organisation than the current one changes nothing
                return entry.organisation_id
        return current
