"""What people thought of an answer: thumb up or down, why, and in their words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.conversations.models import LoggedMessage, Rating
from bot.errors import EquipierError
from bot.privacy.pseudonymise import Pseudonymised
from bot.storage.engine import Database

REASONS: dict[str, str] = {
    "mauvaise_fiche": "Ce n'est pas la bonne fiche",
    "incomplet": "Il manque une information",
    "perime": "L'information n'est plus à jour",
    "pas_clair": "Ce n'est pas clair",
    "autre": "Autre chose",
}
MAX_COMMENT = 1000  # characters


class UnknownMessage(EquipierError):
    """It is not an answer that this conversation was given."""


class WrongFeedback(EquipierError):
    """A rating that is neither 1 nor -1, an unknown reason, or a comment that is too long."""


class HidesPersonalData(Protocol):
    """What keeps names out of comments."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        """*text* with typed placeholders in place of personal data."""
        ...


class Feedback:
    """Keeps one rating per answer: the last one given."""

    def __init__(self, database: Database, *, pseudonymiser: HidesPersonalData) -> None:
        self._database = database
        self._pseudonymiser = pseudonymiser

    def give(
        self,
        conversation: str,
        message_id: int,
        rating: int,
        *,
        reasons: Sequence[str] = (),
        comment: str = "",
        now: datetime,
    ) -> None:
        """Rates an answer, instead of any earlier rating of it.

        Raises:
            UnknownMessage: *message_id* is no answer of *conversation*.
            WrongFeedback: *rating* is not 1 or -1, a reason is not one of :data:`REASONS`, or *comment* is too long.
        """
        if rating not in (1, -1):
            raise WrongFeedback("rating")
        if not set(reasons) <= set(REASONS):
            raise WrongFeedback("reasons")
        if len(comment) > MAX_COMMENT:
            raise WrongFeedback("comment")
        hidden = self._pseudonymiser.pseudonymise(" ".join(comment.split())).text if comment.strip() else ""
        with self._database.unit_of_work() as session:
            message = session.get(LoggedMessage, message_id)
            if message is None or message.conversation_id != conversation or message.direction != "out":
                raise UnknownMessage("no answer of this conversation")
            session.merge(
                Rating(
                    message_id=message_id,
                    conversation_id=conversation,
                    rating=rating,
                    reasons=sorted(set(reasons)),
                    comment=hidden,
                    created_at=now,
                )
            )
