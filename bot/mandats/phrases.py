"""What a conversation says of mandates: fixed French sentences, with suggestions and the ``custom`` contract."""

from collections.abc import Sequence

from bot.demarches import Demarche
from bot.fiches.render import Message, Suggestion
from bot.mandats import notices
from bot.mandats.rules import Duration, MandatRefused, Refusal
from bot.mandats.saisie import EXPLAIN_AFTER, Field, Saisie

ANSWER = "repondre_saisie"  # intent of the buttons that answer a question of the entry; entity ``valeur``
STOP = Suggestion("Abandonner", "annuler")
_RESUME = Suggestion("Reprendre le mandat", ANSWER, {"valeur": "reprendre"})
_CONFIRM = Suggestion("Oui, préparer le mandat", ANSWER, {"valeur": f"oui {Field.CONFIRM}"})

NOT_UNDERSTOOD = "Je n'ai pas compris votre réponse."
ABANDONED = "D'accord, j'abandonne ce mandat. Rien n'a été enregistré."
TAKE_YOUR_TIME = "Prenez votre temps, je garde ce que vous m'avez déjà dit."
WHICH_IS_WRONG = (
    "Dites-moi ce qu'il en est\u202f: «\u202fil est mineur\u202f», ou «\u202fil a une mesure de protection\u202f»."
)
NO_DRAFT = "Aucun mandat n'attend de signature dans cette conversation."
DRAFT_OVER = "Ce mandat est déjà scellé, abandonné, ou a plus de 24 heures. Ouvrez-en un autre si besoin."
WHO = "De qui s'agit-il\u202f? Donnez le nom de l'usager (je le masque aussitôt), ou la référence du mandat."
NAME_FORGOTTEN = (
    "Je n'ai plus le nom de cette personne\u202f: je ne le garde que 30 minutes. Donnez-le à nouveau, ou la référence"
    " du mandat."
)
ONE_NAME = "Un seul usager à la fois, s'il vous plaît\u202f: donnez un seul nom, ou la référence du mandat."
ARGENT = (
    "⚠ Thème «\u202fArgent\u202f»\u202f: pour un dossier de surendettement, vous pouvez seulement saisir les"
    " informations. C'est la personne qui demande qui doit signer (articles R.721-2 et R.761-1 du code de la"
    " consommation)."
)
NOT_LINKED = (
    "Cette conversation n'est pas encore reliée à votre compte d'aidant\u202f: je ne sais pas au nom de quelle"
    " structure agir. Sur la page «\u202fMon compte\u202f» ({url}), demandez un code, puis écrivez ici"
    " «\u202flier\u202f» suivi de ce code, par exemple «\u202flier 4829 1357\u202f»."
)
SIGN_IN = (
    "Vous n'êtes pas connecté\u202f: je ne sais pas au nom de quelle structure agir."
    " [Connectez-vous]({url}), puis redites-moi ce que vous voulez faire."
)
_WHY = {
    Refusal.MINOR: (
        "Je ne peux pas préparer ce mandat\u202f: l'usager est mineur. Un mandat Aidants Connect ne peut être signé"
        " que par une personne majeure. Ses parents, ou la personne qui a l'autorité parentale, peuvent faire la"
        " démarche eux-mêmes, avec votre aide s'ils le souhaitent."
    ),
    Refusal.PROTECTED: (
        "Je ne peux pas préparer ce mandat\u202f: l'usager a une mesure de protection (tutelle, curatelle ou"
        " sauvegarde de justice). Adressez-vous à la personne chargée de la mesure\u202f: c'est elle qui fait la"
        " démarche, ou qui vous dit ce que l'usager peut faire seul."
    ),
    Refusal.REMOTE: (
        "Je ne peux pas préparer ce mandat à distance\u202f: Aidants Connect a retiré le consentement à distance (par"
        " SMS) en juin 2026. L'usager doit être avec vous pour signer. Proposez-lui un rendez-vous, dans votre"
        " structure ou chez lui."
    ),
    Refusal.NO_SCOPE: "Il faut au moins une démarche dans un mandat. Laquelle\u202f?",
    Refusal.SCOPE_NOT_ALLOWED: (
        "Votre structure n'ouvre pas de mandat pour\u202f: {demarches}. Retirez ce thème, ou voyez avec le"
        " responsable de votre structure, qui peut l'autoriser."
    ),
}
_QUESTIONS = {
    Field.DEMARCHES: (
        "Pour quelles démarches\u202f? Vous pouvez en donner plusieurs (par exemple «\u202fpapiers et logement\u202f»)."
    ),
    Field.DURATION: "Pour quelle durée\u202f?",
    Field.PRESENT: "L'usager est-il avec vous, en face à face\u202f?",
    Field.CAPACITY: (
        "L'usager est-il majeur, et sans mesure de protection (ni tutelle, ni curatelle, ni sauvegarde de"
        " justice)\u202f?"
    ),
    Field.CONFIRM: "Je prépare ce mandat\u202f?",
}
_EXPLAINED = {
    Field.DEMARCHES: (
        "Un mandat porte sur un ou plusieurs des dix thèmes ci-dessous. Choisissez ceux dont relève ce que vous allez"
        " faire avec l'usager\u202f:\n" + "\n".join(f"• {demarche.titre}" for demarche in Demarche)
    ),
    Field.DURATION: (
        "Un mandat dure un jour, un mois (31 jours), six mois (182 jours) ou un an (365 jours), pas autre chose. "
        "Choisissez la plus courte qui suffit\u202f: l'usager peut toujours le révoquer avant."
    ),
    Field.PRESENT: (
        "L'usager signe le mandat devant vous\u202f: s'il n'est pas là, il faut attendre de le voir. Répondez"
        " «\u202foui\u202f» s'il est avec vous, «\u202fnon\u202f» sinon."
    ),
    Field.CAPACITY: (
        "Aidants Connect est réservé aux personnes majeures qui ne sont ni sous tutelle, ni sous curatelle, ni sous "
        "sauvegarde de justice. Demandez-le à l'usager, et dites-moi «\u202foui\u202f» si c'est bien son cas."
    ),
    Field.CONFIRM: (
        "Répondez «\u202foui\u202f» pour préparer le mandat, ou dites ce qu'il faut changer (par exemple «\u202fun"
        " mois\u202f»)."
    ),
}
_LINK_CHOICES = (Suggestion("Nouveau lien", "nouveau_lien"), STOP)
_COMMON = (Demarche.PAPIERS, Demarche.SOCIAL, Demarche.LOGEMENT, Demarche.ARGENT)


def ask(saisie: Saisie, *, before: str = "") -> Message:
    """The next question, or the recap; explained after two failures, with a way out."""
    if saisie.asked is Field.CONFIRM:
        return recap(saisie, before=before)
    explained = saisie.failures >= EXPLAIN_AFTER
    question = _EXPLAINED[saisie.asked] if explained else _QUESTIONS[saisie.asked]
    if explained:
        question += "\nSi vous préférez, nous pouvons nous arrêter là."
    return Message("\n".join(filter(None, (before, question))), (*_choices(saisie), STOP))


def recap(saisie: Saisie, *, before: str = "") -> Message:
    """Everything that was given, to be confirmed or corrected."""
    lines = [
        "**Récapitulatif du mandat**",
        f"• Démarches\u202f: {notices.scopes(saisie.demarches)}"
        + (" (proposé d'après la fiche)" if saisie.suggested else ""),
        f"• Durée\u202f: {saisie.duration.label if saisie.duration else ''}",
        "• Usager\u202f: présent, majeur, sans mesure de protection",
        f"• Identité\u202f: {_identity(saisie)}",
    ]
    if Demarche.ARGENT in saisie.demarches:
        lines.append(ARGENT)
    text = "\n".join(filter(None, (before, *lines, _QUESTIONS[Field.CONFIRM])))
    changes = (
        Suggestion("Changer les démarches", ANSWER, {"valeur": "changer demarches"}),
        Suggestion("Changer la durée", ANSWER, {"valeur": "changer duree"}),
    )
    return Message(text, (_CONFIRM, *changes, STOP))


def to_change(saisie: Saisie) -> Message:
    """« Non » to the recap: asks what is wrong."""
    return Message(
        "Que faut-il changer\u202f? Dites-le simplement, par exemple «\u202fun mois\u202f» ou «\u202fenlève"
        " logement\u202f».",
        recap(saisie).suggestions[1:],
    )


def refused(reason: Refusal, demarches: Sequence[Demarche] = ()) -> Message:
    """Why no mandate can be prepared, and what to do instead."""
    text = _WHY[reason].format(demarches=notices.scopes(demarches))
    return Message(
        text,
        (
            ()
            if reason in (Refusal.NO_SCOPE, Refusal.SCOPE_NOT_ALLOWED)
            else (Suggestion("Une question sur les mandats", "faq_mandat"),)
        ),
    )


def refused_by(error: MandatRefused) -> Message:
    """The same, for an error of the rules."""
    return refused(error.reason, error.demarches)


def unfinished(saisie: Saisie) -> Message:
    """After an interruption: the mandate is still there."""
    known = [notices.scopes(saisie.demarches)] if saisie.demarches else []
    known += [saisie.duration.label] if saisie.duration else []
    what = f" ({', '.join(known)})" if known else ""
    return Message(f"Le mandat en cours de préparation{what} n'est pas terminé. On le reprend\u202f?", (_RESUME, STOP))


def ready(saisie: Saisie, url: str) -> Message:
    """The draft is made: the link, once."""
    duration = saisie.duration or Duration.SHORT
    text = (
        f"Le mandat est prêt à être signé\u202f: [ouvrir la page sécurisée]({url}) (lien à usage unique, valable 15"
        " minutes).\nOuvrez-la avec l'usager\u202f: vous y saisirez son identité, il lira le mandat et le signera,"
        " puis vous le scellerez avec votre code à 6 chiffres. Je vous préviens ici dès que c'est fait."
    )
    return Message(text, _LINK_CHOICES, notices.draft_custom(saisie.demarches, duration, secure_url=url))


def new_link(demarches: Sequence[Demarche], duration: Duration, url: str) -> Message:
    """Another link for the same draft."""
    text = (
        f"Voici un nouveau lien\u202f: [ouvrir la page sécurisée]({url}) (usage unique, 15 minutes). L'ancien ne"
        " marche plus."
    )
    return Message(text, _LINK_CHOICES, notices.draft_custom(demarches, duration, secure_url=url))


def not_linked(account_url: str) -> Message:
    """No one knows whose conversation this is."""
    return Message(NOT_LINKED.format(url=account_url))


def not_signed_in(sign_in_url: str) -> Message:
    """The same on the web, where one signs in instead of typing a code."""
    return Message(SIGN_IN.format(url=sign_in_url))


def no_mandates() -> Message:
    """To someone who only answers requests of help in their current organisation."""
    return Message(
        "Dans votre structure actuelle, votre rôle est «\u202fassistance\u202f»\u202f: vous répondez aux demandes"
        " d'aide, mais les mandats ne vous sont pas ouverts. Un responsable peut changer votre rôle sur la page"
        " «\u202fMa structure\u202f»."
    )


def other_duration(written: str) -> str:
    """« deux ans » is no duration of a mandate."""
    return f"La durée «\u202f{written}\u202f» n'existe pas pour un mandat."


def cannot_add(demarches: Sequence[Demarche]) -> str:
    """« Rajoute les impôts à son mandat »."""
    return (
        "On n'ajoute pas une démarche à un mandat déjà signé\u202f: il faut l'accord de l'usager et un nouveau mandat"
        + (f", pour\u202f: {notices.scopes(demarches)}" if demarches else "")
        + ". Je peux le préparer avec vous maintenant."
    )


def suggested(demarche: Demarche) -> str:
    """The scope comes from the fiche on the table."""
    return f"D'après la fiche que nous venons de voir, je propose le thème «\u202f{demarche.titre}\u202f»."


def chosen(demarches: Sequence[Demarche]) -> str:
    """After a button: others may follow."""
    return (
        f"Démarches choisies\u202f: {notices.scopes(demarches)}. Pour en ajouter, dites par exemple «\u202fet aussi"
        " logement\u202f»."
    )


def found_scope(demarche: Demarche) -> str:
    """« Refaire sa pré-demande » is a matter of papers."""
    return f"C'est le thème «\u202f{demarche.titre}\u202f»."


def out_of_reach() -> Message:
    """Cross-organisation access, or an account that was closed."""
    return Message(
        "Vous n'avez pas accès à ce mandat\u202f: il n'appartient pas à votre structure actuelle, ou votre compte n'y"
        " est plus rattaché. Cette tentative est inscrite au journal. Si vous travaillez dans plusieurs structures,"
        " changez de structure sur la page «\u202fMon compte\u202f»."
    )


def _identity(saisie: Saisie) -> str:
    if saisie.renews:
        return "celle du mandat renouvelé"
    return (
        "le nom que vous avez donné sera repris sur la page sécurisée"
        if saisie.named
        else "à saisir sur la page sécurisée, jamais ici"
    )


def _choices(saisie: Saisie) -> tuple[Suggestion, ...]:
    match saisie.asked:
        case Field.DEMARCHES:
            return tuple(Suggestion(one.titre, ANSWER, {"valeur": one.value}) for one in _COMMON)
        case Field.DURATION:
            return tuple(Suggestion(one.label.capitalize(), ANSWER, {"valeur": one.value}) for one in Duration)
        case Field.PRESENT:
            return (
                Suggestion("Oui, il est avec moi", ANSWER, {"valeur": f"oui {Field.PRESENT}"}),
                Suggestion("Non", ANSWER, {"valeur": f"non {Field.PRESENT}"}),
            )
        case _:
            return (
                Suggestion("Oui, majeur et sans mesure", ANSWER, {"valeur": f"oui {Field.CAPACITY}"}),
                Suggestion("Il est mineur", ANSWER, {"valeur": "mineur"}),
                Suggestion("Il a une mesure de protection", ANSWER, {"valeur": "protege"}),
            )
