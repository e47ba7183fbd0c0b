"""What a message is to an open entry, by its words and its intent: an answer, a question, the wish to stop."""

import re

from rasa_sdk import Tracker

from actions.base import text_of
from bot.fiches.analysis import fold
from bot.mandats.lecture import Given
from bot.mandats.saisie import Field, Saisie

RESUME = re.compile(r"\b(?:on reprend|reprend\w*|continu\w+|ou en etait|poursui\w+)\b")
_STOP = re.compile(
    r"^\W*(?:(?:non|ok|bon|finalement|en fait|merci|on|je|veux|prefere|l|le|la|tout|plutot|et|mais)\W+)*"
    r"(?:annul\w*|abandonn\w+|stop|laisse(?:z|r)? tomber|arrete\w*|tant pis)\b"
)
YES = re.compile(
    r"^\W*(?:oui|ouais|ok|okay|d'accord|c'est (?:bon|ca|bien ca|exact)|exact\w*|parfait|vas-y|allez-y|tout a fait"
    r"|bien sur|je confirme|on y va|go|yes|si(?=\W*$|\W+(?:si|elle|il) ))\b"
)
PLAIN_YES = re.compile(r"^\W*(?:oui|ouais|yes|tout a fait|bien sur)\b")
_NO = re.compile(r"^\W*(?:non|nan|nope|pas (?:du tout|encore|tout de suite)|surtout pas)\b")
NONE = re.compile(  # « ni tutelle, ni curatelle, ni sauvegarde ? »
    r"^\W*(?:non\W+|oui\W+)?(?:aucune?(?: des? (?:trois|ces mesures|ca))?|ni l'une? ni l'autre"
    r"|rien(?: du tout| de tout (?:ca|cela)| de ca)?)\W*$"
)
_ASKS = re.compile(
    r"\b(?:est-ce que|est ce que|est-ce qu'|comment|combien|pourquoi|c'est quoi|quelles?|quels?|qu'est-ce)\b"
    r"|^\W*(?:et )?(?:au fait|avant ca|dis-moi)\b"
    r"|^\W*(?:(?:et|mais) )?s(?:i|'il)\b.*\?|\b(?:doit|dois|faut|peut-on|puis-je|on peut)\b.*\?"
)
_QUESTION_MARK = re.compile(r"\?\s*$|\?\s")
_QUESTION_INTENTS = ("question_demarche", "faq_mandat", "demander_")
SHORT_ANSWER = 6  # words: « papiers et logement ? » hesitates, it asks nothing
WAIT = re.compile(
    r"^\W*(?:ok |oui |alors )?(?:attends?|attendez|(?:une|1) (?:minute|seconde)|un instant|deux (?:minutes|secondes)"
    r"|je (?:lui|leur) demande|je (?:verifie|regarde)|je reviens)\b"
)
LOST = re.compile(
    r"^\W*(?:comment ca|c'est[ -]a[ -]dire|pourquoi(?: ca| cette question)?|quoi|hein|explique[rz]?(?:[- ]moi)?"
    r"|je (?:ne )?comprends? (?:pas|rien)(?: la question)?|(?:je n'|j')ai pas compris(?: la question)?)\W*$"
)
NEW_LINK = re.compile(r"\bnouveau lien\b|\blien (?:a )?expire\b|\bautre lien\b")
_COMMANDS = ("revoquer_mandat", "renouveler_mandat", "consulter_mandats", "verifier_mandat")
_OF_A_MANDAT = re.compile(r"\bmandats?\b|\bm-?\d{4}|\[nom\]")
_ANOTHER = re.compile(r"\b(?:nouveau|autre|2e|deuxieme|second) mandat\b|\bun mandat\b.*\[nom\]")
_SMALL_TALK = ("saluer", "remercier", "au_revoir", "aide", "joindre_humain")


def yes_or_no(tracker: Tracker) -> bool | None:
    """What a message says by itself or by its intent; ``None`` when it says neither."""
    folded = fold(text_of(tracker))
    if YES.search(folded):
        return True
    if _NO.search(folded):
        return False
    return {"affirmer": True, "refuser": False, "autres_fiches": False, "signaler_erreur": False}.get(
        intent_of(tracker)
    )


def stops(tracker: Tracker, folded: str, given: Given) -> bool:
    """« Annule », « on arrête là »; not « annule le logement », which only leaves a scope out."""
    if intent_of(tracker) == "annuler" and not given.anything:
        return True
    return _STOP.search(folded) is not None and (not (given.demarches or given.removed) or "mandat" in folded)


def is_interruption(tracker: Tracker, folded: str, given: Given, saisie: Saisie) -> bool:
    """Whether a message asks something, or starts something else, instead of answering."""
    intent = intent_of(tracker)
    if intent == "ouvrir_mandat":
        return _ANOTHER.search(folded) is not None
    if intent in _COMMANDS and (not given.anything or _OF_A_MANDAT.search(folded)):
        return True
    if not given.anything:
        said = yes_or_no(tracker)
        if said is not None and tracker.get_slot("proposition") in ("revocation", "humain"):
            return True  # a « oui » goes to what was proposed last, not to the entry under it
        if said is None and intent in _SMALL_TALK:
            return True
    return _asks_something(folded, intent, given, saisie)


def _asks_something(folded: str, intent: str, given: Given, saisie: Saisie) -> bool:
    if LOST.search(folded):
        return False
    asks = any(intent.startswith(kind) for kind in _QUESTION_INTENTS)
    words = len(folded.split())
    if _ASKS.search(folded):
        return True
    if _QUESTION_MARK.search(folded) and (asks or not given.anything or words > SHORT_ANSWER):
        return True
    return asks and not given.anything and saisie.asked is not Field.DEMARCHES and words >= 4


def intent_of(tracker: Tracker) -> str:
    return str((tracker.latest_message.get("intent") or {}).get("name"))
