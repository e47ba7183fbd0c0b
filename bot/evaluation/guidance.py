"""How often the right fiche comes first, and among the first five."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from bot.evaluation.files import GuidanceItem, p95

Search = Callable[[str], Sequence[str]]
_MRR_DEPTH = 20


def evaluate_guidance(items: Sequence[GuidanceItem], search: Search) -> dict[str, Any]:
    """Scores *search*, which gives fiche ids best first and none when it abstains (an abstention is a miss)."""
    first = five = best = reciprocal = 0.0
    abstained = 0
    milliseconds: list[float] = []
    for item in items:
        started = time.perf_counter()
        found = list(search(item.text))
        milliseconds.append((time.perf_counter() - started) * 1000)
        accepted = {*item.best, *item.ok}
        abstained += not found
        ranks = [rank for rank, fiche in enumerate(found[:_MRR_DEPTH]) if fiche in accepted]
        if ranks:
            first += ranks[0] == 0
            five += ranks[0] < 5
            reciprocal += 1 / (ranks[0] + 1)
            best += found[0] in item.best
    count = len(items)
    return {
        "kind": "guidance",
        "n": count,
        "ok_at_1": round(first / count, 3),
        "ok_at_5": round(five / count, 3),
        "best_at_1": round(best / count, 3),
        "mrr": round(reciprocal / count, 3),
        "abstained": abstained,
        "p95_ms": p95(milliseconds),
    }
