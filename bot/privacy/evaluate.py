"""Scores a detector on annotated messages, with the conventions of the evaluation sets."""

from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from bot.errors import EquipierError
from bot.privacy.pseudonymise import FindsPersonalData
from bot.privacy.spans import PiiType, Span


class EvaluationFileError(EquipierError):
    """An evaluation file cannot be read; the message names the line."""


class _GoldSpan(BaseModel):
    model_config = ConfigDict(extra="ignore")

    start: int
    end: int
    type: PiiType


class AnnotatedMessage(BaseModel):
    """One line of a file: offsets in characters, ``text[start:end]``; no span in look-alikes."""

    model_config = ConfigDict(extra="ignore")

    id: str
    text: str
    spans: list[_GoldSpan]


_LINE = TypeAdapter(AnnotatedMessage)


def read_annotated(path: Path) -> list[AnnotatedMessage]:
    """The messages of a JSON Lines file.

    Raises:
        EvaluationFileError: the file is missing, or one of its lines is not in the format.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EvaluationFileError(f"fichier d'évaluation illisible : {path}") from error
    messages = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                messages.append(_LINE.validate_json(line))
            except ValidationError as error:
                raise EvaluationFileError(f"{path.name}, ligne {number} : {error.errors()[0]['msg']}") from error
    return messages


def evaluate_pii(path: Path, detector: FindsPersonalData) -> dict[str, Any]:
    """Recall, precision, recall by type and 95th percentile of the time per message, in milliseconds.

    A gold span is found when a predicted span of its type covers at least half of its characters; a predicted span
    that touches no gold span counts against precision.

    Raises:
        EvaluationFileError: as :func:`read_annotated`.
    """
    messages = read_annotated(path)
    gold_count, found_count, times = Counter[str](), Counter[str](), []
    predicted_count = justified = 0
    for message in messages:
        begun = perf_counter()
        predicted = detector.spans(message.text)
        times.append(1000 * (perf_counter() - begun))
        gold = [Span(g.start, g.end, g.type) for g in message.spans]
        for span in gold:
            gold_count[span.type] += 1
            found_count[span.type] += any(
                p.type == span.type and 2 * _shared(p, span) >= span.end - span.start for p in predicted
            )
        predicted_count += len(predicted)
        justified += sum(any(_shared(p, span) for span in gold) for p in predicted)
    return {
        "kind": "pii",
        "n": len(messages),
        "recall": _ratio(found_count.total(), gold_count.total()),
        "precision": _ratio(justified, predicted_count),
        "recall_by_type": {
            kind.value: _ratio(found_count[kind], gold_count[kind]) for kind in PiiType if gold_count[kind]
        },
        "p95_ms": round(float(np.percentile(times, 95)), 1) if times else 0.0,
    }


def _shared(a: Span, b: Span) -> int:
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def _ratio(part: int, whole: int) -> float:
    """Nothing to find, or nothing found, is no fault: 1."""
    return round(part / whole, 4) if whole else 1.0
