"""One-time links and codes: given once, kept as a digest, taken once."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from bot.aidants.models import OneTimeToken, Purpose
from bot.aidants.views import TokenRefused
from bot.storage.sql import changed

LINKS = (Purpose.ENROLMENT, Purpose.RESET)  # both lead to the same page
CODES = (Purpose.CONVERSATION,)
_TOLD_FOR = timedelta(days=30)  # after its end, a token can still be told expired or used, rather than unknown


def digest(secret: str) -> str:
    """What is kept of a secret: it has 256 random bits, so a plain SHA-256 gives nothing away."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def issue(session: Session, kept: str, purpose: Purpose, aidant: str, *, now: datetime, valid_for: timedelta) -> None:
    """Keeps the digest *kept*; the former links (or codes) of *aidant* stop working."""
    session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at <= now - _TOLD_FOR))
    cancel(session, aidant, LINKS if purpose in LINKS else CODES, now=now)
    session.add(OneTimeToken(digest=kept, purpose=purpose.value, aidant_id=aidant, expires_at=now + valid_for))
    session.flush()


def cancel(session: Session, aidant: str, purposes: Collection[Purpose], *, now: datetime) -> None:
    """The tokens of *aidant* for *purposes* that did not serve expire now."""
    changed(
        session,
        update(OneTimeToken)
        .where(OneTimeToken.aidant_id == aidant, OneTimeToken.purpose.in_([one.value for one in purposes]))
        .where(OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > now)
        .values(expires_at=now),
    )


def find(session: Session, kept: str, purposes: Collection[Purpose], *, now: datetime) -> OneTimeToken:
    """The token with that digest, still good.

    Raises:
        TokenRefused: there is none for *purposes*, it served, or it is too old.
    """
    token = session.get(OneTimeToken, kept, populate_existing=True)
    if token is None or token.purpose not in purposes:
        raise TokenRefused("unknown")
    if token.used_at is not None:
        raise TokenRefused("used")
    if token.expires_at <= now:
        raise TokenRefused("expired")
    return token


def take(session: Session, kept: str, purposes: Collection[Purpose], *, now: datetime) -> OneTimeToken:
    """Uses the token up.

    Raises:
        TokenRefused: as :func:`find`; of two uses at the same instant, one is refused.
    """
    token = find(session, kept, purposes, now=now)
    if not changed(
        session,
        update(OneTimeToken)
        .where(OneTimeToken.digest == kept, OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > now)
        .values(used_at=now),
    ):
        raise TokenRefused("used")
    return token
