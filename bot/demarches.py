"""The ten mandate scopes of Aidants Connect, and the theme of service-public that belongs to each.

Source: Aidants Connect, setting ``DEMARCHES`` (titles and keys); service-public.gouv.fr, the ten themes of the
« particuliers » tree, which the scopes follow one to one.
"""

from enum import StrEnum


class Demarche(StrEnum):
    """A mandate scope; the value is the key used in mandates, in tables and in the API."""

    PAPIERS = "papiers"
    FAMILLE = "famille"
    SOCIAL = "social"
    TRAVAIL = "travail"
    LOGEMENT = "logement"
    TRANSPORTS = "transports"
    ARGENT = "argent"
    JUSTICE = "justice"
    ETRANGER = "etranger"
    LOISIRS = "loisirs"

    @property
    def titre(self) -> str:
        """The title shown to people, as on a mandate."""
        return _TITRES[self]


_TITRES = {
    Demarche.PAPIERS: "Papiers - Citoyenneté - Élections",
    Demarche.FAMILLE: "Famille - Scolarité",
    Demarche.SOCIAL: "Social - Santé",
    Demarche.TRAVAIL: "Travail - Formation",
    Demarche.LOGEMENT: "Logement",
    Demarche.TRANSPORTS: "Transports - Mobilité",
    Demarche.ARGENT: "Argent - Impôts - Consommation",
    Demarche.JUSTICE: "Justice",
    Demarche.ETRANGER: "Étranger - Europe",
    Demarche.LOISIRS: "Loisirs - Sport - Culture",
}

# Identifiers of the top-level themes in the DILA publication (stable across schemas 3.3 and 3.4).
DEMARCHE_OF_THEME = {
    "N19810": Demarche.PAPIERS,
    "N19805": Demarche.FAMILLE,
    "N19811": Demarche.SOCIAL,
    "N19806": Demarche.TRAVAIL,
    "N19808": Demarche.LOGEMENT,
    "N19812": Demarche.TRANSPORTS,
    "N19803": Demarche.ARGENT,
    "N19807": Demarche.JUSTICE,
    "N19804": Demarche.ETRANGER,
    "N19809": Demarche.LOISIRS,
}
