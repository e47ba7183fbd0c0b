"""« lier 4829 1357 »: the sentences by which a conversation is tied to an aidant, or untied."""

import re

from bot.aidants.service import Aidants
from bot.aidants.views import ClosedAccount, NoOrganisation, TokenRefused

# Possessive: a message is long and anybody may send one.
_LINK = re.compile(
    r"^\W*+(?:re)?lier\b(?: (?:la|cette) conversation| mon compte)?(?: (?:avec|par|à|a))?(?: (?:le|ce|mon))?(?: code)?"
    r"\s*+:?\s*+(?P<code>(?:\d[\s._\-–—]*+){1,20})?\W*+$",
    re.IGNORECASE,
)
_UNLINK = re.compile(r"^\W*+d[ée]lier(?: (?:la |cette )?conversation| (?:mon |ce )?compte)?\W*+$", re.IGNORECASE)
_NO_CODE = (
    "Pour relier cette conversation à votre compte, demandez un code sur la page «\u202fMon compte\u202f», puis écrivez"
    " ici «\u202flier\u202f» suivi de ce code, par exemple «\u202flier 4829 1357\u202f»."
)
_REFUSED = {
    "unknown": "Ce code n'est pas valable. Relisez-le sur la page «\u202fMon compte\u202f», ou demandez-en un autre.",
    "expired": (
        "Ce code n'est plus valable\u202f: il dure 15 minutes. Demandez-en un autre sur la page «\u202fMon"
        " compte\u202f»."
    ),
    "used": "Ce code a déjà servi. Demandez-en un autre sur la page «\u202fMon compte\u202f».",
    "too_many": "Trop d'essais dans cette conversation. Attendez une heure, puis demandez un nouveau code.",
}


class ChatLinking:
    """Hears what ties a conversation to an account; everything else is left to the dialogue."""

    def __init__(self, aidants: Aidants) -> None:
        self._aidants = aidants

    def answer(self, conversation: str, text: str) -> str | None:
        """What to say to *text*; ``None`` when it asks nothing of the kind."""
        if match := _LINK.match(text):
            return self._link(conversation, match["code"]) if match["code"] else _NO_CODE
        if _UNLINK.match(text):
            if self._aidants.unlink_conversation(conversation):
                return "C'est fait\u202f: cette conversation n'est plus reliée à aucun compte."
            return "Cette conversation n'est reliée à aucun compte."
        return None

    def _link(self, conversation: str, code: str) -> str:
        try:
            aidant = self._aidants.link_conversation(conversation, code)
        except TokenRefused as error:
            return _REFUSED[error.reason]
        try:
            organisation = self._aidants.organisation(self._aidants.actor(aidant.id).organisation).name
        except (NoOrganisation, ClosedAccount):
            return (
                "C'est fait, mais votre compte n'est rattaché à aucune structure\u202f: voyez avec votre responsable."
            )
        return (
            "C'est fait\u202f: cette conversation est reliée à votre compte, pour la structure"
            f" «\u202f{organisation}\u202f». Vous pouvez ouvrir, consulter, renouveler et révoquer des mandats. Pour"
            " arrêter, écrivez «\u202fdélier\u202f»."
        )
