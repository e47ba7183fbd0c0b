"""How a French word sounds, roughly: two spellings with the same key are said alike, or nearly.

Rules of spelling applied in order, enough for the mishearings of a transcriber (« serfa », « cerfa »); it is no
dictionary. Vowels that people confuse are merged (é/è/ai, o/au, an/en, in/un), as are double letters.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.fiches.analysis import fold

# How the name of a letter is written by who only hears it.
LETTER_SOUNDS = {
    "a": "a", "b": "be", "c": "se", "d": "de", "e": "e", "f": "ef", "g": "je", "h": "aS", "i": "i", "j": "ji",
    "k": "ka", "l": "el", "m": "em", "n": "en", "o": "o", "p": "pe", "q": "ku", "r": "er", "s": "es", "t": "te",
    "u": "u", "v": "ve", "w": "dublve", "x": "iks", "y": "igrek", "z": "zed",
}  # fmt: skip
_ACUTE = str.maketrans({"é": "E", "è": "E", "ê": "E", "ë": "E", "ç": "s", "É": "E", "È": "E", "Ê": "E", "Ç": "s"})
_RULES = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"eau|au", "o"),
        (r"ph", "f"),
        (r"[sc]h|sch", "S"),
        (r"gn", "ny"),
        (r"qu?", "k"),
        (r"ck|ch(?=[rl])", "k"),
        (r"c(?=[eiyE])", "s"),
        (r"c", "k"),
        (r"x", "ks"),
        (r"ge(?=[aou])", "j"),
        (r"g(?=[eiyE])", "j"),
        (r"gu(?=[eiyE])", "g"),
        (r"(?<=[aeiouyE])s(?=[aeiouyE])", "z"),
        (r"ss|th", "s"),
        (r"oi", "wa"),
        (r"ou", "U"),
        (r"(?:ai|ei|ay|ey)(?!n)", "E"),
        (r"(?:er|ez|et)$", "E"),
        (r"h", ""),
        (r"(?<=[^aeiouyEU])es?$|(?<=[aeiouyEU])es?$|(?<=[aeiouyEUn])[tdpsxz]+$", ""),
        (r"E|e(?=[^aeiouyEU]{2})", "e"),
        (r"(.)\1+", r"\1"),
    )
]


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """The key of one word, without elision; a single letter counts for its name."""
    key = _folded(word)
    if len(key) == 1:
        return LETTER_SOUNDS.get(key.lower(), key)
    for pattern, heard in _RULES:
        key = pattern.sub(heard, key)
    return key


def spelt_sound(acronym: str) -> str:
    """The key of an acronym said letter by letter, as ``sound`` gives that of the words it may be mistaken for."""
    return joined(LETTER_SOUNDS[letter] for letter in acronym.lower())


def joined(keys: Iterable[str]) -> str:
    """The key of words said in one breath: a sound that ends one and begins the next is heard once."""
    return re.sub(r"(.)\1+", r"\1", "".join(keys))


def _folded(word: str) -> str:
    """Lower case, without accents except that of « é », which is heard where « e » is mute."""
    return "".join(part if part == "E" else fold(part) for part in re.split(r"(E)", word.lower().translate(_ACUTE)))
