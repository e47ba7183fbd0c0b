"""From the rows of a mandate to what pages and conversations show of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.demarches import Demarche
from bot.mandats import rules
from bot.mandats.identity import Usagers
from bot.mandats.models import Autorisation, Draft, Mandat, Usager
from bot.mandats.rules import Duration, Eligibility, Scope
from bot.mandats.views import DraftView, MandatView, ScopeView, Wording


def autorisations(session: Session, mandat: Mandat) -> Sequence[Autorisation]:
    """The authorisations of *mandat*, in the usual order of scopes."""
    order = {demarche.value: place for place, demarche in enumerate(Demarche)}
    rows = session.scalars(select(Autorisation).where(Autorisation.mandat_id == mandat.id))
    return sorted(rows, key=lambda row: order[row.demarche])


def scopes_of(rows: Sequence[Autorisation]) -> list[Scope]:
    """The authorisations as the rules see them."""
    return [Scope(Demarche(row.demarche), row.ended_at) for row in rows]


def mandat_view(session: Session, mandat: Mandat, usagers: Usagers, *, now: datetime) -> MandatView:
    """*mandat* at the instant *now*, with the identity of the usager unless it was erased."""
    rows = autorisations(session, mandat)
    usager = session.get_one(Usager, mandat.usager_id)
    return MandatView(
        id=mandat.id,
        reference=mandat.reference,
        public_token=mandat.public_token,
        organisation=mandat.organisation_id,
        aidant=mandat.aidant_id,
        usager_id=mandat.usager_id,
        usager=usagers.identity(usager),
        scopes=tuple(ScopeView(Demarche(row.demarche), row.ended_at, row.ended_by) for row in rows),
        duration=Duration(mandat.duration),
        sealed_at=mandat.sealed_at,
        expires_at=mandat.expires_at,
        revoked_at=mandat.revoked_at,
        status=rules.status_of(scopes_of(rows), expires=mandat.expires_at, now=now),
        days_left=rules.days_left(mandat.expires_at, now),
        official_number=mandat.official_number,
        fingerprint=mandat.fingerprint,
        conversation=mandat.conversation_id,
        renews=mandat.renews_id,
        signature=str(mandat.sealed["signature"]["kind"]),
        fingerprint_key=mandat.fingerprint_key,
        wording=Wording(mandat.sealed["wording"]["version"], mandat.sealed["wording"]["digest"]),
    )


def draft_view(draft: Draft) -> DraftView:
    """*draft* as pages and conversations see it."""
    return DraftView(
        id=draft.id,
        organisation=draft.organisation_id,
        aidant=draft.aidant_id,
        conversation=draft.conversation_id,
        demarches=tuple(Demarche(value) for value in draft.demarches),
        duration=Duration(draft.duration),
        eligibility=Eligibility(**draft.answers),
        expires_at=draft.expires_at,
        usager=draft.usager_id,
        renews=draft.renews_id,
    )
