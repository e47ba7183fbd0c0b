import pytest

from bot.aidants import passwords
from bot.aidants.passwords import Passwords
from bot.aidants.views import WrongField
from tests.unit.aidants.house import CountingHasher


def refusal(password: str) -> str | None:
    try:
        passwords.check(password, email="camille.durand@ccas-lens.fr", name="Camille Durand-Lefèvre")
    except WrongField as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    "password",
    [
        "cheval agrafe batterie",
        "Trois tasses de thé vert",
        "xK9#mQ2!vLp7",
        "!?;:§%$€&@#*",
        "пароль из трёх слов",
        "Camille aime les vélos rouges",  # holds the name, and much more
        "le train de 9h42 pour Brive",
    ],
)
def test_a_long_password_of_one_s_own_is_taken(password):
    assert refusal(password) is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "too_short"),
        ("xK9#mQ2!vLp", "too_short"),
        ("a" * 201, "too_long"),
        ("douze signes\x00 et plus", "unreadable"),
        ("douze signes\ud800 et plus", "unreadable"),
        ("motdepasse1234", "common"),
        ("Mot de passe 2026 !", "common"),
        ("MOTDEPASSEMOTDEPASSE", "common"),
        ("azertyuiop123", "common"),
        ("Bonjour!!!!!!2026", "common"),
        ("bonjourbonjour", "common"),
        ("FranceServices23", "common"),
        ("123456789012", "common"),
        ("987654321098", "common"),
        ("06 12 34 56 78 90", "common"),
        ("abcdefghijklm", "common"),
        ("mlkjhgfdsqpoiuytreza", "common"),
        ("aaaaaaaaaaaa", "common"),
        ("abababababab", "common"),
        ("camille.durand@ccas-lens.fr", "personal"),
        ("CamilleDurand62", "personal"),
        ("Durand-Lefevre-1985", "personal"),
        ("Lefèvre.Camille", "personal"),
    ],
)
def test_what_anyone_would_try_first_is_refused(password, reason):
    assert refusal(password) == reason


def test_the_same_password_typed_on_another_system_is_the_same():
    kept = Passwords(CountingHasher())
    assert kept.verify(kept.hash("été à Ménilmontant"), "e\u0301te\u0301 a\u0300 Me\u0301nilmontant")


@pytest.mark.parametrize("typed", ["", "autre chose", "x\ud800", "x" * 10_000])
def test_another_password_is_another(typed):
    kept = Passwords(CountingHasher())
    assert not kept.verify(kept.hash("cheval agrafe batterie"), typed)


def test_no_account_costs_one_verification_and_is_never_right():
    hasher = CountingHasher()
    assert not Passwords(hasher).verify(None, "cheval agrafe batterie")
    assert hasher.verified == 1


def test_a_damaged_hash_opens_nothing():
    assert not Passwords(CountingHasher()).verify("$argon2id$garbage", "cheval agrafe batterie")


def test_a_hash_of_other_settings_is_outdated():
    kept = Passwords(CountingHasher()).hash("cheval agrafe batterie")
    assert not Passwords(CountingHasher()).outdated(kept)
    assert Passwords(CountingHasher(time_cost=2)).outdated(kept)
