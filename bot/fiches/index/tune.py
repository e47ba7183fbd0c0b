"""Learns the weights of the search from validation questions that the bank has never seen.

Held-out questions of the bank itself will not do: their writers took care never to ask the same thing twice, so that
a held-out question resembles its brothers less than a real one does, and the bank's features look worthless (first
rank 0.14 against 0.70 on questions written elsewhere). Hence ``bot/fiches/validation``: questions and off-topic
messages written apart, never indexed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bot.evaluation.files import GuidanceItem, read_items
from bot.fiches.index.search import SIGNALS, Evidence, SearchIndex
from bot.fiches.index.weights import FEATURES, Weights

VALIDATION_DIR = Path(__file__).resolve().parent.parent / "validation"

# Where learning starts and what it is pulled back to: every source of evidence heard, the bank's a little louder.
_PRIOR = {
    "words": 1.0,
    "grams": 1.0,
    "full": 0.5,
    "question": 0.2,
    "question_meaning": 0.3,
    "questions_meaning": 1.0,
    "summary_meaning": 0.2,
    "tower_questions": 0.7,
    "tower_summary": 0.4,
    "passage": 0.3,
    "passage_meaning": 0.5,
    "often_met": 0.3,
    "plain_title": 0.3,
}
_CANDIDATES = 100  # fiches compared per question: the best by the prior, and the right ones
_PULL = 0.1  # strength of the pull towards the prior
# Shares of off-topic messages that may get past each threshold. The understanding stops nine in ten of them before
# the search is asked (intent ``hors_sujet``): one in seven of them here is one in seventy for the person, who is then
# only asked to choose.
_OFF_TOPIC_PROPOSED = 0.15
_OFF_TOPIC_ANSWERED = 0.04
_Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One validation question: what the search sees of it, and the rows of the acceptable fiches."""

    evidence: Evidence
    accepted: frozenset[int]

    @property
    def features(self) -> NDArray[np.float32]:
        return self.evidence.features


def starting_weights() -> Weights:
    """The weights before anything is learnt; their confidence means nothing."""
    return Weights(features=_PRIOR, calibration=(0.0,) * (SIGNALS + 1), abstain_below=0.0, propose_below=0.0)


def learn(index: SearchIndex, *, folder: Path = VALIDATION_DIR, folds: int = 5) -> Weights:
    """Learns weights, calibration and thresholds on the validation questions; scores them by cross-validation.

    Raises:
        EquipierError: a validation file is missing or malformed.
    """
    items = read_items(folder / "guidance.jsonl", GuidanceItem)
    off_topic = [line for line in (folder / "hors_sujet.txt").read_text(encoding="utf-8").splitlines() if line.strip()]
    row = {fiche_id: place for place, fiche_id in enumerate(index.fiche_ids)}
    examples = [
        Example(index.evidence(item.text), frozenset(row[f] for f in (*item.best, *item.ok) if f in row))
        for item in items
        if any(f in row for f in (*item.best, *item.ok))
    ]
    strangers = [index.evidence(text) for text in off_topic]

    place = np.arange(len(examples)) % folds
    held_out = np.zeros(len(examples))
    signals: list[tuple[float, ...]] = [()] * len(examples)
    for fold in range(folds):
        weights = _fit([example for example, at in zip(examples, place, strict=True) if at != fold])
        for number in np.flatnonzero(place == fold):
            held_out[number] = _rank(examples[number], weights)
            signals[number] = index.signals(examples[number].evidence, examples[number].features @ weights)

    weights = _fit(examples)
    stranger_signals = [index.signals(evidence, evidence.features @ weights) for evidence in strangers]
    right = held_out == 0
    calibration = _fit_confidence(
        np.array([*signals, *stranger_signals]), np.concatenate([right, np.zeros(len(strangers), dtype=bool)])
    )
    draft = Weights(
        features={name: round(float(value), 4) for name, value in zip(FEATURES, weights, strict=True)},
        calibration=tuple(round(float(value), 5) for value in calibration),
        abstain_below=0.0,
        propose_below=0.0,
    )
    sure = np.array([draft.confidence(one) for one in signals])
    strange = np.array([draft.confidence(one) for one in stranger_signals])
    abstain = float(np.quantile(strange, 1 - _OFF_TOPIC_PROPOSED))
    propose = float(np.quantile(strange, 1 - _OFF_TOPIC_ANSWERED))
    return draft.model_copy(
        update={
            "abstain_below": round(abstain, 4),
            "propose_below": round(propose, 4),
            "learnt_on": {
                "questions": len(examples),
                "off_topic": len(strangers),
                "ok_at_1": round(float((held_out < 1).mean()), 3),
                "ok_at_5": round(float((held_out < 5).mean()), 3),
                "mrr": round(float((1 / (1 + held_out)).mean()), 3),
                "abstained": round(float((sure < abstain).mean()), 3),
                "proposed": round(float(((sure >= abstain) & (sure < propose)).mean()), 3),
                "right_when_answered": round(float(right[sure >= propose].mean()), 3),
                "off_topic_proposed_or_answered": round(float((strange >= abstain).mean()), 3),
                "off_topic_answered": round(float((strange >= propose).mean()), 3),
                "confidence_when_right": round(float(sure[right].mean()), 3),
                "confidence_when_wrong": round(float(sure[~right].mean()), 3) if (~right).any() else None,
                "scored_by": f"{folds}-fold cross-validation",
            },
        }
    )


def _fit(examples: Sequence[Example]) -> NDArray[np.float32]:
    """Non-negative weights that make an acceptable fiche the likeliest among the candidates (listwise softmax)."""
    prior = np.array([_PRIOR[name] for name in FEATURES])
    blocks: list[tuple[_Matrix, NDArray[np.bool_]]] = []
    for example in examples:
        rows = set(np.argsort(-(example.features @ prior))[:_CANDIDATES].tolist()) | example.accepted
        order = np.array(sorted(rows))
        blocks.append((example.features[order].astype(float), np.isin(order, list(example.accepted))))

    def loss(weights: _Matrix) -> tuple[float, _Matrix]:
        total, slope = 0.0, np.zeros_like(weights)
        for features, accepted in blocks:
            logits = features @ weights
            likelihood = np.exp(logits - logits.max())
            likelihood /= likelihood.sum()
            mass = max(float(likelihood[accepted].sum()), 1e-12)
            total -= np.log(mass)
            slope += features.T @ (likelihood - np.where(accepted, likelihood / mass, 0.0))
        away = weights - prior
        return total / len(blocks) + _PULL * float(away @ away), slope / len(blocks) + 2 * _PULL * away

    fitted = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(prior))
    return np.asarray(fitted.x, dtype=np.float32)


def _fit_confidence(signals: _Matrix, right: NDArray[np.bool_]) -> _Matrix:
    """Logistic regression by maximum likelihood, lightly regularised; the intercept comes last."""
    inputs = np.hstack([signals, np.ones((len(signals), 1))])

    def loss(slopes: _Matrix) -> tuple[float, _Matrix]:
        logits = inputs @ slopes
        probability = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        fit = -np.mean(np.where(right, np.log(probability + 1e-12), np.log(1 - probability + 1e-12)))
        return float(fit + 1e-3 * slopes[:-1] @ slopes[:-1]), inputs.T @ (probability - right) / len(
            inputs
        ) + 2e-3 * np.append(slopes[:-1], 0.0)

    return np.asarray(minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B").x)


def _rank(example: Example, weights: NDArray[np.float32]) -> int:
    order = np.argsort(-(example.features @ weights), kind="stable")
    return next(rank for rank, row in enumerate(order.tolist()) if row in example.accepted)
