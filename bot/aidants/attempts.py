"""Failures in a row, and the lock that they lead to: one rule for the accounts that exist and for those that do not."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.aidants.models import Aidant
from bot.aidants.views import Locked, WrongCode
from bot.storage.sql import changed

ALLOWED = 5  # failures in a row
LOCKED_FOR = timedelta(minutes=15)
_REMEMBERED = 10_000


def lock_of(account: Aidant, *, now: datetime) -> Locked | None:
    """The lock of *account*; ``None`` when it may try."""
    until = account.locked_until
    return Locked(until) if until is not None and until > now else None


def settle(session: Session, account: Aidant, step: int | None, *, now: datetime) -> WrongCode | Locked | None:
    """Counts one attempt on an *account* that is not locked; ``None`` when it is accepted.

    The refusal is returned, not raised: the caller must commit the count before raising it. A lock is a new one.

    Args:
        step: time step of the code typed, ``None`` when the password or the code was wrong. A step serves once.
    """
    this = update(Aidant).where(Aidant.id == account.id)
    if step is not None and changed(
        session,
        this.where(Aidant.totp_counter < step).values(totp_counter=step, failures=0, locked_until=None),
    ):
        session.refresh(account)
        return None
    changed(session, this.values(failures=Aidant.failures + 1))
    session.refresh(account)
    refusal = _refusal(account.failures, now)
    if isinstance(refusal, Locked):
        account.failures, account.locked_until = 0, refusal.until
    return refusal


class Strangers:
    """Counts, in this process, the failures of addresses that have no account: a lock must not tell which do.

    Args:
        remembered: addresses followed at once; beyond, the one tried longest ago is forgotten.
    """

    def __init__(self, *, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._known: OrderedDict[str, tuple[int, datetime | None]] = OrderedDict()
        self._one_at_a_time = Lock()

    def refuse(self, address: str, *, now: datetime) -> WrongCode | Locked:
        """Counts one attempt, and says what an account would have been told."""
        with self._one_at_a_time:
            failures, until = self._known.pop(address, (0, None))
            if until is not None and until > now:
                refusal: WrongCode | Locked = Locked(until)
            else:
                failures += 1
                refusal = _refusal(failures, now)
                failures, until = (0, refusal.until) if isinstance(refusal, Locked) else (failures, None)
            self._known[address] = failures, until
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)
            return refusal


def _refusal(failures: int, now: datetime) -> WrongCode | Locked:
    return WrongCode(ALLOWED - failures) if failures < ALLOWED else Locked(now + LOCKED_FOR)
