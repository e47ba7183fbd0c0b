"""Drafts: a mandate being prepared in a conversation, and the one-time link to the page that seals it."""

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats import rules
from bot.mandats.access import member, note_refusal, own_mandat
from bot.mandats.identity import Identity, Usagers
from bot.mandats.models import Draft, Usager
from bot.mandats.reading import autorisations, draft_view, scopes_of
from bot.mandats.rules import Duration, Eligibility
from bot.mandats.views import AccessRefused, Actor, DraftView, LinkRefused, NotRenewable
from bot.storage.engine import Database
from bot.storage.sql import changed

KEPT_FOR = timedelta(hours=24)
LINK_VALID_FOR = timedelta(minutes=15)
Tokens = Callable[[], str]


class Drafts:
    """The use cases of drafts. A secret is returned once and kept nowhere: only its SHA-256 is."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        usagers: Usagers,
        clock: Clock,
        *,
        new_secret: Tokens = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._database = database
        self._journal = journal
        self._usagers = usagers
        self._clock = clock
        self._new_secret = new_secret

    def create(
        self,
        actor: Actor,
        demarches: Collection[Demarche],
        duration: Duration,
        eligibility: Eligibility,
        *,
        renews: str | None = None,
    ) -> tuple[DraftView, str]:
        """Prepares a mandate; returns it with the secret of its link.

        Args:
            renews: id of the mandate that this one renews.

        Raises:
            MandatRefused: the rules forbid it.
            AccessRefused: the aidant left the organisation, or the mandate to renew is not its own.
            NotRenewable: the mandate to renew ended more than 365 days ago, or was given up, or its usager erased.
        """
        try:
            return self._create(actor, demarches, duration, eligibility, renews)
        except AccessRefused:
            note_refusal(self._database, self._journal, actor, tried="create_draft", target=renews or "")
            raise

    def _create(
        self,
        actor: Actor,
        demarches: Collection[Demarche],
        duration: Duration,
        eligibility: Eligibility,
        renews: str | None,
    ) -> tuple[DraftView, str]:
        now, secret = self._clock.now(), self._new_secret()
        with self._database.unit_of_work() as session:
            self._journal.lock(session, actor.organisation)
            organisation = member(session, actor)
            wanted = rules.check(demarches, eligibility, allowed=[Demarche(value) for value in organisation.demarches])
            usager = self._usager_to_renew(session, actor, renews, now) if renews else None
            draft = Draft(
                id=uuid4().hex,
                organisation_id=actor.organisation,
                aidant_id=actor.aidant,
                conversation_id=actor.conversation,
                demarches=[demarche.value for demarche in wanted],
                duration=duration.value,
                answers=eligibility.as_json(),
                created_at=now,
                expires_at=now + KEPT_FOR,
                link_digest=digest(secret),
                link_expires_at=now + LINK_VALID_FOR,
                usager_id=usager,
                renews_id=renews,
            )
            session.add(draft)
            self._journal.append(
                session,
                Action.INIT_RENEW_MANDAT if renews else Action.CREATE_DRAFT,
                organisation=actor.organisation,
                aidant=actor.aidant,
                mandat=renews,
                usager=usager,
                details={
                    "draft": draft.id,
                    "demarches": draft.demarches,
                    "duration": draft.duration,
                    "answers": draft.answers,
                    "conversation": actor.conversation,
                },
            )
            return draft_view(draft), secret

    def new_link(self, actor: Actor, draft_id: str) -> str:
        """The secret of another link for a draft; the former link and page stop working.

        Raises:
            AccessRefused: the draft is another organisation's.
            LinkRefused: it was sealed or cancelled, or is too old.
        """
        now, secret = self._clock.now(), self._new_secret()
        with self._own(actor, draft_id, "new_link") as (_session, draft):
            if reason := _why_closed(draft, now):
                raise LinkRefused(reason)
            draft.link_digest, draft.link_expires_at = digest(secret), now + LINK_VALID_FOR
            draft.link_used_at = draft.page_digest = None
        return secret

    def cancel(self, actor: Actor, draft_id: str) -> bool:
        """Gives a draft up; false when it is sealed already, and nothing is done then.

        Raises:
            AccessRefused: the draft is another organisation's.
        """
        with self._own(actor, draft_id, "cancel_draft") as (session, draft):
            if draft.mandat_id is None and draft.cancelled_at is None:
                draft.cancelled_at = self._clock.now()
                self._journal.append(
                    session,
                    Action.CANCEL_DRAFT,
                    organisation=actor.organisation,
                    aidant=actor.aidant,
                    details={"draft": draft.id},
                )
            return draft.mandat_id is None

    def of_link(self, secret: str) -> DraftView:
        """The draft that :meth:`open_link` would open. Changes nothing: previewing a link does not use it up.

        Raises:
            LinkRefused: it would refuse.
        """
        with self._database.unit_of_work() as session:
            if reason := self._why_refused(session, secret, self._clock.now()):
                raise LinkRefused(reason)
            return draft_view(session.scalars(select(Draft).where(Draft.link_digest == digest(secret))).one())

    def open_link(self, secret: str) -> tuple[DraftView, str]:
        """Opens the page of a draft, once; returns the draft and the secret that the page's cookie must hold.

        Raises:
            LinkRefused: the link is unknown, expired or used, or its draft is closed.
        """
        now, page = self._clock.now(), self._new_secret()
        # One statement takes the link: of two openings at the same instant, one is refused.
        take = (
            update(Draft)
            .where(Draft.link_digest == digest(secret), Draft.link_used_at.is_(None), Draft.link_expires_at > now)
            .where(*_still_open(now))
            .values(link_used_at=now, page_digest=digest(page))
        )
        with self._database.unit_of_work() as session:
            if not changed(session, take):
                raise LinkRefused(self._why_refused(session, secret, now) or "used")
            return draft_view(session.scalars(select(Draft).where(Draft.page_digest == digest(page))).one()), page

    def of_page(self, page: str) -> DraftView:
        """The draft of an opened page.

        Raises:
            LinkRefused: the page belongs to no draft any more, or its draft is closed.
        """
        with self._database.unit_of_work() as session:
            return draft_view(draft_of_page(session, page, now=self._clock.now()))

    def identity(self, draft: DraftView) -> Identity | None:
        """Who the draft is for, when it renews a mandate; else ``None``: it is typed on the page."""
        if draft.usager is None:
            return None
        with self._database.unit_of_work() as session:
            return self._usagers.identity(session.get_one(Usager, draft.usager))

    def _usager_to_renew(self, session: Session, actor: Actor, renews: str, now: datetime) -> str:
        mandat = own_mandat(session, actor, renews)
        scopes = scopes_of(autorisations(session, mandat))
        if not rules.renewable(scopes, expires=mandat.expires_at, revoked_at=mandat.revoked_at, now=now):
            raise NotRenewable(mandat.reference)
        if session.get_one(Usager, mandat.usager_id).key_wrapped is None:
            raise NotRenewable(mandat.reference)  # the person was erased: there is nobody to renew it for
        return mandat.usager_id

    def _why_refused(self, session: Session, secret: str, now: datetime) -> str | None:
        draft = session.scalar(select(Draft).where(Draft.link_digest == digest(secret)))
        if draft is None:
            return "unknown"
        if reason := _why_closed(draft, now):
            return reason
        if draft.link_used_at is not None:
            return "used"
        return "expired" if draft.link_expires_at is None or draft.link_expires_at <= now else None

    @contextmanager
    def _own(self, actor: Actor, draft_id: str, tried: str) -> Iterator[tuple[Session, Draft]]:
        try:
            with self._database.unit_of_work() as session:
                self._journal.lock(session, actor.organisation)
                member(session, actor)
                draft = session.get(Draft, draft_id)
                if draft is None or draft.organisation_id != actor.organisation:
                    raise AccessRefused("draft of another organisation")
                yield session, draft
        except AccessRefused:
            note_refusal(self._database, self._journal, actor, tried=tried, target=draft_id)
            raise


def digest(secret: str) -> str:
    """What is kept of a secret: it has 256 random bits, so a plain SHA-256 gives nothing away."""
    return hashlib.sha256(secret.encode()).hexdigest()


def draft_of_page(session: Session, page: str, *, now: datetime) -> Draft:
    """The draft of an opened page, still open.

    Raises:
        LinkRefused: no draft has that page any more, or it is closed.
    """
    draft = session.scalar(select(Draft).where(Draft.page_digest == digest(page)))
    if draft is None:
        raise LinkRefused("unknown")
    if reason := _why_closed(draft, now):
        raise LinkRefused(reason)
    return draft


def _still_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Draft.mandat_id.is_(None), Draft.cancelled_at.is_(None), Draft.expires_at > now


def _why_closed(draft: Draft, now: datetime) -> str | None:
    if draft.mandat_id is not None:
        return "sealed"
    if draft.cancelled_at is not None:
        return "cancelled"
    return "expired" if draft.expires_at <= now else None
