import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import CorpusError, IndexMissing
from bot.fiches.index import files
from bot.fiches.index.search import SearchIndex
from bot.fiches.index.weights import FEATURES, Weights
from bot.fiches.lexicon import Lexicon
from tests.unit.fiches.tiny import FILLERS, tiny_index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    return tiny_index(tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize(
    ("typed", "fiche"),
    [
        ("carte de pêche perdue", "F1"),
        ("elle a fait tomber sa carte de peche a la riviere", "F1"),
        ("dupliqata carte de peche", "F1"),
        ("louer un étang, quelles sont les règles", "F2"),
        ("vacciner un berger allemand", "F100"),
    ],
)
def test_the_right_fiche_comes_first(index: SearchIndex, typed: str, fiche: str) -> None:
    assert index.search(typed)[0].fiche_id == fiche


def test_hits_come_with_decreasing_scores_between_zero_and_one(index: SearchIndex) -> None:
    scores = [hit.score for hit in index.search("carte de pêche perdue", limit=5)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_message_without_a_word_finds_nothing(index: SearchIndex) -> None:
    assert index.search("🚗 ?!") == ()


def test_foreign_words_lower_the_confidence(index: SearchIndex) -> None:
    known = index.search("carte de pêche perdue")[0].score
    foreign = index.search("installer WhatsApp Netflix")[0].score
    assert foreign < known / 2


def test_placeholders_of_personal_data_do_not_change_the_result(index: SearchIndex) -> None:
    assert index.search("[NOM] a perdu sa carte de pêche")[0].fiche_id == "F1"


def test_a_search_may_be_restricted_to_some_fiches(index: SearchIndex) -> None:
    hits = index.search("carte de pêche perdue", among=["F2", "G-ETANG", "F999"])
    assert {hit.fiche_id for hit in hits} == {"F2", "G-ETANG"}


def test_a_fiche_without_questions_is_not_buried(index: SearchIndex) -> None:
    for filler in FILLERS:
        assert index.search(filler.title)[0].fiche_id == filler.id


def test_passages_of_a_fiche_are_ranked_for_the_question(index: SearchIndex) -> None:
    assert index.passages("combien coûte le duplicata", "F1")[0][0] == "p3"
    assert index.passages("quoi que ce soit", "F999") == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(text=st.text(max_size=200))
def test_any_text_can_be_searched(index: SearchIndex, text: str) -> None:
    assert len(index.search(text, limit=3)) in (0, 3)


def test_a_damaged_index_is_reported_as_missing(tmp_path: Path) -> None:
    tiny_index(tmp_path)
    (tmp_path / "index" / "questions.npy").write_bytes(b"not an array")
    with pytest.raises(IndexMissing):
        files.load(tmp_path / "index")


def test_an_interrupted_build_leaves_no_index(tmp_path: Path) -> None:
    class Failing:
        def encode(self, texts: object) -> object:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        files.build(
            tmp_path / "index",
            [],
            Failing(),
            Lexicon.load(),
            often_met=frozenset(),
            strangers=(),
            passage_cache=tmp_path / "c.npy",
            progress=lambda *_: (_ for _ in ()).throw(RuntimeError()),
        )
    with pytest.raises(IndexMissing):
        files.load(tmp_path / "index")


def test_the_committed_weights_weigh_every_feature_and_say_where_they_come_from() -> None:
    weights = Weights.load()
    assert set(weights.features) == set(FEATURES)
    assert weights.learnt_on["questions"] >= 150
    assert 0 < weights.abstain_below <= weights.propose_below < 1


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"features": {"words": 1}, "calibration": [0], "abstain_below": 0, "propose_below": 0}))
    with pytest.raises(CorpusError):
        Weights.load(path)
