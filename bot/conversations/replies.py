"""The sentences that the gateway itself says, without the dialogue; each one tells what to do next."""

from datetime import datetime

from bot.calendar import PARIS, french_hour, short_day
from bot.conversations.intake import Reason

_EXCERPT_CHARS = 40

REFUSED: dict[Reason, str] = {
    Reason.EMPTY: (
        "Votre message est vide. Écrivez votre question, par exemple : "
        "« Comment refaire une carte d'identité perdue ? »"
    ),
    Reason.TOO_SHORT: (
        "Une seule lettre ne me suffit pas pour vous comprendre. "
        "Complétez votre question en quelques mots, s'il vous plaît."
    ),
    Reason.EMOJI_ONLY: (
        "Je ne sais pas lire les émojis seuls : écrivez-moi votre question avec des mots.\n"
        "Je trouve la fiche officielle d'une démarche (pièces, coût, délai, où s'adresser) "
        "et je réponds sur les mandats."
    ),
    Reason.TOO_LONG: (
        "Votre message est trop long pour que je le lise en entier ({maximum} caractères au plus). "
        "Résumez la situation en quelques phrases, ou envoyez une question à la fois."
    ),
    Reason.BINARY: (
        "Je n'arrive pas à lire ce message : il ressemble à un fichier. "
        "Écrivez votre question avec des mots, s'il vous plaît."
    ),
    Reason.NO_LETTERS: (
        "Je ne vois pas de mot dans votre message. Écrivez votre question en quelques mots, s'il vous plaît."
    ),
}
KEPT = (
    "Je n'arrive pas à répondre pour le moment. Votre message est gardé : "
    "je vous réponds dès que possible, sans que vous ayez à le renvoyer."
)
EXPIRED = (
    "{heading} je n'ai pas réussi à y répondre en 24 heures, et je ne le garde plus. "
    "Si vous en avez encore besoin, posez votre question de nouveau."
)
CORRECT = (
    "Je n'ai rien fait. Redites votre message, en articulant, ou écrivez-le\u202f: vous pouvez copier ce que j'avais"
    " compris et corriger les mots qui ne vont pas."
)
UNKNOWN_BUTTON = "Ce bouton n'est plus valable. Écrivez votre question, ou choisissez un bouton de ma dernière réponse."


def refusal(reason: Reason, *, max_chars: int) -> str:
    """What a person reads when a message is refused for *reason*."""
    return REFUSED[reason].format(maximum=f"{max_chars:,}".replace(",", "\u202f"))


def late_heading(excerpt: str, *, received_at: datetime, now: datetime) -> str:
    """« Réponse à votre message de 14 h 02 (« Mon usager a perdu… ») : »; the day is said unless it is today's.

    Hours are those of Paris: the French overseas aidant reads the day, and the words, all the same.
    """
    day, hour = received_at.astimezone(PARIS).date(), french_hour(received_at)
    moment = f"de {hour}" if day == now.astimezone(PARIS).date() else f"du {short_day(day)} à {hour}"
    return f"Réponse à votre message {moment} («\u00a0{excerpt}\u00a0»)\u00a0:"


def expired(excerpt: str, *, received_at: datetime, now: datetime) -> str:
    """What is said of a message that could not be answered within its time."""
    return EXPIRED.format(heading=late_heading(excerpt, received_at=received_at, now=now))


def excerpt_of(text: str) -> str:
    """The first words of *text*, about 40 characters, with « … » when some are left out."""
    if len(text) <= _EXCERPT_CHARS:
        return text
    cut = text[:_EXCERPT_CHARS]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"
