"""Recovery codes: ten of them, to sign in when the code generator is lost. Each serves once; only hashes are kept.

A code has 16 digits, so that it is typed where the six of the generator are, on the same keyboard. The first two say
which code it is, so that one hash is verified and not ten; the other 14 (46 bits) are its secret. Source: NIST SP
800-63B, look-up secrets of fewer than 112 bits: salted, hashed as passwords are, and throttled.
"""

import secrets
from collections.abc import Callable
from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.aidants.models import RecoveryCode
from bot.aidants.passwords import Passwords
from bot.storage.sql import changed

COUNT = 10
FEW = 3  # left: time to make others
DIGITS = 16
_NAMED = 2  # digits that say which code it is
_GROUP = 4


def light_hasher() -> PasswordHasher:
    """The least that OWASP recommends of argon2id: ten hashes are made at once, of secrets that chance has chosen."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def new_codes(random_below: Callable[[int], int] = secrets.randbelow) -> tuple[str, ...]:
    """Ten codes of 16 digits, whose first two digits differ."""
    names: list[int] = []
    while len(names) < COUNT:
        if (name := random_below(10**_NAMED)) not in names:
            names.append(name)
    rest = DIGITS - _NAMED
    return tuple(f"{name:0{_NAMED}}{random_below(10**rest):0{rest}}" for name in sorted(names))


def shown(code: str) -> str:
    """« 4829 1357 0246 8135 »."""
    return " ".join(code[place : place + _GROUP] for place in range(0, len(code), _GROUP))


def written(typed: str) -> str | None:
    """The 16 digits of a recovery code, spaces and hyphens left out; ``None`` when it is no such code."""
    code = "".join(c for c in typed if not c.isspace() and c not in "-–—.")
    return code if len(code) == DIGITS and code.isascii() and code.isdigit() else None


def keep(session: Session, aidant: str, hashed: dict[str, str], *, now: datetime) -> None:
    """The former codes of *aidant* open nothing any more; the new ones do.

    Args:
        hashed: hash of each code, by its first two digits (:func:`hashed_codes`).
    """
    forget(session, aidant)
    session.add_all(
        RecoveryCode(aidant_id=aidant, name=name, hash=kept, created_at=now) for name, kept in hashed.items()
    )
    session.flush()


def forget(session: Session, aidant: str) -> None:
    """*aidant* has no recovery code any more."""
    changed(session, delete(RecoveryCode).where(RecoveryCode.aidant_id == aidant))


def hashed_codes(codes: tuple[str, ...], passwords: Passwords) -> dict[str, str]:
    """What is kept of *codes*, by their first two digits."""
    return {code[:_NAMED]: passwords.hash(code) for code in codes}


def matching(session: Session, aidant: str | None, code: str, passwords: Passwords) -> RecoveryCode | None:
    """The unused code of *aidant* that was typed; ``None``, after the same work, when there is none."""
    row = session.get(RecoveryCode, (aidant, code[:_NAMED])) if aidant is not None else None
    right = passwords.verify(row.hash if row is not None else None, code)
    return row if row is not None and right and row.used_at is None else None


def use(session: Session, row: RecoveryCode, *, now: datetime) -> bool:
    """Uses a code up; false when it served, or was replaced, meanwhile."""
    return bool(
        changed(
            session,
            update(RecoveryCode)
            .where(RecoveryCode.aidant_id == row.aidant_id, RecoveryCode.name == row.name)
            .where(RecoveryCode.hash == row.hash, RecoveryCode.used_at.is_(None))
            .values(used_at=now),
        )
    )


def left(session: Session, aidant: str) -> int:
    """How many codes of *aidant* can still serve."""
    query = select(func.count()).where(RecoveryCode.aidant_id == aidant, RecoveryCode.used_at.is_(None))
    return session.scalar(query) or 0
