"""What the pages behind a sign-in are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot.aidants.linked import linked_conversations
from bot.aidants.service import Aidants
from bot.gateway.desk.dashboard.services import DashboardServices
from bot.gateway.desk.helpdesk.services import HelpDeskServices
from bot.gateway.desk.supervision.services import SupervisionServices
from bot.journal.service import Journal
from bot.mandats.attestation import Attestations
from bot.mandats.export import Exports
from bot.mandats.register import Register
from bot.privacy.officer import DataProtection

if TYPE_CHECKING:
    from bot.bootstrap import MandatServices


@dataclass(frozen=True, slots=True)
class DeskServices:
    """What a signed-in aidant acts through; drafts, keys and the clock are those of ``PageServices``.

    Attributes:
        conversations: how many conversations speak for an aidant, by their id.
        helpdesk: who answers in person; without it, there are no pages for them.
        protection: retention, register and the rights of persons; without it, there are no pages for them.
        supervision: the review of conversations; without it, there are no pages for it.
        dashboard: the figures and the journal; without it, there are no pages for them.
    """

    aidants: Aidants
    register: Register
    attestations: Attestations
    journal: Journal
    exports: Exports
    conversations: Callable[[str], int]
    helpdesk: HelpDeskServices | None = None
    protection: DataProtection | None = None
    supervision: SupervisionServices | None = None
    dashboard: DashboardServices | None = None

    @classmethod
    def over(cls, mandats: "MandatServices") -> "DeskServices":
        """Those of *mandats*, which the composition root has made."""
        return cls(
            aidants=mandats.aidants,
            register=mandats.register,
            attestations=mandats.attestations,
            journal=mandats.journal,
            exports=Exports(mandats.database, mandats.register, mandats.journal),
            conversations=partial(linked_conversations, mandats.database),
        )
