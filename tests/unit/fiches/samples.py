"""Invented fiches, shaped like real ones."""

from datetime import date

from bot.demarches import Demarche
from bot.fiches.model import Aspect, Fiche, Link, Origin, Passage

CARTE = Fiche(
    id="F1",
    origin=Origin.SERVICE_PUBLIC,
    title="Carte de pêche perdue",
    url="https://www.service-public.gouv.fr/particuliers/vosdroits/F1",
    updated=date(2026, 3, 1),
    kind="Fiche d'information conditionnée",
    theme="Loisirs",
    dossier="Pêche en rivière",
    description="En cas de perte, vous pouvez demander un duplicata de votre carte de pêche.",
    demarche=Demarche.LOISIRS,
    introduction=("En cas de perte, vous pouvez demander un duplicata de votre carte de pêche.",),
    situations=("En France", "À l'étranger"),
    passages=(
        Passage(
            id="p1",
            aspect=Aspect.PIECES,
            heading="Pièces à fournir",
            situation="En France",
            cases=("Vous êtes majeur",),
            lines=("• Pièce d'identité", "• Déclaration de perte"),
        ),
        Passage(
            id="p2",
            aspect=Aspect.PIECES,
            heading="Pièces à fournir",
            situation="En France",
            cases=("Vous êtes mineur",),
            lines=("• Pièce d'identité d'un parent", "• Livret de famille"),
        ),
        Passage(
            id="p3",
            aspect=Aspect.COUT,
            heading="Coût",
            situation="En France",
            lines=("Le duplicata coûte 12 €.",),
            services=(Link(label="Payer en ligne", url="https://exemple.gouv.fr/payer", kind="téléservice"),),
        ),
        Passage(
            id="p4",
            aspect=Aspect.OU,
            heading="Où faire la demande ?",
            situation="En France",
            lines=("Adressez-vous à une association de pêche.",),
            contacts=(Link(label="Fédération de pêche", url="https://exemple.gouv.fr/federation", kind="contact"),),
        ),
        Passage(
            id="p5",
            aspect=Aspect.PIECES,
            heading="Pièces à fournir",
            situation="À l'étranger",
            lines=("• Passeport",),
        ),
    ),
    services=(Link(label="Demander un duplicata", url="https://exemple.gouv.fr/duplicata", kind="téléservice"),),
)

FERMAGE = Fiche(
    id="F2",
    origin=Origin.SERVICE_PUBLIC,
    title="Louer un étang : quelles sont les règles ?",
    url="https://www.service-public.gouv.fr/particuliers/vosdroits/F2",
    updated=date(2020, 8, 26),
    kind="Fiche Question-réponse",
    theme="Logement",
    dossier="Location",
    description="Le bail d'un étang est écrit. Le loyer est libre.",
    demarche=Demarche.LOGEMENT,
    passages=(
        Passage(
            id="p1",
            aspect=Aspect.AUTRE,
            heading="",
            lines=(
                "Le bail d'un étang est écrit.",
                "Le dépôt de garantie est de 300 € au maximum.",
                "Le propriétaire doit répondre dans un délai de 2 mois.",
            ),
        ),
    ),
)

GUIDE = Fiche(
    id="G-ETANG",
    origin=Origin.GUIDE,
    title="Durée d'un mandat de pêche",
    url="https://exemple.gouv.fr/mandat",
    updated=date(2026, 8, 10),
    kind="Guide",
    introduction=("Un mandat dure un jour, un mois, six mois ou un an.",),
    topics=("duree",),
)
