"""Who signed in, who was refused, and from which network: read from the journal, which is the only record of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, true

from bot.aidants.accounts import Accounts
from bot.aidants.models import Aidant, Organisation
from bot.journal.actions import Action
from bot.journal.models import JournalEntry

PER_PAGE = 50
REFUSALS = (Action.REFUSE_SIGN_IN, Action.REFUSE_ACCESS)
_TOLD = (
    Action.CONNECT_AIDANT,
    Action.USE_RECOVERY_CODE,
    Action.NEW_RECOVERY_CODES,
    Action.SIGN_OUT_EVERYWHERE,
    Action.ENROL_AIDANT,
    *REFUSALS,
)


@dataclass(frozen=True, slots=True)
class Access:
    """One line.

    Attributes:
        who: name of the account; ``None`` when nobody has the address that was typed.
        organisation: name of the structure for which they act; ``None`` when the system's journal tells it.
        origin: the network, never the machine; empty when it was not known.
    """

    at: datetime
    action: Action
    who: str | None
    organisation: str | None
    origin: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AccessPage:
    """Some of the lines, newest first; *number* goes from 1 to *last*."""

    lines: tuple[Access, ...]
    number: int
    last: int
    total: int


class Audit(Accounts):
    """The use case of those who supervise and administrate."""

    def accesses(self, organisation: str | None, *, refusals: bool = False, page: int = 1) -> AccessPage:
        """Sign-ins and refusals told by the journal of *organisation*, or by every journal (``None``).

        Args:
            refusals: leave out what was granted.
            page: beyond the last, the last.
        """
        wanted = and_(
            JournalEntry.action.in_([one.value for one in (REFUSALS if refusals else _TOLD)]),
            JournalEntry.organisation_id == organisation if organisation is not None else true(),
        )
        query = (
            select(JournalEntry, Aidant.name, Organisation.name)
            .outerjoin(Aidant, Aidant.id == JournalEntry.aidant_id)
            .outerjoin(Organisation, Organisation.id == JournalEntry.organisation_id)
            .where(wanted)
            .order_by(JournalEntry.at.desc(), JournalEntry.organisation_id, JournalEntry.seq.desc())
            .limit(PER_PAGE)
        )
        with self._database.unit_of_work() as session:
            total = session.scalar(select(func.count()).select_from(JournalEntry).where(wanted)) or 0
            last = max(1, -(-total // PER_PAGE))
            number = min(max(page, 1), last)
            rows = session.execute(query.offset((number - 1) * PER_PAGE)).all()
        return AccessPage(tuple(_access(*row) for row in rows), number, last, total)


def _access(entry: JournalEntry, who: str | None, organisation: str | None) -> Access:
    return Access(
        entry.at, Action(entry.action), who, organisation, str(entry.details.get("origin", "")), dict(entry.details)
    )
