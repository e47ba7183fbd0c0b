"""The figures last accepted on the development sets: none may fall by more than a point."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import EquipierError
from bot.evaluation.files import GuidanceItem, IntentItem, TopicItem, read_items, read_out_of_scope
from bot.evaluation.guidance import Ask, guidance_figures, judge_guidance
from bot.evaluation.labels import intent_figures, judge_intents, judge_topics, topic_figures
from bot.evaluation.understanding import Understands
from bot.settings import ROOT

TOLERANCE = 0.01
# The figures held, by kind of set; all are shares, and the higher the better.
HELD = {
    "guidance": ("ok_at_1", "ok_at_5", "mrr", "out_of_scope_unanswered"),
    "intents": ("accuracy", "macro_f1"),
    "faq": ("accuracy",),
}
# Kind → n (how many items) and the figures held.
Figures = Mapping[str, Mapping[str, Any]]
_EVAL = ROOT / "tests" / "eval"
BASELINE_PATH = _EVAL / "baseline.json"


@dataclass(frozen=True, slots=True)
class DevelopmentSets:
    """Where the sets are.

    Attributes:
        out_of_scope: off-topic messages, one a line; by default those on which the thresholds of the search are set,
            since no development set has any. They tell of a change, not of the true leak.
    """

    guidance: Path = _EVAL / "guidance.dev.jsonl"
    intents: Path = _EVAL / "intents.dev.jsonl"
    faq: Path = _EVAL / "faq.dev.jsonl"
    out_of_scope: Path = ROOT / "bot" / "fiches" / "validation" / "hors_sujet.txt"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure, then and now.

    Attributes:
        before: as accepted; ``None`` when the baseline does not have it.
        now: ``None`` when it was not measured.
        grown_by: how many items the set has gained since: a part of the difference may come from them.
    """

    kind: str
    figure: str
    before: float | None
    now: float | None
    grown_by: int

    @property
    def holds(self) -> bool:
        """Whether both are known and the figure did not fall by more than the tolerance."""
        if self.before is None or self.now is None:
            return False
        return self.now >= self.before - TOLERANCE - 1e-9  # 0.92 - 0.91 is a little more than 0.01


def measure(sets: DevelopmentSets, *, ask: Ask, model: Understands) -> dict[str, dict[str, Any]]:
    """All the figures of the three sets, by kind.

    Raises:
        EquipierError: a set cannot be read.
    """
    questions = [*read_items(sets.guidance, GuidanceItem), *read_out_of_scope(sets.out_of_scope)]
    return {
        "guidance": guidance_figures(judge_guidance(questions, ask)),
        "intents": intent_figures(judge_intents(read_items(sets.intents, IntentItem), model)),
        "faq": topic_figures(judge_topics(read_items(sets.faq, TopicItem), model)),
    }


def compare(before: Figures, now: Figures) -> list[Comparison]:
    """Every figure held, those of the baseline beside those just measured."""
    return [
        Comparison(
            kind=kind,
            figure=figure,
            before=before.get(kind, {}).get(figure),
            now=now.get(kind, {}).get(figure),
            grown_by=now.get(kind, {}).get("n", 0) - before.get(kind, {}).get("n", 0),
        )
        for kind, figures in HELD.items()
        for figure in figures
    ]


def read_baseline(path: Path = BASELINE_PATH) -> Figures:
    """The figures last accepted.

    Raises:
        EquipierError: the file is missing or is not in the format that :func:`write_baseline` gives.
    """
    hint = "Écrivez-la : equipier evaluate check --update"
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EquipierError(f"référence illisible : {path}", hint=hint) from error
    except ValueError as error:
        raise EquipierError(f"référence mal formée : {path}", hint=hint) from error
    if not isinstance(figures, dict) or not all(isinstance(held, dict) for held in figures.values()):
        raise EquipierError(f"référence mal formée : {path}", hint=hint)
    return figures


def write_baseline(figures: Figures, path: Path = BASELINE_PATH) -> None:
    """Makes *figures* the accepted ones; only those held are kept, with the size of each set."""
    kept = {kind: {name: figures[kind][name] for name in ("n", *held)} for kind, held in HELD.items()}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def fallen(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Those that do not hold."""
    return [one for one in comparisons if not one.holds]
