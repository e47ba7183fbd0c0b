"""How well intents are understood: by the corrections of the reviewers, and by the last evaluations of the models.

The evaluations are those of ``equipier evaluate intents … --report var/evaluation/courant``, and of the candidate in
``var/evaluation/candidat``; each leaves an ``intents.json`` there (``bot.evaluation.report``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.evaluation.labels import Labelled, intent_figures
from bot.evaluation.report.labels import labels_report
from bot.evaluation.scores import Pair, confusion, label_scores, macro_f1, share
from bot.supervision.figures_period import Period
from bot.supervision.models import Correction
from bot.supervision.views import Progress

CURRENT, CANDIDATE = "courant", "candidat"
_FILE = "intents.json"


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 of one intent, in [0, 1]; ``count`` messages should have been understood so."""

    label: str
    count: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """Right intents against those that were given.

    Attributes:
        accuracy, macro_f1: in [0, 1]; ``None`` of nothing.
        confusion: right → given → how many.
    """

    count: int
    accuracy: float | None
    macro_f1: float | None
    scores: tuple[Scores, ...]
    confusion: Mapping[str, Mapping[str, int]]

    @property
    def mistakes(self) -> tuple[tuple[str, str, int], ...]:
        """Right, given, how many; the most frequent first."""
        found = [
            (right, given, count)
            for right, row in self.confusion.items()
            for given, count in row.items()
            if right != given
        ]
        return tuple(sorted(found, key=lambda one: (-one[2], one[0], one[1])))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The measure of one model.

    Attributes:
        name: of the set; ``at`` is when the report was written.
        fallbacks: messages that the model did not act on.
    """

    name: str
    at: datetime
    fallbacks: int
    understanding: Understanding


class _LabelScores(BaseModel):
    model_config = ConfigDict(extra="ignore")

    n: int
    precision: float
    recall: float
    f1: float


class _Report(BaseModel):
    model_config = ConfigDict(extra="ignore")

    set: str
    n: int
    accuracy: float | None
    macro_f1: float | None
    fallbacks: int
    by_label: dict[str, _LabelScores]
    confusion: dict[str, dict[str, int]]


class Evaluations:
    """The reports that the measures left in a folder, and those that a retraining leaves there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self) -> Evaluation | None:
        """Of the model in use; ``None`` when it was not measured, or its report cannot be read."""
        return _read(self._folder / CURRENT / _FILE)

    def candidate(self) -> Evaluation | None:
        """Of the model that might replace it; likewise."""
        return _read(self._folder / CANDIDATE / _FILE)

    def record(self, model: Literal["courant", "candidat"], judged: Sequence[Labelled], *, name: str) -> None:
        """Keeps the measure of *model* on the set called *name*, instead of the one before."""
        report = labels_report(judged, intent_figures(judged), name=name)
        path = self._folder / model / _FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(report.content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        partial.replace(path)

    def switched(self) -> None:
        """The candidate is in use now, and its measure with it."""
        measured = self._folder / CANDIDATE / _FILE
        if measured.is_file():
            path = self._folder / CURRENT / _FILE
            path.parent.mkdir(parents=True, exist_ok=True)
            measured.replace(path)

    def outdated(self) -> None:
        """Another model is in use, which was not measured here."""
        for model in (CURRENT, CANDIDATE):
            (self._folder / model / _FILE).unlink(missing_ok=True)


def understanding(session: Session, period: Period, organisation: str | None) -> Understanding:
    """What was corrected in the period; a correction that was set aside does not count."""
    query = select(Correction.understood, Correction.intent).where(
        period.holds(Correction.at), Correction.progress != Progress.SET_ASIDE.value
    )
    if organisation:
        query = query.where(Correction.organisation_id == organisation)
    return of_pairs([(intent or understood, understood) for understood, intent in session.execute(query)])


def of_pairs(pairs: list[Pair]) -> Understanding:
    """The figures over *pairs* of the right intent and of the given one."""
    return Understanding(
        count=len(pairs),
        accuracy=share(sum(right == given for right, given in pairs), len(pairs)),
        macro_f1=macro_f1(pairs) if pairs else None,
        scores=tuple(
            Scores(label, int(one["n"]), one["precision"], one["recall"], one["f1"])
            for label, one in label_scores(pairs).items()
        ),
        confusion=confusion(pairs),
    )


def _read(path: Path) -> Evaluation | None:
    try:
        report = _Report.model_validate(json.loads(path.read_text(encoding="utf-8")))
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, ValidationError):  # not there, half-written, or of another version
        return None
    found = Understanding(
        count=report.n,
        accuracy=report.accuracy,
        macro_f1=report.macro_f1,
        scores=tuple(
            Scores(label, one.n, one.precision, one.recall, one.f1) for label, one in sorted(report.by_label.items())
        ),
        confusion=report.confusion,
    )
    return Evaluation(report.set, at, report.fallbacks, found)
