"""From five corrected answers to another model in use, and back: the pages, the terminal, and Rasa for real.

The project of Rasa is a small one, so that a training takes seconds; the corrections, the command and the pages are
the real ones.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest
import typer
import yaml
from cryptography.fernet import Fernet
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

from bot.cli.nlu import app
from bot.evaluation.understanding import running_model
from bot.privacy.envelope import KeyRing
from bot.settings import ROOT, Settings, get_settings
from bot.setup.training import current_model, model_name
from bot.supervision import services
from bot.supervision.retraining import MeasuredSet, RasaTrainer, Retraining
from tests.e2e.browser import chromium, free_port, ground, served
from tests.e2e.test_supervision_browser import Review, correct_five, export_for_rasa
from tests.unit.gateway.boards import put_boards
from tests.unit.gateway.office import Office
from tests.unit.gateway.reviews import Reviews

pytestmark = pytest.mark.rasa
_PATIENCE = 120  # seconds
UNDERSTANDING = "/supervision/comprehension"
CONFIG = {
    "recipe": "default.v1",
    "assistant_id": "essai",
    "language": "fr",
    "pipeline": [
        {"name": "WhitespaceTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "LogisticRegressionClassifier"},
        {"name": "FallbackClassifier", "threshold": 0.1},
    ],
    "policies": [{"name": "RulePolicy"}],
}
DOMAIN = {
    "version": "3.1",
    "intents": ["saluer", "question_demarche", "demander_pieces", "faq_mandat"],
    "responses": {"utter_saluer": [{"text": "Bonjour."}]},
}
TRAINING = {
    "saluer": ["bonjour", "bonsoir à tous", "salut"],
    "question_demarche": ["comment refaire un passeport", "il a perdu son permis"],
    "demander_pieces": ["quels papiers fournir", "il faut quoi comme pièces"],
}
RULES = [{"rule": "saluer", "steps": [{"intent": "saluer"}, {"action": "utter_saluer"}]}]
MEASURED = (("bonjour", "saluer"), ("comment refaire un passeport", "question_demarche"))


def small_project(root: Path) -> Path:
    """A project of Rasa under *root*, in the environment of ours."""
    nlu = root / "nlu"
    (nlu / "training").mkdir(parents=True)
    (root / "stories").mkdir()
    (nlu / ".venv").symlink_to(ROOT / "nlu" / ".venv")
    documents = {
        nlu / "config.yml": CONFIG,
        nlu / "domain" / "domain.yml": DOMAIN,
        nlu / "training" / "nlu.yml": {
            "version": "3.1",
            "nlu": [
                {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
                for intent, texts in TRAINING.items()
            ],
        },
        root / "stories" / "rules.yml": {"version": "3.1", "rules": RULES},
    }
    for path, document in documents.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return root


@dataclass
class Teaching(Review):
    """A visit to the pages, beside a terminal."""

    settings: Settings
    root: Path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def stay(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Teaching]:
    if not (ROOT / "nlu" / ".venv").is_dir():
        pytest.skip("no Rasa here (make setup)")
    with ground(browser, "desktop", tmp_path) as on:
        office = Office.over(on.database, static=on.static, public_url=on.address)
        reviews = Reviews.over(office)
        put_boards(office, evaluations=tmp_path / "var" / "evaluation")
        monkeypatch.setenv("EQUIPIER_VAR_DIR", str(tmp_path / "var"))
        monkeypatch.setenv("EQUIPIER_DATABASE_URL", on.database.engine.url.render_as_string(hide_password=False))
        monkeypatch.setenv("EQUIPIER_RASA_URL", f"http://127.0.0.1:{free_port()}")
        monkeypatch.setenv("EQUIPIER_VAULT_KEY", Fernet.generate_key().decode())
        for setting in ("MASTER_KEYS", "SEAL_KEYS", "INDEX_KEY", "CHECKPOINT_KEY", "SESSION_KEY"):
            monkeypatch.setenv(f"EQUIPIER_{setting}", KeyRing.new("essai"))
        get_settings.cache_clear()
        settings, root = get_settings(), small_project(tmp_path / "projet")
        monkeypatch.setattr(services, "retraining_of", lambda given: _small_retraining(given, root))
        with served(office.site.app(), port=on.port):
            yield Teaching(office.site, on.page, on.address, "desktop", on.wrong, office, reviews, settings, root)
        get_settings.cache_clear()


def _small_retraining(settings: Settings, root: Path) -> Retraining:
    path = root / "intents.jsonl"
    lines = [json.dumps({"id": str(n), "text": text, "intent": intent}) for n, (text, intent) in enumerate(MEASURED)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sets = (MeasuredSet("essai", "intents", path),)
    return Retraining(settings, trainer=RasaTrainer(settings, root=root), running=running_model, sets=sets, root=root)


@dataclass
class Keyboard:
    """Answers yes to the question of the terminal, once someone has looked at the pages."""

    asked: Event = field(default_factory=Event)
    answered: Event = field(default_factory=Event)

    def confirm(self, question: str) -> bool:
        self.asked.set()
        assert self.answered.wait(_PATIENCE), question
        return True


def test_five_corrections_become_a_model_that_is_compared_put_in_use_and_taken_back(
    stay: Teaching, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard = Keyboard()
    monkeypatch.setattr(typer, "confirm", keyboard.confirm)
    used = stay.settings.model_dir / model_name(stay.root)
    with ThreadPoolExecutor(2) as pool:
        training = pool.submit(RasaTrainer(stay.settings, root=stay.root).train, [], used)
        stay.reviews.a_week()
        stay.as_(stay.office.supervisor)
        stay.go("/supervision/conversations?etat=a_revoir")
        stay.page.click("[data-open] >> nth=0")
        correct_five(stay)
        stay.go("/supervision/exports")
        assert "ma dame a perdu sa carte Vitale" in export_for_rasa(stay)
        training.result()
        former = used.read_bytes()

        terminal = pool.submit(CliRunner().invoke, app, ["retrain", "--force"])
        try:
            while not keyboard.asked.wait(0.2):
                assert not terminal.done(), terminal.result().output
            stay.go(UNDERSTANDING)
            compared = stay.page.locator("[aria-labelledby=modele]")
            expect(compared).to_contain_text("Candidat")
            stay.looked_at("comprehension-candidat")
            assert used.read_bytes() == former  # nothing is in use before someone says so
        finally:
            keyboard.answered.set()
        result = terminal.result()
    assert result.exit_code == 0, result.output
    assert "Corrections apprises" in result.output
    assert current_model(stay.settings, root=stay.root).read_bytes() != former
    stay.page.reload()
    expect(compared).not_to_contain_text("Candidat")
    assert CliRunner().invoke(app, ["rollback"]).exit_code == 0
    assert current_model(stay.settings, root=stay.root).read_bytes() == former
