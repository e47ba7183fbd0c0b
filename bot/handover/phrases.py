"""What the person is told of their request, in French; and how a human signs."""

from datetime import datetime

from bot.calendar import PARIS, short_day
from bot.handover.hours import Hours, day_name, hour

BACK_TITLE = "Revenir à l'assistant"
_HOW_TO_CANCEL = "Pour revenir à l'assistant, écrivez «\u202fannuler\u202f»."
_WITHDRAW = "Pour la retirer, écrivez «\u202fannuler ma demande\u202f»."
ASKED = (
    "Votre demande est transmise à un collègue, avec cette conversation\u202f: vous n'avez rien à répéter. La réponse"
    " arrivera ici, ou là d'où vous aurez écrit en dernier. Vous pouvez ajouter des précisions\u202f; d'ici là, je me"
    f" tais. {_HOW_TO_CANCEL}"
)
STILL_THERE = (
    "Votre message est bien arrivé\u202f: il est lu avec votre demande, et un collègue vous répond dès que possible."
    f" {_HOW_TO_CANCEL}"
)
GIVEN_UP = "D'accord, votre demande est retirée. Je suis de nouveau là\u202f: quelle est votre question\u202f?"
SILENT_TOO_LONG = (
    "L'échange avec notre collègue est resté sans suite\u202f: je l'ai clos. Je suis de nouveau là pour vos questions,"
    " et vous pouvez redemander à parler à quelqu'un."
)
_MEANWHILE = "En attendant, je continue de répondre à vos questions."


def ticket(hours: Hours, *, now: datetime) -> str:
    """Nobody is there: the request is kept, and when it will be read."""
    return (
        f"Nos collègues répondent {hours.label} (heure de Paris), sauf les jours fériés. Votre demande est gardée, avec"
        f" cette conversation\u202f: elle sera lue {moment(hours.next_opening(now), now=now)}, et la réponse arrivera"
        f" ici. {_MEANWHILE} {_WITHDRAW}"
    )


def kept_for_later(hours: Hours, *, now: datetime) -> str:
    """Nobody could answer in time: the request stays, and the assistant is back meanwhile."""
    when = "dès que possible" if hours.is_open(now) else moment(hours.next_opening(now), now=now)
    return (
        "Personne n'a encore pu vous répondre, et j'en suis désolé. Votre demande reste gardée\u202f: elle sera lue"
        f" {when}, et la réponse arrivera ici. {_MEANWHILE} Posez de nouveau celle que vous venez d'écrire, si je peux"
        f" vous aider. {_WITHDRAW}"
    )


def taken(first_name: str) -> str:
    """An agent is in charge from now on."""
    return f"{first_name} a pris votre demande et vous répond ici. Je me tais pendant ce temps. {_HOW_TO_CANCEL}"


def handed(first_name: str) -> str:
    """Another agent is in charge from now on."""
    return f"Votre demande est maintenant suivie par {first_name}, qui a toute la conversation sous les yeux."


def closed(first_name: str) -> str:
    """The agent is done, and the assistant is back."""
    return (
        f"{first_name} a terminé cet échange. Je suis de nouveau là\u202f: posez-moi votre prochaine question, ou"
        " redemandez à parler à quelqu'un."
    )


def signed(first_name: str, text: str) -> str:
    """What a human answers; who speaks is in the text, so that every channel shows it."""
    return f"**{first_name} (assistance)\u202f:** {text}"


def moment(opening: datetime, *, now: datetime) -> str:
    """« lundi 30 novembre à partir de 9 h », « aujourd'hui à partir de 9 h »."""
    there, today = opening.astimezone(PARIS), now.astimezone(PARIS).date()
    day = "aujourd'hui" if there.date() == today else f"{day_name(there.date())} {short_day(there.date())}"
    return f"{day} à partir de {hour(there.time())}"
