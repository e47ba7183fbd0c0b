"""Numbers of a transcript, as people type them."""

import pytest

from bot.voice.notation import as_typed


@pytest.mark.parametrize(
    ("heard", "typed"),
    [
        ("Elle attend depuis 8 mois.", "Elle attend depuis huit mois."),
        ("il a 3 enfants de 2 ans et 15 ans", "il a trois enfants de deux ans et 15 ans"),
        ("elle gagne 1250€ par mois", "elle gagne 1 250 euros par mois"),
        ("un loyer de 12.500 euros", "un loyer de 12 500 euros"),
        ("800 € de loyer, 1 250,50 € de dettes", "800 euros de loyer, 1 250,50 euros de dettes"),
        ("il manque 1€", "il manque 1 euro"),
        ("Qui verse l'aide. Elle attend.", "Qui verse l'aide ? Elle attend."),
        ("Elle a perdu sa carte, que faire.", "Elle a perdu sa carte, que faire ?"),
        ("Faut-il un mandat.", "Faut-il un mandat ?"),
    ],
)
def test_durations_are_in_letters_amounts_in_euros_and_questions_asked(heard: str, typed: str) -> None:
    assert as_typed(heard) == typed


@pytest.mark.parametrize(
    "text",
    [
        "le 3 janvier 2026",
        "il a 67 ans",
        "1 mois",
        "08 mois",
        "2,5 ans",
        "le 06 12 34 56 78",
        "",
        "24 mois",
        "Elle sait où aller.",
        "Bonjour, merci.",
    ],
)
def test_dates_ages_and_telephone_numbers_stay(text: str) -> None:
    assert as_typed(text) == text
