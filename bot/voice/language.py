"""How likely a sentence is: a model of three words in a row, learnt in two seconds from what people of the trade write.

Kneser-Ney smoothing, interpolated, in tables of a few megabytes. A capitalised word that is nowhere else in lower case
and comes once or twice is a name: the model knows where names stand, not which ones. Any other word that comes once may
be a slip of the pen: it is unknown, as are those that never come.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.voice.texts import trade_texts
from bot.voice.tokens import END, NAME, NUMBER, START, UNKNOWN, Token, plain, sentences

Words = tuple[str, str]
"""The two words before."""

BEGINNING: Words = (START, START)
_DISCOUNT = 0.75
# How many words share what is said of a kind of words; which name it is is not to be guessed, and costs nothing.
_OF_A_KIND = {UNKNOWN: math.log(20_000), NUMBER: math.log(50)}
_RARE = 2  # times at most
_SHIFT = 20  # bits of a word's number: three words make a key of 60 bits
_Keys = NDArray[np.int64]
_Counts = NDArray[np.float64]


class LanguageModel:
    """The probability of each word after the two before it.

    Args:
        texts: what to learn from.

    Attributes:
        words: how often each word comes, names and numbers apart.
        phrases: how often two or three words come in a row, when it is three times or more.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        read = [words for text in texts for words in sentences(text)]
        self._shown = _spellings(read)
        often = Counter(plain(shown) for words in read for shown in words)
        names = {word for word, shown in self._shown.items() if often[word] <= _RARE and shown != word}
        self.words: dict[str, int] = {
            word: count for word, count in often.items() if count > 1 and word not in names and word != NUMBER
        }
        self._ids = ids = {word: place for place, word in enumerate([START, END, NAME, NUMBER, UNKNOWN, *self.words])}
        pairs: Counter[tuple[str, str]] = Counter()
        triples: Counter[tuple[str, str, str]] = Counter()
        for words in read:
            # A name at the beginning of a sentence is known by its other places.
            kinds = (NAME if word in names else word for word in map(plain, words))
            counted = [*BEGINNING, *(word if word in ids else UNKNOWN for word in kinds), END]
            pairs.update(pairwise(counted))
            triples.update(zip(counted, counted[1:], counted[2:], strict=False))
        in_a_row = ((phrase, count) for several in (pairs, triples) for phrase, count in several.items())
        self.phrases: dict[tuple[str, ...], int] = {
            phrase: count for phrase, count in in_a_row if count > _RARE and all(word in self.words for word in phrase)
        }
        self._count(triples)
        self.log = lru_cache(maxsize=200_000)(self._log)

    def token(self, token: Token) -> str:
        """*token* as the model counts it: a capitalised word that it does not know is a name."""
        if token.word in self._ids:
            return token.word
        return NAME if token.named else UNKNOWN

    def shown(self, word: str) -> str:
        """*word*, in lower case, with the capitals that people give it inside a sentence."""
        return self._shown.get(word, word)

    def _count(self, triples: Counter[tuple[str, str, str]]) -> None:
        ids = self._ids
        flat = np.fromiter((ids[word] for triple in triples for word in triple), dtype=np.int64)
        seen = flat.reshape(-1, 3)
        counts = np.fromiter(triples.values(), dtype=np.float64, count=len(triples))
        pairs = (seen[:, 1] << _SHIFT) | seen[:, 2]
        self._after_two = _Followers((seen[:, 0] << 2 * _SHIFT) | pairs, counts)
        # Below, what counts is after how many different words a pair was seen, not how often.
        kinds, places = np.unique(pairs, return_counts=True)
        self._after_one = _Followers(kinds, places.astype(np.float64))
        alone = np.bincount(kinds & ((1 << _SHIFT) - 1), minlength=len(ids)).astype(np.float64)
        kept = np.maximum(alone - _DISCOUNT, 0.0)
        self._alone = (kept + (alone.sum() - kept.sum()) / len(ids)) / alone.sum()

    def _log(self, before: Words, word: str) -> float:
        """The logarithm of the probability of *word* after *before*, all of them as ``token`` gives them."""
        first, second, third = (self._ids[one] for one in (*before, word))
        chance = self._after_one.chance(second, third, float(self._alone[third]))
        return math.log(self._after_two.chance(first << _SHIFT | second, third, chance)) - _OF_A_KIND.get(word, 0.0)


class _Followers:
    """How often each word follows each context, both in sorted tables.

    Args:
        keys: a context, then a word in the last bits; a key may come several times.
    """

    def __init__(self, keys: _Keys, counts: _Counts) -> None:
        self._keys, places = np.unique(keys, return_inverse=True)
        self._counts = np.bincount(places.ravel(), weights=counts).astype(np.float32)
        contexts = self._keys >> _SHIFT
        self._contexts, starts, self._kinds = np.unique(contexts, return_index=True, return_counts=True)
        self._totals = np.add.reduceat(self._counts, starts)

    def chance(self, context: int, word: int, shorter: float) -> float:
        """The probability of *word* after *context*, when it is *shorter* after a shorter one."""
        place = int(self._contexts.searchsorted(context))
        if place == len(self._contexts) or self._contexts[place] != context:
            return shorter
        count = self._count(context << _SHIFT | word)
        spared = _DISCOUNT * int(self._kinds[place]) * shorter
        return (max(count - _DISCOUNT, 0.0) + spared) / float(self._totals[place])

    def _count(self, key: int) -> float:
        place = int(self._keys.searchsorted(key))
        return float(self._counts[place]) if place < len(self._keys) and self._keys[place] == key else 0.0


def _spellings(read: Iterable[Sequence[str]]) -> dict[str, str]:
    """The most frequent spelling of each word inside sentences."""
    best: dict[str, tuple[int, str]] = {}
    for shown, count in Counter(shown for words in read for shown in words[1:]).items():
        best[plain(shown)] = max(best.get(plain(shown), (0, "")), (count, shown))
    return {word: shown for word, (_, shown) in best.items()}


@cache
def trade_language() -> LanguageModel:
    """The model of what comes with the program, learnt once per process."""
    return LanguageModel(trade_texts())
