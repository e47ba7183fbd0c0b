"""What the actions of the journal are called, and what its entries tell, in the words of the page."""

from collections.abc import Mapping
from typing import Any

from bot.aidants.models import Role
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.journal.chain import Fault
from bot.journal.checkpoints import Verdict

# By topic, as the filter lists them.
LABELS: dict[str, dict[Action, str]] = {
    "Personnes et structures": {
        Action.CREATE_ORGANISATION: "Structure créée",
        Action.UPDATE_ORGANISATION: "Structure modifiée",
        Action.INVITE_AIDANT: "Personne invitée",
        Action.ENROL_AIDANT: "Inscription terminée",
        Action.ADD_MEMBERSHIP: "Personne ajoutée à la structure",
        Action.REMOVE_MEMBERSHIP: "Personne retirée de la structure",
        Action.DEACTIVATE_AIDANT: "Compte désactivé",
        Action.SWITCH_ORGANISATION: "Changement de structure",
    },
    "Connexions": {
        Action.CONNECT_AIDANT: "Connexion",
        Action.REFUSE_SIGN_IN: "Connexion refusée",
        Action.SIGN_OUT_EVERYWHERE: "Déconnexion de tous les appareils",
        Action.NEW_RECOVERY_CODES: "Nouveaux codes de secours",
        Action.USE_RECOVERY_CODE: "Code de secours utilisé",
        Action.LINK_CONVERSATION: "Conversation reliée à un aidant, ou déliée",
        Action.REFUSE_ACCESS: "Accès refusé",
    },
    "Mandats": {
        Action.CREATE_DRAFT: "Mandat en préparation",
        Action.CANCEL_DRAFT: "Préparation abandonnée",
        Action.INIT_RENEW_MANDAT: "Renouvellement commencé",
        Action.CREATE_ATTESTATION: "Mandat scellé",
        Action.CREATE_AUTORISATION: "Démarche autorisée",
        Action.USE_AUTORISATION: "Mandat utilisé",
        Action.CANCEL_AUTORISATION: "Démarche révoquée",
        Action.CANCEL_MANDAT: "Mandat révoqué",
        Action.ATTACH_OFFICIAL_NUMBER: "Numéro officiel ajouté",
        Action.PRINT_ATTESTATION: "Attestation imprimée",
        Action.CHECK_MANDAT: "Mandat vérifié",
        Action.READ_MANDAT: "Mandat consulté",
        Action.SEND_REMINDER: "Rappel de fin de mandat envoyé",
    },
    "Supervision": {
        Action.READ_CONVERSATION: "Conversation lue",
        Action.UNMASK_CONVERSATION: "Données masquées montrées",
        Action.LIST_CONVERSATIONS: "Liste de conversations parcourue",
        Action.CORRECT_TURN: "Réponse jugée",
        Action.ASK_HANDOVER: "Demande de parler à quelqu'un",
        Action.CLAIM_HANDOVER: "Demande prise en charge",
        Action.CLOSE_HANDOVER: "Prise en charge terminée",
    },
    "Exports et conservation": {
        Action.EXPORT_MANDATS: "Mandats exportés",
        Action.EXPORT_JOURNAL: "Journal exporté et signé",
        Action.EXPORT_CONVERSATIONS: "Liste de conversations exportée",
        Action.EXPORT_CORRECTIONS: "Corrections exportées",
        Action.EXPORT_USAGER: "Données d'un usager exportées",
        Action.ERASE_USAGER: "Usager effacé",
        Action.PURGE: "Données anciennes supprimées",
        Action.ROTATE_KEYS: "Clés renouvelées",
    },
}
FAULTS = {
    Fault.GAP: "elle manque, ou les numéros ne se suivent plus",
    Fault.FOREIGN: "elle appartient à une autre structure",
    Fault.BROKEN: "elle ne porte pas le sceau de l'entrée précédente",
    Fault.ALTERED: "son contenu ne correspond plus à son sceau",
}
VERDICTS = {
    Verdict.OK: "le journal passe par lui",
    Verdict.TRUNCATED: "la fin du journal a été coupée\u202f: il s'arrête avant",
    Verdict.DIVERGED: "le journal a été réécrit\u202f: une autre entrée est à cette place",
    Verdict.FORGED: "sa signature est fausse, ou d'une clé qui n'est plus dans les réglages",
}
_BY_VALUE = {action.value: label for group in LABELS.values() for action, label in group.items()}
_DETAILS = {
    "reference": "référence",
    "note": "note",
    "days": "jours avant la fin",
    "number": "numéro",
    "tried": "page",
    "count": "nombre",
}
_LISTS = {
    "queue": "file de correction",
    "corrections": "corrections",
}
_FILTERS = {
    "since": "depuis une date",
    "until": "jusqu'à une date",
    "channel": "canal",
    "aidant": "aidant",
    "organisation": "structure",
    "assignee": "personne chargée",
    "intent": "intention",
    "confidence_below": "confiance",
    "fallback": "non compris",
    "abstained": "sans réponse",
    "rating": "avis",
    "flagged": "signalée",
    "handover": "aide humaine",
    "mandat": "mandat ouvert",
    "text": "mots cherchés",
    "state": "état",
    "tag": "étiquette",
}


def label_of(action: str) -> str:
    """What *action* is called; itself when this version does not know it."""
    return _BY_VALUE.get(action, action)


def scope_of(demarche: str | None) -> str:
    """The title of a démarche; empty when there is none."""
    if demarche is None:
        return ""
    return Demarche(demarche).titre if demarche in {one.value for one in Demarche} else demarche


def told(details: Mapping[str, Any], *, names: Mapping[str, str]) -> tuple[str, ...]:
    """The details of an entry that say something to people; the others (ids, digests, lists) are in the export.

    Args:
        names: of the people, by id.
    """
    found = [f"{label}\u202f: {value}" for key, label in _DETAILS.items() if (value := _plain(details.get(key)))]
    if name := names.get(_plain(details.get("aidant"))):
        found.insert(0, name)
    if (role := _plain(details.get("role"))) in {one.value for one in Role}:
        found.append(Role(role).label)
    if (listed := _LISTS.get(_plain(details.get("list")))) is not None:
        found.insert(0, listed)
    filters = details.get("filters")
    if isinstance(filters, Mapping) and (used := [label for name, label in _FILTERS.items() if name in filters]):
        found.append(f"filtres\u202f: {', '.join(used)}")
    return tuple(found)


def _plain(value: object) -> str:
    """A text or a number; empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
