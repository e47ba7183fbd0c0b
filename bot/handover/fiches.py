"""Fiches by their title, for whoever answers in person; the index of the assistant is in another process."""

from dataclasses import dataclass
from typing import Protocol

from bot.fiches.analysis import fold
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
        """The fiches whose title holds most of the words typed, or the one whose number it is; 8 at most."""
        words = [word for word in fold(typed).replace("'", " ").split() if len(word) >= _SHORT]
        scored = []
        for one in self._fiches.summaries():
            title = fold(one.title)
            if score := sum(word in title for word in words) + (one.id.lower() == typed.strip().lower()):
                scored.append((-score, len(title), one.id))
        best = [fiche for _, _, fiche in sorted(scored)[:_SHOWN]]
        return tuple(FicheLink(fiche.id, fiche.title, fiche.url) for fiche in self._fiches.several(best))
