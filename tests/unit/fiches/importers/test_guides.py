from datetime import date
from pathlib import Path

import pytest

from bot.demarches import Demarche
from bot.fiches.importers.guides import guide_questions, read_guides
from bot.fiches.model import Aspect, Link, Origin, Related

HEADER = {
    "id": "G-CABANE",
    "title": "Construire une cabane",
    "source": "https://exemple.gouv.fr/cabane",
    "verified_on": "2026-08-10",
    "scope": "logement",
    "topics": "[duree]",
    "questions": "[" + ", ".join(f"question {n}" for n in range(8)) + "]",
    "related": "[G-ARBRE, G-ABSENT]",
}
BODY = """Une cabane se déclare.
Toujours.

## Pièces à fournir
- Un plan **à l'échelle**
  - en couleur
- Le [formulaire](https://exemple.gouv.fr/cerfa),
  signé

## Coût
C'est gratuit.
"""


def write(folder: Path, name: str = "cabane.md", body: str = BODY, **changes: str | None) -> None:
    header = {key: value for key, value in {**HEADER, **changes}.items() if value is not None}
    lines = "\n".join(f"{key}: {value}" for key, value in header.items())
    (folder / name).write_text(f"---\n{lines}\n---\n{body}", encoding="utf-8")


def test_a_guide_is_a_fiche_with_its_source_as_address(tmp_path):
    write(tmp_path)
    write(tmp_path, "arbre.md", id="G-ARBRE", title="Choisir un arbre", scope="aucune", related="[]")
    (arbre, cabane), rejected = read_guides(tmp_path)
    fiche = cabane.fiche
    assert rejected == []
    assert (fiche.id, fiche.origin, fiche.kind) == ("G-CABANE", Origin.GUIDE, "Guide")
    assert (fiche.url, fiche.updated) == ("https://exemple.gouv.fr/cabane", date(2026, 8, 10))
    assert (fiche.demarche, arbre.fiche.demarche) == (Demarche.LOGEMENT, None)
    assert fiche.topics == ("duree",)
    assert fiche.related == (Related(id="G-ARBRE", title="Choisir un arbre"),)
    assert len(cabane.questions) == 8


def test_the_body_becomes_an_introduction_and_typed_passages(tmp_path):
    write(tmp_path)
    fiche = read_guides(tmp_path)[0][0].fiche
    assert fiche.introduction == ("Une cabane se déclare. Toujours.",)
    assert [(x.id, x.aspect, x.heading, x.lines) for x in fiche.passages] == [
        (
            "p1",
            Aspect.PIECES,
            "Pièces à fournir",
            ("• Un plan à l'échelle", "  • en couleur", "• Le formulaire, signé"),
        ),
        ("p2", Aspect.COUT, "Coût", ("C'est gratuit.",)),
    ]
    assert fiche.passages[0].services == (Link(label="formulaire", url="https://exemple.gouv.fr/cerfa"),)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": None}, "champ « title » manquant"),
        ({"source": None, "scope": None}, "champ « source » manquant, champ « scope » manquant"),
        ({"source": "http://exemple.gouv.fr/a"}, "champ « source » invalide"),
        ({"source": "https://"}, "champ « source » invalide"),
        ({"id": "cabane"}, "champ « id » d'une autre forme"),
        ({"verified_on": "bientôt"}, "champ « verified_on » invalide"),
        ({"scope": "cabanes"}, "champ « scope » invalide"),
        ({"questions": "[une, deux]"}, "champ « questions » trop court"),
        ({"questions": "[a, a, b, c, d, e, f, g, h]"}, "champ « questions » invalide"),
        ({"auteur": "moi"}, "champ « auteur » inconnu"),
        ({"title": "[a: {"}, "en-tête YAML illisible"),
        ({"body": "## Coût\nRien."}, "sans paragraphe d'introduction"),
        ({"body": ""}, "sans paragraphe d'introduction"),
    ],
)
def test_a_wrong_guide_is_rejected_by_name_and_the_others_are_read(tmp_path, changes, reason):
    write(tmp_path, "faux.md", **{"id": "G-FAUX", **changes})
    write(tmp_path)
    guides, (rejected,) = read_guides(tmp_path)
    assert [guide.fiche.id for guide in guides] == ["G-CABANE"]
    assert rejected.name == "faux.md"
    assert rejected.reason.startswith(reason)


def test_a_file_without_front_matter_or_that_is_not_text_is_rejected(tmp_path):
    (tmp_path / "a.md").write_text("Bonjour", encoding="utf-8")
    (tmp_path / "b.md").write_bytes(b"\xff\xfe\x00")
    guides, rejected = read_guides(tmp_path)
    assert guides == []
    assert [item.name for item in rejected] == ["a.md", "b.md"]


def test_the_same_id_twice_is_rejected(tmp_path):
    write(tmp_path, "a.md")
    write(tmp_path, "b.md")
    guides, (rejected,) = read_guides(tmp_path)
    assert (len(guides), rejected.name, rejected.reason) == (1, "b.md", "identifiant déjà pris : G-CABANE")


def test_our_own_guides_are_all_read_and_refer_to_one_another():
    guides, rejected = read_guides()
    assert rejected == []
    assert len(guides) >= 50
    assert guide_questions().keys() == {guide.fiche.id for guide in guides}
    assert all(guide.fiche.related and guide.fiche.passages for guide in guides)
