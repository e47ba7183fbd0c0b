"""Which acronyms are spelt and which are said as words, how letters are named, and which acronyms the trade knows.

Two sources: ``nlu/lexicons/lexique.yml``, for the acronyms that aidants use, and ``data/pronunciations.yml``.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from bot.errors import EquipierError
from bot.fiches.lexicon import LEXICON_PATH

PRONUNCIATIONS_PATH = Path(__file__).with_name("data") / "pronunciations.yml"
# International phonetic alphabet, as espeak-ng writes French.
LETTERS = {
    "A": "a", "B": "be", "C": "se", "D": "de", "E": "ø", "F": "ɛf", "G": "ʒe", "H": "aʃ", "I": "i", "J": "ʒi",
    "K": "ka", "L": "ɛl", "M": "ɛm", "N": "ɛn", "O": "o", "P": "pe", "Q": "ky", "R": "ɛʁ", "S": "ɛs", "T": "te",
    "U": "y", "V": "ve", "W": "dubləve", "X": "iks", "Y": "iɡʁɛk", "Z": "zɛd",
}  # fmt: skip
_VOWELS = "aeiouy"
# Beyond, an unknown run of capitals with vowels is a shouted word rather than an acronym.
_LONGEST_SPELT = 4


@dataclass(frozen=True, slots=True)
class Pronunciations:
    """What ``data/pronunciations.yml`` says; keys in lower case.

    Attributes:
        words: acronyms said as words.
        everyday: ordinary words that sometimes come in capitals.
        said: a spelling that the synthesis reads right.
    """

    words: frozenset[str]
    everyday: frozenset[str]
    said: dict[str, str]


@cache
def pronunciations(path: Path = PRONUNCIATIONS_PATH) -> Pronunciations:
    """Reads the pronunciations.

    Raises:
        EquipierError: the file is missing or malformed.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Pronunciations(
            words=frozenset(document["words"].split()),
            everyday=frozenset(document["everyday"].split()),
            said=dict(document["said"]),
        )
    except (OSError, yaml.YAMLError, KeyError, AttributeError, TypeError) as error:
        raise EquipierError(f"prononciations illisibles : {path.name}") from error


@cache
def trade_acronyms(path: Path = LEXICON_PATH) -> frozenset[str]:
    """The acronyms of the lexicon, in capitals, of three letters or more, single words of plain letters only.

    Raises:
        EquipierError: the lexicon is missing or malformed.
    """
    try:
        # The loader in C reads 1,200 lines in a tenth of a second; the other one takes two.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)["entries"]  # noqa: S506  a safe loader
        forms = [form for entry in entries if entry["kind"] == "sigle" for form in entry["from"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise EquipierError(f"lexique illisible : {path.name}") from error
    return frozenset(form.upper() for form in forms if re.fullmatch(r"[a-z]{3,8}", form))


def is_spelt(token: str) -> bool:
    """Whether *token*, a run of capitals, is said letter by letter (« RSA ») rather than as a word (« CAF »).

    A known acronym is spelt unless people say it as a word. An unknown one is spelt when it is short or cannot be
    pronounced.
    """
    word = token.lower()
    known = pronunciations()
    if word in known.words or word in known.everyday:
        return False
    if token in trade_acronyms():
        return True
    return len(word) <= _LONGEST_SPELT or not any(letter in _VOWELS for letter in word)


def spelt_phonemes(token: str) -> str:
    """*token* letter by letter, said in one breath with the accent on the last one, as French people do."""
    sounds = [LETTERS[letter] for letter in token]
    return " ".join([*sounds[:-1], f"ˈ{sounds[-1]}"])


def in_reading_case(token: str) -> str:
    """A run of capitals as it should be written to be read: « RSA », but « Caf » and « oui »."""
    if is_spelt(token):
        return token
    return token.lower() if token.lower() in pronunciations().everyday else token.capitalize()
