"""What someone who waits for a human says to have the assistant back. Pure."""

import re

from bot.conversations.intake import folded

BACK_BUTTON = "/revenir_assistant"  # what the button « Revenir à l'assistant » stands for
_LONGEST = 10  # words; a longer message is meant for the human
_BACK = re.compile(
    r"^(?:(?:non|ok|merci|finalement|je (?:veux|voudrais|prefere)|on peut|pouvez[ -]vous)[ ,]+)*"
    r"(?:(?:revenir|revenons|retour(?:ner)?|reprendre|reprenez|reprends|repasser)(?: (?:a|vers|avec))?"
    r" (?:l'assistant|le robot|equipier|au robot)"
    r"|(?:annule[rz]?|retire[rz]?|arrete[rz]?) (?:ma|la|cette) demande(?: d'aide)?"
    r"|je ne veux plus (?:parler|attendre)\b.*)$"
)
_CANCEL = re.compile(
    r"^(?:(?:non|ok|finalement|bon|merci)[ ,]+)*"
    r"(?:annule[rz]?|annulation|stop|laisse(?:z|r)? tomber|tant pis|abandonne[rz]?)(?:[ ,]+merci)?$"
)


def wants_assistant(said: str, *, silent: bool) -> bool:
    """Whether *said* gives the request up.

    Args:
        silent: while the assistant is, a bare « annuler » can only mean the request; else it means something else.
    """
    if said == BACK_BUTTON:
        return True
    words = folded(said)
    if len(words.split()) > _LONGEST:
        return False
    return bool(_BACK.match(words) or (silent and _CANCEL.match(words)))
