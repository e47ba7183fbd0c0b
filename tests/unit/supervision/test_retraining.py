import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.evaluation.understanding import Understood
from bot.settings import Settings
from bot.setup.training import current_model, model_name, model_state
from bot.supervision.documents import Example
from bot.supervision.retraining import MeasuredSet, NothingToTeach, RasaTrainer, Retraining
from bot.supervision.views import Use

TEACH = (Example("il a plus sa carte", "question_demarche", "F1344", Use.TRAINING, None),)
MEASURE = (Example("coucou toi", "saluer", None, Use.EVALUATION, None),)


@dataclass
class FakeTrainer:
    """Learns by heart: its model is what it was given. Fails when told so."""

    failing: bool = False
    fumbles: bool = False
    data: list[str] = field(default_factory=list)

    def train(self, data: Sequence[Path], model: Path) -> None:
        if self.failing:
            raise EquipierError("échec")
        self.data = sorted(path.name for folder in data for path in folder.iterdir())
        model.parent.mkdir(parents=True, exist_ok=True)
        model.write_text("maladroit" if self.fumbles else "candidat", encoding="utf-8")


class FakeModel:
    """Knows « bonjour », and « coucou toi » once retrained; a clumsy one knows nothing."""

    def __init__(self, content: str) -> None:
        self.known = {"maladroit": set(), "candidat": {"bonjour", "coucou toi"}}.get(content, {"bonjour"})

    def parse(self, text: str) -> Understood:
        intent = "saluer" if text in self.known else "hors_sujet"
        return Understood(intent, False, 0.9, "duree" if text in self.known else None, 0.9, 1.0)


@contextmanager
def running(model: Path) -> Iterator[FakeModel]:
    yield FakeModel(model.read_text(encoding="utf-8"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(var_dir=tmp_path / "var")
    settings.model_dir.mkdir(parents=True)
    (settings.model_dir / model_name(tmp_path)).write_text("en service", encoding="utf-8")
    return settings


@pytest.fixture
def sets(tmp_path: Path) -> tuple[MeasuredSet, ...]:
    lines = {
        "intents": {"id": "1", "text": "bonjour", "intent": "saluer"},
        "faq": {"id": "1", "text": "bonjour", "topic": "duree"},
    }
    for kind, line in lines.items():
        (tmp_path / f"{kind}.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    return tuple(MeasuredSet(f"jeu {kind}", kind, tmp_path / f"{kind}.jsonl") for kind in lines)


def retraining(settings: Settings, sets: tuple[MeasuredSet, ...], trainer: FakeTrainer, root: Path) -> Retraining:
    return Retraining(settings, trainer=trainer, running=running, sets=sets, root=root)


def in_use(settings: Settings, root: Path) -> str:
    return current_model(settings, root=root).read_text(encoding="utf-8")


def learnt(settings: Settings) -> Path:
    return settings.var_dir / "nlu-generated" / "corrections.yml"


def test_a_candidate_is_compared_on_every_set_and_changes_nothing(
    settings: Settings, sets: tuple[MeasuredSet, ...], tmp_path: Path
) -> None:
    trainer = FakeTrainer()
    candidate = retraining(settings, sets, trainer, tmp_path).prepare(TEACH, MEASURE)
    assert trainer.data == ["corrections.yml", "questions.yml"]
    assert {(one.set_name, one.figure): (one.before, one.now) for one in candidate.comparisons} == {
        ("jeu intents", "accuracy"): (1.0, 1.0),
        ("jeu intents", "macro_f1"): (1.0, 1.0),
        ("jeu faq", "accuracy"): (1.0, 1.0),
        ("corrections", "accuracy"): (0.0, 1.0),
        ("corrections", "macro_f1"): (0.0, 1.0),
    }
    assert candidate.fell == ()
    assert in_use(settings, tmp_path) == "en service"
    assert not learnt(settings).exists()


def test_a_candidate_that_is_worse_says_where(
    settings: Settings, sets: tuple[MeasuredSet, ...], tmp_path: Path
) -> None:
    candidate = retraining(settings, sets, FakeTrainer(fumbles=True), tmp_path).prepare(TEACH)
    assert {one.set_name for one in candidate.fell} == {"jeu intents", "jeu faq"}


def test_after_a_switch_the_examples_are_learnt_again_at_each_training(
    settings: Settings, sets: tuple[MeasuredSet, ...], tmp_path: Path
) -> None:
    service = retraining(settings, sets, FakeTrainer(), tmp_path)
    service.prepare(TEACH)
    service.switch()
    assert in_use(settings, tmp_path) == "candidat"
    assert model_state(settings, root=tmp_path).current
    assert "il a plus sa carte" in learnt(settings).read_text(encoding="utf-8")


def test_a_rollback_puts_back_the_model_and_its_examples(
    settings: Settings, sets: tuple[MeasuredSet, ...], tmp_path: Path
) -> None:
    service = retraining(settings, sets, FakeTrainer(), tmp_path)
    service.prepare(TEACH)
    service.switch()
    service.rollback()
    assert in_use(settings, tmp_path) == "en service"
    assert not learnt(settings).exists()
    with pytest.raises(EquipierError):
        service.rollback()


def test_a_model_of_older_inputs_comes_back_under_its_own_name(
    settings: Settings, sets: tuple[MeasuredSet, ...], tmp_path: Path
) -> None:
    (settings.model_dir / model_name(tmp_path)).rename(settings.model_dir / "equipier-ancien.tar.gz")
    service = retraining(settings, sets, FakeTrainer(), tmp_path)
    service.prepare(TEACH)
    assert service.switch().name == model_name(tmp_path)
    assert service.rollback().name == "equipier-ancien.tar.gz"
    state = model_state(settings, root=tmp_path)
    assert state.path is not None
    assert (state.path.name, state.current) == ("equipier-ancien.tar.gz", False)


def test_a_training_that_fails_leaves_everything_as_it_was(
    settings: Settings, sets: tuple[MeasuredSet, ...], tmp_path: Path
) -> None:
    service = retraining(settings, sets, FakeTrainer(failing=True), tmp_path)
    with pytest.raises(EquipierError):
        service.prepare(TEACH)
    with pytest.raises(EquipierError):
        service.switch()
    assert in_use(settings, tmp_path) == "en service"


def test_without_any_correction_nothing_is_trained(
    settings: Settings, sets: tuple[MeasuredSet, ...], tmp_path: Path
) -> None:
    trainer = FakeTrainer()
    with pytest.raises(NothingToTeach):
        retraining(settings, sets, trainer, tmp_path).prepare((), MEASURE)
    assert trainer.data == []


@pytest.mark.parametrize(("code", "writes"), [(0, True), (1, False), (0, False)])
def test_rasa_trains_apart_with_the_project_s_data_and_ours(
    settings: Settings, tmp_path: Path, code: int, writes: bool
) -> None:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str], folder: Path, environment: object, log: Path) -> int:
        asked.append(argv)
        if writes:
            out = Path(argv[argv.index("--out") + 1]) / f"{argv[argv.index('--fixed-model-name') + 1]}.tar.gz"
            out.write_text("candidat", encoding="utf-8")
        return code

    model = settings.model_dir / "candidat" / "candidat.tar.gz"
    trainer = RasaTrainer(settings, root=tmp_path, run=run)
    if code == 0 and writes:
        trainer.train([tmp_path / "data"], model)
        assert model.read_text(encoding="utf-8") == "candidat"
    else:
        with pytest.raises(EquipierError):
            trainer.train([tmp_path / "data"], model)
        assert not model.exists()
    assert str(tmp_path / "data") in asked[0]
    assert str(tmp_path / "nlu" / "training") in asked[0]
    assert [path.name for path in model.parent.iterdir()] == (["candidat.tar.gz"] if writes else [])
