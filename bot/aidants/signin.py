"""Signing in, and the code asked again before a mandate is sealed."""

from sqlalchemy.orm import Session

from bot.aidants import attempts, codes
from bot.aidants.accounts import Accounts
from bot.aidants.fields import email_of
from bot.aidants.models import Aidant
from bot.aidants.reading import account_called, account_of, open_account_of
from bot.aidants.views import AidantView, Locked, SignInRefused, WrongCode, WrongField, aidant_view
from bot.journal.actions import Action

_REMEMBERED = 254  # characters of what was typed instead of an address


class SignIn(Accounts):
    """The use cases of passwords and codes. Five failures in a row, of either, lock the account for 15 minutes."""

    def sign_in(self, email: str, password: str, code: str) -> AidantView:
        """Recognises an aidant by address, password and code; the code cannot serve again.

        An address without account is answered as one whose password is wrong, after the same work, lock included.

        Raises:
            SignInRefused: ``wrong`` or ``locked``.
        """
        address, account = self._account_to_open(email)
        right = self._passwords.verify(account.password_hash if account else None, password)
        refusal: WrongCode | Locked | None
        if account is None:
            with self._in_chains(None):  # writes as much as the failure of an account
                refusal = self._strangers.refuse(address, now=self._clock.now())
        else:
            chain, renewed = account.current_organisation_id, None
            if right and account.password_hash is not None and self._passwords.outdated(account.password_hash):
                renewed = self._passwords.hash(password)
            with self._in_chains(chain) as session:
                right = right and _is_unchanged(session, account)
                refusal = self._attempt(session, account.id, chain, code if right else None, tried="sign_in")
                if refusal is None:
                    view = self._connect(session, account.id, chain, renewed)
        if isinstance(refusal, Locked):
            raise SignInRefused("locked", refusal.until)
        if refusal is not None:
            raise SignInRefused("wrong")
        return view

    def check_code(self, aidant_id: str, code: str) -> None:
        """Makes sure that it is still the aidant who is there; the code cannot serve again.

        Raises:
            WrongCode: wrong, too old, or already served.
            Locked: too many failures in a row.
            UnknownAidant: there is none with that id.
            ClosedAccount: it was deactivated.
        """
        chain = self._chain(aidant_id)
        with self._in_chains(chain) as session:
            open_account_of(session, aidant_id)
            refusal = self._attempt(session, aidant_id, chain, code, tried="check_code")
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

    def _attempt(
        self, session: Session, aidant_id: str, chain: str | None, code: str | None, *, tried: str
    ) -> WrongCode | Locked | None:
        now = self._clock.now()
        account = account_of(session, aidant_id)
        if locked := attempts.lock_of(account, now=now):
            return locked
        refusal = attempts.settle(session, account, self._step(account, code), now=now)
        if isinstance(refusal, Locked):
            self._journal.append(
                session,
                Action.REFUSE_ACCESS,
                organisation=chain,
                aidant=aidant_id,
                details={"tried": tried, "target": aidant_id, "locked_until": refusal.until},
            )
        return refusal

    def _step(self, account: Aidant, code: str | None) -> int | None:
        if code is None or account.totp_secret is None:
            return None
        secret = codes.opened(account.totp_secret, aidant=account.id, keys=self._keys)
        return codes.matching_step(secret, code, now=self._clock.now())

    def _connect(self, session: Session, aidant_id: str, chain: str | None, renewed: str | None) -> AidantView:
        account = account_of(session, aidant_id)
        if renewed is not None:
            account.password_hash = renewed
        if account.totp_secret is not None and codes.outdated(account.totp_secret, keys=self._keys):
            secret = codes.opened(account.totp_secret, aidant=aidant_id, keys=self._keys)
            account.totp_secret = codes.sealed(secret, aidant=aidant_id, keys=self._keys)
        self._journal.append(session, Action.CONNECT_AIDANT, organisation=chain, aidant=aidant_id)
        return aidant_view(account)


def _is_unchanged(session: Session, account: Aidant) -> bool:
    """Whether *account*, read before the password was verified, still opens with it."""
    now = account_of(session, account.id)
    return now.active and now.password_hash == account.password_hash
