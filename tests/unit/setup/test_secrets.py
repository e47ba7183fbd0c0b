import stat
from pathlib import Path

from cryptography.fernet import Fernet
from dotenv import dotenv_values

from bot.privacy.envelope import KeyRing
from bot.settings import load_settings
from bot.setup.secrets import ensure_secrets

NAMES = (
    "EQUIPIER_REST_TOKEN",
    "EQUIPIER_VAULT_KEY",
    "EQUIPIER_MASTER_KEYS",
    "EQUIPIER_SEAL_KEYS",
    "EQUIPIER_INDEX_KEY",
    "EQUIPIER_CHECKPOINT_KEY",
    "EQUIPIER_SESSION_KEY",
    "EQUIPIER_TELEGRAM_SECRET",
)


def test_the_secrets_are_made_once_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "equipier.env"
    assert ensure_secrets(path, environment={}) == NAMES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert ensure_secrets(path, environment={}) == ()
    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir()] == ["equipier.env"]


def test_the_settings_read_what_was_made(tmp_path: Path) -> None:
    path = tmp_path / "equipier.env"
    ensure_secrets(path, environment={})
    settings = load_settings(path)
    assert len(settings.rest_token.get_secret_value()) >= 40
    Fernet(settings.vault_key.get_secret_value())
    assert len(settings.telegram_secret.get_secret_value()) >= 40
    for name in NAMES[2:-1]:
        KeyRing.parse(getattr(settings, name.removeprefix("EQUIPIER_").lower()), setting=name)


def test_what_the_operator_wrote_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "equipier.env"
    path.write_text("# à moi\nEQUIPIER_REST_TOKEN=le-mien\nEQUIPIER_GATEWAY_PORT=8080", encoding="utf-8")
    assert ensure_secrets(path, environment={}) == NAMES[1:]
    values = dotenv_values(path)
    assert values["EQUIPIER_REST_TOKEN"] == "le-mien"
    assert values["EQUIPIER_GATEWAY_PORT"] == "8080"
    assert path.read_text(encoding="utf-8").startswith("# à moi\n")


def test_a_secret_of_the_environment_is_not_made_again(tmp_path: Path) -> None:
    given = dict.fromkeys(NAMES, "x")
    assert ensure_secrets(tmp_path / "equipier.env", environment=given) == ()
    assert not (tmp_path / "equipier.env").exists()


def test_a_file_open_to_others_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "equipier.env"
    ensure_secrets(path, environment={})
    path.chmod(0o644)
    ensure_secrets(path, environment={})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
