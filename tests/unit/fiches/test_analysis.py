import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.fiches.analysis import char_ngrams, fold, stems, words


@pytest.mark.parametrize(
    ("typed", "folded"),
    [("Œuvre à l’État", "oeuvre a l'etat"), ("ÉLÈVE", "eleve"), ("Noël", "noel"), ("ça", "ca")],
)
def test_folding_removes_accents_case_and_ligatures(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("l'usager d'Issoire", ["usager", "issoire"]),
        ("jusqu'à lundi", ["jusqu", "a", "lundi"]),
        ("aujourd’hui", ["aujourd", "hui"]),
        ("[NOM] a perdu sa carte", ["a", "perdu", "sa", "carte"]),
    ],
)
def test_elided_articles_and_placeholders_are_not_words(typed: str, expected: list[str]) -> None:
    found = words(typed)
    assert found == expected or found == [word for word in expected if word != "jusqu"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("renouveler des passeports", "renouvellement du passeport"), ("impôts", "impot"), ("locataires", "locataire")],
)
def test_inflections_share_a_stem(one: str, other: str) -> None:
    assert set(stems(one)) & set(stems(other))


def test_stop_words_and_greetings_say_nothing() -> None:
    assert stems("bonjour, est-ce que vous pouvez") == stems("pouvez")


def test_character_ngrams_survive_a_spelling_mistake() -> None:
    right, wrong = set(char_ngrams("attestation")), set(char_ngrams("atestation"))
    assert len(right & wrong) / len(right) > 0.6


@given(st.text())
def test_analysis_takes_any_text(text: str) -> None:
    assert all(word == fold(word) for word in words(text))
    assert len(stems(text)) <= len(words(text))
    assert all(len(gram) <= 4 or " " in gram for gram in char_ngrams(text))
