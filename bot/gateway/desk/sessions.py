"""Who is signed in: a signed cookie, nothing in the database while it lasts.

It lasts 12 hours at most, and half an hour without a request. What ends it before that is in the database, read at each
request by whichever process is asked: the account was deactivated, or signed out everywhere since the session was
opened (:func:`is_over`), or this very session was left (``Safety.session_ended``).
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from bot.aidants.views import AidantView
from bot.clock import Clock
from bot.gateway.pages.security import Cookies, Signer
from bot.privacy.envelope import KeyRing

COOKIE = "equipier_session"
LASTS = timedelta(hours=12)
IDLE = timedelta(minutes=30)
_ID_BYTES = 16
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in.

    Attributes:
        id: new at each sign-in; forms are bound to it.
        issued: when it was opened, in seconds since 1970, to the microsecond.
    """

    aidant: str
    issued: float
    id: str

    @property
    def opened(self) -> datetime:
        """When it was opened."""
        return datetime.fromtimestamp(self.issued, UTC)


def is_over(account: AidantView, opened: datetime) -> bool:
    """Whether a session of *account* that was opened at *opened* has been ended since, with all the others."""
    return account.signed_out_at is not None and opened <= account.signed_out_at


class Sessions:
    """Opens, reads and closes sessions."""

    def __init__(self, keys: KeyRing, clock: Clock, cookies: Cookies) -> None:
        self._clock = clock
        self._cookies = cookies
        self._signer = Signer(keys, clock, purpose="session", valid_for=IDLE)

    def open(self, response: Response, aidant: str) -> Session:
        """A new session of *aidant*, whatever the browser held before."""
        session = Session(aidant, self._clock.now().timestamp(), secrets.token_urlsafe(_ID_BYTES))
        self.keep(response, session)
        return session

    def read(self, request: Request) -> Session | None:
        """The session of the browser; ``None`` when there is none, or when it is over."""
        parts = (self._signer.read(request.cookies.get(COOKIE)) or "").split(":")
        if len(parts) != _PARTS:
            return None
        session = Session(parts[0], float(parts[1]), parts[2])
        if self._clock.now().timestamp() >= session.issued + LASTS.total_seconds():
            return None
        return session

    def renewed(self, request: Request) -> timedelta:
        """How long it lasts from this request on, which a person has made."""
        session = self.read(request)
        return min(IDLE, session.opened + LASTS - self._clock.now()) if session else timedelta()

    def left(self, request: Request) -> timedelta:
        """How long the session of the browser still lasts if nothing is done; zero when there is none."""
        session, until = self.read(request), self._signer.expiry(request.cookies.get(COOKIE))
        if session is None or until is None:
            return timedelta()
        return min(until, session.opened + LASTS) - self._clock.now()

    def was_open(self, request: Request) -> bool:
        """Whether the browser still holds the cookie of a session, good or not."""
        return COOKIE in request.cookies

    def keep(self, response: Response, session: Session) -> None:
        """Puts *session* in *response* again: half an hour begins anew, not the 12 hours."""
        value = self._signer.sign(f"{session.aidant}:{session.issued:.6f}:{session.id}")
        self._cookies.put(response, COOKIE, value)

    def close(self, response: Response) -> None:
        self._cookies.remove(response, COOKIE)
