"""How words are said, one sign for one sound, and how near two ways of saying are.

Sounds that French people do not tell apart in speech are one sign (« é », « è » and « ai »; open and closed « o »).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.voice.acronyms import LETTERS, is_spelt, pronunciations
from bot.voice.espeak import phonemes

_MARKS = re.compile(r"\([a-z-]+\)|[ˈˌː‿_\s-]")
# The nasal vowels are capital letters, as are « ch », « j », « gn » and « r ».
_NASALS = {"ɑ̃": "A", "ɔ̃": "O", "ɛ̃": "I", "œ̃": "I"}
_SIGNS = str.maketrans(
    {"ɛ": "e", "ø": "E", "œ": "E", "ə": "E", "ɔ": "o", "ɑ": "a", "ɡ": "g", "ʁ": "R", "ʃ": "S", "ʒ": "Z", "ɲ": "N",
     "ŋ": "N", "ɥ": "y", "\u0303": None}
)  # fmt: skip
_ELIDED = {"qu": "k", "j": "Z", "c": "s", "jusqu": "Zysk", "lorsqu": "loRsk", "puisqu": "pyisk", "aujourd": "oZuRd"}
# What it costs to hear one sound for another, when less than 1; both ways.
_NEAR = {
    0.25: "eE oO aA AO IA aE oE",
    0.35: "ei Ie IE iy yu uo yE uO",
    0.4: "pb td kg fv sz SZ mn nN",
    0.5: "sS zZ mb nd ij uw yw wa",
}
_SWAPPED = {frozenset(pair): cost for cost, pairs in _NEAR.items() for pair in pairs.split()}
# What it costs to miss a sound, or to add it.
_LOST = {"E": 0.25, "R": 0.7, "l": 0.7, "j": 0.5, "w": 0.5, "y": 0.8, "n": 0.7, "z": 0.7, "t": 0.8}


@lru_cache(maxsize=100_000)
def said(shown: str) -> str:
    """The sounds of one word, an acronym spelt when people spell it; an elided word keeps its apostrophe.

    Raises:
        EquipierError: espeak-ng does not find its voices.
        ImportError: the optional packages are not installed.
    """
    word = shown.lower()
    bare = word.rstrip("'")
    if bare != word and (bare in _ELIDED or len(bare) == 1):
        return _ELIDED.get(bare, bare)
    if len(bare) > 1 and shown.isupper() and shown.isascii() and shown.isalpha() and is_spelt(shown):
        return _signs("".join(LETTERS[letter] for letter in shown))
    return _signs(phonemes(pronunciations().said.get(bare, bare)))


def in_one_breath(words: Iterable[str]) -> str:
    """The sounds of words in a row: one that ends a word and begins the next is heard once."""
    return re.sub(r"(.)\1+", r"\1", "".join(map(said, words)))


@lru_cache(maxsize=200_000)
def distance(one: str, other: str) -> float:
    """What it costs to hear the sounds *one* for *other*: 0 for the same, about 1 for each other sound."""
    before = [0.0]
    for sign in other:
        before.append(before[-1] + _LOST.get(sign, 1.0))
    for sign in one:
        lost = _LOST.get(sign, 1.0)
        row = [before[0] + lost]
        for place, heard in enumerate(other, start=1):
            swapped = 0.0 if sign == heard else _SWAPPED.get(frozenset((sign, heard)), 1.0)
            row.append(min(before[place] + lost, row[place - 1] + _LOST.get(heard, 1.0), before[place - 1] + swapped))
        before = row
    return before[-1]


def _signs(alphabet: str) -> str:
    text = _MARKS.sub("", alphabet)
    for vowel, sign in _NASALS.items():
        text = text.replace(vowel, sign)
    return text.translate(_SIGNS)
