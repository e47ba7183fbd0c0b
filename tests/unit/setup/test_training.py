import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.settings import Settings
from bot.setup.training import current_model, ensure_model, model_name, model_state, run_training


class FakeRasa:
    """Trains as Rasa does: an archive under the asked name, or a failure."""

    def __init__(self, *, code: int = 0, writes: bool = True) -> None:
        self.code = code
        self.writes = writes
        self.calls: list[list[str]] = []
        self.environments: list[Mapping[str, str]] = []

    def __call__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> int:
        self.calls.append(list(argv))
        self.environments.append(environment)
        if self.writes:
            out, name = (argv[argv.index(option) + 1] for option in ("--out", "--fixed-model-name"))
            with tarfile.open(Path(out) / f"{name}.tar.gz", "w:gz") as archive:
                archive.addfile(tarfile.TarInfo("metadata.json"))
        return self.code


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("nlu/config.yml", "nlu/domain/x.yml", "nlu/training/x.yml", "stories/x.yml"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var")


def change(root: Path, text: str) -> None:
    (root / "nlu" / "training" / "x.yml").write_text(text)


def test_the_first_model_is_trained_and_becomes_current(root: Path, settings: Settings) -> None:
    rasa = FakeRasa()
    state = ensure_model(settings, root=root, run=rasa)
    assert state.current
    assert state.path == settings.model_dir / model_name(root)
    assert current_model(settings, root=root) == state.path
    assert (settings.var_dir / "nlu-generated" / "questions.yml").exists()
    assert [path.name for path in settings.model_dir.iterdir()] == [model_name(root)]


def test_nothing_is_trained_again_when_nothing_changed(root: Path, settings: Settings) -> None:
    rasa = FakeRasa()
    ensure_model(settings, root=root, run=rasa)
    ensure_model(settings, root=root, run=rasa)
    assert len(rasa.calls) == 1
    ensure_model(settings, root=root, run=rasa, force=True)
    assert len(rasa.calls) == 2


def test_a_changed_input_makes_the_model_out_of_date(root: Path, settings: Settings) -> None:
    first = ensure_model(settings, root=root, run=FakeRasa())
    change(root, "autre")
    state = model_state(settings, root=root)
    assert (state.path, state.current) == (first.path, False)
    assert ensure_model(settings, root=root, run=FakeRasa()).path != first.path


@pytest.mark.parametrize("rasa", [FakeRasa(code=1, writes=False), FakeRasa(code=0, writes=False), FakeRasa(code=1)])
def test_a_failed_training_leaves_the_previous_model_in_use_and_says_so(
    root: Path, settings: Settings, rasa: FakeRasa
) -> None:
    first = ensure_model(settings, root=root, run=FakeRasa())
    change(root, "cassé")
    state = ensure_model(settings, root=root, run=rasa)
    assert state.path == first.path
    assert not state.current
    assert "train.log" in state.failure
    assert len(list(settings.model_dir.iterdir())) == 1


def test_a_failed_training_without_any_model_is_an_error_that_says_where_to_look(
    root: Path, settings: Settings
) -> None:
    with pytest.raises(EquipierError, match=r"train\.log") as caught:
        ensure_model(settings, root=root, run=FakeRasa(code=1, writes=False))
    assert "equipier nlu train" in caught.value.hint
    with pytest.raises(EquipierError, match="aucun modèle"):
        current_model(settings, root=root)


def test_the_last_two_models_are_kept_and_an_older_state_of_the_inputs_finds_its_own(
    root: Path, settings: Settings
) -> None:
    models = []
    for age, text in enumerate(("un", "deux", "trois")):
        change(root, text)
        models.append(ensure_model(settings, root=root, run=FakeRasa()).path)
        assert models[-1] is not None
        os.utime(models[-1], (1_000_000 + age, 1_000_000 + age))
    assert {path.name for path in settings.model_dir.iterdir()} == {path.name for path in models[1:] if path}
    change(root, "deux")
    rasa = FakeRasa()
    assert ensure_model(settings, root=root, run=rasa).path == models[1]
    assert not rasa.calls


def test_rasa_gets_the_data_of_the_project_and_none_of_its_secrets(
    root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUIPIER_VAULT_KEY", "secret")
    rasa = FakeRasa()
    ensure_model(settings, root=root, run=rasa)
    argv = rasa.calls[0]
    data = argv[argv.index("--data") + 1 : argv.index("--out")]
    assert data == [
        str(root / "nlu" / "training"),
        str(root / "stories"),
        str((settings.var_dir / "nlu-generated").resolve()),
    ]
    assert "EQUIPIER_VAULT_KEY" not in rasa.environments[0]
    assert rasa.environments[0]["RASA_TELEMETRY_ENABLED"] == "false"
    assert rasa.environments[0]["PYTHONPATH"] == str(root / "nlu")


def test_the_output_of_the_training_goes_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log" / "train.log"
    assert run_training(["sh", "-c", "echo bonjour; exit 3"], tmp_path, {"PATH": os.environ["PATH"]}, log) == 3
    assert log.read_text() == "bonjour\n"
    assert run_training(["/nulle/part"], tmp_path, {}, log) == 127
