"""The seal: a draft becomes a mandate in one transaction, or does not."""

import hashlib
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats import rules
from bot.mandats.access import member
from bot.mandats.drafts import draft_of_page
from bot.mandats.fingerprint import content
from bot.mandats.identity import Identity, Usagers, commitment
from bot.mandats.models import Autorisation, Counter, Draft, Mandat, Usager
from bot.mandats.reading import mandat_view
from bot.mandats.reference import reference
from bot.mandats.rules import Duration, Eligibility
from bot.mandats.views import Actor, MandatView, Signature, Wording
from bot.privacy.envelope import KeyRing
from bot.storage.engine import Database
from bot.storage.sql import insert_if_absent

_SECRET_BYTES = 32
Told = Callable[[Session, MandatView], None]


class Sealing:
    """Seals drafts.

    Args:
        told: called inside the transaction with the new mandate; puts in the outbox what the conversation is told.
        step: told each step, so that tests can stop the process there.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        usagers: Usagers,
        clock: Clock,
        *,
        keys: KeyRing,
        told: Told = lambda _session, _mandat: None,
        step: Callable[[str], None] = lambda _name: None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._database = database
        self._journal = journal
        self._usagers = usagers
        self._clock = clock
        self._keys = keys
        self._told = told
        self._step = step
        self._random = random

    def seal(self, page: str, identity: Identity, signature: Signature, wording: Wording) -> MandatView:
        """Turns the draft of *page* into a mandate: mandate, authorisations, replacements, journal entries.

        The caller has checked the aidant's code and declaration. A renewal keeps the usager of the mandate renewed,
        whatever *identity* says.

        Raises:
            LinkRefused: the page belongs to no draft any more.
            MandatRefused: the usager is a minor, or the organisation's scopes changed meanwhile.
            AccessRefused: the aidant left the organisation meanwhile.
        """
        with self._database.unit_of_work() as session:
            chain = draft_of_page(session, page, now=self._clock.now()).organisation_id
        with self._database.unit_of_work() as session:
            self._journal.lock(session, chain)  # two seals of one page, or of one usager, go one after the other
            now = self._clock.now()  # once in line: instants follow the order of the seals
            draft = draft_of_page(session, page, now=now)
            actor = Actor(draft.aidant_id, draft.organisation_id, draft.conversation_id)
            organisation = member(session, actor)
            answered = Eligibility(**draft.answers)
            usager, identity = self._usager(session, draft, identity)
            eligibility = Eligibility(
                adult=answered.adult and rules.is_adult(identity.birth_date, now.date()),
                protected=answered.protected,
                present=answered.present,
            )
            demarches = rules.check(
                [Demarche(value) for value in draft.demarches],
                eligibility,
                allowed=[Demarche(value) for value in organisation.demarches],
            )
            self._step("usager")
            mandat = self._write(
                session,
                draft,
                usager,
                identity,
                demarches=demarches,
                signature=signature,
                wording=wording,
                now=now,
            )
            self._step("mandat")
            self._journal.append(
                session,
                Action.CREATE_ATTESTATION,
                organisation=actor.organisation,
                aidant=actor.aidant,
                mandat=mandat.id,
                usager=usager.id,
                details={
                    "reference": mandat.reference,
                    "duration": mandat.duration,
                    "draft": draft.id,
                    "fingerprint": mandat.fingerprint,
                    "fingerprint_key": mandat.fingerprint_key,
                },
            )
            self._step("attestation")
            for demarche in demarches:
                self._authorise(session, actor, mandat, demarche, now)
            draft.mandat_id, draft.page_digest = mandat.id, None
            session.flush()
            view = mandat_view(session, mandat, self._usagers, now=now)
            self._told(session, view)
            self._step("before commit")
        self._step("committed")
        return view

    def _usager(self, session: Session, draft: Draft, identity: Identity) -> tuple[Usager, Identity]:
        if draft.usager_id is None:
            usager = self._usagers.find_or_add(session, draft.organisation_id, identity)
        else:
            usager = session.get_one(Usager, draft.usager_id)
        return usager, self._usagers.identity(usager) or identity  # as it is kept and shown, not as it was retyped

    def _write(
        self,
        session: Session,
        draft: Draft,
        usager: Usager,
        identity: Identity,
        *,
        demarches: tuple[Demarche, ...],
        signature: Signature,
        wording: Wording,
        now: datetime,
    ) -> Mandat:
        key = self._usagers.key_of(usager)
        secret = self._random(_SECRET_BYTES)
        mandat_id = uuid4().hex
        mandat = Mandat(
            id=mandat_id,
            reference=reference(now.year, _next_number(session, now.year)),
            public_token=secrets.token_urlsafe(18),
            organisation_id=draft.organisation_id,
            usager_id=usager.id,
            aidant_id=draft.aidant_id,
            conversation_id=draft.conversation_id,
            renews_id=draft.renews_id,
            duration=draft.duration,
            sealed_at=now,
            expires_at=rules.expires_at(now, Duration(draft.duration)),
            commitment=commitment(identity, secret),
            commitment_secret=key.encrypt(f"commitment {mandat_id}", secret),
            sealed={
                "answers": draft.answers,
                "demarches": [demarche.value for demarche in demarches],
                "signature": {
                    "kind": signature.kind,
                    "digest": hashlib.sha256(signature.png).hexdigest() if signature.png else None,
                },
                "wording": {"version": wording.version, "digest": wording.digest},
            },
            signature=key.encrypt(f"signature {mandat_id}", signature.png) if signature.png else None,
            fingerprint="",
            fingerprint_key=self._keys.current,
        )
        mandat.fingerprint = self._keys.mac(content(mandat))
        session.add(mandat)
        session.flush()
        return mandat

    def _authorise(self, session: Session, actor: Actor, mandat: Mandat, demarche: Demarche, now: datetime) -> None:
        self._close_former(session, actor, mandat, demarche, now)
        self._step(f"replaced {demarche.value}")
        session.add(
            Autorisation(
                id=uuid4().hex,
                mandat_id=mandat.id,
                organisation_id=actor.organisation,
                usager_id=mandat.usager_id,
                demarche=demarche.value,
            )
        )
        session.flush()
        self._step(f"authorised {demarche.value}")
        self._journal.append(
            session,
            Action.CREATE_AUTORISATION,
            organisation=actor.organisation,
            aidant=actor.aidant,
            mandat=mandat.id,
            usager=mandat.usager_id,
            demarche=demarche.value,
            details={"expires_at": mandat.expires_at},
        )
        self._step(f"journalled {demarche.value}")

    def _close_former(self, session: Session, actor: Actor, mandat: Mandat, demarche: Demarche, now: datetime) -> None:
        """Ends the authorisation that the new one replaces: journalled as a revocation if it was still in force."""
        former = session.scalar(
            select(Autorisation).where(
                Autorisation.organisation_id == actor.organisation,
                Autorisation.usager_id == mandat.usager_id,
                Autorisation.demarche == demarche.value,
                Autorisation.ended_at.is_(None),
            )
        )
        if former is None:
            return
        expires = session.get_one(Mandat, former.mandat_id).expires_at
        in_force = now < expires
        former.ended_at = now if in_force else expires
        former.ended_by = "remplacement" if in_force else "expiration"
        session.flush()
        if in_force:
            self._journal.append(
                session,
                Action.CANCEL_AUTORISATION,
                organisation=actor.organisation,
                aidant=actor.aidant,
                mandat=former.mandat_id,
                usager=mandat.usager_id,
                demarche=demarche.value,
                details={"replaced_by": mandat.id},
            )


def _next_number(session: Session, year: int) -> int:
    name = f"mandat-{year}"
    insert_if_absent(session, Counter, name=name, value=0)
    taken = update(Counter).where(Counter.name == name).values(value=Counter.value + 1).returning(Counter.value)
    return int(session.execute(taken).scalar_one())
