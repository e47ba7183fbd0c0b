"""Whether a confidence tells the truth: of the answers given at 0.8, eight in ten should be right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

_PER_BIN = 12  # fewer, and the share of right answers in a bin says nothing
_MOST_BINS = 10
_Z = 1.96  # 95 % of a normal law


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of neighbouring confidences.

    Attributes:
        confidence: their mean confidence.
        right: share of right ones.
        low: lower end of the 95 % Wilson interval of ``right``; ``high``, its upper end.
    """

    n: int
    confidence: float
    right: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins of about equal size, least confident first, and the expected calibration error over them.

    Attributes:
        ece: mean gap between confidence and share of right answers, each bin weighing its size; 0 is perfect.
    """

    bins: tuple[Bin, ...]
    ece: float


def reliability(confidences: Sequence[float], right: Sequence[bool], *, bins: int | None = None) -> Reliability:
    """Cuts the answers into quantile bins of their confidence.

    Args:
        right: whether each answer is right, in the order of *confidences*.
        bins: how many; by default one per dozen answers, ten at most.
    """
    answers = sorted(zip(confidences, right, strict=True), key=lambda answer: answer[0])
    count = len(answers)
    if not count:
        return Reliability((), 0.0)
    wanted = min(bins or max(1, min(_MOST_BINS, count // _PER_BIN)), count)
    edges = [count * place // wanted for place in range(wanted + 1)]
    cut = tuple(_bin(answers[start:end]) for start, end in pairwise(edges))
    return Reliability(cut, round(sum(one.n * abs(one.right - one.confidence) for one in cut) / count, 4))


def _bin(answers: Sequence[tuple[float, bool]]) -> Bin:
    count = len(answers)
    right = sum(is_right for _, is_right in answers) / count
    low, high = _wilson(right, count)
    return Bin(count, sum(confidence for confidence, _ in answers) / count, right, low, high)


def _wilson(rate: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share seen *count* times (E. B. Wilson, 1927); it holds for few answers and near 1."""
    scale = 1 + _Z**2 / count
    centre = (rate + _Z**2 / (2 * count)) / scale
    half = _Z * sqrt(rate * (1 - rate) / count + _Z**2 / (4 * count**2)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)
