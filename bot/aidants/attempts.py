"""Failures in a row, and the locks that they lead to, each twice as long as the one before; all in the database.

An account is followed by the address that was typed, whether it exists or not, so that a lock tells nothing. The
network address from which one tries is followed too: it is what stops who tries one password on many accounts.
Subjects are kept as keyed digests: no address can be read in the table.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, update
from sqlalchemy.orm import Session

from bot.aidants.models import Attempt
from bot.aidants.views import Locked, WrongCode
from bot.privacy.envelope import KeyRing
from bot.storage.sql import changed, insert_if_absent

_LONGEST_DOUBLING = 16  # beyond, the lock has its longest duration anyway


@dataclass(frozen=True, slots=True)
class Rule:
    """When to lock, and for how long.

    Attributes:
        name: of what is followed.
        allowed: failures in a row; the last one locks.
        first: duration of the first lock; each one after it lasts twice as long, up to *longest*.
        forgotten: all is forgotten after so long without a failure, the lock itself left out.
    """

    name: str
    allowed: int
    first: timedelta
    longest: timedelta
    forgotten: timedelta


ACCOUNT = Rule("account", 5, timedelta(minutes=15), timedelta(hours=4), timedelta(hours=24))
# Several aidants share the address of their house: more failures, shorter locks, sooner forgotten.
NETWORK = Rule("network", 30, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose failures are counted, and by which rule."""

    key: str
    rule: Rule


def subject(rule: Rule, value: str, *, keys: KeyRing) -> Subject:
    """Who *value* (an address, of mail or of network) is in the table."""
    return Subject(keys.mac(f"sign-in attempts\x1f{rule.name}\x1f{value}".encode(errors="replace")), rule)


def lock_of(session: Session, who: Subject, *, now: datetime) -> Locked | None:
    """The lock of *who*; ``None`` when they may try."""
    row = session.get(Attempt, who.key, populate_existing=True)
    return Locked(row.locked_until) if row and row.locked_until is not None and row.locked_until > now else None


def fail(session: Session, who: Subject, *, now: datetime) -> WrongCode | Locked:
    """Counts one failure of *who*, who is not locked. A lock is a new one.

    The refusal is returned, not raised: the caller must commit the count before raising it.
    """
    _forget(session, who.rule, now)
    insert_if_absent(session, Attempt, subject=who.key, rule=who.rule.name, failures=0, locks=0, last_at=now)
    # In the statement, so that of several failures at once none is lost.
    full = Attempt.failures + 1 >= who.rule.allowed
    changed(
        session,
        update(Attempt)
        .where(Attempt.subject == who.key)
        .values(
            failures=case((full, 0), else_=Attempt.failures + 1),
            locks=case((full, Attempt.locks + 1), else_=Attempt.locks),
            last_at=now,
        ),
    )
    row = session.get_one(Attempt, who.key, populate_existing=True)
    if row.failures:
        return WrongCode(who.rule.allowed - row.failures)
    doubled = who.rule.first * 2 ** min(row.locks - 1, _LONGEST_DOUBLING)
    row.locked_until = now + min(doubled, who.rule.longest)
    row.last_at = row.locked_until
    session.flush()
    return Locked(row.locked_until)


def forgive(session: Session, who: Subject) -> None:
    """Nothing is held against *who* any more, a lock neither."""
    changed(session, delete(Attempt).where(Attempt.subject == who.key))


def _forget(session: Session, rule: Rule, now: datetime) -> None:
    changed(session, delete(Attempt).where(Attempt.rule == rule.name, Attempt.last_at <= now - rule.forgotten))
