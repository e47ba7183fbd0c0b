"""The register of processing activities: what is done with personal data, why, for how long, and how it is protected.

Source: article 30 of the GDPR, and the model of register of the CNIL. Each structure is the controller of its mandates;
whoever runs the service is its processor (article 28). The durations are those of the settings, so that the register
says what is done.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.mandats.drafts import KEPT_FOR as DRAFT_KEPT_FOR
from bot.privacy.vault import KEPT_FOR as ORIGINALS_KEPT_FOR
from bot.settings import Settings

_BOM = "\ufeff"  # without it, Excel takes accents for something else
_HEADERS = (
    "Traitement",
    "Finalité",
    "Base légale",
    "Personnes concernées",
    "Catégories de données",
    "Durée de conservation",
    "Destinataires",
    "Mesures de sécurité",
)
_NO_TRANSFER = "Aucun transfert hors de l'Union européenne."


@dataclass(frozen=True, slots=True)
class Durations:
    """What the settings say.

    Attributes:
        mandat_years: calendar years for which an usager is kept after the end of their last mandate.
        conversation_days: days for which messages are kept.
        telegram: whether the assistant answers on Telegram, which then carries messages.
    """

    mandat_years: int
    conversation_days: int
    telegram: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "Durations":
        """Those that *settings* apply."""
        return cls(
            mandat_years=settings.mandat_kept_years,
            conversation_days=settings.conversation_kept_days,
            telegram=bool(settings.telegram_token.get_secret_value()),
        )


@dataclass(frozen=True, slots=True)
class Processing:
    """One entry of the register, in French: it is printed as it is."""

    name: str
    purpose: str
    basis: str
    persons: str
    categories: tuple[str, ...]
    kept: str
    recipients: str
    measures: tuple[str, ...]


def register(durations: Durations) -> tuple[Processing, ...]:
    """Every processing of the service."""
    telegram = (
        " Telegram achemine les messages des aidants qui l'ont choisi : ses serveurs peuvent être hors de l'Union "
        "européenne."
    )
    return (
        Processing(
            "Mandats",
            "Établir, suivre, renouveler et révoquer les mandats par lesquels un usager autorise la structure à agir "
            "en son nom, et en garder la preuve.",
            "Mission d'intérêt public de la structure (article 6.1.e), et consentement de l'usager au mandat.",
            "Usagers accompagnés.",
            (
                "Nom de naissance, prénoms, date et lieu de naissance",
                "Démarches autorisées, durée, dates",
                "Signature faite sur l'écran",
                "Numéro du mandat dans Aidants Connect",
            ),
            f"Durée du mandat, puis {_years(durations.mandat_years)} après la fin du dernier. Brouillon jamais signé : "
            f"{_hours(DRAFT_KEPT_FOR)}.",
            f"Aidants habilités de la structure. {_NO_TRANSFER}",
            (
                "Chiffrement : une clé par usager, détruite à l'effacement",
                "Recherche par index aveugle : aucun nom en clair dans la base",
                "Cloisonnement par structure",
                "Identité saisie sur une page de la structure, jamais dans une messagerie",
            ),
        ),
        Processing(
            "Conversations avec l'assistant",
            "Répondre aux questions des aidants sur les démarches, préparer les mandats, améliorer les réponses.",
            "Mission d'intérêt public de la structure (article 6.1.e).",
            "Aidants ; usagers dont un aidant parlerait.",
            (
                "Textes des messages, où les données personnelles reconnues sont remplacées par des étiquettes",
                "Avis donnés sur les réponses",
                "Demandes d'aide, réponses humaines, notes et étiquettes de relecture",
            ),
            f"{_days(durations.conversation_days)}. Ce que les étiquettes remplacent : chiffré, "
            f"{_minutes(ORIGINALS_KEPT_FOR)} au plus.",
            "L'aidant, et les personnes qui supervisent sa structure ou répondent à ses demandes d'aide."
            + (telegram if durations.telegram else f" {_NO_TRANSFER}"),
            (
                "Étiquettes posées avant tout enregistrement",
                "Voix transcrite sur place, jamais gardée",
                "Lecture d'une conversation inscrite au journal",
            ),
        ),
        Processing(
            "Comptes des aidants",
            "Reconnaître les personnes habilitées, et prévenir les accès indus.",
            "Mission d'intérêt public de la structure (article 6.1.e), et obligation de sécurité (article 32).",
            "Aidants, superviseurs, administrateurs.",
            (
                "Nom, adresse électronique, structures, rôle",
                "Empreintes du mot de passe et des codes de secours, clé chiffrée de l'application de codes",
                "Empreinte de l'adresse depuis laquelle des essais ont échoué",
            ),
            "Durée de l'habilitation ; le compte désactivé reste nommé dans les mandats qu'il a signés. Essais "
            "manqués : une journée. Liens et codes à usage unique : 30 jours après leur fin.",
            f"Personnes qui supervisent la structure, administrateurs. {_NO_TRANSFER}",
            (
                "Mot de passe et code à usage unique à chaque connexion",
                "Mots de passe et codes de secours gardés sous forme d'empreintes (argon2)",
                "Blocage des essais, de plus en plus long",
                "Sessions de 12 heures au plus, 30 minutes sans activité",
            ),
        ),
        Processing(
            "Journal",
            "Prouver ce qui a été fait, par qui, sur quel mandat ; détecter les abus.",
            "Obligation légale de preuve et de sécurité (articles 5.2 et 32).",
            "Aidants ; usagers, par un numéro seulement.",
            (
                "Actions, dates, identifiants internes",
                "Réseau d'où vient une connexion, tronqué : jamais l'adresse complète",
            ),
            "Sans limite tant que la preuve est utile : il ne contient aucune identité, et l'effacement d'un usager le "
            "rend anonyme.",
            f"Personnes qui supervisent la structure, administrateurs. {_NO_TRANSFER}",
            (
                "Ajout seul : la base refuse toute modification",
                "Entrées chaînées par des empreintes, points de contrôle signés",
            ),
        ),
    )


def sheet(entries: Sequence[Processing]) -> str:
    """The register as a spreadsheet, which a French Excel or LibreOffice opens at once."""
    written = io.StringIO()
    rows = csv.writer(written, delimiter=";", lineterminator="\r\n")
    rows.writerow(_HEADERS)
    for one in entries:
        rows.writerow(
            (
                one.name,
                one.purpose,
                one.basis,
                one.persons,
                " ; ".join(one.categories),
                one.kept,
                one.recipients,
                " ; ".join(one.measures),
            )
        )
    return _BOM + written.getvalue()


def _years(count: int) -> str:
    return f"{count} an{'s' if count > 1 else ''}"


def _days(count: int) -> str:
    return f"{count} jour{'s' if count > 1 else ''}"


def _hours(duration: timedelta) -> str:
    return f"{duration // timedelta(hours=1)} heures"


def _minutes(duration: timedelta) -> str:
    return f"{duration // timedelta(minutes=1)} minutes"
