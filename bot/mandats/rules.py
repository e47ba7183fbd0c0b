"""The rules of mandates: pure functions. Sources: Aidants Connect's code at 42814c5a and its conditions of use."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from bot.demarches import Demarche
from bot.errors import EquipierError

RENEWABLE_FOR = timedelta(days=365)  # after the end of the mandate (``MandatQuerySet.renewable``)
REMINDED_AT = (30, 7, 1)  # days before the end, once each
ADULT_AGE = 18


class Duration(StrEnum):
    """The four durations, with the exact number of days of Aidants Connect."""

    SHORT = "SHORT"
    MONTH = "MONTH"
    SEMESTER = "SEMESTER"
    LONG = "LONG"

    @property
    def days(self) -> int:
        return _DAYS[self]

    @property
    def label(self) -> str:
        """As people say it."""
        return _LABELS[self]


_DAYS = {Duration.SHORT: 1, Duration.MONTH: 31, Duration.SEMESTER: 182, Duration.LONG: 365}
_LABELS = {
    Duration.SHORT: "un jour",
    Duration.MONTH: "un mois (31 jours)",
    Duration.SEMESTER: "six mois (182 jours)",
    Duration.LONG: "un an (365 jours)",
}


class Refusal(StrEnum):
    """Why a mandate cannot be opened, in the order in which reasons are told."""

    MINOR = "minor"
    PROTECTED = "protected"
    REMOTE = "remote"
    NO_SCOPE = "no_scope"
    SCOPE_NOT_ALLOWED = "scope_not_allowed"


class MandatRefused(EquipierError):
    """A mandate that the rules forbid.

    Attributes:
        reason: key of the sentence that each edge shows.
        demarches: the scopes concerned, for ``SCOPE_NOT_ALLOWED``.
    """

    def __init__(self, reason: Refusal, demarches: Iterable[Demarche] = ()) -> None:
        super().__init__(f"mandate refused: {reason.value}")
        self.reason = reason
        self.demarches = tuple(demarches)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What the aidant answered; each must be known before a draft is made.

    Attributes:
        adult: the usager is 18 or more (CGU: minors cannot be helped).
        protected: under tutelle, curatelle or sauvegarde de justice (CGU, and the mandate's text of 23 March 2026).
        present: the usager is at the desk. Consent at a distance was withdrawn from Aidants Connect in June 2026.
    """

    adult: bool
    protected: bool
    present: bool

    def as_json(self) -> dict[str, bool]:
        return {"adult": self.adult, "protected": self.protected, "present": self.present}


@dataclass(frozen=True, slots=True)
class Scope:
    """One authorisation, as the rules see it."""

    demarche: Demarche
    ended_at: datetime | None


class Status(StrEnum):
    """What a mandate is worth at some instant."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        return {Status.ACTIVE: "en cours", Status.EXPIRED: "expiré", Status.REVOKED: "révoqué"}[self]


def check(
    demarches: Collection[Demarche], eligibility: Eligibility, *, allowed: Collection[Demarche]
) -> tuple[Demarche, ...]:
    """The scopes in their usual order, once the rules agree.

    Args:
        allowed: the scopes that the organisation lets its aidants open.

    Raises:
        MandatRefused: the first rule that forbids it.
    """
    if not eligibility.adult:
        raise MandatRefused(Refusal.MINOR)
    if eligibility.protected:
        raise MandatRefused(Refusal.PROTECTED)
    if not eligibility.present:
        raise MandatRefused(Refusal.REMOTE)
    wanted = tuple(demarche for demarche in Demarche if demarche in set(demarches))
    if not wanted:
        raise MandatRefused(Refusal.NO_SCOPE)
    if refused := [demarche for demarche in wanted if demarche not in set(allowed)]:
        raise MandatRefused(Refusal.SCOPE_NOT_ALLOWED, refused)
    return wanted


def expires_at(sealed_at: datetime, duration: Duration) -> datetime:
    """The instant when a mandate sealed at *sealed_at* stops: so many times 24 hours later."""
    return sealed_at.astimezone(UTC) + timedelta(days=duration.days)  # days of Paris may have 23 or 25 hours


def status_of(scopes: Collection[Scope], *, expires: datetime, now: datetime) -> Status:
    """A mandate is active while it has not expired and at least one of its scopes is still open."""
    if all(scope.ended_at is not None and scope.ended_at < expires for scope in scopes):
        return Status.REVOKED
    return Status.EXPIRED if now >= expires else Status.ACTIVE


def covers(scopes: Collection[Scope], demarche: Demarche, *, expires: datetime, now: datetime) -> bool:
    """Whether acting for *demarche* is authorised at *now*."""
    return now < expires and any(scope.demarche is demarche and scope.ended_at is None for scope in scopes)


def renewable(scopes: Collection[Scope], *, expires: datetime, revoked_at: datetime | None, now: datetime) -> bool:
    """Whether the mandate can be renewed: neither expired nor revoked for more than 365 days, and not given up.

    Aidants Connect wants it expired, or holding at least one scope that was not revoked.
    """
    ended = min(filter(None, (expires, revoked_at)))
    if now - ended > RENEWABLE_FOR:
        return False
    return now >= expires or any(scope.ended_at is None for scope in scopes)


def days_left(expires: datetime, now: datetime) -> int:
    """Days until the end, rounded up: 0 once it is over, 1 during the last 24 hours."""
    return max(0, -((now - expires) // timedelta(days=1)))


def reminder_due(expires: datetime, duration: Duration, now: datetime, *, sent: Collection[int]) -> int | None:
    """The reminder to send now, in days before the end; ``None`` when there is none.

    One is sent at a time, the latest that is due: after a week without service nobody gets three at once. A mandate of
    a day needs none, and one of a month none at 30 days.
    """
    left = days_left(expires, now)
    if left == 0 or duration is Duration.SHORT:
        return None
    due = [days for days in REMINDED_AT if left <= days < duration.days - 1]
    return min(due) if due and min(due) not in sent else None


def is_adult(born: date, on: date) -> bool:
    """Whether someone born on *born* is 18 on *on*; a 29 February turns 18 on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) >= ADULT_AGE
