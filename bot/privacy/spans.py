"""A stretch of personal data in a message, and how several finders share one text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MASK = "\x00"


class PiiType(StrEnum):
    """Kinds of personal data; the value is the word between brackets in a placeholder (DESIGN, section 3)."""

    NOM = "NOM"
    DATE_NAISSANCE = "DATE_NAISSANCE"
    NIR = "NIR"
    TELEPHONE = "TELEPHONE"
    EMAIL = "EMAIL"
    ADRESSE = "ADRESSE"
    IBAN = "IBAN"
    NUM_FISCAL = "NUM_FISCAL"
    NUM_ALLOCATAIRE = "NUM_ALLOCATAIRE"
    CARTE_BANCAIRE = "CARTE_BANCAIRE"
    NUM_PIECE = "NUM_PIECE"

    @property
    def placeholder(self) -> str:
        return f"[{self.value}]"


PLACEHOLDER = re.compile(r"\[(?:" + "|".join(PiiType) + r")\]")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters ``start`` (included) to ``end`` (excluded) of a message."""

    start: int
    end: int
    type: PiiType


def hide(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """*text* with the given stretches overwritten: the length stays, so offsets found later remain true."""
    for start, end in spans:
        text = text[:start] + MASK * (end - start) + text[end:]
    return text
