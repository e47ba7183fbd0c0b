"""Two linear towers over the sentence encoder, trained on the question bank by contrast.

The encoder puts « il a perdu sa carte » near every other loss. Trained on pairs (a question, another question or the
summary of the same fiche) against the rest of the batch, the towers turn its space so that what tells fiches apart
weighs more. They start from the identity and are learnt in seconds with numpy alone (InfoNCE loss, Adam).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.fiches.index.encoder import Vectors, unit_rows
from bot.fiches.index.owners import Owners

_EPOCHS = 20
_BATCH = 512
_TEMPERATURE = 0.05
_RATE = 5e-4
_DECAY = 1e-4
_SUMMARY_SHARE = 0.3  # how often a question is paired with the summary rather than with another question
_Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Projection:
    """The towers: one for what people write, one for what is indexed."""

    query: _Matrix
    document: _Matrix

    def of_query(self, vectors: Vectors) -> Vectors:
        return unit_rows(vectors @ self.query)

    def of_document(self, vectors: Vectors) -> Vectors:
        return unit_rows(vectors @ self.document)


def train_projection(questions: Vectors, owners: Owners, summaries: Vectors, *, seed: int = 20) -> Projection:
    """Learns the towers; the same vectors and seed give the same towers.

    Args:
        questions: a row per bank question.
        owners: row of the fiche of each question.
        summaries: a row per fiche.
    """
    random = np.random.default_rng(seed)
    size = summaries.shape[1]
    towers = [np.eye(size, dtype=np.float32), np.eye(size, dtype=np.float32)]
    steps = [_Adam(size), _Adam(size)]
    of_fiche = [np.flatnonzero(owners == fiche) for fiche in range(len(summaries))]
    for _ in range(_EPOCHS):
        order = random.permutation([fiche for fiche, rows in enumerate(of_fiche) if len(rows)])
        left, right = _pairs(order, of_fiche, questions, summaries, random)
        for start in range(0, len(order), _BATCH):
            gradients = _info_nce(left[start : start + _BATCH], right[start : start + _BATCH], *towers)
            for step, tower, gradient in zip(steps, towers, gradients, strict=True):
                step.apply(tower, gradient)
    return Projection(*towers)


class _Adam:
    """Adam with weight decay (Kingma & Ba, 2014; Loshchilov & Hutter, 2017), on one matrix."""

    def __init__(self, size: int) -> None:
        self._mean = np.zeros((size, size), dtype=np.float32)
        self._square = np.zeros((size, size), dtype=np.float32)
        self._count = 0

    def apply(self, tower: _Matrix, gradient: _Matrix) -> None:
        self._count += 1
        self._mean = 0.9 * self._mean + 0.1 * gradient
        self._square = 0.999 * self._square + 0.001 * gradient * gradient
        mean = self._mean / (1 - 0.9**self._count)
        square = self._square / (1 - 0.999**self._count)
        tower -= (_RATE * (mean / (np.sqrt(square) + 1e-8) + _DECAY * tower)).astype(np.float32)


def _pairs(
    order: NDArray[np.int64],
    of_fiche: Sequence[NDArray[np.int64]],
    questions: Vectors,
    summaries: Vectors,
    random: np.random.Generator,
) -> tuple[Vectors, Vectors]:
    left, right = [], []
    for fiche in order:
        rows = of_fiche[fiche]
        asked = random.choice(rows)
        others = rows[rows != asked]
        left.append(questions[asked])
        if len(others) == 0 or random.random() < _SUMMARY_SHARE:
            right.append(summaries[fiche])
        else:
            right.append(questions[random.choice(others)])
    return np.array(left), np.array(right)


def _info_nce(left: Vectors, right: Vectors, query: _Matrix, document: _Matrix) -> tuple[_Matrix, _Matrix]:
    """Gradients of the symmetric InfoNCE loss (van den Oord et al., 2018) for both towers."""
    a, b = left @ query, right @ document
    length_a, length_b = np.linalg.norm(a, axis=1, keepdims=True), np.linalg.norm(b, axis=1, keepdims=True)
    a, b = a / length_a, b / length_b
    logits = a @ b.T / _TEMPERATURE
    wrong = (_softmax(logits, axis=1) + _softmax(logits, axis=0) - 2 * np.eye(len(a))) / (2 * len(a) * _TEMPERATURE)
    gradient_a, gradient_b = wrong @ b, wrong.T @ a
    gradient_a = (gradient_a - a * (gradient_a * a).sum(axis=1, keepdims=True)) / length_a
    gradient_b = (gradient_b - b * (gradient_b * b).sum(axis=1, keepdims=True)) / length_b
    return (left.T @ gradient_a).astype(np.float32), (right.T @ gradient_b).astype(np.float32)


def _softmax(logits: NDArray[np.float32], *, axis: int) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=axis, keepdims=True))
    softened: NDArray[np.float32] = raised / raised.sum(axis=axis, keepdims=True)
    return softened
