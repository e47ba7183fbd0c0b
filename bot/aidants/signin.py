"""Signing in, and the code asked again before a mandate is sealed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.aidants import attempts, codes, origins, recovery
from bot.aidants.accounts import Accounts
from bot.aidants.attempts import Subject
from bot.aidants.fields import email_of
from bot.aidants.models import Aidant, RecoveryCode
from bot.aidants.reading import account_called, account_of, open_account_of
from bot.aidants.views import AidantView, Locked, SignInRefused, WrongCode, WrongField, aidant_view
from bot.journal.actions import Action
from bot.storage.sql import changed

_REMEMBERED = 254  # characters of what was typed instead of an address


@dataclass(frozen=True, slots=True)
class _Given:
    """What someone brings to sign in, verified before anything is locked: hashes take long.

    Attributes:
        account: as it was read then; ``None`` when nobody can open it.
        right: the password is that of the account.
        code: as typed; *spare*: the recovery code that it is.
        renewed: hash to keep instead of the account's, when the settings of argon2 changed.
    """

    account: Aidant | None
    right: bool
    code: str
    spare: RecoveryCode | None
    renewed: str | None


class SignIn(Accounts):
    """The use cases of passwords and codes; failures of either in a row lock the account (``bot.aidants.attempts``)."""

    def sign_in(self, email: str, password: str, code: str, *, origin: str = "") -> AidantView:
        """Recognises an aidant by address, password and code; the code cannot serve again.

        The code is the generator's, or a recovery code. Journalled, and so is a refusal, with its reason and the
        network it came from; not the refusals of what is locked already, of which there may be any number. An address
        without account is answered as one whose password is wrong, after the same work, lock included.

        Args:
            origin: network address from which one tries; empty when it is not known.

        Raises:
            SignInRefused: ``wrong`` or ``locked``.
        """
        address, account = self._account_to_open(email)
        given = self._given(account, password, code)
        chain, now = account.current_organisation_id if account else None, self._clock.now()
        who = self._subjects(address, origin)
        with self._in_chains(chain) as session:
            locks = [lock for one in who if (lock := attempts.lock_of(session, one, now=now))]
            refusal: WrongCode | Locked | None = max(locks, key=lambda lock: lock.until, default=None)
            if refusal is None:
                reason = self._refused(session, given, now)
                if account is None or reason is not None:
                    refusal = self._failed(session, who, now)
                    self._tell_refused(session, account, reason, refusal, origin)
                else:
                    attempts.forgive(session, who[0])
                    view = self._connect(session, account, given, origin)
        if isinstance(refusal, Locked):
            raise SignInRefused("locked", refusal.until)
        if refusal is not None:
            raise SignInRefused("wrong")
        return view

    def check_code(self, aidant_id: str, code: str) -> None:
        """Makes sure that it is still the aidant who is there, by their generator; the code cannot serve again.

        Raises:
            WrongCode: wrong, too old, or already served.
            Locked: too many failures in a row.
            UnknownAidant: there is none with that id.
            ClosedAccount: it was deactivated.
        """
        chain, now = self._chain(aidant_id), self._clock.now()
        with self._in_chains(chain) as session:
            account = open_account_of(session, aidant_id)
            who = attempts.subject(attempts.ACCOUNT, account.email, keys=self._keys)
            refusal: WrongCode | Locked | None = attempts.lock_of(session, who, now=now)
            if refusal is None and self._takes_step(session, account, code, now):
                attempts.forgive(session, who)
            elif refusal is None:
                refusal = attempts.fail(session, who, now=now)
                if isinstance(refusal, Locked):
                    self._journal.append(
                        session,
                        Action.REFUSE_ACCESS,
                        organisation=chain,
                        aidant=aidant_id,
                        details={"tried": "check_code", "target": aidant_id, "locked_until": refusal.until},
                    )
        if refusal is not None:  # raised here: the count must not be rolled back
            raise refusal

    def _account_to_open(self, email: str) -> tuple[str, Aidant | None]:
        try:
            address = email_of(email)
        except WrongField:
            return email[:_REMEMBERED], None
        with self._database.unit_of_work() as session:
            account = account_called(session, address)
        return address, account if account and account.active and account.password_hash else None

    def _given(self, account: Aidant | None, password: str, code: str) -> _Given:
        known = account.password_hash if account else None
        right, renewed, spare = self._passwords.verify(known, password), None, None
        if right and known is not None and self._passwords.outdated(known):
            renewed = self._passwords.hash(password)
        if written := recovery.written(code):
            with self._database.unit_of_work() as session:
                spare = recovery.matching(session, account.id if account else None, written, self._recovery)
        return _Given(account, right, code, spare, renewed)

    def _subjects(self, address: str, origin: str) -> tuple[Subject, ...]:
        """The account, then the network when it is known."""
        who = [attempts.subject(attempts.ACCOUNT, address, keys=self._keys)]
        if network := origins.followed(origin):
            who.append(attempts.subject(attempts.NETWORK, network, keys=self._keys))
        return tuple(who)

    def _refused(self, session: Session, given: _Given, now: datetime) -> str | None:
        """Why what was given does not open; ``None`` when it does, and its code has then served."""
        if given.account is None:
            return "unknown"
        account = account_of(session, given.account.id)
        # What was read before the password was verified may have changed since.
        if not given.right or not account.active or account.password_hash != given.account.password_hash:
            return "password"
        if given.spare is not None:
            return None if recovery.use(session, given.spare, now=now) else "code"
        return None if self._takes_step(session, account, given.code, now) else "code"

    def _takes_step(self, session: Session, account: Aidant, code: str, now: datetime) -> bool:
        """Whether *code* is the generator's; its time step serves once."""
        if account.totp_secret is None:
            return False
        secret = codes.opened(account.totp_secret, aidant=account.id, keys=self._keys)
        step = codes.matching_step(secret, code, now=now)
        if step is None:
            return False
        this = update(Aidant).where(Aidant.id == account.id, Aidant.totp_counter < step)
        taken = bool(changed(session, this.values(totp_counter=step)))
        session.refresh(account)
        return taken

    def _failed(self, session: Session, who: tuple[Subject, ...], now: datetime) -> WrongCode | Locked:
        refusals = [attempts.fail(session, one, now=now) for one in who]
        return next((one for one in refusals if isinstance(one, Locked)), refusals[0])

    def _tell_refused(
        self,
        session: Session,
        account: Aidant | None,
        reason: str | None,
        refusal: WrongCode | Locked,
        origin: str,
    ) -> None:
        self._journal.append(
            session,
            Action.REFUSE_SIGN_IN,
            organisation=account.current_organisation_id if account else None,
            aidant=account.id if account else None,
            details={
                "reason": reason,
                "origin": origins.coarse(origin),
                "locked_until": refusal.until if isinstance(refusal, Locked) else None,
            },
        )

    def _connect(self, session: Session, read: Aidant, given: _Given, origin: str) -> AidantView:
        account, chain = account_of(session, read.id), read.current_organisation_id
        if given.renewed is not None:
            account.password_hash = given.renewed
        if account.totp_secret is not None and codes.outdated(account.totp_secret, keys=self._keys):
            secret = codes.opened(account.totp_secret, aidant=account.id, keys=self._keys)
            account.totp_secret = codes.sealed(secret, aidant=account.id, keys=self._keys)
        details: dict[str, str | int] = {"origin": origins.coarse(origin)}
        if given.spare is not None:
            spent = details | {"left": recovery.left(session, account.id)}
            self._journal.append(
                session, Action.USE_RECOVERY_CODE, organisation=chain, aidant=account.id, details=spent
            )
        self._journal.append(session, Action.CONNECT_AIDANT, organisation=chain, aidant=account.id, details=details)
        return aidant_view(account)
