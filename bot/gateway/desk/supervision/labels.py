"""What the names of the dialogue, of the journal and of the help desk are called on the pages of the supervision."""

from collections.abc import Sequence
from typing import Any

from bot.calendar import french_hour
from bot.conversations.feedback import REASONS as RATED
from bot.gateway.desk.supervision.texts import said
from bot.handover.views import Closing, Reason
from bot.journal.actions import Action
from bot.privacy.spans import PiiType
from bot.supervision.views import REASONS as JUDGED

MANDAT_QUESTION = "faq_mandat"
INTENTS = {
    "question_demarche": "Question sur une démarche",
    "demander_pieces": "Demande les pièces à fournir",
    "demander_cout": "Demande le coût",
    "demander_delai": "Demande le délai",
    "demander_ou": "Demande où s'adresser",
    "demander_conditions": "Demande les conditions",
    "choisir_fiche": "Choisit une fiche",
    "choisir_cas": "Choisit un cas",
    "autres_fiches": "Demande d'autres fiches",
    MANDAT_QUESTION: "Question sur les mandats",
    "ouvrir_mandat": "Ouvrir un mandat",
    "renouveler_mandat": "Renouveler un mandat",
    "revoquer_mandat": "Révoquer un mandat",
    "consulter_mandats": "Consulter les mandats",
    "verifier_mandat": "Vérifier un mandat",
    "repondre_saisie": "Répond à une question du mandat",
    "nouveau_lien": "Demande un nouveau lien",
    "saluer": "Salue",
    "remercier": "Remercie",
    "au_revoir": "Dit au revoir",
    "aide": "Demande de l'aide",
    "affirmer": "Dit oui",
    "refuser": "Dit non",
    "annuler": "Annule",
    "reformuler": "Demande de reformuler",
    "joindre_humain": "Veut parler à quelqu'un",
    "revenir_assistant": "Revient à l'assistant",
    "signaler_erreur": "Signale une erreur",
    "hors_sujet": "Hors sujet",
}
TOPICS = {
    "a_distance": "à distance",
    "archivage": "archivage",
    "autonomie_usager": "autonomie de l'usager",
    "carte_totp_connexion": "carte et connexion",
    "changement_aidant_ou_structure": "changement d'aidant ou de structure",
    "consentement_sms": "accord par SMS",
    "contact_support": "joindre le support",
    "definition": "définition",
    "demarches_couvertes": "démarches couvertes",
    "deploiement": "déploiement",
    "difference_procuration": "différence avec une procuration",
    "donnees_personnelles": "données personnelles",
    "duree": "durée",
    "formation": "formation",
    "franceconnect": "FranceConnect",
    "habilitation_structure": "habilitation de la structure",
    "langue_traduction": "langue et traduction",
    "mineur": "usager mineur",
    "mot_de_passe_interdit": "mots de passe de l'usager",
    "paiement_en_ligne": "paiement en ligne",
    "papier_impression_signature": "impression et signature",
    "perte_vol_materiel": "perte ou vol de matériel",
    "plusieurs_mandats": "plusieurs mandats",
    "protection_juridique": "tutelle et curatelle",
    "referent": "référent",
    "renouvellement": "renouvellement",
    "responsabilite": "responsabilité",
    "revocation": "révocation",
    "secret_professionnel": "secret professionnel",
    "usager_sans_franceconnect": "usager sans FranceConnect",
}
# Only buttons send these: nobody can be taught to say them.
_BUTTONS_ONLY = frozenset(
    {"choisir_fiche", "choisir_cas", "autres_fiches", "repondre_saisie", "nouveau_lien", "revenir_assistant"}
)
CHANNELS = {"web": "Navigateur", "telegram": "Telegram", "rest": "Programme (REST)"}
ACTIONS = {
    "action_saluer": "a salué",
    "action_remercier": "a répondu au remerciement",
    "action_au_revoir": "a dit au revoir",
    "action_aide": "a dit ce que l'assistant sait faire",
    "action_hors_sujet": "a dit que le sujet n'est pas couvert",
    "action_affirmer": "a fait ce qui était proposé",
    "action_refuser": "a laissé ce qui était proposé",
    "action_annuler": "a annulé",
    "action_signaler_erreur": "a noté l'erreur",
    "action_joindre_humain": "a proposé de parler à quelqu'un",
    "action_revenir_assistant": "a repris la conversation",
    "action_repli": "a demandé de reformuler",
    "action_default_fallback": "a demandé de reformuler",
    "action_repondre_question": "a cherché une fiche",
    "action_repondre_suivi": "a cherché dans la fiche affichée",
    "action_choisir_fiche": "a ouvert la fiche choisie",
    "action_choisir_cas": "a ouvert le cas choisi",
    "action_autres_fiches": "a proposé d'autres fiches",
    "action_repondre_mandat": "a répondu sur les mandats",
    "action_ouvrir_mandat": "a commencé un mandat",
    "action_repondre_saisie": "a continué la saisie du mandat",
    "action_nouveau_lien": "a donné un nouveau lien",
    "action_consulter_mandats": "a listé les mandats",
    "action_verifier_mandat": "a vérifié un mandat",
    "action_revoquer_mandat": "a commencé une révocation",
    "action_renouveler_mandat": "a commencé un renouvellement",
    "utter_question_mandat": "a demandé quelle est la question",
    "utter_joindre_humain": "a dit qui joindre",
}
ENTITIES = {
    "demarche": "démarche",
    "demarche_id": "démarche",
    "duree": "durée",
    "date": "date",
    "fiche_id": "fiche",
    "cas": "cas",
    "valeur": "réponse",
    "reference": "référence",
}
RECORDED = {
    Action.LINK_CONVERSATION.value: "Conversation reliée à un aidant",
    Action.CREATE_DRAFT.value: "Mandat en préparation",
    Action.CANCEL_DRAFT.value: "Préparation abandonnée",
    Action.INIT_RENEW_MANDAT.value: "Renouvellement commencé",
    Action.CREATE_ATTESTATION.value: "Mandat scellé",
    Action.CREATE_AUTORISATION.value: "Démarche autorisée",
    Action.USE_AUTORISATION.value: "Mandat utilisé",
    Action.CANCEL_AUTORISATION.value: "Démarche révoquée",
    Action.CANCEL_MANDAT.value: "Mandat révoqué",
    Action.ATTACH_OFFICIAL_NUMBER.value: "Numéro officiel ajouté",
    Action.PRINT_ATTESTATION.value: "Attestation imprimée",
    Action.CHECK_MANDAT.value: "Mandat vérifié",
    Action.READ_MANDAT.value: "Mandat consulté",
    Action.ASK_HANDOVER.value: "Demande de parler à quelqu'un",
    Action.CLAIM_HANDOVER.value: "Demande prise en charge",
    Action.CLOSE_HANDOVER.value: "Prise en charge terminée",
    "read_conversation": "Conversation lue par la supervision",
    "unmask_conversation": "Données masquées montrées",
    "correct_turn": "Réponse jugée",
    "export_corrections": "Corrections exportées",
}
STEPS = {
    "asked": "A demandé à parler à quelqu'un",
    "claimed": "Prise en charge",
    "transferred": "Transmise",
    "replied": "Réponse d'une personne",
    "note": "Note interne",
    "closed": "Rendue à l'assistant",
}
MASKED = {
    PiiType.NOM: "Noms",
    PiiType.DATE_NAISSANCE: "Dates de naissance",
    PiiType.NIR: "Numéros de sécurité sociale",
    PiiType.TELEPHONE: "Téléphones",
    PiiType.EMAIL: "Adresses électroniques",
    PiiType.ADRESSE: "Adresses",
    PiiType.IBAN: "Comptes bancaires (IBAN)",
    PiiType.NUM_FISCAL: "Numéros fiscaux",
    PiiType.NUM_ALLOCATAIRE: "Numéros d'allocataire",
    PiiType.CARTE_BANCAIRE: "Cartes bancaires",
    PiiType.NUM_PIECE: "Numéros de pièces d'identité",
}
USES = {"apprentissage": "Apprentissage", "evaluation": "Évaluation"}
# Why a message did not go further than the door (bot.conversations.doorstep).
REFUSED = {
    "empty": "Message vide",
    "too_long": "Message trop long, refusé",
    "binary": "Fichier, refusé",
    "linking": "Code de liaison du compte, non gardé",
}
# What a step of a request for a human says in a code.
STEP_DETAILS = {
    **{one.value: one.label for one in Reason},
    Closing.AGENT.value: "Par la personne qui répondait",
    Closing.PERSON.value: "La personne est revenue à l'assistant",
    Closing.SILENCE.value: "Après un long silence",
}


def intent_name(intent: str, topic: str | None = None) -> str:
    """« Question sur les mandats : durée » for ``faq_mandat/duree``; what has no label is itself."""
    name, _, of_intent = intent.partition("/")
    about = topic or of_intent
    label = INTENTS.get(name, name) or "Rien de reconnu"
    return f"{label}\u202f: {TOPICS.get(about, about)}" if about else label


def teachable() -> Sequence[tuple[str, str]]:
    """The intents that a message in words may have, with their label; questions about mandates by topic, at the end."""
    plain = [(name, label) for name, label in INTENTS.items() if name not in _BUTTONS_ONLY | {MANDAT_QUESTION}]
    mandats = [(f"{MANDAT_QUESTION}/{topic}", intent_name(MANDAT_QUESTION, topic)) for topic in TOPICS]
    return plain + mandats


def of(names: dict[str, str], name: str) -> str:
    """The label of *name*; itself when it has none, for a list that is longer than ours."""
    return names.get(name, name)


def percent(share: float) -> str:
    """« 87 % »; what is not quite all or quite nothing is not rounded up to it."""
    rounded = round(share * 100)
    if rounded == 100 and share < 1:
        rounded = 99
    return f"{rounded}\u202f%"


def number(count: int) -> str:
    """« 12 500 »."""
    return f"{count:,}".replace(",", "\u202f")


def seconds(milliseconds: int) -> str:
    """« 0,8 s »."""
    return f"{milliseconds / 1000:.1f}\u202fs".replace(".", ",")


def in_templates() -> dict[str, Any]:
    """What the templates of the supervision are given, always the same."""
    return {
        "intent_name": intent_name,
        "percent": percent,
        "number": number,
        "seconds": seconds,
        "hour": french_hour,
        "said": said,
        "of": of,
        "channels": CHANNELS,
        "actions": ACTIONS,
        "entities": ENTITIES,
        "recorded": RECORDED,
        "steps": STEPS,
        "step_details": STEP_DETAILS,
        "refused": REFUSED,
        "uses": USES,
        "rated": RATED,
        "judged": JUDGED,
    }
