"""Replaces personal data by typed placeholders: what is behind the door only ever sees « [NOM] »."""

from dataclasses import dataclass
from typing import Protocol

from bot.privacy.spans import PiiType, Span


class FindsPersonalData(Protocol):
    """What a pseudonymiser needs of a detector."""

    def spans(self, text: str) -> tuple[Span, ...]:
        """Personal data, sorted by position, without overlap."""
        ...


@dataclass(frozen=True)
class Pseudonymised:
    """A message fit to leave the door.

    Attributes:
        text: the message with a placeholder in place of each piece of personal data.
        found: type and original of each placeholder that was put, in reading order; those that stood in the message
            already have no original.
    """

    text: str
    found: tuple[tuple[PiiType, str], ...] = ()


class Pseudonymiser:
    """Hides personal data; a text that was treated once comes back unchanged."""

    def __init__(self, detector: FindsPersonalData) -> None:
        self._detector = detector

    def pseudonymise(self, text: str) -> Pseudonymised:
        """*text* with its personal data replaced; punctuation and spaces around stay as they were."""
        pieces: list[str] = []
        found: list[tuple[PiiType, str]] = []
        last = 0
        for span in self._detector.spans(text):
            pieces += [text[last : span.start], span.type.placeholder]
            found.append((span.type, text[span.start : span.end]))
            last = span.end
        return Pseudonymised("".join([*pieces, text[last:]]), tuple(found))
