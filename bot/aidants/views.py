"""What the use cases of people take and give, and the errors that they raise."""

from dataclasses import dataclass
from datetime import datetime

from bot.aidants.models import Aidant, Organisation, Role
from bot.demarches import Demarche
from bot.errors import EquipierError


class WrongField(EquipierError):
    """Something typed that cannot be taken.

    Attributes:
        field: ``email``, ``name``, ``organisation``, ``address``, ``demarches``, ``password`` or ``code``.
        reason: key of the sentence to show beside it, such as ``too_short``.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class UnknownAidant(EquipierError):
    """There is no such account, or it is not in that organisation."""


class UnknownOrganisation(EquipierError):
    """There is no such organisation."""


class ClosedAccount(EquipierError):
    """The account was deactivated: it can do nothing until it is invited again."""


class NoOrganisation(EquipierError):
    """The aidant has no current organisation, so no mandate to see: they must be invited, or switch."""


class TokenRefused(EquipierError):
    """A one-time link or code that opens nothing.

    Attributes:
        reason: ``unknown``, ``expired``, ``used``, or ``too_many`` (codes tried in one conversation).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"token refused: {reason}")
        self.reason = reason


class SignInRefused(EquipierError):
    """Nobody was signed in. Whether the account exists, and which part was wrong, is not told.

    Attributes:
        reason: ``wrong`` (address, password or code, or a code that already served) or ``locked``.
        until: end of the lock; ``None`` unless locked.
    """

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(f"sign-in refused: {reason}")
        self.reason = reason
        self.until = until


class WrongCode(EquipierError):
    """A code that is wrong, too old, or already served.

    Attributes:
        left: tries left before the account is locked, at least 1.
    """

    def __init__(self, left: int) -> None:
        super().__init__(f"wrong code, {left} tries left")
        self.left = left


class Locked(EquipierError):
    """Too many failures in a row: even what is right is refused until ``until``."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"locked until {until.isoformat()}")
        self.until = until


class NoMandates(NoOrganisation):
    """In their current organisation they only answer requests of help: its mandates are not theirs to see."""


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """An organisation; ``demarches`` are the scopes that it lets its aidants open."""

    id: str
    name: str
    address: str
    demarches: tuple[Demarche, ...]
    active: bool


@dataclass(frozen=True, slots=True)
class AidantView:
    """An account.

    Attributes:
        enrolled: they chose a password and installed their code generator.
        organisation: id of the current one; ``None`` when they belong to none, or left it.
        signed_out_at: the sessions that were opened until then are over; ``None`` when none was ended so.
    """

    id: str
    email: str
    name: str
    admin: bool
    active: bool
    enrolled: bool
    organisation: str | None
    signed_out_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An account that has just been opened, or opened again, and its recovery codes: they are shown once."""

    aidant: AidantView
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MembershipView:
    """One organisation of an aidant; ``current`` is the one whose mandates they see."""

    organisation: OrganisationView
    role: Role
    current: bool


@dataclass(frozen=True, slots=True)
class MemberView:
    """One aidant of an organisation."""

    aidant: AidantView
    role: Role


def organisation_view(row: Organisation) -> OrganisationView:
    return OrganisationView(row.id, row.name, row.address, tuple(map(Demarche, row.demarches)), row.active)


def aidant_view(row: Aidant) -> AidantView:
    return AidantView(
        id=row.id,
        email=row.email,
        name=row.name,
        admin=row.admin,
        active=row.active,
        enrolled=row.password_hash is not None,
        organisation=row.current_organisation_id,
        signed_out_at=row.signed_out_at,
    )
