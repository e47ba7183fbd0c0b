"""What the pages of the supervision are made of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.fiches.analysis import fold
from bot.fiches.model import Fiche
from bot.fiches.store import Summary
from bot.supervision.corrections import Corrections
from bot.supervision.export import Exports
from bot.supervision.queries import Conversations
from bot.supervision.queue import ReviewQueue
from bot.supervision.reviewing import Reviewing
from bot.supervision.saved import SavedFilters
from bot.supervision.views import Use, WrongReview

if TYPE_CHECKING:
    from bot.supervision.services import Supervision

_FOUND = 12
_SHORT = 3  # letters: « de », « la », « un »


class ReadsFiches(Protocol):
    """What is asked of ``bot.fiches.store.FicheStore``."""

    def summaries(self) -> list[Summary]:
        """The titles of all fiches."""
        ...

    def several(self, fiche_ids: Sequence[str]) -> list[Fiche]:
        """Some fiches, in that order; those that do not exist are left out."""
        ...


class FicheShelf:
    """The fiches, as reviewers choose among them."""

    def __init__(self, fiches: ReadsFiches) -> None:
        self._fiches = fiches

    def known(self, ids: Collection[str]) -> dict[str, Fiche]:
        """Those of *ids* that exist, by id."""
        return {fiche.id: fiche for fiche in self._fiches.several(sorted(ids))}

    def one(self, fiche_id: str) -> Fiche | None:
        """A fiche; ``None`` when there is none with that id."""
        return next(iter(self._fiches.several([fiche_id])), None) if fiche_id else None

    def search(self, typed: str) -> tuple[Summary, ...]:
        """The fiches whose title holds most of the words *typed*, or the one whose number it is; 12 at most."""
        words = [word for word in fold(typed).replace("'", " ").split() if len(word) >= _SHORT]
        scored = []
        for one in self._fiches.summaries() if words else ():
            title = fold(one.title)
            if score := sum(word in title for word in words) + len(words) * (one.id.lower() == typed.strip().lower()):
                scored.append((-score, len(title), one.id, one))
        return tuple(one for *_, one in sorted(scored)[:_FOUND])


@dataclass(frozen=True, slots=True)
class SupervisionServices:
    """What a reviewer acts through."""

    conversations: Conversations
    filters: SavedFilters
    reviewing: Reviewing
    corrections: Corrections
    queue: ReviewQueue
    exports: Exports
    fiches: FicheShelf

    @classmethod
    def over(cls, supervision: "Supervision", fiches: ReadsFiches) -> "SupervisionServices":
        """Those of *supervision*, which the composition root has made."""
        return cls(
            conversations=supervision.conversations,
            filters=supervision.saved,
            reviewing=supervision.reviewing,
            corrections=supervision.corrections,
            queue=supervision.queue,
            exports=supervision.exports,
            fiches=FicheShelf(fiches),
        )

    def validate(self, by: str, correction: int) -> None:
        """Agrees with a correction; the message serves for what its duplicates serve for.

        Raises:
            UnknownItem: there is no such correction within reach.
            WrongReview: it says neither what was meant nor which fiche is right.
        """
        try:
            self.corrections.validate(by, correction)
        except WrongReview as error:
            if error.field != "use":
                raise
            self._as_its_duplicates(by, correction)

    def _as_its_duplicates(self, by: str, correction: int) -> None:
        for use in Use:
            try:
                self.corrections.validate(by, correction, use=use)
            except WrongReview as error:
                if error.field != "use":
                    raise
            else:
                return
