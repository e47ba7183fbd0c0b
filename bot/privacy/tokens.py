"""Words of a message with what their writing says: capital, beginning of a sentence, link to the word before."""

import re
from dataclasses import dataclass

# « l'usager » is two words, « N'Diaye », « M'Barek » and « D'Almeida » are one: in a name both letters are capitals.
_WORD = re.compile(r"[^\W\d_]+(?:[-‐‑'’][^\W\d_]+)*")
_ELISION = re.compile(r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|quelqu)['’]", re.IGNORECASE)
_KEEPS_APOSTROPHE = re.compile(r"(?:[NMO]['’][A-ZÀ-Ý]|D['’][A-ZÀ-Ý][a-zà-ÿ]+$)")
_SENTENCE_END = re.compile(r"[.!?\n:;•]|^\W*$")


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    Attributes:
        word: as written; lower: the same in lower case with a straight apostrophe.
        capital: begins with a capital and the writer uses capitals on purpose (not a text all in capitals).
        gap: what stands between the previous word and this one.
        opens: first word of a sentence, whose capital proves nothing.
    """

    start: int
    end: int
    word: str
    lower: str
    capital: bool
    gap: str
    opens: bool

    @property
    def touches(self) -> bool:
        """Only a space or a hyphen separates it from the word before: both may belong to one name."""
        return self.gap in _TOUCHING


_TOUCHING = frozenset({" ", "\u00a0", "\u202f", "  ", "-", "‑"})


def is_shouting(text: str) -> bool:
    """Whether capitals mean nothing because nearly every letter is one."""
    upper = sum(c.isupper() for c in text)
    lower = sum(c.islower() for c in text)
    return upper > 6 and upper > 2 * lower


def tokenise(text: str) -> list[Token]:
    """The words of *text*, in order; digits, punctuation and hidden characters are gaps."""
    shouting = is_shouting(text)
    tokens: list[Token] = []
    last = 0
    for m in _WORD.finditer(text):
        start, word = m.start(), m.group()
        while (elided := _ELISION.match(word)) and (shouting or not _KEEPS_APOSTROPHE.match(word)):
            start += elided.end()
            word = word[elided.end() :]
        if not word:
            continue
        gap = text[last:start]
        opens = not tokens or _SENTENCE_END.search(_without_abbreviation(tokens[-1], gap)) is not None
        capital = word[0].isupper() and not shouting
        tokens.append(Token(start, start + len(word), word, word.lower().replace("’", "'"), capital, gap, opens))
        last = m.end()
    return tokens


def _without_abbreviation(previous: Token, gap: str) -> str:
    """« M. Diallo » does not begin a sentence at Diallo."""
    rest = gap.removeprefix(".") if len(previous.word) <= 2 or previous.lower in {"mme", "mlle"} else gap
    return rest if rest.strip() else "x"
