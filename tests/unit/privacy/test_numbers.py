import pytest

from bot.privacy.numbers import bank_cards, ibans, nirs_and_fiscal
from tests.unit.privacy.helpers import words_found


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("sa sécu c'est 2 71 05 99 132 456 12 je crois", "NIR", "2 71 05 99 132 456 12"),
        ("nir 185127510812345", "NIR", "185127510812345"),
        ("le 1 58 11 2A 004 112 33 est refusé", "NIR", "1 58 11 2A 004 112 33"),
        ("n° 2b en minuscules : 162042b033018", "NIR", "162042b033018"),
        ("numéro provisoire 7 90 03 99 351 042", "NIR", "7 90 03 99 351 042"),
        ("1.85.12.75.108.123 clé 45", "NIR", "1.85.12.75.108.123 clé 45"),
        ("1 85 12 75 108 123 / 45", "NIR", "1 85 12 75 108 123 / 45"),
        ("sa sécu 1 85 13 75 108 123 avec une faute dans le mois", "NIR", "1 85 13 75 108 123"),
        ("n° fiscal 30 45 678 901 234", "NUM_FISCAL", "30 45 678 901 234"),
        ("impôts : 1234567890123", "NUM_FISCAL", "1234567890123"),
        ("1851275108123 c'est son numéro fiscal", "NUM_FISCAL", "1851275108123"),
    ],
)
def test_a_number_of_thirteen_to_fifteen_digits_is_told_apart_by_its_shape_and_its_context(text, kind, number):
    assert words_found(text, nirs_and_fiscal(text))[:1] == [(kind, number)]


@pytest.mark.parametrize(
    "text",
    [
        "suivi du colis 1234567890123",
        "il a 45 ans et 3 enfants",
        "0033612345678",
        "75011 puis 75012",
        "12345678901234567",
    ],
)
def test_other_numbers_are_neither_social_nor_fiscal(text):
    assert nirs_and_fiscal(text) == []


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("FR7630006000011234567890189", "FR7630006000011234567890189"),
        ("iban fr76 3000 6000 0112 3456 7890 189 pour la caf", "fr76 3000 6000 0112 3456 7890 189"),
        ("compte belge BE68 5390 0754 7034, accepté ?", "BE68 5390 0754 7034"),
        ("nouveau rib FR76 3000 6000 0112 3456 7890 188 avec une clé fausse", "FR76 3000 6000 0112 3456 7890 188"),
        ("rib 30002 00550 0000157845Z 02", "30002 00550 0000157845Z 02"),
        ("iban incomplet FR76 3000 6000 0112 3456", "FR76 3000 6000 0112 3456"),
    ],
)
def test_an_account_is_found_by_its_key_or_its_announcement(text, account):
    assert words_found(text, ibans(text)) == [("IBAN", account)]


@pytest.mark.parametrize("text", ["BE68 5390 0754 7035", "la ligne de 12 345 678 euros", "changer de rib", "FR12 rue"])
def test_what_only_looks_like_an_account_is_left(text):
    assert ibans(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4111 1111 1111 1111", True),
        ("5555-5555-5555-4444", True),
        ("4111 1111 1111 1112", False),
        ("carte bancaire 4111 1111 1111 1112", True),
    ],
)
def test_a_bank_card_has_its_luhn_key_or_is_called_one(text, found):
    assert bool(bank_cards(text)) is found
