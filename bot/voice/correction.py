"""What was probably said, given what was heard: « un commet à corps » is « un commun accord ».

Words in a row may each time be replaced by one to three words that sound alike and that people of the trade write. Of
all the sentences that this gives the likeliest one is kept, and replacing costs something. Numbers are never touched,
nor are acronyms, nor the name that follows « madame » or « monsieur ».
"""

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from bot.voice.acronyms import trade_acronyms
from bot.voice.language import BEGINNING, LanguageModel, Words, trade_language
from bot.voice.repair import repaired
from bot.voice.sounds import distance, in_one_breath
from bot.voice.tokens import END, NAME, NUMBER, Token, tokens

_LONGEST = 4  # words heard
_LONG_ACRONYM = 4  # letters
_SOUNDS = range(2, 17)
_MOST_ALIKE = 25  # replacements of one window
_BEAM = 24
_MOST_CHANGES = 6
_ALONE = frozenset({"à", "a", "y"})
_TITLES = frozenset({"madame", "monsieur", "mme", "mr", "mademoiselle", "maître", "docteur"})
_AMOUNTS = frozenset(
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente quarante "
    "cinquante soixante cent mille premier première".split()
)
_KEPT_AS_HEARD = _AMOUNTS | {NUMBER}
_NEVER_WRITTEN = frozenset({"mme", "mr", "mlle", "dr"})  # for « madame » is as good


@dataclass(frozen=True, slots=True)
class Costs:
    """How much is believed of what was heard; natural logarithms.

    Attributes:
        language: weight of the language model against the ear.
        word: given for each word, for the model alone prefers short sentences.
        change: cost of a replacement.
        unknown: the same, where no word of what was heard is one that people write: its spelling tells nothing.
        sound: cost of each sound that differs.
        name: cost of replacing what was heard as a name.
        foreign: score of each word under which the sentence is about something else, and is left as it was heard.
            Measured: on the words of a telephone exchange, eight wrong changes in a hundred words without it, two with
            it; on questions of the trade it costs nothing.
    """

    language: float = 1.0
    word: float = 2.5
    change: float = 5.0
    unknown: float = 2.0
    sound: float = 7.0
    name: float = 8.0
    foreign: float = -4.5


class Change(NamedTuple):
    """Words to put in the place of *size* tokens, from the token *first* on."""

    first: int
    size: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A sentence.

    Attributes:
        score: how likely it is, against other sentences that may have been said.
    """

    text: str
    score: float


class _Path(NamedTuple):
    score: float
    before: Words
    changes: tuple[Change, ...]


class Corrector:
    """Corrects sentences.

    Raises:
        EquipierError: espeak-ng does not find its voices.
        ImportError: the optional packages are not installed.
    """

    def __init__(self, model: LanguageModel, costs: Costs | None = None) -> None:
        self._model = model
        self._costs = costs or Costs()
        self._acronyms = trade_acronyms()
        self._shown = {
            word: word.upper() if word.upper() in self._acronyms else model.shown(word) for word in model.words
        }
        units = [*((word,) for word in model.words), *model.phrases]
        sounds = [in_one_breath(self._shown[word] for word in unit) for unit in units]
        kept = [place for place, key in enumerate(sounds) if len(key) in _SOUNDS and _is_a_word(units[place])]
        self._units = [units[place] for place in kept]
        self._sounds = [sounds[place] for place in kept]
        self._alike = lru_cache(maxsize=20_000)(self._sounding)

    def correct(self, text: str) -> Correction:
        """The likeliest sentence for *text*, which may be *text* itself."""
        heard = list(tokens(text))
        best = self._likeliest(heard)
        foreign = best.score < self._costs.foreign * len(heard)
        return Correction(text if foreign else self._written(text, heard, best.changes), best.score)

    def _likeliest(self, heard: Sequence[Token]) -> _Path:
        reached: list[dict[Words, _Path]] = [{} for _ in range(len(heard) + 1)]
        reached[0][BEGINNING] = _Path(0.0, BEGINNING, ())
        for place, token in enumerate(heard):
            ahead = list(self._replacements(heard, place))
            for path in heapq.nlargest(_BEAM, reached[place].values()):
                self._reach(reached[place + 1], path, (self._model.token(token),), 0.0, None, ends=token.last)
                if len(path.changes) >= _MOST_CHANGES:
                    continue
                for change, cost in ahead:
                    end = place + change.size
                    self._reach(reached[end], path, change.words, cost, change, ends=heard[end - 1].last)
            reached[place] = {}
        return max(reached[-1].values())

    def _reach(
        self,
        reached: dict[Words, _Path],
        path: _Path,
        words: tuple[str, ...],
        cost: float,
        change: Change | None,
        *,
        ends: bool,
    ) -> None:
        score, before = path.score - cost, path.before
        for word in words:
            score += self._costs.language * self._model.log(before, word) + self._costs.word
            before = (before[1], word)
        if ends:
            score += self._costs.language * self._model.log(before, END)
            before = BEGINNING
        if before not in reached or reached[before].score < score:
            reached[before] = _Path(score, before, (*path.changes, change) if change else path.changes)

    def _replacements(self, heard: Sequence[Token], first: int) -> Iterator[tuple[Change, float]]:
        if first and heard[first].named and heard[first - 1].word in _TITLES:
            return
        for size in range(1, _LONGEST + 1):
            window = heard[first : first + size]
            if len(window) < size or self._kept(window[-1]) or any(token.pause for token in window[:-1]):
                return
            sounds = in_one_breath(token.shown for token in window)
            if len(sounds) not in _SOUNDS:
                continue
            name = self._costs.name if any(self._model.token(token) == NAME for token in window) else 0.0
            as_heard = tuple(token.word for token in window)
            known = any(word in self._model.words for word in as_heard)
            change = name + (self._costs.change if known else self._costs.unknown)
            for words, apart in self._alike(sounds):
                # What would leave a word at an end as it was is the replacement of a shorter window.
                longer = size > 1 and len(words) > 1 and (words[0] == as_heard[0] or words[-1] == as_heard[-1])
                if words != as_heard and not longer:
                    yield Change(first, size, words), change + self._costs.sound * apart

    def _kept(self, token: Token) -> bool:
        """Whether *token* stays as it was heard: a number, or an acronym, known or long."""
        acronym = token.shown.isupper() and (token.shown in self._acronyms or len(token.shown) >= _LONG_ACRONYM)
        return acronym or token.word in _KEPT_AS_HEARD

    def _sounding(self, sounds: str) -> list[tuple[tuple[str, ...], float]]:
        """The words that sound like *sounds*, with how far they are from it."""
        most = 0 if len(sounds) < 3 else 1 if len(sounds) < 5 else 2 if len(sounds) < 8 else 3
        edits = cdist([sounds], self._sounds, scorer=Levenshtein.distance, score_cutoff=most, dtype=np.uint8)[0]
        near = [(distance(sounds, self._sounds[place]), place) for place in np.nonzero(edits <= most)[0].tolist()]
        limit = 0.0 if len(sounds) < 3 else 0.3 * len(sounds)
        found = [(apart, -self._often(place), place) for apart, place in near if apart <= limit]
        return [(self._units[place], apart) for apart, _, place in heapq.nsmallest(_MOST_ALIKE, found)]

    def _often(self, place: int) -> int:
        unit = self._units[place]
        return self._model.phrases[unit] if len(unit) > 1 else self._model.words[unit[0]]

    def _written(self, text: str, heard: Sequence[Token], changes: Sequence[Change]) -> str:
        pieces: list[str] = []
        end = 0
        for change in changes:
            window = heard[change.first : change.first + change.size]
            shown = re.sub(r"' ", "'", " ".join(self._shown[word] for word in change.words))
            if window[0].first and window[0].shown[0].isupper():
                shown = shown[0].upper() + shown[1:]
            pieces += [text[end : window[0].start], shown]
            end = window[-1].end
            elided, was_elided = shown.endswith("'"), window[-1].shown.endswith("'")
            if elided and not was_elided and text[end : end + 1] == " ":
                end += 1
            elif was_elided and not elided:
                pieces.append(" ")
        return "".join([*pieces, text[end:]])


def _is_a_word(unit: tuple[str, ...]) -> bool:
    if _NEVER_WRITTEN.intersection(unit):
        return False
    return len(unit) > 1 or len(unit[0]) > 1 or unit[0] in _ALONE


@cache
def trade_corrector() -> Corrector:
    """The corrector of what comes with the program, made once per process in three seconds.

    Raises:
        EquipierError: as ``Corrector``.
        ImportError: as ``Corrector``.
    """
    return Corrector(trade_language())


@lru_cache(maxsize=64)
def likely(heard: str) -> Correction:
    """*heard* with the words of the trade restored, then as it was probably said.

    Raises:
        EquipierError: as ``Corrector``, or the lexicon or the bank of questions cannot be read.
        ImportError: as ``Corrector``.
    """
    return trade_corrector().correct(repaired(heard))
