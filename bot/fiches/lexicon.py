"""The words of aidants, and the words of the administration for the same things.

One source, ``nlu/lexicons/lexique.yml``, for the search and for the understanding. SMS spellings and misspellings are
replaced in place; acronyms, brands, former and colloquial names add words to a query, and leave the aidant's own.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import CorpusError
from bot.fiches.analysis import fold
from bot.settings import ROOT

LEXICON_PATH = ROOT / "nlu" / "lexicons" / "lexique.yml"
_IN_PLACE = ("sms", "faute")


class Entry(BaseModel):
    """One line of the lexicon.

    Attributes:
        forms: what aidants write.
        to: what the administration writes; for an in-place kind, only the first one serves.
        when: whether the search, the understanding, or both use it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    forms: tuple[str, ...] = Field(alias="from", min_length=1)
    to: tuple[str, ...] = Field(min_length=1)
    kind: Literal["sigle", "service", "familier", "sms", "faute", "ancien_nom"]
    when: Literal["retrieval", "nlu", "both"] = "both"


class Lexicon:
    """Finds the forms in a text: whole words, longest first, whatever the case and the accents."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._added: dict[str, tuple[str, ...]] = {}
        self._replaced: dict[str, str] = {}
        self._opened: dict[str, str] = {}
        for entry in entries:
            if entry.when == "nlu":
                continue
            for form in entry.forms:
                folded = fold(form)
                if folded in self._added or folded in self._replaced:
                    raise CorpusError(f"lexique : forme en double « {form} »", hint="Gardez une seule entrée.")
                if entry.kind in _IN_PLACE:
                    self._replaced[folded] = entry.to[0]
                else:
                    self._added[folded] = entry.to
                if entry.kind == "sigle":
                    self._opened[folded] = entry.to[0]
        self._find_added = _pattern(self._added)
        self._find_replaced = _pattern(self._replaced)
        self._find_opened = _pattern(self._opened)

    @classmethod
    def load(cls, path: Path = LEXICON_PATH) -> "Lexicon":
        """Reads the lexicon.

        Raises:
            CorpusError: missing file, malformed entry or form given twice; the message names it.
        """
        return _load(path)

    def expand(self, text: str) -> tuple[str, ...]:
        """Words and phrases to add to a query on *text*, each once, in the order of the forms found."""
        found = (self._added[match.group()] for match in self._find_added.finditer(fold(text)))
        return tuple(dict.fromkeys(phrase for phrases in found for phrase in phrases))

    def rewrite_sms(self, text: str) -> str:
        """*text* with SMS spellings and misspellings replaced; unchanged, accents and all, when it has none."""
        return _replace(text, self._find_replaced, self._replaced)

    def open_acronyms(self, text: str) -> str:
        """*text* with its acronyms spelt out (« cg perdue » → « carte grise perdue »), for readers of meaning."""
        return _replace(text, self._find_opened, self._opened)


def _replace(text: str, pattern: re.Pattern[str], by: Mapping[str, str]) -> str:
    folded = fold(text)
    if len(folded) != len(text):  # a ligature was opened: offsets no longer match, so give the folded text
        text = folded
    pieces: list[str] = []
    end = 0
    for match in pattern.finditer(folded):
        pieces += [text[end : match.start()], by[match.group()]]
        end = match.end()
    return "".join([*pieces, text[end:]])


def _pattern(forms: Mapping[str, object]) -> re.Pattern[str]:
    longest_first = sorted(map(re.escape, forms), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)" if longest_first else r"(?!)")


@cache
def _load(path: Path) -> Lexicon:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = [Entry.model_validate(entry) for entry in document["entries"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        raise CorpusError(f"lexique illisible : {path.name} ({error})") from error
    return Lexicon(entries)
