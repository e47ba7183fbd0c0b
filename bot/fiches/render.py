"""A guidance outcome as channel-neutral messages: light Markdown, suggestions, and the ``custom`` contract.

Only fixed wording stands around the quoted lines. The text uses ``**bold**``, « • » lists and ``[label](url)``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.calendar import french_day
from bot.fiches.answer import MAX_CHOICES, Answer, tells
from bot.fiches.guidance import Found, Guidance, GuidanceService
from bot.fiches.model import Aspect, Fiche, Origin

_TITLE_CHARS = 60  # beyond, a button is cut by most channels
_SHORT_LINES = 2
ASPECT_LABELS = {
    Aspect.PIECES: "Pièces à fournir",
    Aspect.COUT: "Coût",
    Aspect.DELAI: "Délai",
    Aspect.OU: "Où s'adresser",
    Aspect.CONDITIONS: "Conditions",
}
_INTENTS = {
    Aspect.PIECES: "demander_pieces",
    Aspect.COUT: "demander_cout",
    Aspect.DELAI: "demander_delai",
    Aspect.OU: "demander_ou",
    Aspect.CONDITIONS: "demander_conditions",
}
_ABSENT = {
    Aspect.PIECES: "Cette fiche ne donne pas de liste de pièces à fournir.",
    Aspect.COUT: "Cette fiche n'indique pas de coût.",
    Aspect.DELAI: "Cette fiche n'indique pas de délai.",
    Aspect.OU: "Cette fiche ne dit pas où s'adresser.",
    Aspect.CONDITIONS: "Cette fiche ne détaille pas de conditions.",
    None: "Cette fiche ne contient pas de passage à citer : ouvrez-la pour la lire en entier.",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A button: what it shows, and the intent with entities that it stands for."""

    title: str
    intent: str
    entities: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One message to send; ``custom`` follows DESIGN section 5."""

    text: str
    suggestions: tuple[Suggestion, ...] = ()
    custom: dict[str, Any] | None = None


_NOT_THIS = Suggestion("Ce n'est pas ça", "autres_fiches")


def answered(
    guidance: Guidance, service: GuidanceService, *, greeting: str = "", brief: bool = False, topic: str | None = None
) -> Message:
    """The message for a sure answer.

    Args:
        greeting: put in front (« Bonjour ! »); may be empty.
        brief: instead of the usual follow-ups, one button that comes back to this fiche: another answer follows.
        topic: the mandate topic that was recognised, told to programs in ``custom``.
    """
    fiche = guidance.found[0].fiche
    stale = service.is_stale(fiche)
    blocks = [f"{greeting} **{fiche.title}**".strip()]
    blocks += [_quoted(answer) for answer in guidance.answers]
    blocks += [_links(fiche, guidance.answers), _dated(fiche, stale=stale)]
    if fiche.demarche:
        blocks.append(f"Mandat à prévoir : thème « {fiche.demarche.titre} ».")
    choice = next((answer.choice for answer in guidance.answers if answer.choice), None)
    if choice and len(choice.titles) > MAX_CHOICES:
        blocks.insert(-2, "Cas prévus par la fiche :\n" + "\n".join(f"• {title}" for title in choice.titles))
    suggestions: list[Suggestion] = []
    if choice:
        suggestions += [_choose(title) for title in choice.titles[:MAX_CHOICES]]
    elif brief:
        suggestions.append(Suggestion("Revenir à cette fiche", "choisir_fiche", {"fiche_id": fiche.id}))
    else:
        suggestions += _usual(fiche, guidance.answers)
    return Message(
        "\n\n".join(filter(None, blocks)),
        tuple(suggestions),
        custom_of(guidance, service) | ({"topic": topic} if topic else {}),
    )


def in_short(guidance: Guidance) -> Guidance:
    """The same outcome for someone who wants short answers: the first lines of each extract, and no online service."""
    answers = tuple(
        replace(
            answer,
            extract=replace(extract, lines=extract.lines[:_SHORT_LINES], more=True)
            if (extract := answer.extract) and len(extract.lines) > _SHORT_LINES
            else answer.extract,
            services=(),
        )
        for answer in guidance.answers
    )
    return replace(guidance, answers=answers)


def to_choose(guidance: Guidance, service: GuidanceService, *, greeting: str = "") -> Message:
    """The message that lets the person choose among the fiches found."""
    text = f"{greeting} Plusieurs fiches peuvent répondre. De quoi s'agit-il ?".strip()
    return Message(text, propositions(guidance.found), custom_of(guidance, service))


def nothing_found(*, greeting: str = "") -> Message:
    """The message when no fiche is good enough to be shown."""
    text = (
        f"{greeting} Je ne trouve pas de fiche officielle qui réponde à cette question, et je préfère ne rien "
        "inventer. Reformulez en nommant la démarche ou la situation (par exemple « renouveler un titre de séjour »), "
        "ou demandez à parler à quelqu'un."
    )
    custom: dict[str, Any] = {"type": "guidance", "fiches": [], "passage": None, "scope": None, "stale": False}
    return Message(text.strip(), (Suggestion("Parler à quelqu'un", "joindre_humain"),), custom)


def propositions(found: Sequence[Found]) -> tuple[Suggestion, ...]:
    """One button per fiche, at most four, and a way out."""
    buttons = [_open(item.fiche) for item in found[:MAX_CHOICES]]
    return (*buttons, Suggestion("Rien de tout cela", "autres_fiches"))


def custom_of(guidance: Guidance, service: GuidanceService) -> dict[str, Any]:
    """The ``custom`` object of a guidance answer (DESIGN section 5)."""
    first = guidance.found[0].fiche if guidance.found else None
    extract = next((answer.extract for answer in guidance.answers if answer.extract), None)
    return {
        "type": "guidance",
        "fiches": [
            {
                "id": item.fiche.id,
                "title": item.fiche.title,
                "url": item.fiche.url,
                "updated": item.fiche.updated.isoformat() if item.fiche.updated else None,
                "score": item.score,
            }
            for item in guidance.found
        ],
        "passage": {
            "fiche": first.id,
            "section": extract.passage.title or "Introduction",
            "text": "\n".join(extract.lines),
        }
        if first and extract
        else None,
        "scope": first.demarche.value if first and first.demarche else None,
        "stale": service.is_stale(first) if first else False,
    }


def _quoted(answer: Answer) -> str:
    heading = ASPECT_LABELS.get(answer.aspect, "") if answer.aspect else ""
    if answer.contacts:
        places = "\n".join(f"• {_linked(link.label, link.url)}" for link in answer.contacts)
        quoted = _lines(answer)
        return f"**{heading}**\n{places}" + (f"\n{quoted}" if quoted else "")
    if answer.extract:
        title = answer.extract.passage.title or heading
        return (f"**{title}**\n" if title else "") + _lines(answer)
    if answer.choice:
        depends = "ela dépend de la situation. Laquelle est celle de l'usager ?"
        return f"**{heading}** : c{depends}" if heading else f"C{depends}"
    return _ABSENT[answer.aspect]


def _lines(answer: Answer) -> str:
    if answer.extract is None:
        return ""
    text = "\n".join(_without_markup(line) for line in answer.extract.lines)
    return f"{text}\n(Suite dans la fiche.)" if answer.extract.more else text


def _without_markup(line: str) -> str:
    """Characters that light Markdown would read as markup, defused; the words stay untouched."""
    return re.sub(r"\*\*|\]\(", lambda match: " ".join(match.group()), line)


def _links(fiche: Fiche, answers: Sequence[Answer]) -> str:
    label = "Page officielle" if fiche.origin is Origin.GUIDE else "Fiche officielle"
    links = [_linked(label, fiche.url)]
    for answer in answers[:1]:
        links += [_linked(link.label, link.url) for link in answer.services if link.url]
    return " · ".join(links)


def _dated(fiche: Fiche, *, stale: bool) -> str:
    verb = "Vérifié" if fiche.origin is Origin.GUIDE else "Mis à jour"
    when = f"{verb} le {french_day(fiche.updated)}." if fiche.updated else "Date de mise à jour inconnue."
    source = "Guide d'Équipier" if fiche.origin is Origin.GUIDE else "Source : service-public.gouv.fr"
    line = f"{source}, fiche {fiche.id}. {when}"
    return f"{line}\n⚠ Cette version a plus de 12 mois : vérifiez la fiche en ligne avant d'agir." if stale else line


def _usual(fiche: Fiche, answers: Sequence[Answer]) -> list[Suggestion]:
    """The other parts that *fiche* can tell; a rule of mandates has no papers or price to ask for."""
    if fiche.topics:
        return [Suggestion("Une autre question sur les mandats", "faq_mandat"), _NOT_THIS]
    asked = {answer.aspect for answer in answers}
    labels = [
        (aspect, label) for aspect, label in ASPECT_LABELS.items() if aspect not in asked and tells(fiche, aspect)
    ]
    return [*(Suggestion(label, _INTENTS[aspect]) for aspect, label in labels[:4]), _NOT_THIS]


def _choose(title: str) -> Suggestion:
    return Suggestion(_cut(title), "choisir_cas", {"cas": title})


def _open(fiche: Fiche) -> Suggestion:
    return Suggestion(_cut(fiche.title), "choisir_fiche", {"fiche_id": fiche.id})


def _cut(title: str) -> str:
    return title if len(title) <= _TITLE_CHARS else title[: _TITLE_CHARS - 1].rstrip() + "…"


def _linked(label: str, url: str) -> str:
    safe = label.replace("[", "(").replace("]", ")")
    return f"[{safe}]({url})" if url.startswith(("https://", "http://")) else safe
