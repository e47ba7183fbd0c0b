"""What every curve shares: how a point is timed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a curve.

    Attributes:
        size: how much there was (passages, journal entries, turns).
        p50: milliseconds, half the calls took less; *p95* likewise.
    """

    size: int
    p50: float
    p95: float


def point(size: int, action: Callable[[int], object], *, times: int, warm: int = 5) -> Point:
    """Times *action* (called with 0, 1, 2…), the first *warm* calls apart."""
    for number in range(warm):
        action(number)
    spent = []
    for number in range(warm, warm + times):
        started = time.perf_counter()
        action(number)
        spent.append((time.perf_counter() - started) * 1000)
    return Point(size, round(float(np.percentile(spent, 50)), 2), round(float(np.percentile(spent, 95)), 2))
