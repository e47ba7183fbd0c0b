"""Why a voice note or a spoken answer is refused, and what the person reads instead."""

from collections.abc import Mapping
from typing import Literal, get_args

from bot.errors import EquipierError

Reason = Literal[
    "off",
    "busy",
    "failed",
    "too_long",
    "too_heavy",
    "silence",
    "noise",
    "wrong_format",
    "truncated",
    "too_long_text",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

# Each sentence says what happened, then what to do.
_LISTENING: Mapping[Reason, str] = {
    "off": "La dictée vocale n’est pas disponible en ce moment. Écrivez votre message au clavier.",
    "busy": "Trop de messages vocaux arrivent en ce moment. Renvoyez le vôtre dans une minute, ou écrivez-le.",
    "failed": "Je n’ai pas pu écouter votre message vocal. Renvoyez-le, ou écrivez votre question.",
    "too_long": "Votre message vocal dépasse 2 minutes. Dites l’essentiel en un message plus court, ou en plusieurs.",
    "too_heavy": "Ce fichier dépasse 10 Mo. Envoyez un message vocal de 2 minutes au plus.",
    "silence": "Je n’ai rien entendu. Vérifiez que le micro est activé, puis parlez près de lui.",
    "noise": "J’entends du bruit ou de la musique, mais pas de parole. Recommencez dans un endroit plus calme, "
    "ou écrivez votre question.",
    "wrong_format": "Je ne sais pas lire ce fichier. Envoyez un message vocal enregistré avec le micro, "
    "ou un fichier OGG, WebM, MP4, MP3 ou WAV.",
    "truncated": "Votre message vocal est arrivé incomplet : il en manque la fin. Renvoyez-le en entier.",
    "too_long_text": "Ce message est trop long. Raccourcissez-le.",
}
_SPEAKING: Mapping[Reason, str] = {
    "off": "La lecture à voix haute n’est pas disponible en ce moment. La réponse reste à lire à l’écran.",
    "busy": "Trop de lectures à voix haute sont demandées en ce moment. Réessayez dans une minute.",
    "failed": "Je n’ai pas pu lire cette réponse à voix haute. Elle reste à lire à l’écran.",
    "too_long_text": "Cette réponse est trop longue pour être lue à voix haute. Lisez-la à l’écran.",
    "silence": "Cette réponse ne contient rien à lire à voix haute.",
}


class VoiceRefused(EquipierError):
    """The voice service did not do what was asked.

    Args:
        reason: one of ``REASONS``.
        speaking: whether a spoken answer was asked; ``False`` when it was to listen.

    Attributes:
        sentence: what to tell the person, in French.
    """

    def __init__(self, reason: Reason, *, speaking: bool = False) -> None:
        super().__init__(f"voice refused: {reason}")
        self.reason: Reason = reason
        self.speaking = speaking
        self.sentence = (_SPEAKING if speaking else _LISTENING).get(reason) or _LISTENING[reason]
