"""Invented publications, shaped like real ones, in both forms."""

import json
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from bot.fiches.importers.publication import fiche_of
from bot.fiches.importers.tree import Node, from_xml, read_tree
from bot.fiches.model import Fiche

NAMESPACES = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def publication(
    body: str,
    *,
    fiche_id: str = "F90001",
    title: str = "Permis de cabane : première demande",
    kind: str = "Fiche d'information",
    dated: str = "modified 2020-08-26",
) -> str:
    """The XML of a publication whose text is *body*."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Publication {NAMESPACES} ID="{fiche_id}" type={quoteattr(kind)}>'
        f"<dc:title>{escape(title)}</dc:title><dc:description>Pour construire une cabane.</dc:description>"
        f"<dc:date>{dated}</dc:date><SurTitre>Fiche pratique</SurTitre><Audience>Particuliers</Audience>"
        '<FilDAriane><Niveau ID="N19808">Logement</Niveau></FilDAriane>'
        '<Theme ID="N19808"><Titre>Logement</Titre></Theme>'
        '<DossierPere ID="N1"><Titre>Cabanes</Titre><Fiche ID="F90002">Renouvellement</Fiche></DossierPere>'
        f"<SousDossierPere>Dans les arbres</SousDossierPere>{body}</Publication>"
    )


def fiche(body: str, **options: str) -> Fiche:
    """The fiche of ``publication(body, …)``."""
    made = fiche_of(from_xml(publication(body, **options).encode()))
    assert made is not None
    return made


def block(xml: str) -> Node:
    """One element of a publication."""
    return from_xml(xml.encode())


def to_json(xml: str) -> bytes:
    """The same publication as the JSON mirror writes it."""
    root = read_tree("F1.xml", xml.encode())
    return json.dumps({"id": root.attrs["ID"], "children": [_element(root)]}, ensure_ascii=False).encode()


def to_xml(element: dict[str, Any]) -> str:
    """The XML of one element of the JSON mirror."""
    if element["type"] == "text":
        return escape(element["text"])
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in element.get("attributes", {}).items())
    inside = "".join(map(to_xml, element.get("children", ())))
    return f"<{element['name']}{attributes}>{inside}</{element['name']}>"


def _element(node: Node) -> dict[str, Any]:
    if not node.tag:
        return {"type": "text", "text": node.text}
    return {
        "type": "element",
        "name": node.tag,
        "attributes": node.attrs,
        "children": [_element(child) for child in node.children],
    }


TEXT = (
    "<Texte><Chapitre><Titre><Paragraphe>Coût</Paragraphe></Titre>"
    "<Paragraphe>Le permis coûte <Valeur>12\u00a0€</Valeur>.</Paragraphe></Chapitre></Texte>"
)
