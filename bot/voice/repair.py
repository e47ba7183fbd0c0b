"""Puts right the words of the trade in what was heard: « r s a », « RSAA », « erre essa » are all « RSA ».

Three general methods, each under strict conditions, and no list of slips: letters said one by one are joined into the
acronym that they spell; a run of capitals that is no known acronym becomes the one it resembles; words that nobody
writes become the term that sounds exactly the same. What people really write (the bank of questions, the lexicon, the
official fiches) is known, and stays as it is.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from bot.fiches.analysis import fold
from bot.voice.phonetics import joined, sound
from bot.voice.vocabulary import UNIQUE_KEY, WORD, Vocabulary, vocabulary

_LETTERS_APART = re.compile(r"(?<![\w'’])[A-Za-z](?:(?:\. ?| ?- ?|, | )[A-Za-z](?![\w'’])){1,7}\.?(?![\w'’])")
_PIECES = re.compile(r"(?<!\w)[A-Z]{1,4}(?:[ .&-]{1,2}[A-Z]{1,4})+(?![\w'’])\.?")
_AFTER_LA = re.compile(r"\b([lL])[a'’] ?([A-Z]{2,5})(?!\w)")
_CAPITALS = re.compile(r"(?<![\w])[A-Z]{3,8}(?![\w])")
_ARTICLE = re.compile(
    r"(?:\b(?:le|la|les|l|du|de|des|d|au|aux|un|une|son|sa|ses|mon|ma|mes|notre|votre|leur|en|à|et|ou|qu)['’ ]\s?)$",
    re.IGNORECASE,
)
_WITHIN = (" ", "-", "'", "’")  # what may stand between the words of one term
_MAX_WINDOW = 4  # words
_MIN_KEY = 4  # sounds: shorter keys are shared by too many words, and are only trusted after an article
_SPELT_KEY = 6  # sounds: a shorter acronym, said letter by letter, sounds like some word (« PEL », « pelle »)
# An acronym is preferred to another that is as near when people write it this many times more often.
_PREFERRED = 5
# A vowel that the transcriber adds is that of a letter's name (« emme, dé » → « MEDEPH »); it drops one letter at most.
_EXTRA_VOWEL, _OTHER = 0.5, 1.0
_MAX_COST = 1.0


def repaired(transcript: str) -> str:
    """*transcript* with the trade's acronyms and names restored; unchanged when nothing is surely wrong.

    Raises:
        EquipierError: the lexicon or the bank of questions cannot be read.
    """
    known = vocabulary()
    text = _PIECES.sub(lambda match: _joined_letters(match, known), transcript)
    text = _LETTERS_APART.sub(lambda match: _joined_letters(match, known), text)
    text = _AFTER_LA.sub(lambda match: _with_its_a(match, known), text)
    text = _CAPITALS.sub(lambda match: _nearest(match.group(), known), text)
    return _by_sound(text, known)


def _joined_letters(match: re.Match[str], known: Vocabulary) -> str:
    """« il a r s a » → « il a RSA »: the longest run of the letters, ended where they end, that is an acronym."""
    heard = match.group()
    pieces = re.findall(r"[A-Za-z]+", heard)
    if all(len(piece) > 1 for piece in pieces) or not (heard.isupper() or heard.islower()):
        return heard
    starts = [found.start() for found in re.finditer(r"[A-Za-z]+", heard)]
    # The point after a dotted acronym ends the sentence only where another sentence, or nothing, follows.
    ends = heard.endswith(".") and re.match(r"\s*$|\s+[A-ZÀÉ]", match.string[match.end() :])
    dot = "." if ends else ""
    for first in range(len(pieces) - 1):
        letters = "".join(pieces[first:]).upper()
        if len(letters) >= 3 and (letters in known.acronyms or letters in known.left):
            return heard[: starts[first]] + letters + dot
    letters = "".join(pieces).upper()
    restored = _nearest(letters, known) if heard.isupper() and len(letters) >= 4 else letters
    return restored + dot if restored != letters else heard


def _with_its_a(match: re.Match[str], known: Vocabulary) -> str:
    """« la PL » → « l'APL »: heard, the article and the first letter are one vowel."""
    heard = match[2]
    if len(heard) > 2 and (heard in known.acronyms or heard in known.left or known.holds(heard)):
        return match.group()
    return f"{match[1]}'A{heard}" if f"A{heard}" in known.acronyms else match.group()


def _nearest(token: str, known: Vocabulary) -> str:
    """The acronym that *token*, in capitals, stands for; itself when it is known, or when nothing is near enough."""
    if token in known.acronyms or token in known.left or known.words[token.lower()]:
        return token
    costs = [(_cost(token, acronym), -count, acronym) for acronym, count in known.acronyms.items()]
    near = sorted(found for found in costs if found[0] <= _MAX_COST)
    if not near:
        return token
    best, *others = near
    rivals = [other for other in others if other[0] <= best[0]]
    sure = all(-best[1] >= _PREFERRED * max(1, -other[1]) for other in rivals)
    return best[2] if sure and -best[1] > 0 else token


def _cost(heard: str, acronym: str) -> float:
    if abs(len(heard) - len(acronym)) > 2 or heard[-1] != acronym[-1]:
        return 9.0
    cost = 0.0
    for edit in Levenshtein.editops(heard, acronym):
        added = edit.tag == "delete" and heard[edit.src_pos] in "AEOI"
        cost += _EXTRA_VOWEL if added else _OTHER
    # With three letters, another one in place of the second leaves too little of the acronym.
    return cost if len(heard) > len(acronym) or len(acronym) > 3 else cost * 2


def _by_sound(text: str, known: Vocabulary) -> str:
    words = list(WORD.finditer(text))
    pieces: list[str] = []
    end = index = 0
    while index < len(words):
        size, shown = next(_sounding(text, words, index, known), (1, None))
        if shown is not None:
            pieces += [text[end : words[index].start()], shown]
            end = words[index + size - 1].end()
        index += size
    return "".join([*pieces, text[end:]])


def _sounding(text: str, words: Sequence[re.Match[str]], index: int, known: Vocabulary) -> Iterator[tuple[int, str]]:
    """The terms that the words from *index* on sound like, with how many words they take, the longest first."""
    for size in range(min(_MAX_WINDOW, len(words) - index), 0, -1):
        window = words[index : index + size]
        if any(text[one.end() : two.start()] not in _WITHIN for one, two in pairwise(window)):
            continue
        key = joined(sound(word.group()) for word in window)
        shown = known.by_sound.get(key)
        if shown is None or "".join(fold(word.group()) for word in window) == fold(shown):
            continue
        if len(key) >= UNIQUE_KEY or _nobody_writes(text, window, known, key=key, shown=shown):
            yield size, shown


def _nobody_writes(text: str, window: Sequence[re.Match[str]], known: Vocabulary, *, key: str, shown: str) -> bool:
    """Whether the window is not what people write, nor a proper name.

    Of an acronym no word may be known: everyday words in a row easily sound like letters (« elle a aimé », « AME »).
    """
    strange = [not known.holds(word.group()) for word in window if len(word.group()) > 1]
    if not any(strange) or (shown.isupper() and not all(strange)):
        return False
    if len(window) == 1 and len(key) < _SPELT_KEY and shown.isupper():
        return False
    after_article = bool(_ARTICLE.search(text[: window[0].start()]))
    if len(key) < _MIN_KEY:
        return after_article and len(window) == 1
    named = any(word.group()[0].isupper() and word.start() > 0 for word in window)
    return after_article or not named
