"""The words that tell a name from another word: first names, family names, common words, bodies and places."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from spacy.language import Language
from spacy.strings import get_string_id

_HERE = Path(__file__).parent
_TYPO_MIN_LENGTH = 5
_TYPO_LIKENESS = 84


def fold(word: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in normalize("NFD", word.lower()) if not combining(c))


def _words(path: Path) -> frozenset[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _both_spellings(words: Iterable[str], *, is_word: Callable[[str], bool] = lambda _word: False) -> frozenset[str]:
    """As written and without accents, save what is then another word (Dramé, « drame »).

    The reverse is not allowed: « marié » must not be read as Marie.
    """
    as_written = frozenset(word.lower().replace("’", "'") for word in words)
    bare = frozenset(map(fold, words)) - as_written
    return as_written | frozenset(word for word in bare if not is_word(word))


@dataclass(frozen=True)
class Lexicon:
    """Word lists, all in lower case.

    Attributes:
        french: sorted hashes of the words of the model's dictionary; empty without the model's lemmatiser.
    """

    first_names: frozenset[str]
    ambiguous_first_names: frozenset[str]
    family_names: frozenset[str]
    ambiguous_family_names: frozenset[str]
    trade_words: frozenset[str]
    never_names: frozenset[str]
    famous: tuple[str, ...]
    french: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))

    def is_common(self, word: str) -> bool:
        """Whether *word*, in lower case, is a French word or one of the trade."""
        if word in self.trade_words or self._in_dictionary(word):
            return True
        # The dictionary has few plurals and feminines.
        return any(
            len(word) > len(end) + 2 and word.endswith(end) and self._in_dictionary(word.removesuffix(end))
            for end in ("s", "x", "e", "es")
        )

    def is_misspelt(self, word: str) -> bool:
        """Whether *word*, in lower case, is very close to a word of the trade (« atestation »)."""
        if len(word) < _TYPO_MIN_LENGTH:
            return False
        return (
            process.extractOne(word, self.long_trade_words, scorer=fuzz.ratio, score_cutoff=_TYPO_LIKENESS) is not None
        )

    @property
    def long_trade_words(self) -> tuple[str, ...]:
        return _long_words(self.trade_words)

    def _in_dictionary(self, word: str) -> bool:
        return _is_in(self.french, word)


def _is_in(hashes: NDArray[np.uint64], word: str) -> bool:
    key = np.uint64(get_string_id(word))
    at = int(np.searchsorted(hashes, key))
    return at < hashes.size and bool(hashes[at] == key)


@lru_cache(maxsize=4)
def _long_words(words: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(word for word in words if len(word) >= _TYPO_MIN_LENGTH))


def load_lexicon(nlp: Language | None = None) -> Lexicon:
    """Reads the word lists beside this module, and the dictionary of *nlp*'s lemmatiser when it has one."""
    words = _HERE / "words"
    trade_words = _both_spellings(_words(words / "mots.txt"))
    french = _dictionary(nlp) if nlp is not None else np.empty(0, dtype=np.uint64)
    famous = (words / "lieux_celebres.txt").read_text(encoding="utf-8").splitlines()

    def is_word(word: str) -> bool:
        return word in trade_words or _is_in(french, word)

    return Lexicon(
        first_names=_both_spellings(_words(_HERE / "prenoms.txt"), is_word=trade_words.__contains__),
        ambiguous_first_names=_both_spellings(_words(words / "prenoms_ambigus.txt")),
        family_names=_both_spellings(_words(words / "noms.txt"), is_word=is_word),
        ambiguous_family_names=_both_spellings(_words(words / "noms_ambigus.txt")),
        trade_words=trade_words,
        never_names=_both_spellings(_words(words / "exclus.txt")),
        famous=tuple(fold(line) for line in famous if line and not line.startswith("#")),
        french=french,
    )


def _dictionary(nlp: Language) -> NDArray[np.uint64]:
    """Hashes of every form and lemma: 4 MB, where the lemmatiser's own tables take 150."""
    if "lemmatizer" not in nlp.component_names:
        return np.empty(0, dtype=np.uint64)
    lemmatizer: Any = nlp.get_pipe("lemmatizer")
    lookups = lemmatizer.lookups
    hashes: set[int] = set(lookups.get_table("lemma_lookup", {}))
    words = {word for forms in lookups.get_table("lemma_index", {}).values() for word in forms}
    for exceptions in lookups.get_table("lemma_exc", {}).values():
        for form, lemmas in exceptions.items():
            words.update((form, *lemmas))
    for word in words:
        hashes.add(get_string_id(word))
        # Half of the messages are typed without accents (« recoit »).
        if not word.isascii():
            hashes.add(get_string_id(fold(word)))
    return np.sort(np.fromiter(hashes, dtype=np.uint64, count=len(hashes)))
