"""« lier 4829 1357 »: the sentences by which a conversation is tied to an aidant, or untied."""

import re
from datetime import datetime

from bot.aidants.service import Aidants
from bot.aidants.views import ClosedAccount, NoMandates, NoOrganisation, TokenRefused
from bot.conversations.places import Places, PlaceView

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


_ON_THE_WEB = (
    "Ici, il n'y a pas de code à écrire\u202f: connectez-vous, et cette conversation sera la vôtre, ici comme sur vos"
    " autres appareils. Le code sert dans Telegram."
)
_SIGN_OUT = "Ici, il suffit de vous déconnecter."
_NOT_LINKED = "Cette conversation n'est reliée à aucun compte."
_UNLINKED = "C'est fait\u202f: cette conversation n'est plus reliée à aucun compte."
# Channels of single persons, who hold their own conversation there; a program speaks for many, each in its own.
_PERSONAL = frozenset({"telegram"})
_WEB = "web"


class ChatLinking:
    """Hears what ties a conversation to an account; everything else is left to the dialogue.

    Args:
        places: moves a person's place to their own conversation.
    """

    def __init__(self, aidants: Aidants, places: Places) -> None:
        self._aidants = aidants
        self._places = places

    def answer(self, place: PlaceView, text: str, *, now: datetime) -> str | None:
        """What to say to *text*; ``None`` when it asks nothing of the kind."""
        if match := _LINK.match(text):
            if place.channel == _WEB:
                return _ON_THE_WEB
            return self._link(place, match["code"], now) if match["code"] else _NO_CODE
        if _UNLINK.match(text):
            return _SIGN_OUT if place.channel == _WEB else self._unlink(place, now)
        return None

    def holds(self, place: PlaceView) -> bool:
        """Whether the aidant whose own conversation *place* holds may speak in it; their link is made if need be."""
        return place.aidant is not None and self._aidants.own_conversation(place.conversation, place.aidant)

    def _link(self, place: PlaceView, code: str, now: datetime) -> str:
        conversation = place.conversation
        if place.aidant is not None:  # the conversation of someone, whom the code may not be of
            conversation = self._places.blank(place.channel, now=now)
        try:
            aidant = self._aidants.link_conversation(conversation, code, tried_in=place.conversation)
        except TokenRefused as error:
            return _REFUSED[error.reason]
        if place.channel in _PERSONAL:
            self._settle(place, conversation, aidant.id, now)
        try:
            organisation = self._aidants.organisation(self._aidants.actor(aidant.id).organisation).name
        except NoMandates:
            return (
                "C'est fait\u202f: cette conversation est reliée à votre compte. Dans votre structure, vous répondez"
                " aux demandes d'aide\u202f: les mandats ne vous y sont pas ouverts. Pour arrêter, écrivez"
                " «\u202fdélier\u202f»."
            )
        except (NoOrganisation, ClosedAccount):
            return (
                "C'est fait, mais votre compte n'est rattaché à aucune structure\u202f: voyez avec votre responsable."
            )
        return (
            "C'est fait\u202f: cette conversation est reliée à votre compte, pour la structure"
            f" «\u202f{organisation}\u202f». Vous pouvez ouvrir, consulter, renouveler et révoquer des mandats. Pour"
            " arrêter, écrivez «\u202fdélier\u202f»."
        )

    def _settle(self, place: PlaceView, conversation: str, aidant: str, now: datetime) -> None:
        """The place holds the aidant's own conversation; what was said there before an account is left behind."""
        joined = self._places.join(place.id, aidant, conversation=conversation, now=now)
        if joined.conversation != conversation:
            self._aidants.unlink_conversation(conversation)
            self._aidants.own_conversation(joined.conversation, aidant)

    def _unlink(self, place: PlaceView, now: datetime) -> str:
        if place.aidant is not None:
            self._places.leave(place.id, now=now)
            self._aidants.left_conversation(place.conversation, place.aidant, channel=place.channel)
            return _UNLINKED
        return _UNLINKED if self._aidants.unlink_conversation(place.conversation) else _NOT_LINKED
