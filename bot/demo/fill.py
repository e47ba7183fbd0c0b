"""Fills a database with the story of the demonstration, through the services, with a clock set back."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pyotp

from bot.aidants import codes
from bot.aidants.views import SignInRefused
from bot.clock import Clock
from bot.demarches import Demarche
from bot.demo.seeding import Seeding
from bot.demo.story import ADDRESS, DEMARCHES, MEMBERS, ORGANISATION, SIGNED, Member, Signed
from bot.errors import EquipierError
from bot.handover.hours import is_holiday
from bot.mandats import wording
from bot.mandats.rules import Duration, Eligibility
from bot.mandats.views import Actor, MandatView, Signature, Wording

if TYPE_CHECKING:
    from bot.bootstrap import MandatServices

_BEFORE = 400  # days: when the structure opened
_OPENS = 8  # o'clock, UTC
_OPEN_FOR = 6 * 60  # minutes
_AFTER = timedelta(seconds=20)  # from one act to the next
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is taken for something else
_WEEKEND = 5  # Saturday's number
_MORNINGS = 4  # days
_ORIGIN = "192.0.2.14"  # an address that is nobody's (RFC 5737)
_CAN_BE_HELPED = Eligibility(adult=True, protected=False, present=True)


class DemoRefused(EquipierError):
    """The demonstration cannot be put in this database.

    Attributes:
        reason: ``already`` (it is there) or ``real`` (organisations are there).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"demonstration refused: {reason}")
        self.reason = reason


class SetBack:
    """A clock that shows what it is told, and never goes back.

    Args:
        real: gives today.
    """

    def __init__(self, real: Clock) -> None:
        self.today = real.now()
        self._instant = (self.today - timedelta(days=_BEFORE)).replace(hour=_OPENS)

    def now(self) -> datetime:
        return self._instant

    def in_office_hours(self, days_ago: int) -> datetime:
        """That many days before today, or the working day before; never in the future."""
        opening = (self.today - timedelta(days=days_ago)).replace(hour=_OPENS, minute=0)
        while days_ago and (opening.weekday() >= _WEEKEND or is_holiday(opening.date())):
            opening, days_ago = opening - timedelta(days=1), days_ago + 1
        return min(opening + timedelta(minutes=days_ago * 37 % _OPEN_FOR), self.today)

    def move_to(self, wanted: datetime) -> None:
        """There; but after the last act, and never in the future."""
        self._instant = min(max(wanted, self._instant + _AFTER), self.today)


@dataclass(frozen=True, slots=True)
class Account:
    """How someone of the demonstration signs in; told once, kept nowhere."""

    member: Member
    password: str
    totp: str

    def code(self, now: datetime) -> str:
        """What their code generator shows."""
        return pyotp.TOTP(self.totp).at(now)


@dataclass(frozen=True, slots=True)
class Filled:
    """What was put in.

    Attributes:
        requests: of help, that are not closed.
    """

    organisation: str
    accounts: tuple[Account, ...]
    mandats: int
    conversations: int
    requests: int


def fill(services: "MandatServices", clock: SetBack, *, force: bool = False) -> Filled:
    """Puts the story in, act after act, in the order of their dates.

    Args:
        services: made with *clock*.
        force: even where other organisations are.

    Raises:
        DemoRefused: it is there already, or other organisations are.
    """
    known = services.aidants.organisations()
    if any(one.name == ORGANISATION for one in known):
        raise DemoRefused("already")
    if known and not force:
        raise DemoRefused("real")
    organisation = services.aidants.create_organisation(ORGANISATION, address=ADDRESS, demarches=DEMARCHES).id
    accounts = tuple(_enrol(services, clock, organisation, member) for member in MEMBERS)
    actors = [Actor(services.aidants.by_email(member.email).id, organisation) for member in MEMBERS]
    acts = [act for signed in SIGNED for act in _acts(services, actors, signed)]
    seeding = Seeding(
        services, clock, now=clock.today, organisation=organisation, people=[actor.aidant for actor in actors]
    )
    due = [(clock.in_office_hours(day), act) for day, act in acts + _sign_ins(services, clock, accounts)]
    due += seeding.acts()
    for at, act in sorted(due, key=lambda one: one[0]):  # the sort is stable: the acts of one day stay in order
        clock.move_to(at)
        act()
    conversations, requests = seeding.finish()
    mandats = len(services.register.mandats(actors[0], everything=True))
    return Filled(ORGANISATION, accounts, mandats, conversations, requests)


def new_password() -> str:
    """Random, and easily typed: « k7qf-93mz-tb2x-hw4d », 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _enrol(services: "MandatServices", clock: SetBack, organisation: str, member: Member) -> Account:
    _, secret = services.aidants.invite(member.email, member.name, organisation=organisation, role=member.role)
    account = Account(member, new_password(), codes.new_secret())
    if secret is None:  # someone had enrolled with that address, outside of any demonstration
        raise DemoRefused("already")
    services.aidants.enrol(secret, account.password, account.totp, account.code(clock.now()))
    return account


def _sign_ins(
    services: "MandatServices", clock: SetBack, accounts: tuple[Account, ...]
) -> list[tuple[int, Callable[[], None]]]:
    """Everybody's mornings of late, and a password mistyped: days before today, and what to do."""

    def sign_in(account: Account) -> None:
        services.aidants.sign_in(account.member.email, account.password, account.code(clock.now()), origin=_ORIGIN)

    def mistype(account: Account) -> None:
        with suppress(SignInRefused):
            services.aidants.sign_in(account.member.email, "?", account.code(clock.now()), origin=_ORIGIN)

    mornings = [(day, partial(sign_in, account)) for day in range(_MORNINGS, 0, -1) for account in accounts]
    return [(_MORNINGS, partial(mistype, accounts[0])), *mornings]


def _acts(services: "MandatServices", actors: list[Actor], signed: Signed) -> list[tuple[int, Callable[[], None]]]:
    """What happens around one mandate: days before today, and what to do."""
    actor, register = actors[signed.aidant], services.register
    sealed: list[MandatView] = []

    def seal(demarches: tuple[Demarche, ...], duration: Duration, *, again: bool = False) -> None:
        _, secret = services.drafts.create(
            actor, demarches, duration, _CAN_BE_HELPED, renews=sealed[0].id if again else None
        )
        _, page = services.drafts.open_link(secret)
        text = wording.current()
        sealed.append(services.sealing.seal(page, signed.usager, Signature(), Wording(text.version, text.digest)))
        if signed.official and not again:
            register.attach_official_number(actor, sealed[0].id, signed.official)

    def use(demarche: Demarche, note: str) -> None:
        register.use(actor, sealed[0].id, demarche, note=note)

    def revoke(demarches: tuple[Demarche, ...]) -> None:
        register.revoke(actor, sealed[0].id, demarches)

    acts: list[tuple[int, Callable[[], None]]] = [(signed.day, partial(seal, signed.demarches, signed.duration))]
    acts += [(day, partial(use, demarche, note)) for day, demarche, note in signed.uses]
    if signed.revoked:
        acts.append((signed.revoked[0], partial(revoke, signed.revoked[1])))
    if signed.renewal:
        acts.append((signed.renewal[0], partial(seal, signed.demarches, signed.renewal[1], again=True)))
    return acts
