"""What a conversation is told of its mandates. A name never goes there: channels are not ours."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from bot.calendar import french_moment
from bot.clock import Clock
from bot.conversations.messages import Button, Reply
from bot.conversations.outbox import post
from bot.demarches import Demarche
from bot.mandats.rules import Duration
from bot.mandats.views import MandatView


def sealed(clock: Clock) -> Callable[[Session, MandatView], None]:
    """Tells, in the transaction of the seal, the conversation that prepared the mandate."""

    def tell(session: Session, mandat: MandatView) -> None:
        if mandat.conversation is not None:
            post(session, mandat.conversation, [sealed_reply(mandat)], now=clock.now())

    return tell


def sealed_reply(mandat: MandatView) -> Reply:
    """« C'est fait : le mandat M-2026-0042-K7 est scellé… »."""
    text = (
        f"C'est fait\u202f: le mandat **{mandat.reference}** est scellé.\n"
        f"• Démarches\u202f: {scopes(mandat.open_demarches)}\n"
        f"• Valable jusqu'au {french_moment(mandat.expires_at)}\n"
        "Imprimez l'attestation en deux exemplaires\u202f: un pour l'usager, un pour votre structure."
    )
    return Reply(
        text, (Button("Voir ce mandat", f'/consulter_mandats{{"reference": "{mandat.reference}"}}'),), custom(mandat)
    )


def reminder(mandat: MandatView) -> Reply:
    """« Le mandat M-2026-0042-K7 prend fin dans 7 jours… »."""
    left = "demain" if mandat.days_left <= 1 else f"dans {mandat.days_left} jours"
    text = (
        f"Le mandat **{mandat.reference}** ({scopes(mandat.open_demarches)}) prend fin {left}, "
        f"le {french_moment(mandat.expires_at)}. Si l'usager en a encore besoin, renouvelez-le avec lui\u202f: "
        "il faudra une nouvelle signature."
    )
    return Reply(
        text, (Button("Renouveler", f'/renouveler_mandat{{"reference": "{mandat.reference}"}}'),), custom(mandat)
    )


def custom(mandat: MandatView, *, secure_url: str | None = None) -> dict[str, Any]:
    """The ``custom`` object of a mandate answer (DESIGN section 5)."""
    return {
        "type": "mandat",
        "reference": mandat.reference,
        "status": mandat.status.value,
        "demarches": [scope.demarche.value for scope in mandat.scopes],
        "expires_at": mandat.expires_at.isoformat(),
    } | ({"secure_url": secure_url} if secure_url else {})


def draft_custom(demarches: Sequence[Demarche], duration: Duration, *, secure_url: str) -> dict[str, Any]:
    """The same for a draft, which has no reference and no end yet."""
    return {
        "type": "mandat",
        "reference": None,
        "status": "draft",
        "demarches": [demarche.value for demarche in demarches],
        "duration": duration.value,
        "expires_at": None,
        "secure_url": secure_url,
    }


def scopes(demarches: Sequence[Demarche]) -> str:
    """« Papiers - Citoyenneté - Élections, Logement »."""
    return ", ".join(demarche.titre for demarche in demarches)
