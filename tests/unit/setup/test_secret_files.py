"""One file per secret, and the settings that are read from them."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import SECRETS_DIR, load_settings
from bot.setup.secret_files import ensure_secret_files
from bot.setup.secrets import MADE, ensure_secrets


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of secrets that is the one of the environment, which gives none itself."""
    for name in (*MADE, "EQUIPIER_DATABASE_URL", "EQUIPIER_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(SECRETS_DIR, str(tmp_path / "secrets"))
    ensure_secret_files(tmp_path / "secrets")
    return tmp_path / "secrets"


def test_the_settings_are_read_from_the_files(folder: Path) -> None:
    settings = load_settings()
    password = (folder / "postgres_password").read_text()
    assert settings.database_url == f"postgresql+psycopg://equipier:{password}@postgres:5432/equipier"
    assert settings.vault_key.get_secret_value() == (folder / "equipier_vault_key").read_text()
    assert f"requirepass {settings.redis_url.get_secret_value()[9:-13]}\n" in (folder / "redis_conf").read_text()


def test_the_environment_goes_before_the_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.is_dir()
    monkeypatch.setenv("EQUIPIER_DATABASE_URL", "sqlite:///ailleurs.db")
    assert load_settings().database_url == "sqlite:///ailleurs.db"


def test_nothing_is_made_twice_nor_beside_them(folder: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert ensure_secret_files(folder) == ()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    # « equipier setup » in a container: the files are enough, no other keys must be made.
    assert ensure_secrets(tmp_path / "equipier.env") == ()
    assert not (tmp_path / "equipier.env").exists()


def test_a_file_that_is_missing_is_made_again_but_no_half_of_a_password(folder: Path) -> None:
    (folder / "equipier_rest_token").unlink()
    (folder / "postgres_password").unlink()
    assert ensure_secret_files(folder) == ("equipier_rest_token",)


def test_the_folder_is_its_owners_alone_and_the_files_can_be_mounted(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}


def test_a_folder_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SECRETS_DIR, str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match=SECRETS_DIR):
        load_settings()
