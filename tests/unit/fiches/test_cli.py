"""`equipier fiches …` and `equipier db …`, on a base of their own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli import db, fiches, main
from bot.errors import CorpusError
from bot.settings import get_settings
from tests.unit.fiches.importers.publications import TEXT, publication

application = typer.Typer()
application.add_typer(fiches.app, name="fiches")
application.add_typer(db.app, name="db")


@pytest.fixture(autouse=True)
def _own_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("EQUIPIER_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("EQUIPIER_DATABASE_URL", "")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "particuliers"
    folder.mkdir()
    (folder / "F1.xml").write_text(publication(TEXT, fiche_id="F1", title="Cabane perchée"), encoding="utf-8")
    (folder / "F2.xml").write_text("<Publication", encoding="utf-8")
    return folder


def equipier(*arguments: str) -> Result:
    return CliRunner().invoke(application, arguments)


def test_an_import_tells_what_went_in_what_did_not_and_from_where(folder):
    result = equipier("fiches", "import", "--source", str(folder))
    assert result.exit_code == 0, result.output
    assert "Source : dossier particuliers. Fiche la plus récente : 26/08/2020." in result.output
    assert "1 fiches et" in result.output
    assert "Refusé : F2.xml — XML illisible" in result.output


def test_importing_again_says_that_nothing_changed(folder):
    equipier("fiches", "import", "--source", str(folder))
    assert "Rien n'a changé" in equipier("fiches", "import", "--source", str(folder)).output


def test_an_import_without_any_fiche_fails_and_names_the_files(folder):
    (folder / "F1.xml").unlink()
    result = equipier("fiches", "import", "--source", str(folder))
    assert isinstance(result.exception, CorpusError)
    assert "Refusé : F2.xml" in result.output


def test_the_command_ends_with_code_1_and_a_sentence(folder, monkeypatch, capsys):
    (folder / "F1.xml").unlink()
    monkeypatch.setattr("sys.argv", ["equipier", "fiches", "import", "--source", str(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "aucune fiche n'a pu être importée" in capsys.readouterr().err


def test_fiches_are_listed_by_theme_and_words(folder):
    equipier("fiches", "import", "--source", str(folder))
    assert "Cabane perchée" in equipier("fiches", "list", "--theme", "logement", "--search", "cabane").output
    assert "Cabane perchée" not in equipier("fiches", "list", "--theme", "papiers").output


def test_a_fiche_is_shown_for_people_and_for_programs(folder):
    equipier("fiches", "import", "--source", str(folder))
    shown = equipier("fiches", "show", "F1").output
    assert "[p1, cout] Coût\nLe permis coûte 12\u00a0€." in shown
    assert json.loads(equipier("fiches", "show", "F1", "--json").output)["title"] == "Cabane perchée"


def test_an_unknown_fiche_is_an_error(folder):
    equipier("fiches", "import", "--source", str(folder))
    assert isinstance(equipier("fiches", "show", "F999").exception, CorpusError)


def test_the_database_can_be_upgraded_twice():
    for _ in range(2):
        assert equipier("db", "upgrade").output == "Base à jour.\n"


def test_an_import_names_the_fiches_that_have_no_question_yet(folder):
    (folder / "F999999.xml").write_text(publication(TEXT, fiche_id="F999999", title="Igloo"), encoding="utf-8")
    told = equipier("fiches", "import", "--source", str(folder)).output
    assert "1 fiche(s) sans question dans la banque" in told
    assert "F999999" in told
