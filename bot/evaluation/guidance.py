"""How often the right fiche comes first, or among the first five, and how often what is out of scope is answered."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.evaluation.files import GuidanceItem, p95
from bot.evaluation.scores import share

if TYPE_CHECKING:
    from bot.fiches.guidance import GuidanceService

_MRR_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the search made of one message.

    Attributes:
        found: fiche ids, best first; none when it abstains.
        confidence: that of the first fiche, in [0, 1]; ``None`` when it abstains.
        sure: the first fiche is answered directly; otherwise the person has to choose among ``found``.
    """

    found: tuple[str, ...]
    confidence: float | None
    sure: bool


Ask = Callable[[str], Outcome]
# Whether the understanding lets a message through to the search.
Gate = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Judged:
    """An item and its outcome.

    Attributes:
        milliseconds: time of the search alone.
        let_through: whether the understanding lets the message through to the search; ``None`` when not asked.
    """

    item: GuidanceItem
    outcome: Outcome
    milliseconds: float
    let_through: bool | None = None

    @property
    def in_scope(self) -> bool:
        return bool(self.item.best)

    @property
    def rank(self) -> int | None:
        """Place of the first acceptable fiche, from 1; ``None`` when there is none among the first twenty."""
        for place, fiche_id in enumerate(self.outcome.found[:_MRR_DEPTH], start=1):
            if fiche_id in self.item.accepted:
                return place
        return None

    @property
    def right(self) -> bool:
        """Whether the first fiche is acceptable."""
        return self.rank == 1


def asking(service: "GuidanceService") -> Ask:
    """The search of *service*: of a message that asks two questions, the first counts."""

    def ask(text: str) -> Outcome:
        guidance = service.ask(text)[0]
        confidence = guidance.found[0].score if guidance.found else None
        return Outcome(tuple(found.fiche.id for found in guidance.found), confidence, guidance.sure)

    return ask


def judge_guidance(items: Sequence[GuidanceItem], ask: Ask, *, gate: Gate | None = None) -> list[Judged]:
    """Asks every item.

    Args:
        gate: asked about the items out of scope only.
    """
    judged: list[Judged] = []
    for item in items:
        started = time.perf_counter()
        outcome = ask(item.text)
        milliseconds = (time.perf_counter() - started) * 1000
        let_through = gate(item.text) if gate and not item.best else None
        judged.append(Judged(item, outcome, milliseconds, let_through))
    return judged


def guidance_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """The scores over the items in scope (an abstention is a miss), then those out of scope.

    A share is ``None`` when there is nothing to take it of. ``out_of_scope_unanswered`` is the share that no fiche
    answers directly: a choice may have been proposed. ``out_of_scope_answered_end_to_end`` is there when a gate was
    asked: how many are both let through and answered.
    """
    asked = [one for one in judged if one.in_scope]
    strange = [one for one in judged if not one.in_scope]
    answered = sum(one.outcome.sure for one in strange)
    figures = {
        "kind": "guidance",
        "n": len(asked),
        **ranking_scores(asked),
        "best_at_1": share(
            sum(one.outcome.found[:1] != () and one.outcome.found[0] in one.item.best for one in asked), len(asked)
        ),
        "abstained": sum(not one.outcome.found for one in asked),
        "p95_ms": p95([one.milliseconds for one in asked]),
        "out_of_scope_n": len(strange),
        "out_of_scope_answered": answered,
        "out_of_scope_proposed": sum(bool(one.outcome.found) for one in strange) - answered,
        "out_of_scope_unanswered": share(len(strange) - answered, len(strange)),
    }
    if any(one.let_through is not None for one in strange):
        figures["out_of_scope_answered_end_to_end"] = sum(bool(one.let_through and one.outcome.sure) for one in strange)
    return figures


def ranking_scores(judged: Sequence[Judged]) -> dict[str, float | None]:
    """``ok_at_1``, ``ok_at_5`` and ``mrr`` of items in scope."""
    ranks = [one.rank for one in judged if one.rank]
    return {
        "ok_at_1": share(sum(rank == 1 for rank in ranks), len(judged)),
        "ok_at_5": share(sum(rank <= 5 for rank in ranks), len(judged)),
        "mrr": share(sum(1 / rank for rank in ranks), len(judged)),
    }
