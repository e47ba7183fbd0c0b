"""What a conversation says of the mandates of an organisation: looked for, checked, revoked, renewed."""

from collections.abc import Sequence

from bot.calendar import french_moment
from bot.demarches import Demarche
from bot.fiches.render import Message, Suggestion
from bot.mandats import notices
from bot.mandats.rules import Status
from bot.mandats.views import MandatView

_MANDATS = Suggestion("Voir mes mandats", "consulter_mandats")
HOMONYMS = (
    "⚠ Plusieurs usagers de votre structure répondent à ce nom\u202f: vérifiez que c'est bien le mandat de la"
    " personne que vous aidez, ou redonnez son nom et son prénom."
)


def listed(mandats: Sequence[MandatView], *, url: str, of_name: bool = False) -> Message:
    """The active mandates, five at most in the chat; names stay on the page."""
    if not mandats:
        text = (
            "Je ne trouve aucun mandat en cours à ce nom dans votre structure. Vérifiez l'orthographe, ou ouvrez un"
            " mandat."
            if of_name
            else "Votre structure n'a aucun mandat en cours."
        )
        return Message(f"{text}\n[Tous les mandats]({url})", (Suggestion("Ouvrir un mandat", "ouvrir_mandat"),))
    heading = "Mandat en cours à ce nom" if of_name else "Mandats en cours de votre structure"
    lines = [f"**{heading}** ({len(mandats)})"]
    lines += [f"• {one.reference}\u202f: {notices.scopes(one.open_demarches)} — {_left(one)}" for one in mandats[:5]]
    lines.append(f"Les noms ne s'affichent pas ici\u202f: [voir la liste complète]({url}).")
    return Message("\n".join(lines), tuple(_show(one) for one in mandats[:4]))


def detail(mandat: MandatView, *, url: str) -> Message:
    """One mandate, with what can be done of it."""
    lines = [
        f"**Mandat {mandat.reference}** — {mandat.status.label}",
        f"• Démarches\u202f: {notices.scopes([scope.demarche for scope in mandat.scopes])}",
        f"• Scellé le {french_moment(mandat.sealed_at)}, durée\u202f: {mandat.duration.label}",
        f"• Fin\u202f: {french_moment(mandat.expires_at)}"
        + (f" ({_left(mandat)})" if mandat.status is Status.ACTIVE else ""),
    ]
    closed = [scope.demarche for scope in mandat.scopes if scope.ended_by in ("revocation", "remplacement")]
    if closed and mandat.status is Status.ACTIVE:
        lines.append(f"• Déjà terminé pour\u202f: {notices.scopes(closed)}")
    lines.append(f"[Ouvrir la page de ce mandat]({url}) (nom, attestation, journal)")
    entities = {"reference": mandat.reference}
    actions = [Suggestion("Renouveler", "renouveler_mandat", entities)]
    if mandat.status is Status.ACTIVE:
        actions.insert(0, Suggestion("Révoquer", "revoquer_mandat", entities))
    return Message("\n".join(lines), tuple(actions), notices.custom(mandat))


def verified(mandats: Sequence[MandatView], others: Sequence[MandatView], demarche: Demarche | None) -> Message:
    """« Oui, le mandat … couvre … », or what is missing. *others* are active mandates of that name on other scopes."""
    if mandats:
        one = mandats[0]
        what = f" pour «\u202f{demarche.titre}\u202f»" if demarche else ""
        text = (
            f"Oui\u202f: un mandat est en cours{what}, le **{one.reference}** ({notices.scopes(one.open_demarches)},"
            f" {_left(one)})." + _homonyms((*mandats, *others))
        )
        return Message(text, tuple(_show(mandat) for mandat in mandats[:3]), notices.custom(one))
    start = Suggestion("Ouvrir un mandat", "ouvrir_mandat", {"demarche_id": demarche.value} if demarche else {})
    if others and demarche:
        one = others[0]
        text = (
            f"Non\u202f: cette personne a bien un mandat en cours, le **{one.reference}**, mais il porte sur"
            f" {notices.scopes(one.open_demarches)}. La démarche «\u202f{demarche.titre}\u202f» n'est pas"
            " couverte\u202f: il faut un nouveau mandat." + _homonyms(others)
        )
        return Message(text, (start, _show(one)), notices.custom(one))
    what = f" pour «\u202f{demarche.titre}\u202f»" if demarche else ""
    return Message(
        f"Non\u202f: je ne trouve aucun mandat en cours{what} à ce nom dans votre structure.", (start, _MANDATS)
    )


def which(mandats: Sequence[MandatView], intent: str, *, url: str, demarches: Sequence[Demarche] = ()) -> Message:
    """Several mandates may be meant; the buttons keep the scope that was named, when there is one."""
    scope = {"demarche_id": demarches[0].value} if len(demarches) == 1 else {}
    text = (
        f"De quel mandat s'agit-il\u202f? Donnez sa référence (par exemple «\u202f{mandats[0].reference}\u202f»), ou"
        f" choisissez ici. Les noms sont sur [la page des mandats]({url})."
    )
    return Message(
        text, tuple(Suggestion(one.reference, intent, {"reference": one.reference} | scope) for one in mandats[:4])
    )


def unknown_reference(near: Sequence[str], intent: str) -> Message:
    """No mandate has that reference here."""
    text = "Votre structure n'a pas de mandat avec cette référence."
    if near:
        text += " Vouliez-vous dire l'une de celles-ci\u202f?"
        return Message(text, tuple(Suggestion(one, intent, {"reference": one}) for one in near))
    return Message(f"{text} Relisez-la sur l'attestation, ou cherchez le mandat dans la liste.", (_MANDATS,))


def not_covered(mandat: MandatView, demarches: Sequence[Demarche]) -> Message:
    """« Retire la santé » of a mandate that has no such scope."""
    return Message(
        f"Le mandat {mandat.reference} n'est pas en vigueur pour\u202f: {notices.scopes(demarches)}. Il l'est"
        f" pour\u202f: {notices.scopes(mandat.open_demarches)}. Que faut-il révoquer\u202f?",
        (Suggestion("Tout le mandat", "revoquer_mandat", {"reference": mandat.reference}),),
    )


def confirm_revocation(mandat: MandatView, demarches: Sequence[Demarche]) -> Message:
    """Before anything is revoked."""
    what = notices.scopes(demarches) if demarches else "toutes ses démarches"
    text = (
        f"Vous allez révoquer le mandat **{mandat.reference}** pour\u202f: {what}. C'est immédiat et définitif\u202f:"
        " pour agir de nouveau il faudra un nouveau mandat, signé. Confirmez-vous\u202f?"
    )
    return Message(text, (Suggestion("Oui, révoquer", "affirmer"), Suggestion("Non", "refuser")))


def revoked(mandat: MandatView, demarches: Sequence[Demarche], *, url: str) -> Message:
    """It is done, and what remains."""
    what = notices.scopes(demarches) if demarches else "toutes ses démarches"
    left = (
        f"\nIl reste en vigueur pour\u202f: {notices.scopes(mandat.open_demarches)}." if mandat.open_demarches else ""
    )
    text = (
        f"C'est fait\u202f: le mandat **{mandat.reference}** est révoqué pour {what}.{left}\n[Imprimer le certificat"
        f" de révocation]({url})"
    )
    return Message(text, (), notices.custom(mandat))


def not_active(reference: str) -> Message:
    """It is over already."""
    return Message(
        f"Le mandat {reference} n'est plus en vigueur pour ces démarches\u202f: il n'y a rien à révoquer.",
        (_MANDATS,),
    )


def not_renewable(reference: str) -> Message:
    """More than a year ago, or given up."""
    return Message(
        f"Le mandat {reference} ne peut pas être renouvelé\u202f: il a pris fin il y a plus d'un an, ou toutes ses"
        " démarches ont été révoquées. Ouvrez un nouveau mandat.",
        (Suggestion("Ouvrir un mandat", "ouvrir_mandat"),),
    )


def none_to_renew(*, url: str) -> Message:
    """No mandate can be renewed, of that name or at all."""
    return Message(
        f"Je ne trouve aucun mandat à renouveler. Ouvrez un nouveau mandat.\n[Tous les mandats]({url})",
        (Suggestion("Ouvrir un mandat", "ouvrir_mandat"),),
    )


def renewing(mandat: MandatView, demarches: Sequence[Demarche]) -> str:
    """A renewal starts from the former scopes, less those that the usager revoked."""
    same = "les mêmes démarches" if len(demarches) == len(mandat.scopes) else "les démarches non révoquées"
    return f"Renouvellement du mandat {mandat.reference}, pour {same}\u202f: {notices.scopes(demarches)}."


def _homonyms(mandats: Sequence[MandatView]) -> str:
    return f"\n{HOMONYMS}" if len({mandat.usager_id for mandat in mandats}) > 1 else ""


def _show(mandat: MandatView) -> Suggestion:
    return Suggestion(f"Voir {mandat.reference}", "consulter_mandats", {"reference": mandat.reference})


def _left(mandat: MandatView) -> str:
    return "dernier jour" if mandat.days_left <= 1 else f"encore {mandat.days_left} jours"
