"""Finds personal data in a message, before anything else reads it."""

import ctypes
import gc
from collections.abc import Callable, Sequence
from contextlib import suppress

import spacy
from spacy.language import Language

from bot.privacy.addresses import addresses
from bot.privacy.contacts import emails, help_desks, telephones
from bot.privacy.dates import birth_dates
from bot.privacy.documents import allocataires, harmless, pieces
from bot.privacy.lexicon import Lexicon, load_lexicon
from bot.privacy.names import NameFinder
from bot.privacy.numbers import bank_cards, ibans, nirs_and_fiscal
from bot.privacy.spans import Span, hide

_MODEL = "fr_core_news_md"
# The recogniser refuses a million characters; messages hold 2,000, and a longer text is read in slices.
_SLICE = 20_000
_FIRST = "J'accompagne madame Exemple, née le 3 mai 1970."  # the first message takes a second more than the next

# In order of proof: each finder sees the text without what the previous ones took.
_NUMBERS: tuple[Callable[[str], list[Span]], ...] = (
    emails,
    ibans,
    bank_cards,
    nirs_and_fiscal,
    pieces,
    telephones,
    allocataires,
)


class Detector:
    """Finds the personal data of one message. Never raises, whatever the text.

    Args:
        nlp: a pipeline with the entity recogniser; its lemmatiser, even disabled, lends its dictionary.
        lexicon: word lists; by default those of this package with the dictionary of *nlp*.
    """

    def __init__(self, nlp: Language, *, lexicon: Lexicon | None = None) -> None:
        self._nlp = nlp
        self._names = NameFinder(lexicon or load_lexicon(nlp))

    def spans(self, text: str) -> tuple[Span, ...]:
        """Personal data of *text*, sorted, without overlap; offsets in characters."""
        # Lone surrogates cannot be encoded, and the masking character must not come from outside.
        text = "".join("\ufffd" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in text)
        found: list[Span] = []
        rest = hide(text, [*harmless(text), *help_desks(text)])
        for finder in _NUMBERS:
            rest = _collect(finder(rest), rest, found)
        dates = birth_dates(rest)
        without_dates = hide(rest, [(span.start, span.end) for span in dates])
        homes = _without_overlap(addresses(without_dates))
        without_homes = hide(without_dates, [(span.start, span.end) for span in homes])
        names = self._names.spans(without_homes, recognised=self._persons(text))
        rest = _collect([*dates, *homes, *names], rest, found)
        _collect(birth_dates(rest, names=names), rest, found)
        return tuple(sorted(found))

    def _persons(self, text: str) -> list[tuple[int, int]]:
        persons = []
        for offset in range(0, len(text), _SLICE):
            doc = self._nlp(text[offset : offset + _SLICE])
            persons += [(offset + e.start_char, offset + e.end_char) for e in doc.ents if e.label_ == "PER"]
        return persons


def load_detector() -> Detector:
    """The detector of production: French model, entity recogniser only (about 5 s and 350 MB)."""
    # The recogniser has vectors of its own: those of ``tok2vec``, for the taggers, would take a third of the time.
    unused = ["tok2vec", "parser", "attribute_ruler", "senter", "morphologizer"]
    nlp = spacy.load(_MODEL, exclude=unused, disable=["lemmatizer"])
    lexicon = load_lexicon(nlp)
    nlp.remove_pipe("lemmatizer")
    detector = Detector(nlp, lexicon=lexicon)
    detector.spans(_FIRST)
    _give_memory_back()
    return detector


def _give_memory_back() -> None:
    """Returns to the system what only the loading needed, 150 MB; glibc keeps it otherwise, and others have no word."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _collect(spans: Sequence[Span], text: str, found: list[Span]) -> str:
    kept = _without_overlap(spans)
    found += kept
    return hide(text, [(span.start, span.end) for span in kept])


def _without_overlap(spans: Sequence[Span]) -> list[Span]:
    """The longest of those that overlap; between equals, the first given."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: s.start - s.end):
        if span.end > span.start and all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return kept
