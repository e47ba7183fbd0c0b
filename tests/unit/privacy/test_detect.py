from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.privacy.evaluate import evaluate_pii, read_annotated
from tests.unit.privacy.helpers import words_found

OWN = Path(__file__).parent / "data" / "pii.own.jsonl"

fragments = st.sampled_from(
    [
        "Mme ",
        "né le ",
        "12/03/1950",
        "rue ",
        "12 ",
        "75011 ",
        "FR76",
        "1 85 12 75 108 123",
        "alloc ",
        "@",
        "[NOM]",
        "'",
        "-",
        "\x00",
    ]
)
any_text = st.one_of(
    st.text(), st.text(st.characters(categories=None)), st.lists(st.one_of(fragments, st.text(max_size=4))).map("".join)
)


def test_the_development_set_is_found_and_nothing_else(detector):
    scores = evaluate_pii(OWN, detector)
    assert scores["n"] >= 120
    assert sum(not message.spans for message in read_annotated(OWN)) >= 40
    assert scores["recall"] >= 0.97
    assert scores["precision"] >= 0.98
    assert min(scores["recall_by_type"].values()) >= 0.9
    assert len(scores["recall_by_type"]) == 11


def test_a_long_message_gives_each_piece_its_type(detector):
    text = (
        "Mme Kowalczyk née Dupont le 12/03/1950 à Oran, 12 bis rue des Lilas, bât B, 3e étage, 69003 Lyon, "
        "tel 06 12 34 56 78, alloc 1234567 X, passeport 19CF04567"
    )
    assert words_found(text, detector.spans(text)) == [
        ("NOM", "Kowalczyk"),
        ("NOM", "Dupont"),
        ("DATE_NAISSANCE", "12/03/1950"),
        ("ADRESSE", "12 bis rue des Lilas, bât B, 3e étage, 69003 Lyon"),
        ("TELEPHONE", "06 12 34 56 78"),
        ("NUM_ALLOCATAIRE", "1234567 X"),
        ("NUM_PIECE", "19CF04567"),
    ]


@given(any_text)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gives_sorted_spans_without_overlap(detector, text):
    spans = detector.spans(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "1 " * 3000,
        "a" * 6000,
        "rue " * 1500,
        "12 rue " * 900,
        "Mme " * 1500,
        "né le " * 1000,
        "a.a@" * 1500,
        "résidence " * 600,
        "Karim " * 1000,
    ],
    ids=lambda text: text[:8],
)
def test_repetitive_texts_do_not_take_long(detector, text):
    detector.spans(text)
