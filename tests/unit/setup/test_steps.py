from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import CorpusError
from bot.fiches.store import FicheStore
from bot.settings import Settings
from bot.setup import steps
from bot.storage.engine import Database
from tests.unit.fiches.samples import CARTE


class FakeImport:
    """`equipier fiches import`, which leaves one fiche in the base, or fails."""

    def __init__(self, settings: Settings, *, code: int = 0, leaves: bool = True) -> None:
        self.settings = settings
        self.code = code
        self.leaves = leaves
        self.calls: list[tuple[str, ...]] = []

    def __call__(self, arguments: Sequence[str]) -> int:
        self.calls.append(tuple(arguments))
        if self.leaves:
            database = Database.at(self.settings.sqlalchemy_url)
            FicheStore(database).replace(
                [CARTE], source="mirror", label="miroir du 1ᵉʳ mars 2026", imported_at=datetime(2026, 3, 2, tzinfo=UTC)
            )
            database.close()
        return self.code


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(var_dir=tmp_path / "var")
    steps.database_step(settings)
    return settings


def test_the_database_step_can_be_repeated(settings: Settings) -> None:
    assert steps.database_step(settings) == "à jour"


def test_the_first_time_fiches_are_imported(settings: Settings) -> None:
    run = FakeImport(settings)
    assert steps.fiches_step(settings, run=run) == "1 en base (miroir du 1ᵉʳ mars 2026)"
    assert run.calls == [("fiches", "import", "--source", "auto")]


def test_fiches_that_are_there_are_left_alone(settings: Settings) -> None:
    steps.fiches_step(settings, run=FakeImport(settings))
    again = FakeImport(settings)
    steps.fiches_step(settings, run=again)
    assert not again.calls


def test_a_failed_import_stops_the_preparation(settings: Settings) -> None:
    with pytest.raises(CorpusError, match="importées"):
        steps.fiches_step(settings, run=FakeImport(settings, code=1, leaves=False))
