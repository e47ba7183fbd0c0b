import pytest

from bot.privacy.dates import birth_dates
from bot.privacy.spans import PiiType, Span


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("né le 04/11/1958", ["04/11/1958"]),
        ("elle est née à Oran le 3 juin 1947", ["3 juin 1947"]),
        ("nee le 02-10-1990 a bamako", ["02-10-1990"]),
        ("ne le 02 10 1990", ["02 10 1990"]),
        ("née Dupont le 1er février 1937", ["1er février 1937"]),
        ("nés les 4 mai 2016 et 5 mai 2016", ["4 mai 2016", "5 mai 2016"]),
        ("date de naissance : 15081962", ["15081962"]),
        ("ddn 11/12/75", ["11/12/75"]),
        ("12/03/1950 (date de naissance)", ["12/03/1950"]),
        ("né le 1950-03-12", ["1950-03-12"]),
    ],
)
def test_a_date_is_one_of_birth_when_the_message_says_so(text, dates):
    assert [text[s.start : s.end] for s in birth_dates(text)] == dates


@pytest.mark.parametrize(
    "text",
    [
        "carte valable jusqu'au 12/05/2026",
        "né en France, marié le 14 juillet 2001",
        "acte de naissance demandé le 12/03/2024",
        "acte de naissance du 2/3/1961 introuvable",
        "la naissance est prévue le 4 juin 2025",
        "né en 1956 il veut sa retraite",
        "rendez-vous le 3 avril",
        "il ne vient pas le 12/03/2024",
    ],
)
def test_other_dates_are_left(text):
    assert birth_dates(text) == []


def test_an_old_date_right_after_a_name_states_an_identity():
    text = "Traoré Moussa, 02/03/1961"
    name = Span(0, 13, PiiType.NOM)
    assert [text[s.start : s.end] for s in birth_dates(text, names=[name])] == ["02/03/1961"]
    assert birth_dates("Traoré Moussa, 02/03/2024", names=[name]) == []
