"""What the page of the data-protection officer asks: the register, what retention did, and the rights of a person."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.aidants.models import Aidant
from bot.clock import Clock
from bot.journal.actions import Action
from bot.journal.models import JournalEntry
from bot.journal.service import SYSTEM
from bot.mandats.erasure import Erasure
from bot.privacy.dossier import Dossiers
from bot.privacy.register import Durations
from bot.privacy.retention import Report, Retention
from bot.storage.engine import Database

if TYPE_CHECKING:
    from bot.bootstrap import MandatServices

_COUNTS = tuple(field.name for field in fields(Report))


@dataclass(frozen=True, slots=True)
class Run:
    """One enforcement of the retention, as the journal tells it.

    Attributes:
        by: name of the admin who asked for it; ``None`` when the clock did.
    """

    at: datetime
    report: Report
    by: str | None


@dataclass(frozen=True, slots=True)
class DataProtection:
    """Made by the composition root."""

    database: Database
    retention: Retention
    erasure: Erasure
    dossiers: Dossiers
    durations: Durations

    @classmethod
    def over(
        cls, mandats: "MandatServices", *, retention: Retention, durations: Durations, clock: Clock
    ) -> "DataProtection":
        """That of *mandats*, which the composition root has made."""
        base, journal, usagers = mandats.database, mandats.journal, mandats.usagers
        return cls(
            database=base,
            retention=retention,
            erasure=Erasure(base, journal, usagers, clock),
            dossiers=Dossiers(base, journal, usagers, clock),
            durations=durations,
        )

    def runs(self, *, limit: int = 10) -> tuple[Run, ...]:
        """The last enforcements, newest first."""
        query = (
            select(JournalEntry, Aidant.name)
            .outerjoin(Aidant, Aidant.id == JournalEntry.aidant_id)
            .where(JournalEntry.organisation_id == SYSTEM, JournalEntry.action == Action.PURGE.value)
            .order_by(JournalEntry.seq.desc())
            .limit(limit)
        )
        with self.database.unit_of_work() as session:
            return tuple(
                # What an older version counted otherwise is left out.
                Run(row.at, Report(**{name: row.details[name] for name in _COUNTS if name in row.details}), by)
                for row, by in session.execute(query)
            )
