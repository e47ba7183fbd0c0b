import pytest

from bot.privacy.documents import allocataires, harmless, pieces
from tests.unit.privacy.helpers import words_found


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("alloc 0345678 a la caf du 93", "0345678"),
        ("numéro d'allocataire 1234567 K, plus rien", "1234567 K"),
        ("le 2345678 c'est son numéro d'allocataire", "2345678"),
        ("caf 75 num 0123456A", "0123456A"),
        ("ALLOC 1234567 A PERDU SON CODE", "1234567"),
    ],
)
def test_an_allocataire_number_is_announced(text, number):
    assert words_found(text, allocataires(text)) == [("NUM_ALLOCATAIRE", number)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("passeport 19CF04567 périmé", "19CF04567"),
        ("carte d'identité n° 120375100456 volée", "120375100456"),
        ("sa cni X4RTBPFW4 est abimée", "X4RTBPFW4"),
        ("titre de séjour numéro 9903123456 expire le 12/09/2025", "9903123456"),
        ("PERMIS NUMERO 14AB56789 A REFAIRE", "14AB56789"),
        ("carte de résident FRX1234567 perdue", "FRX1234567"),
    ],
)
def test_the_number_of_a_document_follows_its_name(text, number):
    assert ("NUM_PIECE", number) in words_found(text, pieces(text))


@pytest.mark.parametrize(
    "text",
    [
        "passeport expiré le 12/05/2021",
        "permis B obtenu en 1995",
        "carte d'identité et 2 photos",
        "matricule inconnu",
        "la caf verse 450 euros",
    ],
)
def test_dates_and_amounts_near_a_document_are_left(text):
    assert pieces(text) == []
    assert allocataires(text) == []


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ("cerfa 14011*02", "cerfa 14011*02"),
        ("siret 823 456 789 00014", "siret 823 456 789 00014"),
        ("la fiche F1344", "F1344"),
        ("AC-2024-0187 expiré", "AC-2024-0187"),
        ("revoquer le mandat 1087", "mandat 1087"),
        ("coûte 90 000 € environ", "90 000 €"),
        ("[NUM_FISCAL] refusé", "[NUM_FISCAL]"),
    ],
)
def test_public_references_are_set_aside(text, stretch):
    assert stretch in {text[start:end] for start, end in harmless(text)}
