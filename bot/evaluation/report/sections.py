"""The parts of a report that every kind has: groups of items, and confidence beside truth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bot.evaluation.reliability import Reliability, reliability
from bot.evaluation.report.files import picture_name
from bot.evaluation.report.pictures import draw_reliability
from bot.evaluation.report.wording import number, table

Answers = Sequence[tuple[float, bool]]  # the confidence of an answer, and whether it is right


def headline_table(names: Mapping[str, str], figures: Mapping[str, Any]) -> str:
    """The figures that *names* has a French name for, in its order; times, in milliseconds, to one decimal."""
    rows = [
        [name, number(figures[key], decimals=1 if key.endswith("_ms") else 3)]
        for key, name in names.items()
        if key in figures
    ]
    return table(["mesure", "résultat"], rows)


def groups_section(title: str, names: Mapping[str, str], groups: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A table with a row per group; nothing when the items say nothing of it.

    Args:
        names: score → column header, in order; the first column is headed *title*'s last word.
    """
    if not groups:
        return []
    header = [title.rpartition(" ")[2], *names.values()]
    rows = [[group, *(number(scores[name]) for name in names)] for group, scores in groups.items()]
    return [f"## {title}", table(header, rows)]


class Confidence:
    """How far the confidence of some answers can be believed: its section, its content and its picture."""

    def __init__(self, kind: str, answers: Answers, *, of: str) -> None:
        """Measures *answers*, not empty.

        Args:
            of: what the confidence is about, in French: « la première fiche ».
        """
        self._kind, self._of = kind, of
        self._confidences, self._right = zip(*answers, strict=True)
        self._measured: Reliability = reliability(self._confidences, self._right)

    @property
    def content(self) -> dict[str, Any]:
        return asdict(self._measured)

    @property
    def picture(self) -> Callable[[Path], None]:
        title = f"Confiance dans {self._of}"
        return partial(
            draw_reliability, measured=self._measured, confidences=self._confidences, right=self._right, title=title
        )

    def section(self) -> list[str]:
        rows = [
            [
                number(one.confidence),
                number(one.n),
                number(one.right),
                f"{number(one.low, decimals=2)} à {number(one.high, decimals=2)}",
            ]
            for one in self._measured.bins
        ]
        return [
            "## Confiance",
            f"Écart moyen entre la confiance dans {self._of} et la part de réponses justes (ECE) : "
            f"{number(self._measured.ece)}, sur {len(self._right)} réponses.",
            table(["confiance moyenne", "n", "part juste", "intervalle à 95 %"], rows),
            f"![Confiance annoncée et part de réponses justes]({picture_name(self._kind, 'reliability')})",
        ]
