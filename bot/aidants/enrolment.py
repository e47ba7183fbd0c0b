"""Invitations, and the page where the invited person chooses a password and installs a code generator."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aidants import attempts, codes, passwords, recovery, tokens
from bot.aidants.accounts import Accounts
from bot.aidants.fields import email_of, name_of
from bot.aidants.models import Aidant, Membership, Purpose, Role
from bot.aidants.reading import account_called, account_of, open_account_of, organisation_of
from bot.aidants.rights import answers_for, organisations_of, require_admin, require_supervisor
from bot.aidants.views import AidantView, Enrolled, WrongField, aidant_view
from bot.journal.actions import Action
from bot.mandats.views import AccessRefused

LINK_VALID_FOR = timedelta(hours=72)


class Enrolment(Accounts):
    """The use cases of one-time links. A secret is returned once and kept nowhere: only its SHA-256 is."""

    def invite(
        self,
        email: str,
        name: str,
        *,
        organisation: str | None,
        role: Role = Role.AIDANT,
        admin: bool = False,
        by: str | None = None,
    ) -> tuple[AidantView, str | None]:
        """Makes someone work in *organisation*, with an account of that *name* if they have none.

        Returns the account, and the secret of the link to enrol with, good for 72 hours; ``None`` when they have
        enrolled already. A deactivated account opens again, without its former password. The role of someone who is
        already in the organisation becomes *role*.

        Args:
            organisation: ``None`` only for an admin who belongs to none.
            admin: gives every organisation; never takes it away from an open account.

        Raises:
            WrongField: the address or the name is not one; no organisation (``needed``); or, from a supervisor, an
                address whose account another organisation is still opening (``pending``): the link would open its
                mandates.
            UnknownOrganisation: there is none with that id.
            AccessRefused: *by* neither supervises *organisation* nor is an admin, as *admin* wants.
        """
        email, name = email_of(email), name_of(name)
        if organisation is None and not admin:
            raise WrongField("organisation", "needed")
        with self._acting(by, None, organisation, tried="invite_aidant", target=organisation or "") as session:
            if organisation is None or admin:
                require_admin(session, by)
            if organisation is not None:
                organisation_of(session, organisation)
                require_supervisor(session, by, organisation)
            account = account_called(session, email) or self._add(session, email, name)
            secret = None
            if account.password_hash is None or not account.active:
                if not answers_for(session, by, account) and (account.admin or organisations_of(session, account.id)):
                    raise WrongField("email", "pending")
                secret = self._reopen(session, account)
            if secret or (admin and not account.admin):
                account.admin = admin or account.admin
                self._tell_invited(session, account, organisation, by, link=secret is not None)
            if organisation is not None:
                self._join(session, account, organisation, role, by)
            return aidant_view(account), secret

    def first_admin(self, email: str, name: str) -> str | None:
        """The secret of the link by which the first admin enrols; ``None`` when there is an admin already.

        Nobody ever has a password that they did not choose.

        Raises:
            WrongField: the address or the name is not one.
        """
        email, name = email_of(email), name_of(name)
        with self._in_chains(None) as session:
            if session.scalar(select(Aidant.id).where(Aidant.admin, Aidant.active).limit(1)) is not None:
                return None
            account = account_called(session, email) or self._add(session, email, name)
            secret = self._reopen(session, account)
            account.admin = True
            self._tell_invited(session, account, None, None, link=True)
            return secret

    def reset(self, aidant_id: str, by: str | None = None) -> str:
        """The secret of a link to choose another password and install another code generator.

        Until it has served, those that they have remain good: to shut someone out, deactivate the account.

        Raises:
            UnknownAidant: there is none with that id.
            ClosedAccount: it was deactivated; invite them again.
            AccessRefused: *by* neither supervises all their organisations nor is an admin.
        """
        chain = self._chain(aidant_id)
        with self._acting(by, chain, tried="reset_aidant", target=aidant_id) as session:
            account = open_account_of(session, aidant_id)
            if not answers_for(session, by, account):
                raise AccessRefused("account of another organisation")
            secret = self._link(session, account)
            self._tell_invited(session, account, chain, by, link=True)
            return secret

    def enrolment(self, secret: str) -> AidantView:
        """Whom a link is for. Changes nothing.

        Raises:
            TokenRefused: it is unknown, expired or used.
        """
        now = self._clock.now()
        with self._database.unit_of_work() as session:
            token = tokens.find(session, tokens.digest(secret), tokens.LINKS, now=now)
            return aidant_view(account_of(session, token.aidant_id))

    def enrol(self, secret: str, password: str, totp_secret: str, code: str) -> Enrolled:
        """Takes what was chosen on the page of the link, which then has served. Lifts a lock, ends every session.

        The recovery codes are new too: whoever holds the former ones may be who the link was made against.

        Args:
            totp_secret: what the page showed (``bot.aidants.codes.new_secret``), and *code* what the generator gave
                for it; that code cannot serve again.

        Raises:
            TokenRefused: the link is unknown, expired or used.
            WrongField: the password breaks a rule, or the code is wrong; the link is still good.
        """
        now = self._clock.now()
        invited = self.enrolment(secret)
        passwords.check(password, email=invited.email, name=invited.name)
        shared = codes.secret_of(totp_secret)
        step = codes.matching_step(shared, code, now=now)
        if step is None:
            raise WrongField("code", "wrong")
        hashed, spare = self._passwords.hash(password), recovery.new_codes()
        kept = recovery.hashed_codes(spare, self._recovery)
        with self._in_chains(invited.organisation) as session:
            token = tokens.take(session, tokens.digest(secret), tokens.LINKS, now=now)
            account = account_of(session, invited.id)
            account.password_hash = hashed
            account.totp_secret = codes.sealed(shared, aidant=account.id, keys=self._keys)
            account.totp_counter = step
            account.signed_out_at = now
            recovery.keep(session, account.id, kept, now=now)
            attempts.forgive(session, attempts.subject(attempts.ACCOUNT, account.email, keys=self._keys))
            self._journal.append(
                session,
                Action.ENROL_AIDANT,
                organisation=invited.organisation,
                aidant=account.id,
                details={"purpose": token.purpose},
            )
            return Enrolled(aidant_view(account), spare)

    def _add(self, session: Session, email: str, name: str) -> Aidant:
        account = Aidant(
            id=uuid4().hex,
            email=email,
            name=name,
            admin=False,
            active=True,
            totp_counter=0,
            created_at=self._clock.now(),
        )
        session.add(account)
        session.flush()
        return account

    def _reopen(self, session: Session, account: Aidant) -> str:
        if not account.active:
            account.active, account.admin = True, False
            account.password_hash = account.totp_secret = None
            recovery.forget(session, account.id)
        return self._link(session, account)

    def _link(self, session: Session, account: Aidant) -> str:
        secret = self._new_secret()
        tokens.issue(
            session,
            tokens.digest(secret),
            Purpose.ENROLMENT if account.password_hash is None else Purpose.RESET,
            account.id,
            now=self._clock.now(),
            valid_for=LINK_VALID_FOR,
        )
        return secret

    def _join(self, session: Session, account: Aidant, organisation: str, role: Role, by: str | None) -> None:
        membership = session.get(Membership, (account.id, organisation))
        if membership is not None and membership.role == role:
            return
        if membership is None:
            session.add(Membership(aidant_id=account.id, organisation_id=organisation, role=role.value))
        else:
            membership.role = role.value
        if account.current_organisation_id is None:
            account.current_organisation_id = organisation
        self._journal.append(
            session,
            Action.ADD_MEMBERSHIP,
            organisation=organisation,
            aidant=by,
            details={"aidant": account.id, "role": role.value},
        )

    def _tell_invited(
        self, session: Session, account: Aidant, organisation: str | None, by: str | None, *, link: bool
    ) -> None:
        self._journal.append(
            session,
            Action.INVITE_AIDANT,
            organisation=organisation,
            aidant=by,
            details={"aidant": account.id, "admin": account.admin, "link": link},
        )
