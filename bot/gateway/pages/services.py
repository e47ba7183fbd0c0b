"""What the pages are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.aidants.views import AidantView, OrganisationView
from bot.clock import Clock
from bot.conversations.limits import RateLimiter
from bot.gateway.desk.services import DeskServices
from bot.mandats.drafts import Drafts
from bot.mandats.sealing import Sealing
from bot.mandats.verification import Verification
from bot.privacy.envelope import KeyRing
from bot.privacy.vault import Vault


class People(Protocol):
    """What the pages ask of ``bot.aidants.service.Aidants``."""

    def organisation(self, organisation_id: str) -> OrganisationView:
        """The organisation with that id.

        Raises:
            UnknownOrganisation: there is none.
        """
        ...

    def view(self, aidant_id: str) -> AidantView:
        """The account with that id.

        Raises:
            UnknownAidant: there is none.
        """
        ...

    def check_code(self, aidant_id: str, code: str) -> None:
        """Makes sure that it is still the aidant who is there; the code cannot serve again.

        Raises:
            WrongCode: wrong, too old, or already served.
            Locked: too many failures in a row.
        """
        ...


@dataclass(frozen=True, slots=True)
class PageServices:
    """What the pages run on.

    Attributes:
        brand: name shown at the top of every page.
        public_url: address at which browsers reach the gateway; ``https`` makes cookies ``Secure``.
        static: folder that holds the DSFR (``bot.setup.assets``).
        keys: signs cookies and forms.
        attestation: the PDF of a mandate, by its id.
        limiter: counts the verifications and the sign-ins of each address.
        desk: the pages behind a sign-in; without it, there are none.
        telegram_bot: user name of the bot, without « @ »; empty when there is none.
        signed_out: told the id of each session that someone ends; ``None`` when nothing else holds it.
    """

    brand: str
    public_url: str
    static: Path
    keys: KeyRing
    clock: Clock
    people: People
    drafts: Drafts
    sealing: Sealing
    verification: Verification
    vault: Vault
    attestation: Callable[[str], bytes]
    limiter: RateLimiter
    desk: DeskServices | None = None
    telegram_bot: str = ""
    signed_out: Callable[[str], None] | None = None
