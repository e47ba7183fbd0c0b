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
    "F5": "Vacaf",
    "F6": "Tenir un café",
    "F7": "Comment recourir au médiateur de la Caf ou de la MSA ?",
    "F8": "Décaféiné et cafés, médiateurs",
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
        ("caf", ["F7", "F6", "F8", "F5"]),  # the word, then what begins with it, then what only holds it
        ("CAFÉ", ["F6", "F8"]),
        ("la caf, le médiateur", ["F7", "F8", "F6", "F5"]),
        ("f5 caf", ["F7", "F6", "F8", "F5"]),
        ("", []),
    ],
)
def test_fiches_are_found_by_their_title(typed: str, found: list[str]) -> None:
    assert [one.id for one in FicheFinder(Shelf()).search(typed)] == found


def test_the_fiche_whose_number_is_typed_comes_before_those_that_hold_it_as_a_word() -> None:
    class Forms(Shelf):
        def summaries(self) -> list[Summary]:
            return [Summary("F1", "Pass", None, None), Summary("PASS", "Transports", None, None)]

        def several(self, fiche_ids: list[str]) -> list[Fiche]:
            return [CARTE.model_copy(update={"id": one}) for one in fiche_ids]

    assert [one.id for one in FicheFinder(Forms()).search(" pass ")] == ["PASS", "F1"]
