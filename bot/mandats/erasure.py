"""Erasure of an usager: on request (article 17 of the GDPR), or when the time to keep their mandates is over.

The journal and the fingerprints stay: they name nobody, and still prove what was done.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.aidants.models import Organisation
from bot.clock import Clock
from bot.errors import EquipierError
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats.identity import Usagers
from bot.mandats.models import Autorisation, Draft, Mandat, Usager
from bot.privacy.shredding import shred, shrink
from bot.storage.engine import Database

# Why someone is erased before their time: asked for, the mandate was a mistake, or a court or authority orders it.
WHY = ("request", "mistake", "order")


class UnknownUsager(EquipierError):
    """No usager has that id, or no mandate that reference."""


@dataclass(frozen=True, slots=True)
class Erasable:
    """What an erasure would touch; nothing in it says who the person is.

    Attributes:
        organisation: name of the structure.
        references: of all their mandates, the oldest first; *active*: of those still in force.
        erased_at: ``None`` as long as they were not erased.
    """

    usager: str
    organisation: str
    references: tuple[str, ...]
    active: tuple[str, ...]
    erased_at: datetime | None


class Erasure:
    """Erases on request."""

    def __init__(self, database: Database, journal: Journal, usagers: Usagers, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._usagers = usagers
        self._clock = clock

    def of_reference(self, reference: str) -> Erasable:
        """The usager of the mandate called *reference* (in its usual form).

        Raises:
            UnknownUsager: no mandate is called so.
        """
        with self._database.unit_of_work() as session:
            usager = session.scalar(select(Mandat.usager_id).where(Mandat.reference == reference))
        if usager is None:
            raise UnknownUsager(reference)
        return self.of_id(usager)

    def of_id(self, usager_id: str) -> Erasable:
        """The usager with that id.

        Raises:
            UnknownUsager: there is none.
        """
        now = self._clock.now()
        with self._database.unit_of_work() as session:
            usager = session.get(Usager, usager_id)
            if usager is None:
                raise UnknownUsager(usager_id)
            mandats = _mandats(session, usager_id)
            return Erasable(
                usager=usager_id,
                organisation=session.get_one(Organisation, usager.organisation_id).name,
                references=tuple(mandat.reference for mandat in mandats),
                active=tuple(mandat.reference for mandat in mandats if _open(session, mandat, now)),
                erased_at=usager.erased_at,
            )

    def erase(self, usager_id: str, *, why: str = "request", by: str | None = None) -> bool:
        """Revokes what is in force, then erases; false when it was done already.

        A mandate without a person could be neither used nor renewed: whoever asks to be erased withdraws it.

        Args:
            why: one of ``WHY``.
            by: id of the admin; ``None`` for the command line.

        Raises:
            UnknownUsager: there is none with that id.
        """
        with self._database.unit_of_work() as session:
            usager = session.get(Usager, usager_id)
            if usager is None:
                raise UnknownUsager(usager_id)
            organisation = usager.organisation_id
        with self._database.unit_of_work() as session:
            self._journal.lock(session, organisation)
            usager = session.get_one(Usager, usager_id)
            if usager.erased_at is not None:
                return False
            now = self._clock.now()
            for mandat in _mandats(session, usager_id):
                self._revoke(session, mandat, now)
            erase(session, self._journal, self._usagers, usager, why=why, by=by)
        shrink(self._database)
        return True

    def _revoke(self, session: Session, mandat: Mandat, now: datetime) -> None:
        rows = _open(session, mandat, now)
        for row in rows:
            row.ended_at, row.ended_by = now, "revocation"
            session.flush()
            self._journal.append(
                session,
                Action.CANCEL_AUTORISATION,
                organisation=mandat.organisation_id,
                mandat=mandat.id,
                usager=mandat.usager_id,
                demarche=row.demarche,
                details={"why": "erasure"},
            )
        if rows:
            mandat.revoked_at = now
            session.flush()
            self._journal.append(
                session,
                Action.CANCEL_MANDAT,
                organisation=mandat.organisation_id,
                mandat=mandat.id,
                usager=mandat.usager_id,
                details={"why": "erasure"},
            )


def erase(
    session: Session, journal: Journal, usagers: Usagers, usager: Usager, *, why: str, by: str | None = None
) -> None:
    """Destroys the key of *usager* and all that it opened, the drafts that would need it, and journals it.

    The caller holds the lock of the organisation's chain. The official number goes too: with it, Aidants Connect
    would tell who the person was.

    Args:
        why: one of ``WHY``, or ``retention``.
        by: id of who erases; ``None`` for the clock and the command line.
    """
    shred(session)
    mandats = _mandats(session, usager.id)
    for mandat in mandats:
        mandat.signature = mandat.commitment_secret = mandat.official_number = None
    session.execute(delete(Draft).where(Draft.usager_id == usager.id, Draft.mandat_id.is_(None)))
    usagers.erase(session, usager)
    session.flush()
    journal.append(
        session,
        Action.ERASE_USAGER,
        organisation=usager.organisation_id,
        aidant=by,
        usager=usager.id,
        details={"why": why, "mandats": len(mandats)},
    )


def _mandats(session: Session, usager_id: str) -> list[Mandat]:
    return list(session.scalars(select(Mandat).where(Mandat.usager_id == usager_id).order_by(Mandat.sealed_at)))


def _open(session: Session, mandat: Mandat, now: datetime) -> list[Autorisation]:
    """The authorisations of *mandat* in force at *now*."""
    if now >= mandat.expires_at:
        return []
    query = select(Autorisation).where(Autorisation.mandat_id == mandat.id, Autorisation.ended_at.is_(None))
    return list(session.scalars(query.order_by(Autorisation.demarche)))
