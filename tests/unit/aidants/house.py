"""The service of people over a real database, with a clock that stands still and cheap hashes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
from argon2 import PasswordHasher

from bot.aidants import codes
from bot.aidants.models import Aidant, Role
from bot.aidants.service import Aidants
from bot.aidants.views import AidantView, OrganisationView
from bot.conversations.places import Places
from bot.journal.chain import Entry
from bot.journal.service import SYSTEM, Journal
from bot.privacy.envelope import KeyRing
from bot.storage.engine import Database

PASSWORD = "cheval agrafe batterie"
KEYS = KeyRing("p1", {"p1": b"k" * 32})


class FakeClock:
    """Stands still until it is moved; the beginning of a time step of code generators."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 25, 11, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def advance(self, **duration: float) -> None:
        self.instant += timedelta(**duration)


class CountingHasher(PasswordHasher):
    """Argon2 as cheap as it gets, which counts its verifications."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, hash, password):
        self.verified += 1
        return super().verify(hash, password)


@dataclass
class House:
    """Everything that a test of people needs."""

    database: Database
    clock: FakeClock
    journal: Journal
    hasher: CountingHasher
    aidants: Aidants

    @classmethod
    def over(cls, database: Database) -> "House":
        clock, hasher = FakeClock(), CountingHasher()
        journal = Journal(database, clock)
        return cls(database, clock, journal, hasher, Aidants(database, journal, clock, keys=KEYS, hasher=hasher))

    def with_(self, **options) -> Aidants:
        """The same service with other options."""
        return Aidants(self.database, self.journal, self.clock, **{"keys": KEYS, "hasher": self.hasher} | options)

    def organisation(self, name: str = "France Services de Guéret") -> OrganisationView:
        return self.aidants.create_organisation(name)

    def enrolled(self, email: str, organisation: str | None, *, role: Role = Role.AIDANT, admin: bool = False):
        """An aidant who chose a password; the clock moves on, so that their next code is a fresh one."""
        view, secret = self.aidants.invite(
            email, email.partition("@")[0].title(), organisation=organisation, role=role, admin=admin
        )
        assert secret is not None
        totp = codes.new_secret()
        self.aidants.enrol(secret, PASSWORD, totp, self.code(totp))
        self.clock.advance(seconds=30)
        return Person(self, self.aidants.view(view.id), totp)

    def code(self, totp: str, *, steps: int = 0) -> str:
        """What a code generator shows now, or some *steps* away."""
        return pyotp.TOTP(totp).at(self.clock.instant, counter_offset=steps)

    def conversation(self, external_id: str = "poste-1") -> str:
        return Places(self.database).open("rest", external_id, now=self.clock.now()).conversation

    def told(self, organisation: str = SYSTEM) -> list[Entry]:
        """The journal of *organisation*, oldest first."""
        return list(reversed(self.journal.entries(organisation)))

    def actions(self, organisation: str = SYSTEM) -> list[str]:
        return [entry.action for entry in self.told(organisation)]

    def row(self, aidant_id: str) -> Aidant:
        with self.database.unit_of_work() as session:
            return session.get_one(Aidant, aidant_id)


@dataclass
class Person:
    """An enrolled aidant, with their code generator."""

    house: House
    view: AidantView
    totp: str

    @property
    def id(self) -> str:
        return self.view.id

    def code(self, *, steps: int = 0) -> str:
        return self.house.code(self.totp, steps=steps)

    def wrong_code(self) -> str:
        """Six digits that no neighbouring step gives."""
        near = {self.code(steps=steps) for steps in range(-2, 3)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)

    def sign_in(self, password: str = PASSWORD, code: str | None = None) -> AidantView:
        return self.house.aidants.sign_in(self.view.email, password, self.code() if code is None else code)
