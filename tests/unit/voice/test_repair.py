"""What was misheard is put right, and what was not is left alone."""

import json
from pathlib import Path

import pytest

from bot.settings import ROOT
from bot.voice.phonetics import joined, sound, spelt_sound
from bot.voice.repair import repaired

TYPED = [*sorted((ROOT / "tests" / "eval").glob("*.jsonl")), *sorted((ROOT / "nlu" / "validation").glob("*.jsonl"))]


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Il a droit au r s a ?", "Il a droit au RSA ?"),
        ("la R S A et l'A P L", "la RSA et l'APL"),
        ("Elle touche l'A.A.H.", "Elle touche l'AAH."),
        ("la M D P H et l'A N T S.", "la MDPH et l'ANTS."),
        ("le C-P-A-M", "le CPAM"),
        ("on a a p l", "on a APL"),
        ("le dossier C P A M. Il attend", "le dossier CPAM. Il attend"),
    ],
)
def test_letters_said_one_by_one_become_the_acronym(heard: str, meant: str) -> None:
    assert repaired(heard) == meant


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("il touche le RSAA", "il touche le RSA"),
        ("la MEDEPH", "la MDPH"),
        ("demande à la MDBH", "demande à la MDPH"),
        ("le site de l'ADNTS", "le site de l'ANTS"),
        ("la CPRM", "la CPAM"),
        ("l'URSAF", "l'URSSAF"),
        ("droit à la PL", "droit à l'APL"),
        ("refus de la AH", "refus de l'AAH"),
        ("compte de la NTS", "compte de l'ANTS"),
    ],
)
def test_unknown_capitals_become_the_acronym_they_resemble(heard: str, meant: str) -> None:
    assert repaired(heard) == meant


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Elle touche erre essa.", "Elle touche RSA."),
        ("au smik", "au Smic"),
        ("une serfa", "une cerfa"),
        ("La Kaf m'a dit", "La Caf m'a dit"),
        ("son compte france connecte", "son compte FranceConnect"),
        ("à l'urssafe", "à l'Urssaf"),
    ],
)
def test_words_that_nobody_writes_become_the_term_that_sounds_the_same(heard: str, meant: str) -> None:
    assert repaired(heard) == meant


@pytest.mark.parametrize(
    "text",
    [
        "La dame a un coup de pelle et des idées",
        "M. Kaf a perdu sa carte",
        "Il y a une aide à la CAF",
        "le CDI, le CDD, le BTS et la CRDS",
        "la NASA, IKEA, la SNCF, BMW, KFC, l'OTAN",
        "le plan A, le plan B et le plan C",
        "un titre VLS-TS",
        "la CAF, la MSA, la CSS et la PCH",
        "la PME et la PMI",
        "elle a aimé",
        "elle essaye à pied, assez à l'aise",
        "il est assis à côté",
        "Anaïs a été arrêtée à Arles",
        "l'air et ça",
        "L'ANTS refuse la photo",
        "",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert repaired(text) == text


@pytest.mark.parametrize("path", TYPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_people_type_is_left_alone(path: Path) -> None:
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [text for item in items for text in ([item["text"]] if "text" in item else _users(item))]
    assert texts
    assert [text for text in texts if repaired(text) != text] == []


def _users(dialogue: dict[str, list[dict[str, str]]]) -> list[str]:
    return [turn["user"] for turn in dialogue["turns"]]


@pytest.mark.parametrize(
    ("one", "other"), [("cerfa", "serfa"), ("usager", "usagé"), ("mandat", "manda"), ("chômage", "chommage")]
)
def test_two_spellings_of_the_same_sounds_have_the_same_key(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other"), [("usage", "usagé"), ("cave", "caf"), ("pelle", "père")])
def test_words_that_are_heard_apart_have_different_keys(one: str, other: str) -> None:
    assert sound(one) != sound(other)


def test_the_name_of_a_letter_sounds_like_the_words_it_is_mistaken_for() -> None:
    assert spelt_sound("RSA") == joined(sound(word) for word in ("erre", "essa"))
