"""Word error rate: two texts compared by what is heard, whatever the way of writing it.

Numbers are compared in words, whatever the case, the punctuation, the hyphens and the names written in one word.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from bot.voice.speakable import spoken

_JOINED_NAME = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z][a-z])")  # « FranceConnect » is heard as two words
_WORD = re.compile(r"\w+")


def heard_words(text: str) -> tuple[str, ...]:
    """The words of *text* as they are heard, in lower case."""
    return tuple(_WORD.findall(spoken(_JOINED_NAME.sub(" ", text)).lower().replace("œ", "oe")))


@dataclass(frozen=True, slots=True)
class Errors:
    """Words to put right, and words that were said."""

    wrong: int
    words: int

    @property
    def rate(self) -> float:
        """The word error rate; it may exceed 1 when more was heard than was said; 0 of nothing."""
        return self.wrong / self.words if self.words else 0.0


def errors(said: str, heard: str) -> Errors:
    """The least number of words to insert, delete or replace in *heard* to obtain *said*."""
    reference = heard_words(said)
    return Errors(Levenshtein.distance(reference, heard_words(heard)), len(reference))


def total(each: Iterable[Errors]) -> Errors:
    """Over a whole set: long texts count for more, as in any word error rate."""
    several = list(each)
    return Errors(sum(one.wrong for one in several), sum(one.words for one in several))
