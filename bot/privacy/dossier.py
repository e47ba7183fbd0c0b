"""Everything that is held on one usager, for whoever answers their request of access (article 15 of the GDPR).

Aidants are not named in it: the usager's right is to know what the structure did (CJEU, C-579/21, 22 June 2023).
"""

import base64
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aidants.models import Organisation
from bot.clock import Clock
from bot.journal.actions import Action
from bot.journal.models import JournalEntry
from bot.journal.service import Journal, entry_of
from bot.mandats import history
from bot.mandats.erasure import UnknownUsager
from bot.mandats.identity import Identity, Usagers
from bot.mandats.models import Draft, Mandat, Usager
from bot.mandats.reading import mandat_view
from bot.mandats.views import MandatView
from bot.storage.engine import Database

FORMATS = ("page", "json")


@dataclass(frozen=True, slots=True)
class HeldMandat:
    """One mandate of the dossier.

    Attributes:
        signature: drawn on screen, as PNG; ``None`` when a paper copy was signed.
        uses: what was done in the name of the person, oldest first; *events*: the rest of its life.
    """

    view: MandatView
    signature: bytes | None
    uses: tuple[history.Line, ...]
    events: tuple[history.Line, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is held.

    Attributes:
        identity: ``None`` once erased.
        drafts: renewals being prepared, which name the person and are not signed: when each was begun.
    """

    usager: str
    organisation: str
    identity: Identity | None
    known_since: datetime
    erased_at: datetime | None
    mandats: tuple[HeldMandat, ...]
    drafts: tuple[datetime, ...]
    made_at: datetime


class Dossiers:
    """Gathers; each time, the journal of the structure tells who did, and in which form it left."""

    def __init__(self, database: Database, journal: Journal, usagers: Usagers, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._usagers = usagers
        self._clock = clock

    def of(self, usager_id: str, kind: str, *, by: str) -> Dossier:
        """The dossier of an usager.

        Args:
            kind: form in which it leaves, one of ``FORMATS``.
            by: id of the admin.

        Raises:
            UnknownUsager: there is none with that id.
        """
        now = self._clock.now()
        with self._database.unit_of_work() as session:
            usager = session.get(Usager, usager_id)
            if usager is None:
                raise UnknownUsager(usager_id)
            organisation = usager.organisation_id
            self._journal.append(
                session,
                Action.EXPORT_USAGER,
                organisation=organisation,
                aidant=by,
                usager=usager_id,
                details={"format": kind},
            )
            mandats = session.scalars(select(Mandat).where(Mandat.usager_id == usager_id).order_by(Mandat.sealed_at))
            drafts = session.scalars(
                select(Draft.created_at)
                .where(Draft.usager_id == usager_id, Draft.mandat_id.is_(None))
                .order_by(Draft.created_at)
            )
            return Dossier(
                usager=usager_id,
                organisation=session.get_one(Organisation, organisation).name,
                identity=self._usagers.identity(usager),
                known_since=usager.created_at,
                erased_at=usager.erased_at,
                mandats=tuple(self._held(session, usager, one, now) for one in mandats),
                drafts=tuple(drafts),
                made_at=now,
            )

    def _held(self, session: Session, usager: Usager, mandat: Mandat, now: datetime) -> HeldMandat:
        signature = None
        if mandat.signature is not None and usager.key_wrapped is not None:
            signature = self._usagers.key_of(usager).decrypt(f"signature {mandat.id}", mandat.signature)
        rows = session.scalars(
            select(JournalEntry)
            .where(JournalEntry.organisation_id == mandat.organisation_id, JournalEntry.mandat_id == mandat.id)
            .order_by(JournalEntry.seq)
        )
        entries = [entry_of(row) for row in rows]
        view = mandat_view(session, mandat, self._usagers, now=now)
        return HeldMandat(view, signature, tuple(history.uses(entries)), tuple(history.events(entries)))


def as_json(dossier: Dossier) -> dict[str, Any]:
    """The same for another program (article 20: structured, commonly used, machine-readable); keys are in French."""
    identity = dossier.identity
    return {
        "etabli_le": dossier.made_at.isoformat(),
        "structure": dossier.organisation,
        "usager": {
            "numero_interne": dossier.usager,
            "nom_de_naissance": identity.family_name if identity else None,
            "prenoms": identity.given_names if identity else None,
            "date_de_naissance": _iso(identity.birth_date) if identity else None,
            "lieu_de_naissance": identity.birth_place if identity else None,
            "connu_depuis": dossier.known_since.isoformat(),
            "efface_le": _iso(dossier.erased_at),
        },
        "mandats": [_mandat(one) for one in dossier.mandats],
        "brouillons_commences_le": [one.isoformat() for one in dossier.drafts],
    }


def _mandat(held: HeldMandat) -> dict[str, Any]:
    view = held.view
    return {
        "reference": view.reference,
        "numero_aidants_connect": view.official_number,
        "etat": view.status.label,
        "signe_le": view.sealed_at.isoformat(),
        "fin_prevue_le": view.expires_at.isoformat(),
        "revoque_le": _iso(view.revoked_at),
        "demarches": [
            {"intitule": one.demarche.titre, "fin_le": _iso(one.ended_at), "cause": one.ended_by} for one in view.scopes
        ],
        "signature": {
            "maniere": "écran" if view.signature == "screen" else "papier",
            "image_png_base64": base64.b64encode(held.signature).decode() if held.signature else None,
        },
        "utilisations": [{"quand": when, "quoi": what} for when, what in held.uses],
        "evenements": [{"quand": when, "quoi": what} for when, what in held.events],
    }


def _iso(when: date | datetime | None) -> str | None:
    return when.isoformat() if when is not None else None
