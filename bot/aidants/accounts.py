"""What the use cases of people share: where to find an account, and in which journals to write of it."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aidants.models import Aidant
from bot.aidants.passwords import Passwords
from bot.aidants.reading import account_of
from bot.aidants.recovery import light_hasher
from bot.aidants.views import AidantView, aidant_view
from bot.clock import Clock
from bot.conversations.limits import RateLimiter, SlidingWindow
from bot.journal.actions import Action
from bot.journal.service import SYSTEM, Journal
from bot.mandats.views import AccessRefused
from bot.privacy.envelope import KeyRing
from bot.storage.engine import Database

CODES_AN_HOUR = 5  # that one conversation may try
Random = Callable[[], str]


def eight_digits() -> str:
    return f"{secrets.randbelow(10**8):08}"


class Accounts:
    """The common part of :class:`bot.aidants.service.Aidants`.

    Args:
        keys: encrypt the secrets of code generators, and digest the codes of conversations.
        new_secret: of one-time links; 256 bits.
        new_code: of conversations; 8 digits.
        tries: counts the codes that a conversation tries.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        *,
        keys: KeyRing,
        hasher: PasswordHasher | None = None,
        new_secret: Random = lambda: secrets.token_urlsafe(32),
        new_code: Random = eight_digits,
        tries: RateLimiter | None = None,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._keys = keys
        self._passwords = Passwords(hasher or PasswordHasher())
        self._new_secret = new_secret
        self._new_code = new_code
        self._tries = tries or SlidingWindow(limit=CODES_AN_HOUR, window=timedelta(hours=1))
        self._recovery = Passwords(hasher or light_hasher())

    def view(self, aidant_id: str) -> AidantView:
        """The account with that id.

        Raises:
            UnknownAidant: there is none.
        """
        with self._database.unit_of_work() as session:
            return aidant_view(account_of(session, aidant_id))

    def refused(self, aidant_id: str, *, tried: str, target: str = "") -> None:
        """Journals, in their own organisation, that something was out of the reach of *aidant_id*.

        Args:
            tried: what they tried: a use case, or the method and the route of a page.
            target: id of what it was about; never personal data.
        """
        chain = self._chain(aidant_id)
        with self._in_chains(chain) as session:
            self._journal.append(
                session,
                Action.REFUSE_ACCESS,
                organisation=chain,
                aidant=aidant_id,
                details={"tried": tried, "target": target},
            )

    @contextmanager
    def _in_chains(self, *organisations: str | None) -> Iterator[Session]:
        """A unit of work that holds the journals of *organisations* (``None``: the system's), in one order for all."""
        with self._database.unit_of_work() as session:
            for chain in sorted({organisation or SYSTEM for organisation in organisations}):
                self._journal.lock(session, chain)
            yield session

    @contextmanager
    def _acting(self, by: str | None, *organisations: str | None, tried: str, target: str) -> Iterator[Session]:
        """The same, on behalf of *by*: what was out of their reach is journalled in their own organisation.

        The refusal has a unit of work of its own: the one that was refused has been rolled back.
        """
        try:
            with self._in_chains(*organisations) as session:
                yield session
        except AccessRefused:
            if by is not None:
                self.refused(by, tried=tried, target=target)
            raise

    def _chain(self, aidant_id: str) -> str | None:
        """The journal that tells what *aidant_id* does: their current organisation's, else the system's (``None``)."""
        with self._database.unit_of_work() as session:
            return session.scalar(select(Aidant.current_organisation_id).where(Aidant.id == aidant_id))
