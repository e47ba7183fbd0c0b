"""`equipier nlu export`, `retrain` and `rollback`, over services that do nothing heavy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.nlu import app
from bot.supervision import services
from bot.supervision.documents import Example
from bot.supervision.export import Collected, Exported
from bot.supervision.retraining import Candidate, Compared
from bot.supervision.views import Use

EXAMPLE = Example("il a plus sa carte", "question_demarche", "F1344", Use.TRAINING, None)
COLLECTED = Collected((EXAMPLE,), (("déjà su", "ce message est déjà dans les données d'apprentissage"),), (1,))
BETTER = Compared("intents.dev", "accuracy", 60, 0.9, 0.95)
WORSE = Compared("faq.dev", "accuracy", 24, 0.96, 0.9)


class FakeExports:
    def collect(self, by: str | None = None) -> Collected:
        return COLLECTED

    def write(self, folder: Path, collected: Collected, by: str | None = None) -> Exported:
        return Exported({folder / "nlu.yml": len(collected.examples)})


@dataclass
class FakeRetraining:
    comparisons: tuple[Compared, ...] = (BETTER,)
    done: list[str] = field(default_factory=list)

    def prepare(self, teach: Sequence[Example], measure: Sequence[Example] = ()) -> Candidate:
        self.done.append(f"trained on {len(teach)}")
        return Candidate(Path("candidat.tar.gz"), len(teach), self.comparisons)

    def switch(self) -> Path:
        self.done.append("switched")
        return Path("candidat.tar.gz")

    def rollback(self) -> Path:
        self.done.append("back")
        return Path("ancien.tar.gz")


@pytest.fixture
def retraining(monkeypatch: pytest.MonkeyPatch) -> FakeRetraining:
    fake = FakeRetraining()

    @contextmanager
    def open_exports(_: object) -> Iterator[FakeExports]:
        yield FakeExports()

    monkeypatch.setattr(services, "open_exports", open_exports)
    monkeypatch.setattr(services, "retraining_of", lambda _: fake)
    monkeypatch.setattr(services, "load_in_rasa", lambda _, model: "candidat" in model.name)
    return fake


def test_an_export_says_what_it_wrote_and_what_it_left_out(retraining: FakeRetraining, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", "--to", str(tmp_path)])
    assert result.exit_code == 0
    assert f"    1  {tmp_path / 'nlu.yml'}" in result.output
    assert "« déjà su »" in result.output


def test_a_retraining_shows_both_models_then_asks(retraining: FakeRetraining) -> None:
    result = CliRunner().invoke(app, ["retrain"], input="n\n")
    assert result.exit_code == 0
    for shown in ("Corrections apprises : 1", "intents.dev", "0.900", "0.950", "Mettre le candidat en service"):
        assert shown in result.output
    assert retraining.done == ["trained on 1"]
    assert CliRunner().invoke(app, ["retrain"], input="y\n").exit_code == 0
    assert retraining.done[-1] == "switched"


def test_with_yes_nothing_is_asked(retraining: FakeRetraining) -> None:
    result = CliRunner().invoke(app, ["retrain", "--yes"])
    assert result.exit_code == 0
    assert "l'a chargé" in result.output
    assert retraining.done == ["trained on 1", "switched"]


def test_what_got_worse_is_refused_unless_it_is_forced(retraining: FakeRetraining) -> None:
    retraining.comparisons = (BETTER, WORSE)
    result = CliRunner().invoke(app, ["retrain", "--yes"])
    assert result.exit_code == 1
    assert "1 chiffre(s) en recul" in result.output
    assert retraining.done == ["trained on 1"]
    assert CliRunner().invoke(app, ["retrain", "--yes", "--force"]).exit_code == 0
    assert retraining.done[-1] == "switched"


def test_a_rollback_says_what_is_in_use(retraining: FakeRetraining) -> None:
    result = CliRunner().invoke(app, ["rollback"])
    assert result.exit_code == 0
    assert "ancien.tar.gz" in result.output
    assert "prochain démarrage" in result.output
    assert retraining.done == ["back"]
