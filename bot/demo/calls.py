"""The requests to speak to someone of the demonstration, and the replies that are written once for all. All made up.

One waits, one is being answered, one was, and one was asked in the evening, when nobody is there.
"""

from dataclasses import dataclass

from bot.demo.story import CLAIRE, HELENE, IDRISS
from bot.handover.views import Reason


@dataclass(frozen=True, slots=True)
class Step:
    """What happens *after* minutes from the request.

    Attributes:
        kind: ``told`` (by the aidant), ``claimed``, ``replied``, ``noted``, ``closed``, or ``fetched`` by the aidant.
    """

    after: int
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request.

    Attributes:
        aidant: place in ``bot.demo.story.MEMBERS``.
        before: what they asked the assistant two minutes earlier, and it did not understand.
        ago: minutes before now, moved back to office hours.
        day: working days before today, instead of *ago*; in the morning.
        evening: the evening before today, instead of both.
    """

    aidant: int
    channel: str
    before: str
    text: str
    reason: Reason = Reason.ASKED
    ago: int = 0
    day: int = 0
    evening: bool = False
    steps: tuple[Step, ...] = ()


CALLS = (
    Call(
        HELENE,
        "web",
        "la Caf dit que le dossier de madame est incomplet sans dire quelle pièce",
        "je voudrais parler à quelqu'un",
        day=6,
        steps=(
            Step(6, "claimed"),
            Step(
                11,
                "replied",
                "La pièce demandée est affichée dans le compte Caf, rubrique «\u202fMes démarches\u202f».",
            ),
            Step(13, "fetched"),
            Step(15, "told", "trouvé, il manquait l'attestation de loyer, merci"),
            Step(19, "noted", "Cas fréquent\u202f: ajouter cette réponse à celles qui sont toutes prêtes."),
            Step(21, "closed"),
            Step(22, "fetched"),
        ),
    ),
    Call(
        CLAIRE,
        "web",
        "la préfecture rejette le dossier parce que le mandat est expiré depuis hier",
        "est-ce que quelqu'un peut me répondre demain matin",
        evening=True,
    ),
    Call(
        HELENE,
        "web",
        "comment contester un trop-perçu quand le courrier est revenu",
        "parler à quelqu'un",
        reason=Reason.BUTTON,
        ago=55,
        steps=(
            Step(4, "claimed"),
            Step(
                9, "replied", "De quand date le courrier\u202f? Le délai pour contester court à partir de sa réception."
            ),
            Step(10, "fetched"),
            Step(16, "told", "il est daté d'il y a trois semaines, madame [NOM] ne l'a vu qu'hier"),
        ),
    ),
    Call(
        IDRISS,
        "telegram",
        "monsieur a deux numéros de sécu, lequel mettre",
        "passez-moi un collègue",
        reason=Reason.NOT_UNDERSTOOD,
        ago=16,
        steps=(Step(3, "told", "il est encore avec moi, il repasse demain sinon"),),
    ),
)

CANNED = (
    (
        "Pièce manquante à la Caf",
        "La pièce attendue est affichée dans le compte Caf, rubrique «\u202fMes démarches\u202f». Si rien n'y figure,"
        " le mieux est de prendre rendez-vous au point d'accueil.",
    ),
    (
        "Usager sans FranceConnect",
        "Le mandat peut se faire sans FranceConnect dans certains cas\u202f: voyez d'abord avec votre référent, et"
        " gardez la trace de ce qui a été essayé.",
    ),
    (
        "Je vérifie et je reviens vers vous",
        "Merci de votre question. Je vérifie auprès de l'organisme et je vous réponds ici dans la journée.",
    ),
)
