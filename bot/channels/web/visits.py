"""Who is at the other end of a web conversation, and the token that a page holds to go on with it."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.clock import Clock
from bot.errors import EquipierError
from bot.gateway.desk.sessions import IDLE
from bot.gateway.pages.security import Signer
from bot.privacy.envelope import KeyRing

CHANNEL = "web"
# An anonymous visit can be resumed that long after the last time.
VISIT_KEPT = timedelta(days=30)
_ID_BYTES = 16
_PARTS = 3


class Refused(EquipierError):
    """The identity that someone claims is not theirs, or not any more.

    Attributes:
        reason: ``unreadable``, ``token``, ``jwt``, ``jwt_expired``, ``jwt_off``, ``unknown``, ``closed``, ``expired``,
            ``signed_out`` or ``origin``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"web visit refused: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a token of another site says: an account, by its address, until an instant."""

    email: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """Someone on the web.

    Attributes:
        external_id: what stands for them in the table of places.
        aidant: id of their account; ``None`` for an anonymous visit.
        until: when they have to prove again who they are; ``None`` for an anonymous visit.
        session: id of their sign-in on the desk; empty when they came another way.
        renewed: whether this visit replaces one that is too old to be resumed.
    """

    external_id: str
    aidant: str | None = None
    until: datetime | None = None
    session: str = ""
    renewed: bool = False

    @classmethod
    def anonymous(cls, *, renewed: bool = False) -> "Visit":
        """A new visit, whose id nobody can guess."""
        return cls(secrets.token_urlsafe(_ID_BYTES), renewed=renewed)

    @classmethod
    def of_aidant(cls, aidant: str, *, until: datetime, session: str = "") -> "Visit":
        return cls(f"aidant:{aidant}", aidant, until, session)


class BeforeEverything:
    """The clock by which nothing has expired yet: it tells what is too old from what was never ours."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(0, UTC)


class VisitTokens:
    """Signs and reads the tokens of visits. An aidant's lasts as long as an unused sign-in: half an hour."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self._clock = clock
        self._anonymous = Signer(keys, clock, purpose="web visit", valid_for=VISIT_KEPT)
        self._aidants = Signer(keys, clock, purpose="web aidant", valid_for=IDLE)
        self._ever = Signer(keys, BeforeEverything(), purpose="web visit", valid_for=VISIT_KEPT)
        self._ever_aidants = Signer(keys, BeforeEverything(), purpose="web aidant", valid_for=IDLE)

    def sign(self, visit: Visit) -> str:
        """The token of *visit*."""
        if visit.aidant is None or visit.until is None:
            return self._anonymous.sign(visit.external_id)
        return self._aidants.sign(f"{visit.aidant}:{int(visit.until.timestamp())}:{visit.session}")

    def read(self, token: str) -> Visit:
        """The visit of *token*; a new one when it was anonymous and is too old.

        Raises:
            Refused: it is not ours (``token``), or it was an aidant's and is over (``expired``).
        """
        if external_id := self._anonymous.read(token):
            return Visit(external_id)
        if self._ever.read(token) is not None:
            return Visit.anonymous(renewed=True)
        parts = (self._aidants.read(token) or "").split(":")
        if len(parts) != _PARTS:
            raise Refused("expired" if self._ever_aidants.read(token) else "token")
        until = datetime.fromtimestamp(int(parts[1]), UTC)
        if until <= self._clock.now():
            raise Refused("expired")
        return Visit.of_aidant(parts[0], until=until, session=parts[2])
