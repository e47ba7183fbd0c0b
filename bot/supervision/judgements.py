"""Corrections and the queue of what is worth one, as they are listed."""

from dataclasses import dataclass
from datetime import datetime

from bot.supervision.views import Judgement, Progress, Use


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A judgement, and what becomes of it.

    Attributes:
        turn: id of the turn; ``None`` once its conversation was forgotten.
        episode: id of its conversation; likewise.
        frequency: how many times the same words were said, within the reader's reach.
        exported_at: when it was last written to files.
    """

    id: int
    turn: int | None
    episode: int | None
    organisation: str | None
    text: str
    understood: str
    judgement: Judgement
    progress: Progress
    use: Use
    by: str
    at: datetime
    validated_by: str | None
    frequency: int
    exported_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A message worth a look: the same words count once, with how many times they were said.

    Attributes:
        turn: id of the last turn that said them; ``episode`` is its conversation.
        uncertainty: in [0, 1]: 1 when it was not understood or the answer was rated down.
        usefulness: uncertainty × frequency, by which the queue is ordered.
    """

    turn: int
    episode: int
    text: str
    intent: str
    confidence: float
    fiche: str | None
    frequency: int
    uncertainty: float
    usefulness: float
