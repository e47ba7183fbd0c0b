"""Fiches by their title, for whoever answers in person; the index of the assistant is in another process."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.fiches.analysis import fold, words
from bot.fiches.model import Fiche
from bot.fiches.store import Summary

_SHOWN = 8
_SHORT = 3  # letters: « de », « la », « un »


class ReadsFiches(Protocol):
    """What is asked of ``bot.fiches.store.FicheStore``."""

    def summaries(self) -> list[Summary]:
        """The titles of all fiches."""
        ...

    def several(self, fiche_ids: list[str]) -> list[Fiche]:
        """Some fiches, in that order."""
        ...


@dataclass(frozen=True, slots=True)
class FicheLink:
    """What is put in an answer."""

    id: str
    title: str
    url: str


class FicheFinder:
    """Finds fiches by the words of their title."""

    def __init__(self, fiches: ReadsFiches) -> None:
        self._fiches = fiches

    def search(self, typed: str) -> tuple[FicheLink, ...]:
        """The fiche whose number it is, then those whose title holds most of the words typed; 8 at most.

        « caf » means the Caf rather than a café, and a café rather than the Vacaf.
        """
        wanted = [word for word in words(typed) if len(word) >= _SHORT]
        found = []
        for one in self._fiches.summaries():
            named = one.id.lower() == typed.strip().lower()
            distance = _distance(wanted, one.title)
            if named or distance is not None:
                found.append((not named, distance or (), len(one.title), one.id))
        best = [fiche for *_, fiche in sorted(found)[:_SHOWN]]
        return tuple(FicheLink(fiche.id, fiche.title, fiche.url) for fiche in self._fiches.several(best))


def _distance(wanted: Sequence[str], title: str) -> tuple[int, int, int] | None:
    """How far *title* is from the words *wanted*, to be sorted by; ``None`` when it holds none of them.

    Words that it holds from their beginning count most, then those among them that it holds whole, then those that are
    inside others.
    """
    folded = fold(title)
    held = [word for word in wanted if word in folded]
    if not held:
        return None
    there = words(title)
    begun = [word for word in held if any(one.startswith(word) for one in there)]
    return -len(begun), -sum(word in there for word in begun), -len(held)
