"""What the use cases of mandates take and give, and the errors that they raise."""

from dataclasses import dataclass
from datetime import datetime

from bot.demarches import Demarche
from bot.errors import EquipierError
from bot.mandats.identity import Identity
from bot.mandats.rules import Duration, Eligibility, Status


class AccessRefused(EquipierError):
    """The aidant may not see or do this: it belongs to another organisation, or they left theirs."""


class UnknownMandat(EquipierError):
    """No mandate of this organisation has that reference."""


class LinkRefused(EquipierError):
    """A secure link that opens nothing.

    Attributes:
        reason: ``unknown``, ``expired``, ``used``, ``cancelled`` or ``sealed``: the page says what to do next.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"link refused: {reason}")
        self.reason = reason


class NotRenewable(EquipierError):
    """The mandate ended more than 365 days ago, or was given up entirely."""


class NotActive(EquipierError):
    """The mandate, or this scope of it, is not in force: it can be neither used nor revoked."""


class NotRevoked(EquipierError):
    """Nothing in the mandate was revoked: there is nothing to certify."""


class Erased(EquipierError):
    """The usager was erased: no document can name them any more."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for which organisation: found by the server from a session or a conversation, never given."""

    aidant: str
    organisation: str
    conversation: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """How the usager signed: ``png`` is what was drawn on screen, ``None`` when a paper copy is signed."""

    png: bytes | None = None

    @property
    def kind(self) -> str:
        return "screen" if self.png else "paper"


@dataclass(frozen=True, slots=True)
class Wording:
    """The text that was signed: its version, and the SHA-256 of the template."""

    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as pages and conversations see it."""

    id: str
    organisation: str
    aidant: str
    conversation: str | None
    demarches: tuple[Demarche, ...]
    duration: Duration
    eligibility: Eligibility
    expires_at: datetime
    usager: str | None
    renews: str | None


@dataclass(frozen=True, slots=True)
class ScopeView:
    """One scope of a mandate and its end, if any."""

    demarche: Demarche
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class MandatView:
    """A mandate as its own organisation sees it.

    Attributes:
        usager: ``None`` once the person was erased.
        signature: ``screen`` or ``paper``.
        fingerprint_key: name of the key of ``fingerprint``.
        wording: the text that was signed, which may not be the current one.
    """

    id: str
    reference: str
    public_token: str
    organisation: str
    aidant: str
    usager_id: str
    usager: Identity | None
    scopes: tuple[ScopeView, ...]
    duration: Duration
    sealed_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    status: Status
    days_left: int
    official_number: str | None
    fingerprint: str
    conversation: str | None
    renews: str | None
    signature: str
    fingerprint_key: str
    wording: Wording

    @property
    def open_demarches(self) -> tuple[Demarche, ...]:
        """The scopes in force; none when the mandate is over."""
        if self.status is not Status.ACTIVE:
            return ()
        return tuple(scope.demarche for scope in self.scopes if scope.ended_at is None)


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of the public page: no personal data in it.

    Attributes:
        verdict: ``valid``, ``expired``, ``revoked``, ``altered`` or ``unknown``.
    """

    verdict: str
    reference: str | None = None
    organisation: str | None = None
    demarches: tuple[Demarche, ...] = ()
    sealed_at: datetime | None = None
    expires_at: datetime | None = None
    fingerprint: str | None = None
