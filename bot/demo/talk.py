"""What the aidants of the demonstration asked the assistant for four weeks, and what became of it. All made up.

The fiches are among those of the mirror; what they say is cut short. Names are masked already, as in any log.
"""

from dataclasses import dataclass

from bot.demarches import Demarche
from bot.demo.story import CLAIRE, HELENE, IDRISS

# Words of the assistant; those of the dialogue are in ``nlu/domain/conversation.yml``.
NOT_UNDERSTOOD = (
    "Je n'ai pas compris. Pouvez-vous le dire autrement, en nommant la démarche ou la situation\u202f? Par exemple"
    "\u202f: «\u202frenouveler une carte d'identité périmée\u202f»."
)
OFF_TOPIC = (
    "Ce sujet n'est pas couvert par les fiches officielles que je consulte, je préfère ne pas répondre. Si c'est une"
    " démarche administrative en France, reformulez-la\u202f; sinon, je peux vous indiquer qui joindre."
)
SORRY = "Merci de le signaler, et désolé pour cette réponse."


@dataclass(frozen=True, slots=True)
class Extract:
    """A passage that is shown; *scope* is the theme of the mandate that it calls for."""

    fiche: str
    title: str
    section: str
    text: str
    scope: Demarche | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message, what was understood, and the answer.

    Attributes:
        shown: what was found; ``None`` when nothing was, or when *told* is the answer.
        told: an answer that comes from no fiche.
        fallback: it was not understood; the intent is only the best guess.
        seconds: how long it was spoken; ``None`` when it was typed.
        ms: how long the answer took; 0 for the usual time.
    """

    text: str
    shown: Extract | None = None
    intent: str = "question_demarche"
    confidence: float = 0.93
    topic: str | None = None
    told: str = ""
    fallback: bool = False
    rating: int | None = None
    reasons: tuple[str, ...] = ()
    comment: str = ""
    seconds: float | None = None
    ms: int = 0


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation.

    Attributes:
        day: working days before today; *minute* after nine, in Paris.
        aidant: place in ``bot.demo.story.MEMBERS``.
    """

    day: int
    minute: int
    aidant: int
    channel: str
    said: tuple[Exchange, ...]


_P, _F, _S, _T, _L = Demarche.PAPIERS, Demarche.FAMILLE, Demarche.SOCIAL, Demarche.TRAVAIL, Demarche.LOGEMENT
_R, _A, _J, _E = Demarche.TRANSPORTS, Demarche.ARGENT, Demarche.JUSTICE, Demarche.ETRANGER

NEW_CARD = Extract(
    "F1341",
    "Carte d'identité d'un majeur\u202f: première demande",
    "Pièces à fournir",
    "• Une photo d'identité de moins de six mois\n• Un justificatif de domicile\n• L'ancienne carte ou le passeport",
    _P,
)
LOST_CARD = Extract(
    "F1344",
    "Carte d'identité d'un majeur\u202f: en cas de perte",
    "Déclaration de perte",
    "La perte se déclare au guichet, en même temps que la demande de la nouvelle carte. Il faut un timbre fiscal.",
    _P,
)
BIRTH = Extract(
    "F1427",
    "Acte de naissance\u202f: demande de copie intégrale ou d'extrait",
    "Démarche",
    "La demande est gratuite, en ligne, par courrier ou à la mairie du lieu de naissance.",
    _P,
)
VITALE = Extract(
    "F265", "Carte Vitale", "En cas de perte ou de vol", "La perte se déclare dans le compte ameli, ou au 36 46.", _S
)
APA = Extract(
    "F10009",
    "Allocation personnalisée d'autonomie (Apa)",
    "Demande",
    "Le dossier se retire auprès du département ou du centre communal d'action sociale.",
    _S,
)
CSS = Extract(
    "F10027",
    "Complémentaire santé solidaire (ex-CMU-C)",
    "Renouvellement",
    "À demander entre 4 et 2 mois avant la fin du droit.",
    _S,
)
ASPA = Extract(
    "F16871",
    "Allocation de solidarité aux personnes âgées (Aspa)",
    "Âge minimum",
    "L'Aspa peut être demandée dès 65 ans, ou plus tôt dans certains cas.",
    _S,
)
AAH = Extract(
    "F12242", "Allocation aux adultes handicapés (AAH)", "Démarche", "La demande se fait auprès de la MDPH.", _S
)
APL = Extract(
    "F12006",
    "Aide personnalisée au logement (APL)",
    "Démarche",
    "La demande se fait en ligne, sur le site de la Caf ou de la MSA.",
    _L,
)
RENT = Extract(
    "F31272",
    "Loyers impayés et expulsion du locataire",
    "Commandement de payer",
    "À la réception du commandement, le locataire doit payer ou demander un délai au juge.",
    _L,
)
HOUSING = Extract(
    "F869",
    "Quelles sont les conditions pour obtenir un logement social\u202f?",
    "Conditions",
    "Il faut séjourner régulièrement en France et ne pas dépasser un plafond de ressources.",
    _L,
)
TAX = Extract(
    "F358",
    "Impôt sur le revenu\u202f: déclaration de revenus annuelle",
    "Comment déclarer\u202f?",
    "La déclaration se fait en ligne\u202f; un formulaire papier reste possible pour qui n'a pas accès à internet.",
    _A,
)
ENERGY = Extract(
    "F33667",
    "Chèque énergie (gaz, chaleur, électricité)",
    "Conditions de ressources",
    "Le droit dépend du revenu fiscal de référence du foyer.",
    _A,
)
DEBTS = Extract(
    "F134",
    "Déposer un dossier de surendettement",
    "Constitution du dossier",
    "Le dossier est gratuit\u202f; il se dépose auprès de la Banque de France.",
    _A,
)
GREY_CARD = Extract(
    "F1050",
    "Carte grise\u202f: immatriculer un véhicule d'occasion",
    "Dans quel délai\u202f?",
    "La démarche est à faire dans le mois qui suit l'achat.",
    _R,
)
STAY = Extract(
    "F2209",
    "Carte de séjour «\u202fvie privée et familiale\u202f» d'un étranger en France",
    "Renouvellement",
    "Le renouvellement se demande entre 4 et 2 mois avant la fin de validité.",
    _E,
)
LAWYER = Extract("F18074", "Aide juridictionnelle", "Demande", "Elle se fait par formulaire, ou en ligne.", _J)
CANTEEN = Extract(
    "F19294",
    "Peut-on obtenir une aide financière pour la cantine scolaire\u202f?",
    "École primaire",
    "La commune peut prévoir un tarif selon les ressources de la famille.",
    _F,
)
WIDOW = Extract(
    "F13104",
    "Pension de réversion - Défunt ayant travaillé dans le privé",
    "Conditions",
    "La pension dépend de l'âge et des ressources du conjoint survivant.",
    _S,
)
BONUS = Extract(
    "F2882", "Prime d'activité\u202f: salarié ou fonctionnaire", "Démarche", "La demande se fait en ligne.", _T
)
HOW_LONG = Extract("G-AC-DUREE", "Durées possibles d'un mandat", "Les durées", "Un jour, un mois, six mois ou un an.")
NO_FRANCECONNECT = Extract(
    "G-AC-SANS-FRANCECONNECT",
    "Usager qui ne peut pas utiliser FranceConnect",
    "Que faire",
    "Certaines démarches restent possibles\u202f: faites le point avec votre référent.",
)

_WEB, _TELEGRAM, _REST = "web", "telegram", "rest"
_PIECES, _COST, _DELAY, _WHERE, _WHO = (f"demander_{one}" for one in ("pieces", "cout", "delai", "ou", "conditions"))

# What the supervisor corrects.
EXPIRED = Exchange(
    "sa carte d'identité est périmée depuis deux ans, quoi fournir",
    LOST_CARD,
    _PIECES,
    0.54,
    rating=-1,
    reasons=("mauvaise_fiche",),
    comment="elle n'est pas perdue, elle est périmée",
)
PENSION = Exchange("pour la réversion de son mari elle a droit ou pas", None, "hors_sujet", 0.34, fallback=True)

_OFF = Exchange("on va y passer la matinée ?", intent="hors_sujet", confidence=0.41, told=OFF_TOPIC)
_BOX = Exchange("comment remettre l'heure sur la box de monsieur [NOM]", confidence=0.58)
_WRONG = Exchange("ce n'est pas la bonne réponse", None, "signaler_erreur", 0.9, told=SORRY)

TALKS = (
    Talk(18, 20, IDRISS, _WEB, (Exchange("comment demander l'APL pour un jeune qui s'installe", APL, rating=1),)),
    Talk(18, 95, HELENE, _WEB, (Exchange("l'usagère a perdu sa carte Vitale", VITALE, confidence=0.96, ms=840),)),
    Talk(17, 40, CLAIRE, _WEB, (Exchange("combien de temps dure un mandat", HOW_LONG, "faq_mandat", 0.98, "duree"),)),
    Talk(
        17, 300, IDRISS, _TELEGRAM, (Exchange("délai pour la carte grise d'une voiture d'occasion", GREY_CARD, _DELAY),)
    ),
    Talk(16, 30, HELENE, _REST, (EXPIRED, _WRONG)),
    Talk(
        16,
        210,
        IDRISS,
        _WEB,
        (
            Exchange("madame [NOM] reçoit un commandement de payer, que faire", RENT, confidence=0.88, ms=910),
            Exchange("elle peut avoir un avocat gratuit ?", LAWYER, confidence=0.71, rating=1, ms=760),
        ),
    ),
    Talk(15, 60, HELENE, _TELEGRAM, (Exchange("dossier apa où le demander", APA, _WHERE, 0.91, seconds=6.2, ms=2140),)),
    Talk(14, 15, IDRISS, _WEB, (_BOX,)),
    Talk(14, 250, HELENE, _WEB, (Exchange("acte de naissance combien ça coûte", BIRTH, _COST, 0.95, rating=1),)),
    Talk(13, 45, CLAIRE, _WEB, (PENSION, Exchange("pension de réversion, conditions", WIDOW, _WHO, 0.86))),
    Talk(13, 180, IDRISS, _REST, (Exchange("renouveler la complémentaire santé solidaire", CSS, confidence=0.97),)),
    Talk(
        12,
        90,
        HELENE,
        _WEB,
        (
            Exchange(
                "monsieur n'a pas de compte FranceConnect",
                NO_FRANCECONNECT,
                "faq_mandat",
                0.89,
                "usager_sans_franceconnect",
            ),
            Exchange(
                "et ça change la durée ?", HOW_LONG, "faq_mandat", 0.62, "duree", rating=-1, reasons=("pas_clair",)
            ),
        ),
    ),
    Talk(11, 30, IDRISS, _TELEGRAM, (Exchange("carte de séjour vie privée, quand la renouveler", STAY, _DELAY, 0.9),)),
    Talk(11, 330, CLAIRE, _WEB, (Exchange("conditions pour un logement social", HOUSING, _WHO, 0.94, rating=1),)),
    Talk(10, 75, HELENE, _WEB, (Exchange("un papi veut l'aspa, à quel âge", ASPA, _WHO, 0.83, ms=1180),)),
    Talk(9, 20, IDRISS, _WEB, (Exchange("déclarer ses revenus sur papier c'est encore possible", TAX, rating=1),)),
    Talk(9, 240, HELENE, _REST, (Exchange("pièces pour une première carte d'identité", NEW_CARD, _PIECES, 0.97),)),
    Talk(8, 50, IDRISS, _WEB, (Exchange("aide pour payer la cantine", CANTEEN, confidence=0.9), _OFF)),
    Talk(
        7,
        35,
        CLAIRE,
        _WEB,
        (
            Exchange(
                "chèque énergie jamais reçu, à qui le réclamer",
                ENERGY,
                _WHERE,
                0.68,
                rating=-1,
                reasons=("incomplet", "perime"),
                comment="dit qui y a droit, pas à qui le réclamer",
            ),
        ),
    ),
    Talk(7, 200, IDRISS, _TELEGRAM, (Exchange("demande d'allocation adulte handicapé", AAH, seconds=4.8, ms=1960),)),
    Talk(6, 280, IDRISS, _WEB, (Exchange("prime d'activité pour un salarié à mi-temps", BONUS, confidence=0.92),)),
    Talk(5, 25, HELENE, _WEB, (Exchange("monter un dossier de surendettement", DEBTS, rating=1, ms=880),)),
    Talk(4, 110, IDRISS, _REST, (Exchange("il a perdu sa carte d'identité", LOST_CARD, confidence=0.95, rating=1),)),
    Talk(3, 70, HELENE, _TELEGRAM, (Exchange("le truc de la caf qui est bloqué", None, _WHERE, 0.29, fallback=True),)),
    Talk(2, 40, IDRISS, _WEB, (Exchange("refaire une carte Vitale volée", VITALE, confidence=0.91, rating=1, ms=700),)),
    Talk(1, 55, HELENE, _WEB, (Exchange("délai pour une carte grise", GREY_CARD, _DELAY, 0.96, ms=540),)),
)
