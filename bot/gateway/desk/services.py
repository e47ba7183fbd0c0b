"""What the pages behind a sign-in are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot.aidants.linked import linked_conversations
from bot.aidants.service import Aidants
from bot.journal.service import Journal
from bot.mandats.attestation import Attestations
from bot.mandats.export import Exports
from bot.mandats.register import Register

if TYPE_CHECKING:
    from bot.bootstrap import MandatServices


@dataclass(frozen=True, slots=True)
class DeskServices:
    """What a signed-in aidant acts through; drafts, keys and the clock are those of ``PageServices``.

    Attributes:
        conversations: how many conversations speak for an aidant, by their id.
    """

    aidants: Aidants
    register: Register
    attestations: Attestations
    journal: Journal
    exports: Exports
    conversations: Callable[[str], int]

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
