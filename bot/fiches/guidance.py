"""The guidance service: from an aidant's words to what of which fiche to show."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from bot.clock import Clock, today
from bot.errors import CorpusError
from bot.fiches.analysis import fold, words
from bot.fiches.answer import Answer, answer_from
from bot.fiches.aspects import asked_aspects, topic_stems
from bot.fiches.index.search import Hit, SearchIndex
from bot.fiches.model import GUIDE_PREFIX, Aspect, Fiche, Passage
from bot.fiches.ports import Fiches

MAX_HITS = 5
_SENTENCE_END = re.compile(
    r"(?<=[?!;])\s+|\n+|\s+(?=(?:et aussi|et sinon|sinon|autre question|par ailleurs)\b)", re.IGNORECASE
)
_INTERROGATIVE = re.compile(
    r"\b(?:comment|combien|quel(?:le)?s?|ou|quand|qui|pourquoi|est-ce|peut-il|peut-elle|faut-il|a-t-il|a-t-elle|doit-il"
    r"|doit-elle|c'est quoi|il faut quoi|on fait quoi)\b"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One fiche found, with its confidence in [0, 1]."""

    fiche: Fiche
    score: float


@dataclass(frozen=True, slots=True)
class Guidance:
    """The outcome of one question.

    Attributes:
        found: fiches, best first, at most five; empty when nothing is good enough to be shown.
        answers: what to quote of the first fiche, one per aspect asked; empty when a fiche has to be chosen first.
        sure: the first fiche is answered directly; otherwise the person chooses among ``found``.
    """

    question: str
    found: tuple[Found, ...]
    answers: tuple[Answer, ...]
    sure: bool


class GuidanceService:
    """Answers from the fiches. It never raises on any text; an unknown fiche id raises ``CorpusError``."""

    def __init__(self, fiches: Fiches, index: SearchIndex, clock: Clock, *, stale_after_days: int) -> None:
        self._fiches = fiches
        self._index = index
        self._clock = clock
        self._stale_after = timedelta(days=stale_after_days)

    def ask(self, text: str, *, aspects: Sequence[Aspect] = ()) -> tuple[Guidance, ...]:
        """Answers *text*: one outcome, or two when the message asks two unrelated questions.

        Args:
            aspects: parts asked for earlier, while the procedure was still unknown; *text* may name others.
        """
        whole = self._ask_one(text, aspects)
        parts = question_parts(text)
        if len(parts) < 2:
            return (whole,)
        each = [self._ask_one(part, aspects) for part in parts[:2]]
        distinct = len({guidance.found[0].fiche.id for guidance in each if guidance.found})
        unrelated = distinct == 2 and all(guidance.sure for guidance in each)
        return tuple(each) if unrelated else (whole,)

    def about(
        self,
        fiche_id: str,
        text: str,
        *,
        aspects: Sequence[Aspect] = (),
        chosen: Sequence[str] = (),
        score: float = 1.0,
    ) -> Guidance:
        """Answers from one given fiche: a follow-up, or a fiche that the person chose.

        Raises:
            CorpusError: no such fiche in the current base.
        """
        fiche = self._fiches.get(fiche_id)
        if fiche is None:
            raise CorpusError(f"fiche inconnue : {fiche_id}")
        found = (Found(fiche, score),)
        return Guidance(text, found, self._answers(fiche, text, aspects, chosen), sure=True)

    def about_mandats(self, text: str, *, topic: str | None) -> Guidance | None:
        """Answers a question about mandates from the guide of its *topic* that fits it best.

        Args:
            topic: ``faq_mandat`` topic; ``None``, or one that no guide has, looks in all the guides on mandates.

        Returns:
            ``None`` when no guide answers questions about mandates at all.
        """
        on_topic = [guide for guide, topics in self._topics.items() if topic in topics] or list(self._topics)
        hits = self._index.search(text, limit=MAX_HITS, among=on_topic)
        found = self._found(hits)
        if not found:
            return None
        return Guidance(text, found, self._answers(found[0].fiche, text, (), ()), sure=True)

    def candidates(self, text: str, *, exclude: Sequence[str] = (), limit: int = MAX_HITS) -> tuple[Found, ...]:
        """The best fiches for *text* whatever the confidence, without those of *exclude*."""
        hits = self._index.search(text, limit=limit + len(exclude))
        return self._found([hit for hit in hits if hit.fiche_id not in exclude][:limit])

    def confidence(self, text: str) -> float:
        """Confidence in [0, 1] that the base answers *text*; 0 when no word says anything."""
        hits = self._index.search(text, limit=1)
        return hits[0].score if hits else 0.0

    def names_a_procedure(self, text: str) -> bool:
        """Whether *text*, asking words apart, names a procedure well enough to leave the current fiche for it."""
        return len(topic_stems(text)) >= 2 and self.confidence(text) >= self._index.weights.propose_below

    def is_stale(self, fiche: Fiche) -> bool:
        """Whether the fiche's last update is older than the setting allows; an unknown date counts as old."""
        return fiche.updated is None or today(self._clock) - fiche.updated > self._stale_after

    def fiche(self, fiche_id: str) -> Fiche | None:
        return self._fiches.get(fiche_id)

    @cached_property
    def _topics(self) -> dict[str, tuple[str, ...]]:
        """The mandate topics of each guide that has some; read once, since the index does not change either."""
        ids = (fiche_id for fiche_id in self._index.fiche_ids if fiche_id.startswith(GUIDE_PREFIX))
        return {guide.id: guide.topics for guide in self._fiches.several(list(ids)) if guide.topics}

    def _ask_one(self, text: str, aspects: Sequence[Aspect]) -> Guidance:
        hits = self._index.search(text, limit=MAX_HITS)
        weights = self._index.weights
        if not hits or hits[0].score < weights.abstain_below:
            return Guidance(text, (), (), sure=False)
        found = self._found(hits)
        if hits[0].score < weights.propose_below:
            return Guidance(text, found, (), sure=False)
        return Guidance(text, found, self._answers(found[0].fiche, text, aspects, ()), sure=True)

    def _answers(self, fiche: Fiche, text: str, aspects: Sequence[Aspect], chosen: Sequence[str]) -> tuple[Answer, ...]:
        order = {passage_id: place for place, (passage_id, _) in enumerate(self._ranked(text, fiche))}

        def rank(passages: Sequence[Passage]) -> Sequence[Passage]:
            return sorted(passages, key=lambda passage: order.get(passage.id, len(order)))

        wanted = tuple(dict.fromkeys((*aspects, *asked_aspects(text))))[:2] or (None,)
        return tuple(answer_from(fiche, aspect=aspect, text=text, chosen=chosen, rank=rank) for aspect in wanted)

    def _ranked(self, text: str, fiche: Fiche) -> tuple[tuple[str, float], ...]:
        return self._index.passages(text, fiche.id, limit=len(fiche.passages) or 1) if words(text) else ()

    def _found(self, hits: Sequence[Hit]) -> tuple[Found, ...]:
        score = {hit.fiche_id: hit.score for hit in hits}
        return tuple(Found(fiche, score[fiche.id]) for fiche in self._fiches.several(list(score)))


def question_parts(text: str) -> tuple[str, ...]:
    """The questions of a message, when each can stand alone; one part for anything else.

    A part stands alone when it asks (question mark or interrogative word) and has at least two telling words; the
    sentences that set the scene stay with the question that follows them.
    """
    parts: list[str] = []
    pending = ""
    for piece in _SENTENCE_END.split(text):
        if not piece or not piece.strip():
            continue
        candidate = f"{pending} {piece}".strip()
        asks = piece.rstrip().endswith("?") or _INTERROGATIVE.search(fold(piece)) is not None
        if asks and len(topic_stems(piece)) >= 2:
            parts.append(candidate)
            pending = ""
        elif parts and not asks:
            pending = candidate
        elif parts:
            parts[-1] = f"{parts[-1]} {candidate}"
            pending = ""
        else:
            pending = candidate
    if pending and parts:
        parts[-1] = f"{parts[-1]} {pending}"
    return tuple(parts) or (text,)
