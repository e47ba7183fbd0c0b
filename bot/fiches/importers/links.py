"""Links of a publication: online services, places to go, legal references, other fiches."""

import re
from collections.abc import Iterator

from bot.fiches.importers.text import inline, title_of
from bot.fiches.importers.tree import Node
from bot.fiches.model import Link, Related

PAGES = "https://www.service-public.gouv.fr/particuliers/vosdroits/"
FICHE_ID = re.compile(r"F\d{1,7}")
_RESOURCE_ID = re.compile(r"R\d{1,7}")
_CONTACTS = ("OuSAdresser", "QuiPeutMAider")
_DASH = " – "


def is_contact(node: Node) -> bool:
    """Whether *node* tells a place or a person to go to."""
    return node.tag in _CONTACTS


def services_of(node: Node) -> Iterator[Link]:
    """The online service or form of a ``ServiceEnLigne``, its annexes and its notices."""
    kind = node.attrs.get("type", "").lower()
    annexes = tuple(node.elements("ServiceEnLigneAnnexe"))
    url = _web(node.attrs.get("URL", ""))
    if not url and not annexes and _RESOURCE_ID.fullmatch(node.attrs.get("ID", "")):
        url = PAGES + node.attrs["ID"]  # a model letter that is filled in on the page itself
    title = title_of(node)
    if title and url:
        yield Link(label=_with_cerfa(title, node), url=url, kind=kind)
    for annex in annexes:
        web = annex.first("LienWeb")
        annex_url = _web(web.attrs.get("URL", "")) if web else ""
        if annex_url:
            label = _DASH.join(filter(None, (title, title_of(annex))))
            yield Link(label=_with_cerfa(label, annex), url=annex_url, kind=annex.attrs.get("type", kind).lower())
    for holder in (node, *annexes):
        for notice in holder.elements("NoticeLiee"):
            if url := _web(notice.attrs.get("URL", "")):
                yield Link(label=inline(notice), url=url, kind="notice")


def contact_of(node: Node) -> Iterator[Link]:
    """A place to go, when it is named; ``url`` is empty when the publication gives no address for it."""
    resource = node.first("RessourceWeb")
    label = _DASH.join(filter(None, (title_of(node), title_of(node, "Complement"))))
    if label:
        url = _web(resource.attrs.get("URL", "")) if resource else ""
        yield Link(label=label, url=url, kind=node.attrs.get("type", "").lower())


def references_of(publication: Node) -> Iterator[Link]:
    """Legal texts and further reading, with the publisher's word for each."""
    for node in publication.elements("Reference", "PourEnSavoirPlus"):
        label = _DASH.join(filter(None, (title_of(node), title_of(node, "Complement"))))
        if label:
            yield Link(label=label, url=_web(node.attrs.get("URL", "")), kind=node.attrs.get("type", "").lower())


def related_of(publication: Node) -> Iterator[Related]:
    """The other fiches that *publication* refers to beside its text; folders are left out."""
    for node in publication.elements("VoirAussi", "QuestionReponse", "CommentFaireSi"):
        for named in (node, *node.descendants()):
            title = title_of(named) or ("" if any(child.tag for child in named.children) else inline(named))
            if FICHE_ID.fullmatch(named.attrs.get("ID", "")) and title:
                yield Related(id=named.attrs["ID"], title=title)


def commented_link(node: Node) -> Link | None:
    """The address of a ``LienExterneCommente``."""
    link = node.first("LienExterne")
    url = _web(link.attrs.get("URL", "")) if link else ""
    return Link(label=inline(link), url=url, kind="lien externe") if link and url else None


def _with_cerfa(label: str, node: Node) -> str:
    number = node.attrs.get("numerocerfa", "")
    return f"{label} (cerfa n°\u00a0{number})" if number else label


def _web(url: str) -> str:
    """*url* if it is a web address, else empty: nothing else may become a link."""
    stripped = url.strip()
    return stripped if stripped.startswith(("https://", "http://")) else ""
