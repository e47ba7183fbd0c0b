"""What agents type, before it is sent or kept. Pure but for the detector that it is given."""

from typing import Protocol

from bot.handover.views import WrongText
from bot.privacy.pseudonymise import Pseudonymised
from bot.privacy.spans import PiiType

LONGEST = 2000  # characters
LONGEST_TITLE = 80
# An agent may write the address or the telephone of an office, or a name at a desk; never what identifies an usager.
_SENSITIVE = frozenset(
    {
        PiiType.NIR,
        PiiType.IBAN,
        PiiType.NUM_FISCAL,
        PiiType.NUM_ALLOCATAIRE,
        PiiType.CARTE_BANCAIRE,
        PiiType.NUM_PIECE,
        PiiType.DATE_NAISSANCE,
    }
)


class FindsPersonalData(Protocol):
    """What hides personal data, and tells what it hid."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        """*text* with typed placeholders in place of personal data."""
        ...


def checked(text: str, detector: FindsPersonalData | None) -> str:
    """*text* without blanks around it, its lines kept.

    Args:
        detector: finds what may not be sent; ``None`` for what is masked before it is kept.

    Raises:
        WrongText: it is empty, too long, or holds a number that identifies someone.
    """
    said = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    if not said:
        raise WrongText("text", "missing")
    if len(said) > LONGEST:
        raise WrongText("text", "too_long")
    if detector is not None and any(kind in _SENSITIVE for kind, _ in detector.pseudonymise(said).found):
        raise WrongText("text", "sensitive")
    return said


def checked_title(title: str) -> str:
    """*title* on one line.

    Raises:
        WrongText: it is empty or too long.
    """
    said = " ".join(title.split())
    if not said:
        raise WrongText("title", "missing")
    if len(said) > LONGEST_TITLE:
        raise WrongText("title", "too_long")
    return said
