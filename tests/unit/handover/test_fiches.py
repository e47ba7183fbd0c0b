import pytest

from bot.fiches.model import Fiche
from bot.fiches.store import Summary
from bot.handover.fiches import FicheFinder
from tests.unit.fiches.samples import CARTE

TITLES = {
    "F1": "Carte nationale d'identité : perte ou vol",
    "F2": "Passeport",
    "F3": "Carte de séjour : renouvellement",
    "F4": "Revenu de solidarité active (RSA)",
}


class Shelf:
    """Some fiches."""

    def summaries(self) -> list[Summary]:
        return [Summary(one, title, None, None) for one, title in TITLES.items()]

    def several(self, fiche_ids: list[str]) -> list[Fiche]:
        return [CARTE.model_copy(update={"id": one, "title": TITLES[one]}) for one in fiche_ids]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("carte identite perdue", ["F1", "F3"]),
        ("l'identité", ["F1"]),
        ("PASSEPORT", ["F2"]),
        ("f4", ["F4"]),
        ("rsa", ["F4"]),
        ("pêche", []),
        ("de", []),
        ("", []),
    ],
)
def test_fiches_are_found_by_their_title(typed: str, found: list[str]) -> None:
    assert [one.id for one in FicheFinder(Shelf()).search(typed)] == found
