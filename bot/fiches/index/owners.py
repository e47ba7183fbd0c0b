"""Questions and passages belong to fiches: the arrays that say to which row, and what is computed along them."""

import numpy as np
from numpy.typing import NDArray

Owners = NDArray[np.int32]
Scores = NDArray[np.float32]


def best_of(scores: Scores, owners: Owners, count: int, floor: float) -> Scores:
    """The best score among what each of *count* fiches owns; *floor* for a fiche that owns nothing."""
    best = np.full(count, floor, dtype=np.float32)
    np.maximum.at(best, owners, scores)
    return best


def soft_sum(cosines: Scores, owners: Owners, count: int) -> Scores:
    """Log of the sum of exp(12 × cosine): several near questions count more than one, as does a very near one."""
    total: Scores = np.bincount(owners, weights=np.exp(cosines * 12), minlength=count).astype(np.float32)
    logs: Scores = np.log(total + 1e-3)
    return logs


def ranges(owners: Owners, count: int) -> list[tuple[int, int]]:
    """Start and stop of what each fiche owns; owners are sorted."""
    starts = np.searchsorted(owners, np.arange(count), side="left")
    stops = np.searchsorted(owners, np.arange(count), side="right")
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
