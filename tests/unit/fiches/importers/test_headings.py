import pytest

from bot.fiches.importers.headings import aspect_of_case, aspect_of_heading
from bot.fiches.model import Aspect


@pytest.mark.parametrize(
    ("title", "aspect"),
    [
        ("Pièces à fournir", Aspect.PIECES),
        ("Documents à présenter", Aspect.PIECES),
        ("Quels sont les justificatifs à fournir\u00a0?", Aspect.PIECES),
        ("Justificatif de domicile", Aspect.PIECES),
        ("Coût", Aspect.COUT),
        ("Montant de l'aide", Aspect.COUT),
        ("Combien coûte un avocat\u00a0?", Aspect.COUT),
        ("Délai de fabrication", Aspect.DELAI),
        ("Durée de validité", Aspect.DELAI),
        ("Quand faire la demande\u00a0?", Aspect.DELAI),
        ("Combien de temps\u00a0?", Aspect.DELAI),
        ("Dans quel délai faire la demande\u00a0?", Aspect.DELAI),
        ("Où s'adresser\u00a0?", Aspect.OU),
        ("Où et comment faire la demande\u00a0?", Aspect.OU),
        ("Tribunal compétent", Aspect.OU),
        ("Lieu de dépôt du dossier", Aspect.OU),
        ("Qui est concerné\u00a0?", Aspect.CONDITIONS),
        ("Personnes concernées", Aspect.CONDITIONS),
        ("Conditions à remplir", Aspect.CONDITIONS),
        ("Bénéficiaires", Aspect.CONDITIONS),
        ("Démarche", Aspect.DEMARCHE),
        ("Comment l'obtenir\u00a0?", Aspect.DEMARCHE),
        ("Renouvellement de la carte", Aspect.DEMARCHE),
    ],
)
def test_a_heading_tells_its_aspect(title, aspect):
    assert aspect_of_heading(title) is aspect


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Sanctions",
        "De quoi s'agit-il\u00a0?",
        "Durée du travail",
        "État des lieux d'entrée",
        "Pièces et billets en mauvais état",
        "Documents remis au salarié",
        "Contrat à durée déterminée",
        "Conditions de travail",
        "Rémunération",
    ],
)
def test_a_heading_that_only_sounds_like_an_aspect_tells_none(title):
    assert aspect_of_heading(title) is None


@pytest.mark.parametrize("title", ["Cas général", "Délai dépassé", "Montant supérieur à 188 €", "Demande en ligne"])
def test_the_title_of_a_case_tells_a_situation(title):
    assert aspect_of_case(title) is None


def test_a_case_may_announce_an_aspect_and_nothing_else():
    assert aspect_of_case("Pièces à fournir") is Aspect.PIECES
