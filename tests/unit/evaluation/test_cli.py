"""`equipier evaluate check` and `add`, around a search and a model that need no corpus."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from bot.cli import evaluate
from bot.evaluation.guidance import Outcome
from tests.unit.evaluation.fakes import FakeModel, search, understood


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    (tmp_path / "g.jsonl").write_text('{"id": "1", "text": "carte", "best": ["F1"]}\n')
    (tmp_path / "i.jsonl").write_text('{"id": "1", "text": "salut", "intent": "saluer"}\n')
    (tmp_path / "f.jsonl").write_text('{"id": "1", "text": "salut", "topic": "duree"}\n')
    (tmp_path / "hs.txt").write_text("beau temps\n")
    return tmp_path


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def running_model(model: Path) -> Iterator[FakeModel]:
        yield FakeModel({"salut": understood("saluer", topic="duree")})

    ask = search({"carte": Outcome(("F1",), 0.9, sure=True)})
    monkeypatch.setattr("bot.bootstrap.guidance_service", lambda settings: None)
    monkeypatch.setattr("bot.bootstrap.personal_data_detector", lambda: SimpleNamespace(spans=lambda text: ()))
    monkeypatch.setattr("bot.evaluation.guidance.asking", lambda service: ask)
    monkeypatch.setattr("bot.evaluation.understanding.running_model", running_model)
    monkeypatch.setattr("bot.setup.training.current_model", lambda settings: Path("modèle"))


def equipier(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate.app, [str(argument) for argument in arguments])


def check(sets: Path, *more: str) -> Result:
    files = ("--guidance", sets / "g.jsonl", "--intents", sets / "i.jsonl", "--faq", sets / "f.jsonl")
    return equipier("check", *files, "--hors-sujet", sets / "hs.txt", "--baseline", sets / "baseline.json", *more)


def test_the_gate_passes_on_the_figures_just_accepted(sets: Path) -> None:
    assert check(sets, "--update").exit_code == 0
    passed = check(sets)
    assert passed.exit_code == 0
    assert "Aucun chiffre n'a reculé" in passed.output


def test_the_gate_fails_and_shows_what_fell(sets: Path) -> None:
    check(sets, "--update")
    (sets / "i.jsonl").write_text('{"id": "1", "text": "salut", "intent": "au_revoir"}\n')
    failed = check(sets)
    assert failed.exit_code == 1
    (row,) = (line for line in failed.output.splitlines() if "accuracy" in line and "intents" in line)
    assert row.split() == ["intents", "accuracy", "1,000", "0,000", "-1,000", "recul"]
    assert json.loads((sets / "baseline.json").read_text())["intents"]["accuracy"] == 1.0


def test_an_intent_is_added(sets: Path) -> None:
    done = equipier("add", "intents", sets / "i.jsonl", "--text", "merci bien", "--intent", "remercier")
    assert done.exit_code == 0
    assert "juge-0001" in done.output
    assert "remercier" in (sets / "i.jsonl").read_text().splitlines()[-1]


@pytest.mark.parametrize("options", [(), ("--best", "F1", "--hors-sujet")])
def test_a_question_has_a_fiche_or_is_off_topic(sets: Path, options: tuple[str, ...]) -> None:
    assert equipier("add", "guidance", sets / "g.jsonl", "--text", "bail", *options).exit_code == 2
