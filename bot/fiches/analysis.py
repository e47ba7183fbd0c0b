"""French text analysis for search: folding, elision, stop words, stems, character 4-grams.

The stemmer is Snowball's French one (PyStemmer). Accents are folded before stemming, since aidants leave them out
half of the time; the few stems that folding merges cost less than the matches that it brings.
"""

import re
import unicodedata
from functools import lru_cache

import Stemmer

_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ](?=\w)")
_WORD = re.compile(r"[a-z0-9]+")
_SPACES = re.compile(r"\s+")
_PLACEHOLDER = re.compile(r"\[[A-Z_]+\]")

# Function words, greetings and words for the people at the desk. Question words about time, place or amount, and
# prepositions that change the meaning of a procedure (« sans », « contre », « avant », « après ») stay.
_STOP = frozenset(
    (
        "a ai aie ait as au aura aurait aux avait avec avez avoir avons c ce ceci cela celle celles celui ces cet "
        "cette ceux chez ci comme d dans de des donc du elle elles en es est et etait etant ete etes etre eu eux "
        "fait faire fais faut il ils j je l la le les leur leurs lui m ma me meme mes moi mon n ne nos notre nous "
        "on ont ou par pas pour pr puis qu que quel quelle quelles quels qui s sa se sera serait ses si soi soit "
        "son sont sur t ta te tes toi ton tu un une va vais vont vos votre vous y ya bonjour bjr svp stp merci "
        "madame monsieur mme mr usager usagere dame alors bon ben voila aussi tres bien ca "
    ).split()
)


@lru_cache(maxsize=4_096)
def fold(text: str) -> str:
    """Lower case, no accents, ligatures opened, typographic quotes made plain."""
    lowered = text.lower().replace("œ", "oe").replace("æ", "ae").replace("’", "'").replace("ʼ", "'")
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """The words of *text*, folded, without elided articles, stop words included."""
    return _WORD.findall(_ELISION.sub("", fold(without_placeholders(text))))


def stems(text: str) -> list[str]:
    """The stems of the meaningful words of *text*, in order, repeated words repeated."""
    return [_stem(word) for word in words(text) if word not in _STOP]


def char_ngrams(text: str, size: int = 4) -> list[str]:
    """Character n-grams of each word, with word boundaries marked: they survive spelling mistakes."""
    grams: list[str] = []
    for word in words(text):
        if word in _STOP:
            continue
        padded = f" {word} "
        grams.extend(padded[start : start + size] for start in range(max(1, len(padded) - size + 1)))
    return grams


def without_placeholders(text: str) -> str:
    """*text* without the ``[NOM]``, ``[NIR]``… that stand for personal data: they say nothing of the procedure."""
    return _PLACEHOLDER.sub(" ", text)


def squeeze(text: str) -> str:
    """*text* with every run of white space made one space."""
    return _SPACES.sub(" ", text).strip()


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    stemmed: str = _STEMMER.stemWord(word)
    return stemmed


_STEMMER = Stemmer.Stemmer("french")
