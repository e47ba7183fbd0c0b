"""What someone does for the safety of their own account: recovery codes, and the end of every session."""

import hashlib
from datetime import datetime

from sqlalchemy import delete

from bot.aidants import recovery
from bot.aidants.models import EndedSession
from bot.aidants.reading import open_account_of
from bot.aidants.signin import SignIn
from bot.journal.actions import Action
from bot.storage.sql import insert_if_absent


class Safety(SignIn):
    """The use cases of « Mon compte »."""

    def recovery_codes_left(self, aidant_id: str) -> int:
        """How many recovery codes of *aidant_id* can still serve."""
        with self._database.unit_of_work() as session:
            return recovery.left(session, aidant_id)

    def new_recovery_codes(self, aidant_id: str, code: str) -> tuple[str, ...]:
        """Ten recovery codes, returned once; the former ones open nothing any more.

        Args:
            code: what their generator shows now.

        Raises:
            WrongCode: wrong, too old, or already served; a recovery code is wrong here.
            Locked: too many failures in a row.
            UnknownAidant: there is none with that id.
            ClosedAccount: it was deactivated.
        """
        self.check_code(aidant_id, code)
        made = recovery.new_codes()
        hashed = recovery.hashed_codes(made, self._recovery)
        chain = self._chain(aidant_id)
        with self._in_chains(chain) as session:
            open_account_of(session, aidant_id)
            recovery.keep(session, aidant_id, hashed, now=self._clock.now())
            self._journal.append(session, Action.NEW_RECOVERY_CODES, organisation=chain, aidant=aidant_id)
        return made

    def sign_out_everywhere(self, aidant_id: str) -> None:
        """Every session of *aidant_id* is over, this one included.

        Raises:
            UnknownAidant: there is none with that id.
            ClosedAccount: it was deactivated.
        """
        chain = self._chain(aidant_id)
        with self._in_chains(chain) as session:
            open_account_of(session, aidant_id).signed_out_at = self._clock.now()
            self._journal.append(session, Action.SIGN_OUT_EVERYWHERE, organisation=chain, aidant=aidant_id)

    def end_session(self, session_id: str, *, until: datetime) -> None:
        """This session is over, whichever process is asked; it would have ended by itself at *until*."""
        with self._database.unit_of_work() as session:
            session.execute(delete(EndedSession).where(EndedSession.until <= self._clock.now()))
            insert_if_absent(session, EndedSession, digest=_digest(session_id), until=until)

    def session_ended(self, session_id: str) -> bool:
        """Whether someone has left this session."""
        with self._database.unit_of_work() as session:
            return session.get(EndedSession, _digest(session_id)) is not None


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
