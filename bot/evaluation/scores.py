"""Shares, groups and F1: the arithmetic that every measure has in common."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

_One = TypeVar("_One")

Pair = tuple[str, str]  # the right label, the given one


def share(part: float, whole: int) -> float | None:
    """*part* of *whole*, to three decimals; ``None`` of nothing."""
    return round(part / whole, 3) if whole else None


def grouped(items: Iterable[_One], key: Callable[[_One], str]) -> dict[str, list[_One]]:
    """The items by key, the largest group first; those whose key is empty are left out."""
    groups: defaultdict[str, list[_One]] = defaultdict(list)
    for item in items:
        if name := key(item):
            groups[name].append(item)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def label_scores(pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """``n``, ``precision``, ``recall`` and ``f1`` of each right label, by name; to three decimals.

    A label that was never given has a precision of 0.
    """
    wanted = Counter(gold for gold, _ in pairs)
    given = Counter(said for _, said in pairs)
    hits = Counter(gold for gold, said in pairs if gold == said)
    return {
        label: {
            "n": wanted[label],
            "precision": round(hits[label] / given[label], 3) if given[label] else 0.0,
            "recall": round(hits[label] / wanted[label], 3),
            "f1": round(2 * hits[label] / (wanted[label] + given[label]), 3),
        }
        for label in sorted(wanted)
    }


def macro_f1(pairs: Sequence[Pair]) -> float:
    """Mean F1 over the right labels present in *pairs*, to three decimals."""
    wanted = Counter(gold for gold, _ in pairs)
    given = Counter(said for _, said in pairs)
    hits = Counter(gold for gold, said in pairs if gold == said)
    return round(sum(2 * hits[label] / (wanted[label] + given[label]) for label in wanted) / len(wanted), 3)


def confusion(pairs: Iterable[Pair]) -> Mapping[str, Mapping[str, int]]:
    """How often each right label was given which one: right → given → count, both by name."""
    counts = Counter(pairs)
    golds = sorted({gold for gold, _ in counts})
    return {gold: {said: counts[one, said] for one, said in sorted(counts) if one == gold} for gold in golds}
