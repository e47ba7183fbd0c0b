"""Development secrets: made once by `make run`, kept in `var/equipier.env`, never replaced."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.fernet import Fernet
from dotenv import dotenv_values

from bot.privacy.envelope import KeyRing
from bot.settings import ROOT, SECRETS_DIR

ENV_FILE = ROOT / "var" / "equipier.env"
_HEADING = "# Secrets de développement, créés par « make run ».\n"
_MAKERS: Mapping[str, Callable[[], str]] = {
    "EQUIPIER_REST_TOKEN": lambda: secrets.token_urlsafe(32),
    "EQUIPIER_VAULT_KEY": lambda: Fernet.generate_key().decode(),
    "EQUIPIER_MASTER_KEYS": lambda: KeyRing.new("m1"),
    "EQUIPIER_SEAL_KEYS": lambda: KeyRing.new("s1"),
    "EQUIPIER_INDEX_KEY": lambda: KeyRing.new("i1"),
    "EQUIPIER_CHECKPOINT_KEY": lambda: KeyRing.new("c1"),
    "EQUIPIER_SESSION_KEY": lambda: KeyRing.new("p1"),
    "EQUIPIER_TELEGRAM_SECRET": lambda: secrets.token_urlsafe(32),
}

MADE = tuple(_MAKERS)


def make_secret(name: str) -> str:
    """A new value for the variable *name*, one of :data:`MADE`."""
    return _MAKERS[name]()


def ensure_secrets(path: Path = ENV_FILE, *, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Adds to *path* the secrets that neither it nor *environment* gives; returns the names of those it made.

    The file can be read by its owner alone. A value that is there stays as it is: replacing the key of the vault
    would make what it protects unreadable.
    """
    given = _given() if environment is None else environment
    kept = dotenv_values(path) if path.exists() else {}
    missing = tuple(name for name in _MAKERS if not given.get(name) and not kept.get(name))
    if path.exists():
        path.chmod(0o600)
    if not missing:
        return ()
    path.parent.mkdir(parents=True, exist_ok=True)
    before = (
        path.read_text(encoding="utf-8") if path.exists() else "# Secrets de développement, créés par « make run ».\n"
    )
    if not before.endswith("\n"):
        before += "\n"
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(before + "".join(f"{name}={_MAKERS[name]()}\n" for name in missing))
    partial.replace(path)
    return missing


def _given() -> Mapping[str, str]:
    """What the environment gives, and the folder of secrets that it may name."""
    folder = os.environ.get(SECRETS_DIR)
    files = Path(folder).iterdir() if folder and Path(folder).is_dir() else ()
    return {
        path.name.upper(): path.read_text(encoding="utf-8").strip() for path in files if path.is_file()
    } | os.environ
