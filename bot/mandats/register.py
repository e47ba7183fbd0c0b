"""The register of an organisation: list, find, check, use and revoke its mandates."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats import rules
from bot.mandats.access import member, note_refusal, own_mandat
from bot.mandats.identity import Usagers
from bot.mandats.models import Autorisation, Mandat, Usager
from bot.mandats.reading import autorisations, mandat_view, scopes_of
from bot.mandats.rules import Status
from bot.mandats.views import AccessRefused, Actor, MandatView, NotActive, UnknownMandat
from bot.storage.engine import Database

SHOWN_FOR = timedelta(days=365)  # after their end, as in Aidants Connect's lists
_NEAR = 2  # references that differ by so many characters are suggested


class Register:
    """What an aidant does with the mandates of their current organisation; never with another's."""

    def __init__(self, database: Database, journal: Journal, usagers: Usagers, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._usagers = usagers
        self._clock = clock

    def mandats(
        self, actor: Actor, *, status: Status | None = None, name: str = "", everything: bool = False
    ) -> tuple[MandatView, ...]:
        """The mandates of *actor*'s organisation, the newest first.

        Args:
            status: only those in this state.
            name: only those of usagers whose names hold all these words, whatever their accents and case.
            everything: also those that ended more than 365 days ago.

        Raises:
            AccessRefused: the aidant does not work there any more.
        """
        now = self._clock.now()
        with self._as_member(actor, "list", "", writes=False) as session:
            query = select(Mandat).where(Mandat.organisation_id == actor.organisation)
            if name.strip():
                found = self._usagers.matching(session, actor.organisation, name)
                query = query.where(Mandat.usager_id.in_([usager.id for usager in found]))
            rows = session.scalars(query.order_by(Mandat.sealed_at.desc(), Mandat.reference.desc())).all()
            views = [mandat_view(session, row, self._usagers, now=now) for row in rows]
        return tuple(
            view
            for view in views
            if (status is None or view.status is status)
            and (everything or now - min(filter(None, (view.expires_at, view.revoked_at))) <= SHOWN_FOR)
        )

    def mandat(self, actor: Actor, mandat_id: str) -> MandatView:
        """One mandate; reading it is journalled.

        Raises:
            AccessRefused: it is another organisation's.
        """
        with self._as_member(actor, "read_mandat", mandat_id) as session:
            row = own_mandat(session, actor, mandat_id)
            self._note(session, Action.READ_MANDAT, actor, row)
            return mandat_view(session, row, self._usagers, now=self._clock.now())

    def by_reference(self, actor: Actor, reference: str) -> MandatView:
        """The mandate called *reference* (in its usual form).

        Raises:
            UnknownMandat: this organisation has none; a reference of another organisation looks just the same, but
                the attempt is journalled.
        """
        with self._as_member(actor, "find_mandat", reference, writes=False) as session:
            row = session.scalar(select(Mandat).where(Mandat.reference == reference))
            if row is not None and row.organisation_id == actor.organisation:
                return mandat_view(session, row, self._usagers, now=self._clock.now())
        if row is not None:
            note_refusal(self._database, self._journal, actor, tried="find_mandat", target=row.id)
        raise UnknownMandat(reference)

    def near(self, actor: Actor, written: str, *, limit: int = 3) -> tuple[str, ...]:
        """References of *actor*'s organisation that resemble what was *written*, the nearest first."""
        from rapidfuzz.distance import OSA  # noqa: PLC0415  only when something was mistyped

        with self._as_member(actor, "near", "", writes=False) as session:
            known = session.scalars(select(Mandat.reference).where(Mandat.organisation_id == actor.organisation)).all()
        plain, digits = _alphanumeric(written.upper()), "".join(filter(str.isdigit, written))[:8]
        ranked = sorted(
            (min(OSA.distance(plain, _alphanumeric(one)), 1 + OSA.distance(digits, one[2:6] + one[7:11])), one)
            for one in known
        )
        return tuple(one for distance, one in ranked if distance <= _NEAR)[:limit]

    def covering(self, actor: Actor, name: str, demarche: Demarche | None) -> tuple[MandatView, ...]:
        """The active mandates of the usagers called *name*; with *demarche*, only those that authorise it.

        The check is journalled, without the name.
        """
        with self._as_member(actor, "check_mandat", "") as session:
            self._journal.append(
                session,
                Action.CHECK_MANDAT,
                organisation=actor.organisation,
                aidant=actor.aidant,
                demarche=demarche.value if demarche else None,
            )
        active = self.mandats(actor, status=Status.ACTIVE, name=name) if name.strip() else ()  # no name is nobody's
        return tuple(view for view in active if demarche is None or demarche in view.open_demarches)

    def use(self, actor: Actor, mandat_id: str, demarche: Demarche, *, note: str = "") -> None:
        """Writes down that an authorisation is being used.

        Args:
            note: which procedure, as a fiche id or a keyword; never personal data.

        Raises:
            AccessRefused: another organisation's mandate.
            NotActive: it does not authorise *demarche* now.
        """
        now = self._clock.now()
        with self._as_member(actor, "use_autorisation", mandat_id) as session:
            row = own_mandat(session, actor, mandat_id)
            scopes = scopes_of(autorisations(session, row))
            if not rules.covers(scopes, demarche, expires=row.expires_at, now=now):
                raise NotActive(demarche.value)
            self._note(session, Action.USE_AUTORISATION, actor, row, demarche, details={"note": note} if note else None)

    def revoke(self, actor: Actor, mandat_id: str, demarches: tuple[Demarche, ...] = ()) -> MandatView:
        """Revokes some scopes, or the whole mandate when none is named.

        Raises:
            AccessRefused: another organisation's mandate.
            NotActive: the mandate is over, or one of *demarches* is not open any more.
        """
        now = self._clock.now()
        with self._as_member(actor, "cancel_mandat", mandat_id) as session:
            row = own_mandat(session, actor, mandat_id)
            still_open = {Demarche(one.demarche): one for one in autorisations(session, row) if one.ended_at is None}
            if now >= row.expires_at or not still_open or any(one not in still_open for one in demarches):
                raise NotActive(row.reference)
            for demarche in dict.fromkeys(demarches or still_open):
                _end(still_open.pop(demarche), now)
                session.flush()
                self._note(session, Action.CANCEL_AUTORISATION, actor, row, demarche)
            if not still_open:
                row.revoked_at = now
                session.flush()
                self._note(session, Action.CANCEL_MANDAT, actor, row)
            return mandat_view(session, row, self._usagers, now=now)

    def attach_official_number(self, actor: Actor, mandat_id: str, number: str) -> MandatView:
        """Ties the mandate to the one made in Aidants Connect.

        Raises:
            AccessRefused: another organisation's mandate.
        """
        with self._as_member(actor, "attach_official_number", mandat_id) as session:
            row = own_mandat(session, actor, mandat_id)
            row.official_number = number
            session.flush()
            self._note(session, Action.ATTACH_OFFICIAL_NUMBER, actor, row)  # not the number: it leads to the person
            return mandat_view(session, row, self._usagers, now=self._clock.now())

    def note(self, actor: Actor, action: Action, mandat_id: str) -> None:
        """Journals *action* on a mandate: a print, an export.

        Raises:
            AccessRefused: another organisation's mandate.
        """
        with self._as_member(actor, action.value, mandat_id) as session:
            self._note(session, action, actor, own_mandat(session, actor, mandat_id))

    def signature(self, actor: Actor, mandat_id: str) -> bytes | None:
        """The signature drawn on screen, as PNG; ``None`` when a paper copy was signed or the person was erased.

        Raises:
            AccessRefused: another organisation's mandate.
        """
        with self._as_member(actor, "read_signature", mandat_id, writes=False) as session:
            row = own_mandat(session, actor, mandat_id)
            usager = session.get_one(Usager, row.usager_id)
            if row.signature is None or usager.key_wrapped is None:
                return None
            return self._usagers.key_of(usager).decrypt(f"signature {row.id}", row.signature)

    @contextmanager
    def _as_member(self, actor: Actor, tried: str, target: str, *, writes: bool = True) -> Iterator[Session]:
        try:
            with self._database.unit_of_work() as session:
                if writes:
                    self._journal.lock(session, actor.organisation)
                member(session, actor)
                yield session
        except AccessRefused:
            note_refusal(self._database, self._journal, actor, tried=tried, target=target)
            raise

    def _note(
        self,
        session: Session,
        action: Action,
        actor: Actor,
        mandat: Mandat,
        demarche: Demarche | None = None,
        *,
        details: dict[str, str] | None = None,
    ) -> None:
        self._journal.append(
            session,
            action,
            organisation=actor.organisation,
            aidant=actor.aidant,
            mandat=mandat.id,
            usager=mandat.usager_id,
            demarche=demarche.value if demarche else None,
            details=details,
        )


def _alphanumeric(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _end(autorisation: Autorisation, now: datetime) -> None:
    autorisation.ended_at, autorisation.ended_by = now, "revocation"
