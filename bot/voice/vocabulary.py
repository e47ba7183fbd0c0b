"""What people of the trade write: the words that a transcript is compared to.

Everything is read from what the search already uses: the bank of questions and the lexicon.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.errors import EquipierError
from bot.fiches.analysis import fold
from bot.settings import ROOT
from bot.voice.acronyms import is_spelt, pronunciations, trade_acronyms
from bot.voice.phonetics import joined, sound, spelt_sound

_DATA = Path(__file__).with_name("data")
_BANK = ROOT / "bot" / "fiches" / "bank"
_LEXICON = ROOT / "nlu" / "lexicons" / "lexique.yml"
WORD = re.compile(r"[^\W\d_]+")
SHORTEST_KEY = 3  # sounds
UNIQUE_KEY = 9  # sounds: nothing else in French sounds like « FranceConnect »
WRITTEN = 2  # times in the bank: a word that comes once there may be a slip of the pen
_TELLING = 4  # letters: a longer word is recognised without its accents


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What people write.

    Attributes:
        words: folded words of the bank, with how often they come, and of the lexicon.
        accented: words of the bank as they are written, in lower case, with how often they come.
        acronyms: in capitals, those that may be restored, with how often people write them.
        left: other acronyms, in capitals, that are real and stay as they are.
        by_sound: what each key stands for, as it should be shown.
    """

    words: Counter[str]
    accented: Counter[str]
    acronyms: dict[str, int]
    left: frozenset[str]
    by_sound: dict[str, str]

    def holds(self, word: str) -> bool:
        """Whether people write *word*; a short one with the same accents, for « cé » is not « ce »."""
        written = self.accented[word.lower()] >= WRITTEN
        return written or ((word.isascii() or len(word) >= _TELLING) and self.words[fold(word)] >= WRITTEN)


@cache
def vocabulary() -> Vocabulary:
    words: Counter[str] = Counter()
    accented: Counter[str] = Counter()
    for text in _bank():
        words.update(re.findall(r"[a-z]+", fold(text)))
        accented.update(WORD.findall(text))
    if not words:
        raise EquipierError("banque de questions vide", hint="Réinstallez Équipier.")
    for word in re.findall(r"[a-z]{2,}", fold(_LEXICON.read_text(encoding="utf-8"))):
        words[word] += WRITTEN
    spoken_as_words = pronunciations().words
    acronyms = {name: words[name.lower()] for name in trade_acronyms()}
    written = sorted((name for name, count in acronyms.items() if count > WRITTEN), key=acronyms.__getitem__)
    by_sound = {spelt_sound(name): name for name in written if is_spelt(name)}  # the most written one wins
    for shown in _lines("trade.txt"):
        by_sound[joined(sound(word) for word in _heard(shown).split(" "))] = shown
    return Vocabulary(
        words=words,
        accented=accented,
        acronyms=acronyms,
        left=frozenset(" ".join(_lines("acronyms.txt")).split()) | {word.upper() for word in spoken_as_words},
        by_sound={key: shown for key, shown in by_sound.items() if len(key) >= SHORTEST_KEY},
    )


def _bank() -> Iterator[str]:
    """The questions, in lower case."""
    for path in sorted(_BANK.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield str(json.loads(line)["text"]).lower().replace("’", "'")


def _heard(word: str) -> str:
    return pronunciations().said.get(word.lower(), word)


def _lines(name: str) -> list[str]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
