"""What the pages of the help desk are made of."""

from dataclasses import dataclass

from bot.handover.canned import CannedReplies
from bot.handover.fiches import FicheFinder
from bot.handover.helpdesk import HelpDesk


@dataclass(frozen=True, slots=True)
class HelpDeskServices:
    """What an agent acts through."""

    requests: HelpDesk
    canned: CannedReplies
    fiches: FicheFinder
