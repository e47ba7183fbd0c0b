"""The messages on which the assistant is measured: it must never learn from one of them, nor from most of one."""

import json
import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

from bot.errors import EquipierError
from bot.fiches.analysis import fold
from bot.settings import ROOT

SETS = ("tests/eval/*.jsonl", "nlu/validation/*.jsonl", "bot/fiches/validation/*.jsonl")
_RUN = 6  # words in a row that two messages seldom share by chance
_MOST = 0.6
_Words = tuple[str, ...]


class HeldOut:
    """Recognises what is in the evaluation sets, the same or most of it word for word."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._whole: set[_Words] = set()
        self._holding: dict[_Words, list[_Words]] = {}
        for text in texts:
            words = _plain(text)
            self._whole.add(words)
            for run in _runs(words):
                self._holding.setdefault(run, []).append(words)

    @classmethod
    def of_project(cls, root: Path = ROOT) -> "HeldOut":
        """Those of the project.

        Raises:
            EquipierError: a set cannot be read, or there is none: nothing must be learnt then.
        """
        paths = sorted(path for pattern in SETS for path in root.glob(pattern))
        texts: list[str] = []
        for path in paths:
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
                texts += [str(text) for line in lines if line.strip() and (text := json.loads(line).get("text"))]
            except (OSError, ValueError, AttributeError) as error:
                raise EquipierError(f"jeu d'évaluation illisible : {path.name}") from error
        if not texts:
            raise EquipierError("aucun jeu d'évaluation : rien ne peut être appris sans risque de fausser les mesures")
        return cls(texts)

    def holds(self, text: str) -> bool:
        """Whether *text* is one of them, case, accents and punctuation apart, or shares most of one."""
        words = _plain(text)
        if words in self._whole:
            return True
        return any(_copied(words, item) for run in _runs(words) for item in self._holding.get(run, ()))


def _plain(text: str) -> _Words:
    return tuple(re.findall(r"\w+", fold(text)))


def _runs(words: _Words) -> set[_Words]:
    return {words[start : start + _RUN] for start in range(len(words) - _RUN + 1)}


def _copied(words: _Words, item: _Words) -> bool:
    longest = SequenceMatcher(None, words, item, autojunk=False).find_longest_match().size
    return longest >= _MOST * min(len(words), len(item))
