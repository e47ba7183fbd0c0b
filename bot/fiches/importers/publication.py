"""A publication of service-public as a fiche."""

import re
from collections.abc import Iterable
from datetime import date

from bot.demarches import DEMARCHE_OF_THEME
from bot.errors import CorpusError
from bot.fiches.importers.headings import aspect_of_heading
from bot.fiches.importers.links import (
    FICHE_ID,
    PAGES,
    commented_link,
    contact_of,
    is_contact,
    references_of,
    related_of,
    services_of,
)
from bot.fiches.importers.passages import passages_of, situations_of
from bot.fiches.importers.text import inline, lines_of, title_of
from bot.fiches.importers.tree import Node
from bot.fiches.model import Aspect, Fiche, Link, Origin, Passage, Related

# What stands around the text: identity, place in the site, links, glossary, decision trees. Any other tag is body.
_AROUND = frozenset(
    (
        "SurTitre Audience Canal Cible FilDAriane Theme SousThemePere DossierPere SousDossierPere RechercheGuidee "
        "RechercheGuideePere Problematiques Questionnaire VoirAussi QuestionReponse CommentFaireSi PourEnSavoirPlus "
        "Reference Definition Abreviation Introduction ServiceEnLigne ServiceNoeud OuSAdresser QuiPeutMAider "
        "LienExterneCommente InformationComplementaire Actualite Partenaire Montant TitreRiche Image Condition"
    ).split()
)
_MODIFIED = re.compile(r"modified\s+(\d{4}-\d{2}-\d{2})")


def fiche_of(publication: Node) -> Fiche | None:
    """The fiche that *publication* holds.

    Returns:
        ``None`` for a publication that has no text to quote: folders (``N…``), resources (``R…``), and the guided
        searches that only lead to other fiches.

    Raises:
        CorpusError: not a publication, or one without its identifier or its title; the reason is in French.
    """
    if publication.tag != "Publication":
        raise CorpusError(f"élément racine inattendu : {publication.tag}")
    fiche_id = publication.attrs.get("ID", "")
    if not fiche_id:
        raise CorpusError("publication sans identifiant")
    if not FICHE_ID.fullmatch(fiche_id) or not _is_quotable(publication):
        return None
    title = title_of(publication, "dc:title")
    if not title:
        raise CorpusError("publication sans titre")
    bodies = [child for child in publication.children if child.tag and _is_body(child)]
    passages = _passages(publication, bodies, title)
    theme = publication.first("Theme")
    dossier = publication.first("DossierPere")
    own_services = (link for node in publication.elements("ServiceEnLigne") for link in services_of(node))
    own_contacts = (link for node in publication.children if is_contact(node) for link in contact_of(node))
    return Fiche(
        id=fiche_id,
        origin=Origin.SERVICE_PUBLIC,
        title=title,
        url=PAGES + fiche_id,
        updated=_updated(title_of(publication, "dc:date")),
        kind=publication.attrs.get("type", ""),
        theme=title_of(theme) if theme else "",
        dossier=title_of(dossier) if dossier else "",
        sous_dossier=title_of(publication, "SousDossierPere"),
        description=title_of(publication, "dc:description"),
        demarche=DEMARCHE_OF_THEME.get(theme.attrs.get("ID", "")) if theme else None,
        introduction=tuple(lines_of(publication.elements("Introduction"))),
        passages=passages,
        situations=situations_of(bodies),
        services=_distinct((*own_services, *(link for passage in passages for link in passage.services))),
        contacts=_distinct((*own_contacts, *(link for passage in passages for link in passage.contacts))),
        references=_distinct(references_of(publication)),
        related=_related(publication, fiche_id),
    )


def _is_body(node: Node) -> bool:
    return node.tag not in _AROUND and not node.tag.startswith("dc:")


def _is_quotable(publication: Node) -> bool:
    """A guided search may have an introduction, but no body of its own; its text is that of the fiche it twins."""
    if any(child.tag == "LienExterneCommente" or (child.tag and _is_body(child)) for child in publication.children):
        return True
    return publication.first("Introduction") is not None and publication.first("Problematiques") is None


def _passages(publication: Node, bodies: list[Node], title: str) -> tuple[Passage, ...]:
    # The text of a question stands before any chapter: it answers what the title asks.
    asked = aspect_of_heading(title) if "?" in title else None
    found = [
        *passages_of(bodies, aspect=asked or Aspect.AUTRE),
        *_link_list(publication),
        *_contact_details(publication),
    ]
    return tuple(passage.model_copy(update={"id": f"p{rank}"}) for rank, passage in enumerate(found, start=1))


def _link_list(publication: Node) -> list[Passage]:
    """The addresses of a « fiche avec liens externes », which are all it has to say."""
    nodes = list(publication.elements("LienExterneCommente"))
    links = tuple(link for node in nodes if (link := commented_link(node)))
    lines = tuple(
        line
        for node in nodes
        if (line := " – ".join(filter(None, map(inline, node.elements("LienExterne", "Commentaire")))))
    )
    return [Passage(id="", aspect=Aspect.AUTRE, heading="", lines=lines, services=links)] if lines else []


def _contact_details(publication: Node) -> list[Passage]:
    """One passage per place at the foot of the page that gives its address, telephone or hours."""
    return [
        Passage(
            id="",
            aspect=Aspect.OU,
            heading=title_of(node),
            lines=lines,
            contacts=tuple(contact_of(node)),
        )
        for node in publication.children
        if is_contact(node) and (lines := tuple(lines_of(node.elements("Texte"))))
    ]


def _related(publication: Node, own_id: str) -> tuple[Related, ...]:
    named: dict[str, Related] = {}
    for related in related_of(publication):
        if related.id != own_id:
            named.setdefault(related.id, related)
    return tuple(named.values())


def _distinct(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(dict.fromkeys(links))


def _updated(text: str) -> date | None:
    """The day of ``modified 2020-08-26``; ``None`` when it is missing or is no day."""
    found = _MODIFIED.search(text)
    try:
        return date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None
